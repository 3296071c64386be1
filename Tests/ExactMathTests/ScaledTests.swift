import ExactMath
import Testing

@Suite struct ScaledTests {
    @Test(
        arguments: [
            (0, "0"), (1, "0.00000001"), (-1, "-0.00000001"), (1_250_000_000, "12.5"),
            (-1_250_000_000, "-12.5"), (scaleE8, "1"), (-scaleE8, "-1"), (10_000_000, "0.1"),
            (Int64.max, "92233720368.54775807"), (Int64.min, "-92233720368.54775808"),
        ] as [(Int64, String)])
    func description(raw: Int64, text: String) {
        #expect(Money(raw: raw).description == text)
        #expect(Money(decimal: text) == Money(raw: raw))
    }

    @Test func arithmetic() throws {
        var balance = Money(whole: 10)
        balance += Money(whole: 5)
        balance -= Money(raw: 1)
        #expect(balance.raw == 1_499_999_999)
        #expect(Money(whole: 3) - Money(whole: 5) == Money(whole: -2))
        #expect(-Money(whole: 3) == Money(whole: -3))
        #expect(Money(whole: -3) < .zero)
        #expect(Money(raw: -7).magnitude.raw == 7)
        #expect(Money(raw: 7).magnitude.raw == 7)
        #expect(Money.zero.isZero && Money(raw: -1).isNegative && Money(raw: 1).isPositive)
        #expect(!Money.zero.isNegative && !Money.zero.isPositive)
        #expect(try Money(raw: .max - 1).adding(Money(raw: 1)).raw == .max)
        #expect(throws: ArithmeticOverflow()) { try Money(raw: .max).adding(Money(raw: 1)) }
    }

    @Test func ratios() throws {
        #expect(Ratio(basisPoints: 25).description == "0.0025")
        #expect(Ratio(percent: -150).description == "-1.5")
        #expect(Ratio.one.raw == scaleE8)
        let third = (Money(whole: 1), Money(whole: 3))
        #expect(try Ratio(third.0, over: third.1, rounding: .down).raw == 33_333_333)
        #expect(try Ratio(third.0, over: third.1, rounding: .up).raw == 33_333_334)
        #expect(try Ratio(-third.0, over: third.1, rounding: .down).raw == -33_333_334)
        #expect(throws: ArithmeticOverflow()) {
            try Ratio(Money(raw: .max), over: Money(raw: 1), rounding: .down)
        }
    }

    /// 3.3333 units at 1,234.56789 USD are 4,115.185147737 USD.
    @Test func valueAndQuantity() throws {
        let size = Quantity(raw: 333_330_000)
        let price = Price(raw: 123_456_789_000)
        #expect(try size.value(at: price, rounding: .down).description == "4115.18514773")
        #expect(try size.value(at: price, rounding: .up).description == "4115.18514774")
        #expect(try (-size).value(at: price, rounding: .down).description == "-4115.18514774")
        #expect(try (-size).value(at: price, rounding: .up).description == "-4115.18514773")
        // 100 USD buy 0.0810000007… units.
        let bought = try Money(whole: 100).quantity(at: price, rounding: .down)
        #expect(bought.description == "0.081")
        #expect(try Money(whole: 100).quantity(at: price, rounding: .up).raw == bought.raw + 1)
        #expect(throws: ArithmeticOverflow()) {
            try Quantity(raw: .max).value(at: Price(raw: .max), rounding: .down)
        }
        #expect(throws: ArithmeticOverflow()) {
            try Money(raw: .max).quantity(at: Price(raw: 1), rounding: .down)
        }
    }

    @Test func scaling() throws {
        let debt = Money(raw: 1_000_000_001)
        #expect(try debt.scaled(by: Ratio(percent: 50), rounding: .down).raw == 500_000_000)
        #expect(try debt.scaled(by: Ratio(percent: 50), rounding: .up).raw == 500_000_001)
        #expect(try debt.scaled(by: Ratio(percent: 50), rounding: .nearest).raw == 500_000_001)
        #expect(try (-debt).scaled(by: Ratio(percent: 50), rounding: .nearest).raw == -500_000_001)
        #expect(try debt.scaled(by: 2, over: 3, rounding: .down).raw == 666_666_667)
        #expect(try debt.scaled(by: -2, over: 3, rounding: .down).raw == -666_666_668)
    }

    @Test func fixed18IsExact() {
        #expect(Fixed18(Money(raw: .min)).raw == Int128(Int64.min) * 10_000_000_000)
        #expect(Fixed18(whole: .max).raw == Int128(Int64.max) * 1_000_000_000_000_000_000)
        #expect(Fixed18(Price(whole: 2)) == Fixed18(whole: 2))
    }
}
