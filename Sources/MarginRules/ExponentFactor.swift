public import ExactMath

/// A power of an imbalance times a factor: `factor · imbalance^exponent`, in dollars.
///
/// Source: gmx-io/gmx-synthetics contracts/utils/Precision.sol `applyExponentFactor` and
/// contracts/pricing/PricingUtils.sol `applyImpactFactor`. The contract raises with PRBMath's
/// binary logarithm, which falls short of the exact power by up to some 1e-16 of it; this power is
/// exact, or within 1e-30 of itself for an exponent that is not 1 or 2.
public struct ExponentFactor: Sendable, Hashable {
    /// The factor, zero or more. [1e-18 USD per USD^exponent]
    public var factor: Fixed18
    /// The exponent, zero or more. [1e-8]
    public var exponent: Ratio

    public init(factor: Fixed18, exponent: Ratio) {
        precondition(
            factor >= .zero && exponent >= .zero, "a factor and its exponent are not negative")
        self.factor = factor
        self.exponent = exponent
    }

    /// `factor · amount^exponent`. [1e-18 USD]
    ///
    /// Zero below one dollar, whatever the exponent, as in the contract. Rounded down for the
    /// exponents 1 and 2, to the nearest 1e-18 for others.
    /// - Parameter amount: zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the result exceeds 1.7e20, or the power 1e55.
    public func value(of amount: Money) throws(ArithmeticOverflow) -> Fixed18 {
        precondition(amount >= .zero, "an imbalance is not negative")
        guard amount >= Money(whole: 1), factor > .zero else { return .zero }
        let base = Fixed18(amount)
        if exponent == .one { return try base.multiplied(by: factor, rounding: .down) }
        if exponent == Ratio(whole: 2) {
            // amount² · factor in raw units has 16 + 18 decimals; sixteen of them go.
            return Fixed18(
                raw: try multiplyWide(
                    product(amount.raw, amount.raw), factor.raw,
                    dividingBy: 10_000_000_000_000_000, rounding: .down))
        }
        // exp(exponent · ln amount + ln factor), so that only the result must fit.
        guard let power = Binary120(lnOf: base).multiplied(by: Fixed18(exponent)) else {
            throw ArithmeticOverflow()
        }
        let (bits, overflow) = power.bits.addingReportingOverflow(Binary120(lnOf: factor).bits)
        guard !overflow,
            let result = Binary120(bits: bits).exp(scaling: Fixed18.one.raw.magnitude),
            result < 1 << 127
        else { throw ArithmeticOverflow() }
        return Fixed18(raw: Int128(result))
    }
}
