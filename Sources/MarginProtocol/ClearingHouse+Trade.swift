public import ExactMath
import OrderBook

/// A trade against the pool with its fee, computed and not yet written.
struct PlannedTrade {
    var parts: FillParts
    var fee: Money
    /// The pool's part of the fee. [1e-8]
    var poolShare: Int64
    /// What is settled of the impact that the pool keeps apart; else nil.
    var impact: ImpactSettlement?
    /// What is paid in other assets than the settlement asset, or taken of them.
    var exchanged: [LiquidationQuote.Exchange] = []
}

extension ClearingHouse {
    /// The price a trade of this size against the pool gets: oracle, half spread and linear impact.
    ///
    /// - Throws: ``Rejection/noPool(_:)``, ``Rejection/overflow``.
    /// - Parameter account: whose trade it is; its position matters where the pool has terms. Nil has none.
    public func poolPrice(_ market: MarketID, size: Quantity, for account: AccountID? = nil)
        throws(Rejection) -> Price
    {
        let row = marketRows[market.index]
        if row.poolPricing == .atOracle { return prices[row.indexFeed] }
        return try pricedByPool(market, size, account)
    }

    /// The same where the pool asks more than the oracle's price, apart from the path of all others.
    @inline(never)
    private func pricedByPool(_ market: MarketID, _ size: Quantity, _ account: AccountID?)
        throws(Rejection) -> Price
    {
        guard let pool = parameters.markets[market.index].pool else { throw .noPool(market) }
        if let terms = poolTerms(market.index) {
            let held = account.map { position($0, market) } ?? .none
            return try poolFill(
                market.index, held, size: size, terms, sides[market.index],
                pending: account.map { pendingImpact($0, market) } ?? .zero
            ).execution
        }
        let oracle = conservative(
            marketRows[market.index].indexFeed, prices, .maintenance, owned: size.isNegative)
        if pool.skewScale.isPositive { return try skewPrice(market.index, size, pool, oracle) }
        return try Self.poolPrice(pool, size, oracle)
    }

    private static func poolPrice(_ pool: PoolPricing, _ size: Quantity, _ oracle: Price)
        throws(Rejection) -> Price
    {
        try orOverflow { () throws(ArithmeticOverflow) in
            var markup = pool.spread
            if pool.impactDepth.isPositive {
                let notional = try size.magnitude.value(at: oracle, rounding: .up)
                markup = try markup.adding(
                    try pool.impactAtDepth.scaled(
                        by: notional.raw, over: pool.impactDepth.raw, rounding: .up))
            }
            let change = try oracle.scaled(by: markup, rounding: .up)
            return size.isNegative
                ? max(oracle - change, Price(raw: 1)) : try oracle.adding(change)
        }
    }

    mutating func trade(
        _ id: AccountID, _ market: MarketID, size: Quantity, limit: Price?, reduceOnly: Bool,
        by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        if requests.escrow != nil { throw .requestNeeded }
        let trade = try planTrade(
            id, market, size: size, limit: limit, reduceOnly: reduceOnly, by: sender)

        // Nothing below may fail.
        write(trade, of: id, into: &journal)
    }

    /// Writes a trade as planned.
    mutating func write(
        _ trade: PlannedTrade, of id: AccountID, reason: PositionReason = .trade,
        into journal: inout [Event]
    ) {
        write(trade.parts, reason: reason, into: &journal)
        if let impact = trade.impact { write(impact, of: id, trade.parts.market, into: &journal) }
        move(
            Quantity(raw: trade.poolShare), of: settlement, from: id, to: Self.liquidityPool,
            .takerFee, &journal)
        if !splitFunding.isEmpty { noteFee(Money(raw: trade.poolShare), trade.parts.market) }
        move(
            Quantity(raw: trade.fee.raw - trade.poolShare), of: settlement, from: id,
            to: Self.treasury, .takerFee, &journal)
        for exchange in trade.exchanged { write(exchange, of: id, into: &journal) }
        journal.append(
            .filled(
                Fill(
                    market: MarketID(index: trade.parts.market), taker: id,
                    maker: Self.liquidityPool, makerOrder: nil, size: trade.parts.size,
                    price: trade.parts.price, takerFee: trade.fee, makerFee: .zero)))
    }

    /// A trade against the pool with its fee, or why it is refused; writes nothing.
    // Never inlined: its many reads inside a mutating function would each copy the whole state.
    @inline(never)
    func planTrade(
        _ id: AccountID, _ market: MarketID, size: Quantity, limit: Price?, reduceOnly: Bool,
        by sender: Address
    ) throws(Rejection) -> PlannedTrade {
        guard size.raw != 0, size.raw != .min else { throw .amountNotPositive }
        try requireAccount(id)
        try requireMarket(market)
        try requireRole(id, .margin)
        try requireOwner(id, sender)
        if let only = accounts[id.index].isolatedMarket, only != market {
            throw .marketNotAllowed(market)
        }
        let held = positions[id.index * marketCount + market.index].size
        let reduces = reducesOnly(held, by: size)
        let action: Actions = reduces ? .reduce : .open
        try requireNotPaused(action)
        if !windingUp.isEmpty { try requireOpenMarket(market, reduces: reduces) }
        if !proceedings.isEmpty { try requireNoProceeding(id, unlessFlagged: reduces) }
        try requirePrice(marketRows[market.index].indexFeed, for: action)
        try requirePrice(assetRows[settlement].feed, for: action)
        if reduceOnly, !reduces { throw .wouldIncrease(market) }
        if marketRows[market.index].hasPoolTerms {
            return try planPoolTrade(id, market, size: size, limit: limit, reduces: reduces)
        }
        let price = try poolPrice(market, size: size, for: id)
        if let limit, size.isPositive ? price > limit : price < limit {
            throw .limitExceeded(price: price, limit: limit)
        }
        var parts = try fillParts(
            taker: id.index, maker: Self.liquidityPool.index, market: market.index, size: size,
            price: price)
        let fee = try fee(
            parameters.markets[market.index].takerFee, market, size: size, price: price)
        if keepsResults { parts = try charged(parts, taker: fee.raw, maker: 0) }
        try requireOpenInterest(parts, reduces: reduces)
        if parameters.staleMargin != nil { try requireFreshMargin(parts) }
        let valued = reduces ? nil : try marginPrices(of: id.index, for: .open)
        try requireMargin(
            for: parts.taker, market: market.index, fee: fee, reduces: reduces, at: valued)
        let poolShare = scaled(
            fee.raw, parameters.markets[market.index].poolFeeShare.raw, .down)
        return PlannedTrade(parts: parts, fee: fee, poolShare: poolShare)
    }

    /// The rest of a plan, in the same order, where the market's pool has terms.
    @inline(never)
    private func planPoolTrade(
        _ id: AccountID, _ market: MarketID, size: Quantity, limit: Price?, reduces: Bool
    ) throws(Rejection) -> PlannedTrade {
        guard let terms = poolTerms(market.index) else { throw .noPool(market) }
        let pending = pendingImpact(id, market)
        let fill = try poolFill(
            market.index, position(id, market), size: size, terms, sides[market.index],
            pending: pending)
        if let limit, size.isPositive ? fill.execution > limit : fill.execution < limit {
            throw .limitExceeded(price: fill.execution, limit: limit)
        }
        let parts = try fillParts(
            taker: id.index, maker: Self.liquidityPool.index, market: market.index, size: size,
            price: fill.price)
        let fee = try poolFee(fill, market.index, terms)
        try requireOpenInterest(parts, reduces: reduces)
        if parameters.staleMargin != nil { try requireFreshMargin(parts) }
        if !reduces { try requirePrices(of: id.index, for: .open) }
        var plan = PlannedTrade(
            parts: parts, fee: fee,
            poolShare: scaled(
                fee.raw, parameters.markets[market.index].poolFeeShare.raw, .down))
        var cost = fee
        if let impact = fill.impact {
            let settled = try settlement(of: impact, market.index)
            try requireRoom(for: settled, of: id, market.index)
            plan.impact = settled
            var state = sides[market.index]
            state.replace(parts.taker.before, with: parts.taker.after)
            // What the margin counts of it is what waits now; afterwards it is another amount.
            let counted = try orOverflow { () throws(ArithmeticOverflow) in
                try pendingCost(
                    parts.taker.after, from: pending, to: impact.pending, market.index, terms,
                    state)
            }
            cost = cost + Money(raw: settled.cost) + counted
        }
        if terms.payout != .settlement {
            plan.exchanged = try payout(
                id, parts.taker.before.side, terms,
                change: parts.taker.realized - parts.taker.funding - fee.raw
                    - (plan.impact?.cost ?? 0))
        }
        try requireMargin(for: parts.taker, market: market.index, fee: cost, reduces: reduces)
        return plan
    }

    /// Does a trade of this size only bring a position nearer to zero?
    func reducesOnly(_ held: Quantity, by size: Quantity) -> Bool {
        held.raw != 0 && (held.raw ^ size.raw) < 0 && size.magnitude <= held.magnitude
    }

    func fee(_ rate: Ratio, _ market: MarketID, size: Quantity, price: Price) throws(Rejection)
        -> Money
    {
        guard rate.raw != 0 else { return .zero }
        let notional = Money(raw: abs(try tradedValue(market.index, size, price)))
        return try orOverflow { () throws(ArithmeticOverflow) in
            try notional.scaled(by: rate, rounding: .up)
        }
    }

    /// The market's open interest stays under its cap, and all exposure under what sums can carry.
    func requireOpenInterest(_ parts: FillParts, reduces: Bool) throws(Rejection) {
        let row = marketRows[parts.market]
        if !reduces { try requireBacking(parts) }
        guard parts.longOpenInterest > row.longOpenInterest else { return }
        if let most = parameters.markets[parts.market].maximumPrice {
            try requireExposure(adding: parts.longOpenInterest, at: most, limit: marketLimit)
        }
        let value = try openValue(parts.longOpenInterest, highest(row.feed), row)
        if !reduces, let cap = parameters.markets[parts.market].openInterestCap, value > cap {
            throw .openInterestCapExceeded(MarketID(index: parts.market))
        }
        let unit = max(prices[assetRows[settlement].feed], Price(raw: scaleE8))
        try requireExposure(adding: Quantity(raw: value.raw), at: unit, limit: marketLimit)
    }

    /// After a fill an account meets its initial margin, or has only reduced and is no riskier.
    ///
    /// - Parameters:
    ///   - valued: the prices for the initial margin where these are not the protocol's own.
    ///   - placing: whether an order is only placed, which no price is too old for.
    ///   - order: what the fill leaves of an order of the account; nil where none of its orders is filled.
    // Inlined into a mutating caller, the two evaluations would each copy the whole state.
    @inline(never)
    func requireMargin(
        for side: FillParts.Side, market: Int, fee: Money, reduces: Bool, at valued: [Price]? = nil,
        placing: Bool = false, leaving order: Order? = nil
    ) throws(Rejection) {
        guard accounts[side.account].role == .margin else { return }
        if parameters.staleMargin != nil, !reduces, !placing,
            let asking = askingStaleMargin(market)
        {
            return try asking.requireMargin(
                for: side, market: market, fee: fee, reduces: false, at: valued, placing: true,
                leaving: order)
        }
        var change = Hypothesis(
            settlement: side.realized - side.funding - fee.raw, market: market,
            position: side.after)
        change.order = order.map { ChangedOrder(market: market, order: $0) }
        let after = evaluate(side.account, valued ?? prices, .initial, change)
        if after.isMet { return }
        if reduces, permitsReduction(side.account, change, after) { return }
        throw .insufficientMargin(shortBy: -after.surplus)
    }

}
