import Agents
import Chain
import ExactMath
import MarginProtocol
import Scenarios

/// Competition before a block: bids raised over rivals', rights behind reports, the express lane.
extension Simulation {
    /// The most often anybody answers before one block.
    static let mostRounds = 64

    /// Who reads the mempool for price reports, in order.
    static func watchers(among agents: [any Agent]) -> [Int] {
        agents.indices.filter { agents[$0].watchesMempool }
    }

    /// Who answers what others bid, and how often: the block time over the fastest reaction.
    static func rivals(among agents: [any Agent], _ scenario: Scenario) -> ([Int], Int) {
        var found: [Int] = []
        var fastest = scenario.chain.blockTime.mean(at: scenario.start)
        for (index, agent) in agents.enumerated() {
            guard let group = (agent as? Liquidator)?.group, group.counterbid != nil,
                !group.isPrivate
            else { continue }
            found.append(index)
            fastest = min(fastest, group.reaction)
        }
        let blockTime = scenario.chain.blockTime.mean(at: scenario.start).milliseconds
        let rounds = blockTime / max(1, fastest.milliseconds)
        return (found, Int(min(Int64(mostRounds), rounds)))
    }

    /// Sends a request to builders as a bundle of its own.
    func sendPrivately(
        _ request: Request, of agent: Int, _ decision: Decision?, _ slot: Slot,
        _ dropped: inout [DroppedTransaction]
    ) -> Transaction? {
        let transaction = dispatch.privately(
            attaching(request), agent: agent, decision: decision, seen: slot.time, chain: chain)
        let bundle = TransactionBundle(
            transactions: [transaction], expiresAt: transaction.expiresAt ?? slot.time)
        guard submit(bundle, slot, &dropped) else { return nil }
        tell(agent, request, transaction.nonce, .pending(nonce: transaction.nonce))
        return transaction
    }

    /// Sends a bundle; what builders refuse is dropped.
    private func submit(
        _ bundle: TransactionBundle, _ slot: Slot, _ dropped: inout [DroppedTransaction]
    ) -> Bool {
        guard let refusal = chain.submit(bundle) else { return true }
        let reason: DropReason = refusal == .gasLimitTooLow ? .gasLimitTooLow : .poolFull
        for transaction in bundle.transactions {
            dropped.append(
                DroppedTransaction(
                    transaction: transaction, reason: reason, at: slot.time, replacedBy: nil))
        }
        return false
    }

    /// Lets rivals answer each other, round by round, until nobody raises: in each round all see the same
    /// bids, and what they send is sent in their order.
    func answerRivals(_ slot: Slot, _ dropped: inout [DroppedTransaction]) {
        guard !rivals.isEmpty else { return }
        for _ in 0..<rounds {
            var answers: [(agent: Int, actions: Agents.Actions)] = []
            do {
                let view = view(slot, [])
                if view.bids.isEmpty { return }
                for index in rivals { answers.append((index, agents[index].respond(view))) }
            }
            if answers.allSatisfy(\.actions.requests.isEmpty) { return }
            for (agent, actions) in answers { submit(actions, of: agent, slot, &dropped) }
        }
    }

    /// Sells the place behind a report: everybody bids on the state as the report would leave it.
    func sellRight(
        behind report: Transaction, _ slot: Slot, _ dropped: inout [DroppedTransaction]
    ) {
        guard report.submittedAt <= slot.time,
            case .postPrice(let feed, let posted) = report.command
        else { return }
        let seen = seen(at: slot.time)
        var prospect = Prospect(seen.house, seen.due, at: slot.time)
        guard prospect.run(report) else { return }
        let known = Set(seen.due.accounts)
        let due = prospect.due.filter { !known.contains($0) }
        guard !due.isEmpty else { return }
        let settlement = scenario.parameters.settlementAsset
        var bids: [OracleAuctions.Bid] = []
        var claims = Agents.Actions()
        var award: OracleAuctions.Award?
        do {
            let view = view(slot, [], prospect.house, due)
            for (agent, participant) in agents.enumerated() {
                guard let bidder = participant as? Liquidator,
                    let amount = bidder.auctionBid(view, due: due)
                else { continue }
                bids.append(
                    OracleAuctions.Bid(
                        agent: agent, bidder: bidder.address, wallet: bidder.wallet,
                        amount: amount))
            }
            award = auctions.award(bids, at: prospect.house.price(of: settlement))
            if let award, var winner = agents[award.winner.agent] as? Liquidator {
                claims = winner.claimRight(view, due: due)
                agents[award.winner.agent] = winner
            }
        }
        guard let award, !claims.requests.isEmpty else { return }
        loans += claims.loans
        let bundle = bundle(of: award, claims, behind: report, slot)
        guard submit(bundle, slot, &dropped) else { return }
        auctions.sold(
            award, feed: feed, round: posted.round, report: report.id, due: due.count,
            bids: bids.count, bundle: bundle.id)
    }

    /// The payment, and behind it the winner's liquidations.
    private func bundle(
        of award: OracleAuctions.Award, _ claims: Agents.Actions, behind report: Transaction,
        _ slot: Slot
    ) -> TransactionBundle {
        let agent = award.winner.agent
        var payment = claims.requests[0]
        // Nobody waits for its outcome under this name.
        payment.tag = -1
        payment.command = .payAuction(
            wallet: award.winner.wallet, toProtocol: award.protocolAmount,
            toOthers: award.othersAmount)
        payment.flash = nil
        payment.gasLimit = nil
        let parts = ([payment] + claims.requests).map {
            dispatch.privately(
                attaching($0), agent: agent, decision: decision(behind: $0, claims),
                seen: slot.time,
                chain: chain)
        }
        return TransactionBundle(
            transactions: parts, expiresAt: parts[0].expiresAt ?? slot.time, behind: report.id)
    }

    /// Takes everybody's sealed bid for the next round.
    func bidForExpressLane(_ slot: Slot) {
        guard chain.nextExpressRound != nil else { return }
        let view = view(slot, [])
        for index in agents.indices {
            guard var bidder = agents[index] as? Liquidator,
                let amount = bidder.expressBid(view)
            else { continue }
            agents[index] = bidder
            _ = chain.submit(ExpressBid(bidder: bidder.address, amount: amount))
        }
    }
}
