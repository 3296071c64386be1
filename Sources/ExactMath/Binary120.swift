/// A signed binary number with 120 fractional bits: the working precision of ``exp(_:)``,
/// ``ln(_:)`` and ``power(_:_:)``. [2^-120]
///
/// Holds values in (−128, 128). It exists so that a chain of steps (a logarithm, times an exponent,
/// exponentiated) is rounded to eighteen decimals once, at its end. All of it is integer arithmetic:
/// a logarithm of the C library may differ in its last bit between platforms, and with it a state.
package struct Binary120: Sendable {
    package var bits: Int128
    package init(bits: Int128) { self.bits = bits }

    /// A value of eighteen decimals, to the nearest 2^-120; nil where its magnitude is 128 or more.
    package init?(_ value: Fixed18) {
        let magnitude = value.raw.magnitude
        guard magnitude < 128 * UInt128(unitE18) else { return nil }
        let (quotient, remainder) = divide256(magnitude >> 8, magnitude << 120, by: unitE18)
        let rounded = Int128(
            truncatingIfNeeded: quotient + (remainder >= unitE18 - remainder ? 1 : 0))
        self.bits = value.raw < 0 ? -rounded : rounded
    }

    /// One.
    package static let one = Binary120(bits: 1 << 120)
    /// ln 2.
    package static let ln2 = Binary120(bits: 921_350_637_599_661_305_226_344_307_672_478_455)
    /// 18 · ln 10, the logarithm of the scale of ``Fixed18``.
    package static let lnUnitE18 = Binary120(
        bits: 55_091_890_229_124_590_634_750_362_065_086_143_195)

    package static func + (a: Binary120, b: Binary120) -> Binary120 {
        Binary120(bits: a.bits + b.bits)
    }
    package static func - (a: Binary120, b: Binary120) -> Binary120 {
        Binary120(bits: a.bits - b.bits)
    }

    /// `self · factor`, truncated; nil where the magnitude is 128 or more.
    package func multiplied(by factor: Fixed18) -> Binary120? {
        let product = bits.magnitude.multipliedFullWidth(by: factor.raw.magnitude)
        guard product.high < UInt128(unitE18) else { return nil }
        let (quotient, _) = divide256(product.high, product.low, by: unitE18)
        return Binary120(magnitude: quotient, negative: (bits < 0) != (factor.raw < 0))
    }

    /// `self / divisor`, truncated; nil where the magnitude is 128 or more.
    /// - Parameter divisor: not zero.
    package func divided(by divisor: Fixed18) -> Binary120? {
        precondition(divisor.raw != 0, "division by zero")
        let numerator = bits.magnitude.multipliedFullWidth(by: UInt128(unitE18))
        let by = divisor.raw.magnitude
        guard numerator.high < by else { return nil }
        let (quotient, _) = by.dividingFullWidth((numerator.high, numerator.low))
        return Binary120(magnitude: quotient, negative: (bits < 0) != (divisor.raw < 0))
    }

    private init?(magnitude: UInt128, negative: Bool) {
        guard magnitude < 1 << 127 else { return nil }
        let bits = Int128(truncatingIfNeeded: magnitude)
        self.bits = negative ? -bits : bits
    }
}

extension Fixed18 {
    /// The nearest multiple of 1e-18; a tie goes away from zero.
    package init(rounding value: Binary120) {
        let (high, low) = value.bits.magnitude.multipliedFullWidth(by: UInt128(unitE18))
        let magnitude = Int128(truncatingIfNeeded: shiftedRight120(high, low, plus: 1 << 119))
        self.init(raw: value.bits < 0 ? -magnitude : magnitude)
    }
}

/// `a · b` of two unsigned numbers with 120 fractional bits, truncated; the product is below 256.
///
/// Written out in 64-bit limbs, which takes a fifth off ``ln(_:)`` against
/// `UInt128.multipliedFullWidth(by:)`.
@inline(__always)
package func product120(_ a: UInt128, _ b: UInt128) -> UInt128 {
    let (a1, a0) = (UInt64(truncatingIfNeeded: a >> 64), UInt64(truncatingIfNeeded: a))
    let (b1, b0) = (UInt64(truncatingIfNeeded: b >> 64), UInt64(truncatingIfNeeded: b))
    let top = a1.multipliedFullWidth(by: b1)
    let left = a1.multipliedFullWidth(by: b0)
    let right = a0.multipliedFullWidth(by: b1)
    let bottom = a0.multipliedFullWidth(by: b0).high
    let middle = UInt128(left.low) &+ UInt128(right.low) &+ UInt128(bottom)
    let high =
        ((UInt128(top.high) << 64) | UInt128(top.low)) &+ UInt128(left.high)
        &+ UInt128(right.high) &+ (middle >> 64)
    return (high << 8) | UInt128(UInt64(truncatingIfNeeded: middle) >> 56)
}

private func shiftedRight120(_ high: UInt128, _ low: UInt128, plus: UInt128) -> UInt128 {
    let (sum, carry) = low.addingReportingOverflow(plus)
    return ((high + (carry ? 1 : 0)) << 8) | (sum >> 120)
}
