import Foundation
import GRDB

/// Checks that a recorded run is what was written: no row edited, added or missing.
public enum Verifier {
    /// Reads every row of a run once and recomputes the chain of hashes.
    ///
    /// The chain proves that rows, digests and hashes belong together. Somebody who recomputes all of
    /// them leaves no trace but another head hash: compare it with one noted elsewhere.
    ///
    /// - Parameters:
    ///   - expectedHead: a head hash noted elsewhere, or nil.
    ///   - limit: how many problems to name.
    /// - Throws: ``AuditError`` `.io`, `.format`, `.noSuchRun`.
    public static func verify(
        _ path: String, run: Int64, expectedHead: Digest32? = nil, limit: Int = 100
    ) throws(AuditError) -> VerifyReport {
        let database = try AuditDatabase.reader(path)
        return try AuditDatabase.run(path) {
            try database.read { database in
                guard let stored = try StoredRun.fetch(database, run) else {
                    throw AuditError(.noSuchRun, "\(path): no run \(run)")
                }
                var check = ChainCheck(stored, limit: limit)
                let reader = try BlockReader(database, run: run)
                while let recorded = try reader.next() { check.add(recorded, reader.encoder) }
                check.finish(expectedHead: expectedHead)
                for problem in try strangers(in: database) {
                    check.report.add(problem, limit: limit)
                }
                return check.report
            }
        }
    }

    /// Rows of runs that do not exist, and names of codes that are not the schema's.
    private static func strangers(in database: Database) throws -> [VerifyProblem] {
        var problems: [VerifyProblem] = []
        let runs = Set(try Int64.fetchAll(database, sql: "select run from run"))
        for table in FactTable.allCases.map(\.name) + ["block_digest"] {
            var last = Int64.min
            // From run to run by the key, not through every row.
            while let next = try Int64.fetchOne(
                database, sql: "select run from \(table) where run > ? order by run limit 1",
                arguments: [last])
            {
                if !runs.contains(next) {
                    problems.append(
                        VerifyProblem(table, row: "run \(next)", "rows of a run that is not there"))
                }
                last = next
            }
        }
        let found = try String.fetchAll(database, sql: codeQuery)
        let fresh = try schemaCodes.get()
        for change in found.difference(from: fresh) {
            switch change {
            case .insert(_, let row, _):
                problems.append(VerifyProblem("code", row: row, "not a row of the schema"))
            case .remove(_, let row, _):
                problems.append(VerifyProblem("code", row: row, "missing or changed"))
            }
        }
        return problems
    }

    private static let codeQuery =
        "select domain || ' ' || code || ' ' || name from code order by domain, code"

    /// The rows of `code` as the schema makes them.
    private static let schemaCodes = Result {
        try DatabaseQueue().write { fresh in
            try fresh.execute(sql: Schema.definitions)
            return try String.fetchAll(fresh, sql: codeQuery)
        }
    }
}
