public import ExactMath

/// A position against a pool, with collateral of its own.
///
/// Source: gmx-io/gmx-synthetics contracts/position/Position.sol, PositionUtils.sol
/// `getPositionPnlUsd`.
public struct PoolPosition: Sendable, Hashable {
    public var side: PoolSide
    /// The size at entry, zero or more. [1e-8 USD]
    public var size: Money
    /// The size in index tokens, zero or more. [1e-8 index tokens]
    public var sizeInTokens: Quantity
    /// The collateral, in its own token, whose value floats. [1e-8 units]
    public var collateral: Quantity
    /// Price impact of the opening that is settled at closing, positive for a gain. [1e-8 index
    /// tokens]
    public var pendingImpact: Quantity

    public init(
        side: PoolSide, size: Money, sizeInTokens: Quantity, collateral: Quantity,
        pendingImpact: Quantity = .zero
    ) {
        self.side = side
        self.size = size
        self.sizeInTokens = sizeInTokens
        self.collateral = collateral
        self.pendingImpact = pendingImpact
    }

    /// The unrealised profit of the whole position at its closing price, rounded down. [1e-8 USD]
    public func profit(at indexPrice: PriceRange) throws(ArithmeticOverflow) -> Money {
        try sideProfit(
            side, openInterest: size, tokens: sizeInTokens, indexPrice: indexPrice, .minimum)
    }

    /// The tokens that a decrease of the size closes: all of them for the whole size, else rounded
    /// up for a long and down for a short. [1e-8 index tokens]
    /// - Parameter decrease: at most the size. [1e-8 USD]
    public func tokens(closing decrease: Money) throws(ArithmeticOverflow) -> Quantity {
        precondition(decrease >= .zero && decrease <= size, "a decrease is at most the size")
        guard decrease != size else { return sizeInTokens }
        return try sizeInTokens.scaled(
            by: decrease.raw, over: size.raw, rounding: side == .long ? .up : .down)
    }

    /// The part of a total profit that closing some tokens realises, rounded toward zero. [1e-8
    /// USD]
    public func realized(_ profit: Money, closing tokens: Quantity)
        throws(ArithmeticOverflow) -> Money
    {
        guard tokens != sizeInTokens else { return profit }
        return try profit.scaled(by: tokens.raw, over: sizeInTokens.raw, rounding: .towardZero)
    }

    /// The share of the pending impact that a decrease settles, and what it is worth.
    ///
    /// The share is rounded against the trader; a gain counts at the minimum price, a charge at the
    /// maximum. Source: DecreasePositionCollateralUtils.sol `_getProportionalPendingImpactValues`.
    /// - Parameter decrease: greater than zero, at most the size. [1e-8 USD]
    public func pendingImpact(closing decrease: Money, indexPrice: PriceRange)
        throws(ArithmeticOverflow) -> PendingImpact
    {
        precondition(decrease.isPositive && decrease <= size, "a decrease is at most the size")
        return try PendingImpact(
            amount: pendingImpact.scaled(by: decrease.raw, over: size.raw, rounding: .down),
            indexPrice: indexPrice)
    }
}

/// Price impact in index tokens that waits for its position to close.
public struct PendingImpact: Sendable, Hashable {
    /// Positive for a gain. [1e-8 index tokens]
    public var amount: Quantity
    /// What it is worth now, rounded down. [1e-8 USD]
    public var value: Money

    /// A gain is valued at the minimum price, a charge at the maximum.
    public init(amount: Quantity, indexPrice: PriceRange) throws(ArithmeticOverflow) {
        self.amount = amount
        self.value = try amount.value(
            at: amount.isPositive ? indexPrice.minimum : indexPrice.maximum, rounding: .down)
    }
}
