import Agents
import Chain
import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import Simulation

/// Each scheme pays where the parameters are weak, and does not where they are strong.
@Suite struct AdversaryTests {
    /// What the adversary of a run ends with less what it began with, at the outside prices. [USD]
    private func profit(_ text: String) throws -> Double {
        let simulation = try Simulation(try ScenarioLoader.load(text: text))
        // The database names an agent by its address.
        let everybody = simulation.description.agents.map(\.address)
        #expect(Set(everybody).count == everybody.count)
        let mine = simulation.description.agents.filter { $0.kind == "adversary" }.map(\.address)
        let accounts = simulation.description.accounts.filter { mine.contains($0.owner) }
        #expect(!accounts.isEmpty)
        var books = 0.0
        var gas = 0.0
        var held = [Double](repeating: 0, count: simulation.description.feeds.count)
        var first: Double?
        var last = 0.0
        while let record = simulation.next() {
            let prices = record.referencePrices.sorted { $0.feed < $1.feed }.map(\.price)
            for trade in record.outsideTrades
            where mine.contains(trade.agent) && trade.wallet == nil {
                books += Double(trade.proceeds.raw) / 1e8
                held[trade.feed.index] += Double(trade.quantity.raw) / 1e8
            }
            let native = try #require(simulation.scenario.nativeFeed)
            for included in record.transactions
            where mine.contains(included.transaction.sender) {
                gas += Double(included.gasCost.raw) / 1e8 * Double(prices[native.index].raw) / 1e8
            }
            var worth = books
            for (feed, quantity) in held.enumerated() {
                worth += quantity * Double(prices[feed].raw) / 1e8
            }
            for account in accounts {
                let equity = simulation.house.plainEquity(of: account.id, at: prices)
                // What an account owes beyond all it has, its owner leaves behind.
                worth += max(0, Double(equity.raw) / 1e8)
            }
            if first == nil { first = worth }
            last = worth
        }
        let profit = last - (try #require(first))
        // Another way to the metric, whose cents are rounded block by block.
        let metric = try #require(simulation.summary.value(of: "attack_profit_usd_mallory"))
        #expect(abs(Double(metric.raw) / 1e8 - (profit - gas)) < 0.01)
        return profit
    }

    private func world(
        _ price: String, haircut: String, liquidation: String, adversary: String,
        extra: String = "", gas: String = "30M", agents: String = "", depth: String = "$2M"
    ) -> String {
        """
        name: adversary
        seed: 5
        start: 2024-01-01T00:00:00Z
        duration: 2h
        chain: {preset: ethereum, gas_limit: \(gas)}
        assets:
          USDC: {price: 1, borrowable: true}
          ETH:
            price: \(price)
            liquidity: {depth_2pct: \(depth), recovery: 20m}
            collateral: {haircut: \(haircut)}
        \(extra)
        oracles:
          ETH: {deviation: 0.5%, heartbeat: 1h, latency: 15s}
        protocol:
          liquidation: \(liquidation)
          insurance_fund: $5M
          pool: $50M
        agents:
          adversaries:
            mallory: \(adversary)
        \(agents)
        """
    }

    static let flat = "{points: [[00:00, 2000], [02:00, 2000]]}"

    // MARK: Manipulator

    /// Collateral of $20M; buying $10M moves the price by √5 · 2 %, and what may be borrowed against it grows as much.
    @Test func pushingThePriceOfOnesCollateralPaysOnlyWithoutAHaircut() throws {
        func scheme(_ haircut: String) -> String {
            world(
                "{points: [[00:00, 2000], [02:00, 2000]]}", haircut: haircut,
                liquidation: "{close_factor: 50%, bonus: 5%}",
                adversary:
                    "{scheme: manipulator, capital: $20M, asset: ETH, push: $10M, patience: 3m}",
                agents: "  liquidators: {bots: {count: 2, capital: $50M}}")
        }
        #expect(try profit(scheme("0%")) > 50_000)
        #expect(try profit(scheme("20%")) < 0)
    }

    // MARK: Self-liquidator

    /// A loan to value of 97 % with a bonus of 10 %: 97 − 100 / 1.1 of every hundred is the protocol's loss. With
    /// 80 % and 5 % it pays itself, and sells at the bottom.
    @Test func liquidatingOneselfPaysOnlyAboveTheToxicThreshold() throws {
        func scheme(_ haircut: String, _ bonus: String) -> String {
            world(
                "{points: [[00:00, 2000], [00:10, 1950], [00:40, 1950], [01:00, 2000], [02:00, 2000]]}",
                haircut: haircut,
                liquidation: "{close_factor: 100%, bonus: \(bonus)}",
                adversary:
                    "{scheme: self_liquidator, capital: $100k, asset: ETH, fee: 2x}")
        }
        #expect(try profit(scheme("2%", "10%")) > 10_000)
        #expect(try profit(scheme("20%", "5%")) < 0)
    }

    // MARK: Withdraw and dump

    /// At 40 times the leverage a fall of some 6 % leaves a deficit on the long side that the short side gains; at
    /// twice it does not reach any.
    @Test func beingLongAndShortPaysOnlyWhereALossCanBeLeftBehind() throws {
        func scheme(_ initial: String, _ maintenance: String, _ leverage: Int) -> String {
            world(
                Self.flat, haircut: "10%",
                liquidation: "{close_factor: 100%, penalty: 1%, taker: pool}",
                adversary:
                    "{scheme: withdraw_and_dump, capital: $4M, asset: ETH, market: ETH-PERP, leverage: \(leverage), push: $20M, patience: 30m, after: 10m}",
                extra: """
                    markets:
                      ETH-PERP: {underlying: ETH, initial_margin: \(initial), maintenance_margin: \(maintenance), taker_fee: 5bp}
                    """, agents: "  liquidators: {bots: {count: 2, capital: $50M}}")
        }
        #expect(try profit(scheme("2.5%", "0.5%", 40)) > 100_000)
        #expect(try profit(scheme("50%", "30%", 2)) < 0)
    }

    // MARK: Decoys

    /// The venue's engine goes through the accounts in their order, ten a block: 500 in front are ten minutes of a
    /// fall. Liquidators who take the most profitable first are not held up.
    @Test func decoysPayOnlyWhereWorkIsDoneInOrder() throws {
        func scheme(_ liquidation: String, _ agents: String) -> String {
            world(
                "{points: [[00:00, 2000], [00:05, 1990], [00:20, 1400], [02:00, 1400]]}",
                haircut: "5%", liquidation: liquidation,
                adversary:
                    "{scheme: decoys, capital: $500k, asset: ETH, decoys: 500, dust: $100}",
                gas: "3.4M", agents: agents, depth: "$500M")
        }
        let ordered = try profit(
            scheme("{close_factor: 100%, bonus: 2%, caller: venue}", ""))
        let sorted = try profit(
            scheme(
                "{close_factor: 100%, bonus: 2%}",
                "  liquidators: {bots: {count: 2, capital: $50M, unwind: hold, poll_every: 1 block}}"
            ))
        #expect(ordered > 50_000)
        #expect(sorted < 0)
    }
}
