public import ExactMath

/// Interest compounded continuously, approximated by the first three terms of its series.
///
/// morpho-org/morpho-blue src/libraries/MathLib.sol `wTaylorCompounded`.
public enum CompoundedInterest {
    /// `r·t + (r·t)²/2 + (r·t)³/6`: what one unit of debt owes in interest. [1e-18]
    ///
    /// Each term is rounded down, in the debtor's favour as the contract has it.
    /// - Parameters:
    ///   - ratePerSecond: the borrow rate, zero or more. [1e-18 per second]
    ///   - elapsed: zero or more; a part of a second does not accrue.
    /// - Throws: ``ArithmeticOverflow`` when the interest exceeds 1.7e20.
    public static func taylor(ratePerSecond: Fixed18, elapsed: TimeSpan)
        throws(ArithmeticOverflow) -> Fixed18
    {
        precondition(elapsed >= .zero, "time does not run backwards")
        let seconds = UInt128(elapsed.milliseconds / 1000)
        let first = try product128(ratePerSecond.unsigned, seconds)
        let second = try multiplyUnsigned(first, first, dividingBy: 2 * oneE18, rounding: .down)
        let third = try multiplyUnsigned(second, first, dividingBy: 3 * oneE18, rounding: .down)
        let (partial, overflow) = first.addingReportingOverflow(second)
        let (total, secondOverflow) = partial.addingReportingOverflow(third)
        guard !overflow, !secondOverflow else { throw ArithmeticOverflow() }
        return try Fixed18(unsigned: total)
    }
}
