package import ExactMath
import MarginRules

/// Liquidations that have begun and not ended.
extension ClearingHouse {
    /// Is an account being liquidated, whatever its maintenance margin says?
    public func isBeingLiquidated(_ id: AccountID) -> Bool { proceeding(of: id) != nil }

    func proceeding(of id: AccountID) -> Proceeding? {
        proceedings.first { $0.account == id }
    }

    /// May a step of a liquidation be run at these prices?
    ///
    /// - Parameter health: against the maintenance requirement, at the same prices.
    func isDue(_ account: Int, _ health: Health, _ prices: [Price]) -> Bool {
        guard !proceedings.isEmpty,
            let course = parameters.liquidation.course,
            proceeding(of: AccountID(index: account)) != nil
        else { return isBelowTrigger(health, account) }
        return !ends(account, course, prices)
    }

    /// Whoever has neither a position nor a debt nor a liquidation under way needs no look.
    func mayBeLiquidatable(_ account: Int) -> Bool {
        accounts[account].markets != 0 || hasDebt(account)
            || (countsOrdersInMaintenance && accounts[account].orders != 0)
            || (!proceedings.isEmpty && proceeding(of: AccountID(index: account)) != nil)
    }

    /// Is the end of a liquidation reached at these prices?
    func ends(_ account: Int, _ course: LiquidationCourse, _ prices: [Price]) -> Bool {
        switch course.end {
        case .buffered(let buffer): return buffered(account, buffer, prices).endsLiquidation
        case .initialHealth(let dust):
            let health = evaluate(account, prices, .liquidationEnd, .nothing)
            return !LiquidationHysteresis(dust: dust).isInLiquidation(
                wasInLiquidation: true, maintenance: .zero, end: health.surplus)
        case .nothingLeft:
            return accounts[account].markets == 0 && accounts[account].assets == 0
                && accounts[account].spotMarkets == 0
        }
    }

    /// Collateral and requirement with the buffer at which a liquidation ends.
    func buffered(_ account: Int, _ buffer: Ratio, _ prices: [Price]) -> BufferedMargin {
        let statement = statement(account, prices, .maintenance, .nothing)
        let unit = prices[assetRows[settlement].feed].raw
        return unbounded { () throws(ArithmeticOverflow) in
            var margin = BufferedMargin(buffer: buffer)
            for line in statement.assets {
                if line.amount.isNegative {
                    try margin.addRequirement(-line.weighted, liability: -line.value)
                } else {
                    try margin.addCollateral(line.weighted)
                }
            }
            for line in statement.spotOrders { try margin.addCollateral(line.weighted) }
            for line in statement.positions {
                try margin.addCollateral(
                    Money(raw: scaled(line.weightedProfit.raw, unit, .down)))
                try margin.addRequirement(
                    worth(line.requirement, prices),
                    liability: worth(line.notional + line.ordered, prices))
            }
            return margin
        }
    }

    /// What is counted in the settlement asset, in dollars, rounded up. [1e-8 USD]
    package func worth(_ amount: Money, _ prices: [Price]) -> Money {
        let unit = prices[assetRows[settlement].feed].raw
        return unit == scaleE8 ? amount : Money(raw: scaled(amount.raw, unit, .up))
    }

    /// What is missing until a liquidation ends; zero where the course knows no shortage. [1e-8 USD]
    func shortage(of account: Int) -> Money {
        guard case .buffered(let buffer)? = parameters.liquidation.course?.end else { return .zero }
        return unbounded { () throws(ArithmeticOverflow) in
            try buffered(account, buffer, prices).shortage()
        }
    }

    /// Notes what a step has done: the liquidation has begun, and how far it has come.
    ///
    /// - Parameter missing: the shortage before the step.
    mutating func note(
        _ quote: LiquidationQuote, payer: AccountID, missing: Money, into journal: inout [Event]
    ) {
        let id = quote.account
        let index = beginProceeding(of: id, into: &journal)
        // What prices have made worse meanwhile is not given back.
        proceedings[index].freed += max(.zero, missing - shortage(of: id.index))
        if case .positions(let parts) = quote.step, let last = parts.last {
            proceedings[index].market = last.market.index
            noteWindow(parts)
        }
        if case .result(let part) = quote.step { proceedings[index].market = part.market.index }
        if case .flag(let part) = quote.step {
            proceedings[index].isFlagged = true
            proceedings[index].credit = part.balance.raw
        }
        if proceedings[index].isFlagged {
            sweep(index, paying: quote.keeperReward, to: payer, into: &journal)
        }
    }

    /// The place of an account's liquidation, which begins where none is under way.
    mutating func beginProceeding(of id: AccountID, into journal: inout [Event]) -> Int {
        if let index = proceedings.firstIndex(where: { $0.account == id }) { return index }
        let index = proceedings.firstIndex { $0.account > id } ?? proceedings.count
        proceedings.insert(Proceeding(account: id, since: time.milliseconds), at: index)
        journal.append(.liquidationBegan(id))
        return index
    }

    /// Ends a liquidation whose end is reached, or whose last step has made good what was missing.
    mutating func endProceeding(of id: AccountID, covered: Bool, into journal: inout [Event]) {
        guard let index = proceedings.firstIndex(where: { $0.account == id }) else { return }
        let isOver = parameters.liquidation.course.map { ends(id.index, $0, prices) } ?? true
        guard covered || isOver else { return }
        proceedings.remove(at: index)
        journal.append(.liquidationEnded(id))
    }

    /// Ends every liquidation whose end prices or deposits have reached since the last block.
    mutating func endProceedings(into journal: inout [Event]) {
        // A copy of the list, since what it is changed by reads all of the state.
        let all = proceedings
        for proceeding in all {
            endProceeding(of: proceeding.account, covered: false, into: &journal)
        }
    }

    /// An account that is being liquidated may neither open nor let anything go; once all its collateral has been
    /// seized, nothing may be done with it at all.
    ///
    /// - Parameter unlessFlagged: whether the action is refused only to a flagged account.
    func requireNoProceeding(_ id: AccountID, unlessFlagged: Bool) throws(Rejection) {
        guard let proceeding = proceeding(of: id), proceeding.isFlagged || !unlessFlagged else {
            return
        }
        throw .beingLiquidated(id)
    }

    /// Whether a liquidator may choose to exchange collateral before positions.
    func choosesCollateral(_ target: LiquidationTarget, _ policy: LiquidationPolicy) -> Bool {
        guard policy.order == .liquidatorsChoice, case .collateral = target else { return false }
        switch policy.size {
        case .shortage, .zeroHealth: return true
        default: return false
        }
    }
}

extension LiquidationQuote {
    /// Whether the step makes good all that was missing.
    var coversShortage: Bool {
        switch step {
        case .positions(let parts): parts.contains(where: \.coversShortage)
        case .collateral(let part): part.coversShortage
        case .result(let part): part.coversShortage || part.position?.coversShortage == true
        case .absorption, .flag, .orders, .deficit: false
        }
    }
}
