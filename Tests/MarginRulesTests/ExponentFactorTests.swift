import ExactMath
import MarginRules
import Testing

/// gmx-io/gmx-synthetics a5c0c88 test/pricing/PricingUtils.ts "should apply impact factor", and
/// README.md "Price Impact".
@Suite struct ExponentFactorTests {
    struct Row: Sendable {
        let id, diff, exponent, factor, value: String
    }

    static let rows = [
        Row(
            id: "impactfactor-00", diff: "10000000000000000000000000000000000",
            exponent: "3000000000000000000000000000000", factor: "1000000000000000000",
            value: "999999999999999971996569854874"),
        Row(
            id: "impactfactor-02", diff: "1000000000000000000000000000000000000",
            exponent: "3000000000000000000000000000000", factor: "1000000000000000000",
            value: "999999999999999974481076694795741150"),
        Row(
            id: "impactfactor-06", diff: "10000000000000000000000000000000000",
            exponent: "2000000000000000000000000000000", factor: "10000000000000000000000",
            value: "999999999999999981235216490000"),
        Row(
            id: "impactfactor-09", diff: "10000000000000000000000000000000000000",
            exponent: "2000000000000000000000000000000", factor: "10000000000000000000000",
            value: "999999999999999984577907497082540000"),
        Row(
            id: "impactfactor-11", diff: "100000000000000000000000000000000000",
            exponent: "1750000000000000000000000000000", factor: "100000000000000000000000",
            value: "56234132519034907150467965500000"),
        Row(
            id: "impactfactor-14", diff: "100000000000000000",
            exponent: "1500000000000000000000000000000", factor: "1000000000000000000000000",
            value: "0"),
        Row(
            id: "impactfactor-23", diff: "100000000000000000000000000000000000",
            exponent: "1000000000000000000000000000000",
            factor: "100000000000000000000000000", value: "10000000000000000000000000000000"),
    ]

    @Test(arguments: rows) func published(_ row: Row) throws {
        let curve = ExponentFactor(factor: factor(row.factor), exponent: ratio(row.exponent))
        let value = try curve.value(of: usd(row.diff)).rounded(to: Money.self, .nearest)
        #expect(isNear(value, usd(row.value)), "\(row.id): \(value)")
    }

    /// impactfactor-04: 10^15 dollars are more than ``Money`` holds, and the contract's power is
    /// 3.5e-17 of itself, three cents, short; the file's own notes give 1e-15 for such a
    /// comparison.
    @Test func publishedAboveMoney() throws {
        let curve = ExponentFactor(
            factor: factor("1000000000000000000"), exponent: Ratio(whole: 3))
        let value = try curve.value(of: usd("1000000000000000000000000000000000000000"))
        let expected = Fixed18(
            raw: rescaled(
                "999999999999999964992485098699963454527292263", from: 30, to: 18))
        #expect(isNear(value, expected, units: expected.raw / 1_000_000_000_000_000))
        #expect(value == Fixed18(whole: 1_000_000_000_000_000))
    }

    @Test func belowOneDollarThereIsNone() throws {
        let curve = ExponentFactor(factor: .one, exponent: .one)
        #expect(try curve.value(of: Money(raw: 99_999_999)) == .zero)
        #expect(try curve.value(of: Money(whole: 1)) == .one)
        #expect(
            try ExponentFactor(factor: .zero, exponent: .one).value(of: Money(whole: 9)) == .zero)
        let zeroth = ExponentFactor(factor: .one, exponent: .zero)
        #expect(isNear(try zeroth.value(of: Money(whole: 7)), .one))
    }

    @Test func tooLargeIsAnError() {
        let curve = ExponentFactor(factor: .one, exponent: Ratio(whole: 2))
        #expect(throws: ArithmeticOverflow.self) {
            try curve.value(of: Money(whole: 20_000_000_000))
        }
        let steep = ExponentFactor(factor: .one, exponent: Ratio(whole: 9))
        #expect(throws: ArithmeticOverflow.self) {
            try steep.value(of: Money(whole: 9_000_000_000))
        }
    }

    /// Against floating point, and against `power` of ExactMath where the power fits.
    @Test func fuzzAgainstReferences() throws {
        var random = TestRandom(seed: 7)
        for _ in 0..<2_000 {
            let amount = Money(raw: scaleE8 + random.spread(17))
            let exponent = Ratio(raw: scaleE8 / 2 + random.below(2 * scaleE8))
            let factor = Fixed18(raw: Int128(1 + random.spread(10)))
            let curve = ExponentFactor(factor: factor, exponent: exponent)
            guard let value = try? curve.value(of: amount) else { continue }
            if let whole = try? power(Fixed18(amount), Fixed18(exponent)) {
                let reference = try whole.multiplied(by: factor, rounding: .down)
                #expect(isNear(value, reference), "\(amount)^\(exponent)·\(factor.raw)")
            }
        }
        for whole in [Int64(1), 2] {
            let exact = ExponentFactor(factor: .one, exponent: Ratio(whole: whole))
            for amount in [Int64(1), 3, 4_321, 9_999_999] {
                let expected = whole == 1 ? amount : amount * amount
                #expect(try exact.value(of: Money(whole: amount)) == Fixed18(whole: expected))
            }
        }
    }
}
