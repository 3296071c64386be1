/// A decimal number with what stands before and after it in a scenario: `$250k`, `0.5%`, `90s`, `20 gwei`.
///
/// Ranges are walked in integers, so that the values of a study are written as a person would write them.
struct WrittenNumber: Hashable, Sendable {
    /// `$` or nothing.
    var prefix: String
    /// The digits without their point.
    var mantissa: Int64
    /// How many of them stand behind it.
    var decimals: Int
    /// What follows, with the space before it.
    var suffix: String

    init(prefix: String, mantissa: Int64, decimals: Int, suffix: String) {
        self.prefix = prefix
        self.mantissa = mantissa
        self.decimals = decimals
        self.suffix = suffix
    }

    /// Reads a number; nil for anything else, also for a range or several numbers.
    init?(_ text: some StringProtocol) {
        var rest = Substring(text)
        var isNegative = false
        if rest.first == "-" {
            isNegative = true
            rest.removeFirst()
        }
        prefix = rest.first == "$" ? "$" : ""
        rest = rest.dropFirst(prefix.count)
        var digits = ""
        var decimals: Int?
        while let next = rest.first, next.isASCII, next.isNumber || next == "." || next == "_" {
            if next == "." {
                guard decimals == nil, rest.dropFirst().first?.isNumber == true else { return nil }
                decimals = 0
            } else if next != "_" {
                digits.append(next)
                if let count = decimals { decimals = count + 1 }
            }
            rest.removeFirst()
        }
        guard let mantissa = Int64(digits), digits.count <= 18, (decimals ?? 0) <= 8 else {
            return nil
        }
        let unit = rest.drop { $0 == " " }
        guard unit.allSatisfy({ $0.isASCII && ($0.isLetter || $0 == "%" || $0 == "/") }) else {
            return nil
        }
        self.mantissa = isNegative ? -mantissa : mantissa
        self.decimals = decimals ?? 0
        suffix = String(rest)
    }

    /// As a scenario writes it.
    var text: String {
        var digits = String(mantissa.magnitude)
        if decimals > 0 {
            while digits.count <= decimals { digits = "0" + digits }
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -decimals))
            while digits.hasSuffix("0") { digits.removeLast() }
            if digits.hasSuffix(".") { digits.removeLast() }
        }
        return (mantissa < 0 ? "-" : "") + prefix + digits + suffix
    }

    /// The unit without the space before it.
    private var unit: Substring { suffix.drop { $0 == " " } }

    /// What one of its unit is worth, as a fraction; nil for a unit that has no common measure.
    private var factor: (numerator: Int64, denominator: Int64)? {
        switch unit {
        case "", "gwei", "x", "block", "blocks", "ETH", "USDC", "gas": (1, 1)
        case "k", "K": (1000, 1)
        case "M": (1_000_000, 1)
        case "B": (1_000_000_000, 1)
        case "%", "%/year": (1, 100)
        case "bp", "bps": (1, 10_000)
        case "ms": (1, 1000)
        case "s": (1, 1)
        case "m", "min": (60, 1)
        case "h": (3600, 1)
        case "d": (86_400, 1)
        default: nil
        }
    }

    /// The number in plain units: seconds, shares, dollars, gwei. [1e-8]
    ///
    /// nil for a unit without a common measure, and where it has more decimals than that.
    var numberE8: Int64? {
        guard let factor else { return nil }
        var scale = Int128(100_000_000)
        for _ in 0..<decimals { scale /= 10 }
        let value = Int128(mantissa) * scale * Int128(factor.numerator)
        guard value % Int128(factor.denominator) == 0 else { return nil }
        return Int64(exactly: value / Int128(factor.denominator))
    }

    /// The same number with more decimals; nil where it does not fit.
    private func scaled(to decimals: Int) -> WrittenNumber? {
        var result = self
        while result.decimals < decimals {
            let (value, overflow) = result.mantissa.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            result.mantissa = value
            result.decimals += 1
        }
        return result
    }

    /// In milliseconds, where it is a duration.
    private var inMilliseconds: WrittenNumber? {
        guard ["ms", "s", "m", "min", "h", "d"].contains(unit) || (unit.isEmpty && mantissa == 0),
            let value = numberE8, value % 100_000 == 0
        else { return nil }
        return WrittenNumber(prefix: "", mantissa: value / 100_000, decimals: 0, suffix: "ms")
    }

    /// With k, M and B multiplied out, where it has one of them.
    private var plain: WrittenNumber? {
        guard ["", "k", "K", "M", "B"].contains(unit), let value = numberE8 else { return nil }
        return WrittenNumber(prefix: prefix, mantissa: value, decimals: 8, suffix: "")
    }

    /// The numbers in one unit and with the same decimals; nil where they have no common one.
    static func aligned(_ numbers: [WrittenNumber]) -> [WrittenNumber]? {
        guard let first = numbers.first(where: { !$0.suffix.isEmpty }) ?? numbers.first else {
            return []
        }
        let prefix = numbers.first { !$0.prefix.isEmpty }?.prefix ?? ""
        var same = numbers
        for index in same.indices where same[index].mantissa == 0 && same[index].suffix.isEmpty {
            same[index].suffix = first.suffix
            same[index].prefix = prefix
        }
        if same.allSatisfy({ $0.suffix == first.suffix && $0.prefix == prefix }) {
            let decimals = same.map(\.decimals).max() ?? 0
            let result = same.compactMap { $0.scaled(to: decimals) }
            return result.count == same.count ? result : nil
        }
        for convert in [\WrittenNumber.inMilliseconds, \WrittenNumber.plain] {
            var result = numbers.compactMap { $0[keyPath: convert] }
            guard result.count == numbers.count else { continue }
            if numbers.contains(where: { !$0.prefix.isEmpty }) {
                for index in result.indices { result[index].prefix = prefix }
            }
            return result
        }
        return nil
    }

    /// In the largest unit of time that leaves a whole number, where it is in milliseconds.
    var simplified: WrittenNumber {
        guard suffix == "ms", decimals == 0 else { return self }
        for (unit, size) in [
            ("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ]
        where mantissa % size == 0 && (mantissa != 0 || unit == "s") {
            return WrittenNumber(prefix: "", mantissa: mantissa / size, decimals: 0, suffix: unit)
        }
        return self
    }
}
