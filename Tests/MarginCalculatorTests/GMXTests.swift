import ExactMath
import MarginCalculator
import MarginProtocol
import MarginRules
import Scenarios
import Testing

/// GMX v2 through the engine.
///
/// Sources are files of gmx-io/gmx-synthetics @a5c0c88. Where its tests set no fee and no impact, neither do these.
@Suite struct GMXTests {
    /// A market without fees, impact and time, as upstream's guardian tests set it up.
    static func bare(_ market: String, rate: String, fee: String = "0%", pool: String = "")
        -> String
    {
        """
        parameters:
          markets:
            \(market): {initial_margin: \(rate), maintenance_margin: \(rate), taker_fee: \(fee), pool: {improving_fee: 0%, imbalance_impact: none\(pool)}}
          protocol: {liquidation: {penalty: 0%}}
        """
    }

    /// 450,000 long or short in SOL from 15, with one WETH; test/guardian/testLiquidation.ts. Returned is what the
    /// owner has afterwards; nil for a healthy position.
    ///
    /// Vectors: gliq-01, gliq-02, gliq-08, gliq-09, gliq-d1.
    @Test(arguments: [
        ("30000", "5000", "15", nil), ("30000", "2500", "15", "1"),
        ("-30000", "5000", "150", "0"), ("30000", "5000", "1", "0"),
        // Equality is healthy: contracts/position/PositionUtils.sol.
        ("-30000", "4500", "15", nil), ("-30000", "4499.99999999", "15", "1"),
    ])
    func liquidation(size: String, eth: String, sol: String, returned: String?) throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {SOL: \(sol), ETH: \(eth), USDC: 1}
            account: {balances: {ETH: 1}, positions: {SOL: {size: \(size), entry: 15}}}
            \(Self.bare("SOL", rate: "1%"))
            """)
        let report = MarginReport(account).account
        #expect(report.isLiquidatable == (returned != nil))
        #expect(isNear(report.requirement.maintenance, "4500"))
        let run = LiquidationRun(account, pause: TimeSpan(milliseconds: 1000))
        #expect(run.rows.count == (returned == nil ? 0 : 1))
        guard let returned else { return }
        let eth = try #require(account.file.parameters.assets.firstIndex { $0.name == "ETH" })
        let held = run.account.house.balance(run.account.cross, AssetID(index: eth))
        #expect(isNear(held, returned))
        #expect(run.account.house.account(run.account.cross).assets.nonzeroBitCount <= 1)
        #expect(run.account.house.breaches().isEmpty)
        if returned == "0" {
            // The pool has the whole collateral, and bears the rest.
            #expect(
                isNear(
                    run.account.house.balance(ClearingHouse.liquidityPool, AssetID(index: eth)), "1"
                ))
            #expect(run.rows[0].covers.map(\.layer) == [.pool])
        }
    }

    /// A profit counts as collateral: 4,000 + 300 < 4,500; the owner has both back. Liquidate someone in profit.
    ///
    /// Vectors: gliq-10.
    @Test func profitCounts() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {SOL: 15.01, ETH: 4000, USDC: 1}
            market: {SOL: {pool: 1000000}}
            account: {balances: {ETH: 1}, positions: {SOL: {size: 30000, entry: 15}}}
            \(Self.bare("SOL", rate: "1%", pool: ", backing: [ETH, USDC]"))
            """)
        let report = MarginReport(account).account
        #expect(isNear(report.weightedEquity.maintenance, "4300"))
        let run = LiquidationRun(account, pause: TimeSpan(milliseconds: 1000))
        #expect(
            isNear(
                run.account.house.plainEquity(of: run.account.cross, at: account.file.prices),
                "4300"))
        // The profit is 0.075 of what backs longs.
        let ether = try #require(account.file.parameters.assets.firstIndex { $0.name == "ETH" })
        #expect(
            isNear(run.account.house.balance(run.account.cross, AssetID(index: ether)), "1.075"))
        #expect(run.account.house.balance(run.account.cross, AssetID(index: 0)).isZero)
        #expect(run.account.house.breaches().isEmpty)
    }

    /// The same with 5,000 USDC at 0.80, whose owner has the profit of 300 in it: 5,375. Liquidate someone in profit & their
    /// pnl is swapped to collateral tokens as output. There a dollar is a unit of account alone, as it is here.
    ///
    /// Vectors: gliq-11.
    @Test func profitInTheCollateral() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {USD: 1, SOL: 15.01, ETH: 4000, USDC: 0.8}
            market: {SOL: {pool: 1000000}}
            account: {balances: {USDC: 5000}, positions: {SOL: {size: 30000, entry: 15}}}
            parameters:
              markets:
                SOL: {initial_margin: 1%, maintenance_margin: 1%, taker_fee: 0%, pool: {improving_fee: 0%, imbalance_impact: none, backing: [ETH, USDC], payout: collateral}}
              protocol: {settlement: USD, liquidation: {penalty: 0%}}
            """)
        let report = MarginReport(account).account
        #expect(report.isLiquidatable)
        #expect(isNear(report.weightedEquity.maintenance, "4300"))
        let run = LiquidationRun(account, pause: TimeSpan(milliseconds: 1000))
        let usdc = try #require(account.file.parameters.assets.firstIndex { $0.name == "USDC" })
        let house = run.account.house
        #expect(isNear(house.balance(run.account.cross, AssetID(index: usdc)), "5375"))
        #expect(house.account(run.account.cross).assets.nonzeroBitCount == 1)
        // The pool has no dollars, and owes none.
        #expect(house.balance(ClearingHouse.liquidityPool, AssetID(index: 0)).isZero)
        #expect(house.breaches().isEmpty)
    }

    /// A loss is taken of the collateral at once: 3,000 of 5,000 at 0.80 are 3,750 of it.
    @Test func lossOfTheCollateral() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {USD: 1, SOL: 14.9, ETH: 4000, USDC: 0.8}
            market: {SOL: {pool: 1000000}}
            account: {balances: {USDC: 20000}, positions: {SOL: {size: 30000, entry: 15}}}
            parameters:
              markets:
                SOL: {initial_margin: 1%, maintenance_margin: 1%, taker_fee: 0%, pool: {improving_fee: 0%, imbalance_impact: none, backing: [ETH, USDC], payout: collateral}}
              protocol: {settlement: USD, liquidation: {penalty: 0%}}
            """)
        var house = account.house
        var journal: [Event] = []
        try house.execute(
            .trade(
                account: account.cross, market: MarketID(0), size: Quantity(whole: -30_000),
                limit: nil, reduceOnly: true), from: Address(10), into: &journal)
        let usdc = try #require(account.file.parameters.assets.firstIndex { $0.name == "USDC" })
        #expect(isNear(house.balance(account.cross, AssetID(index: usdc)), "16250"))
        #expect(house.balance(account.cross, AssetID(index: 0)).isZero)
        #expect(house.breaches().isEmpty)
    }

    /// 0.75 left is under the minimum of one dollar, however small the size: liquidate from the minCollateralUsd.
    ///
    /// Vectors: gliq-12.
    @Test func minimumCollateral() throws {
        let report = try report(
            """
            protocol: gmx-v2
            prices: {SOL: 15, DAI: 0.5, USDC: 1}
            account: {balances: {DAI: 1.5}, positions: {SOL: {size: 0.06, entry: 15}}}
            \(Self.bare("SOL", rate: "1%"))
            """)
        #expect(report.isLiquidatable)
        #expect(isNear(report.requirement.maintenance, "1"))
    }

    /// 42,000 − 32,000 = 10,000 of 200,000: test/exchange/LiquidationOrder.ts.
    ///
    /// Vectors: gliq-14.
    @Test func healthyAfterALoss() throws {
        let report = try report(
            """
            protocol: gmx-v2
            prices: {ETH: 4200, USDC: 1}
            account: {balances: {ETH: 10}, positions: {ETH: {size: 40, entry: 5000}}}
            \(Self.bare("ETH", rate: "1%"))
            """)
        #expect(!report.isLiquidatable)
        #expect(isNear(report.weightedEquity.maintenance, "10000"))
        #expect(isNear(report.requirement.maintenance, "2000"))
    }

    /// The fee of closing is taken off: 2,520 − 0.06 % of 450,000 is 2,250, which is healthy; the lower fee of a
    /// closing that improves the balance leaves 90 more.
    ///
    /// Vectors: gliq-d2.
    @Test(arguments: [
        ("60000", "2520", "2250", false), ("60000", "2519.99", "2249.99", true),
        ("0", "2520", "2340", false),
    ])
    func closingFee(shorts: String, eth: String, remaining: String, liquidatable: Bool) throws {
        let report = try report(
            """
            protocol: gmx-v2
            prices: {SOL: 15, ETH: \(eth), USDC: 1}
            market: {SOL: {short_open_interest: \(shorts)}}
            account: {balances: {ETH: 1}, positions: {SOL: {size: 30000, entry: 15}}}
            parameters: {markets: {SOL: {initial_margin: 0.5%, maintenance_margin: 0.5%}}}
            """)
        #expect(isNear(report.weightedEquity.maintenance, remaining))
        #expect(report.isLiquidatable == liquidatable)
    }

    /// Impact counts against a position up to a share of its size, and never for it: PositionUtils.sol.
    ///
    /// Vectors: gliq-d3, gliq-d4, gliq-d5.
    @Test(arguments: [
        ("0.1%", "60000", "5000", "4550"), ("0%", "60000", "4600", "4600"),
        ("0.5%", "0", "4499", "4499"),
    ])
    func impactInLiquidation(maximum: String, shorts: String, eth: String, remaining: String) throws
    {
        let report = try report(
            """
            protocol: gmx-v2
            prices: {SOL: 15, ETH: \(eth), USDC: 1}
            market: {SOL: {short_open_interest: \(shorts)}}
            account: {balances: {ETH: 1}, positions: {SOL: {size: 30000, entry: 15}}}
            parameters: {markets: {SOL: {taker_fee: 0%, pool: {improving_fee: 0%, imbalance_impact: {maximum_in_liquidation: \(maximum)}}}}}
            """)
        #expect(isNear(report.weightedEquity.maintenance, remaining))
        #expect(report.isLiquidatable == (remaining == "4499"))
    }

    /// test/exchange/PositionPriceImpact/PairMarket.ts: ETH at 5,000, factors 5e-9 and 1e-8, exponent 2. Open interest
    /// of others in ETH, the account's own position, the trade, and the price that it gets.
    ///
    /// Vectors: pi-inc-01, pi-inc-03, pi-cap-01, pi-dec-01, pi-dec-02,
    /// pi-tok-02.
    @Test(arguments: [
        ("0", "0", "", "40", "5010.02004008"), ("80", "0", "", "-2", "5019.82832187"),
        ("40", "0", "", "-40", "5005.00500500"),
        ("80", "2", "-2", "2", "5039.5"), ("140", "120", "100", "-20", "5002.5"),
        // AdaptiveFunding.ts: −9 dollars of 30,000 from 106,001 on either side.
        ("21.2002", "21.2002", "", "6", "5001.50045014"),
    ])
    func executionPrice(longs: String, shorts: String, own: String, size: String, price: String)
        throws
    {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {long_open_interest: \(longs), short_open_interest: \(shorts)}}
            account: {balances: {USDC: 50000}, positions: {ETH: {size: \(own.isEmpty ? "0" : own), entry: 5000}}}
            parameters:
              markets:
                ETH: {pool: {imbalance_impact: {negative: 0.00000001, positive: 0.000000005, positive_exponent: 2, maximum_negative: 100%, maximum_positive: 100%}}}
            """)
        let size = try #require(Quantity(decimal: size))
        let got = try account.house.poolPrice(MarketID(0), size: size, for: account.cross)
        #expect(isNear(got, price, within: "0.00000002"))
    }

    /// All winners of a side have at most a share of it, and are cut alike: test/exchange/DecreasePosition/CappedPnl.ts.
    /// Two longs of 250,000 win half; a cap of 7 % of a million leaves the first 35,000 beside its 100,000.
    ///
    /// Vectors: pnlcap-1.
    @Test func cappedProfit() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 7500, USDC: 1}
            market: {ETH: {pool: 1000000}}
            account: {mode: isolated, positions: {ETH: {size: 50, entry: 5000, margin: 100000}}}
            parameters:
              markets: {ETH: {taker_fee: 0%, pool: {improving_fee: 0%, imbalance_impact: none, profit_cap: 7%}}}
            """)
        // The other winner is one of the market's others.
        var house = account.house
        var journal: [Event] = []
        let other = house.addAccount(owner: Address(20), role: .margin)
        try house.seedPosition(
            other, MarketID(0), size: Quantity(whole: 50), entry: Price(whole: 5000), into: &journal
        )
        let child = try #require(account.isolated[0])
        #expect(isNear(house.health(of: child, .maintenance).equity, "135000", within: "0.00001"))
        try house.execute(
            .trade(
                account: child, market: MarketID(0), size: -Quantity(whole: 50), limit: nil,
                reduceOnly: true),
            from: Address(10), into: &journal)
        #expect(
            isNear(
                house.plainEquity(of: child, at: account.file.prices), "135000", within: "0.0001"))
        // In ether, of which the pool's side is.
        #expect(isNear(house.balance(child, AssetID(index: 1)), "4.66666666"))
        #expect(house.breaches().isEmpty)
    }

    /// 100,000 SOL long from 20 against five million: a profit of exactly a tenth is not above it;
    /// test/guardian/testAdl.ts. The third row is ours.
    ///
    /// Vectors: adl-20, adl-25.
    @Test(arguments: [("20", false), ("25", false), ("25.00000001", true)])
    func deleveragingThreshold(price: String, enabled: Bool) throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {SOL: \(price), USDC: 1}
            market: {SOL: {pool: 5000000}}
            account: {balances: {USDC: 1000000}, positions: {SOL: {size: 100000, entry: 20}}}
            parameters: {markets: {SOL: {pool: {adl: {above: 10%, down_to: 0%}}}}}
            """)
        var house = account.house
        var journal: [Event] = []
        let market = MarketID(0)
        let state = try #require(house.poolProfit(market, .long))
        #expect(isNear(state.pool, "5000000", within: "1"))
        try house.execute(
            .updateDeleveraging(market, isLong: true), from: Address(30), into: &journal)
        #expect(house.poolFlag(market, .long).isEnabled == enabled)
        // What is not flagged is not closed either.
        let close = Command.deleverage(
            account: account.cross, market: market, size: Quantity(whole: 1000))
        house.advance(to: house.time + TimeSpan(seconds: 1), into: &journal)
        let report = PriceReport(
            round: 2, price: house.price(of: market), observedAt: house.time,
            publishedAt: house.time)
        try house.execute(
            .postPrice(feed: account.file.parameters.markets[0].feed, report: report),
            from: .system, into: &journal)
        do throws(Rejection) {
            try house.execute(close, from: Address(30), into: &journal)
            #expect(enabled)
        } catch {
            #expect(!enabled && error == .deleveragingNotEnabled(market))
        }
    }

    /// The rate that open interest asks for is charged on the size, and only when trading: config/markets.ts, 0.5 % at
    /// some 83 million.
    @Test func openInterestMargin() throws {
        let report = try report(
            """
            protocol: gmx-v2
            prices: {ETH: 2000, USDC: 1}
            market: {ETH: {long_open_interest: 50000}}
            account: {balances: {USDC: 100000}, positions: {ETH: {size: 500, entry: 2000}}}
            """)
        #expect(isNear(report.requirement.initial, "6000"))
        #expect(isNear(report.requirement.maintenance, "5000"))
    }

    /// Borrowing of 200,000 against five million at 1e-7 a second for fourteen days: test/exchange/BorrowingFees.ts.
    ///
    /// Vectors: borrow-curve-1.
    @Test func borrowing() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {pool: 5000000}}
            account: {balances: {USDC: 50000}, positions: {ETH: {size: 40, entry: 5000}}}
            parameters:
              markets: {ETH: {funding: none, taker_fee: 0%, pool_fee_share: 100%, pool: {improving_fee: 0%, reserve: 100%, open_interest_reserve: 100%}, borrowing: {optimal_usage: 100%, base: 315.36%/year, above: 315.36%/year}}}
            """)
        var house = account.house
        var journal: [Event] = []
        house.advance(to: house.time + TimeSpan(milliseconds: 14 * 86_400_000), into: &journal)
        let equity = house.plainEquity(of: account.cross, at: account.file.prices)
        #expect(isNear(equity, "\(50_000 - 968).32", within: "0.00000001"))
        // The pool has it already.
        #expect(
            isNear(
                house.balance(ClearingHouse.liquidityPool, account.file.parameters.settlementAsset),
                "5000967.68"))
        #expect(house.breaches().isEmpty)
    }

    /// A rate that rises while longs are 6 % more: test/exchange/FundingFees/AdaptiveFunding.ts, 1e-6 a second and
    /// second; after 600 seconds it is 3.6e-5 a second. It is charged to longs and paid to shorts.
    ///
    /// Vectors: funding-adaptive-1.
    @Test func adaptiveFunding() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {long_open_interest: 21.2, short_open_interest: 18.8}}
            account: {balances: {USDC: 200000}, positions: {ETH: {size: 21.2, entry: 5000}}}
            parameters: {markets: {ETH: {borrowing: none, taker_fee: 0%, pool: {improving_fee: 0%}, funding: {pool: {rise: 3153.6%/year, rise_time: 1s, rises_above: 5%, falls_below: 3%, minimum: 0%, maximum: 315360000%/year}}}}}
            """)
        var house = account.house
        var journal: [Event] = []
        house.advance(to: house.time + TimeSpan(milliseconds: 600_000), into: &journal)
        // 106,000 · 3.6e-5 · 600.
        #expect(
            isNear(
                house.plainEquity(of: account.cross, at: account.file.prices), "197710.4",
                within: "0.00000002"))
        #expect(house.breaches().isEmpty)
    }

    /// One side may hold so much, and reserve so much of its pool: contracts/market/MarketUtils.sol, validateReserve.
    @Test(arguments: [("1000", nil), ("1350", nil), ("1350.00001", 505)] as [(String, Int?)])
    func reserve(size: String, code: Int?) throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 2000, USDC: 1}
            market: {ETH: {pool: 1000000}}
            account: {balances: {USDC: 1000000}, positions: {ETH: {size: 0}}}
            parameters: {markets: {ETH: {pool: {imbalance_impact: none}}}}
            """)
        var house = account.house
        var journal: [Event] = []
        let size = try #require(Quantity(decimal: size))
        do throws(Rejection) {
            try house.execute(
                .trade(
                    account: account.cross, market: MarketID(0), size: size, limit: nil,
                    reduceOnly: false),
                from: Address(10), into: &journal)
            #expect(code == nil)
        } catch { #expect(error.code == code) }
    }
}

/// GMX v1 through the engine; sources are tests of gmx-io/gmx-contracts @fe55c4b, test/core/Vault.
@Suite struct GMXVaultTests {
    /// liquidateLongPosition.js and liquidateShortPosition.js: size, collateral, average price, price, and the state:
    /// 0 healthy, 1 forfeited, 2 closed as by its owner.
    ///
    /// Vectors: v1-long-3, v1-long-4, v1-long-5, v1-long-6, v1-short-1.
    @Test(arguments: [
        ("90", "9.91", 41000, 38700, false, 1), ("1000", "99", 41000, 43500, false, 0),
        ("1000", "99", 41000, 39000, false, 0), ("1000", "99", 41000, 37760, false, 2),
        ("90", "9.91", 40000, 39000, true, 0),
    ])
    func states(
        size: String, collateral: String, average: Int, price: Int, short: Bool, state: Int
    ) throws {
        let value = try #require(Money(decimal: size))
        let tokens = try value.quantity(at: Price(whole: Int64(average)), rounding: .nearest)
        let account = try account(
            """
            protocol: gmx-v1
            prices: {BTC: \(price), USDC: 1}
            account: {balances: {USDC: \(collateral)}, positions: {BTC: {size: \(tokens), side: \(short ? "short" : "long"), entry: \(average)}}}
            """)
        let report = MarginReport(account).account
        #expect(report.isLiquidatable == (state != 0))
        let run = LiquidationRun(account, pause: TimeSpan(milliseconds: 1000))
        #expect(run.rows.count == (state == 0 ? 0 : 1))
        guard state != 0 else { return }
        let left = run.account.house.plainEquity(of: run.account.cross, at: account.file.prices)
        let step = run.rows[0].step
        #expect(isNear(step.toLiquidator, state == 1 ? "5" : "0"))
        if state == 1 {
            #expect(left.isZero)
        } else {
            // 99 − 79.0243… − 1, to what eight decimals of size allow.
            #expect(isNear(left, "18.97560976", within: "0.001"))
        }
        #expect(run.account.house.breaches().isEmpty)
    }

    /// The average price after an increase keeps the profit: averagePrice.js, 90 from 40,000 and 10 at 50,000.
    ///
    /// Vectors: v1-avg-4.
    @Test func averagePrice() throws {
        let account = try account(
            """
            protocol: gmx-v1
            prices: {BTC: 50000, USDC: 1}
            market: {BTC: {pool: 1000000}}
            account: {balances: {USDC: 1000}, positions: {BTC: {size: 0.00225, entry: 40000}}}
            """)
        var house = account.house
        var journal: [Event] = []
        try house.execute(
            .trade(
                account: account.cross, market: MarketID(0),
                size: #require(Quantity(decimal: "0.0002")), limit: nil, reduceOnly: false),
            from: Address(10), into: &journal)
        #expect(isNear(house.position(account.cross, MarketID(0)).entryPrice, "40816.32653061"))
        #expect(
            isNear(
                house.unrealizedProfit(account.cross, MarketID(0), at: Price(whole: 50000)), "22.5")
        )
    }
}
