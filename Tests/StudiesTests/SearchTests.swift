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
        let search = try Search([try Variation("k=0%..10%")], width: 9, rounds: 4)
        let outcome = try search.run(
            minimizing: { $0.sample(0, at: 0)?.mean }, isFeasible: { _ in true }
        ) { points in points.map { values((number($0) - 0.0337) * (number($0) - 0.0337) * 1e4) } }
        let best = try #require(outcome.best)
        #expect(abs(number(outcome.trials[best].point) - 0.0337) < 0.0004)
        #expect(
            outcome.trials.map { $0.position[0] } == outcome.trials.map { $0.position[0] }.sorted())
    }

    @Test func keepsToConstraints() throws {
        let search = try Search([try Variation("k=0..100:1")], width: 5, rounds: 8)
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

    /// A valley along a diagonal, which neither key alone walks down, and a range of whole steps.
    @Test func findsTheBottomOfAValleyOfTwoKeys() throws {
        let search = try Search(
            [try Variation("a=0..1"), try Variation("b=0s..60s:1s")], width: 9, rounds: 6)
        #expect(search.keys == ["a", "b"])
        var runs = 0
        let outcome = try search.run(
            minimizing: { $0.sample(0, at: 0)?.mean }, isFeasible: { _ in true }
        ) { points in
            runs += points.count
            return points.map { point in
                let a = Double(point.settings[0].numberE8 ?? 0) / 1e8 - 0.314
                let b = Double(point.settings[1].numberE8 ?? 0) / 6e9 - 0.7
                return values(a * a + b * b + a * b)
            }
        }
        let best = try #require(outcome.best)
        let found = outcome.trials[best].point
        #expect(abs(number(found) - 0.314) < 0.01)
        #expect(found.settings[1].value == "42s")
        #expect(found.label.hasPrefix("a=0.31") && found.label.hasSuffix(", b=42s"))
        // Nothing is run twice, and far less than the 61 · 1001 points of the plane.
        #expect(runs == outcome.trials.count && runs < 130)
        #expect(Set(outcome.trials.map(\.position)).count == runs)
    }

    @Test func aKeyIsSearchedOnce() throws {
        #expect(throws: StudyError.self) {
            try Search([try Variation("a=0..1"), try Variation("a=0..2")])
        }
    }

    @Test func aListHasNothingBetween() throws {
        #expect(throws: StudyError.self) { try Search([try Variation("k=1,2,3")]) }
    }
}
