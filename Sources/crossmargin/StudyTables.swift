import ExactMath
import Reports
import Scenarios
import Studies

/// The results of a study as tables.
struct StudyTables {
    var study: Study
    var values: StudyValues

    /// What is shown where no metric is named.
    static let usual = [
        "loss_usd", "bad_debt_usd", "liquidations", "late_share", "liquidator_profit_usd",
    ]

    /// The places of metrics by name; the usual ones without any.
    func metrics(_ names: [String]) throws -> [Int] {
        try studying { try (names.isEmpty ? Self.usual : names).map(study.metric(called:)) }
    }

    /// One metric: a row for each point, with the paired difference from the first.
    func text(_ metric: Int) -> String {
        let unit = study.metrics[metric].unit
        var table = ResultTable(
            columns: ["point", "mean", "p5", "p50", "p95", "p99", "minus the first, paired"],
            rows: [])
        for point in study.points.indices {
            guard let sample = values.sample(metric, at: point) else { continue }
            let difference =
                point == 0 ? nil : values.difference(metric, at: point, minus: 0)
            let cells =
                [study.points[point].label, StudyFigure.text(sample, unit)]
                + [5, 50, 95, 99].map { StudyFigure.text(sample.percentile($0), unit) }
                + [difference.map { StudyFigure.text($0, unit, signed: true) } ?? ""]
            table.rows.append(cells.map(Value.text))
        }
        return "\(study.metrics[metric].name)\n\(TableText.plain(table))"
    }

    /// Every metric at every point: for CSV and JSON.
    func statistics() -> ResultTable {
        let keys = study.points.flatMap { $0.settings.map(\.key) }
        var names: [String] = []
        for key in keys where !names.contains(key) { names.append(key) }
        var table = ResultTable(
            columns: ["point", "label"] + names + [
                "metric", "unit", "n", "mean", "half_width", "deviation", "min", "p5", "p50", "p95",
                "p99", "max", "minus_first", "minus_first_half_width",
            ], rows: [])
        for (point, entry) in study.points.enumerated() {
            for (metric, named) in study.metrics.enumerated() {
                guard let sample = values.sample(metric, at: point) else { continue }
                let difference = values.difference(metric, at: point, minus: 0)
                var row: [Value] = [.integer(Int64(point)), .text(entry.label)]
                row += names.map { name in
                    entry.settings.last { $0.key == name }.map { .text($0.value) } ?? .null
                }
                row += [
                    .text(named.name), .text(named.unit.rawValue), .integer(Int64(sample.count)),
                ]
                row += [
                    sample.mean, sample.halfWidth, sample.deviation, sample.least,
                    sample.percentile(5), sample.percentile(50), sample.percentile(95),
                    sample.percentile(99), sample.most,
                ].map(Value.real)
                row += [difference?.mean, difference?.halfWidth].map { $0.map(Value.real) ?? .null }
                table.rows.append(row)
            }
        }
        return table
    }
}
