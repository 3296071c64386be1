import ExactMath
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator
@testable import MarginProtocol

/// Mango v4 through the engine; blockworks-foundation/mango-v4 programs/mango-v4/src, with the tests' own tolerances.
///
/// The engine cannot hold:
/// - open orders as part of health (mango-health1-0, -6, -7, -14, -17) and tokens left out for want of a price
///   (mango-health-skip);
/// - a long position that was paid for being taken, or a quote amount without a position (mango-health1-4, -12,
///   mango-liq-token-5, -12 to -15, most of mango-liq-perp): an entry price is not negative;
/// - the settlement of a position's profit apart from its closing (mango-liq-perp-11, -14, -17, -18, -21 to -29,
///   mango-bankruptcy): closing a part pays its profit at once;
/// - the shift of weights over time (mango-maint-shift), a rule only.
@Suite struct MangoTests {
    /// Tokens at 1, 5 and 10 and a market at 5, as in health/cache.rs; all that names another value replaces it.
    static func text(
        _ balances: String, _ positions: String = "{}", market: String = "{}", prices: String = ""
    ) -> String {
        """
        protocol: mango-v4
        parameters:
          assets:
            USDC: {collateral: 90%, initial_collateral: 80%, liability_weight: 1.1, initial_liability_weight: 1.2}
            T2: {collateral: 70%, initial_collateral: 50%, liability_weight: 1.3, initial_liability_weight: 1.5, debt_scale: $5000}
            T3: {collateral: 70%, initial_collateral: 50%, liability_weight: 1.3, initial_liability_weight: 1.5, debt_scale: $10000}
          markets:
            T2: {initial_margin: 20%, maintenance_margin: 10%, profit_weight: 95%, initial_profit_weight: 95%}
        prices: {USDC: 1, T2: 5, T3: 10\(prices)}
        market: \(market)
        account: {balances: {\(balances)}, positions: \(positions)}
        """
    }

    /// test_health1, case 2: a profit counts 95 % of what it is beyond its margin.
    ///
    /// Vectors: mango-health1-2.
    @Test func weightedProfit() throws {
        let report = try report(Self.text("USDC: 0", "{T2: {size: -10, entry: 10}}"))
        #expect(isNear(report.health.initial, "30.4"))
    }

    /// test_health1, case 11: debts count more as others owe more.
    ///
    /// Vectors: mango-health1-11.
    @Test func debtScale() throws {
        let text = Self.text(
            "USDC: -100, T2: -100, T3: -100",
            market: "{T2: {debts: 1500}, T3: {debts: 10000}}")
        #expect(isNear(try report(text).health.initial, "-16245"))
        // Nobody owes more: 120 + 750 + 1500 of plain weights.
        let alone = Self.text("USDC: -100, T2: -100, T3: -100")
        #expect(isNear(try report(alone).health.initial, "-2370"))
    }

    /// health/client.rs test_health_stable_price_token: initial health at the worse of two prices.
    ///
    /// Vectors: mango-stable-health-deposit, mango-stable-health-borrow, mango-stable-health-perp.
    @Test(arguments: [
        ("USDC: 100", "{}", "40", "90"), ("USDC: -100", "{}", "-120", "-110"),
        ("USDC: 0", "{T2: {size: 100, entry: 1}}", "-72", "-11"),
    ])
    func stablePrice(balance: String, position: String, initial: String, maintenance: String) throws
    {
        let isToken = position == "{}"
        let report = try report(
            Self.text(
                balance, position,
                market: isToken ? "{USDC: {slow_price: 0.5}}" : "{T2: {slow_price: 0.5}}"
            ).replacing("T2: 5,", with: "T2: 1,"))
        #expect(isNear(report.health.initial, initial))
        #expect(isNear(report.health.maintenance, maintenance))
    }

    /// Two tokens at a price of one: A is what is owned, L what is owed, X another.
    static func exchange(
        _ balances: String, asset: String, debt: String, market: String = "{}",
        maintenance: String? = nil
    ) -> String {
        """
        protocol: mango-v4
        parameters:
          assets:
            A: {collateral: \(maintenance == nil ? asset : "100%"), initial_collateral: {haircut: \(asset == "100%" ? "0%" : asset == "90%" ? "10%" : "20%"), deposit_scale: $505}, liquidation_bonus: 0%}
            L: {liability_weight: \(maintenance ?? debt), initial_liability_weight: \(debt), debt_scale: $3.75, liquidation_bonus: 0%}
            X: {liability_weight: 1, initial_liability_weight: 1, liquidation_bonus: 0%}
        prices: {A: 1, L: 1, X: 1}
        market: \(market)
        account: {balances: {\(balances)}}
        """
    }

    /// instructions/token_liq_with_token.rs, test_liq_with_token_while_perp, the cases without positions.
    ///
    /// Vectors: mango-liq-token-6, mango-liq-token-8, mango-liq-token-10.
    @Test(arguments: [
        ("A: 10, L: -11", "90%", "1.1", "0", "-1"), ("A: 10, L: -9", "80%", "1.2", "3", "-2"),
        ("A: 10, L: -9, X: -0.4", "80%", "1.2", "2", "-1"),
    ])
    func tokens(balances: String, asset: String, debt: String, left: String, owed: String) throws {
        var account = try account(Self.exchange(balances, asset: asset, debt: debt))
        let owned = AssetID(1)
        let payer = account.payer(for: account.cross)
        var journal: [Event] = []
        try account.house.execute(
            .liquidate(
                account: account.cross, payer: payer.account,
                target: .collateral(seize: owned, repay: AssetID(2), atMost: nil)),
            from: payer.sender, into: &journal)
        // What the exchange alone leaves: a debt without anything else is booked in the same step.
        let steps = journal.compactMap { if case .liquidated(let step) = $0 { step } else { nil } }
        let step = try #require(steps.first)
        let debtBefore = Quantity(whole: balances.contains("-11") ? -11 : -9)
        #expect(isNear(Quantity(whole: 10) - step.size, left, within: "0.01"))
        #expect(isNear(debtBefore + step.repaid, owed, within: "0.01"))
        #expect(isNear(account.house.balance(account.cross, owned), left, within: "0.01"))
        #expect(account.house.breaches().isEmpty)
    }

    /// The same, without anything, and with nothing to exchange.
    ///
    /// Vectors: mango-liq-token-1, mango-liq-token-4.
    @Test func nothingToExchange() throws {
        #expect(try report(Self.exchange("A: 0", asset: "90%", debt: "1.1")).liquidation == nil)
        let step = try report(Self.exchange("L: -1", asset: "90%", debt: "1.1")).liquidation
        #expect(step?.kind == .deficit)
    }

    /// test_liq_with_token_stable_price: stable price and weights that scale change initial health, never the target.
    ///
    /// Vectors: mango-liq-token-stable.
    @Test func target() throws {
        var account = try account(
            Self.exchange(
                "A: 10, L: -9", asset: "100%", debt: "1.4",
                market: "{A: {deposits: 1010, slow_price: 0.5}, L: {slow_price: 1.25}}",
                maintenance: "1.2"))
        let id = account.cross
        #expect(isNear(account.house.health(of: id, .initial).surplus, "-44.75"))
        #expect(isNear(account.house.health(of: id, .liquidationEnd).surplus, "-2.6"))
        #expect(isNear(account.house.health(of: id, .maintenance).surplus, "-0.8"))
        _ = try account.step(id)
        #expect(isNear(account.house.balance(id, AssetID(1)), "3.5", within: "0.01"))
        #expect(isNear(account.house.balance(id, AssetID(2)), "-2.5", within: "0.01"))
        #expect(!account.house.isBeingLiquidated(id))
    }

    /// instructions/perp_liq_base_or_positive_pnl.rs: reducing the base alone, at a margin of a half.
    ///
    /// Vectors: mango-liq-perp-3, mango-liq-perp-6, mango-liq-perp-20.
    @Test(arguments: [
        ("USDC: 5", "{size: -10, entry: 0}", "50%", "10"),
        ("USDC: 0", "{size: 20, entry: 1.5}", "50%", "-20"),
        ("USDC: 2, X: -2", "{size: 60, entry: 0.58333333}", "0%", "-10"),
    ])
    func base(balances: String, position: String, overall: String, closed: String) throws {
        let report = try report(
            """
            protocol: mango-v4
            parameters:
              assets:
                X: {liability_weight: 1, initial_liability_weight: 1}
              markets:
                T: {initial_margin: 50%, maintenance_margin: 50%, profit_weight: \(overall)}
              protocol:
                liquidation: {penalty: 0%}
            prices: {T: 1, X: 1}
            account: {balances: {\(balances)}, positions: {T: \(position)}}
            """)
        #expect(isNear(report.liquidation?.amount, closed, within: "0.01"))
    }

    /// state/bank.rs, test_bank_interest_rate_curve: rates of 1, 3, 7 and 13 at none, a half, three quarters and all.
    ///
    /// Vectors: mango-rate-curve-2, mango-rate-curve-3, mango-rate-curve-5, mango-rate-curve-7,
    /// mango-rate-curve-9.
    @Test(arguments: [("0", 1), ("25", 2), ("50", 3), ("87.5", 10), ("100", 13)])
    func rateCurve(owed: String, expected: Int) throws {
        let account = try account(
            """
            protocol: mango-v4
            parameters: {assets: {SOL: {interest: {points: [[0%, 100%], [50%, 300%], [75%, 700%], [100%, 1300%]]}}}}
            prices: {SOL: 1}
            market: {SOL: {deposits: 100}}
            account: {balances: {USDC: 1000, SOL: -\(owed)}}
            """)
        let rate = try #require(account.house.interestRates(of: AssetID(1))).borrow
        // A rate a second.
        #expect(
            (rate.raw * 31_536_000 - Int128(expected) * 1_000_000_000_000_000_000).magnitude
                < 100_000_000)
    }

    /// Liquidation starts below the maintenance weights and goes on to the initial ones, a position at a fee.
    @Test func hysteresis() throws {
        let text = """
            protocol: mango-v4
            prices: {SOL: 100}
            account: {balances: {USDC: 99}, positions: {SOL: {size: 10, entry: 100}}}
            """
        let run = LiquidationRun(try account(text), pause: TimeSpan(milliseconds: 400))
        #expect(run.ending == "the account is healthy again")
        let house = run.account.house
        // Each unit frees 20 USD and costs 2.50: 101 USD are missing.
        #expect(isNear(house.position(run.account.cross, MarketID(0)).size, "4.22857142"))
        #expect(house.health(of: run.account.cross, .liquidationEnd).isMet)
        #expect(house.breaches().isEmpty)
    }

    /// state/stable_price.rs test_stable_price_10x: one hour a minute apart at ten times the price, one of ten seconds,
    /// 23 of five minutes.
    ///
    /// Vectors: mango-stable-10x-a, mango-stable-10x-c.
    @Test func stablePriceFollows() throws {
        var account = try account(
            """
            protocol: mango-v4
            prices: {SOL: 1}
            account: {balances: {USDC: 1}}
            """)
        let feed = FeedID(1)
        var journal: [Event] = []
        account.house.advance(
            to: account.house.time + TimeSpan(milliseconds: 1), into: &journal)
        try account.house.execute(
            .postPrice(
                feed: feed,
                report: PriceReport(
                    round: 2, price: Price(whole: 10), observedAt: account.house.time,
                    publishedAt: account.house.time)), from: .system, into: &journal)
        func run(_ seconds: Int64, _ steps: Int) {
            for _ in 0..<steps {
                account.house.advance(
                    to: account.house.time + TimeSpan(seconds: seconds), into: &journal)
            }
        }
        run(60, 60)
        #expect(isNear(account.house.slowPrices[feed.index], "1.8", within: "0.1"))
        run(10, 360)
        run(300, 276)
        #expect(isNear(account.house.slowPrices[feed.index], "7.4", within: "0.1"))
    }
}
