/// Compares the blocks of a run, as they are read, with their digests and hashes.
struct ChainCheck {
    private let stored: StoredRun
    private let limit: Int
    private var expectedBlock: Int64 = 0
    /// The recorded hash of the block before.
    private var parent: [UInt8]
    private var lastHash: [UInt8]?
    var report: VerifyReport

    init(_ stored: StoredRun, limit: Int) {
        self.stored = stored
        self.limit = limit
        parent = stored.identity.digest.bytes
        report = VerifyReport(run: stored.run)
    }

    private mutating func problem(_ problem: VerifyProblem) { report.add(problem, limit: limit) }

    /// Checks one block; blocks come in ascending order.
    mutating func add(_ recorded: BlockReader.Recorded, _ rows: BlockEncoder) {
        let block = recorded.block
        report.rows += rows.rowCount
        while expectedBlock < block {
            problem(
                VerifyProblem(
                    "block", block: expectedBlock, row: "block \(expectedBlock)", "missing"))
            expectedBlock += 1
        }
        if block == 0 { checkIdentity(recorded) }
        // A run that stopped before its genesis has its identity and nothing else.
        if stored.blocks == 0, block == 0, recorded.hash == nil, rows.rowCount == 0 { return }
        guard let hash = recorded.hash, let recordedParent = recorded.parent else {
            problem(
                VerifyProblem(
                    "block", block: block, row: "block \(block)",
                    "missing, though other tables have rows of it"))
            checkTables(recorded, rows, isSealed: false)
            expectedBlock = max(expectedBlock, block + 1)
            return
        }
        report.blocks += 1
        checkHashes(recorded, rows, hash: hash, recordedParent: recordedParent)
        parent = hash
        lastHash = hash
        expectedBlock = block + 1
    }

    private mutating func checkHashes(
        _ recorded: BlockReader.Recorded, _ rows: BlockEncoder, hash: [UInt8],
        recordedParent: [UInt8]
    ) {
        let block = recorded.block
        let key = "block \(block)"
        guard let above = Digest32(recordedParent), let before = Digest32(parent) else {
            problem(VerifyProblem("block", block: block, row: key, "a hash is not 32 bytes long"))
            return
        }
        let parts = HashChain.seal(rows, parent: above).parts
        // The rows are what was hashed if they give the recorded hash on either idea of the parent.
        let onRecorded = HashChain.hash(parts, parent: above)
        let onChain = HashChain.hash(parts, parent: before)
        report.head = onChain
        let isSealed = hash == onRecorded.bytes || hash == onChain.bytes
        if checkTables(recorded, rows, isSealed: isSealed), !isSealed {
            problem(
                VerifyProblem(
                    "block", block: block, row: key,
                    "hash \(hex(hash)) is not that of its rows, \(onRecorded)"))
        }
        if recordedParent != parent {
            problem(
                VerifyProblem(
                    "block", block: block, row: key,
                    "parent_hash \(above) is not the hash before it, \(before)"))
        }
    }

    /// Compares each table's rows with their digest. Returns whether no table had a problem.
    @discardableResult private mutating func checkTables(
        _ recorded: BlockReader.Recorded, _ rows: BlockEncoder, isSealed: Bool
    ) -> Bool {
        let before = report.problems.count
        let block = recorded.block
        for part in recorded.parts
        where FactTable.allCases.allSatisfy({ Int64($0.rawValue) != part.tableNumber }) {
            if block == 0, part.tableNumber == Int64(FactTable.runNumber) { continue }
            digestProblem(block, "table_id \(part.tableNumber)", "was added")
        }
        for table in FactTable.allCases {
            let part = recorded.parts.first { $0.tableNumber == Int64(table.rawValue) }
            check(table, rows[table], part, block: block, isSealed: isSealed)
        }
        return report.problems.count == before && !report.isTruncated
    }

    private mutating func check(
        _ table: FactTable, _ rows: RowBuffer, _ part: BlockReader.Recorded.Part?, block: Int64,
        isSealed: Bool
    ) {
        guard let part else {
            if rows.rowCount > 0, isSealed {
                digestProblem(block, table.name, "is missing")
            } else {
                for index in 0..<rows.rowCount { name(table, rows, index, "was added", block) }
            }
            return
        }
        let isRight =
            part.rows == rows.rowCount && part.digest == rows.digest.bytes
            && part.checks == rows.checks
        if isRight { return }
        if isSealed || part.checks.count != 4 * Int(clamping: part.rows) {
            digestProblem(block, table.name, "was changed")
            if isSealed { return }
        }
        let found = locate(part.checks, rows.checks)
        if found.isEmpty {
            problem(
                VerifyProblem(
                    table.name, block: block,
                    "its rows are not those that were recorded, or their digest was changed"))
        }
        for difference in found { report(difference, table, rows, block) }
    }

    private mutating func report(
        _ difference: RowDifference, _ table: FactTable, _ rows: RowBuffer, _ block: Int64
    ) {
        switch difference {
        case .changed(let index): name(table, rows, index, "was changed", block)
        case .added(let index): name(table, rows, index, "was added", block)
        case .missing(let index):
            let after = index == 0 ? nil : key(of: table, rows, index - 1)
            let place = after.map { "after \($0)" } ?? "at its beginning"
            problem(
                VerifyProblem(
                    table.name, block: block, row: "block \(block), \(place)",
                    "a row is missing"))
        }
    }

    private mutating func name(
        _ table: FactTable, _ rows: RowBuffer, _ index: Int, _ what: String, _ block: Int64
    ) {
        problem(
            VerifyProblem(table.name, block: block, row: key(of: table, rows, index), what))
    }

    private mutating func digestProblem(_ block: Int64, _ name: String, _ what: String) {
        problem(
            VerifyProblem(
                "block_digest", block: block, row: "block \(block), \(name)", what))
    }

    /// The run's own row against its digest, column by column.
    private mutating func checkIdentity(_ recorded: BlockReader.Recorded) {
        let identity = stored.identity
        let part = recorded.parts.first { $0.tableNumber == Int64(FactTable.runNumber) }
        let isRight = part?.digest == identity.digest.bytes && part?.checks == identity.checks
        if isRight, part?.rows == 1 { return }
        if recorded.parent == identity.digest.bytes {
            digestProblem(0, "run", part == nil ? "is missing" : "was changed")
            return
        }
        let checks = identity.checks
        for (index, column) in FactTable.runColumns.enumerated() {
            let bytes = (4 * index)..<(4 * index + 4)
            if let part, part.checks.count == checks.count, part.checks[bytes] == checks[bytes] {
                continue
            }
            problem(VerifyProblem("run", row: "run \(stored.run)", "\(column) was changed"))
        }
    }

    /// The run's own account of its end.
    mutating func finish(expectedHead: Digest32?) {
        let row = "run \(stored.run)"
        if expectedBlock != stored.blocks {
            problem(
                VerifyProblem(
                    "run", row: row,
                    "block_count is \(stored.blocks), but there are \(expectedBlock) blocks"))
        }
        if stored.head?.bytes != lastHash {
            problem(
                VerifyProblem(
                    "run", row: row,
                    "head_hash is \(stored.head.map(\.description) ?? "none"), but the last block's "
                        + "hash is \(lastHash.map(hex) ?? "none")"))
        }
        if let expectedHead, expectedHead != report.head {
            problem(
                VerifyProblem(
                    "run", row: row,
                    "the head hash is \(report.head.map(\.description) ?? "none"), "
                        + "not the expected \(expectedHead)"))
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        Digest32(bytes).map(\.description) ?? "of \(bytes.count) bytes"
    }
}

/// One difference between recorded and found rows of a table in a block.
enum RowDifference: Equatable {
    /// The row at this place of those found.
    case changed(Int)
    case added(Int)
    /// A recorded row belongs before this place of those found.
    case missing(Int)
}

/// Which rows differ, from four bytes a row: rows that agree at both ends are set aside, the rest is
/// paired in order.
func locate(_ recorded: [UInt8], _ found: [UInt8]) -> [RowDifference] {
    let old = words(recorded)
    let new = words(found)
    var first = 0
    while first < min(old.count, new.count), old[first] == new[first] { first += 1 }
    var last = 0
    while last < min(old.count, new.count) - first,
        old[old.count - 1 - last] == new[new.count - 1 - last]
    {
        last += 1
    }
    let oldEnd = old.count - last
    let newEnd = new.count - last
    var differences: [RowDifference] = []
    for index in first..<max(oldEnd, newEnd) {
        if index >= newEnd {
            differences.append(.missing(newEnd))
        } else if index >= oldEnd {
            differences.append(.added(index))
        } else if old[index] != new[index] {
            differences.append(.changed(index))
        }
    }
    return differences
}

private func words(_ bytes: [UInt8]) -> [UInt32] {
    stride(from: 0, to: bytes.count - bytes.count % 4, by: 4).map { start in
        bytes[start..<(start + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// A row's key in words: `block 5, tx 3, seq 0`.
func key(of table: FactTable, _ rows: RowBuffer, _ index: Int) -> String {
    guard let values = RowValue.decode(rows.row(index)) else { return "row \(index)" }
    let parts = table.key.compactMap { name in
        table.columns.firstIndex(of: name).map { "\(name) \(values[$0])" }
    }
    return parts.joined(separator: ", ")
}
