/// All the chance of one run: a seed, from which every stream is reached by its name.
///
/// A stream depends on the seed and its own name alone. Drawing from one, or adding another, changes
/// nobody else's numbers, so two variants of a scenario see the same world (common random numbers).
public struct RandomSource: Hashable, Sendable {
    public let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    /// The stream of a name such as `"trader/17/size"`, from its beginning.
    ///
    /// The same name gives the same numbers again. Names are compared by their UTF-8 bytes.
    public func stream(_ name: String) -> RandomStream { stream(name, at: 0) }

    /// The stream of a name after a number of draws, as when a run is resumed.
    /// - Parameter position: the ``RandomStream/position`` to continue from. [64-bit words]
    public func stream(_ name: String, at position: UInt64) -> RandomStream {
        RandomStream(seed: seed, identifier: streamIdentifier(name), position: position)
    }
}

/// The 64-bit identifier of a stream's name: FNV-1a over its UTF-8 bytes, finished with the mix of
/// SplitMix64.
///
/// FNV-1a with offset basis 0xcbf29ce484222325 and prime 0x100000001b3 (draft-eastlake-fnv); the mix
/// (Stafford's variant 13, a bijection) spreads names that differ in their last byte alone. Among n
/// names the chance that any two share an identifier is about n² / 2^65: 3e-8 for a million.
func streamIdentifier(_ name: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return hash ^ (hash >> 31)
}
