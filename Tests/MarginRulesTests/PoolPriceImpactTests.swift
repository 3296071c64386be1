import ExactMath
import MarginRules
import Testing

/// A rule with the factors of the upstream tests, of which no cap binds unless one is given.
func impactRule(
    positive: String = "5000000000000000000000", negative: String = "10000000000000000000000",
    exponent: String = "2000000000000000000000000000000", maximumPositive: Ratio = .one,
    maximumNegative: Ratio = .one, forLiquidation: Ratio = .zero,
    measure: PoolPriceImpact.Measure = .openInterest
) -> PoolPriceImpact {
    PoolPriceImpact(
        positive: ExponentFactor(factor: factor(positive), exponent: ratio(exponent)),
        negative: ExponentFactor(factor: factor(negative), exponent: ratio(exponent)),
        maximumPositive: maximumPositive, maximumNegative: maximumNegative,
        maximumForLiquidation: forLiquidation, measure: measure)
}

@Suite struct PoolPriceImpactTests {
    let eth = PriceRange(price("5000000000000000"))

    struct Increase: Sendable {
        let id: String
        let side: PoolSide
        let size, long, short, impact: String
        let executionPrice, pending, tokens: String?
    }

    /// gmx-io/gmx-synthetics a5c0c88 test/exchange/PositionPriceImpact/PairMarket.ts "price impact
    /// pair market" and "capped price impact"; the rows without an id are further orders of the
    /// same test.
    static let increases = [
        Increase(
            id: "pi-inc-01", side: .long, size: "200000", long: "0", short: "0",
            impact: "-399999999999999992588018713340000", executionPrice: "5010020040080160",
            pending: "-79999999999999999", tokens: "40000000000000000000"),
        Increase(
            id: "second long", side: .long, size: "200000", long: "200000", short: "0",
            impact: "-1199999999999999977764056140040000", executionPrice: "5030181086519114",
            pending: "-239999999999999996", tokens: "40000000000000000000"),
        Increase(
            id: "pi-inc-03", side: .short, size: "10000", long: "400000", short: "0",
            impact: "39500000000000000326409486835000", executionPrice: "5019828321871391",
            pending: "7900000000000000", tokens: nil),
        Increase(
            id: "crossover short", side: .short, size: "500000", long: "400000", short: "0",
            impact: "699999999999999987029032748360000", executionPrice: "5007009813739234",
            pending: "139999999999999997", tokens: nil),
        Increase(
            id: "short worsens", side: .short, size: "100000", long: "400000", short: "500000",
            impact: "-299999999999999994441014035010000", executionPrice: "4985044865403788",
            pending: "-59999999999999999", tokens: nil),
        Increase(
            id: "long to balance", side: .long, size: "200000", long: "400000", short: "600000",
            impact: "199999999999999996294009356670000", executionPrice: "4995004995004995",
            pending: "39999999999999999", tokens: nil),
        Increase(
            id: "pi-cap-01", side: .short, size: "200000", long: "200000", short: "0",
            impact: "199999999999999996294009356670000", executionPrice: "5005005005005005",
            pending: nil, tokens: nil),
    ]

    @Test(arguments: increases) func publishedIncrease(_ row: Increase) throws {
        let balance = PoolOpenInterest(long: whole(row.long), short: whole(row.short))
        let quote = try impactRule().increase(
            by: whole(row.size), on: row.side, openInterest: balance, indexPrice: eth)
        #expect(isNear(quote.impact.amount, usd(row.impact)), "\(row.id)")
        if let expected = row.executionPrice {
            #expect(isNear(try #require(quote.executionPrice), price(expected)), "\(row.id)")
        }
        if let expected = row.pending {
            #expect(isNear(quote.pendingImpact, amount(expected)), "\(row.id)")
        }
        if let expected = row.tokens {
            #expect(isNear(quote.sizeInTokens, amount(expected)), "\(row.id)")
        }
    }

    /// PairMarket.ts "capped price impact": with a maximum of 0.01 % the same short earns 20 only.
    @Test func cappedGain() throws {
        let rule = impactRule(maximumPositive: Ratio(basisPoints: 1))
        let quote = try rule.increase(
            by: Money(whole: 200_000), on: .short,
            openInterest: PoolOpenInterest(long: Money(whole: 200_000), short: .zero),
            indexPrice: eth)
        #expect(quote.impact.amount == Money(whole: 20))
        #expect(isNear(try #require(quote.executionPrice), price("5000500050005000")))
    }

    /// pi-cap-04: gmx-synthetics a5c0c88 test/exchange/DecreasePosition/CappedPriceImpact.ts
    /// "uncapped price impact".
    @Test func publishedPendingImpact() throws {
        let rule = impactRule(
            positive: "50000000000000000000000", negative: "100000000000000000000000")
        let quote = try rule.increase(
            by: Money(whole: 200_000), on: .short,
            openInterest: PoolOpenInterest(long: Money(whole: 200_000), short: .zero),
            indexPrice: eth)
        #expect(isNear(quote.pendingImpact, amount("399999999999999992")))
    }

    struct Decrease: Sendable {
        let id: String
        let side: PoolSide
        let size, long, short, positionSize, positionTokens, impact, executionPrice: String
    }

    /// PairMarket.ts "price impact pair market".
    static let decreases = [
        Decrease(
            id: "pi-dec-01", side: .short, size: "10000", long: "400000", short: "10000",
            positionSize: "10000", positionTokens: "2000000000000000000",
            impact: "-79000000000000000652818973670000", executionPrice: "5039500000000000"),
        Decrease(
            id: "pi-dec-02", side: .long, size: "100000", long: "700000", short: "600000",
            positionSize: "500000", positionTokens: "100000000000000000000",
            impact: "49999999999999999073502339165000", executionPrice: "5002499999999999"),
        Decrease(
            id: "long worsens", side: .long, size: "100000", long: "600000", short: "600000",
            positionSize: "400000", positionTokens: "80000000000000000000",
            impact: "-99999999999999998147004678330000", executionPrice: "4995000000000001"),
        Decrease(
            id: "short improves", side: .short, size: "100000", long: "500000", short: "600000",
            positionSize: "600000", positionTokens: "120000000000000000000",
            impact: "49999999999999999073502339165000", executionPrice: "4997500000000001"),
    ]

    @Test(arguments: decreases) func publishedDecrease(_ row: Decrease) throws {
        let position = PoolPosition(
            side: row.side, size: whole(row.positionSize),
            sizeInTokens: amount(row.positionTokens), collateral: Quantity(whole: 10))
        let quote = try impactRule().decrease(
            by: whole(row.size), of: position,
            openInterest: PoolOpenInterest(long: whole(row.long), short: whole(row.short)),
            indexPrice: eth)
        #expect(isNear(quote.impact.amount, usd(row.impact)), "\(row.id)")
        #expect(isNear(try #require(quote.executionPrice), price(row.executionPrice)), "\(row.id)")
    }

    /// pi-tok-02: gmx-synthetics a5c0c88 test/exchange/FundingFees/AdaptiveFunding.ts "adaptive
    /// funding".
    @Test func publishedSmallOrder() throws {
        let impact = try impactRule().impact(
            of: usd("30000000000000000000000000000000"), on: .long,
            openInterest: PoolOpenInterest(
                long: Money(whole: 106_001), short: Money(whole: 106_001)))
        #expect(isNear(impact.amount, usd("-8999999999999999859640000")))
    }

    /// pi-readme-01: gmx-synthetics a5c0c88 README.md "Price Impact": −500 for 50,000 of imbalance,
    /// and +375 for half of it back.
    @Test func publishedReadme() throws {
        let rule = impactRule(
            positive: "200000000000000000000000", negative: "200000000000000000000000")
        let balanced = PoolOpenInterest(long: Money(whole: 50_000), short: Money(whole: 50_000))
        let skewed = PoolOpenInterest(long: Money(whole: 100_000), short: Money(whole: 50_000))
        let half = PoolOpenInterest(long: Money(whole: 75_000), short: Money(whole: 50_000))
        #expect(try rule.impact(from: balanced, to: skewed).amount == Money(whole: -500))
        #expect(try rule.impact(from: skewed, to: half).amount == Money(whole: 375))
    }

    /// gmx-synthetics a5c0c88 test/exchange/VirtualPositionPriceImpact.ts "uses virtual inventory
    /// for price impact": the second market pays for the longs of the first.
    @Test func publishedVirtualInventory() throws {
        let impact = try impactRule().impact(
            of: Money(whole: 200_000), on: .long,
            openInterest: PoolOpenInterest(long: .zero, short: .zero),
            virtualInventory: Money(whole: -200_000))
        #expect(isNear(impact.amount, usd("-1199999999999999977764056140040000")))
    }

    @Test func virtualInventoryNeverTouchesAGain() throws {
        let rule = impactRule()
        let balance = PoolOpenInterest(long: .zero, short: Money(whole: 100_000))
        let alone = try rule.impact(of: Money(whole: 50_000), on: .long, openInterest: balance)
        let shared = try rule.impact(
            of: Money(whole: 50_000), on: .long, openInterest: balance,
            virtualInventory: Money(whole: -1_000_000))
        #expect(alone.amount.isPositive && alone == shared)
        // A helpful inventory does not soften a charge either.
        let worse = try rule.impact(of: Money(whole: 50_000), on: .short, openInterest: balance)
        let helped = try rule.impact(
            of: Money(whole: 50_000), on: .short, openInterest: balance,
            virtualInventory: Money(whole: -1_000_000))
        #expect(worse.amount.isNegative && worse == helped)
    }

    @Test func virtualInventoryOfADecrease() {
        let open = PoolOpenInterest(
            virtualInventory: Money(whole: 30), before: Money(whole: -100))
        #expect(open == PoolOpenInterest(long: Money(whole: 100), short: Money(whole: 130)))
        let longs = PoolOpenInterest(virtualInventory: Money(whole: -30), before: Money(whole: 5))
        #expect(longs == PoolOpenInterest(long: Money(whole: 30), short: .zero))
    }

    /// PairMarket.ts: an impact of more than the order cancels it.
    @Test func impactAboveTheOrder() throws {
        let rule = impactRule(negative: "100000000000000000000000000")
        let long = try rule.increase(
            by: Money(whole: 500_000), on: .long,
            openInterest: PoolOpenInterest(long: Money(whole: 400_000), short: .zero),
            indexPrice: eth)
        #expect(long.executionPrice == nil)
        let position = PoolPosition(
            side: .long, size: Money(whole: 100_000), sizeInTokens: Quantity(whole: 20),
            collateral: Quantity(whole: 1))
        let close = try rule.decrease(
            by: Money(whole: 100_000), of: position,
            openInterest: PoolOpenInterest(
                long: Money(whole: 100_000), short: Money(whole: 400_000)),
            indexPrice: eth)
        #expect(close.executionPrice == nil)
    }

    @Test func withoutSizeThePriceIsTheOracles() throws {
        let range = PriceRange(minimum: Price(whole: 4_990), maximum: Price(whole: 5_010))
        let none = PoolOpenInterest(long: .zero, short: .zero)
        let position = PoolPosition(
            side: .short, size: Money(whole: 10), sizeInTokens: Quantity(whole: 1),
            collateral: .zero)
        let rule = impactRule()
        #expect(
            try rule.increase(by: .zero, on: .long, openInterest: none, indexPrice: range)
                .executionPrice == range.maximum)
        #expect(
            try rule.increase(by: .zero, on: .short, openInterest: none, indexPrice: range)
                .executionPrice == range.minimum)
        #expect(
            try rule.decrease(by: .zero, of: position, openInterest: none, indexPrice: range)
                .executionPrice == range.maximum)
    }

    @Test func positiveCurveIsCappedAtTheNegative() throws {
        let rule = PoolPriceImpact(
            positive: ExponentFactor(factor: .one, exponent: Ratio(whole: 3)),
            negative: ExponentFactor(factor: Fixed18(raw: 5), exponent: Ratio(whole: 2)),
            maximumPositive: .one, maximumNegative: Ratio(percent: 2),
            maximumForLiquidation: .zero)
        #expect(rule.positive == rule.negative)
        #expect(rule.maximumPositive == Ratio(percent: 2))
    }

    /// A move over the balance uses both curves: the positive one before, the negative one after.
    @Test func crossover() throws {
        let rule = impactRule()
        let before = PoolOpenInterest(long: Money(whole: 100_000), short: .zero)
        let after = PoolOpenInterest(long: Money(whole: 100_000), short: Money(whole: 180_000))
        let impact = try rule.impact(from: before, to: after)
        // 100,000² · 5e-9 − 80,000² · 1e-8 = 50 − 64, though the imbalance fell.
        #expect(impact == PriceImpact(amount: Money(whole: -14), improvesBalance: true))
        // From balance, longs are not the smaller side: a long crosses, a short does not; both pay.
        let even = PoolOpenInterest(long: .zero, short: .zero)
        for side in PoolSide.allCases {
            let step = try rule.impact(of: Money(whole: 10_000), on: side, openInterest: even)
            #expect(step == PriceImpact(amount: Money(whole: -1), improvesBalance: false))
        }
    }

    /// In tokens, an open interest that was opened at other prices counts at today's.
    @Test func measuredInTokens() throws {
        let range = PriceRange(minimum: Price(whole: 4_999), maximum: Price(whole: 5_001))
        let balance = try PoolOpenInterest(
            longTokens: Quantity(whole: 40), shortTokens: Quantity(whole: 20), at: range)
        #expect(
            balance == PoolOpenInterest(long: Money(whole: 200_000), short: Money(whole: 100_000)))
        let rule = impactRule(measure: .openInterestInTokens)
        let position = PoolPosition(
            side: .long, size: Money(whole: 80_000), sizeInTokens: Quantity(whole: 40),
            collateral: .zero)
        // Half of the position, which is 20 tokens and 100,000 of balance though only 40,000 at
        // entry.
        let quote = try rule.decrease(
            by: Money(whole: 40_000), of: position, openInterest: balance, indexPrice: range)
        #expect(quote.impact.amount == Money(whole: 50))
        #expect(quote.sizeInTokens == Quantity(whole: 20))
    }

    /// Against the formula in floating point.
    @Test func fuzzAgainstFloatingPoint() throws {
        var random = TestRandom(seed: 11)
        for _ in 0..<2_000 {
            let rule = impactRule(
                positive: "\(random.spread(12))000000000000", negative: "90000000000000000000")
            let before = PoolOpenInterest(
                long: Money(raw: random.spread(15)), short: Money(raw: random.spread(15)))
            let side = random.below(2) == 0 ? PoolSide.long : .short
            let after = before.changed(
                by: Money(raw: random.spread(15) - random.spread(15)), on: side)
            let impact = try rule.impact(from: before, to: after)
            func curve(_ x: Double, _ f: Fixed18) -> Double { x < 1 ? 0 : x * x * f.double }
            let d0 = before.imbalance.double
            let d1 = after.imbalance.double
            let same = (before.long <= before.short) == (after.long <= after.short)
            let p = rule.positive.factor
            let n = rule.negative.factor
            let expected =
                same
                ? (d1 < d0 ? curve(d0, p) - curve(d1, p) : curve(d0, n) - curve(d1, n))
                : curve(d0, p) - curve(d1, n)
            let tolerance = 2e-8 + 1e-12 * (curve(d0, n) + curve(d1, n))
            #expect(abs(impact.amount.double - expected) <= tolerance)
        }
    }

    private func whole(_ digits: String) -> Money { Money(whole: Int64(digits) ?? 0) }
}
