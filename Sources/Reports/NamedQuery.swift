/// A question with a name, and the one statement that answers it.
public struct NamedQuery: Hashable, Sendable {
    /// What the question leaves open.
    public struct Parameter: Hashable, Sendable {
        /// Without the colon.
        public var name: String
        public var explanation: String
        /// Nil when it must be given.
        public var standard: Value?
    }
    /// Lower-case words joined by hyphens.
    public var name: String
    public var title: String
    /// What the answer says and how to read it.
    public var explanation: String
    public var sql: String
    /// `run` is always the first; without a value it means the latest run.
    public var parameters: [Parameter]

    init(
        _ name: String, _ title: String, _ explanation: String, _ parameters: [Parameter] = [],
        sql: String
    ) {
        self.name = name
        self.title = title
        self.explanation = explanation
        self.sql = sql
        let run = Parameter(name: "run", explanation: "number of the run", standard: nil)
        self.parameters = [run] + parameters
    }

    /// All of them, in the order in which the catalogue shows them.
    public static let all =
        liquidationQueries + oracleQueries + chainQueries + stateQueries + integrityQueries

    /// The query of that name.
    ///
    /// - Throws: ``ReportError`` `.notFound`, with the names there are.
    public static func named(_ name: String) throws(ReportError) -> NamedQuery {
        guard let found = all.first(where: { $0.name == name }) else {
            let names = all.map(\.name).joined(separator: ", ")
            throw ReportError(.notFound, "no query is named \(name); there are \(names)")
        }
        return found
    }
}

extension NamedQuery.Parameter {
    static let block = NamedQuery.Parameter(
        name: "block", explanation: "at the end of this block; -1 is the last",
        standard: .integer(-1))
    static let account = NamedQuery.Parameter(
        name: "account", explanation: "number of the account", standard: nil)
    static let feed = NamedQuery.Parameter(
        name: "feed", explanation: "number of the feed; -1 is every feed", standard: .integer(-1))
}

extension ReportDatabase {
    /// Answers a named question.
    ///
    /// - Parameters:
    ///   - arguments: values of its parameters; those left out take their standard.
    ///   - limit: the most rows to return, or nil for all.
    /// - Throws: ``ReportError`` `.parameter` for one that is missing or unknown, `.notFound` for a run.
    public func answer(
        _ query: NamedQuery, arguments: [String: Value] = [:], limit: Int? = nil
    ) throws(ReportError) -> ResultTable {
        for name in arguments.keys.sorted()
        where query.parameters.allSatisfy({ $0.name != name }) {
            let known = query.parameters.map(\.name).joined(separator: ", ")
            throw ReportError(.parameter, "\(query.name) has no parameter \(name), only \(known)")
        }
        var values: [String: Value] = [:]
        for parameter in query.parameters {
            if let value = arguments[parameter.name] ?? parameter.standard {
                values[parameter.name] = value
            } else if parameter.name == "run" {
                values["run"] = .integer(try run().run)
            } else {
                throw ReportError(
                    .parameter,
                    "\(query.name) needs \(parameter.name): \(parameter.explanation)")
            }
        }
        if case .integer(let number)? = values["run"] { _ = try run(number) }
        return try self.query(query.sql, arguments: values, limit: limit)
    }
}
