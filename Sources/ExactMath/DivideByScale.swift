/// 10^8 shifted so that its highest bit is set.
@inlinable @inline(__always) var shiftedScale: UInt64 { 100_000_000 &<< 37 }
/// ⌊(2^128 − 1) / shiftedScale⌋ − 2^64.
@inlinable @inline(__always) var scaleReciprocal: UInt64 { 6_312_056_711_998_053_881 }

/// `(high·2^64 + low) / 10^8`, quotient and remainder.
///
/// A multiplication by a fixed reciprocal instead of a division, which the compiler does not do for a
/// 128-bit dividend: Möller and Granlund, "Improved division by invariant integers" (2011), algorithm 4.
/// - Precondition: `high < 10^8`, so that the quotient fits.
@inlinable @inline(__always)
public func divideByScale(high: UInt64, low: UInt64) -> (quotient: UInt64, remainder: UInt64) {
    let upper = (high &<< 37) | (low &>> 27)
    let lower = low &<< 37
    let estimate = scaleReciprocal.multipliedFullWidth(by: upper)
    let (fraction, carry) = estimate.low.addingReportingOverflow(lower)
    var quotient = estimate.high &+ upper &+ (carry ? 1 : 0) &+ 1
    var remainder = lower &- quotient &* shiftedScale
    if remainder > fraction {
        quotient &-= 1
        remainder &+= shiftedScale
    }
    if remainder >= shiftedScale {
        quotient &+= 1
        remainder &-= shiftedScale
    }
    return (quotient, remainder &>> 37)
}

/// `a · b / 10^8`, exact in the middle and rounded once: the product of two values of the scale.
///
/// - Throws: ``ArithmeticOverflow`` when the quotient does not fit 64 bits.
@inlinable @inline(__always)
public func multiplyScaled(_ a: Int64, _ b: Int64, rounding: Rounding)
    throws(ArithmeticOverflow) -> Int64
{
    let product = a.magnitude.multipliedFullWidth(by: b.magnitude)
    // Below half the scale, the quotient is below 2^63.
    guard product.high < UInt64(scaleE8) / 2 else {
        return try multiply(a, b, dividingBy: scaleE8, rounding: rounding)
    }
    let (quotient, remainder) = divideByScale(high: product.high, low: product.low)
    // All ones when the product is negative; signs are random, so they are applied without branches.
    let sign = (a ^ b) >> 63
    let truncated = (Int64(bitPattern: quotient) ^ sign) &- sign
    let step: Int64
    switch rounding {
    case .down: step = remainder == 0 ? 0 : sign
    case .up: step = remainder == 0 ? 0 : sign &+ 1
    case .towardZero: step = 0
    case .nearest: step = remainder >= 50_000_000 ? sign | 1 : 0
    }
    let (result, overflow) = truncated.addingReportingOverflow(step)
    guard !overflow else { throw ArithmeticOverflow() }
    return result
}
