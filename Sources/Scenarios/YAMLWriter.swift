/// Writes a tree as canonical YAML: blocks for maps, one line for lists of plain values.
///
/// Reading the text gives the same tree again, places apart.
struct YAMLWriter {
    private(set) var text = ""

    /// The text of a map.
    static func text(of tree: Tree) -> String {
        var writer = YAMLWriter()
        if case .mapping(let entries) = tree.content, !entries.isEmpty {
            writer.write(entries, indent: 0)
        } else {
            writer.text = flow(tree) + "\n"
        }
        return writer.text
    }

    private mutating func write(_ entries: [Tree.Entry], indent: Int) {
        for (index, entry) in entries.enumerated() {
            // The first key of a list's entry stands behind its dash.
            if index > 0 || !text.hasSuffix("- ") { text += String(repeating: " ", count: indent) }
            text += Self.scalar(entry.key, isPlain: true) + ":"
            write(entry.value, indent: indent)
        }
    }

    /// Writes what follows a key or a dash.
    private mutating func write(_ value: Tree, indent: Int) {
        switch value.content {
        case .mapping(let entries) where !entries.isEmpty:
            text += "\n"
            write(entries, indent: indent + 2)
        case .sequence(let items) where !items.allSatisfy({ $0.isScalar }):
            text += "\n"
            for item in items {
                text += String(repeating: " ", count: indent + 2) + "- "
                if case .mapping(let entries) = item.content, !entries.isEmpty {
                    write(entries, indent: indent + 4)
                } else {
                    text += Self.flow(item) + "\n"
                }
            }
        default: text += " " + Self.flow(value) + "\n"
        }
    }

    /// A value on one line.
    static func flow(_ value: Tree) -> String {
        switch value.content {
        case .scalar(let text, let isPlain):
            value.isNull ? "null" : scalar(text, isPlain: isPlain)
        case .sequence(let items): "[" + items.map(flow).joined(separator: ", ") + "]"
        case .mapping(let entries):
            "{"
                + entries.map { scalar($0.key, isPlain: true) + ": " + flow($0.value) }
                .joined(separator: ", ") + "}"
        }
    }

    private static func scalar(_ text: String, isPlain: Bool) -> String {
        isSafe(text) ? text : quoted(text)
    }

    /// Whether a text means itself without quotes, in a block and in a flow.
    private static func isSafe(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text != "null" else {
            return false
        }
        let isWord = { (byte: UInt8) in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        }
        guard isWord(first) || first == UInt8(ascii: "$") || first == UInt8(ascii: "+"),
            isWord(last) || last == UInt8(ascii: "%")
        else { return false }
        var previous = first
        for byte in text.utf8 {
            let inside = " $%+-._/".utf8.contains(byte)
            // A colon is part of a time, never the end of a key.
            let isTime = byte == UInt8(ascii: ":") && isWord(previous)
            guard isWord(byte) || inside || isTime else { return false }
            if previous == UInt8(ascii: ":"), !isWord(byte) { return false }
            previous = byte
        }
        return true
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default:
                if scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value)
                    || (0x2028...0x2029).contains(scalar.value) || scalar.value == 0xFEFF
                {
                    let digits = String(scalar.value, radix: 16, uppercase: true)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}

extension Tree {
    var isScalar: Bool {
        if case .scalar = content { true } else { false }
    }
}
