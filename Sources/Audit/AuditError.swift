/// Why a database could not be written, read or trusted.
public struct AuditError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is; a program chooses its exit code by it.
    public enum Kind: Hashable, Sendable {
        /// The file or the disk: full, missing, not allowed, damaged, locked.
        case io
        /// The file is no database of this program, or of another version of it.
        case format
        /// There is no such run, or not in the state that was asked for.
        case noSuchRun
        /// What is recorded is not what the engine computes.
        case mismatch
        /// A value does not fit the schema: a bug of the engine.
        case constraint
    }
    public var kind: Kind
    public var message: String
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
    public var description: String { message }
}
