import ArgumentParser
import Reports
import Scenarios
import Studies

/// Splits a loss among the frictions that cause it.
struct Attribute: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Says how much of a loss is oracle delay, congestion, market depth, capital or polling.",
        discussion: """
            crossmargin attribute scenarios/congestion.yaml --seeds 1...8

            Turns frictions off one by one and together, on the same random numbers, and splits the metric \
            among them by Shapley values: what each adds, averaged over all orders of turning them on. The \
            shares of each seed add up exactly to the difference between all frictions and none. A friction \
            that the scenario does not have contributes zero. n frictions take 2^n runs a seed.
            """)

    @Argument(help: "The scenario, a YAML file.")
    var scenario: String
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Overrides one value of the scenario; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []
    @Option(
        help: ArgumentHelp(
            "A friction to split among; may be repeated. All without it.",
            valueName: Friction.allCases.map(\.name).joined(separator: "|")))
    var friction: [String] = []
    @Option(help: ArgumentHelp("The metric that is split.", valueName: "name"))
    var metric = "loss_usd"
    @Option(
        name: .customLong("db"),
        help: ArgumentHelp("The SQLite file for the results; it resumes.", valueName: "file"))
    var database: String?
    @Flag(help: "Prints the shares as JSON.")
    var json = false
    @OptionGroup var options: StudyOptions

    func run() throws {
        let base = try ScenarioFiles.load(scenario, overrides: overrides)
        let frictions = try friction.map { name in
            guard let found = Friction(rawValue: name) else {
                let known = Friction.allCases.map(\.name).joined(separator: ", ")
                throw fail("there is no friction '\(name)'; frictions: \(known)", Exit.usage)
            }
            return found
        }
        let attribution = Attribution(base, frictions.isEmpty ? Friction.allCases : frictions)
        let seeds = try options.seedRange()
        let study = try studying {
            try Study(
                kind: "attribution", points: attribution.points, seeds: seeds,
                load: FileSnapshots().loader(scenario, overrides: overrides))
        }
        let place = try studying { try study.metric(called: metric) }
        let running = StudyRunning(
            options: options, database: database, isQuiet: options.quiet || json)
        let values = try running.run(study).values
        guard let result = attribution.result(values, metric: place) else {
            throw fail("\(metric) was not measured in every run", Exit.failed)
        }
        let unit = study.metrics[place].unit
        if json {
            Console.print(TableText.json(exact(attribution, result)))
        } else {
            Console.print(text(attribution, result, study.metrics[place].name, unit, seeds))
        }
    }

    private func exact(_ attribution: Attribution, _ result: Attribution.Result) -> ResultTable {
        var rows: [[Value]] = zip(attribution.parts, result.shares).map { part, share in
            [.text(part.friction.name), .real(share.mean), .real(share.halfWidth)]
        }
        rows += attribution.absent.map { [.text($0.name), .real(0), .real(0)] }
        rows.append([.text("rest"), .real(result.rest.mean), .real(result.rest.halfWidth)])
        rows.append([.text("total"), .real(result.total.mean), .real(result.total.halfWidth)])
        return ResultTable(columns: ["part", "mean", "half_width"], rows: rows)
    }

    private func text(
        _ attribution: Attribution, _ result: Attribution.Result, _ name: String,
        _ unit: Metric.Unit, _ seeds: ClosedRange<Int64>
    ) -> String {
        func share(_ part: Double) -> String {
            result.total.mean == 0
                ? "" : "\(rounded((part / result.total.mean * 100).magnitude, 1)) %"
        }
        func row(_ title: String, _ sample: Sample) -> [Value] {
            let sign = sample.mean * result.total.mean < 0 ? "-" : ""
            let part = share(sample.mean)
            return [title, StudyFigure.text(sample, unit), part.isEmpty ? "" : sign + part]
                .map(Value.text)
        }
        var table = ResultTable(columns: [name, "mean", "of the total"], rows: [])
        for (part, sample) in zip(attribution.parts, result.shares) {
            table.rows.append(row(part.friction.name, sample))
        }
        for friction in attribution.absent {
            table.rows.append([friction.name, "0", "not in this scenario"].map(Value.text))
        }
        table.rows.append(row("with none of them", result.rest))
        table.rows.append(row("total", result.total))
        var lines = [TableText.plain(table), "", "Off means:"]
        lines += attribution.parts.map { part in
            "  \(part.friction.name): " + part.off.map(\.override).joined(separator: ", ")
        }
        lines += [
            "",
            "\(attribution.points.count) subsets, seeds \(seeds.lowerBound) to \(seeds.upperBound); "
                + "in each seed the shares add up exactly to the total less what is left with none",
        ]
        return lines.joined(separator: "\n")
    }
}
