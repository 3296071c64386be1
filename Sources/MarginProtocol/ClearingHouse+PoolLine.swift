import ExactMath
import MarginRules

/// What a position's line holds before the pool's own rules.
struct PoolLineBasis {
    var margin: MarginBasis
    var notional: Int64
    var profit: Int64
    var counted: Int64
    var charges: Int64
}

extension ClearingHouse {
    /// A position's line against a pool with terms.
    ///
    /// Equity is what a closing now would leave: the fee of closing and the impact that counts in a liquidation are
    /// taken off; source: gmx-synthetics, PositionUtils.sol, isPositionLiquidatable. Where a liquidation has a fee
    /// of its own, fees are instead a second requirement; source: gmx-contracts, VaultUtils.sol, validateLiquidation.
    func line(
        _ position: Position, _ account: Int, _ market: Int, _ prices: [Price], _ kind: MarginKind,
        _ pool: PoolTerms, _ basis: PoolLineBasis
    ) -> MarginStatement.PositionLine {
        let terms = parameters.markets[market]
        let size = position.cost.magnitude
        var counted = basis.counted
        var requirement = unbounded { () throws(ArithmeticOverflow) in
            try terms.margin.requirement(basis.margin, kind)
        }
        if let fee = pool.liquidationFee {
            let fees = unbounded { () throws(ArithmeticOverflow) in
                try vaultRule(market, fee).positionFee(size: size).adding(fee)
            }
            // The leverage is of what remains before funding is paid.
            requirement = max(requirement - Money(raw: max(0, basis.charges)), fees)
        } else {
            var state = sides[market]
            state.replace(positions[account * marketCount + market], with: position)
            let range = range(marketRows[market].feed, prices)
            let pending = pendingImpact(AccountID(index: account), MarketID(index: market))
            counted -=
                unbounded { () throws(ArithmeticOverflow) -> Money in
                    try closingCost(position, pending, market, pool, state, range)
                }.raw
            if kind == .initial, pool.openInterestMultiplier > .zero {
                let rule = PoolMarginRequirement(
                    minimumCollateral: .zero, minimumFactor: .zero, liquidationFactor: .zero,
                    openInterestMultiplier: pool.openInterestMultiplier)
                let least = unbounded { () throws(ArithmeticOverflow) -> Money in
                    // Above the whole size it is the whole size.
                    let factor = try rule.tradingFactor(
                        openInterest: state[position.side].cost)
                    return try Fixed18(size).multiplied(by: min(factor, .one), rounding: .up)
                        .rounded(to: Money.self, .up)
                }
                requirement = max(requirement, least)
            }
        }
        return MarginStatement.PositionLine(
            market: MarketID(index: market), size: position.size,
            notional: Money(raw: basis.notional), profit: Money(raw: basis.profit),
            weightedProfit: Money(raw: counted), requirement: requirement)
    }

    /// The fee of closing a position now, and the impact that counts against it. [1e-8]
    private func closingCost(
        _ position: Position, _ pending: Quantity, _ market: Int, _ pool: PoolTerms,
        _ state: PoolSides, _ range: PriceRange
    ) throws(ArithmeticOverflow) -> Money {
        let size = position.cost.magnitude
        guard size.isPositive else { return .zero }
        var balance = state.openInterest
        if let rule = pool.impact { balance = try self.balance(state, rule, range) }
        let improves = self.improves(balance, by: -size, position.side)
        let fee = try feeSchedule(market, pool)
            .fees(
                size: size, improvesBalance: improves, borrowing: .zero, funding: .zero,
                collateralPrice: PriceRange(Price(whole: 1))
            ).value(at: PriceRange(Price(whole: 1)))
        guard let rule = pool.impact, rule.maximumForLiquidation.isPositive else { return fee }
        let held = PoolPosition(
            side: position.side, size: size, sizeInTokens: position.size.magnitude,
            collateral: .zero)
        let impact = closingImpact(held, by: size, rule, balance, range)
        let waits = try PendingImpact(amount: pending, indexPrice: range)
        return fee
            - (try rule.forLiquidation(closing: impact.amount, pending: waits.value, size: size))
    }

    /// What a change of the impact that waits takes off what a position counts. [1e-8] Zero or less is taken off.
    func pendingCost(
        _ position: Position, from before: Quantity, to after: Quantity, _ market: Int,
        _ pool: PoolTerms, _ state: PoolSides
    ) throws(ArithmeticOverflow) -> Money {
        guard pool.impact?.maximumForLiquidation.isPositive == true, before != after else {
            return .zero
        }
        let range = range(marketRows[market].feed, prices)
        return try closingCost(position, after, market, pool, state, range)
            - closingCost(position, before, market, pool, state, range)
    }

    /// The first version's rule with this market's fee and leverage.
    func vaultRule(_ market: Int, _ fee: Money) -> GLPLiquidation {
        let terms = parameters.markets[market]
        let rate = terms.margin.brackets.first?.maintenanceRate ?? .one
        return GLPLiquidation(
            liquidationFee: fee, marginFee: terms.takerFee,
            maximumLeverage: Ratio(raw: exact(scaleE8, scaleE8, over: rate.raw, .down)))
    }
}
