public import ExactMath

/// How the price of a Dutch auction falls with time: Maker's abaci.
///
/// Computed with twenty-seven decimals and the contracts' rounding (makerdao/dss src/abaci.sol),
/// then rounded down to eighteen.
public enum AuctionPriceCurve: Hashable, Sendable {
    /// In a straight line, to zero after `duration` (`LinearDecrease`, tau).
    case linear(duration: TimeSpan)
    /// By a factor `cut` (zero … one) after each full `step` (`StairstepExponentialDecrease`).
    case stairStepExponential(cut: Fixed18, step: TimeSpan)
    /// By a factor `cut` (zero … one) each full second (`ExponentialDecrease`).
    case exponential(cut: Fixed18)

    /// The price at a time after the start, rounded down. [1e-18 USD per unit]
    /// - Parameters:
    ///   - top: the price at the start, zero or more. [1e-18 USD per unit]
    ///   - elapsed: zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the price at the start exceeds 3.4e11.
    public func price(startingAt top: Fixed18, elapsed: TimeSpan)
        throws(ArithmeticOverflow) -> Fixed18
    {
        try Fixed18(
            unsigned: price27(startingAt: top.unsigned27(), elapsed: elapsed) / 1_000_000_000)
    }

    /// The price at a time after the start, with twenty-seven decimals as the contracts have it.
    func price27(startingAt top: UInt128, elapsed: TimeSpan) throws(ArithmeticOverflow) -> UInt128 {
        precondition(elapsed >= .zero, "time does not run backwards")
        switch self {
        case .linear(let duration):
            guard elapsed < duration else { return 0 }
            let fraction = try multiplyUnsigned(
                UInt128((duration - elapsed).milliseconds), oneE27,
                dividingBy: UInt128(duration.milliseconds), rounding: .down)
            return try multiplyUnsigned(top, fraction, dividingBy: oneE27, rounding: .down)
        case .stairStepExponential(let cut, let step):
            precondition(step > .zero, "a step without a length")
            return try Self.decayed(
                top, by: cut, times: elapsed.milliseconds / step.milliseconds)
        case .exponential(let cut):
            return try Self.decayed(top, by: cut, times: elapsed.milliseconds / 1000)
        }
    }

    private static func decayed(_ top: UInt128, by cut: Fixed18, times: Int64)
        throws(ArithmeticOverflow) -> UInt128
    {
        precondition(cut >= .zero && cut <= .one, "a cut is zero … one")
        let factor = try power27(cut.unsigned27(), times)
        return try multiplyUnsigned(top, factor, dividingBy: oneE27, rounding: .down)
    }
}
