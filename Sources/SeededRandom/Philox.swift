/// Philox4x32-10: a counter-based generator, i.e. a keyed bijection of 128-bit counters.
///
/// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3"
/// (SC11), and its reference implementation Random123. Passes BigCrush; has no state but a counter,
/// so a draw can be reached, repeated or skipped at will.
enum Philox {
    /// Four 32-bit words: a counter, or a block of output.
    struct Block: Hashable, Sendable {
        var x0: UInt32
        var x1: UInt32
        var x2: UInt32
        var x3: UInt32
    }

    /// The block of random bits at a counter, under a 64-bit key of two words.
    @inline(__always)
    static func block(at counter: Block, key0: UInt32, key1: UInt32) -> Block {
        var (x, k0, k1) = (counter, key0, key1)
        for _ in 0..<10 {
            let a = UInt64(0xD251_1F53) &* UInt64(x.x0)
            let b = UInt64(0xCD9E_8D57) &* UInt64(x.x2)
            x = Block(
                x0: UInt32(truncatingIfNeeded: b >> 32) ^ x.x1 ^ k0,
                x1: UInt32(truncatingIfNeeded: b),
                x2: UInt32(truncatingIfNeeded: a >> 32) ^ x.x3 ^ k1,
                x3: UInt32(truncatingIfNeeded: a))
            // Weyl sequences: the golden ratio and √3 − 1.
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return x
    }
}
