import ExactMath
import MarginRules
import Testing

/// What may leave an account, and two examples of dYdX's documents.
@Suite struct WithdrawalMarginTests {
    /// Hyperliquid docs, trading/margining: a tenth of all notional stays.
    @Test func withdrawals() throws {
        let rule = WithdrawalMargin(minimumShareOfNotional: Ratio(percent: 10))
        func left(_ equity: Int64, _ initial: Int64, _ notional: Int64) throws -> Money {
            try rule.withdrawable(
                equity: Money(whole: equity), initialMargin: Money(whole: initial),
                notional: Money(whole: notional))
        }
        #expect(try left(100, 20, 500) == Money(whole: 50))
        #expect(try left(100, 60, 500) == Money(whole: 40))
        #expect(try left(100, 101, 500) == .zero)
        #expect(
            try rule.required(initialMargin: .zero, notional: Money(raw: 1)) == Money(raw: 1))
    }

    @Test func bankruptcyPriceOfTheDocumentation() throws {
        // dydx4-doc-3: contract-loss-mechanism.mdx. Short 500 at 1 with 100 USD, price 2.
        let equity = Money(whole: 100) + Money(whole: 500) - Money(whole: 1_000)
        #expect(equity == Money(whole: -400))
        let margin = Money(whole: 50)
        let quote = try BankruptcyPrice.quote(
            of: PositionReduction(
                size: Quantity(whole: -500), notional: Money(whole: -1_000),
                maintenanceMargin: margin,
                account: AccountRisk(
                    netCollateral: equity, initialMargin: margin, maintenanceMargin: margin)),
            delta: Quantity(whole: 500), notionalAfter: .zero, maintenanceMarginAfter: .zero)
        #expect(quote == Money(whole: -600))
        // 1.2 a unit, so that a long of 500 from 1 gains 100.
        #expect(Money(whole: 600) - Money(whole: 500) == Money(whole: 100))
    }

    @Test func fundingCapOfTheDocumentation() throws {
        // dydx4-doc-5: funding.mdx, 600 % of the distance between 5 % and 3 %.
        let tier = LiquidityTier.percent(5, 60)
        let distance = tier.initialMarginFraction - tier.maintenanceMarginFraction
        #expect(try distance.scaled(by: Ratio(percent: 600), rounding: .down) == Ratio(percent: 12))
    }
}
