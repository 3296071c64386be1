import ExactMath
import MarginCalculator
import MarginProtocol
import Scenarios
import Testing

/// OKX through the engine: multi-currency and portfolio margin.
@Suite struct OKXTests {
    /// `(entry ∓ margin / size) / (1 ∓ (rate + fee))`: freqtrade/freqtrade @c9ae5e1e,
    /// tests/exchange/test_exchange.py, test_get_liquidation_price.
    ///
    /// Vectors: okx-lp-4, okx-lp-8.
    @Test(arguments: [
        ("-1", "8", "1.6", "9.49930734"), ("1", "10", "3.33333333", "6.73809042"),
    ])
    func isolated(size: String, entry: String, margin: String, price: String) throws {
        let found = try report(
            """
            protocol: okx-multi-currency
            parameters: {markets: {ETH: {brackets: [[0, 1%, 1%]], closing_fee: 0.06%}}}
            prices: {ETH: \(entry)}
            account: {mode: isolated, positions: {ETH: {size: \(size), entry: \(entry), margin: \(margin)}}}
            """)
        #expect(isNear(found.positions.first?.liquidationPrice, price, within: "0.000001"))
    }

    /// The venue's calculator: 0.5 BTC long at 60,996 with 5,000 USDT; a copy of the OKX help page at
    /// deveab.com/7216.html. Tier 1 and the taker fee give it within 0.03.
    ///
    /// Vectors: okx-lp-9.
    @Test func calculator() throws {
        let found = try report(
            """
            protocol: okx-multi-currency
            prices: {BTC: 60996}
            account: {mode: isolated, positions: {BTC: {size: 0.5, leverage: 3, margin: 5000}}}
            """)
        #expect(isNear(found.positions.first?.liquidationPrice, "51226.5", within: "0.03"))
        #expect(isNear(found.positions.first?.margin.initial, "10166"))
        #expect(isNear(found.positions.first?.bankruptcyPrice, "50996"))
    }

    /// Phemex keeps the closing fee at the bankruptcy price aside: phemex.com/help-center/liq-price-for-USDTM.
    ///
    /// Vectors: phemex-lp-1.
    @Test func feeAtBankruptcy() throws {
        let found = try report(
            """
            protocol: bybit-uta
            parameters:
              markets:
                XYZ: {brackets: [[$0, 1%, 1%]], valued_at: mark, closing_fee: 0.06%, closing_fee_in: both}
            prices: {XYZ: 0.4}
            account: {mode: isolated, positions: {XYZ: {size: 500, leverage: 5, margin: 40.096}}}
            """)
        #expect(isNear(found.requirement.initial, "40.096"))
        #expect(isNear(found.positions.first?.liquidationPrice, "0.3232", within: "0.00005"))
    }

    /// One rate for all of a position, by its size: freqtrade/freqtrade @c9ae5e1e, tests/exchange/test_okx.py,
    /// test_get_maintenance_ratio_and_amt_okx.
    ///
    /// Vectors: okx-tier-2, okx-tier-3, okx-tier-5, okx-tier-6.
    @Test(arguments: [
        ("[[0, 5%, 1%], [2000 XYZ, 5%, 1.5%], [4000 XYZ, 5%, 2%]]", "2000", "20"),
        ("[[0, 5%, 1%], [2000 XYZ, 5%, 1.5%], [4000 XYZ, 5%, 2%]]", "2001", "30.015"),
        ("[[0, 5%, 1%], [2000 XYZ, 5%, 1.5%], [4000 XYZ, 5%, 2%]]", "4001", "80.02"),
        ("[[0, 5%, 2%], [500 XYZ, 5%, 2.5%], [1000 XYZ, 5%, 3%]]", "1", "0.02"),
        ("[[0, 5%, 2%], [500 XYZ, 5%, 2.5%], [1000 XYZ, 5%, 3%]]", "2000", "60"),
    ])
    func tiers(brackets: String, size: String, margin: String) throws {
        let found = try report(
            """
            protocol: okx-multi-currency
            parameters: {markets: {XYZ: {brackets: \(brackets), closing_fee: 0%}}}
            prices: {XYZ: 1}
            account: {balances: {USDT: 10000}, positions: {XYZ: {size: \(size)}}}
            """)
        #expect(isNear(found.requirement.maintenance, margin))
    }

    /// Discounted equity: 1 BTC at 50,000 and 50,000 ZRX of no weight (ukcamo.com/6126.html); 100 BTC at 60,000
    /// (open-lib.com/4291.html, a copy of the page on multi-currency margin); LUNA and BETH (ukcamo.com/6126.html,
    /// globenewswire.com 2024-07-18); 10 BTC at 60,000 in the tiers that Bitget and Bitunix publish
    /// (support.bitunix.com 42110265346585).
    ///
    /// Vectors: okx-dr-2, okx-dr-3, okx-dr-4, btu-dr-1.
    @Test(arguments: [
        ("{ZRX: 1, BTC: 50000}", "{ZRX: 50000, BTC: 1}", "{}", "49000"),
        (
            "{ZRX: 1, BTC: 50000}", "{ZRX: 50000, BTC: 1}",
            "{BTC: {collateral: {tiers: [[0, 100%]], by: quantity}}}", "50000"
        ),
        ("{BTC: 60000}", "{BTC: 100}", "{}", "5785500"),
        ("{LUNA: 1}", "{LUNA: 750000}", "{}", "500000"),
        ("{BETH: 2500}", "{BETH: 2000}", "{}", "4100000"),
        (
            "{BTC: 60000}", "{BTC: 10}",
            "{BTC: {collateral: {by: value, tiers: [[$0, 97.5%], [$100k, 97%], [$500k, 96.5%], [$1M, 96%], [$5M, 85%]]}}}",
            "582000"
        ),
    ])
    func discounts(prices: String, balances: String, changed: String, equity: String) throws {
        let found = try report(
            """
            protocol: okx-multi-currency
            parameters: {assets: \(changed)}
            prices: \(prices)
            account: {balances: \(balances)}
            """)
        #expect(isNear(found.weightedEquity.maintenance, equity))
    }

    /// A long's margin jumps where its tier's floor lies; a size that is in the tenth tier is cut by two tiers,
    /// or taken over at once when equity is below the first tier's rate.
    @Test(arguments: [("3000000", "-300"), ("200000", "-1500")])
    func twoTiersAtATime(usdt: String, amount: String) throws {
        let account = try account(
            """
            protocol: okx-multi-currency
            prices: {BTC: 50000}
            account: {balances: {USDT: \(usdt)}, positions: {BTC: {size: 1500}}}
            """)
        let run = LiquidationRun(account, pause: .zero)
        // 1,500 BTC stand in the tier from 1,400 to 1,600; two tiers below ends at 1,200.
        #expect(isNear(try #require(run.rows.first).step.amount, amount))
        #expect(run.account.house.breaches().isEmpty)
    }

    /// 12 % of a long BTC, half of 24 % of it, offset by a short of the same; and 1.3 times that.
    @Test(arguments: [
        ("{BTC: {size: 1}}", "{USDT: 10000}", "6000"),
        ("{BTC: {size: 1}, BTC-2: {size: -0.4}}", "{USDT: 10000}", "3600"),
        ("{BTC: {size: 1}, SOL: {size: -100}}", "{USDT: 10000}", "9750"),
        ("{BTC: {size: -1}}", "{USDT: 10000, BTC: 0.75}", "1500"),
        // Fully offset: the minimum charge, 0.45 % of 100,000.
        ("{BTC: {size: 1}, BTC-2: {size: -1}}", "{USDT: 10000}", "450"),
        // 0.45 % of 100,000,000 is 450,000: 250,000 and twice the rest.
        ("{BTC: {size: 1000}, BTC-2: {size: -1000}}", "{USDT: 10000}", "650000"),
    ])
    func portfolio(positions: String, balances: String, margin: String) throws {
        let found = try report(
            """
            protocol: okx-portfolio
            parameters: {markets: {BTC: {closing_fee: 0%}, BTC-2: {closing_fee: 0%}, SOL: {closing_fee: 0%}}}
            prices: {BTC: 50000, SOL: 150}
            account: {balances: \(balances), positions: \(positions)}
            """)
        #expect(isNear(found.requirement.maintenance, margin))
        let parts = found.positions.reduce(Money.zero) { $0 + $1.margin.maintenance }
        #expect(isNear(parts, margin, within: "0.00000002"))
        let initial = try #require(Money(decimal: margin)).scaled(
            by: Ratio(percent: 130), rounding: .nearest)
        #expect(found.requirement.initial == initial)
    }

    /// The example of 31 May 2024: 10 BTC short against 10 BTC, whose raw minimum charge was 3,020.87 USDT.
    @Test func minimumCharge() throws {
        let found = try report(
            """
            protocol: okx-portfolio
            parameters: {markets: {BTC: {closing_fee: 0%}}}
            prices: {BTC: 67130.44}
            account: {balances: {BTC: 10}, positions: {BTC: {size: -10}}}
            """)
        #expect(isNear(found.requirement.maintenance, "3020.87", within: "0.01"))
    }
}
