import ArgumentParser
import Reports

/// Shows what a database holds, or an account as it stood at the end of a block.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows runs, tables, or an account as it stood at a block.",
        discussion: """
            crossmargin show runs.sqlite                        its runs
            crossmargin show runs.sqlite tables                 its tables and views
            crossmargin show runs.sqlite account 40 --block 900 one account at the end of block 900
            """)

    @Argument(help: "The database.")
    var database: String
    @Argument(help: "runs, tables or account.")
    var what: What = .runs
    @Argument(help: "The account's number.")
    var number: Int64?
    @Option(help: "The end of this block; the default is the last.")
    var block: Int64?
    @Option(name: .customLong("run"), help: "The run; the default is the latest.")
    var runNumber: Int64?

    enum What: String, ExpressibleByArgument, CaseIterable {
        case runs, tables, account
    }

    func validate() throws {
        guard (what == .account) == (number != nil) else {
            throw ValidationError(
                what == .account
                    ? "which account? crossmargin show FILE account 17"
                    : "only an account has a number")
        }
        guard block == nil || what == .account else {
            throw ValidationError("--block goes with an account")
        }
    }

    func run() throws {
        let text = try ReportFailure.reporting { try describe() }
        Console.print(text)
    }

    private func describe() throws -> String {
        let file = try ReportDatabase(database)
        switch what {
        case .tables: return TableText.plain(try file.tables())
        case .runs:
            let rows: [[Value]] = try file.runs().map {
                [
                    .integer($0.run), .text($0.scenario), .text($0.seed), .integer($0.blocks),
                    .text($0.start), .text($0.isComplete ? "complete" : "unfinished"),
                    .text(String($0.headHash?.prefix(16) ?? "")),
                ]
            }
            let columns = ["run", "scenario", "seed", "blocks", "start", "status", "head"]
            return TableText.plain(ResultTable(columns: columns, rows: rows))
        case .account:
            let state = try file.account(number ?? 0, run: runNumber, block: block)
            return [
                "run \(state.run), at the end of block \(state.block)",
                section("Account", state.account), section("Balances", state.balances),
                section("Positions", state.positions), section("Health", state.health),
            ].joined(separator: "\n\n")
        }
    }

    private func section(_ title: String, _ table: ResultTable) -> String {
        "\(title)\n\(TableText.plain(table))"
    }
}
