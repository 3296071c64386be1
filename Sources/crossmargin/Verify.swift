import ArgumentParser
import Audit
import Reports
import Scenarios
import Simulation

/// Checks a recorded run against its hash chain, or against a new run of its scenario.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks a recorded run against its hash chain, or by running it again.",
        discussion: """
            Every block's hash covers its parent's and every row of the block, so an edited, missing or \
            added row is found, and named by table and key.

            With --replay the stored scenario is run again and compared row by row; the first block \
            that differs is named with both values.

            Exit codes: 0 intact; 1 not intact; 65 not a database of runs; 74 unreadable.
            """)

    @Argument(help: "The database.")
    var database: String
    @Option(name: .customLong("run"), help: "The run; the default is every run in the file.")
    var runNumber: Int64?
    @Flag(help: "Runs the stored scenario again and compares.")
    var replay = false
    @Flag(help: "Prints JSON.")
    var json = false

    func run() throws {
        let runs = try ReportFailure.reporting { try ReportDatabase(database).runs() }
            .filter { runNumber == nil || $0.run == runNumber }
        guard !runs.isEmpty else {
            throw fail(
                runNumber.map { "\(database): there is no run \($0)" }
                    ?? "\(database): there is no run",
                Exit.badInput)
        }
        var isIntact = true
        for stored in runs {
            let report = try reporting { try check(stored) }
            isIntact = isIntact && report.isIntact
            Console.print(json ? describeJSON(report) : describe(report, stored))
        }
        if !isIntact { throw Exit.failed }
    }

    private func check(_ stored: RunInfo) throws -> VerifyReport {
        let chain = try Verifier.verify(database, run: stored.run)
        guard replay, chain.isIntact else { return chain }
        guard stored.engineVersion == Engine.version else {
            throw fail(
                "run \(stored.run) was recorded by version \(stored.engineVersion); "
                    + "this is \(Engine.version)", Exit.badInput)
        }
        let scenario = try ScenarioLoader.load(text: stored.scenarioText)
        let simulation = try ScenarioFiles.simulate(scenario)
        return try Verifier.replay(
            database, run: stored.run, description: simulation.description,
            next: { simulation.next() })
    }

    private func describe(_ report: VerifyReport, _ stored: RunInfo) -> String {
        let what = replay ? "replayed" : "verified"
        let size = "\(grouped(report.blocks)) blocks, \(grouped(Int64(report.rows))) rows"
        if report.isIntact {
            let ending = stored.isComplete ? "" : " (unfinished: continue it with run --resume)"
            let head = report.head.map { ", head \($0)" } ?? ""
            return "run \(report.run) \(stored.scenario): intact, \(what) \(size)\(head)\(ending)"
        }
        var lines = ["run \(report.run) \(stored.scenario): NOT INTACT"]
        lines += report.problems.map { "  \($0)" }
        if report.isTruncated { lines.append("  … and more") }
        return lines.joined(separator: "\n")
    }

    private func describeJSON(_ report: VerifyReport) -> String {
        let problems = report.problems.map { "\($0)".debugDescription }.joined(separator: ", ")
        let head = report.head.map { "\"\($0)\"" } ?? "null"
        return
            "{\"run\": \(report.run), \"intact\": \(report.isIntact), \"blocks\": \(report.blocks), "
            + "\"rows\": \(report.rows), \"head_hash\": \(head), \"problems\": [\(problems)]}"
    }
}
