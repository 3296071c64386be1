import Agents
import Chain
import ExactMath
import MarginProtocol
import Oracles
import Scenarios

/// Steps 3 and 4 of a block: agents decide, their transactions go to the mempool and their fates back.
extension Simulation {
    /// Asks every agent what it wants and sends it; returns what the mempool refused or pushed out.
    func decide(
        _ slot: Slot, _ published: [Report], _ fates: inout [OracleReportRecord]
    ) -> [DroppedTransaction] {
        var wanted: [(agent: Int, actions: Agents.Actions)] = []
        do {
            let view = view(slot, published)
            for index in agents.indices { wanted.append((index, agents[index].decide(view))) }
        }
        var dropped: [DroppedTransaction] = []
        govern(until: slot.time, &dropped)
        takeBack(slot, &dropped)
        var posted: [Transaction] = []
        for (agent, actions) in wanted {
            let sent = submit(actions, of: agent, slot, &dropped)
            if auctions.isOn { posted += sent.filter { $0.command.kind == .postPrice } }
        }
        watch(slot, &dropped)
        answerRivals(slot, &dropped)
        for report in posted { sellRight(behind: report, slot, &dropped) }
        bidForExpressLane(slot)
        return dropped
    }

    /// Sends what an agent wants; returns what was not refused at once.
    @discardableResult
    func submit(
        _ actions: Agents.Actions, of agent: Int, _ slot: Slot,
        _ dropped: inout [DroppedTransaction]
    ) -> [Transaction] {
        loans += actions.loans
        return actions.requests.compactMap { request in
            send(request, of: agent, decision(behind: request, actions), slot, &dropped)
        }
    }

    /// What was known to the sender of a request, where the scenario asks for it.
    func decision(behind request: Request, _ actions: Agents.Actions) -> Decision? {
        scenario.recordsDecisions ? actions.decisions.first { $0.tag == request.tag } : nil
    }

    func send(
        _ request: Request, of agent: Int, _ decision: Decision?, _ slot: Slot,
        _ dropped: inout [DroppedTransaction]
    ) -> Transaction? {
        let request = inTwoSteps(request)
        if request.isPrivate { return sendPrivately(request, of: agent, decision, slot, &dropped) }
        let transaction = dispatch.transaction(
            attaching(request), agent: agent, decision: decision, seen: slot.time, chain: chain)
        if let feedRound = transaction.reportKey {
            reports.sent(feedRound, transaction.value)
        }
        let drops = chain.submit(transaction.value)
        dropped += drops
        guard !drops.contains(where: { $0.transaction.id == transaction.value.id }) else {
            return nil
        }
        tell(agent, request, transaction.value.nonce, .pending(nonce: transaction.value.nonce))
        return transaction.value
    }

    /// Shows those who read the mempool each report that waits there and makes accounts liquidatable.
    func watch(_ slot: Slot, _ dropped: inout [DroppedTransaction]) {
        guard !watchers.isEmpty else { return }
        let waiting = chain.executable(.postPrice)
        guard !waiting.isEmpty else { return }
        let seen = seen(at: slot.time)
        var prospect = Prospect(seen.house, seen.due, at: slot.time)
        var known = Set(seen.due.accounts)
        for transaction in waiting {
            guard case .postPrice(let feed, let report) = transaction.command,
                prospect.run(transaction)
            else { continue }
            let fresh = prospect.due.filter { !known.contains($0) }
            guard !fresh.isEmpty else { continue }
            known.formUnion(fresh)
            let view = view(
                slot, [], prospect.house, fresh,
                awaited: AwaitedReport(
                    feed: feed, report: report, price: chain.offer(of: transaction)))
            for index in watchers {
                submit(agents[index].watch(view), of: index, slot, &dropped)
            }
        }
    }

    func tell(_ agent: Int, _ request: Request, _ nonce: Int64, _ result: Outcome.Result) {
        agents[agent].learn(
            Outcome(
                sender: request.sender, tag: request.tag, nonce: nonce, result: result,
                gasCost: .zero))
    }

    /// Sends governance's commands that are due, bidding well above what others pay.
    func govern(until time: Timestamp, _ dropped: inout [DroppedTransaction]) {
        while nextGovernance < scenario.governance.count,
            scenario.governance[nextGovernance].time <= time
        {
            let transaction = dispatch.governance(
                scenario.governance[nextGovernance].command, at: time,
                price: max(lastHeader.minimumPrice, chain.reservePrice), chain: chain)
            dropped += chain.submit(transaction)
            nextGovernance += 1
        }
    }

    /// Tells agents what became of their transactions, and the ledger what became of reports.
    func settle(
        _ block: ChainBlock, _ slot: Slot, early: Int, _ fates: inout [OracleReportRecord]
    ) {
        for drop in block.dropped {
            guard let sent = dispatch.resolve(drop.transaction) else { continue }
            if let fate = reports.dropped(drop) { fates.append(fate) }
            tell(sent.agent, sent.request, drop.transaction.nonce, .dropped(drop.reason))
        }
        for included in block.transactions {
            guard let sent = dispatch.resolve(included.transaction) else { continue }
            if let fate = reports.included(included) { fates.append(fate) }
            fates += reports.attached(included, block.journal)
            if included.rejection == nil,
                note(included, sent, block.journal[included.events])
            {
                continue
            }
            let result: Outcome.Result = included.rejection.map { .rejected($0) } ?? .applied
            agents[sent.agent].learn(
                Outcome(
                    sender: sent.request.sender, tag: sent.request.tag,
                    nonce: included.transaction.nonce, result: result, gasCost: included.gasCost))
        }
        tellFates(block.journal)
    }
}
