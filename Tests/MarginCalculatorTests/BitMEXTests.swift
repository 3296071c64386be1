import ExactMath
import MarginCalculator
import MarginProtocol
import Scenarios
import Testing

/// BitMEX through the engine: contracts of a dollar settled in the underlying.
@Suite struct BitMEXTests {
    /// Unrealised profit `side · n · (1 / entry − 1 / mark)` and value; nautechsystems/nautilus_trader @a95c8042,
    /// tests/unit_tests/model/test_position.py.
    ///
    /// Vectors: bmx-pnl-2, bmx-pnl-3, bmx-pnl-6.
    @Test(arguments: [
        ("ETH", "-100000", "375.95", "370", "4.27745208", "270.27027027"),
        ("ETH", "100000", "2", "3", "16666.66666667", "33333.33333333"),
        ("BTC", "-1250000", "15500", "12506.65", "19.30166700", "99.94682829"),
    ])
    func profit(
        coin: String, size: String, entry: String, mark: String, profit: String, notional: String
    ) throws {
        let found = try report(
            """
            protocol: bitmex
            parameters: {protocol: {settlement: \(coin)}, assets: {\(coin): {collateral: 100%}}}
            prices: {\(coin): \(mark)}
            account: {balances: {\(coin): 100000}, positions: {\(coin): {size: \(size), entry: \(entry)}}}
            """)
        let position = try #require(found.positions.first)
        #expect(isNear(position.unrealizedProfit, profit, within: "0.00000002"))
        #expect(isNear(position.notional, notional, within: "0.00000002"))
        #expect(isNear(position.entry, entry, within: "0.00001"))
    }

    /// Initial margin of 1 % and maintenance margin of 0.35 % of 100,000 at 11,493.60, in bitcoin;
    /// nautechsystems/nautilus_trader @a95c8042, tests/unit_tests/accounting/test_margin.py.
    ///
    /// Vectors: bmx-mgn-1, bmx-mgn-2.
    @Test func margins() throws {
        let found = try report(
            """
            protocol: bitmex
            parameters:
              markets:
                BTC: {risk_limit: {base: 200, step: 150, initial: 1%, maintenance: 0.35%, increment: 0.5%, steps: 100}}
            prices: {BTC: 11493.6}
            account: {balances: {BTC: 1}, positions: {BTC: {size: 100000}}}
            """)
        #expect(isNear(found.positions.first?.margin.initial, "0.08700494", within: "0.00000001"))
        #expect(
            isNear(found.positions.first?.margin.maintenance, "0.03045173", within: "0.00000001"))
        // 1,000 and 350 dollars.
        #expect(isNear(found.requirement.initial, "1000", within: "0.0002"))
        #expect(isNear(found.requirement.maintenance, "350", within: "0.0002"))
    }

    /// 499 XBT stand two steps above the base: 1.5 % and 2 %; bitmex.com/app/riskLimitsExamples. With a base of 100,
    /// a step of 50 and 2 % of initial margin, 80 XBT need 0.4, and 130 one step more.
    ///
    /// Vectors: bmx-rl-3, bmx-rl-6.
    @Test(arguments: [
        (
            "{base: 200, step: 150, initial: 1%, maintenance: 0.5%, increment: 0.5%, steps: 10}",
            "499", "7.485", "9.98"
        ),
        (
            "{base: 100, step: 50, initial: 2%, maintenance: 0.5%, increment: 0.5%, steps: 10}",
            "80", "0.4", "1.6"
        ),
        (
            "{base: 100, step: 50, initial: 2%, maintenance: 0.5%, increment: 0.5%, steps: 10}",
            "130", "1.3", "3.25"
        ),
        (
            "{base: 200, step: 150, initial: 1%, maintenance: 0.5%, increment: 0.5%, steps: 10}",
            "200", "1", "2"
        ),
    ])
    func riskLimits(limit: String, coins: String, maintenance: String, initial: String) throws {
        let found = try report(
            """
            protocol: bitmex
            parameters: {markets: {BTC: {risk_limit: \(limit)}}}
            prices: {BTC: 10000}
            account: {balances: {BTC: 100}, positions: {BTC: {size: \(coins)0000}}}
            """)
        #expect(isNear(found.positions.first?.margin.maintenance, maintenance))
        #expect(isNear(found.positions.first?.margin.initial, initial))
    }

    /// 0.255 XBT and 10,000 contracts from 40,000: at 20,000 a quarter is lost and 0.005 are left, which nautilus
    /// compares with sixty times a margin of 0.35 % at entry (tests/unit_tests/backtest/test_liquidation_engine.py, without
    /// its fee of 0.0002).
    ///
    /// Vectors: ntl-liq-1.
    @Test func equityInBitcoin() throws {
        let found = try report(
            """
            protocol: bitmex
            parameters:
              markets:
                BTC: {risk_limit: {base: 200, step: 150, initial: 2.1%, maintenance: 2.1%, increment: 0.5%, steps: 1}, valued_at: entry}
            prices: {BTC: 20000}
            account: {balances: {BTC: 0.255}, positions: {BTC: {size: 10000, entry: 40000}}}
            """)
        #expect(isNear(found.positions.first?.unrealizedProfit, "-0.25"))
        #expect(isNear(found.equity, "100"))
        #expect(isNear(found.positions.first?.margin.maintenance, "0.00525"))
        #expect(found.isLiquidatable)
    }

    /// Isolated at 25x: equity of 0.04 XBT at entry meets 0.5 % of the value at the price, and is gone where the value
    /// has grown by 4 %: `entry · 1.005 / 1.04`, and `entry / 1.04`.
    @Test func isolatedInverse() throws {
        let found = try report(
            """
            protocol: bitmex
            prices: {BTC: 50000}
            account: {mode: isolated, positions: {BTC: {size: 50000, entry: 50000, leverage: 25}}}
            """)
        #expect(isNear(found.positions.first?.liquidationPrice, "48317.30769231", within: "0.001"))
        #expect(isNear(found.positions.first?.bankruptcyPrice, "48076.92307692", within: "0.001"))
    }

    /// Where the margin jumps there are several prices: above and below the floor of a risk limit.
    @Test func severalLiquidationPrices() throws {
        let found = try report(
            """
            protocol: bitmex-usdt
            prices: {XYZ: 100}
            account: {balances: {USDT: 600}, positions: {XYZ: {size: 399, entry: 100}}}
            """)
        // Above 40,000 the maintenance rate is 2 %: 802.01 at 100.25…, which profit reaches only at 102.
        let prices = try #require(found.positions.first).liquidationPrices
        #expect(prices.count >= 3)
        #expect(isNear(prices.first, "99.49115212", within: "0.00001"))
        #expect(isNear(prices.dropFirst().first, "100.25062656", within: "0.00001"))
        #expect(isNear(prices.dropFirst(2).first, "100.50636796", within: "0.00001"))
    }

    /// A step into the next lower risk limit takes the equity that its part of the margin carries, and leaves the rest:
    /// 673.4 XBT need 2.5 %, 650 need 2 %, so that 3.835 of 16.835 go with the 3.5 % that are closed. The account has
    /// 20 − 6.734 XBT.
    @Test func aStepTakesItsShareOfTheEquity() throws {
        let account = try account(
            """
            protocol: bitmex
            parameters: {protocol: {liquidation: {reductions: closing_price}}}
            prices: {BTC: 59400}
            account: {balances: {BTC: 20}, positions: {BTC: {size: 40000000, entry: 60000}}}
            """)
        let run = LiquidationRun(account, pause: TimeSpan(seconds: 1))
        let first = try #require(run.rows.first)
        #expect(isNear(first.step.amount, "-1390000", within: "0.001"))
        // In dollars: 13.266 · 3.835 / 16.835 = 3.022 XBT.
        #expect(isNear(first.step.penalty, "179506.4", within: "1"))
        #expect(first.after.equity > .zero)
        #expect(isNear(first.step.price, "52606.348", within: "1"))
    }
}
