import Agents
import Chain
import ExactMath
import MarginProtocol
import Scenarios

/// Competition before a block: bids raised over rivals', rights behind reports, the express lane.
extension Simulation {
    /// The most often anybody answers before one block.
    static let mostRounds = 64

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
    func sendPrivately(_ request: Request, of agent: Int, _ slot: Slot) -> Transaction? {
        let transaction = dispatch.privately(
            request, agent: agent, seen: slot.time, chain: chain)
        let bundle = TransactionBundle(
            transactions: [transaction], expiresAt: transaction.expiresAt ?? slot.time)
        guard chain.submit(bundle) else {
            _ = dispatch.resolve(transaction)
            tell(agent, request, transaction.nonce, .dropped(.poolFull))
            return nil
        }
        tell(agent, request, transaction.nonce, .pending(nonce: transaction.nonce))
        return transaction
    }

    /// Lets rivals answer each other, round by round, until nobody raises: in each round all see the same
    /// bids, and what they send is sent in their order.
    func answerRivals(_ slot: Slot, _ dropped: inout [DroppedTransaction]) {
        guard !rivals.isEmpty, !dispatch.rivals.isEmpty else { return }
        for _ in 0..<rounds {
            var answers: [(agent: Int, request: Request)] = []
            do {
                let view = view(slot, [])
                for index in rivals {
                    for request in agents[index].respond(view).requests {
                        answers.append((index, request))
                    }
                }
            }
            if answers.isEmpty { return }
            for (agent, request) in answers {
                let before = dropped.count
                send(request, of: agent, slot, &dropped)
                // Whoever was replaced is told at once, because it may have to answer again.
                for drop in dropped[before...] where drop.reason == .replaced {
                    dispatch.hide(drop.transaction.id)
                }
            }
        }
    }

    /// Sells the place behind a report: everybody bids on the state as the report would leave it.
    func sellRight(behind report: Transaction, _ slot: Slot) {
        guard report.submittedAt <= slot.time,
            case .postPrice(let feed, let posted) = report.command
        else { return }
        var after = house
        var scratch: [Event] = []
        after.advance(to: slot.time, into: &scratch)
        guard (try? after.execute(report.command, from: report.sender, into: &scratch)) != nil
        else { return }
        var index = HealthIndex()
        let known = onChain.accounts
        let due = index.liquidatable(in: after, at: after.prices).filter { !known.contains($0) }
        guard !due.isEmpty else { return }
        let settlement = scenario.parameters.settlementAsset
        var bids: [OracleAuctions.Bid] = []
        var requests: [Request] = []
        var award: OracleAuctions.Award?
        do {
            let view = view(slot, [], after, due)
            for (agent, participant) in agents.enumerated() {
                guard let bidder = participant as? Liquidator,
                    let amount = bidder.auctionBid(view, due: due)
                else { continue }
                bids.append(
                    OracleAuctions.Bid(
                        agent: agent, bidder: bidder.address, wallet: bidder.wallet,
                        amount: amount))
            }
            award = auctions.award(bids, at: after.price(of: settlement))
            if let award, var winner = agents[award.winner.agent] as? Liquidator {
                requests = winner.claimRight(view, due: due)
                agents[award.winner.agent] = winner
            }
        }
        guard let award, !requests.isEmpty else { return }
        let bundle = bundle(of: award, requests, behind: report, slot)
        guard chain.submit(bundle) else {
            for transaction in bundle.transactions.dropFirst() {
                guard let sent = dispatch.resolve(transaction) else { continue }
                tell(sent.agent, sent.request, transaction.nonce, .dropped(.poolFull))
            }
            return
        }
        auctions.sold(
            award, feed: feed, round: posted.round, report: report.id, due: due.count,
            bids: bids.count, bundle: bundle.id)
    }

    /// The payment, and behind it the winner's liquidations.
    private func bundle(
        of award: OracleAuctions.Award, _ requests: [Request], behind report: Transaction,
        _ slot: Slot
    ) -> TransactionBundle {
        let agent = award.winner.agent
        var payment = requests[0]
        // Nobody waits for its outcome under this name.
        payment.tag = -1
        payment.command = .payAuction(
            wallet: award.winner.wallet, toProtocol: award.protocolAmount,
            toOthers: award.othersAmount)
        let parts = ([payment] + requests).map {
            dispatch.privately($0, agent: agent, seen: slot.time, chain: chain)
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
