public import ExactMath

/// The tokens, charged to traders as price impact, from which gains of price impact are paid.
///
/// Counted in the index token, apart from the pool's own amounts but inside them: the depositors'
/// value excludes it. When it runs dry the pool lends it more, up to a limit.
/// Source: gmx-io/gmx-synthetics contracts/market/MarketUtils.sol.
public struct PositionImpactPool: Sendable, Hashable {
    /// What it holds, zero or more. [1e-8 index tokens]
    public var amount: Quantity
    /// What the pool has lent it, zero or more. [1e-8 index tokens]
    public var lent: Quantity

    public init(amount: Quantity, lent: Quantity = .zero) {
        self.amount = amount
        self.lent = lent
    }

    /// How much the pool may lend in all.
    public struct LendingLimit: Sendable, Hashable {
        /// As a share of the pool's value. [1e-8]
        public var factor: Ratio
        /// In dollars. [1e-8 USD]
        public var maximum: Money

        public init(factor: Ratio, maximum: Money) {
            self.factor = factor
            self.maximum = maximum
        }

        /// A pool that lends nothing.
        public static let none = LendingLimit(factor: .zero, maximum: .zero)
    }

    /// What the pool may still lend, zero or more. [1e-8 USD]
    ///
    /// Source: `getMaxLendableUsdAvailable`; what is lent counts at the maximum price.
    /// - Parameter pool: both sides of the pool at minimum prices. [1e-8 USD]
    public func lendable(pool: Money, indexPrice: PriceRange, limit: LendingLimit)
        throws(ArithmeticOverflow) -> Money
    {
        let most = min(try pool.scaled(by: limit.factor, rounding: .down), limit.maximum)
        let used = try lent.value(at: indexPrice.maximum, rounding: .up)
        return used > most ? .zero : most - used
    }

    /// A gain capped at what the impact pool holds and may be lent; a charge unchanged. [1e-8 USD]
    ///
    /// Source: `capPositiveImpactUsdByPositionImpactPool`.
    public func capping(
        _ impact: Money, pool: Money, indexPrice: PriceRange, limit: LendingLimit
    ) throws(ArithmeticOverflow) -> Money {
        guard impact.isPositive else { return impact }
        let held = try amount.value(at: indexPrice.minimum, rounding: .down)
        guard impact > held else { return impact }
        let more = try lendable(pool: pool, indexPrice: indexPrice, limit: limit)
        return min(impact, try held.adding(more))
    }

    /// The tokens that pay a gain, rounded up. [1e-8 index tokens]
    public static func payment(for gain: Money, indexPrice: PriceRange)
        throws(ArithmeticOverflow) -> Quantity
    {
        try gain.quantity(at: indexPrice.minimum, rounding: .up)
    }

    /// The index tokens that a charge paid in another token adds, rounded down.
    /// - Parameter paid: what was paid. [1e-8 of the paying token]
    public static func receipt(of paid: Quantity, price: PriceRange, indexPrice: PriceRange)
        throws(ArithmeticOverflow) -> Quantity
    {
        try paid.scaled(
            by: price.minimum.raw, over: indexPrice.maximum.raw, rounding: .down)
    }

    /// The impact pool after a change: what it cannot pay is lent, and what it receives repays
    /// first.
    ///
    /// Source: `applyDeltaToPositionImpactPool`.
    /// - Parameter change: negative for a payment. [1e-8 index tokens]
    public func changed(by change: Quantity) -> PositionImpactPool {
        if change.isNegative {
            let paid = min(-change, amount)
            return PositionImpactPool(amount: amount - paid, lent: lent + (-change - paid))
        }
        let repaid = min(change, lent)
        return PositionImpactPool(amount: amount + (change - repaid), lent: lent - repaid)
    }

    /// What is given to the depositors over a span of time, rounded down. [1e-8 index tokens]
    ///
    /// Source: `getPendingPositionImpactPoolDistributionAmount`.
    /// - Parameters:
    ///   - ratePerDay: the rate of distribution. [1e-8 index tokens per day]
    ///   - minimum: what stays in the impact pool. [1e-8 index tokens]
    public func distribution(ratePerDay: Quantity, keeping minimum: Quantity, over span: TimeSpan)
        throws(ArithmeticOverflow) -> Quantity
    {
        guard amount > minimum, ratePerDay.isPositive else { return .zero }
        let due = try multiplyWide(
            Int128(ratePerDay.raw), Int128(span.milliseconds), dividingBy: 86_400_000,
            rounding: .down)
        let most = Int128((amount - minimum).raw)
        return try Quantity(checked: min(due, most))
    }
}
