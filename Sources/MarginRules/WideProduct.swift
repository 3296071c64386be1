import ExactMath

/// `a · b / divisor`, exact in the middle (256 bits) and rounded once.
///
/// - Parameter divisor: greater than zero.
/// - Throws: ``ArithmeticOverflow`` when the quotient does not fit 128 bits.
func multiplyUnsigned(
    _ a: UInt128, _ b: UInt128, dividingBy divisor: UInt128, rounding: Rounding
) throws(ArithmeticOverflow) -> UInt128 {
    precondition(divisor > 0, "a divisor is positive")
    let product = a.multipliedFullWidth(by: b)
    guard product.high < divisor else { throw ArithmeticOverflow() }
    let (quotient, remainder) = divisor.dividingFullWidth((product.high, product.low))
    let isRoundedUp =
        switch rounding {
        case .down, .towardZero: false
        case .up: remainder != 0
        case .nearest: remainder != 0 && remainder >= divisor - remainder
        }
    guard isRoundedUp else { return quotient }
    let (result, overflow) = quotient.addingReportingOverflow(1)
    guard !overflow else { throw ArithmeticOverflow() }
    return result
}

/// The product of two unsigned 128-bit integers, for exact comparisons.
struct WideProduct: Comparable {
    let high: UInt128
    let low: UInt128

    init(_ a: UInt128, _ b: UInt128) {
        let product = a.multipliedFullWidth(by: b)
        self.high = product.high
        self.low = product.low
    }

    static func < (a: WideProduct, b: WideProduct) -> Bool {
        (a.high, a.low) < (b.high, b.low)
    }
}

/// `a · b`, or an error where it does not fit 128 bits.
func product128(_ a: UInt128, _ b: UInt128) throws(ArithmeticOverflow) -> UInt128 {
    let (value, overflow) = a.multipliedReportingOverflow(by: b)
    guard !overflow else { throw ArithmeticOverflow() }
    return value
}

/// One, with eighteen decimals.
let oneE18: UInt128 = 1_000_000_000_000_000_000

/// One, with twenty-seven decimals: the precision in which Maker keeps prices and rates.
let oneE27: UInt128 = 1_000_000_000_000_000_000_000_000_000

/// `base^exponent` with twenty-seven decimals, by squaring, each product rounded to the nearest
/// with ties up: digit for digit what `rpow` of makerdao/dss src/abaci.sol returns.
func power27(_ base: UInt128, _ exponent: Int64) throws(ArithmeticOverflow) -> UInt128 {
    precondition(exponent >= 0, "a negative exponent")
    if exponent == 0 { return oneE27 }
    if base == 0 { return 0 }
    var square = base
    var result = exponent & 1 == 0 ? oneE27 : base
    var rest = exponent >> 1
    while rest != 0 {
        square = try multiplyUnsigned(square, square, dividingBy: oneE27, rounding: .nearest)
        if rest & 1 == 1 {
            result = try multiplyUnsigned(result, square, dividingBy: oneE27, rounding: .nearest)
        }
        rest >>= 1
    }
    return result
}

extension Scaled {
    /// The magnitude of a value that is zero or more. [1e-8]
    var unsigned: UInt128 {
        precondition(raw >= 0, "a negative value where none may be")
        return UInt128(raw)
    }

    /// A value of eight decimals from an unsigned integer, or an error where it does not fit.
    init(unsigned value: UInt128) throws(ArithmeticOverflow) {
        guard let raw = Int64(exactly: value) else { throw ArithmeticOverflow() }
        self.init(raw: raw)
    }
}

extension Fixed18 {
    /// The magnitude of a value that is zero or more. [1e-18]
    var unsigned: UInt128 {
        precondition(raw >= 0, "a negative value where none may be")
        return UInt128(raw)
    }

    /// The magnitude with twenty-seven decimals, or an error where it does not fit 128 bits.
    func unsigned27() throws(ArithmeticOverflow) -> UInt128 {
        try product128(unsigned, 1_000_000_000)
    }

    /// A value of eighteen decimals from an unsigned integer, or an error where it does not fit.
    init(unsigned value: UInt128) throws(ArithmeticOverflow) {
        guard let raw = Int128(exactly: value) else { throw ArithmeticOverflow() }
        self.init(raw: raw)
    }
}
