import ExactMath
import MarginRules
import Testing

/// test/unit/evault/modules/Liquidation/basic.t.sol: a floor of 20 %.
let evkTests = HealthProportionalDiscount(
    maximumDiscount: Ratio(percent: 20), minimumSocialisedLiability: Money(raw: 1_000_000),
    isDebtSocialised: true, coolOff: .zero)

struct HealthProportionalDiscountTests {
    struct Row: Sendable {
        let id: String
        let collateral: String
        let price: String
        let loanToValue: Int64
        let debt: String
        let repay: String
        let seized: String
        var health: String?
        var factor: String?
        var liabilityLeft: String?
        var collateralLeft: String?
    }

    /// euler-xyz/euler-vault-kit 5b98b42: evk-10 is test_basicLiquidation_all_collateral of
    /// test/unit/evault/modules/Liquidation/basic.t.sol; the others sample
    /// src/EVault/modules/Liquidation.sol calculateMaxLiquidation. In wei.
    static let rows: [Row] = [
        Row(
            id: "evk-10", collateral: "10000000000000000000", price: "0.5", loanToValue: 9000,
            debt: "5000000000000000000", repay: "4500000000000000000",
            seized: "10000000000000000000"),
        Row(
            id: "evk-curve-9999", collateral: "100000000000000000000", price: "1",
            loanToValue: 8000, debt: "80008000800080008000", repay: "80008000800080008000",
            seized: "80016002400320040004", health: "999900000000000000",
            factor: "999900000000000000", liabilityLeft: "0",
            collateralLeft: "19983997599679959996"),
        Row(
            id: "evk-curve-9900", collateral: "100000000000000000000", price: "1",
            loanToValue: 8000, debt: "80808080808080808080", repay: "80808080808080808080",
            seized: "81624324048566472808", health: "990000000000000000",
            factor: "990000000000000000", liabilityLeft: "0",
            collateralLeft: "18375675951433527192"),
        Row(
            id: "evk-curve-9500", collateral: "100000000000000000000", price: "1",
            loanToValue: 8000, debt: "84210526315789473684", repay: "84210526315789473684",
            seized: "88642659279778393351", health: "950000000000000000",
            factor: "950000000000000000", liabilityLeft: "0",
            collateralLeft: "11357340720221606649"),
        Row(
            id: "evk-curve-9000", collateral: "100000000000000000000", price: "1",
            loanToValue: 8000, debt: "88888888888888888888", repay: "88888888888888888888",
            seized: "98765432098765432097", health: "900000000000000000",
            factor: "900000000000000000", liabilityLeft: "0",
            collateralLeft: "1234567901234567903"),
        Row(
            id: "evk-curve-8500", collateral: "100000000000000000000", price: "1",
            loanToValue: 8000, debt: "94117647058823529411", repay: "85000000000000000000",
            seized: "100000000000000000000", health: "850000000000000000",
            factor: "850000000000000000", liabilityLeft: "9117647058823529411",
            collateralLeft: "0"),
        Row(
            id: "evk-curve-8000", collateral: "100000000000000000000", price: "1",
            loanToValue: 8000, debt: "100000000000000000000", repay: "80000000000000000000",
            seized: "100000000000000000000", health: "800000000000000000",
            factor: "800000000000000000", liabilityLeft: "20000000000000000000",
            collateralLeft: "0"),
        Row(
            id: "evk-curve-7000", collateral: "100000000000000000000", price: "1",
            loanToValue: 8000, debt: "114285714285714285714", repay: "80000000000000000000",
            seized: "100000000000000000000", health: "700000000000000000",
            factor: "800000000000000000", liabilityLeft: "34285714285714285714",
            collateralLeft: "0"),
    ]

    /// An amount in wei with so many decimals, to the nearest.
    static func nearest(_ digits: String, scale: Int) -> Int64 {
        Int64((native(digits, decimals: 18, scale: scale + 1) + 5) / 10)
    }

    /// In hundreds of wei where `scale` is 16, in units of 1e-8 where it is 8.
    static func account(_ row: Row, scale: Int) throws -> HealthProportionalDiscount.Account {
        func amount(_ digits: String) -> Int64 { nearest(digits, scale: scale) }
        let collateral = Quantity(raw: amount(row.collateral))
        let value = try collateral.value(at: d(row.price), rounding: .down)
        return HealthProportionalDiscount.Account(
            adjustedCollateral: try value.scaled(
                by: Ratio(basisPoints: row.loanToValue), rounding: .down),
            liability: Money(raw: amount(row.debt)), debt: Quantity(raw: amount(row.debt)),
            collateralValue: value, collateral: collateral)
    }

    /// With sixteen decimals instead of eighteen, within one unit of the sixteenth.
    @Test(arguments: rows.indices) func atNativePrecision(index: Int) throws {
        let row = Self.rows[index]
        let account = try Self.account(row, scale: 16)
        let quote = try #require(try evkTests.quote(account))
        func expected(_ digits: String) -> Quantity {
            Quantity(raw: Self.nearest(digits, scale: 16))
        }
        #expect(isClose(quote.repay, expected(row.repay)), "\(row.id)")
        #expect(isClose(quote.seized, expected(row.seized)), "\(row.id)")
        if let left = row.collateralLeft {
            #expect(isClose(account.collateral - quote.seized, expected(left)), "\(row.id)")
        }
        if let left = row.liabilityLeft {
            #expect(isClose(account.debt - quote.repay, expected(left)), "\(row.id)")
        }
        let health = try HealthProportionalDiscount.healthScore(
            adjustedCollateral: account.adjustedCollateral, liability: account.liability)
        if let expected = row.health { #expect(isClose(health, e18(expected)), "\(row.id)") }
        if let expected = row.factor {
            #expect(isClose(evkTests.discountFactor(healthScore: health), e18(expected)))
        }
    }

    /// With the engine's eight decimals.
    @Test(arguments: rows.indices) func atEightDecimals(index: Int) throws {
        let row = Self.rows[index]
        let quote = try #require(try evkTests.quote(try Self.account(row, scale: 8)))
        #expect(isClose(quote.repay, e8(row.repay)), "\(row.id)")
        #expect(isClose(quote.seized, e8(row.seized)), "\(row.id)")
    }

    static func account(adjusted: String, liability: String, value: String)
        -> HealthProportionalDiscount.Account
    {
        HealthProportionalDiscount.Account(
            adjustedCollateral: d(adjusted), liability: d(liability), debt: d(liability),
            collateralValue: d(value), collateral: d(value))
    }

    @Test func equalityIsLiquidatableWithoutADiscount() throws {
        let atOne = try #require(
            try evkTests.quote(Self.account(adjusted: "80", liability: "80", value: "100")))
        #expect(atOne.repay == d("80") && atOne.seized == d("80"))
        #expect(
            try evkTests.quote(
                Self.account(adjusted: "80.00000001", liability: "80", value: "100")) == nil)
        #expect(
            try evkTests.quote(Self.account(adjusted: "0", liability: "0", value: "100")) == nil)
    }

    @Test func worthlessCollateralGoesForNothing() throws {
        var account = Self.account(adjusted: "0", liability: "5", value: "7")
        account.collateralValue = .zero
        let quote = try #require(try evkTests.quote(account))
        #expect(quote.repay.isZero && quote.seized == d("7"))
        #expect(try quote.reduced(toRepay: .zero) == quote)
        #expect(try quote.reduced(toRepay: Quantity(raw: 1)) == nil)
    }

    @Test func partOfAQuote() throws {
        let quote = try #require(
            try evkTests.quote(Self.account(adjusted: "90", liability: "100", value: "300")))
        #expect(quote.repay == d("100"))
        #expect(isClose(quote.seized, d("111.11111111")))
        let part = try #require(try quote.reduced(toRepay: d("33")))
        #expect(isClose(part.seized, d("36.66666666")))
        #expect(try quote.reduced(toRepay: d("100.00000001")) == nil)
        #expect(try quote.reduced(toRepay: quote.repay) == quote)
    }

    /// Governance.sol's default: no discount, so no incentive however low the health.
    @Test func withoutADiscount() throws {
        var rule = evkTests
        rule.maximumDiscount = .zero
        let quote = try #require(
            try rule.quote(Self.account(adjusted: "50", liability: "100", value: "300")))
        #expect(quote.repay == d("100") && quote.seized == d("100"))
    }

    /// Liquidation.sol executeLiquidation: all four conditions.
    @Test func socialisation() {
        func socialised(
            _ rule: HealthProportionalDiscount = evkTests, liability: Int64 = 1_000_000,
            debt: Int64 = 500, repaid: Int64 = 200, collateralLeft: Bool = false
        ) -> Quantity {
            rule.socialisedDebt(
                liability: Money(raw: liability), debt: Quantity(raw: debt),
                repaid: Quantity(raw: repaid), hasRecognisedCollateralLeft: collateralLeft)
        }
        #expect(socialised() == Quantity(raw: 300))
        #expect(socialised(liability: 999_999) == .zero)
        #expect(socialised(collateralLeft: true) == .zero)
        #expect(socialised(repaid: 500) == .zero)
        var kept = evkTests
        kept.isDebtSocialised = false
        #expect(socialised(kept) == .zero)
    }

    @Test func coolOffEndsAfterItsTime() {
        var rule = evkTests
        rule.coolOff = TimeSpan(seconds: 5)
        let check = Timestamp(milliseconds: 1_000_000)
        #expect(rule.isCoolingOff(lastCheck: check, now: check))
        #expect(rule.isCoolingOff(lastCheck: check, now: check + TimeSpan(milliseconds: 4999)))
        #expect(!rule.isCoolingOff(lastCheck: check, now: check + TimeSpan(seconds: 5)))
        #expect(!evkTests.isCoolingOff(lastCheck: check, now: check))
    }

    /// test/unit/evault/modules/Governance: a lowered liquidation loan-to-value falls linearly, in whole basis points.
    @Test func ramp() throws {
        let start = Timestamp(milliseconds: 0)
        func at(_ seconds: Int64) -> Timestamp { start + TimeSpan(seconds: seconds) }
        let ramp = ParameterRamp(start: start, end: at(1000))
        func lowered(_ seconds: Int64) throws -> Ratio {
            try ramp.value(
                at: at(seconds), from: d("0.9"), to: d("0.4"), step: .basisPoint, rounding: .down)
        }
        #expect(try lowered(0) == d("0.9"))
        #expect(try lowered(200) == d("0.8"))
        #expect(try lowered(500) == d("0.65"))
        // 0.4 + 0.5 · 1/1000, and 0.4 + 0.5 · 999/1000 = 0.8995, in whole basis points.
        #expect(try lowered(999) == d("0.4005"))
        #expect(try lowered(1) == d("0.8995"))
        #expect(try lowered(1000) == d("0.4"))
        #expect(try lowered(5000) == d("0.4"))
        // Two thirds of a basis point are dropped, or made one, but never beyond an end.
        let odd = ParameterRamp(start: start, end: at(3))
        for (rounding, to, expected) in [
            (Rounding.down, "0.4", "0.4"), (.up, "0.4", "0.4001"), (.down, "0.40005", "0.40005"),
        ] {
            #expect(
                try odd.value(
                    at: at(1), from: d("0.4001"), to: d(to), step: .basisPoint, rounding: rounding)
                    == d(expected))
        }
    }
}
