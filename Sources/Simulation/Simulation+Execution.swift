import Chain
import ExactMath
import MarginProtocol
import Markets
import Oracles
import Scenarios

/// Steps 5 and 6 of a block: it is opened, built and executed, and each liquidation is judged by the truth.
extension Simulation {
    struct Execution {
        var block: ChainBlock
        var opening: Int
        var liquidations: [LiquidationRecord]
        /// Trades and loans inside the block.
        var outside: [OutsideTradeRecord]
        /// Accounts' maintenance health before each liquidation, by transaction, where decisions are recorded.
        var health: [Int64: Health]
        /// Accounts that became liquidatable in the block and were liquidated in it, and their exposure before.
        var taken: [Arrival]
    }

    /// Writes what is free of charge into the block: the uptime of the sequencer after a silence, and the
    /// prices of validators, pools and recordings.
    func open(
        _ slot: Slot, _ journal: inout [Event], _ fates: inout [OracleReportRecord]
    ) {
        if let silence = scenario.sequencerSilence, slot.time - lastHeader.time > silence {
            do {
                try house.execute(.reportUptime(isUp: true), from: .system, into: &journal)
            } catch { preconditionFailure("the simulator may report uptime") }
        }
        for report in written {
            var rejection: Rejection?
            do {
                try house.execute(
                    .postPrice(feed: FeedID(index: report.feed), report: PriceReport(report)),
                    from: .system, into: &journal)
            } catch { rejection = error }
            fates.append(reports.settled(report, rejection: rejection))
        }
    }

    func execute(_ slot: Slot, _ fates: inout [OracleReportRecord]) -> Execution {
        var journal: [Event] = []
        house.advance(to: slot.time, into: &journal)
        open(slot, &journal, &fates)
        traded = lend(&journal)
        var health: [Int64: Health] = [:]
        let opening = journal.count
        let truth = truth
        var before: [Int64: Health] = [:]
        // Liquidations that had begun, and that the outside prices would not have ended either.
        var continued: Set<Int64> = []
        // What accounts came to that were not liquidatable before the block, before the first step that takes them.
        var exposure: [Int64: Money] = [:]
        var taken: [Arrival] = []
        let block = chain.build(slot, appendingTo: journal, checkpoint: checkpoint) {
            [self] (transaction, journal) throws(Rejection) in
            if let account = transaction.command.liquidated, account.index < house.accountCount {
                before[transaction.id] = house.health(of: account, .maintenance, at: truth)
                if scenario.recordsDecisions {
                    health[transaction.id] = house.health(of: account, .maintenance)
                }
                if onChain.since(account) == nil {
                    exposure[transaction.id] = house.exposure(of: account)
                }
                if house.isBeingLiquidated(account), house.isLiquidatable(account, at: truth) {
                    continued.insert(transaction.id)
                }
            }
            if let loan = dispatch.flashLoan(of: transaction) {
                traded += try execute(transaction, with: loan, into: &journal)
            } else {
                try house.execute(transaction.command, from: transaction.sender, into: &journal)
            }
            if paranoid { requireInvariants() }
        }
        var liquidations: [LiquidationRecord] = []
        for included in block.transactions {
            guard included.rejection == nil, let health = before[included.transaction.id] else {
                continue
            }
            for event in block.journal[included.events] {
                guard case .liquidated(let step) = event else { continue }
                var record = judge(step, included.index, health, truth, slot.time)
                if continued.contains(included.transaction.id) { record.wrongful = false }
                if let exposure = exposure[included.transaction.id],
                    !taken.contains(where: { $0.account == step.account })
                {
                    taken.append(Arrival(account: step.account, exposure: exposure))
                }
                liquidations.append(record)
            }
        }
        return Execution(
            block: block, opening: opening, liquidations: liquidations, outside: traded,
            health: health, taken: taken)
    }

    /// The state before a bundle, while it is tried; nil where there are no bundles.
    var checkpoint: Checkpoint? {
        guard chain.configuration.rules.bundles != nil else { return nil }
        return Checkpoint(
            keep: { [self] in kept = (house, markets, traded.count) },
            restore: { [self] in
                if let kept {
                    house = kept.house
                    markets = kept.markets
                    traded.removeSubrange(kept.trades...)
                }
                kept = nil
            },
            forget: { [self] in kept = nil })
    }

    /// What a liquidation looks like to somebody who knows the outside prices.
    func judge(
        _ step: Liquidation, _ index: Int, _ health: Health, _ truth: [Price], _ now: Timestamp
    ) -> LiquidationRecord {
        let parameters = scenario.parameters
        let asset = step.kind.isOfResult ? parameters.settlementAsset : step.seizedAsset
        let market = step.kind.isOfResult ? nil : step.market
        let feed =
            market.map { parameters.markets[$0.index].feed }
            ?? asset.map { parameters.assets[$0.index].feed }
        let due = inTruth.since(step.account)
        let isDue: Bool
        // The vault's own trigger knows no health in truth.
        if step.account == house.backstopVault {
            isDue = true
        } else {
            switch house.parameters.liquidation.trigger {
            case .strict: isDue = health.equity < health.requirement
            case .strictWithRequirement:
                isDue = health.equity < health.requirement && health.requirement.isPositive
            case .inclusive: isDue = health.equity <= health.requirement
            }
        }
        return LiquidationRecord(
            step: step, index: index, referencePrice: feed.map { truth[$0.index] } ?? .zero,
            trueHealthBefore: health, liquidatableSince: onChain.since(step.account),
            trulyLiquidatableSince: due, wrongful: !isDue,
            late: due.map { now - $0 > scenario.lateAfter } ?? false)
    }
}

extension Command {
    /// Whose collateral or positions it would take.
    fileprivate var liquidated: AccountID? {
        switch inner {
        case .liquidate(let account, _, _), .startAuction(let account, _, _): account
        default: nil
        }
    }
}
