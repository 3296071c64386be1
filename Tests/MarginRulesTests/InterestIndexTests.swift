import ExactMath
import Testing

@testable import MarginRules

struct InterestIndexTests {
    struct Row: Sendable {
        /// Per year. [1e-27]
        var rate: Int128
        var seconds: Int64
        /// [1e-27]
        var binomial, series: Int128
    }

    /// Both formulas of aave-dao/aave-v3-origin `MathUtils.calculateCompoundedInterest` (tags v3.3.0 and
    /// v3.7.0), evaluated with unbounded integers of 27 decimals.
    static let rows: [Row] = [
        Row(
            rate: 50_000_000_000_000_000_000_000_000, seconds: 31_536_000,
            binomial: 1_051_265_681_539_063_650_421_944_000,
            series: 1_051_270_833_333_333_333_333_333_333),
        Row(
            rate: 50_000_000_000_000_000_000_000_000, seconds: 86_400,
            binomial: 1_000_136_995_684_207_123_907_444_230,
            series: 1_000_136_995_684_421_674_802_557_900),
        Row(
            rate: 3_000_000_000_000_000_000_000_000_000, seconds: 31_536_000,
            binomial: 12_999_996_154_827_375_138_660_208_000,
            series: 13_000_000_000_000_000_000_000_000_000),
        Row(
            rate: 80_000_000_000_000_000_000_000_000, seconds: 220_752_000,
            binomial: 1_745_486_836_363_624_056_433_536_000,
            series: 1_746_069_333_333_333_333_333_333_333),
        Row(
            rate: 28_000_000_000_000_000_000_000_000, seconds: 1,
            binomial: 1_000_000_000_887_874_175_545_408_422,
            series: 1_000_000_000_887_874_175_939_568_698),
        Row(
            rate: 28_000_000_000_000_000_000_000_000, seconds: 2,
            binomial: 1_000_000_001_775_748_351_879_137_395,
            series: 1_000_000_001_775_748_352_667_457_948),
        Row(
            rate: 28_000_000_000_000_000_000_000_000, seconds: 12,
            binomial: 1_000_000_010_654_490_158_574_057_431,
            series: 1_000_000_010_654_490_163_303_980_982),
        Row(
            rate: 10_000_000_000_000_000_000_000_000_000, seconds: 2_592_000,
            binomial: 2_252_232_953_385_020_455_998_052_821,
            series: 2_252_233_192_893_883_814_846_137_826),
    ]

    @Test(arguments: rows)
    func aaveCompounds(row: Row) throws {
        let rate = ray(row.rate)
        let elapsed = TimeSpan(seconds: row.seconds)
        #expect(
            near(
                try InterestCompounding.binomial.growth(at: rate, per: .year, over: elapsed),
                ray(row.binomial), units: 4))
        #expect(
            near(
                try InterestCompounding.exponentialSeries.growth(
                    at: rate, per: .year, over: elapsed),
                ray(row.series), units: 12))
    }

    @Test func seriesIsCloseToTheExponential() throws {
        // MathUtils.t.sol test_calculateCompoundInterest_1: within 0.3 % of e^0.56.
        let growth = try InterestCompounding.exponentialSeries.growth(
            at: Fixed18(Ratio(percent: 8)), per: .year, over: TimeSpan(seconds: 220_752_000))
        let ideal = ray(1_750_672_500_296_101_082_549_976_435)
        #expect(abs(growth.raw - ideal.raw) * 1000 < ideal.raw * 3)
        // test_calculateCompoundInterest_shouldNotOverflow: 100,000 % for 10,000 years; 18 decimals
        // instead of 27 move it by 1e-4.
        let huge = try InterestCompounding.exponentialSeries.growth(
            at: Fixed18(whole: 1000), per: .year,
            over: TimeSpan(seconds: 31_536_000 * 10_000))
        #expect(
            near(
                huge, Fixed18(raw: 166_666_716_666_676_666_667_666_666_666_666_600_000),
                units: 100_000_000_000_000))
        // test_calculateCompoundInterest_edge: no time, no growth.
        for compounding in InterestCompounding.allCases {
            #expect(
                try compounding.growth(at: .one, per: .year, over: .zero) == .one,
                "\(compounding)")
        }
    }

    @Test func eulerCompoundsEverySecond() throws {
        // `RPow.rpow` of euler-xyz/euler-vault-kit with 27 decimals, evaluated with unbounded integers.
        let rows: [(Int128, Int64, Int128)] = [
            (3_020_259_364_856_432_640, 31_556_952, 1_099_999_999_841_676_274_444_361_515),
            (43_929_000_000_000_000_000, 31_556_952, 3_999_883_813_045_399_191_823_551_686),
            (3_020_259_364_856_432_640, 86_400, 1_000_260_984_459_249_202_809_540_467),
            (43_929_000_000_000_000_000, 1, 1_000_000_043_929_000_000_000_000_000),
        ]
        for (rate, seconds, expected) in rows {
            let growth = try InterestCompounding.everyPeriod.growth(
                at: ray(rate), per: TimeSpan(seconds: 1), over: TimeSpan(seconds: seconds))
            // Eighteen decimals of the rate are worth 5e-19 a second.
            let units = Int128(seconds) * 5 + 1
            #expect(near(growth, ray(expected), units: units), "\(rate) \(seconds)")
        }
        // A rest of the period grows linearly: 10 % per second for one and a half.
        let part = try InterestCompounding.everyPeriod.growth(
            at: Fixed18(Ratio(percent: 10)), per: TimeSpan(seconds: 1),
            over: TimeSpan(milliseconds: 1500))
        #expect(part == Fixed18(raw: 1_155_000_000_000_000_000))
    }

    @Test func compoundingOrder() throws {
        // Linear is least; compounding every second exceeds the head of the series.
        let rate = Fixed18(Ratio(percent: 20))
        let year = TimeSpan.year
        let linear = try InterestCompounding.linear.growth(at: rate, per: year, over: year)
        let series = try InterestCompounding.exponentialSeries.growth(
            at: rate, per: year, over: year)
        let perSecond = try InterestCompounding.everyPeriod.growth(
            at: rate.scaled(by: 1, over: 31_536_000, rounding: .nearest),
            per: TimeSpan(seconds: 1), over: year)
        #expect(linear == Fixed18(raw: 1_200_000_000_000_000_000))
        #expect(linear < series)
        #expect(series < perSecond)
    }

    @Test func binomialBelowOneSecond() throws {
        let rate = Fixed18(Ratio(percent: 50))
        let half = TimeSpan(milliseconds: 500)
        #expect(
            try InterestCompounding.binomial.growth(at: rate, per: .year, over: half)
                == InterestCompounding.linear.growth(at: rate, per: .year, over: half))
    }

    @Test func compoundV2Accrues() throws {
        // CToken.accrueInterest: simpleInterestFactor = rate · blocks; the index grows by it, cut off.
        let index = try InterestIndex(value: Fixed18(raw: 1_123_456_789_123_456_789)).accrued(
            .linear, at: Fixed18(raw: 19_025_875_189), per: TimeSpan(seconds: 15),
            over: TimeSpan(seconds: 1500), rounding: .down)
        // ⌊1123456789123456789 · 1902587518900 / 1e18⌋ = 2137474865009
        #expect(index.value == Fixed18(raw: 1_123_456_789_123_456_789 + 2_137_474_865_009))
    }

    @Test func balancesRound() throws {
        let index = InterestIndex(value: Fixed18(raw: 1_100_000_000_000_000_000))
        #expect(try index.balance(ofScaled: Quantity(raw: 9), rounding: .down).raw == 9)
        #expect(try index.balance(ofScaled: Quantity(raw: 9), rounding: .up).raw == 10)
        #expect(try index.scaled(balance: Quantity(raw: 10), rounding: .down).raw == 9)
        #expect(try index.scaled(balance: Quantity(raw: 10), rounding: .up).raw == 10)
        #expect(throws: ArithmeticOverflow()) {
            try InterestIndex(value: Fixed18(whole: 2))
                .balance(ofScaled: everything, rounding: .down)
        }
        // Storing a claim and reading it back never gives more; a debt never less.
        var draws = SeededDraws(state: 7)
        for _ in 0..<2000 {
            let index = InterestIndex(
                value: Fixed18(
                    raw: Int128(
                        draws.next(in: 1_000_000_000_000_000_000...9_000_000_000_000_000_000))
                ))
            let amount = Quantity(raw: draws.next(in: 1...1_000_000_000_000))
            let claim = try index.balance(
                ofScaled: index.scaled(balance: amount, rounding: .down), rounding: .down)
            let debt = try index.balance(
                ofScaled: index.scaled(balance: amount, rounding: .up), rounding: .up)
            #expect(claim <= amount)
            #expect(debt >= amount)
        }
    }
}
