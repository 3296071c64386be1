public import ExactMath

/// The grid on which a protocol keeps its rates and weights.
///
/// A protocol that stores weights in basis points truncates them there, and its margins follow; the
/// rules that share a formula across protocols take the grid as a parameter.
public enum RateStep: Int64, Hashable, Sendable {
    /// Every rate of our own scale. [1e-8]
    case exact = 1
    /// Whole parts per million, as dYdX and Drift keep rates and fees. [1e-6]
    case partPerMillion = 100
    /// Whole basis points, as Drift keeps margin ratios and weights. [1e-4]
    case basisPoint = 10_000

    /// The largest multiple of this step that is not above a rate of zero or more.
    public func floor(_ rate: Ratio) -> Ratio {
        precondition(!rate.isNegative, "a rate is not negative")
        return Ratio(raw: rate.raw - rate.raw % rawValue)
    }

    /// `numerator / divisor` in this step, truncated, as a ratio.
    func truncate(_ numerator: Int128, _ divisor: Int128) throws(ArithmeticOverflow) -> Ratio {
        let steps = try CheckedInt128.quotient(
            CheckedInt128.product(numerator, Int128(scaleE8 / rawValue)), divisor, .towardZero)
        return Ratio(raw: try CheckedInt128.narrow(CheckedInt128.product(steps, Int128(rawValue))))
    }
}
