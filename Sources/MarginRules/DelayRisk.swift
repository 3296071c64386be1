public import ExactMath

/// The risk that the price falls while a liquidation is late.
///
/// The price follows a lognormal walk without drift from the moment the account became
/// liquidatable. After a delay, the bonus on all of the debt is not covered with probability
/// `Φ(ln(LTV · (1 + bonus)) / (σ √delay))`, and the collateral is worth less than the debt with the
/// same at a bonus of zero.
public struct DelayRisk: Hashable, Sendable {
    /// Debt over collateral value when the account became liquidatable, greater than zero.
    public var loanToValue: Ratio
    /// What a liquidator receives beyond the repaid value.
    public var bonus: Ratio
    /// Standard deviation of the logarithm of the price over one interval. [1e-18]
    public var volatility: Fixed18
    /// The interval of the volatility, greater than zero.
    public var interval: TimeSpan

    public init(loanToValue: Ratio, bonus: Ratio, volatility: Fixed18, interval: TimeSpan) {
        precondition(loanToValue.isPositive && bonus >= .zero)
        precondition(volatility >= .zero && interval > .zero)
        self.loanToValue = loanToValue
        self.bonus = bonus
        self.volatility = volatility
        self.interval = interval
    }

    /// How many standard deviations away the loss of a bonus is; nil where nothing can move.
    /// [1e-18]
    /// - Parameter bonus: zero for the insolvency itself.
    public func distance(bonus: Ratio, delay: TimeSpan) throws(ArithmeticOverflow) -> Fixed18? {
        precondition(delay >= .zero, "a negative delay")
        let deviation = try volatility.multiplied(
            by: squareRoot(
                try Fixed18(whole: delay.milliseconds)
                    .divided(by: Fixed18(whole: interval.milliseconds), rounding: .nearest)),
            rounding: .nearest)
        guard deviation > .zero else { return nil }
        return try ln(try threshold(bonus)).divided(by: deviation, rounding: .nearest)
    }

    /// The probability that the collateral no longer covers the debt with its bonus. [1e-18]
    public func bonusNotCovered(after delay: TimeSpan) throws(ArithmeticOverflow) -> Fixed18 {
        try probability(bonus, delay)
    }

    /// The probability that the collateral no longer covers the debt. [1e-18]
    public func insolvency(after delay: TimeSpan) throws(ArithmeticOverflow) -> Fixed18 {
        try probability(.zero, delay)
    }

    private func probability(_ bonus: Ratio, _ delay: TimeSpan)
        throws(ArithmeticOverflow) -> Fixed18
    {
        guard let distance = try distance(bonus: bonus, delay: delay) else {
            return try threshold(bonus) > .one ? .one : .zero
        }
        return NormalDistribution.cumulative(distance)
    }

    /// The price, as a share of the one now, at which the collateral is just enough.
    private func threshold(_ bonus: Ratio) throws(ArithmeticOverflow) -> Fixed18 {
        try Fixed18(loanToValue).multiplied(by: Fixed18(.one + bonus), rounding: .nearest)
    }
}
