import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Isolated mode under every venue that has positions: one account for each, and what one loses is not another's.
@Suite struct IsolatedTests {
    static let presets = Preset.all.filter { $0.text.contains("\nmarkets:") }.map(\.name)

    /// Two positions of 10,000 USD with 2,000 of their own, one in BTC and one in ETH, and a price of BTC.
    static func text(_ preset: String, bitcoin: String) throws -> String {
        let text = try #require(Preset.named(preset)).text
        let isInverse = text.contains("contract: inverse")
        let settlement =
            text.firstMatch(of: #/\n  settlement: ([A-Z]+)/#).map { String($0.1) } ?? "USDC"
        guard !isInverse else {
            return """
                protocol: \(preset)
                prices: {BTC: \(bitcoin)}
                account:
                  mode: isolated
                  balances: {BTC: 1}
                  positions:
                    - {market: BTC-PERP, size: 10000, entry: 40000, margin: 0.05}
                    - {market: BTC-2, size: -10000, entry: 40000, margin: 0.05}
                """
        }
        return """
            protocol: \(preset)
            prices: {\(settlement): 1, BTC: \(bitcoin), ETH: 2000}
            account:
              mode: isolated
              balances: {\(settlement): 1000}
              positions:
                BTC: {size: 0.25, entry: 40000, margin: 2000}
                ETH: {size: -5, entry: 2000, margin: 2000}
            market: {BTC: \(pool(text)), ETH: \(pool(text))}
            """
    }

    private static func pool(_ text: String) -> String {
        text.contains("reserve") ? "{pool: 100000000}" : "{}"
    }

    @Test(arguments: presets) func eachPositionStandsAlone(preset: String) throws {
        let healthy = try account(try Self.text(preset, bitcoin: "40000"))
        #expect(healthy.isolated.count == 2)
        let report = MarginReport(healthy)
        #expect(report.isolated.count == 2)
        for one in report.isolated {
            #expect(one.positions.count == 1 && one.positions[0].isIsolated)
            #expect(!one.isLiquidatable && one.isolatedMarket != nil)
        }
        // Bitcoin loses a quarter: more than its margin, and nothing of anybody else's.
        var fallen = try account(try Self.text(preset, bitcoin: "30000"))
        let first = try #require(fallen.isolated[0])
        let second = try #require(fallen.isolated[1])
        let prices = fallen.house.prices
        let due = [first, second, fallen.cross].map { fallen.house.isLiquidatable($0, at: prices) }
        #expect(due == [true, false, false])
        let cross = fallen.house.plainEquity(of: fallen.cross, at: prices)
        let market = try #require(fallen.house.account(second).isolatedMarket)
        let size = fallen.house.position(second, market).size
        let run = LiquidationRun(fallen, of: first, pause: TimeSpan(seconds: 60))
        fallen = run.account
        #expect(!run.rows.isEmpty, "\(run.ending)")
        let isLeft = fallen.house.isLiquidatable(first, at: prices)
        #expect(!isLeft, "\(preset): \(run.ending)")
        let own = try #require(fallen.house.account(first).isolatedMarket)
        let rest = fallen.house.position(first, own)
        #expect(rest.size.isZero)
        // A result may wait to be settled, where the venue leaves it with the account.
        #expect(rest.cost.isZero || fallen.house.parameters.resultSettlement != nil)
        let crossAfter = fallen.house.plainEquity(of: fallen.cross, at: prices)
        #expect(crossAfter == cross)
        let left = fallen.house.position(second, market).size
        // Where others are deleveraged, the winner of the other side may be among them.
        let isDeleveraged = run.rows.contains { $0.step.kind == .deleveraging }
        #expect(left == size || isDeleveraged)
        let breaches = fallen.house.breaches()
        #expect(breaches.isEmpty)
    }

    /// The same account in cross mode still stands: what the short side has is there for the long one's loss.
    @Test(arguments: ["drift-v2", "mango-v4", "dydx-v4", "hyperliquid", "binance-usdm"])
    func crossModeNets(preset: String) throws {
        let text = try Self.text(preset, bitcoin: "32100")
        let isolated = try account(text)
        let child = try #require(isolated.isolated[0])
        let isDue = isolated.house.isLiquidatable(child, at: isolated.house.prices)
        #expect(isDue)
        let cross = try account(
            text.replacing("mode: isolated", with: "mode: cross")
                .replacing(", margin: 2000", with: "")
                .replacing("1000}", with: "5000}"))
        let isCrossDue = cross.house.isLiquidatable(cross.cross, at: cross.house.prices)
        #expect(!isCrossDue)
    }
}
