public import ExactMath

/// What an order pays or earns for the balance of longs and shorts that it leaves behind.
public struct PriceImpact: Sendable, Hashable {
    /// Positive when the trader earns. [1e-8 USD]
    public var amount: Money
    /// Whether the imbalance became smaller; it chooses the fee, also where the amount is negative.
    public var improvesBalance: Bool

    public init(amount: Money, improvesBalance: Bool) {
        self.amount = amount
        self.improvesBalance = improvesBalance
    }

    /// Of an order without size.
    public static let none = PriceImpact(amount: .zero, improvesBalance: false)
}

/// The price impact of a pool that trades at the oracle's price.
///
/// `impact = f(imbalance before) − f(imbalance after)` with `f(x) = factor · x^exponent`; the
/// positive curve for an order that improves the balance, the negative one for others, and both
/// (positive before, negative after) where the order makes the other side the larger one.
/// Source: gmx-io/gmx-synthetics contracts/pricing/PricingUtils.sol and PositionPricingUtils.sol.
public struct PoolPriceImpact: Sendable, Hashable {
    /// In what the two sides are compared.
    public enum Measure: Sendable, Hashable, CaseIterable {
        /// The sum of the sizes at entry.
        case openInterest
        /// Tokens at the middle index price (`USE_OPEN_INTEREST_IN_TOKENS_FOR_BALANCE`).
        case openInterestInTokens
    }

    /// The curve for what improves the balance; no part of it exceeds the negative one.
    public var positive: ExponentFactor
    /// The curve for what worsens it.
    public var negative: ExponentFactor
    /// The most an order may earn, as a share of its size; at most ``maximumNegative``. [1e-8]
    public var maximumPositive: Ratio
    /// The most a decrease is charged at once, as a share of its size; the rest is held. [1e-8]
    public var maximumNegative: Ratio
    /// The most that impact may count against a position in the liquidation test. [1e-8 of its
    /// size]
    public var maximumForLiquidation: Ratio
    /// How open interest is counted.
    public var measure: Measure

    public init(
        positive: ExponentFactor, negative: ExponentFactor, maximumPositive: Ratio,
        maximumNegative: Ratio, maximumForLiquidation: Ratio, measure: Measure = .openInterest
    ) {
        // A rebate above the charge could be farmed by trading to and fro.
        self.positive = ExponentFactor(
            factor: min(positive.factor, negative.factor),
            exponent: min(positive.exponent, negative.exponent))
        self.negative = negative
        self.maximumPositive = min(maximumPositive, maximumNegative)
        self.maximumNegative = maximumNegative
        self.maximumForLiquidation = maximumForLiquidation
        self.measure = measure
    }

    /// The impact of going from one open interest to another, rounded down. [1e-8 USD]
    ///
    /// Equal sides count as more shorts than longs. An imbalance below one dollar counts as none.
    /// - Throws: ``ArithmeticOverflow`` when an impact does not fit.
    public func impact(from before: PoolOpenInterest, to after: PoolOpenInterest)
        throws(ArithmeticOverflow) -> PriceImpact
    {
        let improves = after.imbalance < before.imbalance
        let staysOnSide = (before.long <= before.short) == (after.long <= after.short)
        let earned = staysOnSide && !improves ? negative : positive
        let charged = staysOnSide && improves ? positive : negative
        let amount =
            try earned.value(of: before.imbalance) - charged.value(of: after.imbalance)
        return PriceImpact(
            amount: try amount.rounded(to: Money.self, .down), improvesBalance: improves)
    }

    /// The impact of a change of one side's size, before any cap. [1e-8 USD]
    ///
    /// A negative impact is also computed on the inventory that several markets of the same index
    /// share, and the worse counts; a positive one is not, or no market could be balanced while
    /// another is not. Source: PositionPricingUtils.sol `getPriceImpactUsd`.
    /// - Parameter change: negative for a decrease. [1e-8 USD, in the units of the open interest]
    /// - Parameter virtualInventory: positive when shorts outweigh longs; nil without one. [1e-8
    ///   USD]
    public func impact(
        of change: Money, on side: PoolSide, openInterest: PoolOpenInterest,
        virtualInventory: Money? = nil
    ) throws(ArithmeticOverflow) -> PriceImpact {
        let direct = try impact(
            from: openInterest, to: openInterest.changed(by: change, on: side))
        guard direct.amount.isNegative, let virtualInventory else { return direct }
        let shared = PoolOpenInterest(virtualInventory: virtualInventory, before: change)
        let other = try impact(from: shared, to: shared.changed(by: change, on: side))
        return other.amount < direct.amount ? other : direct
    }

    /// The change of the measured open interest that an order makes. [1e-8 USD]
    func measured(size: Money, tokens: Quantity, indexPrice: PriceRange)
        throws(ArithmeticOverflow) -> Money
    {
        switch measure {
        case .openInterest: size
        case .openInterestInTokens:
            try tokens.value(at: indexPrice.middle, rounding: .towardZero)
        }
    }
}
