/// Makes the reference of the database out of the schema's own comments and the named questions.
public enum SQLCatalogue {
    /// A table or view as the schema describes it.
    struct Entry: Equatable {
        var name: String
        var isView: Bool
        var text: String
        /// Column, type, and what the comment says; empty for a view.
        var columns: [(name: String, type: String, text: String)]

        static func == (a: Entry, b: Entry) -> Bool { a.name == b.name }
    }

    /// The document as Markdown.
    ///
    /// - Parameters:
    ///   - schema: the text of `schema.sql`.
    ///   - answers: real output for questions, by name, shown below their SQL.
    public static func markdown(schema: String, answers: [String: String] = [:]) -> String {
        let entries = entries(of: schema)
        var text = "# The database\n\n"
        text += "Generated from `schema.sql` and the named questions; do not edit.\n\n"
        text += preamble(of: schema) + "\n"
        text +=
            "\n## Questions\n\nAsk with `crossmargin query DB --named NAME`, or paste the SQL.\n"
        for query in NamedQuery.all {
            text += section(query)
            if let answer = answers[query.name] { text += "\n```\n\(answer)```\n" }
        }
        text += "\n## Tables\n"
        for entry in entries where !entry.isView { text += section(entry) }
        text += "\n## Views\n\n| view | shows |\n|---|---|\n"
        for entry in entries where entry.isView { text += "| `\(entry.name)` | \(entry.text) |\n" }
        return text
    }

    private static func section(_ query: NamedQuery) -> String {
        var text = "\n### \(query.name): \(query.title)\n\n\(query.explanation)\n\n"
        for parameter in query.parameters {
            var note = "needed"
            if parameter.name == "run" { note = "the latest" }
            if let standard = parameter.standard { note = "\(standard)" }
            text += "- `:\(parameter.name)`: \(parameter.explanation) (without it: \(note))\n"
        }
        return text + "\n```sql\n\(query.sql)\n```\n"
    }

    private static func section(_ entry: Entry) -> String {
        var text =
            "\n### \(entry.name)\n\n\(entry.text)\n\n| column | type | meaning |\n|---|---|---|\n"
        for column in entry.columns {
            text += "| `\(column.name)` | \(column.type) | \(column.text) |\n"
        }
        return text
    }

    /// The comment at the head of the schema.
    private static func preamble(of schema: String) -> String {
        schema.split(separator: "\n", omittingEmptySubsequences: false)
            .prefix { $0.hasPrefix("--") }.dropFirst(2)
            .map { $0.dropFirst($0.hasPrefix("-- ") ? 3 : 2) }.joined(separator: "\n")
    }

    /// Every table and view, in order, with the comment above it.
    static func entries(of schema: String) -> [Entry] {
        var entries: [Entry] = []
        var comment: [Substring] = []
        var isInTable = false
        for line in schema.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.split(separator: " ")
            if line.hasPrefix("-- ") {
                comment.append(line.dropFirst(3))
            } else if words.starts(with: ["create", "table"])
                || words.starts(with: ["create", "view"]), words.count > 5
            {
                isInTable = words[1] == "table"
                entries.append(
                    Entry(
                        name: String(words[5]), isView: !isInTable,
                        text: comment.joined(separator: " "), columns: []))
                comment = []
            } else if line.hasPrefix(")") {
                isInTable = false
            } else if isInTable, let column = column(line) {
                entries[entries.count - 1].columns.append(column)
            } else {
                comment = []
            }
        }
        return entries
    }

    /// `name type …, -- text`; nil for a constraint of the table.
    private static func column(_ line: Substring) -> (name: String, type: String, text: String)? {
        let words = line.split(separator: " ")
        guard words.count >= 2, ["integer", "text", "blob"].contains(words[1].prefix { $0 != "," })
        else { return nil }
        let text = line.firstRange(of: "-- ").map { String(line[$0.upperBound...]) } ?? ""
        let name = words[0].filter { $0 != "\"" }
        return (String(name), String(words[1].prefix { $0 != "," }), text)
    }
}
