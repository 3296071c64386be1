import ExactMath
import Testing

@testable import MarginRules

struct LiquidationTermsTests {
    /// Literally the contract, with integers that are wide enough for the amounts drawn.
    private func reference(
        _ repay: Int128, _ held: Int128, _ pc: Int128, _ pd: Int128, _ bonus: Int128,
        _ fee: Int128, _ rounding: LiquidationRounding
    ) -> (Int128, Int128, Int128) {
        func floor(_ a: Int128, _ b: Int128) -> Int128 { a / b }
        func ceil(_ a: Int128, _ b: Int128) -> Int128 { (a + b - 1) / b }
        func half(_ a: Int128, _ b: Int128) -> Int128 { (a + b / 2) / b }
        let explicit = rounding == .explicit
        let base = floor(pd * repay, pc)
        let most = explicit ? floor(base * bonus, 10_000) : half(base * bonus, 10_000)
        var (amount, needed) = (most, repay)
        if most > held {
            amount = held
            let equivalent = floor(pc * held, pd)
            needed =
                rounding == .halfUp
                ? half(equivalent * 10_000, bonus) : ceil(equivalent * 10_000, bonus)
        }
        var cut: Int128 = 0
        if fee != 0 {
            let bare = explicit ? floor(amount * 10_000, bonus) : half(amount * 10_000, bonus)
            let extra = amount - bare
            cut = explicit ? ceil(extra * fee, 10_000) : half(extra * fee, 10_000)
        }
        return (amount - cut, needed, cut)
    }

    @Test func fuzzAgainstTheContract() throws {
        var draws = SeededDraws(state: 37)
        for round in 0..<20_000 {
            let top: Int64 = round % 2 == 0 ? 2000 : 1_000_000_000_000
            let repay = draws.next(in: 0...top)
            let held = draws.next(in: 0...top)
            let pc = draws.next(in: 1...top)
            let pd = draws.next(in: 1...top)
            let bonus = draws.next(in: 0...2000)
            let fee = draws.next(in: 0...4) * 500
            let pair = LiquidationPair(
                collateral: Quantity(raw: held), collateralPrice: Price(raw: pc),
                debt: Quantity(raw: repay), debtPrice: Price(raw: pd))
            let terms = LiquidationTerms(bonus: ratio(bps: bonus), protocolFee: ratio(bps: fee))
            for rounding in LiquidationRounding.allCases {
                let seizure = try terms.seizure(
                    repaying: Quantity(raw: repay), of: pair, rounding: rounding)
                let (toLiquidator, needed, cut) = reference(
                    Int128(repay), Int128(held), Int128(pc), Int128(pd), Int128(bonus + 10_000),
                    Int128(fee), rounding)
                #expect(Int128(seizure.toLiquidator.raw) == toLiquidator)
                #expect(Int128(seizure.repaid.raw) == needed)
                #expect(Int128(seizure.protocolFee.raw) == cut)
                #expect(seizure.seized <= pair.collateral)
            }
        }
    }

    @Test func roundingsDiffer() throws {
        // base 1, bonus 50 %: 1.5 rounds to 2 half up, and to 1 explicitly.
        let pair = LiquidationPair(
            collateral: Quantity(raw: 100), collateralPrice: Price(raw: 1),
            debt: Quantity(raw: 100), debtPrice: Price(raw: 1))
        let terms = LiquidationTerms(bonus: Ratio(percent: 50), protocolFee: .zero)
        let one = Quantity(raw: 1)
        #expect(try terms.seizure(repaying: one, of: pair, rounding: .halfUp).seized.raw == 2)
        #expect(
            try terms.seizure(repaying: one, of: pair, rounding: .halfUpDebtUp).seized.raw == 2)
        #expect(try terms.seizure(repaying: one, of: pair, rounding: .explicit).seized.raw == 1)
        // All 100 seized: 66.67 is needed, 67 rounded either way; 7 of 10: 6.67; 4 of 5: 3.33.
        func needed(_ held: Int64, _ rounding: LiquidationRounding) throws -> Int64 {
            let pair = LiquidationPair(
                collateral: Quantity(raw: held), collateralPrice: Price(raw: 1),
                debt: Quantity(raw: 100), debtPrice: Price(raw: 1))
            return try terms.seizure(
                repaying: Quantity(raw: 100), of: pair, rounding: rounding
            ).repaid.raw
        }
        #expect(try needed(100, .halfUp) == 67)
        #expect(try needed(5, .halfUp) == 3)
        #expect(try needed(5, .halfUpDebtUp) == 4)
        #expect(try needed(5, .explicit) == 4)
    }

    @Test func extremesDoNotWrap() throws {
        // A repayment worth more than 64 bits of collateral takes all there is.
        let pair = LiquidationPair(
            collateral: Quantity(raw: 1000), collateralPrice: Price(raw: 1),
            debt: everything, debtPrice: Price(raw: .max))
        let terms = LiquidationTerms(bonus: Ratio(percent: 5), protocolFee: Ratio(percent: 10))
        let seizure = try terms.seizure(repaying: everything, of: pair, rounding: .explicit)
        #expect(seizure.seized == Quantity(raw: 1000))
        #expect(seizure.repaid == .zero)
        // What is needed for it may not fit.
        let dear = LiquidationPair(
            collateral: everything, collateralPrice: Price(raw: .max), debt: everything,
            debtPrice: Price(raw: .max - 1))
        #expect(
            try terms.seizure(repaying: everything, of: dear, rounding: .explicit).repaid.raw > 0)
    }
}
