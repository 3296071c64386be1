/// Where two recorded runs part, and what that came to.
public struct RunDifference: Hashable, Sendable {
    /// The same rows in every block.
    public var isSame: Bool
    /// Blocks compared: those that both runs have.
    public var blocks: Int64
    /// The first run's head hash.
    public var head: String?
    /// The first block with a different row, or nil where only the runs' identities differ.
    public var firstBlock: Int64?
    /// The tables that differ in that block, with how many rows each run has.
    public var tables: ResultTable
    /// Settings that only one has, or that have other values.
    public var settings: ResultTable
    /// The runs' sums, side by side.
    public var totals: ResultTable

    /// Compares two runs, of one file or of two.
    ///
    /// - Parameters:
    ///   - run: of the first file; nil for its latest.
    ///   - other: of the second; nil for its latest.
    /// - Throws: ``ReportError`` of either file, or `.notFound` for a run.
    public init(_ a: ReportDatabase, run: Int64?, _ b: ReportDatabase, run other: Int64?)
        throws(ReportError)
    {
        let first = try a.run(run)
        let second = try b.run(other)
        let left = try Self.digests(a, first.run)
        let right = try Self.digests(b, second.run)
        blocks = min(first.blocks, second.blocks)
        head = first.headHash
        let part = zip(left, right).first { $0 != $1 }
        firstBlock = part.map { min($0.block, $1.block) }
        if part == nil, left.count != right.count {
            firstBlock = (left.count > right.count ? left[right.count] : right[left.count]).block
        }
        tables = Self.tables(left, right, block: firstBlock)
        settings = Self.pairs(
            try Self.settings(a, first.run), try Self.settings(b, second.run),
            title: "setting", onlyDifferent: true)
        totals = Self.pairs(
            try Self.totals(a, first.run), try Self.totals(b, second.run), title: "sum",
            onlyDifferent: false)
        isSame = firstBlock == nil && first.headHash == second.headHash
    }

    private struct Digest: Hashable {
        var block: Int64
        var table: String
        var rows: Int64
        var digest: String
    }

    private static func digests(_ file: ReportDatabase, _ run: Int64) throws(ReportError)
        -> [Digest]
    {
        let table = try file.query(
            """
            select block, "table", row_count, digest from v_block_digest
            where run = :run order by block, "table"
            """, arguments: ["run": .integer(run)])
        return table.rows.compactMap { row in
            guard case .integer(let block) = row[0], case .integer(let rows) = row[2] else {
                return nil
            }
            return Digest(
                block: block, table: row[1].description, rows: rows, digest: row[3].description)
        }
    }

    private static func tables(_ a: [Digest], _ b: [Digest], block: Int64?) -> ResultTable {
        var result = ResultTable(columns: ["table", "rows in a", "rows in b"], rows: [])
        guard let block else { return result }
        let left = a.filter { $0.block == block }
        let right = b.filter { $0.block == block }
        for name in Set((left + right).map(\.table)).sorted() {
            let mine = left.first { $0.table == name }
            let theirs = right.first { $0.table == name }
            guard mine != theirs else { continue }
            result.rows.append([
                .text(name), .integer(mine?.rows ?? 0), .integer(theirs?.rows ?? 0),
            ])
        }
        return result
    }

    private static func settings(_ file: ReportDatabase, _ run: Int64) throws(ReportError)
        -> [(String, String)]
    {
        let table = try file.query(
            "select key, value from v_parameter where run = :run",
            arguments: ["run": .integer(run)])
        return table.rows.map { ($0[0].description, $0[1].description) }
    }

    private static func totals(_ file: ReportDatabase, _ run: Int64) throws(ReportError)
        -> [(String, String)]
    {
        let table = try file.query(
            """
            select
                (select max(block) from block where run = :run) as blocks,
                (select count(*) from tx where run = :run) as transactions,
                (select count(*) from tx where run = :run and rejection is not null) as rejected,
                (select count(*) from tx_dropped where run = :run) as dropped,
                (select count(*) from liquidation where run = :run) as "liquidation steps",
                (select count(distinct account) from liquidation where run = :run)
                    as "accounts liquidated",
                (select count(*) from liquidation where run = :run and late) as late,
                (select count(*) from liquidation where run = :run and wrongful) as wrongful,
                (select coalesce(round(sum(penalty_e8) / 1e8, 2), 0) from liquidation
                    where run = :run) as "penalties, USD",
                (select coalesce(round(sum(deficit_e8) / 1e8, 2), 0) from liquidation
                    where run = :run) as "deficits, USD",
                (select round(insurance_fund, 2) from v_protocol_metric where run = :run
                    order by block desc limit 1) as "insurance fund at the end, USD"
            """, arguments: ["run": .integer(run)])
        guard let row = table.rows.first else { return [] }
        return zip(table.columns, row).map { ($0, $1.description) }
    }

    /// Two lists of names and values, side by side, in the order of the first.
    private static func pairs(
        _ a: [(String, String)], _ b: [(String, String)], title: String, onlyDifferent: Bool
    ) -> ResultTable {
        var result = ResultTable(columns: [title, "a", "b"], rows: [])
        let right = Dictionary(b, uniquingKeysWith: { first, _ in first })
        let left = Dictionary(a, uniquingKeysWith: { first, _ in first })
        let names = a.map(\.0) + b.map(\.0).filter { left[$0] == nil }
        for name in names where !onlyDifferent || left[name] != right[name] {
            result.rows.append([
                .text(name), .text(left[name] ?? "–"), .text(right[name] ?? "–"),
            ])
        }
        return result
    }
}
