/// `base^exponent`, as exp(exponent · ln base) rounded once, to the nearest 1e-18.
///
/// The logarithm keeps 120 fractional bits, so the relative error before rounding is below
/// 1e-31 + 1e-32 · |exponent|. Zero where the result is less than half a unit. About 0.4 µs.
/// - Parameter base: greater than zero.
/// - Throws: ``ArithmeticOverflow`` when the result exceeds 1.7e20.
public func power(_ base: Fixed18, _ exponent: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
    precondition(base.raw > 0, "a power of a number that is not positive")
    let logarithm = Binary120(lnOf: base)
    guard let argument = logarithm.multiplied(by: exponent) else {
        if (logarithm.bits < 0) != (exponent.raw < 0) { return .zero }
        throw ArithmeticOverflow()
    }
    guard let result = argument.exp(scaling: UInt128(unitE18)), result < 1 << 127 else {
        throw ArithmeticOverflow()
    }
    return Fixed18(raw: Int128(truncatingIfNeeded: result))
}
