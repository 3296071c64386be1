import Foundation
import GRDB
import GRDBSQLite

/// Reads a run's rows back, block by block, all tables in one pass, into the encoding that was hashed.
///
/// Valid only inside the database access that made it.
final class BlockReader {
    let encoder = BlockEncoder()
    private var cursors: [TableCursor]
    private var digests: TableCursor

    /// What the file says about the block that was read last.
    struct Recorded {
        struct Part {
            var tableNumber: Int64
            var rows: Int64
            var digest: [UInt8]
            var checks: [UInt8]
        }
        var block: Int64
        var parent: [UInt8]?
        var hash: [UInt8]?
        var parts: [Part] = []
    }

    init(_ database: Database, run: Int64) throws {
        cursors = try FactTable.allCases.map { table in
            var columns = table.columns.map { "\"\($0)\"" }
            if table == .block { columns += ["parent_hash", "hash"] }
            return try TableCursor(
                database, run: run, blockColumn: table.blockColumn,
                sql: """
                    select \(columns.joined(separator: ", ")) from \(table.name)
                    where run = ? order by \(table.key.map { "\"\($0)\"" }.joined(separator: ", "))
                    """)
        }
        digests = try TableCursor(
            database, run: run, blockColumn: 0,
            sql: """
                select block, table_id, row_count, digest, checks from block_digest
                where run = ? order by block, table_id
                """)
    }

    /// Reads the lowest block that has rows left in any table; nil when there is none.
    func next() throws -> Recorded? {
        let pending = (cursors + [digests]).compactMap(\.block)
        guard let block = pending.min() else { return nil }
        encoder.removeAll()
        var recorded = Recorded(block: block)
        for (index, table) in FactTable.allCases.enumerated() {
            while cursors[index].block == block {
                if table == .block {
                    let count = Int32(table.columns.count)
                    recorded.parent = cursors[index].blob(count)
                    recorded.hash = cursors[index].blob(count + 1)
                }
                cursors[index].encode(table, into: encoder)
                try cursors[index].step()
            }
        }
        while digests.block == block {
            recorded.parts.append(
                Recorded.Part(
                    tableNumber: digests.integer(1), rows: digests.integer(2),
                    digest: digests.blob(3), checks: digests.blob(4)))
            try digests.step()
        }
        return recorded
    }
}

/// One table's rows in order.
private struct TableCursor {
    private let statement: Statement
    private let pointer: OpaquePointer
    private let connection: OpaquePointer
    private let blockColumn: Int32?
    private let columns: Int32
    /// The block of the current row; nil at the end.
    private(set) var block: Int64?

    init(_ database: Database, run: Int64, blockColumn: Int?, sql: String) throws {
        guard let connection = database.sqliteConnection else {
            throw AuditError(.io, "the database is closed")
        }
        self.connection = connection
        statement = try database.makeStatement(sql: sql)
        pointer = statement.sqliteStatement
        self.blockColumn = blockColumn.map(Int32.init)
        columns = sqlite3_column_count(pointer)
        sqlite3_bind_int64(pointer, 1, run)
        try step()
    }

    mutating func step() throws {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: block = blockColumn.map { integer(Int($0)) } ?? 0
        case SQLITE_DONE:
            block = nil
            sqlite3_reset(pointer)
        case let code:
            throw AuditError(
                AuditDatabase.kind(of: code), String(cString: sqlite3_errmsg(connection)))
        }
    }

    func integer(_ column: Int) -> Int64 { sqlite3_column_int64(pointer, Int32(column)) }

    func blob(_ column: Int32) -> [UInt8] {
        let count = Int(sqlite3_column_bytes(pointer, column))
        guard let bytes = sqlite3_column_blob(pointer, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    func encode(_ table: FactTable, into encoder: BlockEncoder) {
        encoder.begin(table)
        for column in 0..<Int32(table.columns.count) {
            switch sqlite3_column_type(pointer, column) {
            case SQLITE_INTEGER: encoder.integer(sqlite3_column_int64(pointer, column))
            case SQLITE_TEXT:
                let bytes = sqlite3_column_text(pointer, column)
                encoder.text(
                    UnsafeBufferPointer(
                        start: bytes, count: Int(sqlite3_column_bytes(pointer, column))))
            default: encoder.null()
            }
        }
        encoder.end()
    }
}
