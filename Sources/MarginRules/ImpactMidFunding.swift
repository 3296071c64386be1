public import ExactMath

/// Mango's funding: the middle of two impact prices against the oracle, as a clamped daily rate.
///
/// Where only one side of the book holds the impact quantity, the rate is at its limit, in the
/// direction of that side; where neither does, it is zero. A step counts at most ``longestStep``,
/// so that one look at the book is not charged for a day of downtime.
///
/// Source: blockworks-foundation/mango-v4 `programs/mango-v4/src/state/perp_market.rs`
/// (`update_funding_and_stable_price`).
public struct ImpactMidFunding: Hashable, Sendable {
    /// The limits of the rate per day.
    public var bounds: FundingBounds
    /// The longest time charged at once: one hour.
    public var longestStep: TimeSpan

    public init(bounds: FundingBounds, longestStep: TimeSpan = TimeSpan(seconds: 3600)) {
        self.bounds = bounds
        self.longestStep = longestStep
    }

    /// The rate per day that longs pay. [1e-18]
    /// - Parameter impactBid: nil where the bids do not hold the impact quantity.
    /// - Parameter impactAsk: nil where the asks do not hold it.
    /// - Parameter oracle: greater than zero.
    /// - Throws: ``ArithmeticOverflow`` when the premium does not fit.
    public func rate(
        impactBid: Price?, impactAsk: Price?, oracle: Price
    ) throws(ArithmeticOverflow) -> Fixed18 {
        switch (impactBid, impactAsk) {
        case (let bid?, let ask?):
            return bounds.clamp(
                try PremiumIndex().premium(bestBid: bid, bestAsk: ask, index: oracle))
        case (.some, nil): return bounds.upper
        case (nil, .some): return bounds.lower
        case (nil, nil): return .zero
        }
    }

    /// By how much a unit's funding grows: `oracle · rate · elapsed / day`, toward zero.
    ///
    /// [1e-18 USD per unit]
    /// - Parameter elapsed: zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the growth does not fit.
    public func delta(
        rate: Fixed18, elapsed: TimeSpan, oracle: Price
    ) throws(ArithmeticOverflow) -> Fixed18 {
        try FundingIndex().delta(
            rate: rate, elapsed: min(elapsed, longestStep), period: TimeSpan(seconds: 86_400),
            price: oracle)
    }
}
