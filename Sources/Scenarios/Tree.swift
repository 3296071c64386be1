/// A value of a scenario's text with the place where it stands: what is left of YAML after reading.
struct Tree: Hashable {
    enum Content: Hashable {
        /// `isPlain` where the text has no quotes.
        case scalar(String, isPlain: Bool)
        case mapping([Entry])
        case sequence([Tree])
    }
    struct Entry: Hashable {
        var key: String
        /// Where the key stands.
        var position: Position
        var value: Tree
    }
    var content: Content
    var position: Position

    /// A text with quotes where they matter.
    static func text(_ text: String, at position: Position) -> Tree {
        Tree(content: .scalar(text, isPlain: true), position: position)
    }

    /// Nothing was written, or `null`.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    /// The text of a scalar that is not null.
    var scalar: String? {
        guard case .scalar(let text, _) = content, !isNull else { return nil }
        return text
    }

    var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    var items: [Tree]? {
        if case .sequence(let items) = content { items } else { nil }
    }

    /// The value of a key; nil where there is none.
    subscript(key: String) -> Tree? {
        entries?.first { $0.key == key }?.value
    }

    /// What it is, for messages: `a map`, `a list`, `nothing` or the quoted text.
    var shown: String {
        switch content {
        case .mapping: return "a map"
        case .sequence: return "a list"
        case .scalar(let text, _):
            if isNull { return "nothing" }
            let short = text.count > 40 ? text.prefix(40) + "…" : text[...]
            return "'\(short)'"
        }
    }

    /// The place of what a dotted path leads to, as far as the path exists.
    func position(of path: [String]) -> Position {
        var (tree, place) = (self, position)
        for step in path {
            if let entry = tree.entries?.first(where: { $0.key == step }) {
                (tree, place) = (entry.value, entry.value.position)
            } else if let index = Int(step), let items = tree.items, items.indices ~= index {
                (tree, place) = (items[index], items[index].position)
            } else {
                break
            }
        }
        return place
    }
}
