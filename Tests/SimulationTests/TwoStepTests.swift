import ExactMath
import MarginProtocol
import MarginRules
import Scenarios
import Testing

@testable import Simulation

/// Trades in two steps through a whole run: requests, keepers, fates.
@Suite struct TwoStepTests {
    private static let text = """
        name: two-step
        seed: SEED
        start: 2025-06-01T00:00:00Z
        duration: 40m
        step: 1s
        chain: arbitrum
        assets:
          USDC: {price: 1.00}
          ETH: {price: {gbm: {start: 2500, volatility: 30%/year, jumps: {per_year: 100000, mean: 0%, deviation: 0.5%}}}}
        markets:
          ETH-PERP: {underlying: ETH, initial_margin: 2%, maintenance_margin: 1%, taker_fee: 0%}
        oracles: {ETH: ORACLE}
        protocol: {pool: $20M, execution: EXECUTION}
        agents:
          traders:
            informed:
              {count: 4, equity: $100k, leverage: 10, trades_per_hour: 3600/hour, style: {informed: {edge: 0.1%}}, on_margin_call: {panic: 0%, top_up: 0%}}
          KEEPERS

        """
    private static let pull = "{kind: pull, interval: 1s, latency: 1s}"
    private static let push =
        "{kind: push, deviation: 0.5%, heartbeat: 1h, interval: 1s, latency: 1s}"

    private struct Run {
        var summary: RunSummary
        var house: ClearingHouse
        var changes: [RequestChange] = []
        var pool: Double { Double(summary.value(of: "pool_change_usd")?.raw ?? 0) / 1e8 }
        func count(_ fate: RequestFate) -> Int { changes.count { $0.fate == fate } }
    }

    private func run(
        seed: Int, oracle: String = pull, execution: String = "{mode: two_step, fee: $0.5}",
        keepers: String = "order_keepers: {count: 2, reaction: 500ms}", faults: String = "[]",
        paranoid: Bool = false
    ) throws -> Run {
        let text =
            Self.text.replacingOccurrence(of: "SEED", by: "\(seed)")
            .replacingOccurrence(of: "ORACLE", by: oracle)
            .replacingOccurrence(of: "EXECUTION", by: execution)
            .replacingOccurrence(of: "KEEPERS", by: keepers) + "faults: \(faults)\n"
        let simulation = try Simulation(ScenarioLoader.load(text: text), paranoid: paranoid)
        var changes: [RequestChange] = []
        while let record = simulation.next() {
            for case .requestChanged(let change) in record.journal { changes.append(change) }
        }
        return Run(summary: simulation.summary, house: simulation.house, changes: changes)
    }

    @Test("Whoever knows the price first earns at once, and nothing in two steps", arguments: 1...4)
    func informedTraders(seed: Int) throws {
        let none = "order_keepers: none"
        let stale = try run(seed: seed, oracle: Self.push, execution: "immediate", keepers: none)
        #expect(stale.pool < -8_000, "seed \(seed): \(stale.pool)")
        // A price that is brought along is a second old: that is enough to earn by.
        let fresh = try run(seed: seed, execution: "immediate", keepers: none)
        #expect(fresh.pool < -1_000, "seed \(seed): \(fresh.pool)")
        let later = try run(seed: seed)
        #expect(later.count(.executed) > 20)
        #expect(abs(later.pool) < 3_000, "seed \(seed): \(later.pool)")
        let window = try run(seed: seed, execution: "{mode: window, fee: $5}")
        #expect(window.count(.executed) > 10)
        #expect(abs(window.pool) < 6_000, "seed \(seed): \(window.pool)")
    }

    @Test("Requests are executed at prices of after them, and keepers have all that was set aside")
    func fates() throws {
        let run = try run(seed: 3, paranoid: true)
        let created = run.count(.created)
        #expect(created > 20 && run.count(.executed) > created / 2)
        for change in run.changes where change.fate == .executed {
            let observed = try #require(change.observedAt)
            #expect(observed >= change.request.createdAt)
            // The first look after it, not the newest one.
            #expect(observed - change.request.createdAt <= TimeSpan(seconds: 1))
            #expect(change.delay >= TimeSpan(milliseconds: 500))
            #expect(change.delay < TimeSpan(seconds: 10))
        }
        #expect(created == run.changes.count { $0.fate.isFinal } + run.house.openRequests.count)
        let earned = run.changes.filter { $0.keeper != nil }.reduce(Quantity.zero) { $0 + $1.fee }
        let wallets = Set(run.changes.compactMap(\.keeper))
        #expect(wallets.count <= 2)
        #expect(
            wallets.reduce(Quantity.zero) { $0 + run.house.balance($1, AssetID(0)) } == earned)
    }

    @Test("While keepers are down nothing is executed, and what has expired is taken back")
    func crash() throws {
        let faults = "[{at: 00:02, for: 20m, agents: order_keepers}]"
        let run = try run(seed: 3, faults: faults)
        let down =
            Timestamp(
                milliseconds: 1_748_736_000_000 + 122_000)...Timestamp(
                milliseconds: 1_748_736_000_000 + 1_319_000)
        #expect(
            !run.changes.contains {
                $0.fate == .executed && down.contains($0.request.createdAt + $0.delay)
            })
        let expired = run.changes.filter { $0.fate == .expired }
        #expect(expired.count >= 2)
        for change in expired {
            #expect(change.delay >= TimeSpan(seconds: 300) && change.delay < TimeSpan(seconds: 320))
        }
        // Those who have heard of it ask again.
        #expect(
            run.changes.contains { $0.fate == .created && $0.request.createdAt > down.upperBound })
    }

    @Test("Without a word the venue has a keeper of its own; with `none` nobody executes")
    func defaults() throws {
        #expect(try run(seed: 2, keepers: "pool_hedger: none").count(.executed) > 10)
        let nobody = try run(seed: 2, keepers: "order_keepers: none")
        #expect(nobody.count(.executed) == 0 && nobody.count(.expired) > 2)
        #expect(nobody.pool == 0)
    }

    @Test("A keeper that asks for more than the fee executes nothing")
    func threshold() throws {
        let keepers = "order_keepers: {count: 1, minimum_profit: $1}"
        #expect(try run(seed: 2, keepers: keepers).count(.executed) == 0)
    }
}

/// A pool that closes its winners, and the keeper that does it.
@Suite struct PoolDeleveragingRunTests {
    /// Ether falls by three tenths in fifty minutes; most are short.
    private func run(_ keepers: String) throws -> (
        steps: [PoolDeleveragingStep], worst: Double, summary: RunSummary
    ) {
        let text = """
            name: adl
            seed: 5
            start: 2025-06-01T00:00:00Z
            duration: 1h
            step: 1s
            chain: arbitrum
            assets:
              USDC: {price: 1.00}
              ETH: {price: {points: [[00:00, 2000], [00:50, 1400]]}}
            markets: {ETH-PERP: {underlying: ETH, initial_margin: 10%, maintenance_margin: 5%, pool: {adl: {above: 10%, down_to: 5%}}}}
            oracles: {ETH: {kind: pull, interval: 1s, latency: 1s}}
            protocol: {pool: {USDC: 50000, ETH: 20}}
            agents:
              traders: {count: 10, equity: $1k..$2k, leverage: 2..4, long_bias: 10%}
              order_keepers: \(keepers)
            """
        let simulation = try Simulation(ScenarioLoader.load(text: text), paranoid: true)
        var steps: [PoolDeleveragingStep] = []
        while let record = simulation.next() {
            for case .poolDeleveraged(let step) in record.journal { steps.append(step) }
        }
        // The price that anybody brings along counts: at the end, that of the outside.
        let house = simulation.house
        let shares = house.poolProfit(MarketID(0), .short).map { Double($0.share.raw) / 1e18 }
        return (steps, shares ?? 0, simulation.summary)
    }

    @Test func winnersAreClosedWhileTheyWinTooMuch() throws {
        for ranking in ["profit", "profit_over_equity"] {
            let run = try run("{count: 1, deleverages: \(ranking)}")
            let closed = run.steps.filter { $0.kind == .closed }
            #expect(closed.count >= 2)
            let above = Fixed18(Ratio(percent: 10))
            let below = Fixed18(Ratio(percent: 5))
            for step in closed {
                #expect(step.side == .short && step.realized.isPositive)
                #expect(step.before > above && step.after >= below && step.after < step.before)
            }
            // Enabled and disabled in turn, and closed only between.
            var isEnabled = false
            for step in run.steps {
                if step.kind == .closed {
                    #expect(isEnabled)
                } else {
                    #expect(isEnabled != (step.kind == .enabled))
                    isEnabled = step.kind == .enabled
                }
            }
            #expect(run.worst < 0.11)
            #expect((run.summary.value(of: "deleveraged_accounts")?.raw ?? 0) > 0)
            #expect((run.summary.value(of: "adl_volume_usd")?.raw ?? 0) > 0)
        }
    }

    @Test func withoutAKeeperTheyWinOn() throws {
        let run = try run("none")
        #expect(run.steps.isEmpty)
    }
}

extension String {
    fileprivate func replacingOccurrence(of part: String, by other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
