import Chain
import ExactMath
import Foundation
import GRDB
import Simulation

/// The thread that writes: takes records from the queue and commits them in batches.
///
/// Safe to share: `state` is only touched under its lock, everything else by the thread alone.
final class AuditWorker: @unchecked Sendable {
    private struct State {
        var unseed: UInt64?
        var result: Result<RecordedRun, AuditError>?
    }

    private let path: String
    private let database: DatabaseQueue
    private let description: RunDescription
    private let options: AuditWriter.Options
    private let run: Int64
    private let recordedBlocks: Int64
    private let queue: BoundedQueue<BlockRecord>
    private let lock = NSCondition()
    private var state = State()

    init(
        path: String, database: DatabaseQueue, description: RunDescription,
        options: AuditWriter.Options, run: Int64, recordedBlocks: Int64,
        queue: BoundedQueue<BlockRecord>
    ) {
        self.path = path
        self.database = database
        self.description = description
        self.options = options
        self.run = run
        self.recordedBlocks = recordedBlocks
        self.queue = queue
    }

    func start() {
        let thread = Thread { self.main() }
        thread.name = "audit"
        thread.start()
    }

    /// Marks the run complete once the queue is empty.
    func complete(unseed: UInt64) {
        lock.lock()
        state.unseed = unseed
        lock.unlock()
    }

    func waitForEnd() throws(AuditError) -> RecordedRun {
        lock.lock()
        defer { lock.unlock() }
        while true {
            if let result = state.result { return try result.get() }
            lock.wait()
        }
    }

    func waitForFailure() -> AuditError {
        do throws(AuditError) {
            _ = try waitForEnd()
            return AuditError(.io, "\(path): the writer is closed")
        } catch {
            return error
        }
    }

    private func main() {
        let result: Result<RecordedRun, AuditError>
        do throws(AuditError) {
            result = .success(
                try AuditDatabase.run(path) {
                    let written = try database.writeWithoutTransaction { try self.write(into: $0) }
                    // A closed file is one file: no write-ahead log beside it. A reader may forbid it.
                    try? database.writeWithoutTransaction {
                        try $0.execute(sql: "pragma journal_mode = delete")
                    }
                    try database.close()
                    return written
                })
        } catch {
            result = .failure(error)
            try? database.close()
        }
        queue.abandon()
        lock.lock()
        state.result = result
        lock.broadcast()
        lock.unlock()
    }

    private func write(into database: Database) throws -> RecordedRun {
        for name in Schema.indexNames {
            try database.execute(sql: "drop index if exists \(name)")
        }
        if let pages = options.maximumPages {
            try database.execute(sql: "pragma max_page_count = \(pages)")
        }
        let sink = try DatabaseSink(database, run: run, path: path)
        let emitter = RowEmitter(description)
        var chain = HashChain(head: RunIdentity(description).digest)
        var next = try compareRecorded(database, emitter, &chain)
        while let first = try take(expecting: next) {
            try database.beginTransaction(.immediate)
            do {
                let batchStart = sink.rows
                let deadline = Date(timeIntervalSinceNow: options.batchSeconds)
                var record: BlockRecord? = first
                while let current = record {
                    try emitter.emit(current, into: sink)
                    try sink.seal(next, with: &chain)
                    next += 1
                    // Genesis is committed at once: from then on the run can be resumed.
                    let isFull =
                        next == 1 || sink.rows - batchStart >= options.batchRows
                        || deadline < Date()
                    record = isFull ? nil : try take(expecting: next, until: deadline)
                }
                try database.execute(
                    sql: "update run set block_count = ?, head_hash = ? where run = ?",
                    arguments: [next, Data(chain.head.bytes), run])
                try database.commit()
            } catch {
                try? database.rollback()
                throw error
            }
        }
        try finish(database)
        return RecordedRun(run: run, blocks: next, rows: sink.rows, head: chain.head)
    }

    /// Takes the next record, which must be of the given block; nil when there is none.
    private func take(expecting block: Int64, until deadline: Date? = nil) throws -> BlockRecord? {
        guard case .element(let record) = queue.pop(until: deadline) else { return nil }
        precondition(record.header.number == block, "blocks come in order")
        return record
    }

    /// Compares the blocks that the file has with the engine's; returns the number of the next.
    private func compareRecorded(
        _ database: Database, _ emitter: RowEmitter, _ chain: inout HashChain
    ) throws -> Int64 {
        let encoder = BlockEncoder()
        for block in 0..<recordedBlocks {
            guard let record = try take(expecting: block) else {
                throw AuditError(
                    .mismatch,
                    "run \(run) has \(recordedBlocks) blocks, but the engine made only \(block)")
            }
            encoder.removeAll()
            try emitter.emit(record, into: encoder)
            let hash = chain.seal(encoder).hash
            let recorded = try Data.fetchOne(
                database, sql: "select hash from block where run = ? and block = ?",
                arguments: [run, block])
            guard recorded.map(Array.init) == hash.bytes else {
                throw AuditError(
                    .mismatch, "run \(run): block \(block) is not what the engine computes")
            }
        }
        return recordedBlocks
    }

    /// Marks the run complete, when it is, and builds the indexes.
    private func finish(_ database: Database) throws {
        lock.lock()
        let unseed = state.unseed
        lock.unlock()
        guard let unseed else { return }
        try database.execute(
            sql: "update run set status = 'complete', unseed = ? where run = ?",
            arguments: [Int64(bitPattern: unseed), run])
        try database.execute(sql: Schema.indexes)
        try database.execute(sql: "analyze")
    }
}
