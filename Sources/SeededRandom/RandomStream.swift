public import ExactMath

/// A sequence of random numbers that belongs to one name.
///
/// Word n is half n mod 2 of the Philox4x32-10 block at counter (identifier of the name, n / 2), under
/// the seed as key. Every distribution consumes exactly one word per draw, with the one exception of
/// ``uniform(in:)``, so a draw keeps its place when the parameters of those before it change.
public struct RandomStream: Hashable, Sendable {
    private let seed: UInt64
    private let identifier: UInt64
    /// The second word of the current block, while `position` is odd.
    private var second: UInt64 = 0
    /// How many words were drawn so far. [64-bit words]
    public private(set) var position: UInt64

    init(seed: UInt64, identifier: UInt64, position: UInt64) {
        self.seed = seed
        self.identifier = identifier
        self.position = position
        if position & 1 == 1 { second = words(ofBlock: position >> 1).1 }
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        let isSecond = position & 1 == 1
        position += 1
        if isSecond {
            defer { second = 0 }
            return second
        }
        let block = words(ofBlock: position >> 1)
        second = block.1
        return block.0
    }

    private func words(ofBlock index: UInt64) -> (UInt64, UInt64) {
        let block = Philox.block(
            at: Philox.Block(
                x0: UInt32(truncatingIfNeeded: index), x1: UInt32(truncatingIfNeeded: index >> 32),
                x2: UInt32(truncatingIfNeeded: identifier),
                x3: UInt32(truncatingIfNeeded: identifier >> 32)),
            key0: UInt32(truncatingIfNeeded: seed), key1: UInt32(truncatingIfNeeded: seed >> 32))
        return (
            UInt64(block.x0) | UInt64(block.x1) << 32, UInt64(block.x2) | UInt64(block.x3) << 32
        )
    }
}

extension RandomStream {
    /// A whole number from a range, each with the same probability exactly.
    ///
    /// Lemire's method ("Fast Random Integer Generation in an Interval", 2019): one word, and another
    /// with a probability below the length of the range / 2^64.
    public mutating func uniform(in range: ClosedRange<Int64>) -> Int64 {
        let base = UInt64(bitPattern: range.lowerBound)
        let count = UInt64(bitPattern: range.upperBound) &- base &+ 1
        // 2^64 numbers: every word is one of them.
        guard count != 0 else { return Int64(bitPattern: next()) }
        var product = next().multipliedFullWidth(by: count)
        if product.low < count {
            let excess = (0 &- count) % count
            while product.low < excess { product = next().multipliedFullWidth(by: count) }
        }
        return Int64(bitPattern: base &+ product.high)
    }

    /// A number of the open interval (0, 1): one of 1e-18, 2e-18, … 1 − 1e-18. [1e-18]
    ///
    /// Its distribution function is off by less than 1.1e-18. One word.
    public mutating func unitInterval() -> Fixed18 {
        let cell = next().multipliedFullWidth(by: 999_999_999_999_999_999).high
        return Fixed18(raw: Int128(cell) + 1)
    }

    /// True with a probability, which counts as 0 below 0 and as 1 above 1.
    ///
    /// The probability is met to within 2^-64. One word, also where the outcome is certain.
    public mutating func chance(_ probability: Ratio) -> Bool {
        Int64(next().multipliedFullWidth(by: UInt64(scaleE8)).high) < probability.raw
    }
}
