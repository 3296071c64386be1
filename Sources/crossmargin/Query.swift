import ArgumentParser
import Foundation
import Reports

/// Asks a recorded database a question, in SQL or by name.
struct Query: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks a database a question, in SQL or by name.",
        discussion: """
            crossmargin query runs.sqlite "select block, base_fee_gwei from v_block limit 5"
            crossmargin query runs.sqlite --named account-at-block --parameter account=40 --parameter block=900
            crossmargin query runs.sqlite --list

            The file is opened for reading only. Every table and view is documented in docs/sql.md.
            """)

    @Argument(help: "The database.")
    var database: String
    @Argument(help: "One statement that reads.")
    var sql: String?
    @Option(help: "The name of a question; --list shows them.")
    var named: String?
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A parameter of the named question; may be repeated.", valueName: "name=value"))
    var parameter: [String] = []
    @Option(help: "The most rows to show.")
    var limit: Int?
    @Flag(help: "Lists the named questions.")
    var list = false
    @Flag(help: "Prints JSON, one object a row.")
    var json = false
    @Flag(help: "Prints comma-separated values.")
    var csv = false

    func validate() throws {
        guard [sql != nil, named != nil, list].count(where: { $0 }) == 1 else {
            throw ValidationError("give one of: a statement, --named NAME, --list")
        }
        guard parameter.isEmpty || named != nil else {
            throw ValidationError("--parameter goes with --named")
        }
    }

    func run() throws {
        let table = try ReportFailure.reporting { try answer() }
        if json {
            Console.print(TableText.json(table))
        } else if csv {
            Console.print(TableText.csv(table))
        } else {
            Console.print(TableText.plain(table))
        }
    }

    private func answer() throws -> ResultTable {
        let file = try ReportDatabase(database)
        if list {
            return ResultTable(
                columns: ["name", "question", "parameters"],
                rows: NamedQuery.all.map { query in
                    let names = query.parameters.map(\.name).joined(separator: ", ")
                    return [.text(query.name), .text(query.title), .text(names)]
                })
        }
        if let sql { return try file.query(sql, limit: limit) }
        let query = try NamedQuery.named(named ?? "")
        return try file.answer(query, arguments: try arguments(), limit: limit)
    }

    private func arguments() throws -> [String: Value] {
        var values: [String: Value] = [:]
        for text in parameter {
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                throw ReportError(.parameter, "a parameter is name=value; found '\(text)'")
            }
            let value = String(text[text.index(after: equals)...])
            values[String(text[..<equals])] = Int64(value).map(Value.integer) ?? .text(value)
        }
        return values
    }
}

/// The exit codes of errors of reading.
enum ReportFailure {
    static func reporting<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as ReportError {
            switch error.kind {
            case .io: throw fail(error.message, Exit.inputOutput)
            case .parameter: throw fail(error.message, Exit.usage)
            case .format, .sql, .notFound: throw fail(error.message, Exit.badInput)
            }
        }
    }
}
