import ExactMath
import Testing

/// A number of eighteen decimals from its text; the test fails where the text is malformed.
func fixed(_ text: String, _ location: SourceLocation = #_sourceLocation) throws -> Fixed18 {
    try #require(Fixed18(decimal: text), "malformed: \(text)", sourceLocation: location)
}

/// SplitMix64, so that the sweeps here do not depend on the generator under test elsewhere.
struct SplitMix64 {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    /// A number of a random bit length up to `bits`: small and large ones alike.
    mutating func magnitude(bits: Int) -> UInt128 {
        let wide = UInt128(next()) << 64 | UInt128(next())
        return wide >> (128 - Int(next() % UInt64(bits)) - 1)
    }
}
