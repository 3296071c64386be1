import Foundation
import Testing

/// What a late oracle does, over seeds: the direction that theory gives (docs/oracle-latency.md).
@Suite struct StudyTests {
    struct Sums {
        var late = 0.0
        var wrongful = 0.0
        var staleLoss = 0.0
        var delay = 0.0
        var deficit = 0.0
    }

    func sums(latency: String, seeds: ClosedRange<Int>, settings: [String] = []) throws -> Sums {
        var sums = Sums()
        for seed in seeds {
            let all = ["oracles.ETH.latency=\(latency)"] + settings
            let out = try Tool.run(
                [
                    "run", Tool.scenario("oracle-delay"), "--json", "--no-expect", "--seed",
                    "\(seed)",
                ] + all.flatMap { ["--set", $0] }
            ).out
            func number(_ name: String) throws -> Double {
                try #require(Tool.field(name, of: out).flatMap { Double($0) }, "\(name): \(out)")
            }
            sums.late += try number("late_liquidations")
            sums.wrongful += try number("wrongful_liquidations")
            sums.staleLoss += try number("stale_loss_usd")
            sums.delay += try number("mean_delay_seconds")
            sums.deficit += try number("deficit_usd")
        }
        return sums
    }

    /// Measured with these seeds: 5.1, 2.2, 5.4 and 20 times as much.
    @Test func lateWrongfulDelayAndDeficitRiseWithLatency() throws {
        let fresh = try sums(latency: "0s", seeds: 1...6)
        let slow = try sums(latency: "120s", seeds: 1...6)
        #expect(fresh.deficit > 0)
        #expect(slow.late > 2.5 * fresh.late)
        #expect(slow.wrongful > 1.2 * fresh.wrongful)
        #expect(slow.delay > 2.5 * fresh.delay)
        #expect(slow.deficit > 3 * fresh.deficit)
    }

    /// Where nobody refuses a stale price, whoever takes the positions over loses instead: over 16 seeds eight
    /// times as much, while the deficit stays the same.
    @Test func withThePoolAsTheTakerStaleLossRisesInstead() throws {
        let settings = [
            "protocol.liquidation.taker=pool", "agents.liquidators.adaptive.unwind=immediate",
            "agents.liquidators.fixed-gas.unwind=immediate",
        ]
        let fresh = try sums(latency: "0s", seeds: 1...6, settings: settings)
        let slow = try sums(latency: "120s", seeds: 1...6, settings: settings)
        #expect(fresh.staleLoss > 0)
        #expect(slow.staleLoss > 2 * fresh.staleLoss)
        #expect(slow.deficit < 3 * fresh.deficit)
    }
}
