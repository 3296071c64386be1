public import ExactMath
public import MarginRules

/// Whether the winners of a side of a pool are being closed, and since when that is known.
public struct PoolFlag: Hashable, Sendable {
    public var isEnabled = false
    /// When it was last looked at; prices that are older count no more.
    public var updatedAt: Timestamp?
}

/// A closing of a winner by the pool, computed and not yet done.
public struct PoolDeleveragingQuote: Sendable {
    public var account: AccountID
    public var market: MarketID
    public var side: PoolSide
    /// The change of the account's size. [1e-8 units]
    public var size: Quantity
    public var price: Price
    /// What the account realises, charges apart. [1e-8]
    public var realized: Money
    /// The profit of the side as a share of what backs it, before and after. [1e-18]
    public var before: Fixed18
    public var after: Fixed18
    var trade: PlannedTrade
}

/// What happened to the winners of a side of a pool. Numbered for good.
public enum PoolDeleveragingKind: Int8, Hashable, Sendable, CaseIterable {
    /// From here on winners may be closed.
    case enabled = 1
    /// From here on they may not.
    case disabled
    /// One of them was closed, or a part of it.
    case closed
    public var name: String { String(describing: self) }
}

/// One step of deleveraging by a pool.
public struct PoolDeleveragingStep: Hashable, Sendable {
    public var kind: PoolDeleveragingKind
    public var market: MarketID
    public var side: PoolSide
    /// Who was closed, and by how much; nil and zero where nobody was. [1e-8 units]
    public var account: AccountID?
    public var size: Quantity
    /// What it was closed at; nil where nobody was.
    public var price: Price?
    public var realized: Money
    /// The profit of the side as a share of what backs it, before and after. [1e-18]
    public var before: Fixed18
    public var after: Fixed18

    /// Whether it is of longs.
    public var isLong: Bool { side == .long }
}

/// A pool closes its winners by itself before their profit exceeds what it can pay.
///
/// Source: gmx-io/gmx-synthetics @a5c0c88 contracts/adl/AdlUtils.sol, contracts/exchange/AdlHandler.sol. There only
/// keepers of a role may; here that is left to who sends.
extension ClearingHouse {
    /// Whether winners of a side may be closed now, as it was last looked at.
    public func poolFlag(_ market: MarketID, _ side: PoolSide) -> PoolFlag {
        guard !poolFlags.isEmpty else { return PoolFlag() }
        return poolFlags[2 * market.index + (side == .long ? 0 : 1)]
    }

    /// The largest profit of a side, what backs it, and the first as a share of the second; nil where the market's pool
    /// closes nobody. [1e-8 USD, 1e-18]
    public func poolProfit(_ market: MarketID, _ side: PoolSide) -> (
        profit: PoolProfit, pool: Money, share: Fixed18, isExceeded: Bool
    )? {
        guard let terms = poolTerms(market.index), let rule = terms.deleveraging else { return nil }
        let row = sides[market.index][side]
        let range = range(marketRows[market.index].feed, prices)
        let pool = poolValue(terms, side, prices)
        return unbounded { () throws(ArithmeticOverflow) in
            let profit = try PoolProfit(
                side, openInterest: row.cost, tokens: row.size, indexPrice: range, .maximum)
            return (
                profit, pool, try profit.share(ofPool: pool),
                rule.isRequired(profit: profit, pool: pool)
            )
        }
    }

    /// Looks at the profit of a side, and notes whether winners may be closed.
    ///
    /// Guards in order: market, pool, prices, their age.
    @inline(never)
    mutating func updateDeleveraging(
        _ market: MarketID, _ side: PoolSide, into journal: inout [Event]
    ) throws(Rejection) {
        try requireMarket(market)
        try requireFlagPrices(market, side)
        guard let state = poolProfit(market, side) else {
            throw .deleveragingNotEnabled(market)
        }

        // Nothing below may fail.
        poolFlags[2 * market.index + (side == .long ? 0 : 1)] = PoolFlag(
            isEnabled: state.isExceeded, updatedAt: time)
        journal.append(
            .poolDeleveraged(
                PoolDeleveragingStep(
                    kind: state.isExceeded ? .enabled : .disabled, market: market, side: side,
                    account: nil, size: .zero, price: nil, realized: .zero, before: state.share,
                    after: state.share)))
    }

    /// Closes a winner, or a part of it.
    @inline(never)
    mutating func deleverage(
        _ id: AccountID, _ market: MarketID, size: Quantity, into journal: inout [Event]
    ) throws(Rejection) {
        let quote = try quoteDeleveraging(of: id, market, size: size)

        // Nothing below may fail.
        write(quote.trade, of: id, reason: .deleveraging, into: &journal)
        journal.append(
            .poolDeleveraged(
                PoolDeleveragingStep(
                    kind: .closed, market: market, side: quote.side, account: id, size: quote.size,
                    price: quote.price, realized: quote.realized, before: quote.before,
                    after: quote.after)))
    }

    /// What a closing of so much of a position by the pool would do.
    ///
    /// Guards in order: size, account, market, role, position, pool, flag, prices and their age, need, those of a
    /// trade that reduces, and last whether the share of the profit falls, and not too far.
    /// - Parameter size: without a sign, and no more than is held. [1e-8 units]
    @inline(never)
    public func quoteDeleveraging(of id: AccountID, _ market: MarketID, size: Quantity)
        throws(Rejection) -> PoolDeleveragingQuote
    {
        guard size.isPositive else { throw .amountNotPositive }
        try requireAccount(id)
        try requireMarket(market)
        try requireRole(id, .margin)
        let held = position(id, market)
        guard !held.size.isZero else { throw .nothingToLiquidate }
        guard size <= held.size.magnitude else { throw .wouldIncrease(market) }
        guard let rule = poolTerms(market.index)?.deleveraging,
            poolFlag(market, held.side).isEnabled
        else { throw .deleveragingNotEnabled(market) }
        try requireFlagPrices(market, held.side)
        guard let before = poolProfit(market, held.side), before.isExceeded else {
            throw .deleveragingNotEnabled(market)
        }
        let delta = held.side == .long ? -size : size
        let trade = try planTrade(
            id, market, size: delta, limit: nil, reduceOnly: true, by: accounts[id.index].owner)
        var after = self
        var scratch: [Event] = []
        after.write(trade, of: id, reason: .deleveraging, into: &scratch)
        let share = after.poolProfit(market, held.side)?.share ?? .zero
        guard rule.outcome(before: before.share, after: share) == .accepted else {
            throw .deleveragingRefused(market)
        }
        return PoolDeleveragingQuote(
            account: id, market: market, side: held.side, size: delta, price: trade.parts.price,
            realized: Money(raw: trade.parts.taker.realized), before: before.share, after: share,
            trade: trade)
    }

    /// The newest of the prices that the share depends on is no older than the last look.
    private func requireFlagPrices(_ market: MarketID, _ side: PoolSide) throws(Rejection) {
        guard let terms = poolTerms(market.index), let rule = terms.deleveraging else {
            throw .deleveragingNotEnabled(market)
        }
        let backing = side == .long ? terms.longBacking : terms.shortBacking
        var newest = Timestamp(milliseconds: .min)
        for feed in [marketRows[market.index].feed, assetRows[backing.index].feed] {
            guard let report = reports[feed], prices[feed].isPositive else {
                throw .priceMissing(FeedID(index: feed))
            }
            newest = max(newest, report.observedAt)
        }
        guard let last = poolFlag(market, side).updatedAt else { return }
        guard rule.acceptsPrices(newest: newest, lastFlagged: last) else {
            throw .priceOutsideWindow(
                FeedID(index: marketRows[market.index].feed), observedAt: newest)
        }
    }
}
