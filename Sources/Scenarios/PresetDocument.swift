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
        /// The comment of its line, or of the map it stands in, without the sources it names.
        public var note: String
        /// Which of the document's sources that comment names, in its order; `lib/margin` for a place in one.
        public var sources: [String]
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

    /// A comment and the sources that it ends in: `NOTE: source, source`, or only those.
    private func split(_ comment: String) -> (note: String, sources: [String]) {
        let start = comment.ranges(of: ": ").last
        let named = comment[(start?.upperBound ?? comment.startIndex)...].split(separator: ",")
            .map { String($0.drop { $0 == " " }) }
        let isSource = named.allSatisfy { name in
            let first = name.prefix { $0 != "/" && $0 != " " }
            return sources.contains { $0.name == first }
        }
        guard !named.isEmpty, isSource else { return (comment, []) }
        return (String(comment[..<(start?.lowerBound ?? comment.startIndex)]), named)
    }

    private mutating func collect(
        _ tree: Tree, _ path: [String], _ inherited: String, _ notes: [String]
    ) {
        func note(_ line: Int) -> String {
            let own = notes.indices.contains(line - 1) ? notes[line - 1] : ""
            return own.isEmpty ? inherited : own
        }
        guard let entries = tree.entries else {
            let (text, named) = split(note(tree.position.line))
            rules.append(
                Rule(
                    path: path.joined(separator: "."), value: YAMLWriter.flow(tree),
                    meaning: Self.meaning(of: path), note: text, sources: named))
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
        func group(of rule: Rule) -> String {
            let parts = rule.path.split(separator: ".")
            return parts.prefix(min(2, parts.count - 1)).joined(separator: ".")
        }
        var groups: [String] = []
        for rule in rules where !groups.contains(group(of: rule)) { groups.append(group(of: rule)) }
        for name in groups {
            text += "\n\(marks)# \(name)\n\n"
            text += "| rule | value | meaning | note | source |\n|---|---|---|---|---|\n"
            for rule in rules where group(of: rule) == name {
                let key = rule.path.dropFirst(name.count + 1)
                let value = rule.value.replacing("|", with: "\\|")
                let named = rule.sources.map { "`\($0)`" }.joined(separator: ", ")
                text += "| `\(key)` | `\(value)` | \(rule.meaning) | \(rule.note) | \(named) |\n"
            }
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
            preset does not set has its default. *Note* is the preset's remark on its choice, *source* names one of the
            sources at the venue's end; "Assumed" marks what has none.

            """
        for preset in Preset.all {
            text += "\n" + (try PresetDocument(preset)).markdown(level: 2)
        }
        return text
    }
}
