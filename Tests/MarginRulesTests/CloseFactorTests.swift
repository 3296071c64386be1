import ExactMath
import Testing

@testable import MarginRules

struct CloseFactorTests {
    /// 10 units of collateral at $1,000 against dollars of debt, and other debts.
    private func largest(
        _ factor: CloseFactor, held: Int64 = 10, debt: Int64, total: Int64, health: Int128?
    ) throws -> Quantity {
        try factor.largestRepayment(
            of: LiquidationPair(
                collateral: Quantity(whole: held), collateralPrice: Price(whole: 1000),
                debt: Quantity(whole: debt), debtPrice: Price(whole: 1)),
            totalDebt: Money(whole: total), healthFactor: health.map { Fixed18(raw: $0) },
            rounding: .explicit)
    }

    @Test func closeFactors() throws {
        let above: Int128 = 950_000_000_000_000_001
        let at: Int128 = 950_000_000_000_000_000
        // Above 0.95, both of $2,000 or more: half of the total.
        #expect(
            try largest(.aaveV33, debt: 8000, total: 8000, health: above)
                == Quantity(whole: 4000))
        // At 0.95 exactly: all.
        #expect(
            try largest(.aaveV33, debt: 8000, total: 8000, health: at) == Quantity(whole: 8000))
        // The total counts: a debt of no more than half of it goes whole.
        #expect(
            try largest(.aaveV33, debt: 4000, total: 8000, health: above)
                == Quantity(whole: 4000))
        #expect(
            try largest(.aaveV33, debt: 5000, total: 8000, health: above)
                == Quantity(whole: 4000))
        // Small debt, or small collateral: all. Exactly $2,000 is not small.
        #expect(
            try largest(.aaveV33, debt: 1999, total: 1999, health: above)
                == Quantity(whole: 1999))
        #expect(
            try largest(.aaveV33, debt: 2000, total: 2000, health: above)
                == Quantity(whole: 1000))
        #expect(
            try largest(.aaveV33, held: 1, debt: 8000, total: 8000, health: above)
                == Quantity(whole: 8000))
        #expect(
            try largest(.aaveV33, held: 2, debt: 8000, total: 8000, health: above)
                == Quantity(whole: 4000))
        // Before: half of that debt.
        #expect(
            try largest(.aaveV3, debt: 4000, total: 8000, health: above)
                == Quantity(whole: 2000))
        #expect(
            try largest(.aaveV3, debt: 4000, total: 8000, health: at) == Quantity(whole: 4000))
        #expect(
            try largest(.aaveV3, debt: 4000, total: 8000, health: nil) == Quantity(whole: 2000))
        #expect(
            try largest(.compoundV2, debt: 4000, total: 8000, health: at)
                == Quantity(whole: 2000))
        #expect(
            try largest(.whole, debt: 4000, total: 8000, health: above) == Quantity(whole: 4000))
    }

    @Test func closeFactorRounding() throws {
        let odd = LiquidationPair(
            collateral: Quantity(whole: 10), collateralPrice: Price(whole: 1000),
            debt: Quantity(raw: 5), debtPrice: Price(whole: 1))
        #expect(
            try CloseFactor.aaveV3.largestRepayment(
                of: odd, totalDebt: .zero, healthFactor: nil, rounding: .halfUp
            ).raw == 3)
        #expect(
            try CloseFactor.compoundV2.largestRepayment(
                of: odd, totalDebt: .zero, healthFactor: nil, rounding: .halfUp
            ).raw == 2)
    }
}
