extension Scaled {
    /// The exact value of a decimal text: `12.5`, `-0.00000001`, `+3`.
    ///
    /// An optional sign, one digit or more, and optionally a point followed by one to eight digits;
    /// ASCII only, no exponent, no separators. Nil where the text is malformed, has more than eight
    /// decimals (even if they are zeros) or does not fit 64 bits: nothing is rounded.
    public init?(decimal text: some StringProtocol) {
        guard
            let value = DecimalText(text.utf8, decimals: 8)?.value(
                limit: UInt128(Int64.max.magnitude))
        else { return nil }
        self.init(raw: Int64(value))
    }
}

extension Fixed18 {
    /// The exact value of a decimal text: `12.5`, `-0.000000000000000001`, `+3`.
    ///
    /// An optional sign, one digit or more, and optionally a point followed by one to eighteen digits;
    /// ASCII only, no exponent, no separators. Nil where the text is malformed, has more than eighteen
    /// decimals (even if they are zeros) or does not fit ±1.7e20: nothing is rounded.
    public init?(decimal text: some StringProtocol) {
        guard
            let value = DecimalText(text.utf8, decimals: 18)?.value(limit: Int128.max.magnitude)
        else { return nil }
        self.init(raw: value)
    }
}

extension Fixed18: CustomStringConvertible {
    /// The exact decimal text, without trailing zeros: `-12.5`, `0.000000000000000001`.
    public var description: String {
        let (whole, rest) = raw.magnitude.quotientAndRemainder(dividingBy: UInt128(unitE18))
        let sign = raw < 0 ? "-" : ""
        if rest == 0 { return sign + String(whole) }
        var fraction = String(rest)
        fraction = String(repeating: "0", count: 18 - fraction.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return sign + String(whole) + "." + fraction
    }
}

/// A sign and a magnitude in units of the last decimal.
private struct DecimalText {
    var isNegative = false
    var magnitude: UInt128 = 0

    init?(_ text: some Sequence<UInt8>, decimals: Int) {
        var digits = 0
        var fractionDigits: Int?
        for (offset, byte) in text.enumerated() {
            switch byte {
            case UInt8(ascii: "+") where offset == 0: break
            case UInt8(ascii: "-") where offset == 0: isNegative = true
            case UInt8(ascii: ".") where digits > 0 && fractionDigits == nil: fractionDigits = 0
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                if let count = fractionDigits {
                    guard count < decimals else { return nil }
                    fractionDigits = count + 1
                }
                guard append(UInt128(byte - UInt8(ascii: "0"))) else { return nil }
            default: return nil
            }
        }
        guard digits > 0, fractionDigits != 0 else { return nil }
        for _ in (fractionDigits ?? 0)..<decimals {
            guard append(0) else { return nil }
        }
    }

    /// Appends a digit; false where the magnitude no longer fits.
    private mutating func append(_ digit: UInt128) -> Bool {
        let (tens, overflow) = magnitude.multipliedReportingOverflow(by: 10)
        guard !overflow else { return false }
        let (sum, carry) = tens.addingReportingOverflow(digit)
        magnitude = sum
        return !carry
    }

    /// The signed value; nil above `limit`, of which the negative side reaches one further.
    func value(limit: UInt128) -> Int128? {
        guard magnitude <= limit + (isNegative ? 1 : 0) else { return nil }
        let bits = Int128(truncatingIfNeeded: magnitude)
        return isNegative ? 0 &- bits : bits
    }
}
