import Foundation
import Testing

/// What a late oracle does, over seeds: the direction that theory gives.
@Suite struct StudyTests {
    struct Sums {
        var late = 0.0
        var wrongful = 0.0
        var staleLoss = 0.0
        var delay = 0.0
    }

    func sums(latency: String, seeds: ClosedRange<Int>) throws -> Sums {
        var sums = Sums()
        for seed in seeds {
            let out = try Tool.run([
                "run", Tool.scenario("oracle-delay"), "--json", "--no-expect", "--seed", "\(seed)",
                "--set", "oracles.ETH.latency=\(latency)",
            ]).out
            func number(_ name: String) -> Double {
                Double(Tool.field(name, of: out) ?? "") ?? -1e9
            }
            sums.late += number("late_liquidations")
            sums.wrongful += number("wrongful_liquidations")
            sums.staleLoss += number("stale_loss_usd")
            sums.delay += number("mean_delay_seconds")
        }
        return sums
    }

    @Test func lateWrongfulAndStaleLossRiseWithLatency() throws {
        let fresh = try sums(latency: "0s", seeds: 1...6)
        let slow = try sums(latency: "120s", seeds: 1...6)
        #expect(slow.late > 3 * fresh.late)
        #expect(slow.wrongful > fresh.wrongful)
        #expect(slow.staleLoss > fresh.staleLoss + 1000)
        #expect(slow.delay > 2 * fresh.delay)
    }
}
