/// What is wrong with a text of comma-separated values, and where.
public struct CSVError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Counted from one.
    public var line: Int
    /// The character in the line at which the offending field begins, counted from one.
    public var column: Int
    /// What was expected and what was found, without a full stop.
    public var message: String

    public init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    public var description: String { "\(line):\(column): \(message)" }
}
