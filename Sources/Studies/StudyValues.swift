/// The outcomes of a study in memory, by metric, point and seed.
public struct StudyValues: Sendable {
    public let pointCount: Int
    public let metrics: [String]
    /// By point and metric, in order of seeds; only of runs that have the metric. [1e-8]
    private var values: [[[Int64]]]
    /// By point, the seeds that have run.
    public private(set) var seeds: [[Int64]]

    public init(pointCount: Int, metrics: [String]) {
        self.pointCount = pointCount
        self.metrics = metrics
        values = Array(
            repeating: Array(repeating: [], count: metrics.count), count: pointCount)
        seeds = Array(repeating: [], count: pointCount)
    }

    public init(_ study: Study) {
        self.init(pointCount: study.points.count, metrics: study.metrics.map(\.name))
    }

    /// Adds an outcome; those of a point come in order of seeds.
    public mutating func add(_ outcome: StudyOutcome) {
        seeds[outcome.point].append(outcome.seed)
        for (metric, value) in outcome.values.enumerated() {
            if let value { values[outcome.point][metric].append(value) }
        }
    }

    fileprivate mutating func take(_ other: StudyValues, _ point: Int) {
        values = [other.values[point]]
        seeds = [other.seeds[point]]
    }

    /// By seed. [1e-8]
    public func values(_ metric: Int, at point: Int) -> [Int64] { values[point][metric] }

    /// nil where nothing was measured.
    public func sample(_ metric: Int, at point: Int) -> Sample? {
        let list = values[point][metric]
        return list.isEmpty ? nil : Sample(e8: list)
    }

    /// The differences of two points, paired by seed; nil where they were not measured with the same seeds.
    public func difference(_ metric: Int, at point: Int, minus other: Int) -> Sample? {
        let a = values[point][metric]
        let b = values[other][metric]
        guard !a.isEmpty, seeds[point] == seeds[other], a.count == b.count else { return nil }
        return Sample(paired: a, minus: b)
    }
}

extension StudyValues {
    /// Those of one point, as its only one.
    public func alone(_ point: Int) -> StudyValues {
        var result = StudyValues(pointCount: 1, metrics: metrics)
        result.take(self, point)
        return result
    }
}
