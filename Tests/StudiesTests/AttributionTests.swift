import Scenarios
import Testing

@testable import Studies

@Suite struct AttributionTests {
    /// Overlapping causes: each alone makes the loss, both together make it once.
    @Test func shapleyValuesOfAGlove() throws {
        let scenario = try Fixture.loader()([])
        let attribution = Attribution(scenario, [.oracleDelay, .congestion])
        #expect(attribution.parts.count == 2 && attribution.factor == 2)
        #expect(attribution.shares([0, 10, 10, 10]) == [10, 10])
        #expect(attribution.shares([1, 4, 3, 9]) == [9, 7])
        // A friction that adds nothing anywhere.
        #expect(attribution.shares([5, 5, 8, 8]) == [0, 6])
    }

    /// Three players, by hand: v(1)=6, v(2)=12, v(3)=42, v(12)=12, v(13)=42, v(23)=42, v(123)=42 is the airport
    /// game of Littlechild and Owen (Management Science 1973) with costs 6, 12, 42: 2, 5, 35.
    @Test func airportGame() throws {
        let attribution = Attribution(
            try Fixture.loader()([]), [.oracleDelay, .congestion, .marketDepth])
        #expect(attribution.shares([0, 6, 12, 12, 42, 42, 42, 42]) == [12, 30, 210])
    }

    @Test func everyFrictionOfASmallCrash() throws {
        let load = Fixture.loader()
        let attribution = Attribution(try load([]))
        #expect(attribution.absent.isEmpty)
        #expect(attribution.points.count == 32)
        #expect(attribution.points[31].settings.isEmpty)
        let study = try Study(
            kind: "attribution", points: attribution.points, seeds: 1...3, load: load)
        var values = StudyValues(study)
        try StudyRunner(study, jobs: 2).run { values.add($0) }
        let metric = try #require(study.metric("loss_usd"))
        var sizes: Set<Int> = []
        for seed in 0..<3 {
            let losses = attribution.points.indices.map { values.values(metric, at: $0)[seed] }
            let shares = attribution.shares(losses)
            #expect(shares.reduce(0, +) == 120 * (Int128(losses[31]) - Int128(losses[0])))
            sizes.insert(shares.count { $0 != 0 })
            #expect(losses[31] != losses[0])
        }
        #expect(sizes.max() ?? 0 >= 2)
        #expect(attribution.result(values, metric: metric) != nil)
    }

    /// What a scenario does not have, or has turned off already, contributes nothing.
    @Test func frictionsThatAreOff() throws {
        let load = Fixture.loader()
        let scenario = try load(["oracles.ETH.latency=0s", "demand=none"])
        let attribution = Attribution(scenario)
        #expect(attribution.absent == [.oracleDelay, .congestion])
        #expect(attribution.points.count == 8)
        // Split all the same, it comes out as zero: the runs with and without are the same.
        let split = Attribution(try load([]), [.oracleDelay, .pollingLag])
        let study = try Study(
            kind: "attribution", points: split.points, seeds: 1...2
        ) { try load(["oracles.ETH.latency=0s"] + $0) }
        var values = StudyValues(study)
        try StudyRunner(study, jobs: 2).run { values.add($0) }
        let metric = try #require(study.metric("loss_usd"))
        for seed in 0..<2 {
            let losses = split.points.indices.map { values.values(metric, at: $0)[seed] }
            #expect(split.shares(losses)[0] == 0)
        }
    }

    @Test func whatOffMeans() throws {
        let scenario = try Fixture.load("oracle-delay")
        let off = Friction.allCases.map { $0.off(in: scenario).map(\.override) }
        #expect(off[0] == ["oracles.ETH.latency=0s"])
        #expect(off[1] == ["demand=none"])
        #expect(off[2] == ["assets.ETH.liquidity=none"])
        #expect(
            off[3] == [
                "agents.liquidators.adaptive.capital=$1B",
                "agents.liquidators.fixed-gas.capital=$1B",
            ])
        #expect(off[4] == ["agents.liquidators.fixed-gas.lag=0 blocks"])
    }
}
