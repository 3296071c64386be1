import ExactMath
import MarginRules
import Testing

/// The value of a contract's integer with so many decimals, in units of 10^-scale, rounded down.
func native(_ digits: String, decimals: Int, scale: Int) -> Int128 {
    let isNegative = digits.hasPrefix("-")
    var text = isNegative ? String(digits.dropFirst()) : digits
    if decimals > scale {
        text = String(text.dropLast(decimals - scale))
    } else {
        text += String(repeating: "0", count: scale - decimals)
    }
    guard !text.isEmpty else { return 0 }
    guard let value = Int128(text) else {
        Issue.record("\(digits) is not a number of \(decimals) decimals that fits")
        return 0
    }
    return isNegative ? -value : value
}

/// A contract's integer as a value of eight decimals, rounded down.
func e8<S: Scaled>(_ digits: String, decimals: Int = 18, as type: S.Type = S.self) -> S {
    S(raw: Int64(native(digits, decimals: decimals, scale: 8)))
}

/// A contract's integer as a value of eighteen decimals, rounded down.
func e18(_ digits: String, decimals: Int = 18) -> Fixed18 {
    Fixed18(raw: native(digits, decimals: decimals, scale: 18))
}

/// A decimal literal of a test.
func d<S: Scaled>(_ text: String, as type: S.Type = S.self) -> S {
    guard let value = S(decimal: text) else {
        Issue.record("\(text) is not a decimal")
        return .zero
    }
    return value
}

/// A decimal literal of a test.
func f(_ text: String) -> Fixed18 {
    guard let value = Fixed18(decimal: text) else {
        Issue.record("\(text) is not a decimal")
        return .zero
    }
    return value
}

/// Whether two values are within so many units of the last decimal.
func isClose<S: Scaled>(_ a: S, _ b: S, units: Int64 = 1) -> Bool {
    (a.raw - b.raw).magnitude <= UInt64(units)
}

/// Whether two values are within a tolerance, one unit of 1e-8 unless told.
func isClose(_ a: Fixed18, _ b: Fixed18, tolerance: Fixed18 = Fixed18(raw: 10_000_000_000)) -> Bool
{
    let distance = a - b
    return distance <= tolerance && distance >= -tolerance
}

/// Repeatable test inputs: SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix64 {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func next(in range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound
            + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }
}
