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

    private func thirdTier(_ usdt: String, _ reductions: String = "mark") throws -> LiquidationRun {
        let account = try account(
            """
            protocol: bybit-uta
            parameters:
              protocol: {liquidation: {reductions: \(reductions)}}
              markets:
                XYZ: {brackets: [[$0, 4%, 2%], [$1k, 5%, 2.5%], [$2k, 6%, 3%]]}
            prices: {XYZ: 50}
            account: {balances: {USDT: \(usdt)}, positions: {XYZ: {size: 50}}}
            """)
        let run = LiquidationRun(account, pause: .zero)
        #expect(run.account.house.breaches().isEmpty)
        #expect(!run.account.house.isLiquidatable(run.account.cross, at: run.account.file.prices))
        return run
    }

    /// A position in the third tier goes to the top of the second by an order at the market, of which the account pays the
    /// fee of 0.055 %; with 45 of 60 required it is healthy again.
    @Test func tierByTier() throws {
        let run = try thirdTier("60")
        #expect(run.rows.count == 1)
        let first = try #require(run.rows.first)
        // 2,500 is taken down to 2,000.
        #expect(isNear(first.step.amount, "-10"))
        #expect(isNear(first.step.price, "50"))
        #expect(isNear(first.step.penalty, "0.275"))
        #expect(isNear(first.after.equity, "59.725"))
        #expect(isNear(first.after.requirement, "45"))
    }

    /// Were the part taken over at the bankruptcy price, it would take its share of the equity, a quarter; and so would
    /// all others after it.
    @Test func tierByTierAtBankruptcy() throws {
        let run = try thirdTier("60", "closing_price")
        let first = try #require(run.rows.first)
        #expect(isNear(first.step.penalty, "15"))
        #expect(run.rows.count == 3 && run.rows.allSatisfy { $0.after.surplus <= .zero })
    }

    /// Without equity there is nothing to reduce for: all of it is taken over.
    @Test func withoutEquityAllOfIt() throws {
        let run = try thirdTier("-1")
        #expect(isNear(run.rows.first?.step.amount, "-50"))
        // Equity that a reduction does not restore: down to the lowest tier, and then over at bankruptcy.
        let low = try thirdTier("15")
        #expect(low.rows.map { $0.step.amount }.count == 3)
        #expect(isNear(low.rows.last?.step.amount, "-20"))
        #expect(isNear(low.rows.last?.after.equity, "0"))
    }
}
