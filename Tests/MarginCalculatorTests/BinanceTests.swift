import ExactMath
import MarginCalculator
import MarginProtocol
import Scenarios
import Testing

/// Binance USDⓈ-M futures and cross margin through the engine.
@Suite struct BinanceTests {
    /// Brackets with a deduction of 0.01 from a value of 5 on, as freqtrade's figures have it.
    static let cent = "{brackets: [[$0, 0.8%, 0.8%], [$5, 1%, 1%]]}"
    /// Brackets of 2020 with the maintenance amounts of Binance's own example.
    static let ether = """
        {brackets: [[$0, 10%, 0.5%], [$10k, 10%, 0.65%], [$100k, 10%, 1%], [$500k, 10%, 2%],
        [$1M, 10%, 5%], [$2M, 10%, 10%], [$5M, 100%, 12.5%]]}
        """
    static let bitcoin = """
        {brackets: [[$0, 10%, 0.4%], [$50k, 10%, 0.5%], [$250k, 10%, 1%], [$1M, 10%, 2.5%],
        [$7.5M, 10%, 5%], [$40M, 10%, 10%], [$100M, 100%, 12.5%]]}
        """

    /// freqtrade/freqtrade @c9ae5e1e, tests/exchange/test_exchange.py, test_get_liquidation_price.
    ///
    /// Vectors: bnc-lp-5, bnc-lp-6, bnc-lp-11.
    @Test(arguments: [
        ("2", "-1", "5", "11.89108910"), ("3.33333333", "-1", "3", "13.21122112"),
        ("3.33333333", "1", "3", "6.72390572"),
    ])
    func isolatedOfFreqtrade(wallet: String, size: String, leverage: String, price: String) throws {
        for given in ["margin: \(wallet)", "leverage: \(leverage)"] {
            let found = try report(
                """
                protocol: binance-usdm
                parameters: {markets: {ETH: \(Self.cent)}}
                prices: {ETH: 10}
                account: {mode: isolated, positions: {ETH: {size: \(size), entry: 10, \(given)}}}
                """)
            let position = try #require(found.positions.first)
            #expect(isNear(position.liquidationPrice, price, within: "0.000001"))
            #expect(!found.isLiquidatable)
        }
    }

    /// Binance's example of two long positions, in freqtrade/freqtrade @c9ae5e1e, tests/exchange/test_binance.py,
    /// test_liquidation_price_binance; binance.com/au/support/faq/b3c689c1f50a44cabb3a84e663b81d93.
    ///
    /// Vectors: bnc-lp-1, bnc-lp-4.
    @Test func exampleOfTheVenue() throws {
        let isolated = try report(
            """
            protocol: binance-usdm
            parameters: {markets: {ETH: \(Self.ether)}}
            prices: {ETH: 1335.18}
            account:
              mode: isolated
              positions: {ETH: {size: 3683.979, entry: 1456.84, margin: 1535443.01}}
            """)
        #expect(
            isNear(isolated.positions.first?.liquidationPrice, "1114.78", within: "0.005"))
        let cross = try report(
            """
            protocol: binance-usdm
            parameters: {markets: {ETH: \(Self.ether), BTC: \(Self.bitcoin)}}
            prices: {ETH: 1335.18, BTC: 31967.27}
            account:
              balances: {USDT: 1535443.01}
              positions:
                BTC: {size: 109.488, entry: 32481.98}
                ETH: {size: 3683.979, entry: 1456.84}
            """)
        let bitcoin = try #require(cross.positions.first { $0.market == "BTC" })
        let ether = try #require(cross.positions.first { $0.market == "ETH" })
        #expect(isNear(bitcoin.liquidationPrice, "26316.89", within: "0.005"))
        #expect(isNear(ether.unrealizedProfit, "-448192.885140", within: "0.000001"))
        #expect(isNear(ether.margin.maintenance, "356512.508122", within: "0.000001"))
    }

    /// The bracket at the liquidation price is another than at entry; the brackets are those of 2024-10-24 and the
    /// rule that of binance.com/au/support/faq/b3c689c1f50a44cabb3a84e663b81d93.
    ///
    /// Vectors: bnc-lp-15, bnc-lp-16.
    @Test(arguments: [
        ("100000", "100", "59480.30303"), ("2000000", "-190", "69821.723426"),
    ])
    func bracketAtTheLiquidationPrice(wallet: String, size: String, price: String) throws {
        let found = try report(
            """
            protocol: binance-usdm
            prices: {BTC: 60000}
            account: {balances: {USDT: \(wallet)}, positions: {BTC: {size: \(size)}}}
            """)
        #expect(isNear(found.positions.first?.liquidationPrice, price, within: "0.00001"))
        #expect(found.positions.first?.liquidationPrices.count == 1)
    }

    /// `notional · rate − maintenance amount` of the brackets of 2024-10-24, freqtrade/freqtrade @c9ae5e1e,
    /// freqtrade/exchange/binance_leverage_tiers.json; the initial margin is at the bracket's largest leverage.
    ///
    /// Vectors: bnc-mm-d1, bnc-mm-d2, bnc-mm-d3, bnc-mm-d4, bnc-mm-d5, bnc-mm-d6.
    @Test(arguments: [
        ("BTC", "1000000", "5550", "13333.33333334"), ("BTC", "12000000", "108550", "480000"),
        ("ETH", "65000000", "1243550", "6500000"), ("SOL", "900000", "9620", "36000"),
        ("DOGE", "760000", "7530", "30400"), ("CRV", "400000", "8465", "40000"),
    ])
    func margins(market: String, notional: String, maintenance: String, initial: String) throws {
        let found = try report(
            """
            protocol: binance-usdm
            prices: {\(market): 1}
            account: {balances: {USDT: 1000000000}, positions: {\(market): {size: \(notional)}}}
            """)
        #expect(isNear(found.requirement.maintenance, maintenance))
        #expect(isNear(found.requirement.initial, initial))
    }

    /// Figures of freqtrade/freqtrade @c9ae5e1e, tests/exchange/test_binance.py,
    /// test_get_maintenance_ratio_and_amt_binance (fixture tests/conftest.py), BNB at 5,000,000 and BTC at 600,000,000.
    ///
    /// Vectors: bnc-mm-a5, bnc-mm-a6.
    @Test func maintenanceOfTheFixtures() throws {
        let found = try report(
            """
            protocol: binance-usdm
            parameters:
              markets:
                BNB:
                  brackets: [[$0, 1/75, 0.65%], [$10k, 1/50, 1%], [$50k, 1/25, 2%], [$250k, 1/10, 5%],
                    [$1M, 1/5, 10%], [$2M, 1/4, 12.5%], [$5M, 1/3, 15%], [$10M, 1/2, 25%], [$20M, 100%, 50%]]
                BTC:
                  brackets: [[$0, 1/125, 0.4%], [$50k, 1/100, 0.5%], [$250k, 1/50, 1%], [$1M, 1/20, 2.5%],
                    [$7.5M, 1/10, 5%], [$40M, 1/5, 10%], [$100M, 1/4, 12.5%], [$200M, 1/3, 15%],
                    [$400M, 1/2, 25%], [$600M, 100%, 50%]]
            prices: {BNB: 500, BTC: 60000}
            account:
              balances: {USDT: 1000000000}
              positions: {BNB: {size: 10000}, BTC: {size: -10000}}
            """)
        let bnb = found.positions.first { $0.market == "BNB" }
        let btc = found.positions.first { $0.market == "BTC" }
        #expect(isNear(bnb?.margin.maintenance, "516965"))
        #expect(isNear(btc?.margin.maintenance, "100296200"))
        // The lower bound of a bracket is its own: 3x and 1x.
        #expect(isNear(bnb?.margin.initial, "1666666.66666667"))
        #expect(isNear(btc?.margin.initial, "600000000"))
    }

    /// COIN-M: 12.5 % of 300 BTC less 11.81; binance.com/es/support/faq/ceccfcfb4e3a45e3b48b0b1bb1a8ae46. The levels
    /// below the fifth are chosen so that its maintenance amount is the 1.81 of the example.
    ///
    /// Vectors: bnc-mm-c4.
    @Test func coinMargined() throws {
        let found = try report(
            """
            protocol: binance-usdm
            parameters:
              protocol: {settlement: BTC}
              assets: {BTC: {collateral: 100%}}
              markets:
                BTC:
                  contract: inverse
                  brackets: [[0, 10%, 1.38%], [50, 10%, 5%], [100, 10%, 10%], [200, 50%, 12.5%]]
            prices: {BTC: 50000}
            account: {balances: {BTC: 100}, positions: {BTC: {size: 15000000}}}
            """)
        #expect(found.positions.first.map { isNear($0.notional, "300") } == true)
        #expect(isNear(found.positions.first?.margin.maintenance, "25.69"))
    }

    /// At the trigger itself maintenance margin and margin balance are equal: 100 %.
    @Test func equalityIsLiquidation() throws {
        func found(_ balance: String) throws -> MarginReport.AccountReport {
            try report(
                """
                protocol: binance-usdm
                prices: {BTC: 50000}
                account: {balances: {USDT: \(balance)}, positions: {BTC: {size: 1, leverage: 20}}}
                """)
        }
        let at = try found("200")
        #expect(at.isLiquidatable)
        #expect(isNear(at.marginRatio, "1"))
        #expect(isNear(at.requirement.initial, "2500"))
        let step = try #require(at.liquidation)
        #expect(isNear(step.amount, "-1"))
        // The fee is 1.25 % of 50,000, but no more is left than 200.
        #expect(isNear(step.toInsurance, "200"))
        #expect(isNear(step.bankruptcyPrice, "49800"))
        let above = try found("200.00000001")
        #expect(!above.isLiquidatable && above.liquidation == nil)
    }

    /// 1,000 USD of BNB and of ADA in multi-assets mode;
    /// binance.com/en-NG/futures/trading-rules/perpetual/multi-asset-info.
    ///
    /// Vectors: bnc-hc-2.
    @Test func multiAssets() throws {
        let found = try report(
            """
            protocol: binance-usdm
            prices: {BNB: 500, ADA: 0.5}
            account: {balances: {BNB: 2, ADA: 2000, USDT: -100}}
            """)
        let counts = found.assets.map { ($0.asset, $0.weighted.maintenance) }
        #expect(isNear(counts.first { $0.0 == "BNB" }?.1, "950"))
        #expect(isNear(counts.first { $0.0 == "ADA" }?.1, "900"))
        // What is owed has no haircut.
        #expect(isNear(counts.first { $0.0 == "USDT" }?.1, "-100"))
    }

    /// The margin level falls to 1.1, and is not more; binance.com/en-TR/support/faq/360030493931.
    @Test(arguments: [("11000", true), ("11000.00000001", false), ("10999", true)])
    func spotMargin(assets: String, liquidatable: Bool) throws {
        let found = try report(
            """
            protocol: binance-margin
            prices: {BTC: 50000}
            account: {balances: {USDT: \(assets), BTC: -0.2}}
            """)
        #expect(found.isLiquidatable == liquidatable)
        #expect((found.liquidation != nil) == liquidatable)
        #expect(isNear(found.marginRatio, "1.1", within: "0.0002"))
        // Borrowing needs 1.5.
        #expect(isNear(found.weightedEquity.initial, "-4000", within: "1.1"))
    }
}
