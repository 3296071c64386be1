import ExactMath
import MarginProtocol

/// Reads one map by its section of the grammar.
///
/// Everything that is wrong goes to the list of problems; what cannot be read is replaced by a value that
/// never becomes part of a scenario.
struct Fields {
    let tree: Tree
    /// The dotted path of the map; empty at the top.
    let path: String
    let section: Section
    let decoder: ScenarioDecoder
    /// Nothing more is said about a map that is none.
    private let isBroken: Bool

    init(_ tree: Tree, _ path: String, _ section: Section, _ decoder: ScenarioDecoder) {
        self.tree = tree
        self.path = path
        self.section = section
        self.decoder = decoder
        isBroken = tree.entries == nil
        guard let entries = tree.entries else {
            let some = section.names.prefix(4).joined(separator: ", ")
            let more = section.names.count > 4 ? ", …" : ""
            decoder.problem(
                tree.position,
                "\(path.isEmpty ? "" : path + ": ")expected a map with the keys \(some)\(more), "
                    + "found \(tree.shown)")
            return
        }
        for entry in entries where section[entry.key] == nil {
            let place = path.isEmpty ? "" : " in \(path)"
            decoder.problem(
                entry.position, "unknown key '\(entry.key)'\(place)", hint: hint(for: entry))
        }
    }

    private func hint(for entry: Tree.Entry) -> String {
        if let near = Nearest.hint(entry.key, among: section.names) { return near }
        if entry.value.isNull, entry.key.prefix(3).allSatisfy(\.isNumber) {
            return "between { } and [ ] a comma separates entries: write thousands as 1_000 or 1k"
        }
        return "known keys: \(section.names.joined(separator: ", "))"
    }

    // MARK: Entries

    private func key(_ name: String) -> Key {
        guard let key = section[name] else {
            preconditionFailure("\(name) is not in the table of \(section.path)")
        }
        return key
    }

    /// The dotted path of a key.
    func path(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// Whether a key is written.
    func has(_ name: String) -> Bool {
        _ = key(name)
        return tree[name] != nil
    }

    /// What a key says; its default where it is missing and has one.
    ///
    /// A required key that is missing is a problem.
    func value(_ name: String) -> Tree? {
        let key = key(name)
        if let value = tree[name] { return value }
        if let text = key.defaultText {
            return .text(text, at: tree.position)
        }
        if key.isRequired, !isBroken {
            let place = path.isEmpty ? "" : " in \(path)"
            decoder.problem(tree.position, "missing key '\(name)'\(place): \(key.type)")
        }
        return nil
    }

    /// Where a key's value stands, or the map.
    func position(_ name: String) -> Position { tree[name]?.position ?? tree.position }

    func problem(_ name: String, _ message: String, hint: String? = nil) {
        decoder.problem(position(name), "\(path(name)): \(message)", hint: hint)
    }

    // MARK: Scalars

    /// The value of a key that is required or has a default.
    func read<Value>(_ name: String, _ kind: Kind<Value>) -> Value {
        guard let value = value(name) else { return kind.placeholder }
        return decoder.scalar(value, kind, path(name)) ?? kind.placeholder
    }

    /// The value of a key; nil where it is missing or `none`.
    func readIfPresent<Value>(_ name: String, _ kind: Kind<Value>) -> Value? {
        guard let value = value(name) else { return nil }
        if value.scalar == "none" {
            decoder.setting(path(name), "none")
            return nil
        }
        return decoder.scalar(value, kind, path(name))
    }

    /// The written value of a key, or what is given, which is then shown as a setting.
    func read<Value>(
        _ name: String, _ kind: Kind<Value>, else value: Value, shown: (Value) -> String
    ) -> Value {
        if let tree = tree[name] {
            return decoder.scalar(tree, kind, path(name)) ?? kind.placeholder
        }
        _ = key(name)
        decoder.setting(path(name), shown(value))
        return value
    }

    /// Says that a key has no meaning here, if it is written.
    func refuse(_ name: String, _ reason: String) {
        if has(name) { problem(name, reason) }
    }
}

extension ScenarioDecoder {
    func problem(
        _ position: Position, _ message: @autoclosure () -> String,
        hint: @autoclosure () -> String? = nil
    ) {
        problems.add(position, message(), hint: hint())
    }

    func setting(_ path: String, _ value: String) {
        settings.append((path, value))
    }

    /// Reads a scalar and keeps it as a setting; nil with a problem.
    /// - Parameter path: nil where it is part of a row, which becomes no setting of its own.
    func scalar<Value>(_ tree: Tree, _ kind: Kind<Value>, _ path: String?) -> Value? {
        let place = path.map { $0 + ": " } ?? ""
        guard let text = tree.scalar else {
            problem(tree.position, "\(place)expected \(kind.expected), found \(tree.shown)")
            return nil
        }
        switch kind.read(text) {
        case .value(let value):
            if let path { setting(path, text) }
            return value
        case .problem(let message, let hint):
            problem(tree.position, place + message, hint: hint)
            return nil
        }
    }

    /// The entries of a map whose keys are names; empty with a problem where it is no map.
    func named(_ tree: Tree, _ path: String, of what: String) -> [Tree.Entry] {
        guard let entries = tree.entries else {
            problem(tree.position, "\(path): expected a map of \(what), found \(tree.shown)")
            return []
        }
        return entries.filter { entry in
            if isName(entry.key) { return true }
            problem(
                entry.position,
                "\(path): expected a name of letters, digits, '-' and '_', found '\(entry.key)'")
            return false
        }
    }

    /// The rows of a list of lists, each with so many columns.
    /// - Parameter columns: their names, for messages.
    func rows(
        _ tree: Tree, _ path: String, columns: String, count: ClosedRange<Int>
    ) -> [(position: Position, cells: [Tree])] {
        guard let items = tree.items else {
            problem(
                tree.position, "\(path): expected a list of rows [\(columns)], found \(tree.shown)")
            return []
        }
        if items.isEmpty {
            problem(tree.position, "\(path): expected at least one row [\(columns)]")
        }
        return items.compactMap { item in
            guard let cells = item.items, count.contains(cells.count) else {
                let found =
                    item.items.map { "\($0.count) \($0.count == 1 ? "value" : "values")" }
                    ?? item.shown
                problem(item.position, "\(path): expected a row [\(columns)], found \(found)")
                return nil
            }
            return (item.position, cells)
        }
    }

    /// The index of a name among some; nil with a problem that suggests the nearest.
    func index(
        of tree: Tree, among names: [String], _ path: String, a what: String
    ) -> Int? {
        guard let name = tree.scalar else {
            problem(tree.position, "\(path): expected the name of \(what), found \(tree.shown)")
            return nil
        }
        return index(of: name, at: tree.position, among: names, path, a: what)
    }

    func index(
        of name: String, at position: Position, among names: [String], _ path: String,
        a what: String
    ) -> Int? {
        if let index = names.firstIndex(of: name) { return index }
        let known =
            names.isEmpty ? "there is none" : "known: \(names.joined(separator: ", "))"
        problem(
            position, "\(path): '\(name)' is not \(what) of this scenario",
            hint: Nearest.hint(name, among: names) ?? known)
        return nil
    }

    /// One entry or a list of entries.
    func list(_ tree: Tree) -> [Tree] { tree.items ?? [tree] }

    /// Words for a set of actions: one, or a list.
    func actions(_ tree: Tree, _ path: String, _ known: [(word: String, value: Actions)]) -> Actions
    {
        var actions: Actions = []
        if tree.scalar == "none" {
            setting(path, "none")
            return actions
        }
        for item in list(tree) {
            if let action = scalar(item, Kind.choice(known), nil) { actions.insert(action) }
        }
        setting(path, YAMLWriter.flow(tree))
        return actions
    }
}
