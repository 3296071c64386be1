/// Why a study cannot be planned, run, stored or merged.
public struct StudyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A program chooses its exit code by it.
    public enum Kind: Hashable, Sendable {
        /// What was asked for makes no sense: a range, a constraint, a name.
        case usage
        /// A scenario that cannot run, or files that do not belong together.
        case input
        /// A file cannot be read or written.
        case io
    }
    public var kind: Kind
    public var message: String
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
    public var description: String { message }
}
