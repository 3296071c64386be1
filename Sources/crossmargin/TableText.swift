import Foundation
import Reports

/// A result as text: aligned columns, JSON, or comma-separated values.
enum TableText {
    /// Aligned columns, numbers to the right; cells are cut at 60 characters.
    static func plain(_ table: ResultTable) -> String {
        let cells = table.rows.map { row in row.map { cut(shown($0)) } }
        let numeric = table.columns.indices.map { column in
            !table.rows.isEmpty
                && table.rows.allSatisfy { $0[column].isNumber || $0[column] == .null }
        }
        let widths = table.columns.indices.map { column in
            ([table.columns[column].count] + cells.map { $0[column].count }).max() ?? 0
        }
        func line(_ row: [String]) -> String {
            var text = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                text +=
                    (column > 0 ? "  " : "") + (numeric[column] ? padding + cell : cell + padding)
            }
            while text.last == " " { text.removeLast() }
            return text
        }
        var lines = [line(table.columns), line(widths.map { String(repeating: "-", count: $0) })]
        lines += cells.map(line)
        if table.rows.isEmpty { lines.append("(no rows)") }
        if table.isTruncated { lines.append("(more rows: raise --limit)") }
        return lines.joined(separator: "\n")
    }

    static func json(_ table: ResultTable) -> String {
        let rows = table.rows.map { row in
            let fields = zip(table.columns, row).map { "\(quoted($0)): \(jsonValue($1))" }
            return "{" + fields.joined(separator: ", ") + "}"
        }
        return "[" + rows.joined(separator: ",\n ") + "]"
    }

    static func csv(_ table: ResultTable) -> String {
        ([table.columns] + table.rows.map { $0.map(\.description) })
            .map { $0.map(csvCell).joined(separator: ",") }.joined(separator: "\n")
    }

    private static func shown(_ value: Value) -> String {
        guard case .real(let number) = value else { return value.description }
        // Eight decimals are exact for what is stored; trailing zeros say nothing.
        guard number.magnitude < 1e15 else { return String(number) }
        var text = String(format: "%.8f", locale: Locale(identifier: "en_US_POSIX"), number)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    private static func cut(_ text: String) -> String {
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).joined(
            separator: " ")
        return line.count > 60 ? line.prefix(59) + "…" : line
    }

    private static func csvCell(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    private static func jsonValue(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .integer(let number): "\(number)"
        case .real(let number): number.isFinite ? "\(number)" : "null"
        case .text, .blob: quoted(value.description)
        }
    }

    /// A JSON string.
    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case let other where other.value < 0x20:
                out += String(format: "\\u%04x", other.value)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
