import ArgumentParser
import Audit
import Chain
import ExactMath
import Foundation
import Logging
import Scenarios
import Simulation

/// Runs a scenario, records it, and answers its question.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a scenario, into a database if one is named.",
        discussion: """
            Prints a summary that answers the scenario's question, and whether its expectations hold. \
            The same scenario and seed give the same head hash on every machine.

            With --resume, continues the unfinished run of a database: after a crash, or a full disk.
            """)

    @Argument(help: "The scenario, a YAML file; not needed with --resume.")
    var scenario: String?
    @Option(
        name: [.customLong("db")],
        help: ArgumentHelp(
            "The SQLite file to record into; it may hold other runs.", valueName: "file"))
    var database: String?
    @OptionGroup var overrides: Overrides
    @Flag(help: "Continues the unfinished run in --db.")
    var resume = false
    @Flag(help: "Checks every invariant after every transaction, not only after every block.")
    var paranoid = false
    @Flag(help: "Prints one JSON object instead of the summary.")
    var json = false
    @Flag(help: "Exit code 0 even if an expectation is not met.")
    var noExpect = false
    @Flag(name: .shortAndLong, help: "No progress line.")
    var quiet = false
    @OptionGroup var log: LogOptions

    func validate() throws {
        if resume {
            guard database != nil else { throw ValidationError("--resume needs --db") }
            guard scenario == nil, overrides.all.isEmpty else {
                throw ValidationError("--resume takes the scenario from the database")
            }
        } else if scenario == nil {
            throw ValidationError("a scenario is missing: crossmargin run FILE")
        }
    }

    func run() throws {
        let logger = log.logger("run")
        let unfinished = try resume ? reporting { try UnfinishedRun.open(database ?? "") } : nil
        let scenario = try unfinished.map { try Self.stored($0) } ?? load()
        logger.debug(
            "scenario loaded",
            metadata: ["name": "\(scenario.name)", "seed": "\(scenario.seed)"])
        let simulation = try ScenarioFiles.simulate(scenario, paranoid: paranoid)
        let writer = try reporting { try self.writer(simulation, unfinished) }
        if let writer {
            logger.debug(
                "recording",
                metadata: ["run": "\(writer.run)", "already recorded": "\(writer.recordedBlocks)"])
        }
        let hash = writer == nil ? HeadHash(simulation.description) : nil
        var progress = Progress(
            total: scenario.duration.milliseconds, isShown: !quiet && !json)
        try reporting {
            while let record = simulation.next() {
                try writer?.append(record)
                try hash?.append(record)
                progress.update(
                    block: record.header.number,
                    passed: (record.header.time - scenario.start).milliseconds)
            }
        }
        let recorded = try reporting { try writer?.finish(unseed: simulation.unseed) }
        progress.end()
        logger.debug("done", metadata: ["blocks": "\(simulation.summary.blocks)"])
        let result = RunResult(
            scenario: scenario, summary: simulation.summary, run: recorded?.run,
            head: (recorded?.head ?? hash?.head).map { "\($0)" } ?? "",
            rows: recorded?.rows ?? 0, seconds: progress.elapsed, database: database)
        Console.print(json ? result.json : result.text)
        if !noExpect, !result.verdicts.allSatisfy(\.isMet) { throw Exit.failed }
    }

    private func load() throws -> Scenario {
        try ScenarioFiles.load(scenario ?? "", overrides: overrides.all)
    }

    private func writer(_ simulation: Simulation, _ unfinished: UnfinishedRun?) throws(AuditError)
        -> AuditWriter?
    {
        guard let database else { return nil }
        if let unfinished {
            return try AuditWriter.resume(
                database, run: unfinished.run, description: simulation.description)
        }
        return try AuditWriter.create(database, description: simulation.description)
    }

    /// The scenario that a run was recorded with.
    static func stored(_ run: UnfinishedRun) throws -> Scenario {
        guard run.engineVersion == Engine.version else {
            throw fail(
                "run \(run.run) was recorded by version \(run.engineVersion); this is \(Engine.version)",
                Exit.badInput)
        }
        return try reporting { try ScenarioLoader.load(text: run.scenarioText) }
    }
}
