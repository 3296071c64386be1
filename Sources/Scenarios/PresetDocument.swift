/// A preset as a document: each rule in words, each figure with its source.
///
/// Nothing is written twice: the words are those of the scenario reference, the figures and their notes are the
/// preset's own lines and comments.
public struct PresetDocument: Sendable {
    /// One figure or choice of a preset.
    public struct Rule: Sendable, Hashable {
        /// The dotted path: `protocol.liquidation.bonus`.
        public var path: String
        public var value: String
        /// What the key means.
        public var meaning: String
        /// The comment of its line, or of the map it stands in.
        public var note: String
    }
    public var name: String
    public var title: String
    public var summary: String
    public var rules: [Rule]
    /// The names that notes refer to, with what they stand for.
    public var sources: [(name: String, text: String)]

    /// - Throws: ``ScenarioProblems`` where the preset's text cannot be read.
    public init(_ preset: Preset) throws(ScenarioProblems) {
        let problems = ProblemList()
        let source = problems.source(named: "preset \(preset.name)")
        guard let tree = YAMLReader(problems: problems, source: source).tree(of: preset.text) else {
            throw ScenarioProblems(problems.sorted)
        }
        name = preset.name
        title = tree["about"]?["title"]?.scalar ?? preset.name
        summary = tree["about"]?["summary"]?.scalar ?? ""
        sources = (tree["sources"]?.entries ?? []).map { ($0.key, $0.value.scalar ?? "") }
        let notes = preset.text.split(separator: "\n", omittingEmptySubsequences: false)
            .map(Self.note(of:))
        rules = []
        for section in ["assets", "markets", "oracles", "protocol"] {
            guard let inner = tree[section] else { continue }
            collect(inner, [section], "", notes)
        }
    }

    /// What stands after the `#` of a line; empty for a line that is only a comment.
    private static func note(of line: Substring) -> String {
        guard let mark = line.firstRange(of: " #"), !line.allSatisfy({ $0 == " " }) else {
            return ""
        }
        guard line[..<mark.lowerBound].contains(where: { $0 != " " }) else { return "" }
        return String(line[mark.upperBound...].drop { $0 == " " })
    }

    private mutating func collect(
        _ tree: Tree, _ path: [String], _ inherited: String, _ notes: [String]
    ) {
        func note(_ line: Int) -> String {
            let own = notes.indices.contains(line - 1) ? notes[line - 1] : ""
            return own.isEmpty ? inherited : own
        }
        guard let entries = tree.entries else {
            rules.append(
                Rule(
                    path: path.joined(separator: "."), value: YAMLWriter.flow(tree),
                    meaning: Self.meaning(of: path), note: note(tree.position.line)))
            return
        }
        for entry in entries {
            collect(entry.value, path + [entry.key], note(entry.position.line), notes)
        }
    }

    /// The sentence of a key of the scenario grammar; that of the nearest map above where there is none.
    private static func meaning(of path: [String]) -> String {
        var path = path
        while let key = path.last {
            let parent = path.dropLast()
            for section in ScenarioReference.sections {
                let pattern = section.path.split(separator: ".").map(String.init)
                guard pattern.count == parent.count,
                    zip(pattern, parent).allSatisfy({ isPlaceholder($0) || $0 == $1 }),
                    let found = section[key]
                else { continue }
                return found.sentence
            }
            path.removeLast()
        }
        return ""
    }

    private static func isPlaceholder(_ word: String) -> Bool {
        word.allSatisfy { $0.isUppercase || $0 == "_" }
    }

    /// The document in Markdown, its title at a level.
    public func markdown(level: Int = 1) -> String {
        let marks = String(repeating: "#", count: level)
        var text = "\(marks) \(title)\n\n`\(name)`. \(summary)\n"
        var last = ""
        for rule in rules {
            let parts = rule.path.split(separator: ".")
            let group = parts.prefix(min(2, parts.count - 1)).joined(separator: ".")
            if group != last {
                text +=
                    "\n\(marks)# \(group)\n\n| rule | value | meaning | from |\n|---|---|---|---|\n"
                last = group
            }
            let key = rule.path.dropFirst(group.count + 1)
            let value = rule.value.replacing("|", with: "\\|")
            text += "| `\(key)` | `\(value)` | \(rule.meaning) | \(rule.note) |\n"
        }
        if !sources.isEmpty {
            text += "\n\(marks)# Sources\n\n"
            for source in sources { text += "- `\(source.name)`: \(source.text)\n" }
        }
        return text
    }

    /// All presets in one document.
    /// - Throws: ``ScenarioProblems`` where one cannot be read.
    public static func reference() throws(ScenarioProblems) -> String {
        var text = """
            # Protocols

            Generated from the files in `protocols/`: one venue's rules each, over one engine. A scenario takes one by its
            name (`protocol: {preset: aave-v3}`), `crossmargin health` and `crossmargin liquidate` work an account out under
            it, and `crossmargin protocols NAME` prints one alone. The words are those of the
            [scenario reference](scenarios.md); `default` stands for every asset or market that is not named. A key that a
            preset does not set has its default.

            """
        for preset in Preset.all {
            text += "\n" + (try PresetDocument(preset)).markdown(level: 2)
        }
        return text
    }
}
