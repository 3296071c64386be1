/// One thing that is wrong with a scenario, and where.
public struct Problem: Sendable, Hashable {
    /// The file as it was named, or `--set KEY` for an override.
    public var file: String
    /// Counted from one; zero where there is no text to point into, as in an override.
    public var line: Int
    /// The Unicode scalar in the line, counted from one.
    public var column: Int
    /// What was expected and what was found, without a full stop.
    public var message: String
    /// What would probably be right: `did you mean 'latency'?`.
    public var hint: String?

    public init(file: String, line: Int, column: Int, message: String, hint: String? = nil) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
    }
}

extension Problem: CustomStringConvertible {
    /// One line: `crash.yaml:12:5: unknown key 'latencey' in oracles.ETH (did you mean 'latency'?)`.
    public var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        return "\(place): \(message)" + (hint.map { " (\($0))" } ?? "")
    }
}

/// Everything that is wrong with a scenario, in the order of the files and of their lines.
public struct ScenarioProblems: Error, Sendable, Hashable {
    /// At least one.
    public var problems: [Problem]

    public init(_ problems: [Problem]) { self.problems = problems }
}

extension ScenarioProblems: CustomStringConvertible {
    /// One problem a line.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}

/// A place in a file or in an override.
struct Position: Hashable {
    /// The index of the file in the order of loading.
    var source: Int
    var line: Int
    var column: Int
}

/// Collects what is wrong, so that one look at a file finds all of it.
final class ProblemList {
    /// The names of the files and overrides, by ``Position/source``.
    private(set) var sources: [String] = []
    private var found: [(position: Position, problem: Problem)] = []
    private var settled: [Position] = []

    /// Registers a file or an override, and says its number.
    func source(named name: String) -> Int {
        sources.append(name)
        return sources.count - 1
    }

    /// Nobody reads more, and looking for near names costs time.
    static let maximum = 200

    var isEmpty: Bool { found.isEmpty }
    var count: Int { found.count }

    func add(
        _ position: Position, _ message: @autoclosure () -> String,
        hint: @autoclosure () -> String? = nil
    ) {
        guard found.count < Self.maximum, !settled.contains(position) else { return }
        let problem = Problem(
            file: sources[position.source], line: position.line, column: position.column,
            message: message(), hint: hint())
        if !found.contains(where: { $0.problem == problem }) { found.append((position, problem)) }
    }

    /// Says nothing more about a value: what is wrong with it has been said.
    func settle(_ position: Position) {
        if settled.count < Self.maximum { settled.append(position) }
    }

    /// All problems by file, line and column; at one place in the order in which they were found.
    var sorted: [Problem] {
        found.enumerated().sorted { a, b in
            let (p, q) = (a.element.position, b.element.position)
            return (p.source, p.line, p.column, a.offset) < (q.source, q.line, q.column, b.offset)
        }.map(\.element.problem)
    }
}
