/// `a · b / divisor`, exact in the middle (128 bits) and rounded once.
///
/// About 4 ns: one full-width multiplication and one full-width division.
/// - Parameter divisor: greater than zero.
/// - Throws: ``ArithmeticOverflow`` when the quotient does not fit 64 bits.
@inlinable
public func multiply(
    _ a: Int64, _ b: Int64, dividingBy divisor: Int64, rounding: Rounding
) throws(ArithmeticOverflow) -> Int64 {
    precondition(divisor > 0, "a divisor is positive")
    let negative = (a ^ b) < 0
    let product = a.magnitude.multipliedFullWidth(by: b.magnitude)
    let magnitude = UInt64(bitPattern: divisor)
    guard product.high < magnitude else { throw ArithmeticOverflow() }
    var (quotient, remainder) = magnitude.dividingFullWidth(product)
    // Refused before rounding, which could wrap the largest quotient to zero.
    guard quotient <= 1 << 63 else { throw ArithmeticOverflow() }
    if remainder != 0 {
        switch rounding {
        case .down: if negative { quotient &+= 1 }
        case .up: if !negative { quotient &+= 1 }
        case .towardZero: break
        case .nearest: if remainder >= magnitude &- remainder { quotient &+= 1 }
        }
    }
    guard quotient <= UInt64(Int64.max) || (negative && quotient == 1 << 63) else {
        throw ArithmeticOverflow()
    }
    return negative ? 0 &- Int64(bitPattern: quotient) : Int64(bitPattern: quotient)
}

/// `numerator / divisor` for a 128-bit numerator, rounded once.
///
/// - Parameter divisor: greater than zero.
/// - Throws: ``ArithmeticOverflow`` when the quotient does not fit 64 bits.
@inlinable
public func divide(
    _ numerator: Int128, by divisor: Int64, rounding: Rounding
) throws(ArithmeticOverflow) -> Int64 {
    precondition(divisor > 0, "a divisor is positive")
    let negative = numerator < 0
    let magnitude = numerator.magnitude
    let high = UInt64(truncatingIfNeeded: magnitude >> 64)
    let low = UInt64(truncatingIfNeeded: magnitude)
    let by = UInt64(bitPattern: divisor)
    guard high < by else { throw ArithmeticOverflow() }
    var (quotient, remainder) = by.dividingFullWidth((high, low))
    // Refused before rounding, which could wrap the largest quotient to zero.
    guard quotient <= 1 << 63 else { throw ArithmeticOverflow() }
    if remainder != 0 {
        switch rounding {
        case .down: if negative { quotient &+= 1 }
        case .up: if !negative { quotient &+= 1 }
        case .towardZero: break
        case .nearest: if remainder >= by &- remainder { quotient &+= 1 }
        }
    }
    guard quotient <= UInt64(Int64.max) || (negative && quotient == 1 << 63) else {
        throw ArithmeticOverflow()
    }
    return negative ? 0 &- Int64(bitPattern: quotient) : Int64(bitPattern: quotient)
}

/// `a · b` as a 128-bit integer; it cannot overflow.
@inlinable
public func product(_ a: Int64, _ b: Int64) -> Int128 {
    let (high, low) = a.multipliedFullWidth(by: b)
    return (Int128(high) << 64) | Int128(low)
}

/// `a + b`, or an error where the sum does not fit.
@inlinable
public func sum(_ a: Int64, _ b: Int64) throws(ArithmeticOverflow) -> Int64 {
    let (value, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw ArithmeticOverflow() }
    return value
}
