import ExactMath
import MarginRules
import Testing

@Suite struct PoolProfitTests {
    /// adl-20, adl-25: gmx-io/gmx-synthetics a5c0c88 test/guardian/testAdl.ts "ADL cannot execute
    /// when PnL to pool ratio not exceeded": exactly the threshold is not above it.
    @Test(arguments: [("adl-20", Int64(20), false), ("adl-25", 25, false), ("above", 26, true)])
    func publishedDeleveraging(_ id: String, _ sol: Int64, _ expected: Bool) throws {
        let profit = try PoolProfit(
            .long, openInterest: usd("2000000000000000000000000000000000000"),
            tokens: Quantity(whole: 100_000), indexPrice: PriceRange(Price(whole: sol)), .maximum)
        let rule = PoolDeleveraging(
            threshold: ratio("100000000000000000000000000000"), minimumAfter: .zero)
        let pool = usd("5000000000000000000000000000000000000")
        #expect(rule.isRequired(profit: profit, pool: pool) == expected, "\(id)")
    }

    /// pnlcap-1, pnlcap-2: gmx-synthetics a5c0c88 test/exchange/DecreasePosition/CappedPnl.ts
    /// "capped pnl".
    @Test(arguments: [
        (
            "pnlcap-1", "250000000000000000000000000000000000",
            "1000000000000000000000000000000000000", "135000000000000000000000000000000000"
        ),
        (
            "pnlcap-2", "125000000000000000000000000000000000",
            "982500000000000000000000000000000000", "168775000000000000000000000000000000"
        ),
    ])
    func publishedCap(_ id: String, _ side: String, _ pool: String, _ payout: String) throws {
        let profit = try PoolProfit(amount: usd(side)).scaling(
            usd("125000000000000000000000000000000000"),
            cappedAt: ratio("70000000000000000000000000000"), ofPool: usd(pool))
        #expect(
            usd("100000000000000000000000000000000000") + profit == usd(payout), "\(id)")
    }

    /// poolvalue-1 and the two values after it in the same test: two longs of 250,000 from 5,000 to
    /// 7,500 in a pool of two halves of a million dollars.
    @Test(arguments: [
        (Int64(1_000_000), Int64(500_000), Int64(100), "1750000000000000000000000000000000000"),
        (982_500, 250_000, 50, "1840000000000000000000000000000000000"),
    ])
    func publishedPoolValue(
        _ half: Int64, _ openInterest: Int64, _ tokens: Int64, _ expected: String
    ) throws {
        let dollar = PriceRange(Price(whole: 1))
        let value = try PoolValue(
            long: PoolSideState(
                amount: Quantity(whole: half), price: dollar,
                openInterest: Money(whole: openInterest),
                openInterestInTokens: Quantity(whole: tokens)),
            short: PoolSideState(amount: Quantity(whole: half), price: dollar),
            indexPrice: PriceRange(Price(whole: 7_500))
        ).value(.maximum, maximumProfit: (Ratio(percent: 50), Ratio(percent: 50)))
        #expect(value == usd(expected))
    }

    /// gmx-synthetics a5c0c88 test/exchange/DecreasePosition/Spread.ts "spread": the pool between
    /// 4,990 and 5,010 with a long of 40 ether from 5,000.
    @Test(arguments: [
        (
            PoolValuation.maximum, "6010400000000000000000000000000000000",
            "1001733333333333333333333333333"
        ),
        (.minimum, "5989600000000000000000000000000000000", "998266666666666666666666666666"),
    ])
    func publishedSpread(_ end: PoolValuation, _ expected: String, _ share: String) throws {
        let eth = PriceRange(minimum: Price(whole: 4_990), maximum: Price(whole: 5_010))
        let value = try PoolValue(
            long: PoolSideState(
                amount: Quantity(whole: 1_000), price: eth, openInterest: Money(whole: 200_000),
                openInterestInTokens: Quantity(whole: 40)),
            short: PoolSideState(
                amount: Quantity(whole: 1_000_000), price: PriceRange(Price(whole: 1))),
            indexPrice: eth
        ).value(end, maximumProfit: (.one, .one))
        #expect(value == usd(expected))
        let price = try PoolValue.sharePrice(value: value, supply: Quantity(whole: 6_000_000))
        #expect(isNear(price, Price(raw: Int64(rescaled(share, from: 30, to: 8)))))
    }

    @Test func theImpactPoolIsNotTheDepositors() throws {
        let eth = PriceRange(minimum: Price(whole: 4_000), maximum: Price(whole: 5_000))
        let dollar = PriceRange(Price(whole: 1))
        let pool = PoolValue(
            long: PoolSideState(
                amount: Quantity(whole: 10), price: eth, pendingBorrowing: Money(whole: 60)),
            short: PoolSideState(
                amount: Quantity(whole: 100), price: dollar, pendingBorrowing: Money(whole: 40)),
            indexPrice: eth,
            impactPool: PositionImpactPool(amount: Quantity(whole: 2), lent: Quantity(whole: 1)),
            borrowingFeeReceiver: Ratio(percent: 37))
        let cap = (long: Ratio.one, short: Ratio.one)
        // What is owed at one end, what is owned at the other.
        #expect(
            try pool.value(.maximum, maximumProfit: cap)
                == Money(whole: 50_000 + 100 + 63 - 8_000 + 5_000))
        #expect(
            try pool.value(.minimum, maximumProfit: cap)
                == Money(whole: 40_000 + 100 + 63 - 10_000 + 4_000))
    }

    @Test func profitPicksTheEnd() throws {
        let range = PriceRange(minimum: Price(whole: 90), maximum: Price(whole: 110))
        func profit(_ side: PoolSide, _ end: PoolValuation) throws -> Money {
            try PoolProfit(
                side, openInterest: Money(whole: 1_000), tokens: Quantity(whole: 10),
                indexPrice: range, end
            ).amount
        }
        #expect(try profit(.long, .maximum) == Money(whole: 100))
        #expect(try profit(.long, .minimum) == Money(whole: -100))
        #expect(try profit(.short, .maximum) == Money(whole: 100))
        #expect(try profit(.short, .minimum) == Money(whole: -100))
        let empty = try PoolProfit(
            .short, openInterest: Money(whole: 5), tokens: .zero, indexPrice: range, .maximum)
        #expect(empty.amount == .zero)
    }

    @Test func capEdges() throws {
        let pool = Money(whole: 100)
        let factor = Ratio(percent: 50)
        let loss = PoolProfit(amount: Money(whole: -500))
        #expect(try loss.capped(at: factor, ofPool: pool) == loss)
        #expect(
            try loss.scaling(Money(whole: 5), cappedAt: factor, ofPool: pool) == Money(whole: 5))
        let gain = PoolProfit(amount: Money(whole: 100))
        #expect(
            try gain.scaling(Money(whole: -5), cappedAt: factor, ofPool: pool)
                == Money(whole: -5))
        #expect(
            try gain.scaling(Money(whole: 3), cappedAt: factor, ofPool: pool)
                == Money(raw: 150_000_000))
        // A cap of nothing leaves the profit as it is: the contract asks for a positive one.
        #expect(
            try gain.scaling(Money(whole: 3), cappedAt: .zero, ofPool: pool) == Money(whole: 3))
        #expect(
            try gain.capped(at: .one, ofPool: pool) == gain)
        #expect(try gain.share(ofPool: .zero) == .zero)
        #expect(try loss.share(ofPool: Money(whole: 300)).raw == -1_666_666_666_666_666_666)
    }

    @Test func deleveragingStops() throws {
        let rule = PoolDeleveraging(threshold: Ratio(percent: 85), minimumAfter: Ratio(percent: 77))
        func share(_ percent: Int64) -> Fixed18 { Fixed18(Ratio(percent: percent)) }
        #expect(rule.outcome(before: share(90), after: share(80)) == .accepted)
        #expect(rule.outcome(before: share(90), after: share(77)) == .accepted)
        #expect(rule.outcome(before: share(90), after: share(76)) == .overcorrected)
        #expect(rule.outcome(before: share(90), after: share(90)) == .notReduced)
        #expect(rule.outcome(before: share(60), after: share(70)) == .notReduced)
        #expect(
            !rule.isRequired(profit: PoolProfit(amount: Money(whole: 5)), pool: .zero))
        #expect(
            !rule.isRequired(profit: PoolProfit(amount: Money(whole: -5)), pool: Money(whole: 1)))
        let flagged = Timestamp(milliseconds: 5)
        #expect(rule.acceptsPrices(newest: flagged, lastFlagged: flagged))
        #expect(!rule.acceptsPrices(newest: Timestamp(milliseconds: 4), lastFlagged: flagged))
    }

    @Test func shares() throws {
        let one = Money(whole: 1)
        #expect(
            try PoolValue.shares(for: one, value: .zero, supply: .zero) == Quantity(whole: 1))
        #expect(
            try PoolValue.shares(for: one, value: Money(whole: 2), supply: .zero)
                == Quantity(whole: 3))
        #expect(
            try PoolValue.shares(for: one, value: Money(whole: 3), supply: Quantity(whole: 1))
                == Quantity(raw: 33_333_333))
        #expect(try PoolValue.sharePrice(value: one, supply: .zero) == Price(whole: 1))
        #expect(
            try PoolValue.sharePrice(value: .zero, supply: Quantity(whole: 1)) == .zero)
        #expect(
            try PoolValue.sharePrice(value: Money(whole: -1), supply: Quantity(whole: 3))
                == Price(raw: -33_333_333))
    }

    @Test func closingTokens() throws {
        var position = PoolPosition(
            side: .long, size: Money(whole: 3), sizeInTokens: Quantity(whole: 1), collateral: .zero)
        #expect(try position.tokens(closing: Money(whole: 1)) == Quantity(raw: 33_333_334))
        #expect(try position.tokens(closing: Money(whole: 3)) == Quantity(whole: 1))
        position.side = .short
        #expect(try position.tokens(closing: Money(whole: 1)) == Quantity(raw: 33_333_333))
        #expect(try position.tokens(closing: .zero) == .zero)
        #expect(
            try position.realized(Money(raw: -10), closing: Quantity(raw: 33_333_333))
                == Money(raw: -3))
        position.sizeInTokens = .zero
        #expect(try position.realized(Money(raw: -10), closing: .zero) == Money(raw: -10))
    }
}
