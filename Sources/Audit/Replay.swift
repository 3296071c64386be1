import Chain
import GRDB
public import Simulation

extension Verifier {
    /// Compares a recorded run with a new run of its scenario, row by row, up to the first block that
    /// differs.
    ///
    /// - Parameters:
    ///   - description: that of the new run.
    ///   - limit: how many differences of that block to name.
    ///   - next: the next block of the new run, or nil at its end.
    /// - Throws: ``AuditError`` `.io`, `.format`, `.noSuchRun`, and whatever `next` throws.
    public static func replay(
        _ path: String, run: Int64, description: RunDescription, limit: Int = 20,
        next: () throws -> BlockRecord?
    ) throws -> VerifyReport {
        let database = try AuditDatabase.reader(path)
        return try database.read { database in
            guard let stored = try StoredRun.fetch(database, run) else {
                throw AuditError(.noSuchRun, "\(path): no run \(run)")
            }
            var comparison = ReplayComparison(
                report: VerifyReport(run: run), limit: limit, emitter: RowEmitter(description))
            comparison.compare(stored.identity, RunIdentity(description))
            var chain = HashChain(head: RunIdentity(description).digest)
            let reader = try BlockReader(database, run: run)
            while comparison.report.isIntact, let recorded = try reader.next() {
                guard let record = try next() else {
                    comparison.problem(
                        VerifyProblem(
                            "block", block: recorded.block, "recorded, but not in the new run"))
                    break
                }
                try comparison.compare(record, recorded, reader.encoder)
                comparison.report.head = chain.seal(comparison.computed).hash
            }
            if comparison.report.isIntact, stored.status == "complete", let extra = try next() {
                comparison.problem(
                    VerifyProblem(
                        "block", block: extra.header.number, "in the new run, but not recorded"))
            }
            return comparison.report
        }
    }
}

/// Compares rows of two runs of one scenario.
private struct ReplayComparison {
    var report: VerifyReport
    let limit: Int
    let emitter: RowEmitter
    let computed = BlockEncoder()

    mutating func problem(_ problem: VerifyProblem) { report.add(problem, limit: limit) }

    mutating func compare(_ recorded: RunIdentity, _ computed: RunIdentity) {
        for (index, column) in FactTable.runColumns.enumerated()
        where recorded.values[index] != computed.values[index] {
            problem(
                VerifyProblem(
                    "run", row: "run \(report.run)",
                    "\(column) is \(recorded.values[index]), but the new run's is "
                        + "\(computed.values[index])"))
        }
    }

    mutating func compare(
        _ record: BlockRecord, _ recorded: BlockReader.Recorded, _ found: BlockEncoder
    ) throws {
        computed.removeAll()
        try emitter.emit(record, into: computed)
        report.blocks += 1
        report.rows += found.rowCount
        for table in FactTable.allCases {
            compare(table, found[table], computed[table], block: recorded.block)
        }
    }

    /// Names the first row of the table that differs; the rows after it may only be displaced.
    private mutating func compare(
        _ table: FactTable, _ found: RowBuffer, _ computed: RowBuffer, block: Int64
    ) {
        if found.count == computed.count, found.digest == computed.digest { return }
        let both = min(found.rowCount, computed.rowCount)
        let first = (0..<both).first { !found.row($0).elementsEqual(computed.row($0)) } ?? both
        let old = first < found.rowCount ? key(of: table, found, first) : nil
        let new = first < computed.rowCount ? key(of: table, computed, first) : nil
        let detail: String
        if old == new {
            detail = values(table, found.row(first), computed.row(first))
        } else if let old, new == nil || found.rowCount > computed.rowCount {
            problem(
                VerifyProblem(
                    table.name, block: block, row: old, "recorded, but not in the new run"))
            return
        } else {
            detail = "in the new run, but not recorded"
        }
        problem(VerifyProblem(table.name, block: block, row: new, detail))
    }

    /// Both values of every column that differs.
    private func values(
        _ table: FactTable, _ found: UnsafeRawBufferPointer, _ computed: UnsafeRawBufferPointer
    ) -> String {
        let old = RowValue.decode(found) ?? []
        let new = RowValue.decode(computed) ?? []
        return zip(table.columns, zip(old, new)).filter { $0.1.0 != $0.1.1 }
            .map { "\($0.0) is \($0.1.0), but the new run's is \($0.1.1)" }
            .joined(separator: "; ")
    }
}
