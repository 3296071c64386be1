public import ExactMath

/// The limits of a funding rate.
public struct FundingBounds: Hashable, Sendable {
    public var lower: Fixed18
    public var upper: Fixed18

    /// - Parameter lower: not above `upper`.
    public init(lower: Fixed18, upper: Fixed18) {
        precondition(lower <= upper, "bounds are in order")
        self.lower = lower
        self.upper = upper
    }

    /// The same limit on both sides, zero or more.
    public init(magnitude: Fixed18) {
        self.init(lower: -magnitude, upper: magnitude)
    }

    /// A share of the distance between the initial and the maintenance margin rate, on both sides.
    ///
    /// BitMEX limits by 75 % of it, dYdX by 600 %; a venue that limits by the maintenance margin
    /// alone (Binance) is `initialMargin: maintenance, maintenanceMargin: 0`. Rounded down.
    /// - Parameter maintenanceMargin: not above `initialMargin`.
    /// - Parameter resolution: the step of the limit (dYdX: one millionth); nil keeps 1e-18.
    /// - Throws: ``ArithmeticOverflow`` when the product does not fit.
    ///
    /// Source: BitMEX blog "Important Changes to Bitcoin / USD Swap Funding";
    /// dydxprotocol/v4-chain `x/perpetuals/types/liquidity_tier.go` (`GetMaxAbsFundingClampPpm`).
    public init(
        share: Ratio, initialMargin: Ratio, maintenanceMargin: Ratio, resolution: Fixed18? = nil
    ) throws(ArithmeticOverflow) {
        precondition(
            maintenanceMargin <= initialMargin, "a maintenance margin is within the initial margin")
        let exact = try Fixed18(share).multiplied(
            by: Fixed18(initialMargin - maintenanceMargin), rounding: .down)
        self.init(magnitude: RateArithmetic.truncate(exact, to: resolution))
    }

    /// The nearest rate within the limits.
    public func clamp(_ rate: Fixed18) -> Fixed18 { min(max(rate, lower), upper) }
}

/// From the average premium of an interval to the rate that longs pay shorts.
///
/// The formula gives a rate per ``period`` (8 hours nearly everywhere); it is scaled to the
/// interval at which funding is paid, and then limited. A positive rate is paid by longs.
///
/// Source: Binance notice of 2025-09-16, `F = [P + clamp(I − P, ±0.05 %)] / (8/N)`; Hyperliquid
/// docs "Funding" (one eighth of the 8-hour rate an hour, at most 4 %); OKX "OKX to optimize
/// funding rate calculation"; dydxprotocol/v4-chain `x/perpetuals/keeper/perpetual.go`
/// (`MaybeProcessNewFundingTickEpoch`).
public struct FundingRate: Hashable, Sendable {
    /// What is made of the average premium P and the interest I.
    public enum Formula: Hashable, Sendable {
        /// `P + clamp(I − P, ±dampener)`: I itself while P is within the dampener of it.
        case dampened(interest: Fixed18, dampener: Fixed18)
        /// `P + I`: dYdX with its default funding; OKX with minus its interest, which is zero.
        case added(interest: Fixed18)
    }

    public var formula: Formula
    /// The time for which the formula gives a rate, greater than zero.
    public var period: TimeSpan
    /// The time for which the result is a rate; equal to ``period`` where nothing is scaled.
    public var interval: TimeSpan
    /// The limits of the result, nil where there are none.
    public var bounds: FundingBounds?

    public init(
        _ formula: Formula, period: TimeSpan = TimeSpan(seconds: 28_800),
        interval: TimeSpan = TimeSpan(seconds: 28_800), bounds: FundingBounds? = nil
    ) {
        precondition(period > .zero && interval > .zero, "a funding interval is positive")
        self.formula = formula
        self.period = period
        self.interval = interval
        self.bounds = bounds
    }

    /// The rate of one interval, scaled toward zero. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when a step does not fit.
    public func rate(averagePremium premium: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        let whole: Fixed18
        switch formula {
        case .dampened(let interest, let dampener):
            let distance = try RateArithmetic.difference(interest, premium)
            whole = try RateArithmetic.sum(
                premium, RateArithmetic.clamp(distance, to: dampener))
        case .added(let interest):
            whole = try RateArithmetic.sum(premium, interest)
        }
        let scaled = try FundingRate.prorated(
            whole, from: period, to: interval, rounding: .towardZero)
        return bounds?.clamp(scaled) ?? scaled
    }

    /// A rate for one length of time as the simple rate for another: a day's interest for 8 hours,
    /// an interval's funding for a year.
    /// - Parameter from: greater than zero.
    /// - Parameter to: zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the result does not fit.
    public static func prorated(
        _ rate: Fixed18, from: TimeSpan, to: TimeSpan, rounding: Rounding
    ) throws(ArithmeticOverflow) -> Fixed18 {
        try RateArithmetic.scale(
            rate, by: to.milliseconds, over: from.milliseconds, rounding: rounding)
    }
}
