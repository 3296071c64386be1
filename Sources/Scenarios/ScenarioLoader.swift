/// Reads scenarios: text, inheritance, overrides, grammar, and everything that has to fit together.
///
/// It touches no file itself: texts come from a closure.
public enum ScenarioLoader {
    /// So many scenarios may extend each other in a row.
    static let maximumChain = 8

    /// The scenario of a file, with what it extends and with overrides laid over it.
    ///
    /// - Parameters:
    ///   - path: as the closure takes it; files that a scenario names are relative to that scenario.
    ///   - overrides: `key.path=value` each, as after `--set`; a number in a path is an entry of a list.
    ///     Files named in an override are not relative to the scenario.
    ///   - read: the text of a file. What it throws becomes a problem at the place that named the file;
    ///     ``text(of:)`` decodes bytes for it.
    /// - Throws: ``ScenarioProblems`` with everything that is wrong.
    public static func load(
        _ path: String, overrides: [String] = [], read: @escaping (String) throws -> String
    ) throws(ScenarioProblems) -> Scenario {
        let problems = ProblemList()
        let files = ScenarioFiles(problems: problems, read: read)
        guard var tree = files.tree(path) else { throw ScenarioProblems(problems.sorted) }
        for text in overrides {
            guard let override = Override(text, problems) else { continue }
            if override.path.first == "extends" {
                problems.add(
                    override.value.position, "'extends' is part of a file and cannot be set")
                continue
            }
            tree = override.applied(to: tree, problems)
        }
        tree = Preset.expanded(tree, problems)
        tree = DataFiles(files: files).inlined(tree)
        return try ScenarioDecoder(tree, problems).scenario()
    }

    /// The scenario of a text that names no other file, such as ``Scenario/text``.
    ///
    /// - Parameter name: stands for the file in problems.
    /// - Throws: ``ScenarioProblems`` with everything that is wrong.
    public static func load(
        text: String, name: String = "scenario"
    ) throws(ScenarioProblems) -> Scenario {
        try load(name) { path in
            guard path == name else { throw OtherFile() }
            return text
        }
    }

    private struct OtherFile: Error, CustomStringConvertible {
        var description: String { "a text alone cannot name other files" }
    }

    /// The text of a file's bytes.
    ///
    /// - Throws: ``NotUTF8`` with the line of the first byte that is not UTF-8.
    public static func text(of bytes: some Collection<UInt8>) throws(NotUTF8) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var line = 1
        for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if String(validating: part, as: UTF8.self) == nil { break }
            line += 1
        }
        throw NotUTF8(line: line)
    }

    /// A file is not text in UTF-8.
    public struct NotUTF8: Error, Sendable, Hashable, CustomStringConvertible {
        /// Counted from one.
        public var line: Int
        public init(line: Int) { self.line = line }
        public var description: String { "the file is not UTF-8 (line \(line))" }
    }
}

/// The files of one loading, and what went wrong in them.
struct ScenarioFiles {
    let problems: ProblemList
    let read: (String) throws -> String

    /// The tree of a file with everything it extends below it; nil where a file cannot be read.
    func tree(_ path: String) -> Tree? { tree(path, namedAt: nil, chain: []) }

    private func tree(_ path: String, namedAt place: Position?, chain: [String]) -> Tree? {
        let path = Self.normalized(path)
        if chain.contains(path), let place {
            let circle = (chain + [path]).joined(separator: " → ")
            problems.add(place, "scenarios extend each other in a circle: \(circle)")
            return nil
        }
        guard chain.count < ScenarioLoader.maximumChain else {
            if let place {
                problems.add(
                    place, "more than \(ScenarioLoader.maximumChain) scenarios extend each other")
            }
            return nil
        }
        guard let (text, source) = text(path, namedAt: place),
            let own = YAMLReader(problems: problems, source: source).tree(of: text)
        else { return nil }
        guard own.entries != nil else {
            problems.add(own.position, "expected a scenario, a map of keys, found \(own.shown)")
            return nil
        }
        guard let extended = own["extends"] else { return own }
        guard let name = extended.scalar else {
            problems.add(extended.position, "expected the name of a file, found \(extended.shown)")
            return nil
        }
        guard
            let base = tree(
                Self.joined(name, relativeTo: path), namedAt: extended.position,
                chain: chain + [path])
        else { return nil }
        return base.overlaid(with: own.removing("extends"))
    }

    /// The text of a file, and its number; nil where it cannot be read, with a problem.
    func text(_ path: String, namedAt place: Position?) -> (text: String, source: Int)? {
        let source = problems.source(named: path)
        do {
            return (try read(path), source)
        } catch let error as ScenarioLoader.NotUTF8 {
            problems.add(
                Position(source: source, line: error.line, column: 1), "the file is not UTF-8")
        } catch {
            problems.add(
                place ?? Position(source: source, line: 0, column: 0),
                "cannot read '\(path)': \(error)")
        }
        return nil
    }

    /// A name as seen from the folder of a file.
    static func joined(_ name: String, relativeTo file: String) -> String {
        guard !name.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return name }
        return normalized(file[...slash] + name)
    }

    /// Without `.`, and without `..` behind a folder's name.
    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}
