public import ExactMath

/// The profit of a side at an end of the price range, rounded toward that end. [1e-8 USD]
func sideProfit(
    _ side: PoolSide, openInterest: Money, tokens: Quantity, indexPrice: PriceRange,
    _ end: PoolValuation
) throws(ArithmeticOverflow) -> Money {
    let price = indexPrice.picked(forProfitOf: side, end)
    let rounding: Rounding = (side == .long) == (end == .maximum) ? .up : .down
    let value = try tokens.value(at: price, rounding: rounding)
    return side == .long ? value - openInterest : openInterest - value
}

/// The unrealised profit of all traders of a side, against the pool that pays it.
///
/// Source: gmx-io/gmx-synthetics contracts/market/MarketUtils.sol `getPnl`, `getCappedPnl`,
/// `getPnlToPoolFactor`; PositionUtils.sol `getPositionPnlUsd`.
public struct PoolProfit: Sendable, Hashable {
    /// Positive when the traders win. [1e-8 USD]
    public var amount: Money

    /// - Parameters:
    ///   - openInterest: the sum of the sizes at entry. [1e-8 USD]
    ///   - tokens: the sum of the sizes in tokens. [1e-8 index tokens]
    ///   - end: the smallest or the largest profit.
    public init(
        _ side: PoolSide, openInterest: Money, tokens: Quantity, indexPrice: PriceRange,
        _ end: PoolValuation
    ) throws(ArithmeticOverflow) {
        // Half a position has no profit: it is what rounding left behind.
        let isEmpty = openInterest.isZero || tokens.isZero
        self.amount =
            isEmpty
            ? .zero
            : try sideProfit(
                side, openInterest: openInterest, tokens: tokens, indexPrice: indexPrice, end)
    }

    public init(amount: Money) { self.amount = amount }

    /// The profit up to a share of the side of the pool that pays it; a loss as it is. [1e-8 USD]
    /// - Parameters:
    ///   - factor: the largest share. [1e-8]
    ///   - pool: the side of the pool. [1e-8 USD]
    public func capped(at factor: Ratio, ofPool pool: Money)
        throws(ArithmeticOverflow) -> PoolProfit
    {
        guard !amount.isNegative else { return self }
        return PoolProfit(amount: min(amount, try pool.scaled(by: factor, rounding: .down)))
    }

    /// The profit as a share of the pool that pays it, rounded toward zero; zero of an empty pool.
    /// [1e-18]
    public func share(ofPool pool: Money) throws(ArithmeticOverflow) -> Fixed18 {
        guard pool.isPositive else { return .zero }
        return try Fixed18(amount).divided(by: Fixed18(pool), rounding: .towardZero)
    }

    /// One position's profit scaled by what the cap leaves of the side's, rounded down. [1e-8 USD]
    ///
    /// All winners are cut alike at one moment; but the pool shrinks with each payment, and the
    /// open profit too, so who closes later is cut by another share.
    /// - Parameters:
    ///   - profit: the position's, a loss is left as it is. [1e-8 USD]
    ///   - factor: the largest share for traders. [1e-8]
    ///   - pool: the side of the pool at its minimum price. [1e-8 USD]
    public func scaling(_ profit: Money, cappedAt factor: Ratio, ofPool pool: Money)
        throws(ArithmeticOverflow) -> Money
    {
        guard profit.isPositive, amount.isPositive else { return profit }
        let capped = try capped(at: factor, ofPool: pool)
        guard capped != self, capped.amount.isPositive else { return profit }
        return try profit.scaled(by: capped.amount.raw, over: amount.raw, rounding: .down)
    }
}
