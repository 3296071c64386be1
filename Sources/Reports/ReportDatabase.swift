import Foundation
import GRDB

/// A recorded file, opened for reading only.
public final class ReportDatabase: Sendable {
    /// "CRMG", in the header of every database of this program.
    static let applicationID: Int64 = 1_129_467_207
    static let version: Int64 = 5

    public let path: String
    private let queue: DatabaseQueue

    /// - Throws: ``ReportError`` `.io` when the file cannot be read, `.format` when it is another
    ///   program's, or another version's.
    public init(_ path: String) throws(ReportError) {
        guard FileManager.default.fileExists(atPath: path) else {
            throw ReportError(.io, "\(path): no such file")
        }
        self.path = path
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw Self.translate(error, path: path)
        }
        let header = try access { database in
            [
                try Int64.fetchOne(database, sql: "pragma application_id"),
                try Int64.fetchOne(database, sql: "pragma user_version"),
            ]
        }
        guard header[0] == Self.applicationID else {
            throw ReportError(.format, "\(path): not a CrossMargin database")
        }
        guard header[1] == Self.version else {
            throw ReportError(
                .format,
                "\(path): schema version \(header[1] ?? 0), but this program knows \(Self.version)")
        }
    }

    /// Runs one statement that reads.
    ///
    /// - Parameters:
    ///   - sql: one statement; its parameters are named, `:run`.
    ///   - arguments: their values, by name without the colon.
    ///   - limit: the most rows to return, or nil for all.
    /// - Throws: ``ReportError`` `.sql` for anything SQLite refuses, with its message.
    public func query(
        _ sql: String, arguments: [String: Value] = [:], limit: Int? = nil
    ) throws(ReportError) -> ResultTable {
        try access { database in
            let statement = try database.makeStatement(sql: sql)
            let values = arguments.mapValues { $0.databaseValue as (any DatabaseValueConvertible)? }
            let cursor = try Row.fetchCursor(statement, arguments: StatementArguments(values))
            var table = ResultTable(columns: statement.columnNames, rows: [])
            while let row = try cursor.next() {
                if let limit, table.rows.count == limit {
                    table.isTruncated = true
                    break
                }
                table.rows.append(row.databaseValues.map(Value.init))
            }
            return table
        }
    }

    /// The tables and views, by name, with how many columns each has.
    public func tables() throws(ReportError) -> ResultTable {
        try query(
            """
            select s.type, s.name, (select count(*) from pragma_table_info(s.name)) as columns
            from sqlite_master s
            where s.type in ('table', 'view') and s.name not like 'sqlite%' order by s.type, s.name
            """)
    }

    func access<T>(_ work: (Database) throws -> T) throws(ReportError) -> T {
        do {
            return try queue.read(work)
        } catch {
            throw Self.translate(error, path: path)
        }
    }

    private static func translate(_ error: any Error, path: String) -> ReportError {
        if let error = error as? ReportError { return error }
        guard let error = error as? DatabaseError else {
            return ReportError(.io, "\(path): \(error)")
        }
        let message = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_ERROR, .SQLITE_READONLY, .SQLITE_MISUSE, .SQLITE_AUTH:
            return ReportError(.sql, message)
        case .SQLITE_NOTADB: return ReportError(.format, "\(path): \(message)")
        default: return ReportError(.io, "\(path): \(message)")
        }
    }
}
