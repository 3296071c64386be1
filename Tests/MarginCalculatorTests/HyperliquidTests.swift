import ExactMath
import Scenarios
import Testing

@testable import MarginCalculator
@testable import MarginProtocol

/// Hyperliquid and Deribit through the engine.
@Suite struct HyperliquidTests {
    /// hyperliquid.gitbook.io/hyperliquid-docs, trading/margin-tiers: maintenance is continuous at the bounds.
    ///
    /// Vectors: hl-mm-1, hl-mm-2, hl-mm-3, hl-mm-4, hl-mm-5, hl-mm-6, hl-mm-7, hl-mm-8, hl-tier-3,
    /// hl-tier-4.
    @Test(arguments: [
        ("BTC", "100000000", "1250000", "2500000"), ("BTC", "150000000", "1875000", "7500000"),
        ("BTC", "200000000", "3125000", "10000000"), ("BTC", "-200000000", "3125000", "10000000"),
        ("ETH", "100000000", "2000000", "6666666.66666667"),
        ("ETH", "150000000", "3666666.66666667", "10000000"),
        ("SOL", "70000000", "1750000", "7000000"), ("SOL", "100000000", "3250000", "10000000"),
        ("DOGE", "30000000", "2000000", "6000000"), ("OP", "2000000", "100000", "200000"),
    ])
    func tiers(market: String, notional: String, maintenance: String, initial: String) throws {
        let found = try report(
            """
            protocol: hyperliquid
            prices: {\(market): 1}
            account: {balances: {USDC: 100000000}, positions: {\(market): {size: \(notional)}}}
            """)
        #expect(isNear(found.requirement.maintenance, maintenance, within: "0.00000002"))
        #expect(isNear(found.requirement.initial, initial, within: "0.00000001"))
    }

    /// hyperliquid.gitbook.io/hyperliquid-docs, trading/liquidations: `price − side · margin / size / (1 − l · side)`.
    ///
    /// Vectors: hl-liqprice-1, hl-liqprice-2, hl-liqprice-3.
    @Test(arguments: [
        ("1", "100", "10", "20", "92.30769231"), ("-1", "100", "10", "20", "107.31707317"),
        ("50", "2000", "5000", "25", "1938.77551020"),
    ])
    func liquidationPrice(
        size: String, price: String, value: String, leverage: String, expected: String
    ) throws {
        let half = "1/\((Int(leverage) ?? 0) * 2)"
        let found = try report(
            """
            protocol: hyperliquid
            parameters: {markets: {XYZ: {brackets: [[$0, 1/\(leverage), \(half)]]}}}
            prices: {XYZ: \(price)}
            account: {balances: {USDC: \(value)}, positions: {XYZ: {size: \(size)}}}
            """)
        #expect(isNear(found.positions.first?.liquidationPrice, expected, within: "0.00000002"))
    }

    /// Up to 100,000 the whole position goes at once, above it 20 % first; trading/liquidations. The equity is above two
    /// thirds of the maintenance margin, below which the vault takes over.
    ///
    /// Vectors: hl-partial-1.
    @Test(arguments: [("90000", "-90000", 1), ("100000", "-100000", 1), ("120000", "-24000", 2)])
    func partial(size: String, amount: String, steps: Int) throws {
        let account = try account(
            """
            protocol: hyperliquid
            prices: {BTC: 1}
            account: {balances: {USDC: 1100}, positions: {BTC: {size: \(size)}}}
            """)
        let run = LiquidationRun(account, pause: TimeSpan(milliseconds: 5000))
        #expect(isNear(try #require(run.rows.first).step.amount, amount))
        #expect(run.rows.count == steps)
        #expect(run.account.house.breaches().isEmpty)
    }

    /// 12 March 2025: a long of 160,234.18 ether, whose margin had been withdrawn, is taken over by the vault at 1,915, and
    /// costs it four million by the time it is sold: at 1,890.04 on average, 130.36 basis points lower.
    ///
    /// Vectors: hl_eth_whale.
    @Test func whale() throws {
        var account = try account(
            """
            protocol: hyperliquid
            parameters: {protocol: {backstop: {funds: $100M}}}
            prices: {ETH: 1915}
            account: {balances: {USDC: 3000000}, positions: {ETH: {size: 160234.18, entry: 1915}}}
            """)
        let step = try #require(MarginReport(account).account.liquidation)
        #expect(step.kind == .takeover && isNear(step.price, "1915"))
        _ = try account.step(account.cross)
        let vault = try #require(account.house.backstopVault)
        let held = account.house.position(vault, MarketID(0))
        #expect(isNear(held.size, "160234.18"))
        let exit = try #require(Price(decimal: "1890.03653715"))
        let prices = account.file.prices.map { $0 == Price(whole: 1915) ? exit : $0 }
        let before = account.house.plainEquity(of: vault, at: account.file.prices)
        let after = account.house.plainEquity(of: vault, at: prices)
        // Eight decimals of the price are a tenth of a cent of this position.
        #expect(isNear(before - after, "4000000", within: "0.001"))
        let lost = try Ratio(before - after, over: Money(raw: held.cost.raw), rounding: .nearest)
        #expect(isNear(lost, "0.01303575"))
    }

    /// 26 March 2025: four million dollars of JELLY at 0.0095 are 421 million, a short of 398 million loses 13.5 million
    /// at 0.0434196, and nothing once the market is settled at 0.0095.
    ///
    /// Vectors: jelly.
    @Test func jelly() throws {
        let opened = try report(
            """
            protocol: hyperliquid
            prices: {JELLY: 0.0095}
            account: {balances: {USDC: 4000000}, positions: {JELLY: {size: -421052631.57894737}}}
            """)
        #expect(isNear(opened.positions.first?.notional, "4000000"))
        var account = try account(
            """
            protocol: hyperliquid
            prices: {JELLY: 0.04341960}
            account: {balances: {USDC: 14000000}, positions: {JELLY: {size: -398000000, entry: 0.0095}}}
            """)
        let profit = MarginReport(account).account.positions.first?.unrealizedProfit
        // Eight decimals of the price are four dollars of this position.
        #expect(isNear(profit, "-13500000", within: "4"))
        var journal: [Event] = []
        try account.house.execute(
            .windUp(MarketID(0), .settled, price: Price(decimal: "0.0095")), from: .governance,
            into: &journal)
        #expect(isNear(account.house.balance(account.cross, AssetID(0)), "14000000"))
        #expect(account.house.openInterest(MarketID(0)).isZero)
        #expect(account.house.breaches().isEmpty)
    }

    /// 2 % and 1 %, and 0.005 % a bitcoin or 0.0004 % an ether of both;
    /// support.deribit.com/hc/en-us/articles/25944826427293.
    ///
    /// Vectors: drb-1, drb-2, drb-3.
    @Test(arguments: [
        ("BTC", "100", "2.5", "1.5", "0.42"), ("BTC", "10", "0.205", "0.105", "0.0402"),
        ("ETH", "1000", "24", "14", "4.16"),
    ])
    func deribit(
        market: String, size: String, initial: String, maintenance: String, inCoins: String
    ) throws {
        let found = try report(
            """
            protocol: deribit
            prices: {\(market): 1}
            account: {balances: {USDC: 1000}, positions: {\(market): {size: \(size)}}}
            """)
        #expect(isNear(found.requirement.initial, initial))
        #expect(isNear(found.requirement.maintenance, maintenance))
        // An inverse contract's size is money, here of a fifth as many coins; its rate grows with coins.
        let inverse = try report(
            """
            protocol: deribit
            parameters:
              protocol: {settlement: \(market)}
              assets: {\(market): {collateral: 100%}}
              markets: {\(market): {contract: inverse}}
            prices: {\(market): 50000}
            account: {balances: {\(market): 1000}, positions: {\(market): {size: -\(size)0000}}}
            """)
        #expect(isNear(inverse.positions.first?.margin.initial, inCoins))
    }
}
