import Scenarios
import Testing

@testable import Studies

/// The direction that theory gives: with liquidators who see the outside price a late oracle makes deficits, and with
/// a pool that must take what comes it makes whoever takes lose.
@Suite struct OracleLatencyTests {
    func difference(_ metric: String, _ overrides: [String]) throws -> Sample {
        let points = try Design.grid.points([try Variation("oracles.ETH.latency=0s,120s")])
        let study = try Study(kind: "grid", points: points, seeds: 1...5) {
            try Fixture.load("oracle-delay", ["duration=6h"] + overrides + $0)
        }
        var values = StudyValues(study)
        try StudyRunner(study, jobs: 2).run { values.add($0) }
        return try #require(
            values.difference(try study.metric(called: metric), at: 1, minus: 0))
    }

    @Test(arguments: ["deficit", "late_liquidations", "wrongful_liquidations", "mean_delay"])
    func risesWithLatency(metric: String) throws {
        let sample = try difference(metric, [])
        #expect(sample.mean - sample.halfWidth > 0, "\(sample.mean) ± \(sample.halfWidth)")
    }

    @Test func whoeverTakesLosesWhereNobodyRefuses() throws {
        let sample = try difference(
            "stale_loss",
            [
                "protocol.liquidation.taker=pool", "agents.liquidators.adaptive.unwind=immediate",
                "agents.liquidators.fixed-gas.unwind=immediate",
            ])
        #expect(sample.mean - sample.halfWidth > 0, "\(sample.mean) ± \(sample.halfWidth)")
    }
}
