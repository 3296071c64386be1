import ExactMath
import MarginRules
import Testing

/// The constants of euler-xyz/euler-contracts 24da0f2 contracts/modules/Liquidation.sol.
let eulerV1 = SoftLiquidation(
    reservesFee: Ratio(percent: 2), maximumDiscount: Ratio(percent: 20),
    boosterSlope: Ratio(percent: 200), maximumBoosterDiscount: d("0.025"),
    targetHealth: d("1.25"), averagingPeriod: TimeSpan(seconds: 86_400))

/// An account of one collateral and one debt.
func softAccount(
    collateral: String, price: String, factor: String, debt: String, debtPrice: String,
    borrowFactor: String
) throws -> SoftLiquidationAccount {
    SoftLiquidationAccount(
        adjustedCollateral: try SoftLiquidation.adjustedCollateral(
            d(collateral), price: d(price), collateralFactor: d(factor)),
        adjustedLiability: try SoftLiquidation.adjustedLiability(
            d(debt), price: d(debtPrice), borrowFactor: d(borrowFactor)),
        debt: d(debt), debtPrice: d(debtPrice), borrowFactor: d(borrowFactor),
        collateral: d(collateral), collateralPrice: d(price), collateralFactor: d(factor),
        isSelfCollateralised: false)
}

/// 100 TST2 at 0.4, factor 0.75, against 5 TST, factor 0.4: euler-contracts test/liquidation.js.
func eulerTestAccount(debtPrice: String) throws -> SoftLiquidationAccount {
    try softAccount(
        collateral: "100", price: "0.4", factor: "0.75", debt: "5", debtPrice: debtPrice,
        borrowFactor: "0.4")
}

struct SoftLiquidationTests {
    struct Row: Sendable {
        let id: String
        let debtPrice: String
        var booster = "1"
        var health: (String, tolerance: String)?
        var discount: (String, tolerance: String)?
    }

    /// euler-xyz/euler-contracts 24da0f2 test/liquidation.js; the test's name behind the id.
    static let rows: [Row] = [
        // basic full liquidation
        Row(id: "euler1-2", debtPrice: "2.5", health: ("0.96", tolerance: "0.001")),
        // discount scales with booster (no liquidity)
        Row(
            id: "euler1-3", debtPrice: "2.40012", health: ("0.99995", tolerance: "0.00001"),
            discount: ("0.02", tolerance: "0.0001")),
        // discount scales with booster: 20 %, 70 %, 100 % of the liability for the whole period
        Row(
            id: "booster 1.2", debtPrice: "2.40012", booster: "1.2",
            discount: ("0.024", tolerance: "0.0001")),
        Row(
            id: "booster 1.7", debtPrice: "2.40012", booster: "1.7",
            discount: ("0.034", tolerance: "0.0001")),
        Row(
            id: "booster 2", debtPrice: "2.40012", booster: "2",
            discount: ("0.04", tolerance: "0.001")),
        // limited by MAXIMUM_BOOSTER_DISCOUNT
        Row(
            id: "euler1-5", debtPrice: "2.8", booster: "2",
            health: ("0.85714", tolerance: "0.00001"), discount: ("0.18786", tolerance: "0.00001")),
        // limited by MAXIMUM_DISCOUNT
        Row(
            id: "maximum", debtPrice: "4", booster: "2", health: ("0.6", tolerance: "0.00001"),
            discount: ("0.2", tolerance: "0.000001")),
    ]

    @Test(arguments: rows.indices) func healthAndDiscount(index: Int) throws {
        let row = Self.rows[index]
        let quote = try #require(
            try eulerV1.quote(
                try eulerTestAccount(debtPrice: row.debtPrice), booster: f(row.booster)))
        if let (value, tolerance) = row.health {
            #expect(isClose(quote.healthScore, f(value), tolerance: f(tolerance)), "\(row.id)")
        }
        if let (value, tolerance) = row.discount {
            #expect(isClose(quote.discount, f(value), tolerance: f(tolerance)), "\(row.id)")
        }
    }

    /// euler1-7: test/liquidation.js basic full liquidation, tolerance 1e-8.
    @Test func largestRepaymentRestoresTheTargetHealth() throws {
        let account = try eulerTestAccount(debtPrice: "2.5")
        let quote = try #require(try eulerV1.quote(account, booster: .one))
        let collateral = try SoftLiquidation.adjustedCollateral(
            account.collateral - quote.seized, price: d("0.4"), collateralFactor: d("0.75"))
        let liability = try SoftLiquidation.adjustedLiability(
            account.debt - quote.repay, price: d("2.5"), borrowFactor: d("0.4"))
        let health = try #require(
            try SoftLiquidation.healthScore(
                adjustedCollateral: collateral, adjustedLiability: liability))
        #expect(isClose(health, f("1.25")))
    }

    struct Amounts: Sendable {
        let account: @Sendable () throws -> SoftLiquidationAccount
        var booster = "1"
        /// In wei.
        let conversionRate: String
        let repay: String
        let repayWithFee: String
        let seized: String
    }

    /// computeLiqOpp of contracts/modules/Liquidation.sol with arbitrary-precision integers. The
    /// literal amounts of test/liquidation.js "non-18 decimal collateral" are for prices that its
    /// Uniswap mock has rounded to a tick, and so are 7e-5 off those of the exact prices here.
    static let amounts: [Amounts] = [
        Amounts(
            account: {
                try softAccount(
                    collateral: "10", price: "15.5", factor: "0.7", debt: "20", debtPrice: "2.2",
                    borrowFactor: "0.4")
            }, conversionRate: "146875853488301519", repay: "5490971433660632779",
            repayWithFee: "5600790862333845434", seized: "806491115798788043"),
        Amounts(
            account: { try eulerTestAccount(debtPrice: "2.5") },
            conversionRate: "6648936170212765957", repay: "1557714285714285713",
            repayWithFee: "1588868571428571427", seized: "10357142857142857133"),
        Amounts(
            account: { try eulerTestAccount(debtPrice: "2.8") }, booster: "2",
            conversionRate: "8619173262972735277", repay: "2230604601391118245",
            repayWithFee: "2275216693418940609", seized: "19225967540574282166"),
        Amounts(
            account: {
                try softAccount(
                    collateral: "100", price: "0.4", factor: "0.99", debt: "18", debtPrice: "2.7",
                    borrowFactor: "1")
            }, conversionRate: "8437500000000000000", repay: "11851851851851851851",
            repayWithFee: "12088888888888888888", seized: "100000000000000000000"),
    ]

    @Test(arguments: amounts.indices) func amountsToTheTarget(index: Int) throws {
        let row = Self.amounts[index]
        let quote = try #require(try eulerV1.quote(try row.account(), booster: f(row.booster)))
        #expect(quote.conversionRate == e18(row.conversionRate))
        #expect(quote.repay == e8(row.repay))
        #expect(quote.repayWithFee == e8(row.repayWithFee))
        #expect(quote.seized == e8(row.seized))
    }

    /// test/liquidation.js extreme collateral/borrow factors: all of the collateral goes.
    @Test func collateralRunsOut() throws {
        let account = try softAccount(
            collateral: "100", price: "0.4", factor: "0.99", debt: "18", debtPrice: "2.7",
            borrowFactor: "1")
        let quote = try #require(try eulerV1.quote(account, booster: .one))
        #expect(quote.seized == d("100"))
        // What 100 units pay for: 40 of value, less the discount of 20 %, at 2.7.
        #expect(isClose(quote.repay, d("11.85185185")))
        #expect(quote.repay < account.debt)
    }

    /// test/liquidation.js multiple borrows: the smaller of two debts limits the repayment.
    @Test func debtLimitsTheRepayment() throws {
        // TST: 1 at 2.2; WETH: 7 at 1, both over a borrow factor of 0.4; collateral at 0.3.
        let account = SoftLiquidationAccount(
            adjustedCollateral: d("22.5"), adjustedLiability: d("23"), debt: d("1"),
            debtPrice: d("2.2"), borrowFactor: d("0.4"), collateral: d("100"),
            collateralPrice: d("0.3"), collateralFactor: d("0.75"), isSelfCollateralised: false)
        let quote = try #require(try eulerV1.quote(account, booster: .one))
        #expect(isClose(quote.healthScore, f("0.978"), tolerance: f("0.001")))
        #expect(quote.repay == d("1"))
        #expect(quote.repayWithFee == d("1.02"))
    }

    @Test func noViolationFromOneOn() throws {
        #expect(try eulerV1.quote(try eulerTestAccount(debtPrice: "2.4"), booster: .one) == nil)
        #expect(
            try eulerV1.quote(try eulerTestAccount(debtPrice: "2.40000001"), booster: .one) != nil)
        var debtless = try eulerTestAccount(debtPrice: "2.5")
        debtless.debt = .zero
        debtless.adjustedLiability = .zero
        debtless.adjustedCollateral = .zero
        #expect(try eulerV1.quote(debtless, booster: .one) == nil)
        #expect(
            try SoftLiquidation.healthScore(adjustedCollateral: d("1"), adjustedLiability: .zero)
                == nil)
    }

    @Test func selfCollateralisedDebtMayGoInFull() throws {
        var account = try eulerTestAccount(debtPrice: "2.5")
        account.isSelfCollateralised = true
        let quote = try #require(try eulerV1.quote(account, booster: .one))
        #expect(quote.repay == account.debt)
    }

    /// test/liquidation.js zero borrow factor: health 0, one unit of account times the target.
    @Test func debtThatMayNoLongerBeBorrowed() throws {
        var account = try eulerTestAccount(debtPrice: "2.5")
        account.borrowFactor = .zero
        account.adjustedLiability = Money(raw: .max)
        let quote = try #require(try eulerV1.quote(account, booster: .one))
        #expect(isClose(quote.healthScore, .zero))
        #expect(quote.discount == f("0.2"))
        #expect(quote.repay == d("0.5"))
    }

    /// Where a repayment takes away more collateral value than liability, no health can be
    /// restored.
    @Test func unreachableTargetLetsAllGo() throws {
        let account = try softAccount(
            collateral: "1000", price: "0.04", factor: "1", debt: "5", debtPrice: "8.01",
            borrowFactor: "1")
        var rule = eulerV1
        rule.targetHealth = .one
        let quote = try #require(try rule.quote(account, booster: .one))
        #expect(quote.seized == account.collateral || quote.repay == account.debt)
    }

    @Test func partOfAQuote() throws {
        let quote = try #require(
            try eulerV1.quote(try eulerTestAccount(debtPrice: "2.5"), booster: .one))
        let whole = try #require(
            try eulerV1.transfer(repayingWithFee: quote.repayWithFee, within: quote))
        #expect(whole.repay == quote.repay && whole.seized == quote.seized)
        #expect(whole.repay + whole.reservesFee == quote.repayWithFee)

        // test/liquidation.js partial liquidation: the yield is proportional to the repayment.
        let half = Quantity(raw: quote.repayWithFee.raw / 2)
        let part = try #require(try eulerV1.transfer(repayingWithFee: half, within: quote))
        #expect(isClose(part.repay, Quantity(raw: quote.repay.raw / 2), units: 1))
        #expect(isClose(part.seized, Quantity(raw: quote.seized.raw / 2), units: 10))
        #expect(part.repay + part.reservesFee == half)

        let tooMuch = quote.repayWithFee + Quantity(raw: 1)
        #expect(try eulerV1.transfer(repayingWithFee: tooMuch, within: quote) == nil)
        let nothing = try #require(try eulerV1.transfer(repayingWithFee: .zero, within: quote))
        #expect(nothing.seized.isZero && nothing.repay.isZero)
    }

    /// test/liquidation.js discount scales with booster: deposits for parts of the period.
    @Test func boosterFollowsTheAverage() throws {
        let liability: Money = d("30")
        func booster(_ average: Money) throws -> Fixed18 {
            try eulerV1.booster(averageLiquidity: average, adjustedLiability: liability)
        }
        let half = TimeSpan(seconds: 43_200)
        // 50 % for half a period, then 100 % for the other half: 0.25 · 0.5 + 0.5.
        let first = try eulerV1.averageLiquidity(previous: .zero, current: d("15"), elapsed: half)
        #expect(try booster(first) == f("1.25"))
        let second = try eulerV1.averageLiquidity(previous: first, current: d("30"), elapsed: half)
        #expect(try booster(second) == f("1.625"))
        // Withdrawing all fades the rest out: 25 % · 0.75.
        let third = try eulerV1.averageLiquidity(
            previous: d("7.5"), current: d("-4"), elapsed: TimeSpan(seconds: 21_600))
        #expect(try booster(third) == f("1.1875"))
        let long = try eulerV1.averageLiquidity(
            previous: d("7.5"), current: d("300"), elapsed: TimeSpan(seconds: 864_000))
        #expect(long == d("300"))
        #expect(try booster(long) == f("2"))
        #expect(try booster(.zero) == .one)
    }

    /// Against the formulas in binary floating point.
    @Test func fuzzAgainstTheFormula() throws {
        var random = SplitMix64(state: 20_220_318)
        var liquidations = 0
        for _ in 0..<2000 {
            let account = try softAccount(
                collateral: "\(random.next(in: 1...500))", price: "0.\(random.next(in: 100...999))",
                factor: "0.\(random.next(in: 50...95))", debt: "\(random.next(in: 1...60))",
                debtPrice: "\(random.next(in: 1...9)).\(random.next(in: 10...99))",
                borrowFactor: "0.\(random.next(in: 30...95))")
            let booster = Fixed18(raw: Int128(1_000_000_000 + random.next(in: 0...999_999_999)))
            let scaled = Fixed18(raw: booster.raw * 1_000_000_000)
            guard let quote = try eulerV1.quote(account, booster: scaled) else { continue }
            liquidations += 1
            let health =
                Double(account.adjustedCollateral.raw) / Double(account.adjustedLiability.raw)
            let base = 0.02 + 1 - health
            let discount = min(base * Double(scaled.raw) / 1e18, base + 0.025, 0.2)
            let price = Double(account.debtPrice.raw) / 1e8
            let rate = price / (Double(account.collateralPrice.raw) / 1e8) / (1 - discount)
            let lost = 1.25 / (Double(account.borrowFactor.raw) / 1e8)
            let gained = Double(account.collateralFactor.raw) / 1e8 / (1 - discount)
            let shortfall =
                Double(account.adjustedLiability.raw) / 1e8 * 1.25
                - Double(account.adjustedCollateral.raw) / 1e8
            var repay = lost > gained ? shortfall / (lost - gained) / price : .infinity
            repay = min(repay, Double(account.debt.raw) / 1e8)
            let seized = min(repay * rate, Double(account.collateral.raw) / 1e8)
            #expect(abs(Double(quote.discount.raw) / 1e18 - discount) < 1e-9)
            #expect(abs(Double(quote.seized.raw) / 1e8 - seized) < 1e-6, "\(account)")
            #expect(abs(Double(quote.repay.raw) / 1e8 - seized / rate) < 1e-6, "\(account)")
        }
        #expect(liquidations > 500)
    }
}
