/// A study as a file says it: a scenario, what is varied in it, and the question that the page answers.
public struct StudyFile: Sendable {
    /// A named set of overrides that belong together.
    public struct Variant: Sendable, Hashable {
        public var name: String
        /// `key.path=value` each.
        public var overrides: [(key: String, value: String)]

        public static func == (a: Variant, b: Variant) -> Bool { a.name == b.name }
        public func hash(into hasher: inout Hasher) { hasher.combine(name) }
    }
    public var name: String
    public var question: String
    /// The scenario's file, as the file of the study is named.
    public var scenario: String
    /// Overrides of every point.
    public var set: [(key: String, value: String)]
    public var variants: [Variant]
    /// Keys and their values, written as after `--vary`.
    public var vary: [(key: String, range: String)]
    /// `grid` or `latin:N`.
    public var sample: String
    /// `1...16`.
    public var seeds: String
    /// The metrics of the table, in order.
    public var metrics: [String]
    /// What stands above the table.
    public var setting: String
    /// What stands below it; `{METRIC[POINT]}` is the mean of a metric at a point with its interval,
    /// `{METRIC[POINT - POINT]}` the paired difference.
    public var answer: String
}

extension StudyFile {
    static let section = Section(
        path: "",
        sentence: "A study: one scenario at several points, each run with the same seeds.",
        keys: [
            Key("name", "name", required: true, "What the study and its page are called."),
            Key("question", "text", required: true, "What it asks; the page's title."),
            Key(
                "scenario", "file", required: true,
                "The scenario, relative to this file."),
            Key("set", "map", rule: "nothing", "Overrides for all points: `key.path: value`."),
            Key(
                "variants", "map of maps", rule: "one without a name",
                "Named sets of overrides; each is crossed with what is varied."),
            Key(
                "vary", "map", rule: "nothing",
                "What changes from point to point: `key.path:` a list of values, or a range `0s..120s:10s`."
            ),
            Key(
                "sample", "grid or latin:N", default: "grid",
                "Every combination, or so many points of a Latin hypercube."),
            Key("seeds", "range", default: "1...16", "The seeds of every point."),
            Key("metrics", "list of metrics", required: true, "The columns of the table."),
            Key("setting", "text", rule: "empty", "What the page says before the table."),
            Key(
                "answer", "text", rule: "empty",
                "What the page says after it: `{METRIC[POINT]}` stands for a mean with its interval, `{METRIC[POINT - POINT]}` for a paired difference."
            ),
        ])

    /// The keys of a study's file, as Markdown.
    public static func reference() -> String { ScenarioReference.markdown(of: section) }

    /// Reads a study's file.
    ///
    /// - Throws: ``ScenarioProblems`` with everything that is wrong.
    public static func load(
        _ path: String, read: @escaping (String) throws -> String
    ) throws(ScenarioProblems) -> StudyFile {
        let problems = ProblemList()
        let files = ScenarioFiles(problems: problems, read: read)
        guard let tree = files.tree(path) else { throw ScenarioProblems(problems.sorted) }
        let file = StudyFileReader(tree: tree, problems: problems, path: path).file()
        guard problems.isEmpty else { throw ScenarioProblems(problems.sorted) }
        return file
    }
}

/// Turns a study file's tree into a study file.
struct StudyFileReader {
    let tree: Tree
    let problems: ProblemList
    let path: String

    func file() -> StudyFile {
        let fields = Fields(tree, "", StudyFile.section, ScenarioDecoder(tree, problems))
        let scenario = fields.read("scenario", .text)
        return StudyFile(
            name: fields.read("name", .name), question: fields.read("question", .text),
            scenario: ScenarioFiles.joined(scenario, relativeTo: path),
            set: overrides(tree["set"], "set"),
            variants: (tree["variants"]?.entries ?? []).map {
                StudyFile.Variant(
                    name: $0.key, overrides: overrides($0.value, "variants.\($0.key)"))
            },
            vary: overrides(tree["vary"], "vary").map { ($0.key, $0.value) },
            sample: fields.read("sample", .text), seeds: fields.read("seeds", .text),
            metrics: metrics(fields),
            setting: fields.read("setting", .text, else: "") { $0 },
            answer: fields.read("answer", .text, else: "") { $0 })
    }

    private func metrics(_ fields: Fields) -> [String] {
        guard let value = fields.value("metrics") else { return [] }
        guard let items = value.items else {
            problems.add(
                value.position, "metrics: expected a list of metrics, found \(value.shown)")
            return []
        }
        return items.compactMap { item in
            if let name = item.scalar { return name }
            problems.add(item.position, "metrics: expected a metric, found \(item.shown)")
            return nil
        }
    }

    /// `key: value`, a list being its values with commas between.
    private func overrides(_ tree: Tree?, _ place: String) -> [(key: String, value: String)] {
        guard let tree else { return [] }
        guard let entries = tree.entries else {
            problems.add(
                tree.position, "\(place): expected a map of keys and values, found \(tree.shown)")
            return []
        }
        return entries.compactMap { entry in
            if let text = entry.value.scalar { return (entry.key, text) }
            if entry.value.isNull { return (entry.key, "null") }
            if let items = entry.value.items {
                let texts = items.compactMap(\.scalar)
                if texts.count == items.count { return (entry.key, texts.joined(separator: ",")) }
            }
            problems.add(
                entry.value.position,
                "\(place).\(entry.key): expected a value, or a list of values; a map is written in quotes"
            )
            return nil
        }
    }
}
