import GRDB

/// A recorded run, in a line.
public struct RunInfo: Hashable, Sendable {
    public var run: Int64
    public var scenario: String
    public var scenarioText: String
    public var seed: String
    public var engineVersion: String
    /// Whether it came to its end; one that was killed, or still goes on, did not.
    public var isComplete: Bool
    /// Blocks, genesis included.
    public var blocks: Int64
    /// ISO 8601, in UTC.
    public var start: String
    /// The time of the last block, or nil before genesis.
    public var end: String?
    /// Lower-case hexadecimal digits; nil before genesis.
    public var headHash: String?
}

extension ReportDatabase {
    /// All runs of the file, in order of number.
    public func runs() throws(ReportError) -> [RunInfo] {
        try access { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    select v.run, v.scenario, r.scenario_text, v.seed, v.engine_version, v.status,
                        v.block_count, v.start, v."end", v.head_hash
                    from v_run v join run r using (run) order by v.run
                    """)
            return rows.map { row in
                let head: String? = row["head_hash"]
                return RunInfo(
                    run: row["run"], scenario: row["scenario"], scenarioText: row["scenario_text"],
                    seed: row["seed"], engineVersion: row["engine_version"],
                    isComplete: row["status"] == "complete", blocks: row["block_count"],
                    start: row["start"], end: row["end"], headHash: head == "" ? nil : head)
            }
        }
    }

    /// The run of that number, or the latest.
    ///
    /// - Throws: ``ReportError`` `.notFound`.
    public func run(_ number: Int64? = nil) throws(ReportError) -> RunInfo {
        let runs = try runs()
        guard let found = number == nil ? runs.last : runs.first(where: { $0.run == number }) else {
            throw ReportError(
                .notFound, number.map { "\(path): no run \($0)" } ?? "\(path): no runs")
        }
        return found
    }
}
