import ExactMath

/// `a · b / divisor`, exact in the middle (256 bits) and rounded once.
///
/// The widths of lending: an index times a balance, a rate of 27 decimals times itself.
/// - Parameter divisor: greater than zero.
/// - Throws: ``ArithmeticOverflow`` when the quotient does not fit 128 bits.
func multiplyWide(
    _ a: Int128, _ b: Int128, dividingBy divisor: Int128, rounding: Rounding
) throws(ArithmeticOverflow) -> Int128 {
    precondition(divisor > 0, "a divisor is positive")
    let negative = (a < 0) != (b < 0)
    let product = a.magnitude.multipliedFullWidth(by: b.magnitude)
    return try divideWide(
        high: product.high, low: product.low, by: divisor.magnitude, negative: negative,
        rounding: rounding)
}

/// `(high · 2^128 + low) / divisor` with a sign, rounded once.
/// - Throws: ``ArithmeticOverflow`` when the quotient does not fit 128 bits.
func divideWide(
    high: UInt128, low: UInt128, by divisor: UInt128, negative: Bool, rounding: Rounding
) throws(ArithmeticOverflow) -> Int128 {
    guard high < divisor else { throw ArithmeticOverflow() }
    var (quotient, remainder) =
        high == 0
        ? low.quotientAndRemainder(dividingBy: divisor)
        : divisor.dividingFullWidth((high, low))
    // One unit is left free, so that rounding away from zero cannot wrap.
    guard quotient < UInt128(Int128.max) else { throw ArithmeticOverflow() }
    if remainder != 0 {
        switch rounding {
        case .down: if negative { quotient += 1 }
        case .up: if !negative { quotient += 1 }
        case .towardZero: break
        case .nearest: if remainder >= divisor - remainder { quotient += 1 }
        }
    }
    return negative ? -Int128(quotient) : Int128(quotient)
}

/// The same number with 64 bits.
/// - Throws: ``ArithmeticOverflow`` when it does not fit.
func narrow(_ value: Int128) throws(ArithmeticOverflow) -> Int64 {
    guard let result = Int64(exactly: value) else { throw ArithmeticOverflow() }
    return result
}

extension Fixed18 {
    /// `self + other`, or an error where the sum does not fit.
    func adding(_ other: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        let (value, overflow) = raw.addingReportingOverflow(other.raw)
        guard !overflow else { throw ArithmeticOverflow() }
        return Fixed18(raw: value)
    }

    /// The value with fewer decimals, the rest cut off: what an integer of that many decimals holds.
    /// - Parameter decimals: 18 or more leave the value as it is; negative ones cut whole digits.
    func truncated(toDecimals decimals: Int) -> Fixed18 {
        guard decimals < 18 else { return self }
        guard decimals >= -20 else { return .zero }
        var unit: Int128 = 1
        for _ in decimals..<18 { unit *= 10 }
        return Fixed18(raw: raw - raw % unit)
    }
}

extension Scaled {
    /// `self · factor`, exact in the middle and rounded once to eight decimals.
    func multiplied(by factor: Fixed18, rounding: Rounding) throws(ArithmeticOverflow) -> Self {
        Self(
            raw: try narrow(
                try multiplyWide(
                    Int128(raw), factor.raw, dividingBy: Fixed18.one.raw, rounding: rounding)))
    }

    /// `self / divisor`, exact in the middle and rounded once to eight decimals.
    /// - Parameter divisor: greater than zero.
    func divided(by divisor: Fixed18, rounding: Rounding) throws(ArithmeticOverflow) -> Self {
        Self(
            raw: try narrow(
                try multiplyWide(
                    Int128(raw), Fixed18.one.raw, dividingBy: divisor.raw, rounding: rounding)))
    }

    /// `self / ratio`, rounded as said.
    /// - Parameter ratio: greater than zero.
    func divided(by ratio: Ratio, rounding: Rounding) throws(ArithmeticOverflow) -> Self {
        Self(raw: try multiply(raw, scaleE8, dividingBy: ratio.raw, rounding: rounding))
    }
}
