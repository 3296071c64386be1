import GRDB

/// The schema of the database, as `schema.sql` at the root of the repository says it.
public enum Schema {
    /// The whole text of `schema.sql`.
    public static let text = String(decoding: PackageResources.schema_sql, as: UTF8.self)

    /// "CRMG", in the header of every database of this program.
    static let applicationID: Int64 = 1_129_467_207
    /// The version of the schema.
    static let version: Int64 = 5

    private static let marker = "-- == indexes =="

    /// Everything but the indexes.
    static var definitions: String {
        guard let end = text.firstRange(of: marker) else { return text }
        return String(text[..<end.lowerBound])
    }

    /// Indexes that are built when a run closes.
    static var indexes: String {
        guard let start = text.firstRange(of: marker) else { return "" }
        return String(text[start.upperBound...])
    }

    /// The names of those indexes.
    static var indexNames: [String] {
        indexes.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.starts(with: ["create", "index", "if", "not", "exists"]), words.count > 5
            else { return nil }
            return String(words[5])
        }
    }

    /// Makes an empty file a database of this program; checks any other.
    ///
    /// - Throws: ``AuditError`` `.format` for a file of another program or version.
    static func prepare(_ database: Database, path: String) throws {
        if try Int64.fetchOne(database, sql: "select count(*) from sqlite_master") == 0 {
            try database.inTransaction(.immediate) {
                try database.execute(sql: definitions)
                return .commit
            }
        }
        try check(database, path: path)
    }

    /// - Throws: ``AuditError`` `.format` for a file of another program or version.
    static func check(_ database: Database, path: String) throws {
        let application = try Int64.fetchOne(database, sql: "pragma application_id")
        guard application == applicationID else {
            throw AuditError(.format, "\(path): not a CrossMargin database")
        }
        let found = try Int64.fetchOne(database, sql: "pragma user_version") ?? 0
        guard found == version else {
            throw AuditError(
                .format, "\(path): schema version \(found), but this program knows \(version)")
        }
    }
}
