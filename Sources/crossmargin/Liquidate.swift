import ArgumentParser
import ExactMath
import MarginCalculator
import MarginProtocol
import Reports
import Scenarios

/// Runs the whole liquidation of an account, step by step.
struct Liquidate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the whole liquidation of an account, step by step, as a table.",
        discussion: "Prices stay as they are in the file. The file is that of 'health'.")

    @OptionGroup var input: AccountInput
    @Option(help: "How many seconds each step comes after the one before it.")
    var pause: Int = 1
    @Option(help: "The market of an isolated position to liquidate, in place of the account.")
    var isolated: String?
    @Flag(help: "Prints JSON; every number is exact.")
    var json = false

    func validate() throws {
        guard (0...1_000_000).contains(pause) else {
            throw ValidationError("'--pause' is a number of seconds from 0 to 1000000.")
        }
    }

    func run() throws {
        let account = try input.account()
        let run = LiquidationRun(
            account, of: try target(account), pause: TimeSpan(seconds: Int64(pause)))
        Console.print(json ? self.json(run).text() : plain(run))
    }

    private func target(_ account: CalculatedAccount) throws -> AccountID? {
        let names = account.isolated.sorted { $0.key < $1.key }.map { index, id in
            (account.file.parameters.markets[account.file.positions[index].market.index].name, id)
        }
        guard let isolated else {
            // The only thing there is may be an isolated position.
            let facts = account.house.account(account.cross)
            return facts.assets == 0 && facts.markets == 0 && names.count == 1 ? names[0].1 : nil
        }
        if let found = names.first(where: { $0.0 == isolated || $0.0.hasPrefix(isolated + "-") }) {
            return found.1
        }
        let known =
            names.isEmpty ? "there is none" : "known: " + names.map(\.0).joined(separator: ", ")
        throw fail("\(input.file): no isolated position in '\(isolated)' (\(known))", Exit.badInput)
    }

    /// What a step takes; in an auction, what happens to it.
    private static func taken(_ step: LiquidationStep) -> String {
        switch step.kind {
        case .auction, .purchase, .bid, .settlement: "\(step.kind.rawValue) \(step.what)"
        default: step.what
        }
    }

    private func plain(_ run: LiquidationRun) -> String {
        guard !run.rows.isEmpty else { return "No step: \(run.ending)." }
        let table = ResultTable(
            columns: [
                "step", "after", "takes", "amount", "price", "repays", "penalty", "deficit",
                "health",
            ],
            rows: run.rows.enumerated().map { index, row in
                [
                    .integer(Int64(index + 1)), .text("\(row.elapsed.milliseconds / 1000) s"),
                    .text(Self.taken(row.step)), .text("\(row.step.amount)"),
                    .text("\(row.step.price)"),
                    .text(row.step.repaid.map { "\($0) \(row.step.repaidAsset ?? "")" } ?? "-"),
                    .text(dollars(row.step.penalty.raw)), .text(dollars(row.step.deficit.raw)),
                    .text(dollars(row.after.surplus.raw)),
                ]
            })
        let paid = run.rows.reduce(Money.zero) { $0 + $1.step.penalty }
        let deficit = run.rows.reduce(Money.zero) { $0 + $1.step.deficit }
        return """
            \(TableText.plain(table))

            \(run.rows.count) \(run.rows.count == 1 ? "step" : "steps"); \(run.ending).
            Penalties \(dollars(paid.raw)), deficit \(dollars(deficit.raw)).
            """
    }

    private func json(_ run: LiquidationRun) -> JSONValue {
        .object([
            ("protocol", .text(run.account.file.name)), ("ending", .text(run.ending)),
            (
                "steps",
                .list(
                    run.rows.map { row in
                        .object([
                            ("elapsed_ms", .number("\(row.elapsed.milliseconds)")),
                            ("step", HealthText.step(row.step)),
                            ("health_before", JSONValue(row.before.surplus)),
                            ("health_after", JSONValue(row.after.surplus)),
                            (
                                "loss_cover",
                                .list(
                                    row.covers.map { cover in
                                        .object([
                                            ("layer", .text("\(cover.layer)")),
                                            ("amount", JSONValue(cover.amount)),
                                        ])
                                    })
                            ),
                        ])
                    })
            ), ("account", .object([("after", HealthText.json(MarginReport(run.account)))])),
        ])
    }
}
