import ExactMath

/// Amounts as contracts have them, converted to eight decimals.
///
/// A token of up to eight decimals is counted in its own smallest units (one unit of quantity is 1e8
/// of them) and its price is scaled to match, so that every step rounds where the contract rounds and
/// figures compare exactly. A token of 18 decimals is cut to eight, where figures compare to one unit.
struct Token {
    var decimals: Int
    /// The price of a whole token. [1e-8 USD]
    var answer: Int64

    var price: Price {
        Price(raw: decimals <= 8 ? answer * powerOfTen(8 - decimals) : answer)
    }

    /// - Precondition: exact.
    func quantity(_ native: Int128) -> Quantity {
        guard decimals > 8 else { return Quantity(raw: Int64(native)) }
        let unit = Int128(powerOfTen(decimals - 8))
        precondition(native % unit == 0, "not a multiple of 1e-8")
        return Quantity(raw: Int64(native / unit))
    }

    /// Whether a result is the native one: exactly, or to one unit of 1e-8 above eight decimals.
    func matches(_ result: Quantity, _ native: Int128) -> Bool {
        guard decimals > 8 else { return Int128(result.raw) == native }
        return abs(Int128(result.raw) - native / Int128(powerOfTen(decimals - 8))) <= 1
    }
}

func powerOfTen(_ exponent: Int) -> Int64 {
    var result: Int64 = 1
    for _ in 0..<exponent { result *= 10 }
    return result
}

/// As much as possible: what a contract writes as the largest integer.
let everything = Quantity(raw: .max)

/// A number of 27 decimals (ray), rounded down to 18.
func ray(_ native: Int128) -> Fixed18 { Fixed18(raw: native / 1_000_000_000) }

/// Whether two numbers differ by no more than so many units of 1e-18.
func near(_ a: Fixed18, _ b: Fixed18, units: Int128) -> Bool { abs(a.raw - b.raw) <= units }

/// Whether two numbers differ by no more than one unit of 1e-8.
func near<S: Scaled>(_ a: S, _ b: S) -> Bool { abs(Int128(a.raw) - Int128(b.raw)) <= 1 }

func ratio(bps: Int64) -> Ratio { Ratio(basisPoints: bps) }

/// A small seeded generator (SplitMix64), so that a failure can be repeated.
struct SeededDraws {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func next(in range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }
}
