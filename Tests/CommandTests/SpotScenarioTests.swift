import Foundation
import Testing

/// Spot orders on Mango's rules, from the file to the record and back.
@Suite struct SpotScenarioTests {
    static let text = """
        name: spot
        seed: 1
        start: 2024-01-01T00:00:00Z
        duration: 1h
        chain: {preset: instant}
        native: none
        assets:
          USDC: {price: 1.00}
          SOL: {price: {points: [[00:00, 100], [00:20, 100], [00:40, 60]], between: linear}, liquidity: {impact: linear, depth_2pct: $5M}}
        oracles: {SOL: {interval: 5s, deviation: 0%, heartbeat: 5s}}
        protocol: {preset: mango-v4, insurance_fund: $10k}
        agents:
          liquidators:
            - {count: 1, capital: $1M}
          scripted:
            maker:
              funding: {USDC: 100000, SOL: 1000}
              steps:
                - {at: +1m, deposit: {USDC: 50000, SOL: 1000}}
                - {at: +2m, place_spot: {market: SOL-USDC, size: 300, price: 99}}
                - {at: +2m, place_spot: {market: SOL-USDC, size: -300, price: 101}}
                - {at: +50m, cancel_spot: all}
            long:
              funding: {SOL: 100}
              steps:
                - {at: +1m, deposit: {SOL: all}}
                - {at: +4m, place_spot: {market: SOL-USDC, size: 150}}
                - {at: +5m, place_spot: {market: SOL-USDC, size: -20, price: 130}}
                - {at: +6m, place_spot: {market: SOL-USDC, size: 250, price: 101}}
        """

    /// What the long has open is taken back by the liquidation that then goes on; an order beyond its margin is refused.
    @Test func aLiquidationTakesOrdersBack() throws {
        try Tool.inFolder { folder in
            try Self.text.write(
                to: folder.appendingPathComponent("a.yaml"), atomically: true, encoding: .utf8)
            let run = try Tool.run(
                ["run", "a.yaml", "--db", "a.sqlite", "--paranoid", "--no-expect"], in: folder)
            #expect(run.code == 0, "\(run.error)")
            func count(_ rows: String) throws -> Int {
                let result = try Tool.run(
                    ["query", "a.sqlite", "select count(*) as n from \(rows)", "--json"],
                    in: folder)
                #expect(result.code == 0, "\(result.error)")
                return Int(result.out.filter(\.isNumber)) ?? -1
            }
            #expect(try count("v_spot_fill where taker_name = 'long main' and size = 150") == 1)
            #expect(try count("tx where kind = 70 and rejection = 402") == 1)
            let taken = """
                spot_order_change o join liquidation l using (run, block, tx)
                where o.change = 2 and o.account = l.account and o.reserved_e8 = 2000000000
                """
            #expect(try count(taken) == 1)
            #expect(try count("v_balance_change where reason = 'spotReleased'") > 3)
            #expect(try Tool.run(["verify", "a.sqlite", "--replay"], in: folder).code == 0)
        }
    }
}
