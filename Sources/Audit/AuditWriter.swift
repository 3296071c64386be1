import ExactMath
import GRDB
import MarginProtocol
public import Simulation

/// Records a run in a database, beside the engine: records go into a bounded queue, and one thread
/// of its own writes them.
///
/// Blocks are committed in batches, each together with the run's block count and head hash; so a
/// program killed at any moment leaves a valid prefix, which ``resume(_:run:description:options:)``
/// continues to the same head hash. An error of the disk reaches the engine with the next
/// ``append(_:)``; what was committed before stays.
public final class AuditWriter: Sendable {
    /// How much is kept back before it is written.
    public struct Options: Sendable {
        /// A batch is committed after this many rows…
        public var batchRows = 50_000
        /// …or after this long. [seconds]
        public var batchSeconds = 1.0
        /// The engine waits while more events than this are queued.
        public var queuedEvents = 200_000
        /// The file may not grow beyond this, as on a full disk. [pages of 4096 bytes]
        var maximumPages: Int64?
        public init() {}
    }

    /// The number of the run in its file.
    public let run: Int64
    /// Blocks that the file already holds: records of them are compared, not written.
    public let recordedBlocks: Int64
    private let queue: BoundedQueue<BlockRecord>
    private let worker: AuditWorker

    /// Begins a new run, in a new file or beside the runs of an old one.
    ///
    /// - Throws: ``AuditError`` `.io`, or `.format` for a file of another program.
    public static func create(
        _ path: String, description: RunDescription, options: Options = Options()
    ) throws(AuditError) -> AuditWriter {
        let database = try AuditDatabase.writer(path)
        let run = try AuditDatabase.run(path) {
            try database.write { try insertRun(description, in: $0, path: path) }
        }
        return AuditWriter(
            path, database, description, options, run: run, recordedBlocks: 0)
    }

    /// Continues an unfinished run: the engine runs it again from the start, and the writer compares
    /// each block that it has with the record, then goes on.
    ///
    /// - Throws: ``AuditError`` `.noSuchRun`, `.mismatch` when the description is not the recorded one,
    ///   `.io`.
    public static func resume(
        _ path: String, run: Int64, description: RunDescription, options: Options = Options()
    ) throws(AuditError) -> AuditWriter {
        let unfinished = try UnfinishedRun.open(path, run: run)
        guard unfinished.identity == RunIdentity(description) else {
            let pairs = zip(unfinished.identity.values, RunIdentity(description).values)
            let names = zip(FactTable.runColumns, pairs).filter { $0.1.0 != $0.1.1 }.map(\.0)
            throw AuditError(
                .mismatch,
                "run \(run) was recorded with another \(names.joined(separator: ", "))")
        }
        return AuditWriter(
            path, try AuditDatabase.writer(path), description, options, run: run,
            recordedBlocks: unfinished.blocks)
    }

    private init(
        _ path: String, _ database: DatabaseQueue, _ description: RunDescription,
        _ options: Options, run: Int64, recordedBlocks: Int64
    ) {
        self.run = run
        self.recordedBlocks = recordedBlocks
        queue = BoundedQueue(capacity: options.queuedEvents)
        worker = AuditWorker(
            path: path, database: database, description: description, options: options, run: run,
            recordedBlocks: recordedBlocks, queue: queue)
        worker.start()
    }

    /// Hands over the next block, counted from 0; waits while the queue is full.
    ///
    /// - Throws: the ``AuditError`` that stopped the writer, if one did.
    public func append(_ record: BlockRecord) throws(AuditError) {
        guard queue.push(record, weight: record.journal.count + record.health.count + 1) else {
            throw worker.waitForFailure()
        }
    }

    /// Writes what is left, marks the run complete, and builds the indexes.
    ///
    /// - Parameter unseed: one more draw of the generator, so that hidden differences show.
    /// - Returns: the head hash, and how much was written.
    @discardableResult public func finish(unseed: UInt64) throws(AuditError) -> RecordedRun {
        worker.complete(unseed: unseed)
        queue.close()
        return try worker.waitForEnd()
    }

    /// Commits what was appended and leaves the run unfinished.
    public func suspend() throws(AuditError) {
        queue.close()
        _ = try worker.waitForEnd()
    }

    deinit {
        // What was appended is not lost when the engine fails; without a caller, its error is.
        queue.close()
        _ = try? worker.waitForEnd()
    }

    private static func insertRun(
        _ description: RunDescription, in database: Database, path: String
    ) throws -> Int64 {
        let run =
            try Int64.fetchOne(database, sql: "select coalesce(max(run), 0) + 1 from run") ?? 1
        try database.execute(
            sql: """
                insert into run (run, scenario, scenario_text, seed, engine_version, start_ms,
                    settlement_asset, gas_feed) values (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                run, description.scenario, description.scenarioText, String(description.seed),
                description.engineVersion, description.start.milliseconds,
                description.settlementAsset.raw, description.gasFeed?.raw,
            ])
        try DatabaseSink(database, run: run, path: path).write(RunIdentity(description))
        return run
    }
}

/// What a writer has recorded.
public struct RecordedRun: Hashable, Sendable {
    public var run: Int64
    /// Blocks of the run, genesis included.
    public var blocks: Int64
    /// Rows written now, without those of earlier parts of a resumed run.
    public var rows: Int
    public var head: Digest32
}
