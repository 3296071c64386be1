import Agents
import ExactMath
import MarginProtocol
import OrderBook
import Testing

@testable import Scenarios

@Suite struct SpotKeysTests {
    private static let market =
        "{pool: $1M, spot_markets: {ETH-USDC: {base: ETH, quote: USDC, taker_fee: 4bp, maker_fee: -1bp}}"

    @Test func marketsAndOrders() throws {
        let text = """
            agents:
              scripted:
                trader:
                  funding: $1M
                  steps:
                    - {at: +5m, place_spot: {market: ETH-USDC, size: 2.5, price: 1900, kind: post_only}}
                    - {at: +6m, place_spot: {market: ETH-USDC, size: -1}}
                    - {at: +7m, cancel_spot: all}
                    - {at: +8m, cancel_spot: ETH-USDC}

            """
        let loaded = try load(
            small.replacing("{pool: $1M}", by: Self.market + ", spot_orders_in_deposits: true}")
                .replacing("agents:\n", by: text))
        let spot = SpotMarketID(0)
        #expect(
            loaded.parameters.spotMarkets == [
                SpotMarketParameters(
                    name: "ETH-USDC", base: AssetID(1), quote: AssetID(0),
                    takerFee: Ratio(basisPoints: 4), makerFee: Ratio(basisPoints: -1))
            ])
        #expect(loaded.parameters.countsSpotOrders)
        #expect(
            loaded.agents.scripts.first?.steps.map(\.action) == [
                .placeSpot(
                    spot,
                    OrderRequest(
                        side: .buy, size: Quantity(raw: 250_000_000), price: Price(whole: 1900),
                        timeInForce: .postOnly)),
                .placeSpot(
                    spot,
                    OrderRequest(
                        side: .sell, size: Quantity(whole: 1), price: nil,
                        timeInForce: .immediateOrCancel)), .cancelSpot([spot]),
                .cancelSpot([spot]),
            ])
        #expect(try load(small).parameters.spotMarkets.isEmpty)
    }

    @Test func problemsOfMarkets() {
        for (text, problem) in [
            ("{A: {base: ETH}}", "missing key 'quote'"),
            ("{A: {base: ETH, quote: ETH}}", "expected another asset than the base"),
            ("{A: {base: ETX, quote: USDC}}", "ETX"),
            ("{A: {base: ETH, quote: USDC, taker_fee: 100%}}", "less than 100%"),
            ("{A: {base: ETH, quote: USDC, maker_fee: -1%}}", "a rebate of at most the taker fee"),
            ("{A: {base: ETH, quote: USDC, fee: 1%}}", "unknown key 'fee'"),
            ("3", "expected a map of spot markets"),
        ] {
            let found = problems(
                small.replacing("{pool: $1M}", by: "{pool: $1M, spot_markets: \(text)}"))
            #expect(found.contains { $0.contains(problem) }, "\(problem): \(found)")
        }
        let found = problems(
            small.replacing(
                "agents:\n",
                by: """
                    agents:
                      scripted: {a: {steps: [{at: +1m, place_spot: {market: X, size: 1}}]}}

                    """))
        #expect(found.contains { $0.contains("a spot market") }, "\(found)")
    }

    @Test func anAccountsOrders() throws {
        func text(_ orders: String) -> String {
            """
            protocol: mango-v4
            prices: {SOL: 100}
            account: {balances: {USDC: 10}, spot_orders: \(orders)}
            """
        }
        func file(_ orders: String) throws -> AccountFile {
            try AccountFile.load("a.yaml") { _ in text(orders) }
        }
        let spot = SpotMarketID(0)
        #expect(try file("none").spotOrders.isEmpty)
        #expect(try file("none").parameters.spotMarkets.map(\.name) == ["SOL-USDC"])
        #expect(
            try file("{SOL-USDC: [[101, -2], [99.5, 0.5]]}").spotOrders == [
                .init(
                    market: spot, side: .sell, price: Price(whole: 101), size: Quantity(whole: 2)),
                .init(
                    market: spot, side: .buy, price: Price(raw: 9_950_000_000),
                    size: Quantity(raw: 50_000_000)),
            ])
        for wrong in [
            "{BTC-USDC: [[1, 1]]}", "{SOL-USDC: []}", "{SOL-USDC: [[0, 1]]}",
            "{SOL-USDC: [[1, 0]]}", "{SOL-USDC: [[99, -1], [99, 1]]}",
            "{SOL-USDC: [[1000, 2000000]]}",
        ] {
            #expect(throws: ScenarioProblems.self, "\(wrong)") { try file(wrong) }
        }
    }
}
