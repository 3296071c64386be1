import GRDB
import GRDBSQLite

/// Binds each column to its table's prepared statement and encodes it for the hash, in one pass.
///
/// Values go straight to SQLite's binding functions: through GRDB's arguments the same rows take more
/// than twice the time. Valid only inside the database access that made it.
final class DatabaseSink: RowSink {
    let encoder = BlockEncoder()
    private let path: String
    private let statements: [Statement]
    private let pointers: [OpaquePointer]
    private let digestStatement: Statement
    private let digest: OpaquePointer
    private let connection: OpaquePointer
    private var table = FactTable.asset
    private var current: OpaquePointer
    private var column: Int32 = 1
    /// How many columns of each table are emitted, the run included.
    private let widths = FactTable.allCases.map { Int32($0.columns.count + 1) }
    private(set) var rows = 0

    init(_ database: Database, run: Int64, path: String) throws {
        self.path = path
        statements = try FactTable.allCases.map { table in
            var columns = ["run"] + table.columns
            if table == .block { columns += ["parent_hash", "hash"] }
            let names = columns.map { "\"\($0)\"" }.joined(separator: ", ")
            let values = Array(repeating: "?", count: columns.count).joined(separator: ", ")
            return try database.makeStatement(
                sql: "insert into \(table.name) (\(names)) values (\(values))")
        }
        digestStatement = try database.makeStatement(
            sql: """
                insert into block_digest (run, block, table_id, row_count, digest, checks)
                values (?, ?, ?, ?, ?, ?)
                """)
        digest = digestStatement.sqliteStatement
        pointers = statements.map(\.sqliteStatement)
        current = pointers[0]
        guard let connection = database.sqliteConnection else {
            throw AuditError(.io, "\(path): the database is closed")
        }
        self.connection = connection
        // A binding lasts until it is replaced, so the run is bound once.
        for pointer in pointers + [digest] { sqlite3_bind_int64(pointer, 1, run) }
    }

    func begin(_ table: FactTable) {
        encoder.begin(table)
        self.table = table
        current = pointers[table.index]
        column = 1
    }

    @inline(__always) func integer(_ value: Int64) {
        encoder.integer(value)
        column += 1
        sqlite3_bind_int64(current, column, value)
    }

    @inline(__always) func null() {
        encoder.null()
        column += 1
        sqlite3_bind_null(current, column)
    }

    func text(_ utf8: UnsafeBufferPointer<UInt8>) {
        encoder.text(utf8)
        column += 1
        // An empty buffer may have no address, which would bind null.
        guard let base = utf8.baseAddress else {
            sqlite3_bind_text(current, column, "", 0, Self.copied)
            return
        }
        base.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
            _ = sqlite3_bind_text(current, column, $0, Int32(utf8.count), Self.copied)
        }
    }

    func end() throws(AuditError) {
        encoder.end()
        precondition(column == widths[table.index], "a row of \(table.name) is whole")
        // A block's row waits for its hash.
        if table != .block { try step(current) }
    }

    /// Writes what seals the block: its own row and its tables' digests.
    func seal(_ block: Int64, with chain: inout HashChain) throws(AuditError) {
        let seal = chain.seal(encoder)
        let pointer = pointers[FactTable.block.index]
        let count = Int32(FactTable.block.columns.count)
        bind(seal.parent.bytes, to: pointer, count + 2)
        bind(seal.hash.bytes, to: pointer, count + 3)
        try step(pointer)
        for part in seal.parts {
            try write(
                part.table.rawValue, block: block, rows: part.rows, digest: part.digest,
                checks: encoder[part.table].checks)
        }
        encoder.removeAll()
    }

    /// Writes the digest of the run's own row.
    func write(_ identity: RunIdentity) throws(AuditError) {
        try write(
            FactTable.runNumber, block: 0, rows: 1, digest: identity.digest, checks: identity.checks
        )
    }

    private func write(
        _ table: UInt8, block: Int64, rows: Int, digest value: Digest32, checks: [UInt8]
    ) throws(AuditError) {
        sqlite3_bind_int64(digest, 2, block)
        sqlite3_bind_int64(digest, 3, Int64(table))
        sqlite3_bind_int64(digest, 4, Int64(rows))
        bind(value.bytes, to: digest, 5)
        bind(checks, to: digest, 6)
        try step(digest)
    }

    private func bind(_ bytes: [UInt8], to pointer: OpaquePointer, _ column: Int32) {
        bytes.withUnsafeBytes {
            _ = sqlite3_bind_blob(
                pointer, column, $0.baseAddress, Int32($0.count), Self.copied)
        }
    }

    private func step(_ pointer: OpaquePointer) throws(AuditError) {
        let code = sqlite3_step(pointer)
        guard code == SQLITE_DONE else {
            let message = String(cString: sqlite3_errmsg(connection))
            sqlite3_reset(pointer)
            throw AuditError(
                AuditDatabase.kind(of: code), "\(path): \(message) (SQLite \(code))")
        }
        sqlite3_reset(pointer)
        rows += 1
    }

    /// SQLITE_TRANSIENT, which the importer does not see: SQLite copies the bytes at once.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}
