import ExactMath
import MarginRules
import Testing

/// drift-labs/protocol-v2 programs/drift/src/math/stats.rs, calculate_new_twap.
@Suite struct TimeWeightedAverageTests {
    @Test(
        arguments: [
            // (last, price, milliseconds, expected) over five minutes
            ("100", "200", 0, "100"), ("100", "200", 999, "100.333"), ("100", "200", 60_000, "120"),
            ("100", "200", 150_000, "150"), ("100", "0", 150_000, "50"),
            // Past the period the last average still weighs a second.
            ("100", "401", 300_000, "400"), ("0", "601", 600_000, "600"),
        ] as [(String, String, Int64, String)])
    func updates(last: String, price: String, elapsed: Int64, expected: String) throws {
        let rule = TimeWeightedAverage(period: TimeSpan(seconds: 300))
        let found = rule.updated(
            try #require(Price(decimal: last)), with: try #require(Price(decimal: price)),
            elapsed: TimeSpan(milliseconds: elapsed))
        #expect(found == Price(decimal: expected))
    }
}
