import ExactMath

/// Reads numbers and moments from the bytes of one field.
struct CSVScanner {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    private var isAtEnd: Bool { position == bytes.endIndex }
    private var peek: UInt8? { isAtEnd ? nil : bytes[position] }

    private mutating func skip(_ characters: String) -> Bool {
        guard let peek, characters.utf8.contains(peek) else { return false }
        position += 1
        return true
    }

    /// A run of digits of a length in a range, and how many there were.
    private mutating func digits(_ lengths: ClosedRange<Int>) -> (value: Int128, count: Int)? {
        var value: Int128 = 0
        var count = 0
        while count < lengths.upperBound, let digit = peek?.digit {
            value = value * 10 + Int128(digit)
            count += 1
            position += 1
        }
        return lengths.contains(count) ? (value, count) : nil
    }

    private mutating func number(_ lengths: ClosedRange<Int>) -> Int64? {
        digits(lengths).map { Int64($0.value) }
    }

    // MARK: Prices

    /// A decimal number without a sign, `193.56` or `1.2e-05`, to the nearest 1e-8.
    ///
    /// Nil where the field is something else, or does not fit; at most 18 digits either side of the
    /// point.
    static func price(_ bytes: ArraySlice<UInt8>) -> Price? {
        var scanner = CSVScanner(bytes)
        return scanner.price()
    }

    private mutating func price() -> Price? {
        guard let whole = digits(0...18) else { return nil }
        var mantissa = whole.value
        var power = 8
        if skip(".") {
            guard let fraction = digits(0...18), whole.count + fraction.count > 0 else {
                return nil
            }
            for _ in 0..<fraction.count { mantissa *= 10 }
            mantissa += fraction.value
            power -= fraction.count
        } else if whole.count == 0 {
            return nil
        }
        if skip("eE") {
            let negative = skip("-")
            if !negative { _ = skip("+") }
            guard let exponent = number(1...2) else { return nil }
            power += Int(negative ? -exponent : exponent)
        }
        guard isAtEnd else { return nil }
        return scaled(mantissa, power).map(Price.init(raw:))
    }

    /// `mantissa · 10^power` to the nearest; nil where it does not fit.
    private func scaled(_ mantissa: Int128, _ power: Int) -> Int64? {
        var value = mantissa
        if power >= 0 {
            for _ in 0..<power where value != 0 {
                value *= 10
                guard value <= Int128(Int64.max) else { return nil }
            }
        } else {
            // Half a unit and more digits than a mantissa has: nothing is left.
            guard -power <= 37 else { return 0 }
            var divisor: Int128 = 1
            for _ in 0..<(-power) { divisor *= 10 }
            value = value / divisor + (value % divisor >= divisor / 2 ? 1 : 0)
        }
        return Int64(exactly: value)
    }

    // MARK: Moments

    /// ISO 8601, or a whole number of seconds, milliseconds or microseconds since 1970.
    static func time(_ bytes: ArraySlice<UInt8>) -> Timestamp? {
        var scanner = CSVScanner(bytes)
        let isNumber = !bytes.isEmpty && bytes.allSatisfy { $0.digit != nil }
        return isNumber ? scanner.unixTime() : scanner.isoTime()
    }

    /// The unit follows from the size: seconds until the year 5138, milliseconds until 5138, and so
    /// on.
    private mutating func unixTime() -> Timestamp? {
        guard let value = number(1...17), isAtEnd else { return nil }
        if value < 100_000_000_000 { return Timestamp(milliseconds: value * 1000) }
        if value < 100_000_000_000_000 { return Timestamp(milliseconds: value) }
        return value % 1000 == 0 ? Timestamp(milliseconds: value / 1000) : nil
    }

    /// `2020-03-12`, `2020-03-12T08:00Z`, `2020-03-12 08:00:00.000+01:00`; UTC where no zone is
    /// named.
    private mutating func isoTime() -> Timestamp? {
        guard let year = number(4...4), skip("-"), let month = number(2...2), skip("-"),
            let day = number(2...2), let date = Timestamp(year: year, month: month, day: day)
        else { return nil }
        if isAtEnd { return date }
        guard skip("Tt "), let hour = number(2...2), hour < 24, skip(":"),
            let minute = number(2...2), minute < 60
        else { return nil }
        var milliseconds = (hour * 60 + minute) * 60_000
        if skip(":") {
            guard let second = number(2...2), second < 60 else { return nil }
            milliseconds += second * 1000
            if skip(".") {
                guard let part = fractionOfSecond() else { return nil }
                milliseconds += part
            }
        }
        guard let offset = zoneOffset(), isAtEnd else { return nil }
        return date + TimeSpan(milliseconds: milliseconds - offset)
    }

    /// Milliseconds; nil where the fraction is finer than that.
    private mutating func fractionOfSecond() -> Int64? {
        guard let (value, count) = digits(1...9) else { return nil }
        var billionths = Int64(value)
        for _ in count..<9 { billionths *= 10 }
        return billionths % 1_000_000 == 0 ? billionths / 1_000_000 : nil
    }

    /// Milliseconds east of Greenwich.
    private mutating func zoneOffset() -> Int64? {
        if isAtEnd || skip("Zz") { return 0 }
        let west = skip("-")
        guard west || skip("+"), let hours = number(2...2), hours < 24 else { return nil }
        _ = skip(":")
        guard let minutes = isAtEnd ? 0 : number(2...2), minutes < 60 else { return nil }
        return (hours * 60 + minutes) * 60_000 * (west ? -1 : 1)
    }
}
