public import Simulation

/// Computes a run's head hash from its block records alone, without a database.
///
/// The same as ``AuditWriter`` records: for replays, sweeps, and checks of determinism.
public final class HeadHash {
    private var chain: HashChain
    private let encoder = BlockEncoder()
    private let emitter: RowEmitter
    /// Blocks seen.
    public private(set) var blocks: Int64 = 0

    public init(_ description: RunDescription) {
        chain = HashChain(head: RunIdentity(description).digest)
        emitter = RowEmitter(description)
    }

    /// The hash of the last block; before genesis, that of the run's identity.
    public var head: Digest32 { chain.head }

    /// Adds the next block and returns its hash.
    @discardableResult public func append(_ record: BlockRecord) throws(AuditError) -> Digest32 {
        encoder.removeAll()
        try emitter.emit(record, into: encoder)
        blocks += 1
        return chain.seal(encoder).hash
    }
}
