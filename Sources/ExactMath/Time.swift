/// A moment. [milliseconds since 1970-01-01T00:00:00Z]
@frozen public struct Timestamp: Hashable, Comparable, Sendable {
    public var milliseconds: Int64
    @inlinable public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    @inlinable public static func < (a: Timestamp, b: Timestamp) -> Bool {
        a.milliseconds < b.milliseconds
    }
    @inlinable public static func + (a: Timestamp, b: TimeSpan) -> Timestamp {
        Timestamp(milliseconds: a.milliseconds + b.milliseconds)
    }
    @inlinable public static func - (a: Timestamp, b: TimeSpan) -> Timestamp {
        Timestamp(milliseconds: a.milliseconds - b.milliseconds)
    }
    @inlinable public static func - (a: Timestamp, b: Timestamp) -> TimeSpan {
        TimeSpan(milliseconds: a.milliseconds - b.milliseconds)
    }
}

/// A length of time, never a moment. [milliseconds]
@frozen public struct TimeSpan: Hashable, Comparable, Sendable {
    public var milliseconds: Int64
    @inlinable public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    @inlinable public init(seconds: Int64) { self.milliseconds = seconds * 1000 }
    @inlinable public static var zero: TimeSpan { TimeSpan(milliseconds: 0) }
    @inlinable public static func < (a: TimeSpan, b: TimeSpan) -> Bool {
        a.milliseconds < b.milliseconds
    }
    @inlinable public static func + (a: TimeSpan, b: TimeSpan) -> TimeSpan {
        TimeSpan(milliseconds: a.milliseconds + b.milliseconds)
    }
    @inlinable public static func - (a: TimeSpan, b: TimeSpan) -> TimeSpan {
        TimeSpan(milliseconds: a.milliseconds - b.milliseconds)
    }
    /// 365 days, the year of every annualised rate.
    @inlinable public static var year: TimeSpan { TimeSpan(seconds: 31_536_000) }
}

extension Timestamp: CustomStringConvertible {
    /// ISO 8601 in UTC, with milliseconds only where there are some: `2020-03-12T10:40:00Z`.
    ///
    /// Years of the proleptic Gregorian calendar, with year 0 before year 1.
    public var description: String {
        let (days, inDay) = floorDivide(milliseconds, 86_400_000)
        // Howard Hinnant's civil-from-days, on eras of 400 years.
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let seconds = inDay / 1000
        let milli = inDay % 1000
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
            .joined(separator: ":")
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        return "\(date)T\(clock)\(milli == 0 ? "" : "." + padded(milli, 3))Z"
    }

    /// Midnight UTC of a date of the proleptic Gregorian calendar; nil where there is no such date.
    public init?(year: Int64, month: Int64, day: Int64) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[Int(month - 1)] else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(shiftedYear, 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        self.init(milliseconds: (era * 146_097 + dayOfEra - 719_468) * 86_400_000)
    }

    /// Milliseconds since midnight UTC.
    public var timeOfDay: TimeSpan {
        TimeSpan(milliseconds: floorDivide(milliseconds, 86_400_000).1)
    }
}

private func floorDivide(_ a: Int64, _ b: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    return remainder < 0 ? (quotient - 1, remainder + b) : (quotient, remainder)
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let text = String(value.magnitude)
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - text.count)) + text
}
