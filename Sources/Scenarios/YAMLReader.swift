import Yams

/// Turns the text of a file into a tree, within limits that no scenario needs and every attack does.
///
/// Aliases, anchors and tags are refused: their signs never reach the YAML parser, which gets stand-ins
/// from Unicode's private use area instead, so that no alias can multiply what has to be read.
struct YAMLReader {
    /// The largest text that is read. [bytes]
    static let maximumSize = 1 << 20
    /// The deepest nesting of maps and lists.
    static let maximumDepth = 64
    /// After this many repeated keys the rest is not looked for.
    private static let maximumRepeats = 8

    let problems: ProblemList
    let source: Int

    /// The tree of a text; nil where it cannot be read, with problems that say why.
    func tree(of text: String) -> Tree? {
        guard text.utf8.count <= Self.maximumSize else {
            report(1, 1, "the file is larger than 1 MiB (\(text.utf8.count) bytes)")
            return nil
        }
        var text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        if let place = Self.first(in: text, where: { (0xE000...0xE1FF).contains($0.value) }) {
            report(
                place.line, place.column, "characters of Unicode's private use area mean nothing")
            return nil
        }
        if let place = NestingScan.firstBeyond(Self.maximumDepth, in: text) {
            report(place.line, place.column, Self.tooDeep)
            return nil
        }
        text = Signs.hidden(in: text)
        return parse(text)
    }

    private static let tooDeep = "maps and lists nest deeper than \(maximumDepth) levels"

    private func report(_ line: Int, _ column: Int, _ message: String, hint: String? = nil) {
        problems.add(
            Position(source: source, line: line, column: column), message, hint: hint)
    }

    // MARK: Parsing

    /// Parses until no key repeats: the parser stops at the first repetition, so each is renamed and kept.
    private func parse(_ hidden: String) -> Tree? {
        var text = hidden
        var renamed: [Character] = []
        while true {
            do {
                let parser = try Parser(
                    yaml: text, resolver: .basic, constructor: .default, encoding: .utf8)
                guard let root = try parser.singleRoot() else {
                    report(1, 1, "the file is empty")
                    return nil
                }
                return TreeBuilder(reader: self, renamed: renamed).tree(root, depth: 1)
            } catch let error as YamlError {
                if case .duplicatedKeysInMapping(_, let context) = error,
                    renamed.count < Self.maximumRepeats,
                    let other = rename(context.mark, in: text, to: renamed.count)
                {
                    text = other.text
                    renamed.append(other.original)
                    continue
                }
                report(error, in: text)
                return nil
            } catch {
                report(1, 1, "cannot be read as YAML: \(error)")
                return nil
            }
        }
    }

    /// Replaces the first character of the key at a place, without moving any column.
    private func rename(_ mark: Mark, in text: String, to number: Int)
        -> (text: String, original: Character)?
    {
        var scalars = Array(text.unicodeScalars)
        guard var index = Self.offset(of: mark, in: scalars) else { return nil }
        if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
        guard scalars.indices.contains(index), let stand = Unicode.Scalar(0xE100 + UInt32(number)),
            scalars[index].properties.isAlphabetic || scalars[index].properties.numericType != nil
        else { return nil }
        let original = Character(scalars[index])
        scalars[index] = stand
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return (String(view), original)
    }

    private static func offset(of mark: Mark, in scalars: [Unicode.Scalar]) -> Int? {
        var (line, index) = (1, 0)
        while line < mark.line, index < scalars.count {
            if scalars[index] == "\n" { line += 1 }
            index += 1
        }
        index += mark.column - 1
        return scalars.indices.contains(index) ? index : nil
    }

    private func report(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            // An anchor before a map leaves a text before a map, which is no YAML.
            if let sign = Signs.lastOpening(before: mark, in: text) {
                report(sign.line, sign.column, sign.message)
                return
            }
            let during = context.map { "\($0.text.trimmingSpaces), " } ?? ""
            let isBlock = context?.text == "while scanning a block scalar"
            report(
                mark.line, mark.column, "not YAML: \(during)\(problem)",
                hint: isBlock ? "put a text that begins with '>' or '|' in quotes" : nil)
        case .reader(let problem, let offset, _, let yaml):
            let scalars = Array(yaml.prefix(offset ?? 0).unicodeScalars)
            let lines = scalars.split(separator: "\n", omittingEmptySubsequences: false)
            report(lines.count, (lines.last?.count ?? 0) + 1, "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            report(
                context.mark.line, context.mark.column,
                "the key '\(Signs.restored(keys.first ?? ""))' stands twice in this map")
        default:
            report(1, 1, "cannot be read as YAML: \(error)")
        }
    }

    /// The place of the first scalar that satisfies a condition.
    private static func first(in text: String, where matches: (Unicode.Scalar) -> Bool)
        -> (line: Int, column: Int)?
    {
        var (line, column) = (1, 0)
        for scalar in text.unicodeScalars {
            column += 1
            if matches(scalar) { return (line, column) }
            if scalar == "\n" { (line, column) = (line + 1, 0) }
        }
        return nil
    }

    // MARK: The tree

    /// Copies the parser's nodes, and finds what the grammar of scenarios leaves out of YAML.
    private struct TreeBuilder {
        let reader: YAMLReader
        /// The characters behind the stand-ins of repeated keys.
        let renamed: [Character]

        func tree(_ node: Node, depth: Int) -> Tree? {
            let position = position(of: node)
            guard depth <= YAMLReader.maximumDepth + 1 else {
                reader.problems.add(position, YAMLReader.tooDeep)
                return nil
            }
            switch node {
            case .scalar(let scalar):
                let isPlain = scalar.style == .plain || scalar.style == .any
                if isPlain, let message = Signs.refusal(of: scalar.string) {
                    reader.problems.add(position, message)
                    reader.problems.settle(position)
                }
                let text = Signs.restored(scalar.string)
                return Tree(content: .scalar(text, isPlain: isPlain), position: position)
            case .sequence(let sequence):
                let items = sequence.compactMap { tree($0, depth: depth + 1) }
                return Tree(content: .sequence(items), position: position)
            case .mapping(let mapping):
                return Tree(
                    content: .mapping(entries(of: mapping, depth: depth)), position: position)
            case .alias:
                reader.problems.add(position, Signs.aliases)
                return nil
            }
        }

        private func position(of node: Node) -> Position {
            Position(
                source: reader.source, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        }

        private func entries(of mapping: Node.Mapping, depth: Int) -> [Tree.Entry] {
            var entries: [Tree.Entry] = []
            // Never iterated: only asked whether a key has been.
            var lines: [String: Int] = [:]
            for (keyNode, valueNode) in mapping {
                let position = position(of: keyNode)
                guard let scalar = keyNode.scalar else {
                    reader.problems.add(position, "expected a key, found a map or a list as a key")
                    continue
                }
                if let message = Signs.refusal(of: scalar.string) {
                    reader.problems.add(position, message)
                }
                let key = original(scalar.string)
                if let line = lines[key] {
                    reader.problems.add(
                        position, "the key '\(key)' stands twice in this map, first in line \(line)"
                    )
                    continue
                }
                lines[key] = position.line
                if let value = tree(valueNode, depth: depth + 1) {
                    entries.append(Tree.Entry(key: key, position: position, value: value))
                }
            }
            return entries
        }

        private func original(_ key: String) -> String {
            if let first = key.unicodeScalars.first, (0xE100...0xE1FF).contains(first.value),
                renamed.indices.contains(Int(first.value) - 0xE100)
            {
                return String(renamed[Int(first.value) - 0xE100])
                    + Signs.restored(String(key.dropFirst()))
            }
            return Signs.restored(key)
        }
    }
}

/// The signs of YAML that scenarios do without, and their stand-ins.
private enum Signs {
    static let aliases =
        "aliases ('*name') are not supported: write the value out, or use 'extends'"
    private static let anchors =
        "anchors ('&name') are not supported: write the value out, or use 'extends'"
    private static let tags =
        "tags ('!name') are not supported: put a text that begins with '!' in quotes"

    static func hidden(in text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x2A || $0 == 0x26 || $0 == 0x21 }) else {
            return text
        }
        var view = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "*": view.append("\u{E001}")
            case "&": view.append("\u{E002}")
            case "!": view.append("\u{E003}")
            default: view.append(scalar)
            }
        }
        return String(view)
    }

    static func restored(_ text: String) -> String {
        // All stand-ins begin with the byte EE, which is rare.
        guard text.utf8.contains(0xEE) else { return text }
        var view = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{E001}": view.append("*")
            case "\u{E002}": view.append("&")
            case "\u{E003}": view.append("!")
            default: view.append(scalar)
            }
        }
        return String(view)
    }

    /// Why a text without quotes is refused, if it is.
    static func refusal(of text: String) -> String? {
        switch text.unicodeScalars.first {
        case "\u{E001}": aliases
        case "\u{E002}": anchors
        case "\u{E003}": tags
        default: nil
        }
    }

    /// The last sign that would open a value in the line of a place or in the line before it.
    static func lastOpening(before mark: Mark, in text: String)
        -> (line: Int, column: Int, message: String)?
    {
        var (line, column) = (1, 0)
        var found: (line: Int, column: Int, message: String)?
        var opens = true
        for scalar in text.unicodeScalars {
            if (line, column) >= (mark.line, mark.column) { break }
            column += 1
            if scalar == "\n" {
                (line, column, opens) = (line + 1, 0, true)
            } else if let message = refusal(of: String(scalar)) {
                if opens, line >= mark.line - 1 { found = (line, column, message) }
                opens = false
            } else if scalar == ":" || scalar == "-" || scalar == "," || scalar == "["
                || scalar == "{"
            {
                opens = true
            } else if scalar != " " {
                opens = false
            }
        }
        return found
    }
}

extension String {
    fileprivate var trimmingSpaces: Substring {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return text
    }
}
