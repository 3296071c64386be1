import Agents
import Chain
import ExactMath
import MarginProtocol
import Scenarios
import SeededRandom
import Testing

@testable import Simulation

/// The order in which agents are asked decides ties, and nothing else.
@Suite struct AgentOrderTests {
    private func records(_ scenario: Scenario, shuffled seed: UInt64?) throws -> [BlockRecord] {
        let simulation = try Simulation(scenario)
        if let seed {
            var draws = RandomSource(seed: seed).stream("shuffle")
            var order = Array(simulation.agents.indices)
            for place in order.indices.dropFirst().reversed() {
                order.swapAt(place, Int(draws.uniform(in: 0...Int64(place))))
            }
            #expect(order != Array(simulation.agents.indices))
            simulation.reorderAgents(order)
        }
        var records: [BlockRecord] = []
        while let record = simulation.next() { records.append(record) }
        return records
    }

    /// Liquidators of the same latency with bids of their own.
    private func scenario(fees: [String]) throws -> Scenario {
        let groups = fees.enumerated().map { index, fee in
            "      keeper-\(index): {count: 1, capital: $5M, unwind: hold, fee: \(fee)}"
        }
        return try ScenarioLoader.load(
            text: raceMarket.replacing("      KEEPERS", with: groups.joined(separator: "\n")))
    }

    @Test(arguments: [1, 2, 3, 4]) func withoutTiesNothingChanges(seed: UInt64) throws {
        let scenario = try scenario(fees: ["41 gwei", "42 gwei", "43 gwei", "44 gwei"])
        let plain = try records(scenario, shuffled: nil)
        let shuffled = try records(scenario, shuffled: seed)
        #expect(plain.count == shuffled.count)
        for (a, b) in zip(plain, shuffled) {
            #expect(a.header == b.header && a.journal == b.journal && a.metric == b.metric)
            #expect(a.liquidations == b.liquidations)
        }
        #expect(plain.contains { !$0.liquidations.isEmpty })
        // Several were in each race, so that there was an order to get wrong.
        #expect(plain.flatMap(\.transactions).contains { $0.rejection != nil })
    }

    /// A liquidation without who ran it.
    private struct Step: Hashable {
        var block: Int64
        var account: AccountID
        var size: Quantity
        var price: Price
    }

    private func steps(_ records: [BlockRecord]) -> [Step] {
        records.flatMap { record in
            record.liquidations.map {
                Step(
                    block: record.header.number, account: $0.step.account, size: $0.step.size,
                    price: $0.step.price)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4]) func withTiesOnlyTheWinnerChanges(seed: UInt64) throws {
        let scenario = try scenario(fees: ["42 gwei", "42 gwei", "42 gwei", "42 gwei"])
        let plain = try records(scenario, shuffled: nil)
        let shuffled = try records(scenario, shuffled: seed)
        #expect(steps(plain) == steps(shuffled))
        #expect(plain.map(\.header.gasUsed) == shuffled.map(\.header.gasUsed))
        // Whoever is asked first wins every race: always the same payer, and another one after a shuffle
        // that puts another in front.
        let winners = Set(plain.flatMap(\.liquidations).map(\.step.payer))
        #expect(winners.count == 1)
        #expect(Set(shuffled.flatMap(\.liquidations).map(\.step.payer)).count == 1)
    }

    @Test func aShuffleChangesWhoWinsATie() throws {
        let scenario = try scenario(fees: ["42 gwei", "42 gwei", "42 gwei", "42 gwei"])
        let winners = try (0..<8).map { seed -> Set<AccountID> in
            let all = try records(scenario, shuffled: UInt64(seed) + 1)
            return Set(all.flatMap(\.liquidations).map(\.step.payer))
        }
        #expect(Set(winners).count > 1)
    }
}

/// A falling market on a roomy chain; the pool takes liquidated positions over, and nobody trades.
let raceMarket = """
    name: race
    seed: 4
    start: 2024-01-01T00:00:00Z
    duration: 40m
    chain: {preset: ethereum, missed_blocks: 0%}
    assets:
      USDC: {price: 1}
      ETH:
        price: {points: [[00:00, 2000], [00:10, 1900], [00:20, 1500], [00:40, 1300]]}
        liquidity: {depth_2pct: $12M, recovery: 20m}
    markets:
      ETH-PERP:
        underlying: ETH
        initial_margin: 5%
        maintenance_margin: 3%
        pool: {spread: 0.05%}
    oracles:
      ETH: {deviation: 0.5%, heartbeat: 1h, latency: 15s, fee: 200 gwei}
    protocol:
      liquidation: {close_factor: 50%, penalty: 1.5%, liquidator_share: 66%, taker: pool, once_per_block: true}
      insurance_fund: $10k
      pool: $50M
    agents:
      traders:
        count: 60
        equity: {lognormal: {median: $40k, sigma: 1, maximum: $1M}}
        collateral: USDC
        leverage: 3..18
        long_bias: 75%
        trades_per_hour: 0/hour
      liquidators:
          KEEPERS

    """
