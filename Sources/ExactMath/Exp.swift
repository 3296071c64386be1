/// `e^x`, rounded to the nearest 1e-18.
///
/// The error is below 0.501 units of 1e-18 for results up to 1e11, and below 1e-31 of the result
/// beyond. Zero below x = −42.1396, where the result is less than half a unit. About 0.2 µs.
/// - Throws: ``ArithmeticOverflow`` from x = 46.583160257220231984 on, where the result exceeds 1.7e20.
public func exp(_ x: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
    guard let argument = Binary120(x) else {
        if x.raw < 0 { return .zero }
        throw ArithmeticOverflow()
    }
    guard let result = argument.exp(scaling: UInt128(unitE18)), result < 1 << 127 else {
        throw ArithmeticOverflow()
    }
    return Fixed18(raw: Int128(truncatingIfNeeded: result))
}

extension Binary120 {
    /// `scale · e^self`, rounded to the nearest integer; nil where that exceeds 128 bits.
    ///
    /// Relative error below 1e-32 before the rounding. The argument is split into k · ln 2 + r with
    /// r in [0, ln 2), and e^r is its Taylor series to r^26, whose remainder is below 5e-33.
    package func exp(scaling scale: UInt128) -> UInt128? {
        var (k, r) = bits.quotientAndRemainder(dividingBy: Binary120.ln2.bits)
        if r < 0 {
            k -= 1
            r += Binary120.ln2.bits
        }
        let argument = UInt128(truncatingIfNeeded: r)
        var series = inverseFactorials[26]
        for power in stride(from: 25, through: 0, by: -1) {
            series = product120(series, argument) + inverseFactorials[power]
        }
        guard k < 128 || scale == 0 else { return nil }
        let (high, low) = scale.multipliedFullWidth(by: series)
        if k >= 120 {
            // Only a small scale leaves room: nothing is shifted out.
            let left = Int(k) - 120
            return high == 0 && low.leadingZeroBitCount >= left ? low << left : nil
        }
        return shiftedRightToNearest(high, low, by: 120 - Int(k))
    }
}

/// 1/n! for n = 0…26. [2^-120]
private let inverseFactorials: [UInt128] = {
    var values: [UInt128] = [1 << 120]
    for n in 1...26 { values.append(values[n - 1] / UInt128(n)) }
    return values
}()

/// `(high · 2^128 + low) / 2^shift`, to the nearest; nil where it does not fit 128 bits.
private func shiftedRightToNearest(_ high: UInt128, _ low: UInt128, by shift: Int) -> UInt128? {
    guard shift < 256 else { return 0 }
    let half = shift <= 128 ? (UInt128(0), UInt128(1) << (shift - 1)) : (1 << (shift - 129), 0)
    let (sumLow, carry) = low.addingReportingOverflow(half.1)
    let sumHigh = high + half.0 + (carry ? 1 : 0)
    if shift >= 128 { return sumHigh >> (shift - 128) }
    guard sumHigh >> shift == 0 else { return nil }
    return (sumHigh << (128 - shift)) | (sumLow >> shift)
}
