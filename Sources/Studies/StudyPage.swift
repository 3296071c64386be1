public import Scenarios

/// The page of a study: its question, its table, its answer with figures filled in, and how to run it again.
public struct StudyPage: Sendable {
    private let file: StudyFile
    private let study: Study
    private let values: StudyValues
    private let metrics: [Int]

    /// - Throws: ``StudyError`` `.usage` for a metric that there is none of.
    public init(_ file: StudyFile, _ study: Study, _ values: StudyValues) throws(StudyError) {
        self.file = file
        self.study = study
        self.values = values
        metrics = try Self.metrics(file, study)
    }

    private static func metrics(_ file: StudyFile, _ study: Study) throws(StudyError) -> [Int] {
        var places: [Int] = []
        for name in file.metrics { places.append(try study.metric(called: name)) }
        return places
    }

    /// The row of a point in the table.
    public func row(_ point: Int) -> String {
        let cells = metrics.map { metric in
            values.sample(metric, at: point)
                .map { StudyFigure.text($0, study.metrics[metric].unit) } ?? "–"
        }
        return "| " + ([study.points[point].label] + cells).joined(separator: " | ") + " |"
    }

    /// The table of all points.
    public var table: String {
        let names = metrics.map { "`\(study.metrics[$0].name)`" }
        var lines = [
            "| point | " + names.joined(separator: " | ") + " |",
            String(repeating: "|---", count: names.count + 1) + "|",
        ]
        lines += study.points.indices.map(row)
        return lines.joined(separator: "\n")
    }

    /// - Throws: ``StudyError`` `.usage` for a figure in the answer that cannot be filled in.
    /// - Parameter path: the study's file, as the page names it.
    public func markdown(path: String) throws(StudyError) -> String {
        var text = "# \(file.question)\n\n"
        if !file.setting.isEmpty { text += try filled(file.setting) + "\n" }
        text +=
            "Mean over \(study.seedCount) seeds with its 95 % interval (Student's t); the same seeds at every point, so that "
            + "differences\nbetween points are paired. What the columns mean stands in [metrics.md](../metrics.md).\n\n"
        text += table + "\n\n"
        if !file.answer.isEmpty { text += try filled(file.answer) + "\n" }
        text += """
            ## To rerun

            ```
            crossmargin study run \(path) --db \(file.name).sqlite
            ```

            `make studies` rewrites this page; \(study.runCount) runs.

            """
        return text
    }

    /// A text with `{METRIC[POINT]}` and `{METRIC[POINT - POINT]}` replaced by figures.
    func filled(_ text: String) throws(StudyError) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { break }
            result += rest[..<open]
            result += try figure(rest[rest.index(after: open)..<close])
            rest = rest[rest.index(after: close)...]
        }
        result += rest
        while result.last == "\n" { result.removeLast() }
        return result + "\n"
    }

    private func figure(_ text: Substring) throws(StudyError) -> String {
        guard let open = text.firstIndex(of: "["), text.last == "]" else {
            throw StudyError(
                .usage, "expected a figure such as '{deficit_usd[0s]}', found '{\(text)}'")
        }
        let metric = try study.metric(called: String(text[..<open]))
        let unit = study.metrics[metric].unit
        let place = text[text.index(after: open)...].dropLast()
        if let minus = place.firstRange(of: " - ") {
            let first = try point(place[..<minus.lowerBound])
            let second = try point(place[minus.upperBound...])
            guard let sample = values.difference(metric, at: first, minus: second) else {
                throw StudyError(.usage, "'{\(text)}' was not measured")
            }
            return StudyFigure.text(sample, unit, signed: true)
        }
        guard let sample = values.sample(metric, at: try point(place)) else {
            throw StudyError(.usage, "'{\(text)}' was not measured")
        }
        return StudyFigure.text(sample, unit)
    }

    private func point(_ label: Substring) throws(StudyError) -> Int {
        guard let point = study.points.firstIndex(where: { $0.label == label }) else {
            let labels = study.points.map { "'\($0.label)'" }.joined(separator: ", ")
            throw StudyError(.usage, "there is no point '\(label)'; points: \(labels)")
        }
        return point
    }
}

extension StudyFile {
    /// The points: every variant at every point of the design.
    /// - Throws: ``StudyError`` `.usage`.
    public func points() throws(StudyError) -> [StudyPoint] {
        var variations: [Variation] = []
        for (key, range) in vary { variations.append(try Variation(key: key, range: range)) }
        let base = set.map { StudySetting(key: $0.key, value: $0.value) }
        let designed = try Design(sample).points(variations)
        guard !variants.isEmpty else {
            return designed.map { StudyPoint(label: $0.label, settings: base + $0.settings) }
        }
        return variants.flatMap { variant in
            let own = variant.overrides.map { StudySetting(key: $0.key, value: $0.value) }
            return designed.map { point in
                StudyPoint(
                    label: variations.isEmpty ? variant.name : "\(variant.name), \(point.label)",
                    settings: base + own + point.settings)
            }
        }
    }
}
