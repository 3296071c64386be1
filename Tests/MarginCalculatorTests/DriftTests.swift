import ExactMath
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator
@testable import MarginProtocol

/// Drift v2 through the engine: markets of 10 % initial and 5 % maintenance margin, as in the protocol's own tests;
/// drift-labs/protocol-v2 programs/drift/src/math and src/controller.
///
/// The engine cannot hold:
/// - the margin for fills (drift-spot-weight-15);
/// - its own form of the funding rate and of the oracle's validity (drift-funding, drift-oracle), and a deposit index
///   (drift-deposit-delta, drift-bankruptcy-spot): depositors pay at once, in proportion. These are rules only, as are
///   single steps of a formula (drift-asset-for-liab, drift-perp-if-fee).
@Suite struct DriftTests {
    /// SOL at a price under the preset without premiums for size, the course's buffer and first share given.
    static func text(
        _ balances: String, _ positions: String = "{}", price: String = "100",
        buffer: String = "2%", initialShare: String = "100%", market: String = "",
        asset: String = "{haircut: 10%, size_discount: null}", rest: String = "",
        liquidation: String = ""
    ) -> String {
        """
        protocol: drift-v2
        parameters:
          assets:
            SOL: {collateral: \(asset), debt_factor: null\(rest)}
          markets:
            SOL: {size_premium: null, initial_profit_factor: null, funding: null\(market)}
          protocol:
            liquidation:
              shortage: {step: 0.01}
              course: {buffer: \(buffer), initial_share: \(initialShare)}
              \(liquidation)
        prices: {SOL: \(price)}
        account: {balances: {\(balances)}, positions: \(positions)}
        """
    }

    /// spot_market_asset_weight: a holding at a price of one, and what it weighs.
    ///
    /// Vectors: drift-spot-weight-1, drift-spot-weight-5, drift-spot-weight-8,
    /// drift-spot-weight-14,
    /// drift-spot-weight-15, drift-spot-weight-16.
    @Test(arguments: [
        ("10%", "0", "1000", "900"), ("10%", "0.00001", "1000000000", "835700000"),
        ("10%", "0.1", "1000", "264.2"), ("85%", "0.1", "100000", "3370"),
        ("55%", "0.1", "100000", "3370"), ("25%", "0.1", "100000", "3370"),
    ])
    func assetWeight(haircut: String, factor: String, size: String, expected: String) throws {
        let schedule = "{haircut: \(haircut), size_discount: {square_root: \(factor)}}"
        let report = try report(
            Self.text(
                "SOL: \(size)", price: "1", asset: schedule, rest: ", initial_collateral: null")
        )
        #expect(isNear(report.weightedEquity.maintenance, expected))
        #expect(isNear(report.weightedEquity.initial, expected))
    }

    /// spot_market_asset_weight, liability initial, imf 0 and 100000.
    ///
    /// Vectors: drift-spot-weight-2, drift-spot-weight-9.
    @Test(arguments: [("0", "-1100"), ("0.1", "-4042.2")])
    func debtWeight(factor: String, expected: String) throws {
        let report = try report(
            Self.text(
                "SOL: -1000", price: "1", rest: ", initial_liability_weight: 1.1"
            ).replacing("debt_factor: null", with: "debt_factor: \(factor)"))
        #expect(isNear(report.weightedEquity.initial, expected))
        #expect(isNear(report.weightedEquity.maintenance, expected))
    }

    /// spot_market_asset_weight, liability maintenance without a weight, imf 100000: only its size makes a debt count.
    ///
    /// Vectors: drift-spot-weight-10.
    @Test(arguments: [("0.1", "-3162.2"), ("0", "0")])
    func weightlessDebt(factor: String, expected: String) throws {
        let report = try report(
            Self.text(
                "SOL: -1000", price: "1",
                rest: ", liability_weight: 0, initial_liability_weight: 0"
            ).replacing("debt_factor: null", with: "debt_factor: \(factor)"))
        #expect(isNear(report.weightedEquity.maintenance, expected))
        #expect(isNear(report.weightedEquity.initial, expected))
        #expect(report.isLiquidatable == (factor != "0"))
    }

    /// liability_weight_component_less_than_asset_weight_component: a debt repaid at a quarter less, at equal weights, frees no
    /// margin however much of it is taken, so that all may be that the asset pays for, however soon.
    ///
    /// Vectors: drift-liab-to-cover-5.
    @Test(arguments: ["100%", "10%"]) func nothingFreesMargin(share: String) throws {
        let account = try account(
            Self.text(
                "USDC: 10000, SOL: -110", buffer: "0%", initialShare: share,
                rest:
                    ", liability_weight: 1, initial_liability_weight: 1, liquidation_bonus: 25%"))
        let part = try #require(
            try account.collateralQuote(seize: "USDC", repay: "SOL", atMost: "110"))
        #expect(isNear(part.repaid, "75"))
        #expect(isNear(part.seized, "10000"))
        #expect(part.repaidToInsurance.isZero && !part.coversShortage)
        // The liquidator may take less.
        let less = try #require(
            try account.collateralQuote(seize: "USDC", repay: "SOL", atMost: "30"))
        #expect(isNear(less.repaid, "30") && isNear(less.seized, "4000"))
    }

    /// calculate_spot_if_fee: what the exchange leaves of the freed margin goes to the insurance fund, up to 5 %; where the asset
    /// weighs more than the debt it leaves none.
    ///
    /// Vectors: drift-spot-if-fee-4.
    @Test(arguments: [
        ("1", "105", "0.036363"), ("1", "10", "0"), ("1", "109", "0.05"), ("2", "54.5", "0"),
    ])
    func debtInsuranceFee(weight: String, held: String, fee: String) throws {
        let account = try account(
            """
            protocol: drift-v2
            parameters:
              assets:
                SOL: {debt_factor: null, liability_weight: 1.1, liquidation_bonus: 0%}
                X:
                  collateral: {haircut: null, size_discount: null, weight: \(weight)}
                  debt_factor: null
                  liquidation_bonus: 1%
              protocol:
                liquidation:
                  shortage: {debt_insurance_fee: 5%}
                  course: {buffer: 0%, initial_share: 100%}
            prices: {SOL: 100, X: 1}
            account: {balances: {X: \(held), SOL: -1}}
            """)
        let part = try #require(
            try account.collateralQuote(seize: "X", repay: "SOL", atMost: "1"))
        let share = try Ratio(part.repaidToInsurance, over: part.repaid, rounding: .nearest)
        #expect(isNear(share, fee, within: "0.0000001"), "\(part)")
        // All that the asset pays for at 1 % more.
        if weight == "2" { #expect(isNear(part.repaid, "0.5396", within: "0.0001")) }
    }

    /// spot_market_scale_initial_asset_weight: at the start nothing scales, at twice as much the weight is half.
    ///
    /// Vectors: drift-scaled-iaw-2.
    @Test(arguments: [("20000", "22.5"), ("40000", "11.25")])
    func depositScale(deposits: String, expected: String) throws {
        let text = Self.text(
            "SOL: 1", price: "25",
            rest: ", initial_collateral: {haircut: 10%, size_discount: null, deposit_scale: $500k}")
        let report = try report(text + "\nmarket: {SOL: {deposits: \(deposits)}}")
        #expect(isNear(report.weightedEquity.initial, expected))
        #expect(isNear(report.weightedEquity.maintenance, "22.5"))
    }

    /// calculate_user_equity_value_tests: a short in profit; at most 100 USD of it count against the initial margin.
    ///
    /// Vectors: drift-perp-initial-1.
    @Test func initialRequirement() throws {
        let report = try report(
            Self.text(
                "USDC: 0", "{SOL: {size: -6.147540983, entry: 25000}}", price: "22050",
                market: ", size_premium: {square_root: 0.001}"
            ).replacing("size_premium: null, ", with: ""))
        // A size of eight decimals where the source has nine.
        #expect(isNear(report.requirement.initial, "13555.327867", within: "0.00001"))
        #expect(isNear(report.weightedEquity.initial, "100"))
        #expect(report.weightedEquity.maintenance > Money(whole: 18_000))
    }

    /// The same place: a profit's weight falls with its size.
    ///
    /// Vectors: drift-upnl-weight-5, drift-upnl-weight-7.
    @Test(arguments: [("24282786.896", "0.1855"), ("19426229516.8", "0.0078")])
    func profitWeight(profit: String, weight: String) throws {
        // A unit of a thousand dollars, bought for nothing: all its value is profit.
        let size = try #require(Quantity(decimal: profit)).raw / 1000
        let report = try report(
            Self.text(
                "USDC: 0", "{SOL: {size: \(Quantity(raw: size)), entry: 0}}", price: "1000",
                market: ", initial_profit_cap: null, initial_profit_factor: 0.001"
            ).replacing("initial_profit_factor: null, ", with: ""))
        let expected = try #require(Money(decimal: profit))
            .scaled(by: try #require(Ratio(decimal: weight)), rounding: .down)
        #expect((report.weightedEquity.initial - expected).magnitude <= Money(raw: 100))
    }

    /// successful_liquidation_long_perp_whale_imf_factor: the maintenance margin grows with size, an open bid counts as
    /// filled, and needs a cent beside.
    ///
    /// Vectors: drift-whale-imf-1, drift-whale-imf-2.
    @Test(arguments: [("0.001", "140014.01"), ("0.01", "1040104.01")])
    func whale(factor: String, expected: String) throws {
        let text = Self.text(
            "USDC: 0", "{SOL: {size: 10000}}", market: ", size_premium: {square_root: \(factor)}"
        ).replacing("size_premium: null, ", with: "")
        let bid = "{market: SOL, side: buy, size: 1, price: 100}"
        let ordered = try report(Self.resting(bid, text))
        #expect(isNear(ordered.requirement.maintenance, expected))
        let position = try #require(ordered.positions.first)
        #expect(position.size == Quantity(whole: 10_000))
        let alone = try report(text).requirement.maintenance
        #expect(position.orderMargin.maintenance == ordered.requirement.maintenance - alone)
    }

    private static func resting(_ order: String, _ text: String) -> String {
        text.replacing("account: {", with: "account: {orders: [\(order)], ")
    }

    /// state/user.rs, worst_case_liability_value: all bids or all asks, whichever is worth more, and asks at a tie; a cent for
    /// each order, also for one that only reduces.
    @Test(arguments: [
        ("0", "buy, size: 3, price: 90", "15.01", "30.01"),
        ("0", "sell, size: 3, price: 110", "15.01", "30.01"),
        ("2", "sell, size: 3, price: 110", "10.01", "20.01"),
        ("2", "sell, size: 7, price: 110", "25.01", "50.01"),
        ("2", "sell, size: 2, price: 110, reduce_only: true", "10.01", "20.01"),
    ])
    func openOrder(size: String, order: String, maintenance: String, initial: String) throws {
        let text = Self.text("USDC: 100", size == "0" ? "{}" : "{SOL: {size: \(size)}}")
        let report = try report(Self.resting("{market: SOL, side: \(order)}", text))
        #expect(isNear(report.requirement.maintenance, maintenance))
        #expect(isNear(report.requirement.initial, initial))
    }

    /// controller/liquidation.rs: orders are cancelled first; what that frees counts, and may end the liquidation.
    @Test func ordersAreCancelledFirst() throws {
        let text = Self.text("USDC: 10", "{SOL: {size: 1, entry: 100}}")
        let bid = "{market: SOL, side: buy, size: 2, price: 90}"
        var whole = try account(Self.resting(bid, text))
        // 15.01 are required of 10; without the order 5, and with the buffer 7.
        let step = try #require(LiquidationStep(whole, whole.cross))
        #expect(step.kind == .orders && step.amount.isZero)
        let events = try whole.step(whole.cross)
        #expect(
            events.contains(.liquidationBegan(whole.cross))
                && events.contains(.liquidationEnded(whole.cross)))
        #expect(whole.house.position(whole.cross, MarketID(0)).size == Quantity(whole: 1))
        #expect(!whole.house.isLiquidatable(whole.cross, at: whole.house.prices))
        // With 4 of 5 required there is more to take, and what was freed counts towards the share.
        var short = try account(
            Self.resting(bid, text.replacing("USDC: 10", with: "USDC: 4")))
        let quote = try #require(LiquidationStep(short, short.cross))
        #expect(quote.kind == .position && quote.amount.isNegative)
        _ = try short.step(short.cross)
        let held = short.house.position(short.cross, MarketID(0)).size
        #expect(held == Quantity(whole: 1) + quote.amount)
        #expect(short.house.breaches().isEmpty)
    }

    /// user_custom_margin_ratio: what an owner chooses leaves the maintenance margin as it is.
    ///
    /// Vectors: drift-acct-custom-ratio-maint.
    @Test func chosenLeverage() throws {
        let account = try account(
            Self.text("SOL: -100, USDC: 100", "{SOL: {size: 100, leverage: 1}}"))
        let maintenance = account.house.statement(of: account.cross, .maintenance)
        #expect(maintenance.requirement + maintenance.debt == Money(whole: 11_500))
        let initial = account.house.statement(of: account.cross, .initial)
        #expect(initial.requirement == Money(whole: 10_000))
    }

    /// user_custom_margin_ratio: a ratio for the whole account counts for positions, debts and collateral, and leaves
    /// the maintenance margin as it is.
    ///
    /// Vectors: drift-acct-custom-ratio-2, drift-acct-custom-ratio-maint.
    @Test(arguments: [("", 13_000), ("5%", 13_000), ("50%", 20_000), ("100%", 30_000)])
    func chosenRatio(ratio: String, expected: Int64) throws {
        let text = Self.text("SOL: -100, USDC: 100", "{SOL: {size: 100, entry: 100}}")
        let account = try account(Self.choosing(ratio, text))
        let initial = account.house.statement(of: account.cross, .initial)
        #expect(initial.requirement + initial.debt == Money(whole: expected))
        // The quote asset keeps its weight.
        #expect(initial.collateral == Money(whole: 100))
        let maintenance = account.house.statement(of: account.cross, .maintenance)
        #expect(maintenance.requirement + maintenance.debt == Money(whole: 11_500))
        #expect(
            account.house.health(of: account.cross, .initial).surplus
                == Money(whole: 100 - expected))
    }

    /// The same place: with a ratio of a half SOL weighs a half, and with a tenth its own weight.
    ///
    /// Vectors: drift-acct-custom-ratio-asset.
    @Test(arguments: [("", 8_000), ("10%", 8_000), ("50%", 5_000), ("100%", 0)])
    func chosenRatioOfAnAsset(ratio: String, expected: Int64) throws {
        let text = Self.text(
            "SOL: 100", rest: ", initial_collateral: {haircut: 20%, size_discount: null}")
        let report = try report(Self.choosing(ratio, text))
        #expect(report.weightedEquity.initial == Money(whole: expected))
        #expect(report.weightedEquity.maintenance == Money(whole: 9_000))
    }

    /// margin_ratio_override, and where controller/orders.rs uses it: a fill that adds risk at a price that is stale for margin
    /// asks for at least that ratio, of everything; and a deposit of SOL weighs at most what it leaves.
    ///
    /// Vectors: drift-acct-override-3.
    @Test(arguments: [("50%", 20_000, 50), ("100%", 30_000, 100), ("200%", 50_000, 200)])
    func staleMargin(ratio: String, expected: Int64, short: Int64) throws {
        let text = Self.text("SOL: -100, USDC: 100", "{SOL: {size: 100, entry: 100}}")
            .replacing(
                "  protocol:\n",
                with:
                    "  protocol:\n    oracle_guard: {stale_margin: {after: 48s, ratio: \(ratio)}}\n"
            )
        var account = try account(text)
        let id = account.cross
        var journal: [Event] = []
        #expect(account.house.askingStaleMargin(0) == nil)
        account.house.advance(
            to: account.house.time + TimeSpan(milliseconds: 48_001), into: &journal)
        let asking = try #require(account.house.askingStaleMargin(0))
        let initial = asking.statement(of: id, .initial)
        #expect(initial.requirement + initial.debt == Money(whole: expected))
        let holder = try MarginCalculatorTests.account(
            text.replacing("SOL: -100, USDC: 100", with: "SOL: 100")
                .replacing("{SOL: {size: 100, entry: 100}}", with: "{SOL: {size: 0}}"))
        var later = holder.house
        later.advance(to: later.time + TimeSpan(milliseconds: 48_001), into: &journal)
        #expect(
            try #require(later.askingStaleMargin(0)).statement(of: holder.cross, .initial)
                .collateral == max(.zero, Money(whole: 15_000 - expected / 2)))
        // The same by a trade: from 99 to 100 where the pool, long by others' shorts, hands one on.
        var fill = try MarginCalculatorTests.account(
            text.replacing("size: 100, entry", with: "size: 99, entry")
                .replacing("USDC: 100}", with: "USDC: \(expected)}"))
        let market = MarketID(0)
        let other = fill.house.addAccount(owner: Address(20), role: .margin)
        try fill.house.seedPosition(
            other, market, size: Quantity(whole: -200), entry: Price(whole: 100), into: &journal)
        let start = fill.house.time
        fill.house.advance(to: start + TimeSpan(milliseconds: 48_001), into: &journal)
        func buy(_ raw: Int64) -> Rejection? {
            let command = Command.trade(
                account: id, market: market, size: Quantity(raw: scaleE8 + raw), limit: nil,
                reduceOnly: false)
            do throws(Rejection) {
                try fill.house.execute(command, from: CalculatedAccount.owner, into: &journal)
                return nil
            } catch { return error }
        }
        #expect(buy(1) == .insufficientMargin(shortBy: Money(raw: short)))
        #expect(buy(0) == nil)
        #expect(fill.house.position(id, market).size == Quantity(whole: 100))
    }

    /// A debt of the quote asset counts what it is, and a position in isolated mode follows its owner's account.
    @Test func chosenRatioBeyondTheSource() throws {
        let debt = try report(Self.choosing("50%", Self.text("USDC: -100")))
        #expect(debt.weightedEquity.initial == Money(whole: -100))
        let account = try account(
            Self.choosing(
                "50%",
                Self.text("USDC: 100", "{SOL: {size: 1, entry: 100, mode: isolated, margin: 60}}")))
        let child = try #require(account.isolated[0])
        #expect(account.house.statement(of: child, .initial).requirement == Money(whole: 50))
        #expect(account.house.statement(of: child, .maintenance).requirement == Money(whole: 5))
    }

    private static func choosing(_ ratio: String, _ text: String) -> String {
        ratio.isEmpty
            ? text : text.replacing("account: {", with: "account: {margin_ratio: \(ratio), ")
    }

    /// A ratio has a meaning only where owners choose one, and is at most the whole value.
    @Test(arguments: [
        ("false", "5%", "account.margin_ratio: has a meaning only with"),
        ("true", "101%", "account.margin_ratio: expected"),
    ])
    func chosenRatioRefused(allowed: String, ratio: String, message: String) throws {
        let problem = try #require(throws: ScenarioProblems.self) {
            try account(
                """
                protocol: drift-v2
                parameters: {protocol: {account_margin_ratio: \(allowed)}}
                prices: {USDC: 1}
                account: {margin_ratio: \(ratio), balances: {USDC: 1}}
                """)
        }
        #expect("\(problem)".contains(message))
    }

    /// usdc_less_than_1_with_deposit, usdc_more_than_1_with_borrow: strict prices.
    ///
    /// Vectors: drift-strict-usdc-2, drift-strict-usdc-3, drift-strict-usdc-4.
    @Test(arguments: [
        ("1", "0.99", "0.95", "0.95"), ("1", "0.99", "1.01", "0.99"),
        ("-1", "1.01", "1.01", "-1.01"), ("-1", "1.01", "0.99", "-1.01"),
        ("-1", "0.99", "1.01", "-1.01"),
    ])
    func strictPrices(balance: String, oracle: String, average: String, expected: String) throws {
        let report = try report(
            """
            protocol: drift-v2
            prices: {USDC: \(oracle)}
            account: {balances: {USDC: \(balance)}}
            market: {USDC: {slow_price: \(average)}}
            """)
        #expect(isNear(report.weightedEquity.initial, expected))
        let plain = try #require(Money(decimal: oracle))
        #expect(report.weightedEquity.maintenance == (balance == "1" ? plain : -plain))
    }

    /// isolated_position_margin_requirement with a buffer of 10 %.
    ///
    /// Vectors: drift-isolated-2.
    @Test func isolatedBuffer() throws {
        let account = try account(
            Self.text(
                "USDC: 20000, SOL: -100",
                "{SOL: {size: 100, entry: 110, mode: isolated, margin: 100}}",
                market: ", maintenance_margin: 10%", rest: ", liability_weight: 1.2"))
        let buffer = Ratio(percent: 10)
        let cross = account.house.buffered(account.cross.index, buffer, account.house.prices)
        #expect(cross.requirementPlusBuffer == Money(whole: 13_000))
        #expect(cross.collateralPlusBuffer == Money(whole: 20_000))
        let child = try #require(account.isolated[0])
        let isolated = account.house.buffered(child.index, buffer, account.house.prices)
        #expect(isolated.requirementPlusBuffer == Money(whole: 2_000))
        #expect(isolated.collateralPlusBuffer == Money(whole: -1_000))
    }

    /// calculate_base_asset_amount_to_cover_margin_shortage: 10 USD missing at 100 USD and 10 %, without and with a fee.
    ///
    /// Vectors: drift-base-to-cover-1, drift-base-to-cover-4.
    @Test(arguments: [("0%", "-1"), ("1%", "-1.11111111")])
    func sizeToCover(fee: String, expected: String) throws {
        let report = try report(
            Self.text(
                "USDC: 10", "{SOL: {size: 2}}", buffer: "0%", market: ", maintenance_margin: 10%",
                liquidation: "penalty: \(fee)"
            ).replacing("step: 0.01", with: "insurance_fee: 0%"))
        #expect(isNear(report.liquidation?.amount, expected, within: "0.00000002"))
    }

    /// usdc_not_one: with the quote asset at 1.01 USD a unit is worth 101 USD, and so is the margin that it frees. The
    /// source has nine decimals of a size: 0.990099009.
    ///
    /// Vectors: drift-base-to-cover-3.
    @Test func sizeToCoverOffTheDollar() throws {
        // 20.2 USD are required of two units, and 10.2 there.
        let report = try report(
            Self.text(
                "USDC: 10.0990099", "{SOL: {size: 2}}", price: "100, USDC: 1.01", buffer: "0%",
                market: ", maintenance_margin: 10%", liquidation: "penalty: 0%"
            ).replacing("step: 0.01", with: "insurance_fee: 0%"))
        #expect(report.requirement.maintenance == Money(raw: 2_020_000_000))
        #expect(isNear(report.liquidation?.amount, "-0.99009901"))
    }

    /// full_liability_tranfer_liability_decimals_less_than_asset_decimals: a whole debt of one unit for one unit of 200. The
    /// source counts them in five and six decimals, the engine in eight; the amounts are the same.
    ///
    /// Vectors: drift-asset-for-liab-5.
    @Test func debtForAsset() throws {
        var account = try account(
            Self.text("USDC: 200, SOL: -1", price: "1", buffer: "0%").replacing(
                "  assets:\n", with: "  assets:\n    USDC: {collateral: {haircut: 99.9%}}\n"
            ).replacing("debt_factor: null", with: "debt_factor: null, liquidation_bonus: 0%"))
        _ = try account.step(account.cross)
        #expect(account.house.balance(account.cross, AssetID(0)) == Quantity(whole: 199))
        let house = account.house
        let fee = house.balance(ClearingHouse.insuranceFund, AssetID(1))
        #expect(house.balance(account.cross, AssetID(1)) == -fee)
    }

    /// calculate_user_equity_value_tests at 21,050: the unweighted profit, of a size of eight decimals.
    ///
    /// Vectors: drift-perp-raw-pnl.
    @Test func rawProfit() throws {
        let report = try report(
            Self.text("USDC: 0", "{SOL: {size: -6.147540983, entry: 25000}}", price: "21050"))
        #expect(
            isNear(report.positions.first?.unrealizedProfit, "24282.786896", within: "0.0001"))
    }

    /// calculate_perp_if_fee: with 20 USD missing of ten units at 100 USD, 5 % of margin and 1 % for the liquidator the
    /// insurance fund takes 1.9 %; with 1,000 missing nothing.
    ///
    /// Vectors: drift-perp-if-fee-1, drift-perp-if-fee-3.
    @Test(arguments: [("30", "0.019"), ("-950", "0")])
    func insuranceFee(usdc: String, fee: String) throws {
        let report = try report(
            Self.text(
                "USDC: \(usdc)", "{SOL: {size: 10, entry: 100}}", buffer: "0%",
                market: ", maintenance_margin: 5%", liquidation: "penalty: 1%"
            ).replacing("step: 0.01", with: "step: 0.01, insurance_fee: 5%"))
        let step = try #require(report.liquidation)
        let value = try step.amount.magnitude.value(at: Price(whole: 100), rounding: .nearest)
        let share = try Ratio(step.toInsurance, over: value, rounding: .nearest)
        #expect(isNear(share, fee, within: "0.00000002"))
    }

    /// calculate_max_pct_to_liquidate: less than 50 USD are made good at once.
    ///
    /// Vectors: drift-max-pct-1.
    @Test(arguments: [("49", true), ("51", false)])
    func smallShortage(missing: String, isWhole: Bool) throws {
        let usdc = 500 - (Int(missing) ?? 0)
        var account = try account(
            Self.text(
                "USDC: \(usdc)", "{SOL: {size: 100, entry: 100}}", buffer: "0%",
                initialShare: "10%"))
        _ = try account.step(account.cross)
        #expect(account.house.isBeingLiquidated(account.cross) != isWhole)
    }

    /// controller/liquidation/tests.rs: successful_liquidation_short_perp, …_to_cover_margin_shortage,
    /// liquidate_user_with_step_size_position, …_half_of_if_fee, …_portion_of_if_fee, liquidation_accelerated.
    ///
    /// Vectors: drift-liq-short, drift-liq-cover, drift-liq-accelerated, drift-liq-step,
    /// drift-liq-half-if, drift-liq-portion-if.
    @Test(
        arguments: [
            ("{size: -1, entry: 50}", "0", "100", "0.1%", "100%", "0", nil, "0", "1"),
            ("{size: 2, entry: 100}", "5", "100", "2%", "100%", "0.2", "1.4", "1.8", "1.8"),
            ("{size: 2, entry: 100}", "5", "100", "2%", "10%", "0.2", "1.4", "1.8", "1.8"),
            (
                "{size: 0.01, entry: 150}", "0.545454", "100", "0.1%", "100%", "0", "0.025454",
                "0.01", "0.01"
            ),
            ("{size: -1, entry: 100}", "1.5", "100", "0.1%", "100%", "0", nil, "0.475", "1"),
            (
                "{size: -299.4, entry: 23.24413599}", "113.838792", "23.244136", "2%", "100%", nil,
                nil,
                "41.787043", nil
            ),
        ] as [(String, String, String, String, String, String?, String?, String, String?)])
    func position(
        position: String, usdc: String, price: String, buffer: String, share: String,
        left: String?, balance: String?, insurance: String, reward: String?
    ) throws {
        var account = try account(
            Self.text(
                "USDC: \(usdc)", "{SOL: \(position)}", price: price, buffer: buffer,
                initialShare: share))
        let step = try #require(LiquidationStep(account, account.cross))
        #expect(isNear(step.toInsurance, insurance, within: "0.00001"))
        if let reward { #expect(isNear(step.toLiquidator, reward)) }
        _ = try account.step(account.cross)
        let market = MarketID(0)
        if let left { #expect(isNear(account.house.position(account.cross, market).size, left)) }
        // What fees and the closing have made of it stays with the position.
        let result = account.house.unrealizedProfit(
            account.cross, market, at: account.house.price(of: market))
        #expect(isNear(account.house.balance(account.cross, AssetID(0)), usdc))
        if let balance {
            let total = try #require(Money(decimal: usdc)) + result
            #expect(isNear(total, balance))
        }
        // Having covered what was missing ends it; a loss of 51 USD is for bankruptcy to resolve.
        let isBankrupt = position == "{size: -1, entry: 50}"
        #expect(account.house.isBeingLiquidated(account.cross) == isBankrupt)
        if isBankrupt {
            let events = try account.step(account.cross)
            let covered = events.reduce(Quantity.zero) { sum, event in
                if case .lossCovered(let cover) = event { sum + cover.amount } else { sum }
            }
            #expect(covered == Quantity(whole: 51))
            #expect(!account.house.isBeingLiquidated(account.cross))
        }
        #expect(account.house.breaches().isEmpty)
    }

    /// controller/liquidation/tests.rs, liquidate_borrow_for_perp_pnl: successful_liquidation_liquidator_max_liability_transfer,
    /// …_liability_transfer_implied_by_pnl; and liquidate_perp_pnl_for_deposit: …_pnl_transfer_to_cover_margin_shortage.
    ///
    /// Vectors: drift-borrow-pnl-max, drift-borrow-pnl-implied, drift-pnl-deposit-cover.
    @Test(arguments: [
        ("-1", "100", "0.1%", "0.8", "-0.2", "19.11912"),
        ("-1", "80", "0.1%", "2", "-0.208712", "0"),
        ("1", "-91", "2%", "200", "0.740788", "-65.363637"),
    ])
    func results(
        sol: String, quote: String, buffer: String, most: String, left: String, result: String
    ) throws {
        var account = try account(
            Self.text(
                "SOL: \(sol)", "[{market: SOL, size: 0, quote: \(quote)}]", buffer: buffer,
                liquidation: "penalty: 1%"))
        let (id, payer) = (account.cross, account.liquidatorMargin)
        let before = account.house.balance(payer, AssetID(1))
        let target = ResultTarget(
            MarketID(0), amount: Quantity(decimal: most), asset: AssetID(1))
        var journal: [Event] = []
        try account.house.execute(
            .liquidate(account: id, payer: payer, target: .result(target)),
            from: CalculatedAccount.keeper, into: &journal)
        let house = account.house
        let wanted = try #require(Money(decimal: quote))
        let step = try #require(
            journal.compactMap { if case .liquidated(let step) = $0 { step } else { nil } }.first)
        #expect(step.kind == (wanted.isNegative ? .loss : .profit))
        // The source counts both in six decimals. What is left of a debt with nothing else is booked in the same step.
        let after =
            (try #require(Quantity(decimal: sol)))
            + (wanted.isNegative ? -step.repaid : step.repaid)
        #expect(isNear(after, left, within: "0.000001"))
        let held = house.position(id, MarketID(0))
        #expect(isNear(-held.cost, result, within: "0.000001"))
        // A debt that is booked is shared by depositors, of whom the payer is one.
        if !house.balance(id, AssetID(1)).isZero {
            let got = house.balance(payer, AssetID(1)) - before
            #expect(got == (wanted.isNegative ? step.repaid : -step.repaid))
        }
        #expect(-house.position(payer, MarketID(0)).cost == wanted + held.cost)
        #expect(house.breaches().isEmpty)
    }

    /// calculate_perp_position_value_and_pnl_prediction_market: a short's margin is on what is left to a price of one.
    ///
    /// Vectors: drift-prediction-1, drift-prediction-3.
    @Test(arguments: [("-1", "0.75", "0.25"), ("1", "-0.25", "0.75")])
    func prediction(size: String, quote: String, price: String) throws {
        let report = try report(
            Self.text(
                "USDC: 0", "[{market: SOL, size: \(size), quote: \(quote)}]", price: price,
                market:
                    ", initial_margin: 100%, maintenance_margin: 100%, profit_weight: 0%, initial_profit_weight: 0%, maximum_price: 1"
            ))
        #expect(isNear(report.requirement.initial, "0.75"))
        #expect(isNear(report.requirement.maintenance, "0.75"))
        #expect(report.weightedEquity.initial.isZero)
    }

    /// negative_perp_pnl_liquidation_buffer: a loss without a position has the buffer on the side of collateral.
    ///
    /// Vectors: drift-neg-pnl-buffer.
    @Test func lossWithBuffer() throws {
        let account = try account(
            Self.text("USDC: 100", "[{market: SOL, size: 0, quote: -100}]", buffer: "1%"))
        let margin = account.house.buffered(
            account.cross.index, Ratio(percent: 1), account.house.prices)
        #expect(margin.collateral.isZero)
        #expect(margin.collateralPlusBuffer == Money(whole: -1))
    }

    /// liquidate_over_multiple_slots: 10 % at first, then over 150 slots of 400 ms.
    ///
    /// Vectors: drift-spot-multi-slot.
    @Test func overSlots() throws {
        var account = try account(
            Self.text(
                "USDC: 1050, SOL: -10", initialShare: "10%",
                liquidation: ""))
        let id = account.cross
        let start = account.house.time
        var journal: [Event] = []
        let expected: [(slot: Int64, usdc: String, sol: String, freed: String?)] = [
            (0, "990.558159", "-9.406769", "7.000031"),
            (50, "792.456458", "-7.429712", "30.328714"),
            (135, "455.580082", "-4.067682", nil),
        ]
        for row in expected {
            account.house.advance(
                to: start + TimeSpan(milliseconds: 400 * row.slot), into: &journal)
            _ = try account.step(id)
            // The source counts both tokens in six decimals and rounds to them at each step: a unit of SOL is 1e-4 USD.
            #expect(isNear(account.house.balance(id, AssetID(0)), row.usdc, within: "0.001"))
            #expect(isNear(account.house.balance(id, AssetID(1)), row.sol, within: "0.00001"))
            let freed = account.house.proceeding(of: id)?.freed
            if let wanted = row.freed {
                #expect(isNear(freed, wanted, within: "0.0001"))
            } else {
                #expect(freed == nil)
            }
            #expect(account.house.breaches().isEmpty)
        }
    }

    /// successful_liquidation_dust_borrow: a debt under 10 USD may be taken whole, and the rest of the asset with it.
    ///
    /// Vectors: drift-spot-dust.
    @Test func dust() throws {
        var account = try account(Self.text("USDC: 2.14, SOL: -0.02"))
        _ = try account.step(account.cross)
        #expect(account.house.balance(account.cross, AssetID(0)).isZero)
        // The fund's fee of a thousandth stays a debt, until nothing is left to pay it and others do.
        #expect(account.house.balance(ClearingHouse.insuranceFund, AssetID(1)).raw <= 2_000)
        #expect(account.house.breaches().isEmpty)
    }

    /// get_liquidation_fee: 2 %, and a millionth more a slot after 1,500 slots; within the maintenance margin.
    ///
    /// Vectors: drift-fee-ramp-1, drift-fee-ramp-2, drift-fee-ramp-3.
    @Test(arguments: [(10, "2%"), (10_000, "3%"), (100_000, "5%")])
    func feeRamp(slots: Int64, expected: String) throws {
        var account = try account(
            Self.text(
                "USDC: 6000", "{SOL: {size: 2000, entry: 100}}", initialShare: "10%",
                liquidation: "penalty: 2%"))
        _ = try account.step(account.cross)
        #expect(account.house.isBeingLiquidated(account.cross))
        var journal: [Event] = []
        account.house.advance(
            to: account.house.time + TimeSpan(milliseconds: 400 * slots), into: &journal)
        let step = try #require(LiquidationStep(account, account.cross))
        let value = try step.amount.magnitude.value(at: step.price, rounding: .down)
        let share = try #require(
            Ratio(decimal: expected == "2%" ? "0.02" : expected == "3%" ? "0.03" : "0.05"))
        #expect(
            (step.toLiquidator - (try value.scaled(by: share, rounding: .down))).magnitude
                <= Money(raw: 2))
    }

    /// Between the trigger and the end an account stays in liquidation, and may not withdraw; a whole run ends above the
    /// buffer or with nothing.
    @Test func hysteresis() throws {
        let text = Self.text(
            "USDC: 600", "{SOL: {size: 200, entry: 98}}", price: "100", initialShare: "10%")
        let still = try account(text)
        // 1,000 USD required, 1,000 there: at the trigger nothing is due.
        #expect(!still.house.isLiquidatable(still.cross, at: still.house.prices))
        var other = try account(text.replacing("USDC: 600", with: "USDC: 599"))
        #expect(other.house.isLiquidatable(other.cross, at: other.house.prices))
        _ = try other.step(other.cross)
        #expect(other.house.health(of: other.cross, .maintenance).isMet)
        #expect(other.house.isLiquidatable(other.cross, at: other.house.prices))
        let run = LiquidationRun(
            try account(text.replacing("USDC: 600", with: "USDC: 599")),
            pause: TimeSpan(milliseconds: 400))
        #expect(run.rows.count > 2 && run.ending == "the account is healthy again")
        #expect(!run.account.house.isBeingLiquidated(run.account.cross))
    }
}
