import ExactMath
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator
@testable import MarginProtocol

/// Mango v4 through the engine; blockworks-foundation/mango-v4 programs/mango-v4/src, with the tests' own tolerances.
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

    /// test_health1, the perpetual part of case 0: 30 of base and 131 paid, bids for 70 and asks for 110. All bids filled:
    /// 100 · 5 · 0.8 - 131 - 350 = -81, worse than the asks' -80 · 5 · 1.2 - 131 + 550 = -61.
    @Test func openOrders() throws {
        let text = Self.text("USDC: 100", "{T2: {size: 30, quote: -131}}").replacing(
            "account: {",
            with: "account: {orders: [{market: T2, side: buy, size: 70, price: 4}, "
                + "{market: T2, side: sell, size: 110, price: 6}], ")
        let report = try report(text)
        #expect(isNear(report.health.initial, "15.2"))
        // 100 · 5 · 0.9 - 481 = -31, and the asks' -21; the token weighs 0.9.
        #expect(isNear(report.health.maintenance, "62.1"))
        // Alone the position has 30 · 5 · 0.8 - 131 = -11.
        let position = try #require(report.positions.first)
        #expect(position.orderMargin.initial == Money(whole: 70))
        // 30 · 5 · 0.9 - 131 = 4, of which 95 % count.
        #expect(isNear(position.orderMargin.maintenance, "34.8"))
    }

    /// test_health1, case 0: tokens, reserves of 20 and 15 in a spot market, and the position of above with its orders.
    ///
    /// Vectors: mango-health1-0.
    @Test func ordersOfBothKinds() throws {
        let text = Self.trading(
            Self.text("USDC: 100, T2: -10", "{T2: {size: 30, quote: -131}}"),
            "T2-USDC: [[6, -15], [4, 5]]"
        ).replacing(
            "account: {",
            with: "account: {orders: [{market: T2, side: buy, size: 70, price: 4}, "
                + "{market: T2, side: sell, size: 110, price: 6}], ")
        let account = try account(text)
        #expect(isNear(MarginReport(account).account.health.initial, "16.2", within: "0.001"))
        #expect(account.house.breaches().isEmpty)
    }

    /// An account with open spot orders, in markets of both tokens.
    private static func trading(_ text: String, _ orders: String) -> String {
        text.replacing(
            "  markets:\n",
            with: """
                  protocol:
                    spot_markets: {T2-USDC: {base: T2, quote: USDC}, T3-USDC: {base: T3, quote: USDC}}
                  markets:

                """
        ).replacing("account: {", with: "account: {spot_orders: {\(orders)}, ")
    }

    /// perp_liq_force_cancel_orders.rs: orders go first, and a liquidation ends there once health under the initial weights is
    /// not negative.
    @Test(arguments: [("5", true), ("-1", false)])
    func ordersAreCancelledFirst(usdc: String, ends: Bool) throws {
        var account = try account(
            Self.text("USDC: \(usdc)").replacing(
                "account: {",
                with: "account: {orders: [{market: T2, side: buy, size: 12, price: 4}], "))
        let id = account.cross
        #expect(account.house.isLiquidatable(id, at: account.house.prices))
        let step = try #require(LiquidationStep(account, id))
        #expect((step.kind == .orders) == ends)
        _ = try account.step(id)
        #expect(account.house.account(id).orders == 0)
        #expect(!account.house.isBeingLiquidated(id))
        #expect(account.house.breaches().isEmpty)
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

    /// test_health1, cases 6, 7, 14 and 17, and test_health_with_skips before anything is left out: what open spot orders have
    /// set aside counts as the worse of two outcomes. The tests give the amounts; here orders rest that set these aside, at prices
    /// that are no worse than the oracle's but where the test has an extreme one.
    ///
    /// Vectors: mango-health1-6, mango-health1-7, mango-health1-14, mango-health1-17, mango-health-skip-base.
    @Test(arguments: [
        (
            "USDC: -100, T2: -10, T3: -10",
            "T2-USDC: [[6, -1], [4, 0.25]], T3-USDC: [[11, -1], [8, 0.125]]", "{}", "-324.6"
        ),
        (
            "USDC: -14, T2: -10, T3: -10",
            "T2-USDC: [[6, -1], [4, 0.25]], T3-USDC: [[11, -1], [8, 0.125]]", "{}", "-223.8"
        ),
        // An ask at 3 and a bid at 12, where the oracles say 5 and 10.
        (
            "USDC: -100, T2: -10, T3: 0",
            "T2-USDC: [[3, -1], [2, 0.5]], T3-USDC: [[13, -1], [12, 0.91666666]]", "{}",
            "-180.61666666"
        ),
        // What asks may bring back counts with all deposits of 100 and 600.
        (
            "USDC: 100, T2: 100, T3: 100", "T2-USDC: [[6, -100]], T3-USDC: [[11, -100]]",
            "{T2: {deposits: 100}, T3: {deposits: 600}}", "1044.28571428"
        ),
        ("USDC: 100, T2: 10, T3: -10", "T2-USDC: [[6, -1], [4, 1.25]]", "{}", "-40"),
    ])
    func spotOrders(balances: String, orders: String, market: String, expected: String) throws {
        let text = Self.trading(Self.text(balances, market: market), orders)
        let account = try account(
            market == "{}"
                ? text
                : text.replacing(
                    "initial_collateral: 50%",
                    with: "initial_collateral: {haircut: 50%, deposit_scale: $SCALE}"
                ).replacingEach("$SCALE", with: ["$500", "$5000"]))
        let report = MarginReport(account).account
        #expect(isNear(report.health.initial, expected, within: "0.001"), "\(report.health)")
        #expect(account.house.breaches().isEmpty)
        // Whatever happens to them, cancelling never makes it worse.
        var cancelled = account.house
        var journal: [Event] = []
        cancelled.cancelSpotOrders(of: account.cross, into: &journal)
        #expect(
            cancelled.health(of: account.cross, .maintenance).surplus
                >= account.house.health(of: account.cross, .maintenance).surplus)
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

    /// health/cache.rs test_health_with_skips: a token that is held may be without a price, and counts nothing; one that is
    /// owed may not.
    ///
    /// Vectors: mango-health-skip-missing-tokens-1-and-2.
    @Test(
        arguments: [
            ("none", "none", "-150", ["USDC", "T2"]), ("none", "5", "-125", ["USDC"]),
            ("1", "none", "-70", ["T2"]), ("1", "5", "-45", []),
        ] as [(String, String, String, [String])])
    func missingPrices(one: String, two: String, health: String, leftOut: [String]) throws {
        let text = Self.text("USDC: 100, T2: 10, T3: -10")
            .replacing("USDC: 1, T2: 5", with: "USDC: \(one), T2: \(two)")
        let report = try report(text)
        #expect(isNear(report.health.initial, health))
        #expect(report.leftOut == leftOut)
        // What is left out might be worth enough: nobody may liquidate the account.
        #expect(report.isLiquidatable == (leftOut.isEmpty && report.health.maintenance.isNegative))
        #expect(leftOut.isEmpty || report.liquidation == nil)
        // A key that is not written is as `none`, but for the settlement asset.
        let unwritten = text.replacing(", T2: \(two)", with: two == "none" ? "" : ", T2: \(two)")
        #expect(try MarginCalculatorTests.report(unwritten).health.initial == report.health.initial)
    }

    /// The same for a debt, for a market's price, and under rules that refuse.
    @Test(arguments: [
        ("T3: -10", "{}", "T3: none", "leave_out_assets"),
        ("T2: 1", "{T2: {size: 1, entry: 5}}", "T2: none", "leave_out_assets"),
        ("USDC: 1", "{T2: {size: 1, entry: 5}}", "USDC: none", "leave_out_assets"),
        ("T3: 10", "{}", "T3: none", "refuse"),
    ])
    func neededPrices(balance: String, position: String, price: String, policy: String) throws {
        let name = try #require(price.split(separator: ":").first)
        let text = Self.text(balance, position)
            .replacing("\(name): 1,", with: "\(price),").replacing("\(name): 5,", with: "\(price),")
            .replacing("\(name): 10}", with: "\(price)}")
            .replacing(
                "parameters:\n",
                with:
                    "parameters:\n  protocol: {oracle_guard: {missing_prices: \(policy)}}\n")
        let problem = try #require(throws: ScenarioProblems.self) { try account(text) }
        #expect("\(problem)".contains("none"), "\(problem)")
    }

    /// state/bank.rs test_bank_maint_weight_shift: a holding's weight goes from 1 to 2 and a debt's from 0 to 10, linearly from
    /// 100 s to 1,100 s.
    ///
    /// Vectors: mango-maint-shift-1, mango-maint-shift-2, mango-maint-shift-7.
    @Test(arguments: [
        ("00:00:00", "1", "0"), ("00:01:40", "1", "0"), ("00:03:20", "1.1", "-1"),
        ("00:10:00", "1.5", "-5"), ("00:16:40", "1.9", "-9"), ("00:18:20", "2", "-10"),
        ("00:33:20", "2", "-10"),
    ])
    func weightShift(clock: String, asset: String, debt: String) throws {
        for (balance, expected) in [("1", asset), ("-1", debt)] {
            let report = try report(
                """
                protocol: mango-v4
                time: 2026-01-01T\(clock)Z
                parameters:
                  assets:
                    T2:
                      collateral: {weight: 1}
                      liability_weight: 0
                      initial_liability_weight: null
                      debt_scale: null
                      weight_ramp:
                        start: 2026-01-01T00:01:40Z
                        end: 2026-01-01T00:18:20Z
                        collateral: {weight: 2}
                        liability_weight: 10
                prices: {T2: 1}
                account: {balances: {T2: \(balance)}}
                """)
            #expect(isNear(report.weightedEquity.maintenance, expected))
            #expect(isNear(report.weightedEquity.initial, expected))
        }
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

    /// test_health1, cases 4 and 12: a long that was paid for being taken, and what it offsets of a debt.
    ///
    /// Vectors: mango-health1-4, mango-health1-12.
    @Test(arguments: [("0", "100", "380"), ("-100", "10", "26.4")])
    func paidForALong(balance: String, size: String, expected: String) throws {
        let report = try report(
            Self.text("USDC: \(balance)", "{T2: {size: \(size), quote: 100}}"))
        #expect(isNear(report.health.initial, expected))
        #expect(report.positions.first?.entry == Price(whole: size == "100" ? -1 : -10))
    }

    /// token_liq_with_token.rs, test_liq_with_token_while_perp, the cases with a result in one of the two tokens.
    ///
    /// Vectors: mango-liq-token-5, mango-liq-token-12, mango-liq-token-13, mango-liq-token-14, mango-liq-token-15.
    @Test(
        arguments: [
            ("A", "A: 99.999, L: -1", "-100", "10%", "90%", nil, nil),
            ("A", "A: 5, L: -9", "6", "20%", "50%", "0", "-4"),
            ("A", "A: 5, L: -9", "14", "20%", "50%", "2", "-6"),
            ("A", "L: -9", "14", "20%", "50%", nil, nil),
            ("L", "A: 10, L: -4", "-5", "20%", "50%", "6", "0"),
            ("L", "A: 10, L: -8", "-1", "20%", "50%", "3", "-1"),
            ("L", "A: 10", "-9", "20%", "50%", nil, nil),
        ] as [(String, String, String, String, String, String?, String?)])
    func tokensBesideAResult(
        settlement: String, balances: String, quote: String, haircut: String, overall: String,
        owned: String?, owed: String?
    ) throws {
        let token =
            "{collateral: {haircut: \(haircut)}, initial_collateral: {haircut: \(haircut) }, "
            + "liability_weight: \(haircut == "10%" ? "1.1" : "1.2"), "
            + "initial_liability_weight: \(haircut == "10%" ? "1.1" : "1.2"), debt_scale: null, "
            + "borrowable: true, liquidation_bonus: 0%}"
        var account = try account(
            """
            protocol: mango-v4
            parameters:
              assets: {A: \(token), L: \(token)}
              markets: {T: {profit_weight: \(overall), initial_profit_weight: \(overall)}}
              protocol: {settlement: \(settlement)}
            prices: {A: 1, L: 1, T: 1}
            account: {balances: {\(balances)}, positions: [{market: T, size: 0, quote: \(quote)}]}
            """)
        func asset(_ name: String) throws -> AssetID {
            AssetID(
                index: try #require(
                    account.file.parameters.assets.firstIndex { $0.name == name }))
        }
        let (seize, repay) = (try asset("A"), try asset("L"))
        let command = Command.liquidate(
            account: account.cross, payer: account.liquidator,
            target: .collateral(seize: seize, repay: repay, atMost: nil))
        var journal: [Event] = []
        guard let owned, let owed else {
            #expect(throws: Rejection.nothingToLiquidate) {
                try account.house.execute(
                    command, from: CalculatedAccount.keeper, into: &journal)
            }
            return
        }
        try account.house.execute(command, from: CalculatedAccount.keeper, into: &journal)
        #expect(isNear(account.house.balance(account.cross, seize), owned, within: "0.01"))
        #expect(isNear(account.house.balance(account.cross, repay), owed, within: "0.01"))
        #expect(account.house.breaches().isEmpty)
    }

    /// perp_liq_base_or_positive_pnl.rs, test_liq_base_or_positive_pnl: all prices and token weights 1, a margin of a half.
    ///
    /// Vectors: mango-liq-perp-3, mango-liq-perp-6, mango-liq-perp-11, mango-liq-perp-14, mango-liq-perp-15,
    /// mango-liq-perp-16, mango-liq-perp-17, mango-liq-perp-18, mango-liq-perp-20, mango-liq-perp-21,
    /// mango-liq-perp-22, mango-liq-perp-23, mango-liq-perp-29.
    @Test(
        arguments: [
            // (overall weight, fee on profits, [balance, size, quote, other], most size, most profit, after)
            ("50%", "0%", ["5", "-10", "0", "0"], "20", "100", ["5", "0", "-10"]),
            ("50%", "0%", ["0", "20", "-30", "0"], "100", "100", ["0", "0", "-10"]),
            ("50%", "0%", ["-23", "20", "10", "0"], "100", "21", ["-2", "10", "-1"]),
            ("50%", "0%", ["-20", "20", "10", "0"], "10", "5", ["-15", "10", "15"]),
            ("50%", "0%", ["-20", "20", "10", "0"], "100", "0", ["-20", "0", "30"]),
            ("0%", "0%", ["-20", "20", "10", "0"], "10", "0", ["-20", "20", "10"]),
            ("0%", "0%", ["-20", "20", "10", "0"], "10", "5", ["-15", "20", "5"]),
            ("0%", "0%", ["-30", "20", "10", "0"], "5", "30", ["-7.5", "15", "-7.5"]),
            ("0%", "0%", ["2", "60", "-35", "-2"], "200", "200", ["2", "50", "-25"]),
            ("0%", "0%", ["-7", "60", "-20", "-3"], "200", "200", ["3", "60", "-30"]),
            ("0%", "0%", ["-7", "60", "-30", "-3"], "200", "200", ["3", "40", "-20"]),
            ("50%", "0%", ["-7", "60", "-20", "-3"], "200", "0", ["-7", "40", "0"]),
            ("50%", "25%", ["-7", "70", "-30", "4"], "60", "20", ["-5.5", "70", "-32"]),
            // A part of a lot is a lot.
            ("50%", "0%", ["4.75", "-4", "0", "0"], "20", "100", ["4.75", "-1", "-3"]),
            ("50%", "25%", ["-7", "70", "-30", "-6"], "60", "20", ["5.75", "45", "-22"]),
        ] as [(String, String, [String], String, String, [String])])
    func positionsAndProfits(
        overall: String, fee: String, start: [String], size: String, profit: String, after: [String]
    ) throws {
        var account = try account(
            """
            protocol: mango-v4
            parameters:
              assets:
                X: {collateral: 100%, liability_weight: 1, initial_liability_weight: 1, debt_scale: null}
              markets:
                T: {initial_margin: 50%, maintenance_margin: 50%, profit_weight: \(overall), initial_profit_weight: \(overall)}
              protocol:
                liquidation: {penalty: 0%, course: {dust: $0.5}}
                result_settlement: {lot: 1, profit_fee: \(fee)}
            prices: {T: 1, X: 1}
            account:
              balances: {USDC: \(start[0]), X: \(start[3])}
              positions: [{market: T, size: \(start[1]), quote: \(start[2])}]
            """)
        let id = account.cross
        let market = MarketID(0)
        #expect(account.house.isLiquidatable(id, at: account.house.prices))
        let target = ResultTarget(
            market, size: Quantity(decimal: size),
            amount: Quantity(decimal: profit))
        let command = Command.liquidate(
            account: id, payer: account.liquidatorMargin, target: .result(target))
        var journal: [Event] = []
        if after == Array(start[0...2]) {
            #expect(throws: Rejection.nothingToLiquidate) {
                try account.house.execute(
                    command, from: CalculatedAccount.keeper, into: &journal)
            }
        } else {
            try account.house.execute(command, from: CalculatedAccount.keeper, into: &journal)
        }
        let held = account.house.position(id, market)
        #expect(isNear(account.house.balance(id, AssetID(0)), after[0], within: "0.01"))
        #expect(isNear(held.size, after[1], within: "0"))
        #expect(isNear(-held.cost, after[2], within: "0.01"))
        #expect(account.house.breaches().isEmpty)
    }

    /// perp_liq_negative_pnl_or_bankruptcy.rs, test_liq_negative_pnl_or_bankruptcy: a settlement token at 2 of a weight of 0.9, one
    /// unit of others' positions.
    ///
    /// Vectors: mango-bankruptcy-2, mango-bankruptcy-3, mango-bankruptcy-6, mango-bankruptcy-7,
    /// mango-bankruptcy-9, mango-bankruptcy-10, mango-bankruptcy-12, mango-bankruptcy-13.
    @Test(
        arguments: [
            // (price of the insurance, [balance, quote, other, fund, allowance, most], [balance, quote] after, [the
            // liquidator's balance, quote, insurance], what a unit of a position bears)
            (
                "3", ["40", "-50", "-36", "6", "100", "10"], ["30", "-40"], ["10", "-10", "0"], "0"
            ),
            (
                "3", ["40", "-50", "-36", "100", "100", "29"], ["20", "-21"], ["20", "-29", "6"],
                "0"
            ),
            (
                "3", ["40", "-50", "-36", "100", "10", "19"], ["30", "-31"], ["10", "-19", "6"], "0"
            ),
            ("1", ["0", "-5", "2.2", "0", "0", "0"], ["0", "-1"], ["0", "0", "0"], "4"),
            ("1", ["4", "-5", "-3.6", "0", "0", "0"], ["4", "-2"], ["0", "0", "0"], "3"),
            ("3", ["40", "-50", "-36", "6", "0", "100"], ["40", "-20"], ["0", "-9", "6"], "21"),
            ("3", ["40", "-50", "-36", "6", "0", "3"], ["40", "-47"], ["0", "-3", "2"], "0"),
            ("3", ["40", "-50", "-36", "6", "100", "40"], ["20", "0"], ["20", "-29", "6"], "21"),
            (
                "3", ["10", "-50", "9", "6", "100", "40"], ["-4.1", "0"], ["14.1", "-23.1", "6"],
                "26.9"
            ),
        ] as [(String, [String], [String], [String], String)])
    func lossesAndBankruptcies(
        insurance: String, start: [String], after: [String], liquidator: [String], perUnit: String
    ) throws {
        var account = try account(
            """
            protocol: mango-v4
            parameters:
              assets:
                USDC: {collateral: 90%, initial_collateral: 90%, liability_weight: 1.1, initial_liability_weight: 1.1}
                X: {collateral: 100%, liability_weight: 1, initial_liability_weight: 1, debt_scale: null}
              markets:
                T: {profit_weight: 0%, initial_profit_weight: 0%}
              protocol:
                liquidation: {penalty: 0%}
                insurance_fund: {I: \(start[3])}
                result_settlement: {insurance: I}
            prices: {USDC: 2, T: 1, X: 1, I: \(insurance)}
            market: {T: {open_interest: 1}}
            account:
              balances: {USDC: \(start[0]), X: \(start[2])}
              positions: [{market: T, size: 0, quote: \(start[1]), settle_allowance: \(start[4])}]
            """)
        let id = account.cross
        let payer = account.liquidatorMargin
        let fund = AssetID(
            index: try #require(account.file.parameters.assets.firstIndex { $0.name == "I" }))
        let usdc = account.house.balance(payer, AssetID(0))
        let own = account.house.balance(payer, fund)
        let target = ResultTarget(MarketID(0), amount: Quantity(decimal: start[5]))
        var journal: [Event] = []
        try account.house.execute(
            .liquidate(account: id, payer: payer, target: .result(target)),
            from: CalculatedAccount.keeper, into: &journal)
        let house = account.house
        let (left, taken) = (house.position(id, MarketID(0)), house.position(payer, MarketID(0)))
        #expect(isNear(house.balance(id, AssetID(0)), after[0], within: "0.01"))
        #expect(isNear(-left.cost, after[1], within: "0.1"))
        #expect(isNear(house.balance(payer, AssetID(0)) - usdc, liquidator[0], within: "0.01"))
        #expect(isNear(-taken.cost, liquidator[1], within: "0.1"))
        #expect(isNear(house.balance(payer, fund) - own, liquidator[2], within: "0.01"))
        let shared = try (house.socialised.first ?? .zero).rounded(to: Price.self, .nearest)
        #expect(isNear(shared, perUnit, within: "0.1"))
        #expect(house.breaches().isEmpty)
    }

    /// What was received less what was paid stands in place of an entry price; without a size only where results stay with positions.
    @Test func aQuoteInPlaceOfAnEntry() throws {
        func text(_ preset: String, _ position: String) -> String {
            """
            protocol: \(preset)
            prices: {BTC: 100}
            account: {balances: {USDC: 50}, positions: {BTC: {\(position)}}}
            """
        }
        for wrong in [
            text("dydx-v4", "size: 0, quote: 5"), text("mango-v4", "size: 1, quote: 5, entry: 1"),
            text("drift-v2", "size: 0, quote: 5, settle_allowance: 1"),
        ] {
            #expect(throws: ScenarioProblems.self) { try account(wrong) }
        }
        let plain = try report(text("dydx-v4", "size: 1, quote: -80"))
        #expect(plain.positions.first?.entry == Price(whole: 80))
        #expect(plain.positions.first?.unrealizedProfit == Money(whole: 20))
    }

    /// The position first; then what its loss leaves, as far as its allowance goes for the deposit, then for insurance, and what the
    /// fund cannot pay by others. It ends at zero health.
    @Test func aWholeLiquidation() throws {
        let run = LiquidationRun(
            try account(
                """
                protocol: mango-v4
                parameters: {protocol: {insurance_fund: $50}}
                prices: {SOL: 70, ETH: 2000}
                market: {SOL: {open_interest: 100}}
                account: {balances: {USDC: 150, ETH: 0.05}, positions: {SOL: {size: 10, entry: 100}}}
                """), pause: TimeSpan(milliseconds: 400))
        #expect(run.rows.map(\.step.kind) == [.position, .result])
        #expect(run.rows.last?.covers.map(\.layer) == [.insuranceFund, .socialisedByFunding])
        #expect(run.ending == "the account is healthy again")
        #expect(isNear(run.account.house.balance(run.account.cross, AssetID(0)), "-7.5"))
        #expect(run.account.house.breaches().isEmpty)
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

extension String {
    /// With each occurrence of a part replaced by another text, in order.
    fileprivate func replacingEach(_ part: String, with others: [String]) -> String {
        others.reduce(self) { $0.replacing(part, with: $1, maxReplacements: 1) }
    }
}
