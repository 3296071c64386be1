/// Why a question could not be answered.
public struct ReportError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// The file: missing, not allowed, damaged.
        case io
        /// The file is no database of this program, or of another version of it.
        case format
        /// The SQL is wrong, or would write.
        case sql
        /// There is no such run, query, account or block.
        case notFound
        /// A parameter is missing, unknown, or not what it must be.
        case parameter
    }
    public var kind: Kind
    public var message: String
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
    public var description: String { message }
}
