import Foundation
package import GRDB
import GRDBSQLite

/// Opens database files; every failure becomes an ``AuditError``.
package enum AuditDatabase {
    /// A connection that writes; makes the file where there is none.
    package static func writer(_ path: String) throws(AuditError) -> DatabaseQueue {
        try run(path) {
            var configuration = Configuration()
            configuration.foreignKeysEnabled = false
            configuration.busyMode = .timeout(10)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { database in
                try Schema.prepare(database, path: path)
                try database.execute(
                    sql: """
                        pragma journal_mode = wal;
                        pragma synchronous = normal;
                        pragma cache_size = -65536;
                        """)
            }
            return queue
        }
    }

    /// A connection that only reads; the file must be there.
    package static func reader(_ path: String) throws(AuditError) -> DatabaseQueue {
        guard FileManager.default.fileExists(atPath: path) else {
            throw AuditError(.io, "\(path): no such file")
        }
        return try run(path) {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(10)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { try Schema.check($0, path: path) }
            return queue
        }
    }

    /// Runs work on a database and translates its errors.
    package static func run<T>(_ path: String, _ work: () throws -> T) throws(AuditError) -> T {
        do {
            return try work()
        } catch let error as AuditError {
            throw error
        } catch let error as DatabaseError {
            let message = error.message ?? "\(error.resultCode)"
            throw AuditError(
                kind(of: error.resultCode.rawValue),
                "\(path): \(message) (SQLite \(error.extendedResultCode.rawValue))")
        } catch {
            throw AuditError(.io, "\(path): \(error)")
        }
    }

    /// - Parameter code: a result code of SQLite, extended or not.
    static func kind(of code: Int32) -> AuditError.Kind {
        switch code & 0xFF {
        case SQLITE_CONSTRAINT, SQLITE_MISMATCH: .constraint
        case SQLITE_NOTADB: .format
        default: .io
        }
    }
}
