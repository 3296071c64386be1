import ArgumentParser
import ExactMath
import Reports
import Scenarios
import Studies

/// Compares two scenarios on the same random numbers.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Compares two scenarios, or one with and without changes, on the same random numbers.",
        discussion: """
            crossmargin compare scenarios/oracle-delay.yaml --set oracles.ETH.latency=120s --seeds 1...16
            crossmargin compare scenarios/oracle-delay.yaml scenarios/congestion.yaml

            Differences are paired by seed. For one seed, the first block that differs and the accounts that are \
            liquidated in one of the two only.
            """)

    @Argument(help: "The first scenario.")
    var first: String
    @Argument(help: "The second; the first with --set without it.")
    var second: String?
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "What the second changes in the first; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []
    @Option(
        help: ArgumentHelp("A metric to show; may be repeated. All without it.", valueName: "name"))
    var metric: [String] = []
    @Option(
        help: ArgumentHelp(
            "The seed whose events are compared; the first without it.", valueName: "seed"))
    var events: Int64?
    @Flag(help: "Prints the differences as JSON.")
    var json = false
    @OptionGroup var options: StudyOptions

    func validate() throws {
        guard (second == nil) != overrides.isEmpty else {
            throw ValidationError("give a second scenario or --set, one of them")
        }
    }

    func run() throws {
        _ = try ScenarioFiles.load(first, overrides: [])
        _ = try ScenarioFiles.load(second ?? first, overrides: overrides)
        let seeds = try options.seedRange()
        let snapshots = FileSnapshots()
        let loads = [
            snapshots.loader(first, overrides: []),
            snapshots.loader(second ?? first, overrides: overrides),
        ]
        let names = [first, second ?? overrides.joined(separator: " ")]
        var sides: [(study: Study, values: StudyValues)] = []
        for (name, load) in zip(names, loads) {
            let study = try studying {
                try Study(
                    kind: "grid", points: [StudyPoint(label: name, settings: [])], seeds: seeds,
                    load: load)
            }
            let running = StudyRunning(options: options, isQuiet: options.quiet || json)
            sides.append((study, try running.run(study).values))
        }
        let table = try differences(sides, isExact: json)
        if json {
            Console.print(TableText.json(table))
            return
        }
        let difference = try studying {
            let seed = events ?? seeds.lowerBound
            return try EventDifference(
                try loads[0](["seed=\(seed)"]), try loads[1](["seed=\(seed)"]))
        }
        Console.print(
            """
            a: \(names[0])
            b: \(names[1])
            \(seeds.count) seeds, \(seeds.lowerBound) to \(seeds.upperBound)

            \(TableText.plain(table))

            \(EventText(seed: events ?? seeds.lowerBound, difference: difference).text)
            """)
    }

    private func differences(
        _ sides: [(study: Study, values: StudyValues)], isExact: Bool
    ) throws -> ResultTable {
        let a = sides[0]
        let b = sides[1]
        let chosen = try studying { try metric.map { try a.study.metric(called: $0) } }
        var table = ResultTable(
            columns: isExact
                ? ["metric", "unit", "a", "b", "difference", "half_width"]
                : ["metric", "a", "b", "b − a, paired"], rows: [])
        for metric in chosen.isEmpty ? Array(a.study.metrics.indices) : chosen {
            let (name, unit) = a.study.metrics[metric]
            guard let other = b.study.metric(name), let left = a.values.sample(metric, at: 0),
                let right = b.values.sample(other, at: 0)
            else { continue }
            let mine = a.values.values(metric, at: 0)
            let theirs = b.values.values(other, at: 0)
            guard mine.count == theirs.count else { continue }
            let difference = Sample(paired: theirs, minus: mine)
            if isExact {
                table.rows.append([
                    .text(name), .text(unit.rawValue), .real(left.mean), .real(right.mean),
                    .real(difference.mean), .real(difference.halfWidth),
                ])
            } else if !chosen.isEmpty || left != right {
                table.rows.append(
                    [
                        name, StudyFigure.text(left, unit), StudyFigure.text(right, unit),
                        StudyFigure.text(difference, unit, signed: true),
                    ].map(Value.text))
            }
        }
        return table
    }
}

/// What differs between two runs of a seed, in words.
struct EventText {
    var seed: Int64
    var difference: EventDifference
    /// So many accounts are listed.
    static let listed = 8

    var text: String {
        guard let block = difference.firstBlock, let what = difference.firstDifference else {
            return "Seed \(seed): the same events in every block"
        }
        var lines = [
            "Seed \(seed): the first block that differs is \(block)"
                + (difference.firstTime.map { ", \($0)" } ?? "") + " (\(what))"
        ]
        lines += list(difference.onlyFirst, "Liquidated in a only")
        lines += list(difference.onlySecond, "Liquidated in b only")
        let shifts = difference.both.map {
            ($0.second.time - $0.first.time).milliseconds
        }.sorted()
        if !shifts.isEmpty {
            let middle = shifts[shifts.count / 2]
            let side = middle < 0 ? "earlier" : "later"
            lines.append(
                "Liquidated in both: \(shifts.count) accounts, in b "
                    + (middle == 0
                        ? "at the same time (median)"
                        : "\(timeText(abs(middle))) \(side) (median)"))
        }
        return lines.joined(separator: "\n")
    }

    private func list(_ accounts: [EventDifference.Liquidated], _ title: String) -> [String] {
        let sum = accounts.reduce(Money.zero) { $0 + $1.notional }
        var lines = ["\(title): \(accounts.count) accounts, \(dollars(sum.raw))"]
        lines += accounts.prefix(Self.listed).map { account in
            "  \(account.name)  \(account.time)  \(account.steps) steps, \(dollars(account.notional.raw))"
                + (account.deficit.isPositive ? ", deficit \(dollars(account.deficit.raw))" : "")
        }
        if accounts.count > Self.listed {
            lines.append("  and \(accounts.count - Self.listed) more")
        }
        return lines
    }
}
