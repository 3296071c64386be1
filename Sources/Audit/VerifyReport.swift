/// What a verification found.
public struct VerifyReport: Hashable, Sendable {
    public var run: Int64
    /// Blocks read, genesis included.
    public var blocks: Int64 = 0
    /// Rows read, in all tables.
    public var rows: Int = 0
    /// The hash of the last block as recomputed from the rows; nil when there was none.
    public var head: Digest32?
    /// In order of block, at most as many as were asked for.
    public var problems: [VerifyProblem] = []
    /// Whether there were more.
    public var isTruncated = false

    /// Is the record what was written?
    public var isIntact: Bool { problems.isEmpty }

    init(run: Int64) { self.run = run }

    mutating func add(_ problem: VerifyProblem, limit: Int) {
        if problems.count < limit { problems.append(problem) } else { isTruncated = true }
    }
}

/// One thing that is not as it was written.
public struct VerifyProblem: Hashable, Sendable, CustomStringConvertible {
    public var table: String
    public var block: Int64?
    /// The row's key, as far as it is known: `block 5, tx 3, seq 0`.
    public var row: String?
    /// What is wrong, with values where they are known.
    public var detail: String

    init(_ table: String, block: Int64? = nil, row: String? = nil, _ detail: String) {
        self.table = table
        self.block = block
        self.row = row
        self.detail = detail
    }

    public var description: String {
        var text = table
        if let row { text += " (\(row))" } else if let block { text += " (block \(block))" }
        return "\(text): \(detail)"
    }
}
