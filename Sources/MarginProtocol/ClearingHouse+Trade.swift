public import ExactMath
import OrderBook

/// Both sides of a fill, computed and not yet written.
struct FillParts {
    struct Side {
        var account: Int
        var before: Position
        var after: Position
        var realized: Int64
        var funding: Int64
    }
    var market: Int
    var price: Price
    var size: Quantity
    var taker: Side
    var maker: Side
    /// Σ of long sizes after the fill.
    var longOpenInterest: Quantity
    /// Σ of open cost after the fill, in absolute value.
    var openCost: Money
}

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

    /// Computes both sides of a fill; writes nothing.
    ///
    /// The notional is rounded once, against the taker, and both sides carry the same figure: so the sum
    /// of costs changes by exactly what is realised.
    ///
    /// - Parameter earlier: a fill of the same maker in the same market that goes before this one.
    func fillParts(
        taker: Int, maker: Int, market: Int, size: Quantity, price: Price, after earlier: FillParts?
    ) throws(Rejection) -> FillParts {
        guard let earlier else {
            return try fillParts(
                taker: taker, maker: maker, market: market, size: size, price: price)
        }
        return try fillParts(
            taker: taker, maker: maker, market: market, size: size, price: price,
            makerHolds: earlier.maker.after, longOpenInterest: earlier.longOpenInterest,
            openCost: earlier.openCost)
    }

    /// The same for a fill that nothing goes before.
    func fillParts(taker: Int, maker: Int, market: Int, size: Quantity, price: Price)
        throws(Rejection) -> FillParts
    {
        try fillParts(
            taker: taker, maker: maker, market: market, size: size, price: price,
            makerHolds: positions[maker * marketCount + market],
            longOpenInterest: marketRows[market].longOpenInterest,
            openCost: marketRows[market].openCost)
    }

    private func fillParts(
        taker: Int, maker: Int, market: Int, size: Quantity, price: Price,
        makerHolds makerBefore: Position, longOpenInterest: Quantity, openCost: Money
    ) throws(Rejection) -> FillParts {
        let notional = try tradedValue(market, size, price)
        guard notional.magnitude <= UInt64(Self.exposureLimit) else { throw .exposureTooLarge }
        let takerSide = try side(
            taker, market, size.raw, notional, positions[taker * marketCount + market])
        let makerSide = try side(maker, market, -size.raw, -notional, makerBefore)
        // Each term is within the limit, a quarter of what fits, and what closes comes off first.
        let longs =
            longOpenInterest.raw
            - max(0, takerSide.before.size.raw)
            - max(0, makerSide.before.size.raw) + max(0, takerSide.after.size.raw)
            + max(0, makerSide.after.size.raw)
        let cost =
            openCost.raw - takerSide.before.cost.magnitude.raw
            - makerSide.before.cost.magnitude.raw + takerSide.after.cost.magnitude.raw
            + makerSide.after.cost.magnitude.raw
        let parts = FillParts(
            market: market, price: price, size: size, taker: takerSide, maker: makerSide,
            longOpenInterest: Quantity(raw: longs), openCost: Money(raw: cost))
        try requireRoom(for: parts)
        return parts
    }

    /// What a size costs at a price, in the settlement asset: rounded up, against the taker.
    private func tradedValue(_ market: Int, _ size: Quantity, _ price: Price) throws(Rejection)
        -> Int64
    {
        guard marketRows[market].isInverse else { return try boundedValue(size, at: price).raw }
        guard price.isPositive else { throw .priceNotPositive }
        return try orOverflow { () throws(ArithmeticOverflow) in
            try multiply(-size.raw, scaleE8, dividingBy: price.raw, rounding: .up)
        }
    }

    /// One side of a fill: what its position becomes, what it realises, what funding it settles.
    @inline(__always)
    private func side(
        _ account: Int, _ market: Int, _ delta: Int64, _ notional: Int64, _ before: Position
    ) throws(Rejection) -> FillParts.Side {
        if keepsResults { return try keptSide(account, market, delta, notional, before) }
        var funding = before.size.raw == 0 ? 0 : pendingCharges(account, before, market)
        if !lastSteps.isEmpty { funding += lateFunding(delta, market) }
        let (size, sizeOverflow) = before.size.raw.addingReportingOverflow(delta)
        guard !sizeOverflow, size.magnitude <= UInt64(Self.exposureLimit) else {
            throw .exposureTooLarge
        }
        var cost: Int64
        var realized: Int64 = 0
        if before.size.raw == 0 || (before.size.raw ^ delta) >= 0 {
            let (sum, overflow) = before.cost.raw.addingReportingOverflow(notional)
            guard !overflow else { throw .exposureTooLarge }
            cost = sum
        } else if delta.magnitude <= before.size.raw.magnitude {
            // A part of the cost leaves with the part that is closed, rounded against the account.
            let part =
                size == 0
                ? before.cost.raw
                : exact(
                    before.cost.raw, Int64(delta.magnitude),
                    over: Int64(before.size.raw.magnitude), .up)
            realized = -notional - part
            cost = before.cost.raw - part
        } else {
            // Through zero: the notional is split between what closes and what opens.
            let closing = exact(
                notional, Int64(before.size.raw.magnitude), over: Int64(delta.magnitude), .up)
            realized = -closing - before.cost.raw
            cost = notional - closing
        }
        guard cost.magnitude <= UInt64(Self.exposureLimit) else { throw .exposureTooLarge }
        return FillParts.Side(
            account: account, before: before,
            after: Position(
                size: Quantity(raw: size), cost: Money(raw: cost),
                fundingIndex: size == 0 ? .zero : chargeIndex(market, ofLong: size > 0, account)),
            realized: realized, funding: funding)
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

    /// Writes both sides of a computed fill and settles what they realise and owe in funding.
    mutating func write(_ parts: FillParts, reason: PositionReason, into journal: inout [Event]) {
        marketRows[parts.market].longOpenInterest = parts.longOpenInterest
        marketRows[parts.market].openCost = parts.openCost
        write(parts.taker, parts, reason, &journal)
        write(parts.maker, parts, reason, &journal)
        if tracksResults { noteResults(parts, reason) }
    }

    /// Writes the taker's side alone: of what nobody takes on.
    mutating func writeAlone(
        _ parts: FillParts, reason: PositionReason, into journal: inout [Event]
    ) {
        marketRows[parts.market].openCost = parts.openCost
        write(parts.taker, parts, reason, &journal)
        let lost = parts.taker.after.cost - parts.taker.before.cost
        if tracksResults { noteSettlement(parts.taker, parts.market, lost.raw) }
    }

    private mutating func write(
        _ side: FillParts.Side, _ parts: FillParts, _ reason: PositionReason,
        _ journal: inout [Event]
    ) {
        let id = AccountID(index: side.account)
        let market = MarketID(index: parts.market)
        positions[side.account * marketCount + parts.market] = side.after
        if !sides.isEmpty, side.account != Self.liquidityPool.index {
            sides[parts.market].replace(side.before, with: side.after)
            // Whoever trades with the pool settles it; a market that is settled does not ask.
            if !impacts.isEmpty,
                reason == .settlement || parts.maker.account != Self.liquidityPool.index
            {
                shrinkImpact(side, parts.market, into: &journal)
            }
        }
        let bit: UInt64 = 1 << UInt64(parts.market)
        if side.after.size.raw == 0, side.after.cost.raw == 0 {
            accounts[side.account].markets &= ~bit
        } else {
            accounts[side.account].markets |= bit
        }
        touch(id)
        journal.append(
            .positionChanged(
                PositionChange(
                    account: id, market: market, sizeBefore: side.before.size,
                    sizeAfter: side.after.size, costBefore: side.before.cost,
                    costAfter: side.after.cost, price: parts.price,
                    realized: Money(raw: side.realized), funding: Money(raw: side.funding),
                    reason: reason)))
        move(
            Quantity(raw: side.realized), of: settlement, from: Self.clearing(market), to: id,
            .realizedProfit, &journal)
        move(
            Quantity(raw: side.funding), of: settlement, from: id, to: Self.funding(market),
            .funding, &journal)
    }
}
