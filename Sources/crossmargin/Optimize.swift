import ArgumentParser
import Reports
import Scenarios
import Studies

/// Seeks the value of a parameter that makes a loss least.
struct Optimize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Seeks the values of parameters that make a metric least, within constraints.",
        discussion: """
            crossmargin optimize scenarios/oracle-delay.yaml --minimize bad_debt \\
              --over protocol.liquidation.penalty=0.5%..10% --subject-to "p99(insurance_used) < 1e6"

            One parameter: a grid over the range, then finer ones around the best point. Several, each with an \
            --over: a Latin hypercube, then grids along each parameter through the best point. Every point has the \
            same seeds. Prints the points with the loss and what liquidators were paid; those on the frontier have \
            no other with less of both.
            """)

    @Argument(help: "The scenario, a YAML file.")
    var scenario: String
    @Option(
        help: ArgumentHelp(
            "What is to be least: METRIC for its mean, or mean, median, min, max, p1 to p99 of it.",
            valueName: "statistic"))
    var minimize: String
    @Option(
        help: ArgumentHelp(
            "A parameter and its range; may be repeated.", valueName: "key=from..to[:step]"))
    var over: [String]
    @Option(
        help: ArgumentHelp("A constraint; may be repeated.", valueName: "statistic < number"))
    var subjectTo: [String] = []
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Overrides one value of the scenario; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []
    @Option(help: ArgumentHelp("Points of a grid.", valueName: "count"))
    var points = 9
    @Option(
        help: ArgumentHelp("How many grids, each finer than the one before.", valueName: "count"))
    var rounds = 2
    @Flag(help: "Prints the points as JSON.")
    var json = false
    @OptionGroup var options: StudyOptions

    func validate() throws {
        guard !over.isEmpty else { throw ValidationError("--over names the parameter to search") }
        guard (3...1000).contains(points) else { throw ValidationError("--points is 3 to 1000") }
        guard (1...20).contains(rounds) else { throw ValidationError("--rounds is 1 to 20") }
    }

    func run() throws {
        let base = try ScenarioFiles.load(scenario, overrides: overrides)
        let seeds = try options.seedRange()
        let load = FileSnapshots().loader(scenario, overrides: overrides)
        let plan = try studying {
            (
                search: try Search(
                    try over.map { try Variation($0) }, width: points, rounds: rounds),
                goal: try Goal(minimize, subjectTo, base, load: load)
            )
        }
        let running = StudyRunning(options: options, isQuiet: options.quiet || json)
        let outcome = try studying {
            try plan.search.run(
                minimizing: plan.goal.objective, isFeasible: plan.goal.isFeasible
            ) { points in
                let study = try Study(kind: "search", points: points, seeds: seeds, load: load)
                let all = try running.run(study).values
                return points.indices.map { all.alone($0) }
            }
        }
        let report = SearchReport(goal: plan.goal, keys: plan.search.keys, outcome: outcome)
        Console.print(json ? TableText.json(report.exact) : report.text)
        if outcome.best == nil { throw Exit.failed }
    }
}

/// What a search minimizes, and what it keeps to.
struct Goal {
    var statistic: Statistic
    var metric: Int
    var constraints: [(constraint: Constraint, metric: Int)]
    var loss: Int
    var reward: Int
    var metrics: [(name: String, unit: Metric.Unit)]

    init(_ minimize: String, _ texts: [String], _ scenario: Scenario, load: @escaping Study.Load)
        throws
    {
        let study = try Study(
            kind: "search", points: [StudyPoint(label: "", settings: [])], seeds: 0...0, load: load)
        statistic = try Statistic(minimize)
        metric = try study.metric(called: statistic.metric)
        constraints = try texts.map { text in
            let constraint = try Constraint(text)
            return (constraint, try study.metric(called: constraint.statistic.metric))
        }
        loss = try study.metric(called: "loss_usd")
        reward = try study.metric(called: "liquidator_gross_usd")
        metrics = study.metrics
    }

    func objective(_ values: StudyValues) -> Double? {
        values.sample(metric, at: 0).map(statistic.value(of:))
    }

    func isFeasible(_ values: StudyValues) -> Bool {
        constraints.allSatisfy { entry in
            values.sample(entry.metric, at: 0).map(entry.constraint.holds(for:)) ?? false
        }
    }
}

/// The points of a search, as a table.
struct SearchReport {
    var goal: Goal
    var keys: [String]
    var outcome: Search.Outcome

    /// Whether no other point has less loss and less reward.
    private func isOnFrontier(_ index: Int) -> Bool {
        func pair(_ trial: Search.Trial) -> (loss: Double, reward: Double) {
            (
                trial.values.sample(goal.loss, at: 0)?.mean ?? 0,
                trial.values.sample(goal.reward, at: 0)?.mean ?? 0
            )
        }
        let own = pair(outcome.trials[index])
        return !outcome.trials.contains { trial in
            let other = pair(trial)
            return other.loss <= own.loss && other.reward <= own.reward
                && (other.loss < own.loss || other.reward < own.reward)
        }
    }

    var exact: ResultTable {
        var table = ResultTable(
            columns: (keys.count == 1 ? ["value"] : keys) + [
                "objective", "feasible", "loss_usd", "liquidator_gross_usd", "frontier", "best",
            ],
            rows: [])
        for (index, trial) in outcome.trials.enumerated() {
            let values = trial.point.settings.map { Value.text($0.value) }
            table.rows.append(
                values + [
                    goal.objective(trial.values).map(Value.real) ?? .null,
                    .integer(goal.isFeasible(trial.values) ? 1 : 0),
                    trial.values.sample(goal.loss, at: 0).map { .real($0.mean) } ?? .null,
                    trial.values.sample(goal.reward, at: 0).map { .real($0.mean) } ?? .null,
                    .integer(isOnFrontier(index) ? 1 : 0), .integer(index == outcome.best ? 1 : 0),
                ])
        }
        return table
    }

    var text: String {
        let unit = goal.metrics[goal.metric].unit
        var table = ResultTable(
            columns: [
                "value", "objective", "loss", "paid to liquidators", "minus the best, paired", "",
            ],
            rows: [])
        for (index, trial) in outcome.trials.enumerated() {
            guard let sample = trial.values.sample(goal.metric, at: 0) else { continue }
            let objective =
                goal.statistic.kind == .mean
                ? StudyFigure.text(sample, unit)
                : StudyFigure.text(goal.statistic.value(of: sample), unit)
            var notes = isOnFrontier(index) ? ["frontier"] : []
            if !goal.isFeasible(trial.values) { notes.append("breaks a constraint") }
            if index == outcome.best { notes.append("best") }
            table.rows.append(
                [
                    trial.point.label, objective, money(trial, goal.loss),
                    money(trial, goal.reward), againstBest(trial, index, unit),
                    notes.joined(separator: ", "),
                ].map(Value.text))
        }
        let verdict =
            outcome.best.map { best in
                "Best: "
                    + outcome.trials[best].point.settings.map(\.override).joined(separator: ", ")
            }
            ?? "No point keeps to the constraints"
        return TableText.plain(table) + "\n\n" + verdict
    }

    private func money(_ trial: Search.Trial, _ metric: Int) -> String {
        trial.values.sample(metric, at: 0).map { StudyFigure.text($0, .dollars) } ?? ""
    }

    private func againstBest(_ trial: Search.Trial, _ index: Int, _ unit: Metric.Unit) -> String {
        guard let best = outcome.best, best != index else { return "" }
        let mine = trial.values.values(goal.metric, at: 0)
        let theirs = outcome.trials[best].values.values(goal.metric, at: 0)
        guard mine.count == theirs.count, !mine.isEmpty else { return "" }
        return StudyFigure.text(Sample(paired: mine, minus: theirs), unit, signed: true)
    }
}
