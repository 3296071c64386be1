import Foundation
import GRDB

/// A run that stopped before its end, with everything that is needed to run it again.
public struct UnfinishedRun: Sendable {
    public let run: Int64
    /// The scenario's name.
    public let scenario: String
    /// The scenario in full, as YAML.
    public let scenarioText: String
    public let seed: UInt64
    /// The version that recorded it; another version may compute something else.
    public let engineVersion: String
    /// Blocks recorded, genesis included.
    public let blocks: Int64
    /// The hash of the last block; nil before genesis.
    public let head: Digest32?
    let identity: RunIdentity

    /// - Parameter run: its number, or nil for the latest that is unfinished.
    /// - Throws: ``AuditError`` `.noSuchRun`, `.io`, `.format`.
    public static func open(_ path: String, run: Int64? = nil) throws(AuditError) -> UnfinishedRun {
        let database = try AuditDatabase.reader(path)
        let stored = try AuditDatabase.run(path) {
            try database.read { database -> StoredRun? in
                let wanted =
                    try run
                    ?? Int64.fetchOne(
                        database, sql: "select max(run) from run where status = 'running'")
                return try wanted.flatMap { try StoredRun.fetch(database, $0) }
            }
        }
        guard let stored else {
            throw AuditError(
                .noSuchRun,
                run.map { "\(path): no run \($0)" } ?? "\(path): every run is complete")
        }
        guard stored.status == "running" else {
            throw AuditError(.noSuchRun, "\(path): run \(stored.run) is complete")
        }
        guard let seed = UInt64(stored.seed) else {
            throw AuditError(.format, "\(path): run \(stored.run) has no readable seed")
        }
        return UnfinishedRun(
            run: stored.run, scenario: stored.scenario, scenarioText: stored.scenarioText,
            seed: seed, engineVersion: stored.engineVersion, blocks: stored.blocks,
            head: stored.head, identity: stored.identity)
    }
}

/// A row of `run` as it stands in the file.
struct StoredRun {
    var run: Int64
    var identity: RunIdentity
    var status: String
    var blocks: Int64
    var head: Digest32?

    var scenario: String { text(0) }
    var scenarioText: String { text(1) }
    var seed: String { text(2) }
    var engineVersion: String { text(3) }

    private func text(_ index: Int) -> String {
        guard case .text(let text) = identity.values[index] else { return "" }
        return text
    }

    /// Nil when there is no such run.
    static func fetch(_ database: Database, _ run: Int64) throws -> StoredRun? {
        let columns = FactTable.runColumns.joined(separator: ", ")
        let row = try Row.fetchOne(
            database,
            sql: "select \(columns), status, block_count, head_hash from run where run = ?",
            arguments: [run])
        guard let row else { return nil }
        let values = FactTable.runColumns.indices.map { index -> RowValue in
            switch (row[index] as DatabaseValue).storage {
            case .int64(let value): .integer(value)
            case .string(let value): .text(value)
            default: .null
            }
        }
        let count = FactTable.runColumns.count
        return StoredRun(
            run: run, identity: RunIdentity(values: values), status: row[count],
            blocks: row[count + 1], head: (row[count + 2] as Data?).flatMap { Digest32($0) })
    }
}
