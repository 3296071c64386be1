public import Audit
import Crypto
import Foundation
import GRDB

extension Digest32 {
    /// Its bytes, as the database takes them.
    var data: Data { Data(bytes) }
}

/// Keeps the outcomes of a study in a database, in the order of its runs.
///
/// Outcomes are committed in batches, at least every half second; so a program killed at any moment leaves a
/// prefix, with which ``init(_:_:shard:)`` goes on. Used by one thread.
public final class StudyStore {
    private static let batchRows = 512
    private static let batchSeconds = 0.5

    public let path: String
    /// The number of the study in its file.
    public let study: Int64
    /// How many of its runs the file holds already.
    public let done: Int64
    private let database: DatabaseQueue
    private var pending: [StudyOutcome] = []
    private var committed = ContinuousClock.now

    /// Opens the study in a file where it stands there already, or begins it, beside other studies and runs.
    ///
    /// - Throws: ``AuditError``.
    public init(_ path: String, _ study: Study, shard: Shard = .whole) throws {
        self.path = path
        let database = try AuditDatabase.writer(path)
        self.database = database
        let record = StudyRecord(study, shard: shard)
        (self.study, done) = try AuditDatabase.run(path) {
            try database.write { database in
                let numbers = try Int64.fetchAll(
                    database, sql: "select study from study where name = ? order by study",
                    arguments: [record.name])
                for number in numbers {
                    let found = try StudyRecord(database, study: number)
                    if found == record { return (number, try Self.runs(database, number)) }
                }
                return (try record.insert(into: database), 0)
            }
        }
    }

    /// How many runs of a study there are.
    static func runs(_ database: Database, _ study: Int64) throws -> Int64 {
        try Int64.fetchOne(
            database, sql: "select count(*) from study_run where study = ?", arguments: [study])
            ?? 0
    }

    /// Adds the next outcome.
    /// - Throws: ``AuditError``.
    public func append(_ outcome: StudyOutcome) throws {
        pending.append(outcome)
        let waited = ContinuousClock.now - committed
        if pending.count >= Self.batchRows || waited > .seconds(Self.batchSeconds) { try commit() }
    }

    /// Writes what is left and closes the journal, so that the one file is all there is.
    /// - Throws: ``AuditError``.
    public func finish() throws {
        try commit()
        try AuditDatabase.run(path) {
            try database.writeWithoutTransaction { database in
                try database.execute(
                    sql: "pragma wal_checkpoint(truncate); pragma journal_mode = delete")
            }
        }
    }

    private func commit() throws {
        let outcomes = pending
        try AuditDatabase.run(path) {
            try database.write { database in
                for outcome in outcomes { try Self.insert(outcome, study, into: database) }
            }
        }
        pending.removeAll(keepingCapacity: true)
        committed = .now
    }

    static func insert(_ outcome: StudyOutcome, _ study: Int64, into database: Database) throws {
        try database.cachedStatement(sql: "insert into study_run values (?, ?, ?, ?, ?)").execute(
            arguments: [
                study, outcome.point, outcome.seed, outcome.blocks,
                Int64(bitPattern: outcome.unseed),
            ])
        let statement = try database.cachedStatement(
            sql: "insert into study_result values (?, ?, ?, ?, ?)")
        for (metric, value) in outcome.values.enumerated() {
            guard let value else { continue }
            try statement.execute(
                arguments: [study, outcome.point, outcome.seed, metric, value])
        }
    }

    /// All outcomes that the file holds.
    /// - Throws: ``AuditError``.
    public func values() throws -> StudyValues {
        try AuditDatabase.run(path) {
            try database.read { try StudyFileReader.values($0, study: study) }
        }
    }

    /// SHA-256 over everything the study is and came to, apart from its number and its shard.
    /// - Throws: ``AuditError``.
    public func contentHash() throws -> Digest32 {
        try AuditDatabase.run(path) {
            try database.read { try StudyFileReader.hash($0, study: study) }
        }
    }
}

/// Reads studies from a file that somebody else wrote.
enum StudyFileReader {
    /// Calls back for each run, in order of point and seed.
    static func outcomes(
        _ database: Database, study: Int64, metrics: Int, _ body: (StudyOutcome) throws -> Void
    ) throws {
        let runs = try Row.fetchCursor(
            database,
            sql: """
                select point, seed, block_count, unseed from study_run where study = ?
                order by point, seed
                """, arguments: [study])
        let statement = try database.makeStatement(
            sql:
                "select metric, value_e8 from study_result where study = ? and point = ? and seed = ?"
        )
        while let run = try runs.next() {
            var outcome = StudyOutcome(
                point: run[0], seed: run[1], blocks: run[2],
                unseed: UInt64(bitPattern: run[3] as Int64),
                values: Array(repeating: nil, count: metrics))
            let rows = try Row.fetchCursor(
                statement, arguments: [study, outcome.point, outcome.seed])
            while let row = try rows.next() { outcome.values[row[0] as Int] = row[1] as Int64 }
            try body(outcome)
        }
    }

    static func values(_ database: Database, study: Int64) throws -> StudyValues {
        guard let record = try StudyRecord(database, study: study) else {
            throw AuditError(.noSuchRun, "there is no study \(study)")
        }
        var values = StudyValues(
            pointCount: record.points.count, metrics: record.metrics.map(\.name))
        try outcomes(database, study: study, metrics: record.metrics.count) { values.add($0) }
        return values
    }

    /// The columns of a study that are not of its content: where it stands, and which part it is.
    static func hash(_ database: Database, study: Int64) throws -> Digest32 {
        var hasher = SHA256()
        let parts = [
            """
            select name, question, kind, scenario, scenario_text, engine_version, point_count,
                first_seed, seed_count from study where study = ?
            """,
            "select point, label, scenario_hash from study_point where study = ? order by point",
            """
            select point, seq, key, value, number_e8 from study_setting where study = ?
            order by point, seq
            """,
            "select metric, name, unit from study_metric where study = ? order by metric",
            """
            select point, seed, block_count, unseed from study_run where study = ?
            order by point, seed
            """,
            """
            select point, seed, metric, value_e8 from study_result where study = ?
            order by point, seed, metric
            """,
        ]
        for (number, sql) in parts.enumerated() {
            hasher.update(data: [UInt8(number)])
            let rows = try Row.fetchCursor(database, sql: sql, arguments: [study])
            while let row = try rows.next() {
                var bytes: [UInt8] = []
                for value in row.databaseValues { encode(value, into: &bytes) }
                hasher.update(data: bytes)
            }
        }
        guard let digest = Digest32(Array(hasher.finalize())) else {
            preconditionFailure("SHA-256 has thirty-two bytes")
        }
        return digest
    }

    /// As in the hash chain: a byte for the kind, then the value; a text with its length.
    private static func encode(_ value: DatabaseValue, into bytes: inout [UInt8]) {
        func number(_ value: Int64) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        switch value.storage {
        case .null: bytes.append(0)
        case .int64(let value):
            bytes.append(1)
            number(value)
        case .string(let text):
            bytes.append(2)
            number(Int64(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        case .blob(let data):
            bytes.append(3)
            number(Int64(data.count))
            bytes.append(contentsOf: data)
        case .double: preconditionFailure("a study stores no floating-point number")
        }
    }
}
