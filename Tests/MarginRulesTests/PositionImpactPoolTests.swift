import ExactMath
import MarginRules
import Testing

@Suite struct PositionImpactPoolTests {
    let eth = PriceRange(minimum: Price(whole: 4_000), maximum: Price(whole: 5_000))

    /// gmx-io/gmx-synthetics a5c0c88 test/exchange/PositionPriceImpact/PairMarket.ts "price impact
    /// tracking": an empty impact pool lends 0.08 ether, and 0.16 ether repay it first.
    @Test func publishedLending() {
        let empty = PositionImpactPool(amount: .zero)
        let lent = empty.changed(by: amount("-79999999999999999"))
        #expect(isNear(lent.lent, amount("79999999999999999")))
        #expect(lent.amount == .zero)
        let repaid = lent.changed(by: amount("159999999999999998"))
        #expect(repaid.lent == .zero)
        #expect(isNear(repaid.amount, amount("79999999999999999")))
    }

    @Test func exactlyWhatItHoldsIsNotLent() {
        let pool = PositionImpactPool(amount: Quantity(whole: 3), lent: Quantity(whole: 1))
        #expect(
            pool.changed(by: Quantity(whole: -3))
                == PositionImpactPool(amount: .zero, lent: Quantity(whole: 1)))
        #expect(
            pool.changed(by: Quantity(whole: 1))
                == PositionImpactPool(amount: Quantity(whole: 3), lent: .zero))
        #expect(pool.changed(by: .zero) == pool)
    }

    @Test(arguments: [
        // 2 ether at the minimum, 8,000; 1 ether is lent, at the maximum 5,000; limit 6,000.
        (Int64(8_000), Int64(8_000)), (9_000, 9_000), (9_001, 9_000), (-50, -50), (0, 0),
    ])
    func capping(_ gain: Int64, _ expected: Int64) throws {
        let pool = PositionImpactPool(amount: Quantity(whole: 2), lent: Quantity(whole: 1))
        let limit = PositionImpactPool.LendingLimit(
            factor: Ratio(percent: 10), maximum: Money(whole: 6_000))
        let capped = try pool.capping(
            Money(whole: gain), pool: Money(whole: 1_000_000), indexPrice: eth, limit: limit)
        #expect(capped == Money(whole: expected))
    }

    @Test func lendingLimits() throws {
        let pool = PositionImpactPool(amount: .zero, lent: Quantity(whole: 1))
        func lendable(_ factor: Int64, _ maximum: Int64) throws -> Money {
            try pool.lendable(
                pool: Money(whole: 100_000), indexPrice: eth,
                limit: PositionImpactPool.LendingLimit(
                    factor: Ratio(percent: factor), maximum: Money(whole: maximum)))
        }
        #expect(try lendable(6, 100_000) == Money(whole: 1_000))
        #expect(try lendable(60, 5_500) == Money(whole: 500))
        #expect(try lendable(1, 100_000) == .zero)
        #expect(
            try pool.lendable(pool: Money(whole: 100), indexPrice: eth, limit: .none) == .zero)
    }

    @Test func movementsRoundAgainstTheTrader() throws {
        #expect(
            try PositionImpactPool.payment(for: Money(raw: 1), indexPrice: eth)
                == Quantity(raw: 1))
        let receipt = try PositionImpactPool.receipt(
            of: Quantity(raw: 4_999), price: PriceRange(Price(whole: 1)), indexPrice: eth)
        #expect(receipt == .zero)
    }

    @Test func distribution() throws {
        let pool = PositionImpactPool(amount: Quantity(whole: 10))
        let day = TimeSpan(seconds: 86_400)
        let rate = Quantity(whole: 4)
        #expect(
            try pool.distribution(ratePerDay: rate, keeping: Quantity(whole: 5), over: day)
                == Quantity(whole: 4))
        #expect(
            try pool.distribution(ratePerDay: rate, keeping: Quantity(whole: 7), over: day)
                == Quantity(whole: 3))
        #expect(
            try pool.distribution(ratePerDay: rate, keeping: Quantity(whole: 10), over: day)
                == .zero)
        #expect(try pool.distribution(ratePerDay: .zero, keeping: .zero, over: day) == .zero)
    }

    @Test func pendingImpactIsRoundedAgainstTheTrader() throws {
        var position = PoolPosition(
            side: .short, size: Money(whole: 3), sizeInTokens: Quantity(whole: 3),
            collateral: .zero, pendingImpact: Quantity(whole: 1))
        let gain = try position.pendingImpact(closing: Money(whole: 1), indexPrice: eth)
        #expect(gain.amount == Quantity(raw: 33_333_333))
        #expect(gain.value == Money(raw: 133_333_332_000))
        position.pendingImpact = Quantity(whole: -1)
        let charge = try position.pendingImpact(closing: Money(whole: 1), indexPrice: eth)
        #expect(charge.amount == Quantity(raw: -33_333_334))
        #expect(charge.value == Money(raw: -166_666_670_000))
    }

    @Test func settledImpact() throws {
        let rule = impactRule(
            maximumPositive: Ratio(basisPoints: 40), maximumNegative: Ratio(basisPoints: 50))
        func settled(_ closing: Int64, _ pending: Int64) throws -> SettledImpact {
            try rule.settled(
                closing: Money(whole: closing), pending: Money(whole: pending),
                size: Money(whole: 1_000))
        }
        #expect(try settled(-3, -2) == SettledImpact(amount: Money(whole: -5), excess: .zero))
        #expect(
            try settled(-3, -3)
                == SettledImpact(amount: Money(whole: -5), excess: Money(whole: 1)))
        #expect(try settled(3, 3) == SettledImpact(amount: Money(whole: 4), excess: .zero))
        #expect(try settled(3, -3) == SettledImpact(amount: .zero, excess: .zero))
    }
}
