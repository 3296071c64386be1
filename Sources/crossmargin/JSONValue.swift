import ExactMath

/// A JSON value; numbers keep the decimals they have.
indirect enum JSONValue {
    case null
    case bool(Bool)
    /// As it is printed.
    case number(String)
    case text(String)
    case list([JSONValue])
    case object([(String, JSONValue)])

    init(_ value: (some Scaled)?) { self = value.map { .number("\($0)") } ?? .null }
    init(_ text: String?) { self = text.map { .text($0) } ?? .null }

    /// On lines of their own: objects and lists that hold others.
    func text(indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let text): return text
        case .text(let text): return TableText.quoted(text)
        case .list(let items):
            guard items.contains(where: \.isNested) else {
                return "[" + items.map { $0.text() }.joined(separator: ", ") + "]"
            }
            return "[\n" + items.map { inner + $0.text(indent: inner) }.joined(separator: ",\n")
                + "\n\(indent)]"
        case .object(let members):
            let shown = members.map { "\(TableText.quoted($0.0)): \($0.1.text(indent: inner))" }
            guard members.contains(where: \.1.isNested) || members.count > 3 else {
                return "{" + shown.joined(separator: ", ") + "}"
            }
            return "{\n" + shown.map { inner + $0 }.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    private var isNested: Bool {
        switch self {
        case .list, .object: true
        default: false
        }
    }
}
