import ExactMath
import Testing

@testable import MarginRules

struct MinimumLeftoverTests {
    @Test func dust() throws {
        let terms = LiquidationTerms(bonus: .zero, protocolFee: .zero)
        let pair = LiquidationPair(
            collateral: Quantity(whole: 5000), collateralPrice: Price(whole: 1),
            debt: Quantity(whole: 4000), debtPrice: Price(whole: 1))
        func permits(_ repay: String) throws -> Bool {
            let amount = try #require(Quantity(decimal: repay))
            return try MinimumLeftover.aaveV33.permits(
                terms.seizure(repaying: amount, of: pair, rounding: .explicit), of: pair,
                rounding: .explicit)
        }
        #expect(try permits("3000"))  // Leaves 1,000 of debt.
        #expect(try !permits("3000.00000001"))
        #expect(try permits("4000"))  // All of the debt, whatever is left of the collateral.
        let bounds = try MinimumLeftover.aaveV33.permittedRepayments(
            of: pair, upTo: pair.debt, on: terms, rounding: .explicit)
        #expect(bounds.partial == Quantity(whole: 3000))
        #expect(bounds.whole == Quantity(whole: 4000))
        // A close factor that stops between the two leaves the partial one.
        let stopped = try MinimumLeftover.aaveV33.permittedRepayments(
            of: pair, upTo: Quantity(whole: 3500), on: terms, rounding: .explicit)
        #expect(stopped.partial == Quantity(whole: 3000))
        #expect(stopped.whole == nil)
        let nothing = try MinimumLeftover.aaveV33.permittedRepayments(
            of: pair, upTo: .zero, on: terms, rounding: .explicit)
        #expect(nothing.partial == nil)
        #expect(nothing.whole == nil)
    }

    @Test func dustValuesRoundByVersion() throws {
        // A leftover debt of 999.999999995 USD rounds up to 1,000 since v3.5.
        let pair = LiquidationPair(
            collateral: Quantity(whole: 5000), collateralPrice: Price(whole: 1),
            debt: Quantity(whole: 4000), debtPrice: Price(raw: 50_000_000))
        let seizure = CollateralSeizure(
            repaid: Quantity(raw: 400_000_000_000 - 199_999_999_999),
            toLiquidator: Quantity(whole: 1), protocolFee: .zero)
        let rule = MinimumLeftover.aaveV33
        #expect(try rule.permits(seizure, of: pair, rounding: .explicit))
        #expect(try rule.permits(seizure, of: pair, rounding: .halfUpDebtUp))
        #expect(try !rule.permits(seizure, of: pair, rounding: .halfUp))
    }

    @Test func fuzzPermittedRepayments() throws {
        var draws = SeededDraws(state: 1000)
        let rule = MinimumLeftover.aaveV33
        var seen = (partial: 0, whole: 0, refused: 0)
        for _ in 0..<3000 {
            let pair = LiquidationPair(
                collateral: Quantity(raw: draws.next(in: 1...400_000_000_000)),
                collateralPrice: Price(raw: draws.next(in: 50_000_000...300_000_000)),
                debt: Quantity(raw: draws.next(in: 1...400_000_000_000)),
                debtPrice: Price(raw: draws.next(in: 50_000_000...300_000_000)))
            let terms = LiquidationTerms(
                bonus: ratio(bps: draws.next(in: 0...1000)),
                protocolFee: ratio(bps: draws.next(in: 0...2000)))
            let limit = Quantity(raw: draws.next(in: 1...pair.debt.raw))
            for rounding in LiquidationRounding.allCases {
                let bounds = try rule.permittedRepayments(
                    of: pair, upTo: limit, on: terms, rounding: rounding)
                func permits(_ raw: Int64) throws -> Bool {
                    try rule.permits(
                        terms.seizure(
                            repaying: Quantity(raw: raw), of: pair, rounding: rounding),
                        of: pair, rounding: rounding)
                }
                let partial = bounds.partial?.raw ?? 0
                let whole = bounds.whole?.raw ?? limit.raw + 1
                if partial > 0 {
                    seen.partial += 1
                    #expect(try permits(partial))
                    #expect(try permits(draws.next(in: 1...partial)))
                }
                if whole <= limit.raw {
                    seen.whole += 1
                    #expect(try permits(whole))
                    #expect(try permits(draws.next(in: whole...limit.raw)))
                }
                if partial + 1 < whole {
                    seen.refused += 1
                    #expect(try !permits(partial + 1))
                    #expect(try !permits(whole - 1))
                    #expect(try !permits(draws.next(in: (partial + 1)...(whole - 1))))
                }
            }
        }
        #expect(seen.partial > 500 && seen.whole > 500 && seen.refused > 500, "\(seen)")
    }
}
