import ArgumentParser
import Foundation
import Scenarios
import Studies

/// Studies: files that say what to run, and shards of them.
struct StudyVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study",
        abstract: "Runs a study's file, or puts the shards of a study together.",
        subcommands: [RunStudy.self, MergeStudy.self])
}

/// Runs a study's file.
struct RunStudy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a study's file and answers its question.",
        discussion: """
            crossmargin study run studies/oracle-latency.yaml --db out.sqlite
            crossmargin study run studies/oracle-latency.yaml --page docs/studies/oracle-latency.md
            """)

    @Argument(help: "The study, a YAML file.")
    var study: String
    @Option(
        name: .customLong("db"),
        help: ArgumentHelp("The SQLite file for the results.", valueName: "file"))
    var database: String?
    @Option(
        help: ArgumentHelp(
            "Other seeds than the file's, such as 1...4.", valueName: "first...last"))
    var seeds: String?
    @Option(
        help: ArgumentHelp(
            "Only the point with this label; may be repeated. Prints rows alone.",
            valueName: "label"))
    var point: [String] = []
    @Option(help: ArgumentHelp("Writes the study's page there.", valueName: "file"))
    var page: String?
    @Option(name: .shortAndLong, help: "How many runs go on at once; as many as cores without it.")
    var jobs: Int?
    @Flag(name: .shortAndLong, help: "No progress line.")
    var quiet = false
    @Flag(help: "Prints comma-separated statistics of all metrics.")
    var csv = false
    @Flag(help: "Prints them as JSON.")
    var json = false

    func validate() throws {
        if page != nil, seeds != nil || !point.isEmpty {
            throw ValidationError("a page has all points and the file's seeds")
        }
    }

    func run() throws {
        let snapshots = FileSnapshots()
        let file = try studying { try StudyFile.load(self.study) { try snapshots.read($0) } }
        let all = try studying { try file.points() }
        var options = StudyOptions()
        options.seeds = seeds ?? file.seeds
        options.jobs = jobs
        options.quiet = quiet
        try options.validate()
        let points = try chosen(all)
        let range = try options.seedRange()
        let study = try studying {
            try Study(
                name: file.name, question: file.question,
                kind: file.sample == "grid" ? "grid" : "latin", points: points, seeds: range,
                load: snapshots.loader(file.scenario, overrides: []))
        }
        let metrics = try studying { try file.metrics.map(study.metric(called:)) }
        let running = StudyRunning(
            options: options, database: database, isQuiet: quiet || json || csv)
        let result = try running.run(study)
        if let page {
            try write(
                try studying {
                    try StudyPage(file, study, result.values).markdown(path: self.study)
                }, to: page)
        }
        if point.isEmpty || json || csv {
            StudyPrinting(study: study, result: result, database: database)
                .print(metrics, json: json, csv: csv)
        } else {
            let rows = try studying { try StudyPage(file, study, result.values) }
            for point in points.indices { Console.print(rows.row(point)) }
        }
    }

    private func chosen(_ all: [StudyPoint]) throws -> [StudyPoint] {
        guard !point.isEmpty else { return all }
        return try point.map { label in
            guard let found = all.first(where: { $0.label == label }) else {
                let labels = all.map { "'\($0.label)'" }.joined(separator: ", ")
                throw fail("there is no point '\(label)'; points: \(labels)", Exit.usage)
            }
            return found
        }
    }

    private func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw fail("\(path): \(error.localizedDescription)", Exit.inputOutput)
        }
    }
}

/// Puts the shards of a study together.
struct MergeStudy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Puts the shards of a study together, without loss.",
        discussion: """
            crossmargin sweep FILE … --shard 1/2 --db a.sqlite
            crossmargin sweep FILE … --shard 2/2 --db b.sqlite
            crossmargin study merge all.sqlite a.sqlite b.sqlite

            The content is the same as that of one process, and so is its hash. Files that are not shards of one \
            study, overlap, or are not complete are refused.
            """)

    @Argument(help: "The file to write; it holds no study yet.")
    var output: String
    @Argument(help: "The files of the shards.")
    var inputs: [String]

    func run() throws {
        let merged = try studying { try StudyMerge.merge(inputs, into: output) }
        Console.print("\(merged.name): \(merged.runs) runs in \(output)\ncontent \(merged.hash)")
    }
}
