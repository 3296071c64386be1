import ExactMath

extension Kind where Value == TimeSpan {
    /// `15s`, `20m`, `1h`, `250ms`, `3d`, `1h30m`; `0` alone needs no unit. At most ten years.
    static var duration: Kind {
        Kind(
            "a duration such as '15s' or '2m'", placeholder: TimeSpan(seconds: 1),
            repairs: [("", "s")]
        ) { text in
            if text == "0" { return .value(.zero) }
            var rest = text[...]
            var total = TimeSpan.zero
            var smallest = Int128.max
            while !rest.isEmpty {
                let unitStart = rest.firstIndex { $0.isLetter } ?? rest.endIndex
                let unitEnd = rest[unitStart...].firstIndex { !$0.isLetter } ?? rest.endIndex
                let digits = rest[..<unitStart].drop { $0 == " " }
                // The first digit again: `k` and `M` belong to money.
                guard let number = NumberText(digits), number.unit.isEmpty,
                    let factor = milliseconds[rest[unitStart..<unitEnd]], factor < smallest,
                    number.value >= .zero
                else { return .mismatch }
                guard let part = number.whole(times: factor), part <= longest else {
                    return .refused(
                        expected: number.value > Fixed18(whole: 1_000_000)
                            ? "at most 3650 days" : "a whole number of milliseconds")
                }
                smallest = factor
                total = total + TimeSpan(milliseconds: part)
                rest = rest[unitEnd...]
            }
            return text.isEmpty
                ? .mismatch
                : total.milliseconds <= longest
                    ? .value(total) : .refused(expected: "at most 3650 days")
        }
    }

    static var positiveDuration: Kind { duration.limited("more than 0s") { $0 > .zero } }

    /// A duration within limits.
    static func duration(_ rule: String, _ range: ClosedRange<TimeSpan>) -> Kind {
        duration.limited(rule) { range.contains($0) }
    }
}

/// Ten years. [ms]
private let longest: Int64 = 315_360_000_000

/// Only ever looked up.
private let milliseconds: [Substring: Int128] = [
    "ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000,
]

extension Kind where Value == Timestamp {
    /// A full moment in UTC: `2020-03-12T08:00:00Z`.
    static var timestamp: Kind {
        Kind(
            "a moment such as '2020-03-12T08:00:00Z'", placeholder: Timestamp(milliseconds: 0)
        ) { text in
            moment(text).map { .value($0) } ?? .mismatch
        }.limited("a year from 1970 to 2200") {
            $0.milliseconds >= 0 && $0.milliseconds < 7_289_654_400_000
        }
    }

    /// A moment of a run: in full, as a time on the day of the start (`08:10`; hours count on, so that
    /// `26:00` is 02:00 on the next day), or as a distance from the start (`+90m`).
    static func moment(from start: Timestamp) -> Kind {
        Kind("a time such as '08:10', '+90m' or '2020-03-12T08:10:00Z'", placeholder: start) {
            text in
            if text.first == "+" {
                guard
                    case .value(let span) = Kind<TimeSpan>.duration.parse(String(text.dropFirst()))
                else { return .mismatch }
                return .value(start + span)
            }
            if let clock = clock(text) { return .value(start - start.timeOfDay + clock) }
            return timestamp.parse(text)
        }
    }

    private static func moment(_ text: String) -> Timestamp? {
        var bytes = text.utf8[...]
        guard bytes.last == UInt8(ascii: "Z") else { return nil }
        bytes.removeLast()
        let halves = Substring(bytes).split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard date.count == 3, let year = digits(date[0], 4), let month = digits(date[1], 2),
            let day = digits(date[2], 2),
            let midnight = Timestamp(year: year, month: month, day: day),
            let clock = clock(halves[1]), clock < TimeSpan(seconds: 86_400)
        else { return nil }
        return midnight + clock
    }

    /// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.mmm`, up to 999 hours.
    private static func clock(_ text: some StringProtocol) -> TimeSpan? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hours = digits(parts[0], 2) ?? digits(parts[0], 3),
            let minutes = digits(parts[1], 2), minutes < 60
        else { return nil }
        var span = TimeSpan(seconds: hours * 3600 + minutes * 60)
        if parts.count == 3 {
            let seconds = parts[2].split(separator: ".", omittingEmptySubsequences: false)
            guard let whole = digits(seconds[0], 2), whole < 60, seconds.count <= 2 else {
                return nil
            }
            span = span + TimeSpan(seconds: whole)
            if seconds.count == 2 {
                guard let part = digits(seconds[1], 3) else { return nil }
                span = span + TimeSpan(milliseconds: part)
            }
        }
        return span
    }

    /// A number of exactly so many digits.
    private static func digits(_ text: some StringProtocol, _ count: Int) -> Int64? {
        guard text.utf8.count == count,
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int64(text)
    }
}

/// How values are written, so that reading them gives the same again.
enum Written {
    /// In the largest unit that leaves a whole number: `90s`, `20m`.
    static func duration(_ span: TimeSpan) -> String {
        let value = span.milliseconds
        if value == 0 { return "0s" }
        for (unit, size) in [
            ("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ]
        where value % size == 0 { return "\(value / size)\(unit)" }
        return "\(value)ms"
    }

    static func percent(_ ratio: Ratio) -> String {
        // A hundredth is two digits, which eight decimals may not have left.
        let (value, overflow) = ratio.raw.multipliedReportingOverflow(by: 100)
        return overflow ? "\(ratio)" : "\(Ratio(raw: value))%"
    }

    static func gasPrice(_ wei: Int64) -> String {
        wei >= 1_000_000 && wei % 10 == 0
            ? "\(Ratio(raw: wei / 10)) gwei" : "\(wei) wei"
    }
}
