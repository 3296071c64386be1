import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Rows of exchanges' figures that have no place among the rules of one venue.
@Suite struct ExchangeVectorTests {
    /// freqtrade/freqtrade @c9ae5e1e, tests/exchange/test_exchange.py, test_get_maintenance_ratio_and_amt: ADA at 20,000,000.
    ///
    /// Vectors: bnc-mm-b2.
    @Test func ada() throws {
        let found = try report(
            """
            protocol: binance-usdm
            parameters:
              markets:
                ADA:
                  brackets: [[$0, 1/20, 2.5%], [$100k, 1/10, 5%], [$500k, 1/5, 10%], [$1M, 1/3, 15%],
                    [$2M, 1/2, 25%], [$5M, 100%, 50%]]
            prices: {ADA: 1}
            account: {balances: {USDT: 100000000}, positions: {ADA: {size: 20000000}}}
            """)
        #expect(isNear(found.requirement.maintenance, "8472500"))
    }

    /// Cross Margin Pro (binance.com/en/margin-fee): liabilities of 13 BTC at 30,000 and 13 ETH at 3,000 in tiers, here as
    /// positions in brackets of the same rates, since debts of the engine have none.
    ///
    /// Vectors: bnc-cmpro-1.
    @Test func crossMarginPro() throws {
        let found = try report(
            """
            protocol: binance-usdm
            parameters:
              markets:
                BTC: {initial_form: ~, brackets: [[$0, 11.12%, 5%], [$50k, 14.29%, 7%], [$100k, 20%, 8%]]}
                ETH: {initial_form: ~, brackets: [[$0, 11.12%, 5%], [$30k, 14.29%, 7%]]}
            prices: {BTC: 30000, ETH: 3000}
            account: {balances: {USDT: 10000000}, positions: {BTC: {size: -13}, ETH: {size: -13}}}
            """)
        #expect(isNear(found.requirement.maintenance, "31330"))
        #expect(isNear(found.requirement.initial, "75327.1", within: "0.00000002"))
    }

    /// freqtrade/freqtrade @c9ae5e1e, tests/optimize/test_backtesting.py: a liquidation price that freqtrade moves by 5 %
    /// of its distance toward the entry, which is no rule of a venue and is done here.
    ///
    /// Vectors: bnc-lp-13, bnc-lp-14.
    @Test(arguments: [("15000", "0.081767037"), ("-15000", "0.11787191")])
    func buffered(size: String, expected: String) throws {
        let found = try report(
            """
            protocol: binance-usdm
            parameters: {markets: {ETH: \(BinanceTests.cent)}}
            prices: {ETH: 0.1}
            account: {mode: isolated, positions: {ETH: {size: \(size), entry: 0.1, margin: 300}}}
            """)
        let price = try #require(found.positions.first?.liquidationPrice)
        let moved = (Double(price.raw) * 0.95 + 0.05 * 0.1e8) / 1e8
        #expect(abs(moved - (Double(expected) ?? 0)) < 1e-7)
    }

    /// hyperliquid.gitbook.io/hyperliquid-docs, trading/margin-tiers: the smallest position has the first tier's leverage of
    /// 40; of nothing there is no margin.
    ///
    /// Vectors: hl-tier-1.
    @Test func firstTier() throws {
        let found = try report(
            """
            protocol: hyperliquid
            prices: {BTC: 1}
            account: {balances: {USDC: 10}, positions: {BTC: {size: 0.0001}}}
            """)
        #expect(isNear(found.requirement.initial, "0.0000025"))
    }

    /// blog.btcmex.com, insurance fund: a long with a bankruptcy price of 3,000 that is closed at 3,060 leaves 60 to the fund.
    ///
    /// Vectors: btcmex-ins-1.
    @Test func insuranceFund() throws {
        let account = try account(
            """
            protocol: bitmex-usdt
            parameters: {markets: {XYZ: {risk_limit: {initial: 4%, maintenance: 3%}}}}
            prices: {XYZ: 3060}
            account: {balances: {USDT: 100}, positions: {XYZ: {size: 1, entry: 3100}}}
            """)
        let step = try #require(LiquidationStep(account, account.cross))
        #expect(isNear(step.bankruptcyPrice, "3000"))
        #expect(isNear(step.toInsurance, "60"))
        let run = LiquidationRun(account, pause: .zero)
        #expect(
            run.account.house.balance(ClearingHouse.insuranceFund, AssetID(0))
                == Quantity(whole: 60))
    }

    /// 11 October 2022 on Mango (CertiK): 483 million contracts bought at 0.0382 are worth 421 million more at 0.91, and 55.9
    /// million at 0.154.
    ///
    /// Vectors: mango.
    @Test(arguments: [("0.91", "421079400"), ("0.154", "55931400")])
    func mango(price: String, profit: String) throws {
        let found = try report(
            """
            protocol: mango-v4
            prices: {MNGO: \(price)}
            account: {balances: {USDC: 5000000}, positions: {MNGO: {size: 483000000, entry: 0.0382}}}
            """)
        #expect(isNear(found.positions.first?.unrealizedProfit, profit))
    }
}
