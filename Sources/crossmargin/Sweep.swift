import ArgumentParser
import Foundation
import Scenarios
import Studies

/// Runs a scenario over values and seeds.
struct Sweep: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a scenario over values and seeds, into a database of results.",
        discussion: """
            crossmargin sweep scenarios/oracle-delay.yaml --vary oracles.ETH.latency=0s..120s:30s --seeds 1...16
            crossmargin sweep FILE --vary protocol.liquidation.penalty=1%,2%,4% --db out.sqlite

            Every point is run with the same seeds, so that differences are caused by what was varied. The \
            result is the same for any number of --jobs. A sweep that was stopped goes on when the same \
            command is given again. --shard 2/8 runs the second of eight parts, into a file of its own; \
            `crossmargin study merge` puts the parts together.
            """)

    @Argument(help: "The scenario, a YAML file.")
    var scenario: String
    @Option(
        help: ArgumentHelp(
            "What to vary: a list a,b,c, a range from..to:step, or from..to with --sample; may be repeated.",
            valueName: "key=values"))
    var vary: [String] = []
    @Option(
        help: ArgumentHelp(
            "Which points: every combination, or so many of a Latin hypercube.",
            valueName: "grid|latin:N[:SEED]"))
    var sample = "grid"
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Overrides one value for all points; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []
    @Option(
        name: .customLong("db"),
        help: ArgumentHelp("The SQLite file for the results.", valueName: "file"))
    var database: String?
    @Option(help: ArgumentHelp("Runs only the i-th of n parts.", valueName: "i/n"))
    var shard: String?
    @Flag(help: "Fails unless --db holds a part of this sweep already.")
    var resume = false
    @Option(
        help: ArgumentHelp(
            "A metric to show, with or without its unit; may be repeated.", valueName: "name"))
    var metric: [String] = []
    @Option(
        help: ArgumentHelp(
            "Records every run in full, each in a file of its own in this folder.",
            valueName: "folder"))
    var fullAudit: String?
    @Flag(help: "Prints comma-separated statistics of all metrics.")
    var csv = false
    @Flag(help: "Prints them as JSON.")
    var json = false
    @OptionGroup var options: StudyOptions

    func validate() throws {
        if resume || shard != nil, database == nil {
            throw ValidationError("--\(resume ? "resume" : "shard") needs --db")
        }
    }

    func run() throws {
        // A missing file is said as everywhere else.
        _ = try ScenarioFiles.load(scenario, overrides: overrides)
        let shard = try studying { try self.shard.map { try Shard($0) } ?? .whole }
        let seeds = try options.seedRange()
        let study = try studying {
            let design = try Design(sample)
            return try Study(
                kind: design.name, points: design.points(try vary.map { try Variation($0) }),
                seeds: seeds, load: FileSnapshots().loader(scenario, overrides: overrides))
        }
        let metrics = try StudyTables(study: study, values: StudyValues(study)).metrics(metric)
        if resume { try requireBegun(study, shard) }
        let running = StudyRunning(
            options: options, database: database, shard: shard, auditFolder: fullAudit,
            isQuiet: options.quiet || json || csv)
        let result = try running.run(study)
        StudyPrinting(study: study, result: result, database: database, shard: shard)
            .print(metrics, json: json, csv: csv)
    }

    private func requireBegun(_ study: Study, _ shard: Shard) throws {
        guard let database, FileManager.default.fileExists(atPath: database) else {
            throw fail("\(database ?? ""): there is nothing to resume", Exit.badInput)
        }
        let done = try studying { try StudyStore(database, study, shard: shard).done }
        guard done > 0 else {
            throw fail("\(database): there is no run of this sweep in it", Exit.badInput)
        }
    }
}

/// What verbs print that have run a study.
struct StudyPrinting {
    var study: Study
    var result: StudyRunning.Result
    var database: String?
    var shard: Shard = .whole

    func print(_ metrics: [Int], json: Bool, csv: Bool) {
        let tables = StudyTables(study: study, values: result.values)
        if json {
            Console.print(TableText.json(tables.statistics()))
            return
        }
        if csv {
            Console.print(TableText.csv(tables.statistics()))
            return
        }
        let runs =
            shard == .whole ? study.runCount : StudyRunner(study, shard: shard, jobs: 1).count
        var parts = [
            "\(study.name): \(RunResult.wrapped(study.question))",
            "\(study.points.count) points, seeds \(study.firstSeed) to \(study.seeds.upperBound)"
                + (shard == .whole ? "" : "; shard \(shard.index) of \(shard.count)"),
        ]
        parts += metrics.map(tables.text)
        let fresh = runs - result.done
        var last = "\(fresh) runs in \(rounded(result.seconds, 1)) s"
        if result.done > 0 { last += ", \(result.done) were there already" }
        if let database, let hash = result.hash { last += "; \(database)\ncontent \(hash)" }
        parts.append(last)
        Console.print(parts.joined(separator: "\n\n"))
    }
}
