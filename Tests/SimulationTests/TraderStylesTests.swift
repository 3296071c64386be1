import Agents
import ExactMath
import MarginProtocol
import Scenarios
import Simulation
import Testing

/// Traders of every style in one market that rises.
@Suite struct TraderStylesTests {
    static let text = """
        name: styles
        seed: 8
        start: 2024-01-01T00:00:00Z
        duration: 3h
        chain: ethereum
        assets:
          USDC: {price: 1}
          ETH:
            price: {points: [[00:00, 2000], [03:00, 2300]]}
            liquidity: {depth_2pct: $200M, recovery: 20m}
        markets:
          ETH-PERP:
            underlying: ETH
            initial_margin: 5%
            maintenance_margin: 3%
            funding: {maximum_rate: 1%, skew_scale: 1000 ETH}
        oracles:
          ETH: {deviation: 0.5%, heartbeat: 1h, latency: 15s}
        protocol: {insurance_fund: $1M, pool: $50M}
        agents:
          traders:
            crowd: {count: 60, leverage: 2..4, long_bias: 90%}
            whales: {count: 2, equity: $2M, leverage: 3, long_bias: 100%}
            trend: {count: 20, leverage: 2, trades_per_hour: 4/hour, style: {momentum: {window: 30m, threshold: 0.5%}}}
            fade: {count: 20, leverage: 2, trades_per_hour: 4/hour, style: {mean_reversion: {window: 30m, threshold: 0.5%}}}
            basis: {count: 10, leverage: 1, trades_per_hour: 4/hour, style: {basis: {window: 1h, enter: 0.01%}}}
            copy: {count: 20, leverage: 1, trades_per_hour: 4/hour, style: {copy: {group: fade, delay: 5m}}}

        """

    @Test func eachStyleStandsWhereItShould() throws {
        let simulation = try Simulation(try ScenarioLoader.load(text: Self.text), paranoid: false)
        var outside: [Address: Int64] = [:]
        while let record = simulation.next() {
            for trade in record.outsideTrades {
                outside[trade.agent, default: 0] += trade.quantity.raw
            }
        }
        let market = MarketID(0)
        func net(_ group: String) -> Int64 {
            let owners = simulation.description.agents.filter { $0.group == group }.map(\.address)
            return simulation.description.accounts.filter { owners.contains($0.owner) }
                .reduce(0) { $0 + simulation.house.position($1.id, market).size.raw }
        }
        #expect(net("trend") > 0)
        #expect(net("fade") < 0)
        // Copies those who fade.
        #expect(net("copy") < 0)
        // The crowd and the whales are long, and pay for it.
        #expect(net("basis") < 0)
        #expect(net("whales") > net("crowd"))
        for agent in simulation.description.agents where agent.group == "basis" {
            let held = simulation.description.accounts.filter { $0.owner == agent.address }
                .reduce(Int64(0)) { $0 + simulation.house.position($1.id, market).size.raw }
            #expect(outside[agent.address] ?? 0 == -held, "\(agent.name)")
        }
        #expect(simulation.summary.value(of: "conservation") == .zero)
    }
}
