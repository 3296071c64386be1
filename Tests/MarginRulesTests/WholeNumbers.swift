import ExactMath
import MarginRules
import Testing

/// The whole number written in `digits`, taken from one number of decimals to another, to the
/// nearest.
///
/// The contracts' figures have 30 decimals and more digits than 128 bits hold, so their text is
/// shifted.
func rescaled(_ digits: String, from: Int, to: Int) -> Int128 {
    let negative = digits.hasPrefix("-")
    let text = negative ? String(digits.dropFirst()) : digits
    let magnitude: Int128
    if to >= from {
        magnitude = Int128(text + String(repeating: "0", count: to - from)) ?? Int128.max
    } else {
        let dropped = from - to
        let padded = String(repeating: "0", count: max(0, dropped + 1 - text.count)) + text
        let kept = Int128(String(padded.dropLast(dropped))) ?? Int128.max
        let next = padded.dropFirst(padded.count - dropped).first ?? "0"
        magnitude = next >= "5" ? kept + 1 : kept
    }
    return negative ? -magnitude : magnitude
}

/// Dollars of 30 decimals.
func usd(_ digits: String) -> Money { Money(raw: Int64(rescaled(digits, from: 30, to: 8))) }

/// A share of 30 decimals that fits eight.
func ratio(_ digits: String) -> Ratio { Ratio(raw: Int64(rescaled(digits, from: 30, to: 8))) }

/// A factor of 30 decimals.
func factor(_ digits: String) -> Fixed18 { Fixed18(raw: rescaled(digits, from: 30, to: 18)) }

/// A rate per second of 30 decimals, per year.
func annual(_ digits: String) -> Fixed18 {
    // Shifted before the multiplication, by as much as leaves all its digits.
    Fixed18(raw: rescaled(String(rescaled(digits, from: 0, to: 0) * 31_536_000), from: 30, to: 18))
}

/// An amount of a token with some decimals.
func amount(_ digits: String, decimals: Int = 18) -> Quantity {
    Quantity(raw: Int64(rescaled(digits, from: decimals, to: 8)))
}

/// A price of 30 decimals per smallest unit of a token with some decimals.
func price(_ digits: String, decimals: Int = 18) -> Price {
    Price(raw: Int64(rescaled(digits, from: 30 - decimals, to: 8)))
}

/// Within one unit of the scale: what a figure of more digits may differ by.
func isNear<S: Scaled>(_ value: S, _ expected: S, units: Int64 = 1) -> Bool {
    (value - expected).magnitude.raw <= units
}

func isNear(_ value: Fixed18, _ expected: Fixed18, units: Int128 = 1) -> Bool {
    (value - expected).raw.magnitude <= units.magnitude
}

/// A small generator for the fuzz tests, the same on every machine (xorshift64*).
struct TestRandom {
    private var state: UInt64
    init(seed: UInt64) { state = seed | 1 }
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 2_685_821_657_736_338_717
    }
    mutating func below(_ bound: Int64) -> Int64 { Int64(next() % UInt64(bound)) }
    /// Raw units, with magnitudes spread evenly over the decimal orders up to a limit.
    mutating func spread(_ orders: Int) -> Int64 {
        var limit: Int64 = 10
        for _ in 0..<below(Int64(orders)) { limit *= 10 }
        return below(limit)
    }
}

extension Scaled {
    var double: Double { Double(raw) / 1e8 }
}
