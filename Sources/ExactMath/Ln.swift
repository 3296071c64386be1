/// The natural logarithm of x, rounded to the nearest 1e-18.
///
/// The error is below 0.501 units of 1e-18 over the whole range; ln 1 is exactly zero. The result
/// lies in [−41.447, 46.584]. About 0.15 µs.
/// - Parameter x: greater than zero.
public func ln(_ x: Fixed18) -> Fixed18 {
    precondition(x.raw > 0, "the logarithm of a number that is not positive")
    return Fixed18(rounding: Binary120(lnOf: x))
}

extension Binary120 {
    /// The natural logarithm of a positive number of eighteen decimals; absolute error below 1e-31.
    package init(lnOf x: Fixed18) {
        precondition(x.raw > 0, "the logarithm of a number that is not positive")
        self = Binary120(lnOfInteger: UInt128(x.raw)) - Binary120.lnUnitE18
    }

    /// The natural logarithm of a whole number greater than zero; absolute error below 1e-31.
    ///
    /// The number is m · 2^e with m in (1/√2, √2], and ln m = 2 artanh z with z = (m − 1)/(m + 1),
    /// |z| ≤ 0.1716; the series in z² runs to its twentieth term, whose remainder is below 3e-33.
    package init(lnOfInteger n: UInt128) {
        precondition(n > 0, "the logarithm of a number that is not positive")
        // m in [1, 2) with 126 fractional bits, which leaves room for m + 2.
        let zeros = n.leadingZeroBitCount
        let m = zeros == 0 ? n >> 1 : n << (zeros - 1)
        // Above √2 the number is taken as half of itself, one binary order higher.
        let isUpper = m > 0x5A82_799A << 96
        let one: UInt128 = isUpper ? 1 << 127 : 1 << 126
        let exponent = Int128(127 - zeros + (isUpper ? 1 : 0))

        let difference = m < one ? one - m : m - one
        let z = (m + one).dividingFullWidth((difference >> 8, difference << 120)).quotient
        let square = product120(z, z)
        var series = inverseOddNumbers[19]
        for term in stride(from: 18, through: 0, by: -1) {
            series = product120(series, square) + inverseOddNumbers[term]
        }
        let magnitude = Int128(truncatingIfNeeded: product120(z, series) << 1)
        self.bits = exponent * Binary120.ln2.bits + (m < one ? -magnitude : magnitude)
    }
}

/// 1/(2n + 1) for n = 0…19. [2^-120]
private let inverseOddNumbers: [UInt128] = (0...19).map { (1 << 120) / UInt128(2 * $0 + 1) }
