import ExactMath
import MarginCalculator
import Scenarios
import Testing

/// A market and its price may be called as the venue calls the pair: the rules are those of the asset.
@Suite struct MarketNameTests {
    @Test(arguments: [
        ("binance-usdm", "BTC", "BTC"), ("binance-usdm", "BTC", "BTCUSDT"),
        ("binance-usdm", "BTCUSDT", "BTCUSDT"), ("binance-usdm", "BTC/USDT:USDT", "BTC/USDT:USDT"),
        ("okx-multi-currency", "BTC", "BTC-USDT-SWAP"), ("deribit", "BTC", "BTC-PERPETUAL"),
        ("dydx-v4", "BTC-USD", "BTC-USD"), ("hyperliquid", "BTC", "BTC"),
        ("gmx-v2", "BTC/USD", "BTC"),
    ])
    func theRulesAreThoseOfTheAsset(preset: String, price: String, market: String) throws {
        func found(_ price: String, _ market: String) throws -> MarginReport.AccountReport {
            try report(
                """
                protocol: \(preset)
                prices: {"\(price)": 60000}
                account: {mode: isolated, positions: {"\(market)": {size: 40, entry: 61000, margin: 200000}}}
                """)
        }
        let named = try found(price, market)
        let plain = try found("BTC", "BTC")
        let unknown = try found("OTHER", "OTHER")
        #expect(named.requirement.maintenance == plain.requirement.maintenance)
        #expect(named.positions.first?.liquidationPrice == plain.positions.first?.liquidationPrice)
        // Bitcoin has brackets of its own under each of these presets.
        #expect(named.requirement.maintenance != unknown.requirement.maintenance)
    }

    /// Whoever gives both prices means two assets.
    @Test func aPairIsNoSecondNameWhereTheAssetHasAPrice() throws {
        let found = try report(
            """
            protocol: binance-usdm
            prices: {BTC: 60000, BTCUSDT: 59000}
            account: {balances: {USDT: 1000}, positions: {BTCUSDT: {size: 0.01, entry: 59000}}}
            """)
        #expect(found.positions.first?.unrealizedProfit == .zero)
    }
}
