public import ExactMath

/// An average in which a sample's weight is its duration and fades as e^(−age/τ).
///
/// `numerator → numerator · e^(−t/τ) + sample · t`, `denominator → denominator · e^(−t/τ) + t`:
/// from the first sample on it is a true average, without a start value that has to fade first.
///
/// Source: Hyperliquid docs, "Robust price indices" (τ = 150 seconds for the basis).
public struct ExponentialAverage: Hashable, Sendable {
    /// τ, greater than zero.
    public let timeConstant: TimeSpan
    /// [1e-18 sample · seconds]
    public private(set) var numerator: Fixed18
    /// [1e-18 seconds]
    public private(set) var denominator: Fixed18

    /// An average of nothing yet.
    public init(timeConstant: TimeSpan) {
        precondition(timeConstant > .zero, "a time constant is positive")
        self.timeConstant = timeConstant
        self.numerator = .zero
        self.denominator = .zero
    }

    /// The average, to the nearest 1e-18; nil before the first sample that lasted.
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func value() throws(ArithmeticOverflow) -> Fixed18? {
        guard denominator.raw > 0 else { return nil }
        return try numerator.divided(by: denominator, rounding: .nearest)
    }

    /// The average after a sample.
    /// - Parameter elapsed: since the last sample, zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the sum does not fit.
    public func adding(
        _ sample: Fixed18, elapsed: TimeSpan
    ) throws(ArithmeticOverflow) -> ExponentialAverage {
        precondition(elapsed >= .zero, "time does not run backwards")
        let seconds = Fixed18(raw: Int128(elapsed.milliseconds) * 1_000_000_000_000_000)
        let age = try RateArithmetic.scale(
            .one, by: elapsed.milliseconds, over: timeConstant.milliseconds, rounding: .nearest)
        let fade = try exp(-age)
        var next = self
        next.numerator = try RateArithmetic.sum(
            try numerator.multiplied(by: fade, rounding: .nearest),
            try sample.multiplied(by: seconds, rounding: .nearest))
        next.denominator = try RateArithmetic.sum(
            try denominator.multiplied(by: fade, rounding: .nearest), seconds)
        return next
    }
}
