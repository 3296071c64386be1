import Testing

@testable import Studies

@Suite struct SearchTests {
    /// Outcomes of a made-up metric, the same for each seed.
    func values(_ value: Double) -> StudyValues {
        var values = StudyValues(pointCount: 1, metrics: ["x"])
        for seed in 1...3 {
            values.add(
                StudyOutcome(
                    point: 0, seed: Int64(seed), blocks: 1, unseed: 0,
                    values: [Int64(value * 1e8)]))
        }
        return values
    }

    func number(_ point: StudyPoint) -> Double {
        Double(point.settings[0].numberE8 ?? 0) / 1e8
    }

    @Test func findsTheBottomOfAParabola() throws {
        let search = try Search(try Variation("k=0%..10%"), width: 9, rounds: 4)
        let outcome = try search.run(
            minimizing: { $0.sample(0, at: 0)?.mean }, isFeasible: { _ in true }
        ) { points in points.map { values((number($0) - 0.0337) * (number($0) - 0.0337) * 1e4) } }
        let best = try #require(outcome.best)
        #expect(abs(number(outcome.trials[best].point) - 0.0337) < 0.0004)
        #expect(outcome.trials.map(\.position) == outcome.trials.map(\.position).sorted())
    }

    @Test func keepsToConstraints() throws {
        let search = try Search(try Variation("k=0..100:1"), width: 5, rounds: 8)
        let outcome = try search.run(
            minimizing: { $0.sample(0, at: 0)?.mean },
            isFeasible: { ($0.sample(0, at: 0)?.mean ?? 0) >= 37 }
        ) { points in points.map { values(number($0)) } }
        #expect(outcome.best.map { number(outcome.trials[$0].point) } == 37)
        let none = try search.run(
            minimizing: { $0.sample(0, at: 0)?.mean }, isFeasible: { _ in false }
        ) { points in points.map { values(number($0)) } }
        #expect(none.best == nil)
    }

    @Test func aListHasNothingBetween() throws {
        #expect(throws: StudyError.self) { try Search(try Variation("k=1,2,3")) }
    }
}
