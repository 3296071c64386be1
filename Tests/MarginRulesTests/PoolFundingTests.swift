import ExactMath
import MarginRules
import Testing

@Suite struct PoolFundingTests {
    /// The law of the upstream tests: 1e-6 and 2e-8 per second, thresholds 5 % and 3 %.
    static func law(
        minimum: String = "0", maximum: String = "1000000000000000000000000000000"
    ) -> PoolFunding {
        PoolFunding(
            law: .adaptive(
                PoolFunding.Adaptive(
                    increase: annual("1000000000000000000000000"),
                    decrease: annual("20000000000000000000000"),
                    stableThreshold: Ratio(percent: 5), decreaseThreshold: Ratio(percent: 3),
                    minimum: annual(minimum))),
            maximum: annual(maximum))
    }

    struct Row: Sendable {
        let id: String
        let long, short: Int64
        let saved: String
        let seconds: Int64
        let next: String
        var rate: String?
        var payer: PoolSide?
        var minimum = "0"
        var maximum = "1000000000000000000000000000000"
        var tolerance = "0"
    }

    /// gmx-io/gmx-synthetics a5c0c88 test/exchange/FundingFees/AdaptiveFunding.ts "adaptive
    /// funding"; d1 to d3 follow contracts/market/MarketUtils.sol, no upstream test asserts them.
    static let rows = [
        Row(
            id: "funding-adaptive-1", long: 106_000, short: 94_000, saved: "0", seconds: 600,
            next: "36000000000000000000000000", rate: "36000000000000000000000000",
            payer: .long),
        Row(
            id: "funding-adaptive-2", long: 106_000, short: 94_000, saved: "0", seconds: 604,
            next: "36240000000000000000000000"),
        Row(
            id: "funding-adaptive-3", long: 106_000, short: 94_001,
            saved: "36240000000000000000000000", seconds: 600,
            next: "72236820015899920500397200"),
        Row(
            id: "funding-adaptive-5", long: 102_000, short: 98_001,
            saved: "72618803095782552410311774", seconds: 600,
            next: "60618803095782552410311774"),
        Row(
            id: "funding-adaptive-6", long: 94_000, short: 106_001,
            saved: "60475449363249909351161042", seconds: 600,
            next: "24451790944216678086726159", payer: .long,
            tolerance: "100000000000000000000000"),
        Row(
            id: "funding-adaptive-7", long: 94_000, short: 106_001,
            saved: "24451790944216678086726159", seconds: 600,
            next: "-11500529296732609336067894", rate: "11500529296732609336067894",
            payer: .short, tolerance: "100000000000000000000000"),
        Row(
            id: "funding-adaptive-d1", long: 102_000, short: 98_000,
            saved: "1000000000000000000000000", seconds: 600, next: "1"),
        Row(
            id: "funding-adaptive-d2", long: 106_000, short: 94_000,
            saved: "50000000000000000000000000", seconds: 600,
            next: "60000000000000000000000000", rate: "60000000000000000000000000",
            maximum: "60000000000000000000000000"),
        Row(
            id: "funding-adaptive-d3", long: 104_000, short: 96_000,
            saved: "100000000000000000000", seconds: 600, next: "100000000000000000000",
            rate: "300000000000000000000", minimum: "300000000000000000000"),
    ]

    @Test(arguments: rows) func published(_ row: Row) throws {
        let rate = try Self.law(minimum: row.minimum, maximum: row.maximum).rate(
            saved: annual(row.saved),
            balance: PoolOpenInterest(long: Money(whole: row.long), short: Money(whole: row.short)),
            over: TimeSpan(seconds: row.seconds))
        let units = 1 + annual(row.tolerance).raw
        #expect(isNear(rate.saved, annual(row.next), units: units), "\(row.id)")
        if let expected = row.rate {
            #expect(isNear(rate.effective, annual(expected), units: units), "\(row.id)")
        }
        if let payer = row.payer { #expect(rate.payer == payer, "\(row.id)") }
    }

    private func rate(
        saved: Int128, long: Int64, short: Int64, law: PoolFunding = law(), seconds: Int64 = 10
    ) throws -> PoolFundingRate {
        try law.rate(
            saved: Fixed18(raw: saved),
            balance: PoolOpenInterest(long: Money(whole: long), short: Money(whole: short)),
            over: TimeSpan(seconds: seconds))
    }

    @Test func aFallKeepsTheSign() throws {
        #expect(try rate(saved: 5, long: 51, short: 49).saved == Fixed18(raw: 1))
        #expect(try rate(saved: -5, long: 49, short: 51).saved == Fixed18(raw: -1))
        let enough = annual("20000000000000000000000").raw * 10
        #expect(try rate(saved: enough, long: 51, short: 49).saved == Fixed18(raw: 1))
        #expect(try rate(saved: enough + 7, long: 51, short: 49).saved == Fixed18(raw: 7))
        #expect(try rate(saved: -enough - 7, long: 49, short: 51).saved == Fixed18(raw: -7))
    }

    /// Between the thresholds, both included, the rate stays.
    @Test func thresholdsAreExclusive() throws {
        let saved = Fixed18.one.raw
        for (long, short) in [(Int64(525), Int64(475)), (515, 485), (520, 480)] {
            #expect(try rate(saved: saved, long: long, short: short).saved == .one)
            #expect(try rate(saved: -saved, long: short, short: long).saved == -.one)
        }
        #expect(try rate(saved: saved, long: 52_501, short: 47_499).saved > .one)
        #expect(try rate(saved: saved, long: 51_499, short: 48_501).saved < .one)
    }

    /// Against the imbalance, a rate moves toward it however small the imbalance is.
    @Test func opposedRateAlwaysMoves() throws {
        let saved = Fixed18.one.raw
        #expect(try rate(saved: saved, long: 499, short: 501).saved < .one)
        #expect(try rate(saved: -saved, long: 501, short: 499).saved > -.one)
        #expect(try rate(saved: saved, long: 500, short: 500).saved == .one)
    }

    @Test func atZeroLongsPayTheMinimum() throws {
        let law = Self.law(minimum: "300000000000000000000")
        let rate = try rate(saved: 0, long: 500, short: 500, law: law)
        #expect(rate.saved == .zero)
        #expect(rate.effective == annual("300000000000000000000"))
        #expect(rate.payer == .long)
        #expect(try self.rate(saved: 0, long: 500, short: 500).effective == .zero)
    }

    @Test func anEmptySideForgetsTheRate() throws {
        for (long, short) in [(Int64(500), Int64(0)), (0, 500), (0, 0)] {
            #expect(try rate(saved: 7, long: long, short: short) == .none)
        }
    }

    @Test func maximumBoundsBothWays() throws {
        let law = Self.law(maximum: "1000")
        let top = annual("1000")
        #expect(try rate(saved: 0, long: 900, short: 100, law: law).saved == top)
        #expect(try rate(saved: 0, long: 100, short: 900, law: law).saved == -top)
    }

    /// gmx-synthetics a5c0c88 test/exchange/FundingFees/PairMarket.ts "funding fees": 200,000 long
    /// in ether, 100,000 short in dollars, factor 1e-10, 14 days and 3 seconds; and 14 days and 9
    /// seconds of 10,000 long against 20,000 short. The seconds follow from the asserted digits.
    @Test func publishedProportional() throws {
        let law = PoolFunding(
            law: .proportional(factor: annual("100000000000000000000")),
            maximum: annual("1000000000000000000000000000000"))
        let prices = PoolTokenPair(
            longToken: PriceRange(Price(whole: 5_000)), shortToken: PriceRange(Price(whole: 1)))
        func tokens(_ long: Int64, _ short: Int64) -> PoolTokenPair<Money> {
            PoolTokenPair(longToken: Money(whole: long), shortToken: Money(whole: short))
        }
        let span = TimeSpan(seconds: 1_209_603)
        let rate = try law.rate(
            saved: .zero,
            balance: PoolOpenInterest(long: Money(whole: 200_000), short: Money(whole: 100_000)),
            over: span)
        #expect(rate.payer == .long)
        let growth = try rate.growth(
            long: tokens(200_000, 0), short: tokens(0, 100_000), prices: prices, over: span)
        // Per size: 10^45 / price is a wei per dollar of 30 decimals, so 15 + 18 − 18 decimals
        // here.
        #expect(
            isNear(
                growth.fee.longToken,
                Fixed18(raw: rescaled("8064019999999995000000000", from: 33, to: 18)), units: 1))
        #expect(
            isNear(
                growth.claimable.longToken,
                Fixed18(raw: rescaled("16128039999999999999838719", from: 33, to: 18)), units: 1))
        #expect(growth.fee.shortToken == .zero && growth.claimable.shortToken == .zero)
        let fee = try PoolFundingIndex.fee(
            size: Money(whole: 200_000), from: .zero, to: growth.fee.longToken)
        #expect(isNear(fee, amount("1612804000000000")))
        let claim = try PoolFundingIndex.claimable(
            size: Money(whole: 100_000), from: .zero, to: growth.claimable.longToken)
        #expect(isNear(claim, amount("1612803999999999")))
        #expect(claim <= fee)
    }

    @Test func proportionalIsCappedAndNeedsAnImbalance() throws {
        let law = PoolFunding(
            law: .proportional(factor: .one), maximum: Fixed18(raw: Fixed18.one.raw / 10))
        let skewed = try rate(saved: 3, long: 100, short: 300, law: law)
        #expect(
            skewed
                == PoolFundingRate(
                    saved: .zero, effective: Fixed18(raw: Fixed18.one.raw / 10), payer: .short))
        #expect(try rate(saved: 3, long: 100, short: 100, law: law) == .none)
    }

    @Test func anExponentSteepensTheImbalance() throws {
        let law = PoolFunding(
            law: .proportional(factor: .one), exponent: Ratio(whole: 2),
            maximum: Fixed18(whole: 1_000))
        // 200² / 400
        #expect(
            try rate(saved: 0, long: 300, short: 100, law: law).effective == Fixed18(whole: 100))
    }

    /// What all payers pay is at least what all receivers may claim.
    @Test func fuzzThePoolOwesNoMoreThanItCollects() throws {
        var random = TestRandom(seed: 5)
        for _ in 0..<2_000 {
            let long = PoolTokenPair(
                longToken: Money(raw: random.spread(15)), shortToken: Money(raw: random.spread(15)))
            let short = PoolTokenPair(
                longToken: Money(raw: random.spread(15)), shortToken: Money(raw: random.spread(15)))
            let prices = PoolTokenPair(
                longToken: PriceRange(Price(raw: 1_000_000 + random.spread(12))),
                shortToken: PriceRange(Price(raw: 1_000_000 + random.spread(9))))
            let rate = PoolFundingRate(
                saved: .zero, effective: Fixed18(raw: Int128(random.spread(18))),
                payer: random.below(2) == 0 ? .long : .short)
            let growth = try rate.growth(
                long: long, short: short, prices: prices,
                over: TimeSpan(milliseconds: random.spread(10)))
            let paying = rate.payer == .long ? long : short
            let receiving = rate.payer == .long ? short : long
            let size = receiving.longToken + receiving.shortToken
            for (held, fee, claimable) in [
                (paying.longToken, growth.fee.longToken, growth.claimable.longToken),
                (paying.shortToken, growth.fee.shortToken, growth.claimable.shortToken),
            ] {
                let paid = try PoolFundingIndex.fee(size: held, from: .zero, to: fee)
                let owed = try PoolFundingIndex.claimable(size: size, from: .zero, to: claimable)
                #expect(owed <= paid)
            }
        }
    }
}
