public import ExactMath

/// Synthetix' funding: the skew of a market drives not the rate but the speed at which it changes.
///
/// A lasting imbalance so makes the rate grow without limit, until someone takes the other side.
/// All quotients are truncated toward zero to 1e-18, as on chain.
///
/// Source: Synthetixio/synthetix-v3 `markets/perps-market/contracts/storage/PerpsMarket.sol`
/// (`currentFundingRate`, `currentFundingVelocity`, `unrecordedFunding`).
public struct FundingVelocity: Hashable, Sendable {
    /// The skew at which the velocity is at its maximum; zero stands for no funding at all.
    public var skewScale: Quantity
    /// The largest change of the daily rate in a day.
    public var maximum: Fixed18

    public init(skewScale: Quantity, maximum: Fixed18) {
        precondition(!skewScale.isNegative && maximum.raw >= 0, "a velocity has a scale")
        self.skewScale = skewScale
        self.maximum = maximum
    }

    /// The change of the daily rate in a day: `clamp(skew / scale, ±1) · maximum`. [1e-18]
    /// - Parameter skew: longs less shorts.
    /// - Throws: ``ArithmeticOverflow`` when the quotient does not fit.
    public func velocity(skew: Quantity) throws(ArithmeticOverflow) -> Fixed18 {
        guard !skewScale.isZero else { return .zero }
        let share = try Fixed18(skew).divided(by: Fixed18(skewScale), rounding: .towardZero)
        return try RateArithmetic.clamp(share, to: .one).multiplied(
            by: maximum, rounding: .towardZero)
    }

    /// The daily rate after some time at an unchanged skew. [1e-18]
    /// - Parameter elapsed: zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the rate does not fit.
    public func rate(
        last: Fixed18, skew: Quantity, elapsed: TimeSpan
    ) throws(ArithmeticOverflow) -> Fixed18 {
        let change = try velocity(skew: skew).multiplied(
            by: try days(elapsed), rounding: .towardZero)
        return try RateArithmetic.sum(last, change)
    }

    /// What a unit of a long receives meanwhile, negative where it pays:
    /// `−(last + now)/2 · days · price`. [1e-18 USD per unit]
    ///
    /// A position receives its size times the growth of the sum of these.
    /// - Parameter elapsed: zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the amount does not fit.
    public func delta(
        last: Fixed18, skew: Quantity, elapsed: TimeSpan, price: Price
    ) throws(ArithmeticOverflow) -> Fixed18 {
        let now = try rate(last: last, skew: skew, elapsed: elapsed)
        let sum = try RateArithmetic.sum(last, now)
        let average = try RateArithmetic.difference(.zero, Fixed18(raw: sum.raw / 2))
        return try average.multiplied(by: try days(elapsed), rounding: .towardZero)
            .multiplied(by: Fixed18(price), rounding: .towardZero)
    }

    /// What a position receives of the growth of that sum, toward zero. [1e-18 USD]
    /// - Throws: ``ArithmeticOverflow`` when the amount does not fit.
    public static func accrued(
        size: Quantity, growth: Fixed18
    ) throws(ArithmeticOverflow) -> Fixed18 {
        try Fixed18(size).multiplied(by: growth, rounding: .towardZero)
    }

    private func days(_ elapsed: TimeSpan) throws(ArithmeticOverflow) -> Fixed18 {
        try RateArithmetic.scale(
            .one, by: elapsed.milliseconds, over: 86_400_000, rounding: .towardZero)
    }
}

/// Synthetix' interest on open positions: two slopes over the utilisation of the liquidity
/// providers.
///
/// `100 · low · u` below the breakpoint, `100 · low · breakpoint + 100 · high · (u − breakpoint)`
/// from it on; gradients are per percentage point of utilisation.
///
/// Source: Synthetixio/synthetix-v3 `markets/perps-market/contracts/storage/InterestRate.sol`
/// (`currentInterestRate`).
public struct UtilizationGradients: Hashable, Sendable {
    /// Per percentage point below the breakpoint.
    public var low: Fixed18
    /// The utilisation from which the high gradient counts.
    public var breakpoint: Fixed18
    /// Per percentage point above the breakpoint.
    public var high: Fixed18

    public init(low: Fixed18, breakpoint: Fixed18, high: Fixed18) {
        precondition(
            low.raw >= 0 && breakpoint.raw >= 0 && high.raw >= 0, "gradients are not negative")
        self.low = low
        self.breakpoint = breakpoint
        self.high = high
    }

    /// The yearly rate at a utilisation, which may exceed one. [1e-18]
    /// - Parameter utilization: zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the rate does not fit.
    public func rate(utilization: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        precondition(utilization.raw >= 0, "a utilisation is not negative")
        guard utilization >= breakpoint else { return try points(low, utilization) }
        return try RateArithmetic.sum(
            try points(high, utilization - breakpoint), try points(low, breakpoint))
    }

    /// A hundred times the product truncated to 1e-18, in this order on chain.
    private func points(_ gradient: Fixed18, _ share: Fixed18) throws(ArithmeticOverflow) -> Fixed18
    {
        try RateArithmetic.scale(
            try gradient.multiplied(by: share, rounding: .towardZero), by: 100, over: 1,
            rounding: .towardZero)
    }
}
