import ExactMath
import Testing

/// Figures as the sources print them.
enum Figures {
    static func fixed(_ text: String) throws -> Fixed18 { try #require(Fixed18(decimal: text)) }
    static func price(_ text: String) throws -> Price { try #require(Price(decimal: text)) }
    static func money(_ text: String) throws -> Money { try #require(Money(decimal: text)) }
    static func quantity(_ text: String) throws -> Quantity {
        try #require(Quantity(decimal: text))
    }
    static func ratio(_ text: String) throws -> Ratio { try #require(Ratio(decimal: text)) }

    /// Parts per million, dYdX's rates.
    static func millionths(_ count: Int64) -> Fixed18 {
        Fixed18(raw: Int128(count) * 1_000_000_000_000)
    }

    static func date(
        _ year: Int64, _ month: Int64, _ day: Int64, _ hour: Int64 = 0, _ minute: Int64 = 0,
        _ second: Int64 = 0, milliseconds: Int64 = 0
    ) throws -> Timestamp {
        let midnight = try #require(Timestamp(year: year, month: month, day: day))
        return midnight + TimeSpan(seconds: hour * 3600 + minute * 60 + second)
            + TimeSpan(milliseconds: milliseconds)
    }

    /// Whether two values are no further apart than a tolerance.
    static func near(_ a: Fixed18, _ b: Fixed18, within tolerance: String) throws -> Bool {
        let distance = a < b ? b - a : a - b
        return distance <= (try fixed(tolerance))
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014), for tests that draw the same numbers each time.
struct TestDraws {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func int(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }
}

extension Fixed18 {
    /// For comparison with floating-point references only.
    var double: Double { Double(raw) / 1e18 }
}
