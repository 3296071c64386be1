import Audit
public import Scenarios
import Simulation

/// A study: one scenario at several points, each run with the same seeds.
///
/// All runs of a seed see the same random numbers, so that two points differ only by what was varied.
public struct Study: Sendable {
    /// Reads the scenario with overrides, as after `--set`; called from several threads.
    public typealias Load = @Sendable (_ overrides: [String]) throws -> Scenario

    public let name: String
    public let question: String
    /// How the points were chosen: `grid`, `latin`, `attribution`, `search`.
    public let kind: String
    public let points: [StudyPoint]
    public let firstSeed: Int64
    public let seedCount: Int64
    /// What is measured.
    public let metrics: [(name: String, unit: Metric.Unit)]
    /// The scenario without what is varied.
    public let scenario: Scenario
    /// SHA-256 of each point's scenario.
    let hashes: [Digest32]
    let load: Load

    /// Reads every point's scenario once, and sees whether it can run.
    ///
    /// - Parameters:
    ///   - name: nil for the scenario's own.
    ///   - seeds: the same for each point.
    /// - Throws: what `load` throws, and ``StudyError`` `.input` for a scenario that cannot run.
    public init(
        name: String? = nil, question: String? = nil, kind: String, points: [StudyPoint],
        seeds: ClosedRange<Int64>, load: @escaping Load
    ) throws {
        precondition(!points.isEmpty && seeds.lowerBound >= 0)
        scenario = try load([])
        self.name = name ?? scenario.name
        self.question = question ?? scenario.question
        self.kind = kind
        self.points = points
        firstSeed = seeds.lowerBound
        seedCount = Int64(seeds.count)
        self.load = load
        metrics = scenario.metricKeys
        var hashes: [Digest32] = []
        for point in points {
            let scenario = try load(point.settings.map(\.override))
            do {
                _ = try Simulation(scenario)
            } catch {
                throw StudyError(.input, "\(point.label): \(error)")
            }
            hashes.append(Digest32(hashing: scenario.text))
        }
        self.hashes = hashes
    }

    public var seeds: ClosedRange<Int64> { firstSeed...(firstSeed + seedCount - 1) }
    /// How many runs it has in all.
    public var runCount: Int64 { Int64(points.count) * seedCount }

    /// The place of a metric; nil where it is not measured.
    public func metric(_ name: String) -> Int? { metrics.firstIndex { $0.name == name } }

    /// A metric by its name or its name without the unit: `bad_debt` is `bad_debt_usd`.
    /// - Throws: ``StudyError`` `.usage` for a name that no metric has.
    public func metric(called name: String) throws(StudyError) -> Int {
        for suffix in ["", "_usd", "_seconds", "_gwei"] {
            if let found = metric(name + suffix) { return found }
        }
        throw StudyError(
            .usage,
            "there is no metric '\(name)'; known metrics: \(metrics.map(\.name).joined(separator: ", "))"
        )
    }
}
