import ExactMath
import MarginCalculator
import MarginProtocol
import Scenarios
import Testing

/// Bybit's unified trading account through the engine.
@Suite struct BybitTests {
    /// Isolated at 10x with a maintenance rate of 1 %: `entry − (IM − MM) / size`, both at the entry price;
    /// freqtrade/freqtrade @c9ae5e1e, tests/exchange/test_exchange.py, test_get_liquidation_price, and Bybit's help
    /// centre, Liquidation Price Calculation under Isolated Mode.
    ///
    /// Vectors: byb-lp-4.
    @Test(arguments: [("1", "9.1"), ("-1", "10.9")])
    func isolated(size: String, price: String) throws {
        let found = try report(
            """
            protocol: bybit-uta
            parameters: {markets: {ETH: {brackets: [[$0, 1%, 1%]]}}}
            prices: {ETH: 10}
            account: {mode: isolated, positions: {ETH: {size: \(size), entry: 10, leverage: 10}}}
            """)
        #expect(isNear(found.positions.first?.liquidationPrice, price, within: "0.000002"))
        #expect(isNear(found.positions.first?.bankruptcyPrice, size == "1" ? "9" : "11"))
    }

    /// 0.5 BTC at 10x, entered at 50,000, mark 50,500: 2,525 and a closing fee at the bankruptcy price; Bybit's help
    /// centre, Initial Margin Calculation (USDC Contract), 2025-09-02.
    ///
    /// Vectors: byb-im-1, byb-im-2.
    @Test(arguments: [("0.5", "2537.375"), ("-0.5", "2540.125")])
    func initialMargin(size: String, margin: String) throws {
        let found = try report(
            """
            protocol: bybit-uta
            prices: {BTC: 50500}
            account: {balances: {USDT: 5000}, positions: {BTC: {size: \(size), entry: 50000, leverage: 10}}}
            """)
        #expect(isNear(found.positions.first?.margin.initial, margin))
        #expect(isNear(found.positions.first?.margin.maintenance, "126.25"))
        #expect(isNear(found.positions.first?.unrealizedProfit, size == "0.5" ? "250" : "-250"))
    }

    /// 100 contracts at 35 in tiers of 1,000; Bybit's help centre, Maintenance Margin (USDT Contract).
    ///
    /// Vectors: byb-mm-1.
    @Test func maintenanceOfTheExample() throws {
        let found = try report(
            """
            protocol: bybit-uta
            parameters:
              markets:
                XYZ: {brackets: [[$0, 4%, 2%], [$1k, 5%, 2.5%], [$2k, 6%, 3%], [$3k, 7%, 3.5%], [$4k, 8%, 4%]]}
            prices: {XYZ: 35}
            account: {balances: {USDT: 1000}, positions: {XYZ: {size: 100, leverage: 10}}}
            """)
        #expect(isNear(found.requirement.maintenance, "92.5"))
    }

    /// `value · rate − deduction` of the tables of 2025-12-29; published rates have four decimals.
    ///
    /// Vectors: byb-mm-2, byb-mm-3, byb-mm-4, byb-mm-5, byb-mm-6, byb-mm-7.
    @Test(arguments: [
        ("BTC", "2600000", "13360"), ("BTC", "5000000", "30040"), ("BTC", "90000000", "2643000"),
        ("ETH", "10000000", "99780"), ("ETH", "150000000", "22981780"),
        ("SNX", "1750000", "110000"),
    ])
    func maintenanceMargin(market: String, value: String, margin: String) throws {
        let found = try report(
            """
            protocol: bybit-uta
            prices: {\(market): 1}
            account: {balances: {USDT: 1000000000}, positions: {\(market): {size: \(value)}}}
            """)
        #expect(isNear(found.requirement.maintenance, margin, within: "1"))
    }

    /// 60 BTC in tiers by quantity; Bybit's help centre, Assets Collateral Value Ratio List (UTA).
    ///
    /// Vectors: byb-cr-1.
    @Test func collateralByQuantity() throws {
        let found = try report(
            """
            protocol: bybit-uta
            prices: {BTC: 60000}
            account: {balances: {BTC: 60}}
            """)
        // 44.8 BTC.
        #expect(isNear(found.assets.first { $0.asset == "BTC" }?.weighted.maintenance, "2688000"))
    }

    /// A position in the third tier goes to the top of the second first, then on.
    @Test func tierByTier() throws {
        let account = try account(
            """
            protocol: bybit-uta
            parameters:
              markets:
                XYZ: {brackets: [[$0, 4%, 2%], [$1k, 5%, 2.5%], [$2k, 6%, 3%]]}
            prices: {XYZ: 50}
            account: {balances: {USDT: 60}, positions: {XYZ: {size: 50}}}
            """)
        let run = LiquidationRun(account, pause: .zero)
        let first = try #require(run.rows.first)
        // 2,500 is taken down to 2,000.
        #expect(isNear(first.step.amount, "-10"))
        #expect(run.account.house.breaches().isEmpty)
        #expect(!run.account.house.isLiquidatable(run.account.cross, at: run.account.file.prices))
    }
}
