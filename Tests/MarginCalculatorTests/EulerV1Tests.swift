import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Euler v1 through the engine: euler-xyz/euler-contracts @24da0f2, test/liquidation.js, 100 TST2 at 0.4 with a collateral
/// factor of 0.75 against 5 TST with a borrow factor of 0.4.
@Suite struct EulerV1Tests {
    static func text(_ price: String, booster: String = "1", rest: String = "") -> String {
        """
        protocol: euler-v1
        parameters:
          assets:
            TST2: {collateral: 75%}
            TST: {liability_weight: 2.5}
          protocol: {liquidation: {bonus_rule: {soft: {booster: \(booster)}}\(rest)}}
        prices: {TST2: 0.4, TST: \(price)}
        account: {balances: {TST2: 100, TST: -5}}
        """
    }

    /// A health of 0.96, and a discount of its distance from one and 2 %.
    ///
    /// Vectors: euler1-2.
    @Test func health() throws {
        let report = try report(Self.text("2.5"))
        #expect(isNear(report.healthFactor, "0.96"))
        // 1 / (1 − 0.06) − 1.
        #expect(isNear(report.liquidation?.bonus, "0.06382978"))
    }

    /// Just below a health of one the discount is the fee, and a booster may add at most 2.5 %.
    ///
    /// Vectors: euler1-3, euler1-5.
    @Test(arguments: [
        ("2.40012", "1", "0.99995000", "0.02"), ("2.8", "2", "0.857142", "0.18786"),
    ])
    func discount(price: String, booster: String, health: String, discount: String) throws {
        let report = try report(Self.text(price, booster: booster))
        #expect(isNear(report.healthFactor, health, within: "0.00001"))
        let bonus = try #require(report.liquidation?.bonus)
        let found =
            try Ratio.one
            - Ratio.one.scaled(by: scaleE8, over: (.one + bonus).raw, rounding: .nearest)
        #expect(isNear(found, discount, within: "0.0001"))
    }

    /// The largest repayment leaves a health of 1.25; the liquidator pays 2 % on top, into the reserves.
    ///
    /// Vectors: euler1-7.
    @Test func targetHealth() throws {
        var account = try account(Self.text("2.5"))
        let quote = try #require(account.quote(account.cross))
        guard case .collateral(let part) = quote.step else {
            Issue.record("no seizure")
            return
        }
        let debt = part.repaid - part.repaidToInsurance
        #expect(
            isNear(
                part.repaidToInsurance,
                try debt.scaled(by: Ratio(percent: 2), rounding: .down).description))
        _ = try account.step(account.cross)
        let report = MarginReport(account).account
        #expect(isNear(report.healthFactor, "1.25", within: "0.00000002"))
        #expect(!report.isLiquidatable)
        #expect(
            account.house.balance(ClearingHouse.insuranceFund, part.repay) == part.repaidToInsurance
        )
        // The formula of the source: (liability · 1.25 − collateral) / (1.25 / 0.4 − 0.75 / 0.94), at 2.5 a unit.
        let expected = (31.25 * 1.25 - 30) / (1.25 / 0.4 - 0.75 / 0.94) / 2.5
        #expect(abs(Double(debt.raw) / 1e8 - expected) < 1e-7)
        #expect(account.house.breaches().isEmpty)
    }

    @Test(
        "Where the discount reaches 20 % it grows no further, and what no collateral is left for stays"
    )
    func maximum() throws {
        let account = try account(Self.text("9"))
        let step = try #require(LiquidationStep(account, account.cross))
        #expect(isNear(step.bonus, "0.25"))
        // 40 USD at a discount of a fifth: 32, at 9 a unit.
        #expect(isNear(step.amount, "100"))
        let run = LiquidationRun(account, pause: .zero)
        #expect(run.rows.flatMap(\.covers).map(\.layer) == [.badDebt])
        #expect(run.ending == "nothing is left")
        #expect(run.account.house.breaches().isEmpty)
    }
}
