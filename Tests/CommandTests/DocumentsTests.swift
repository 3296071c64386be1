import Foundation
import MarginProtocol
import Reports
import Scenarios
import Studies
import Testing

/// Documents that are generated are up to date; `make docs` rewrites them.
@Suite struct DocumentsTests {
    @Test func rejections() throws {
        var text = """
            # Rejections

            Why an included command changed nothing. The numbers never change their meaning: 1xx malformed, 2xx
            authority, 3xx status and prices, 4xx funds and margin, 5xx market and book, 6xx liquidation, 7xx price
            posting, 9xx arithmetic. Where several apply, the one that the transition checks first is reported.

            | code | name | meaning |
            |---|---|---|

            """
        for entry in Rejection.catalogue {
            text += "| \(entry.code) | `\(entry.name)` | \(entry.meaning) |\n"
        }
        try Tool.expectGolden(text, "docs/rejections.md")
    }

    @Test func invariants() throws {
        var text = """
            # Invariants

            What is always true. Checked after every block by the engine (`--paranoid`: after every transaction), and
            again, by other code, by the `breach_…` views of the database, which are empty.

            | number | name | always true |
            |---|---|---|

            """
        for invariant in Invariant.allCases {
            text += "| \(invariant.rawValue) | `\(invariant)` | \(invariant.meaning) |\n"
        }
        try Tool.expectGolden(text, "docs/invariants.md")
    }

    @Test func scenarioReference() throws {
        try Tool.expectGolden(ScenarioReference.markdown(), "docs/scenarios.md")
    }

    @Test func metrics() throws {
        var text = """
            # Metrics

            What a run comes to. Generated from where the metrics are defined. The engine sums them up while a run goes
            on: `crossmargin run --json` prints them, `expect` bounds them, `sweep` and its relatives measure them over seeds.
            The view `v_run_metric` computes them again, from the tables of a recorded run alone, but for `backstop_…`, `reserves_…`,
            `profit_usd_AGENT` and `attack_profit_usd_ATTACKER`, which follow what accounts are worth after each block; a test compares the two.

            | metric | unit | meaning |
            |---|---|---|

            """
        for metric in Scenario.metrics {
            text += "| `\(metric.name)` | \(metric.unit.rawValue) | \(metric.sentence) |\n"
        }
        text += """

            Units are count, share (1 is all), dollars, seconds, gwei, price (dollars a unit), and exactness (zero, or the engine is
            broken). Sums of money count each amount at the price of its moment: what the protocol paid at its own prices, gas at
            the outside price.

            ## Over seeds

            | statistic | meaning |
            |---|---|
            | mean ± | The mean over the seeds, and half of its 95 % interval by Student's t. |
            | paired difference | The mean over the seeds of the difference of two points that saw the same random numbers, with the interval of that mean. |
            | p5, p50, p95, p99 | Percentiles by nearest rank: the least value that so many per cent of the seeds do not exceed. |
            | value at risk | The 95th and 99th percentile of `loss_usd` over the seeds: `v_study_at_risk`. |
            | liquidations at risk | The same of `liquidated_notional_usd`. |

            ## Frictions

            What `crossmargin attribute` splits a metric among, and what it overrides to turn each off. A friction that a scenario does not
            have contributes zero.

            | friction | meaning |
            |---|---|

            """
        for friction in Friction.allCases {
            text += "| `\(friction.name)` | \(friction.sentence) |\n"
        }
        try Tool.expectGolden(text, "docs/metrics.md")
    }

    @Test func studies() throws {
        let text = """
            # Studies

            `crossmargin study run FILE` runs a study's file: a scenario, what is varied in it, the seeds, and the question that its page
            answers. The files are in `studies/`, their pages in `docs/studies/`; `make studies` rewrites the pages. Keys generated from
            where they are decoded.


            """
        try Tool.expectGolden(text + StudyFile.reference(), "docs/studies.md")
    }

    @Test func protocols() throws {
        try Tool.expectGolden(try PresetDocument.reference(), "docs/protocols.md")
    }

    /// The keys of an account file, and a real answer.
    @Test func health() throws {
        let example = try String(
            contentsOf: Tool.root.appendingPathComponent("docs/account.yaml"), encoding: .utf8)
        let path = Tool.root.appendingPathComponent("docs/account.yaml").path
        let plain = try Tool.run(["health", path], prefix: ["COLUMNS=80"])
        let json = try Tool.run(["health", path, "--json"])
        let steps = try Tool.run([
            "liquidate", path, "--set", "prices.ETH=1650",
        ])
        #expect(plain.code == 0 && json.code == 0 && steps.code == 0)
        let text = """
            # Accounts: `health` and `liquidate`

            A margin calculator over the simulator's own code: `crossmargin health FILE` says what a venue would say of an
            account, `crossmargin liquidate FILE` runs its whole liquidation step by step. Generated, answers included.

            ## An account

            `docs/account.yaml`:

            ```yaml
            \(example.trimmingCharacters(in: .newlines))
            ```

            ```
            $ crossmargin health docs/account.yaml
            \(plain.out.trimmingCharacters(in: .newlines))
            ```

            The same with `--json`; every number is exact. Money is in USD; what a position is worth, makes and requires is in its `unit`:

            ```json
            \(json.out.trimmingCharacters(in: .newlines))
            ```

            And had the price fallen:

            ```
            $ crossmargin liquidate docs/account.yaml --set prices.ETH=1650
            \(steps.out.trimmingCharacters(in: .newlines))
            ```

            ## The keys


            """
        try Tool.expectGolden(text + AccountFile.reference(), "docs/health.md")
    }

    @Test func commandLine() throws {
        var text = """
            # The command line

            Generated from the help of the program.

            """
        for verb in [
            "", "run", "validate", "new", "health", "liquidate", "protocols", "query", "show",
            "verify", "diff", "sweep", "study run", "study merge", "compare", "attribute",
            "optimize", "prices import", "calibrate", "calibrate oracle", "calibrate demand",
        ] {
            let result = try Tool.run(
                ["help"] + verb.split(separator: " ").map(String.init), prefix: ["COLUMNS=100"])
            text += "\n## crossmargin \(verb)\n\n```\n\(result.out)```\n"
        }
        try Tool.expectGolden(
            text.replacing("crossmargin \n", with: "crossmargin\n"), "docs/cli.md")
    }

    /// Where questions are answered from: the first of these that has an answer.
    static let recorded = ["congestion", "liquidators", "mark-price", "cascade-book"]

    /// Every question with its SQL and a real answer, from a run of the congestion scenario, or of one that is named.
    @Test func database() throws {
        let schema = try String(
            contentsOf: Tool.root.appendingPathComponent("schema.sql"), encoding: .utf8)
        let answers = try Tool.inFolder { folder in
            for name in Self.recorded {
                let run = try Tool.run(
                    ["run", Tool.scenario(name), "--db", "\(name).sqlite", "--json"], in: folder)
                #expect(run.code == 0, "\(run.error)")
            }
            var answers: [String: String] = [:]
            for query in NamedQuery.all {
                var arguments = ["--named", query.name, "--limit", "5"]
                if query.parameters.contains(where: { $0.name == "account" }) {
                    arguments += ["--parameter", "account=30"]
                }
                if query.parameters.contains(where: { $0.name == "block" }) {
                    arguments += ["--parameter", "block=2400"]
                }
                for name in Self.recorded {
                    let answer = try Tool.run(["query", "\(name).sqlite"] + arguments, in: folder)
                    let isFirst = name == Self.recorded[0]
                    if !isFirst, answer.out.contains("(no rows)") { continue }
                    answers[query.name] =
                        (isFirst ? "" : "(of scenarios/\(name).yaml)\n") + answer.out
                    if !answer.out.contains("(no rows)") { break }
                }
            }
            return answers
        }
        try Tool.expectGolden(
            SQLCatalogue.markdown(schema: schema, answers: answers), "docs/sql.md")
    }
}
