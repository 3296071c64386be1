import ExactMath
import MarginRules
import Testing

/// dydxprotocol/v4-chain protocol/x/perpetuals/types/liquidity_tier_test.go and lib/lib_test.go.
@Suite struct LiquidityTierTests {
    @Test(
        arguments: [
            // (id, initial ppm, maintenance share ppm, expected ppm), TestLiquidityTierGetMaintenanceMarginPpm
            ("dydx4-mmppm-06", 0, 0, 0), ("dydx4-mmppm-07", 1_000_000, 0, 0),
            ("20 % of 50 %", 200_000, 500_000, 100_000), ("floored", 33_333, 333_333, 11_110),
        ] as [(String, Int64, Int64, Int64)])
    func maintenanceFraction(id: String, initial: Int64, share: Int64, expected: Int64) {
        let tier = LiquidityTier.ppm(initial, share)
        #expect(tier.maintenanceMarginFraction == Ratio(raw: expected * 100), "\(id)")
    }

    @Test(
        arguments: [
            // (id, base, lower, upper, open interest, expected) in ppm and quote quantums,
            // TestGetAdjustedInitialMarginPpm
            ("dydx4-oimf-01", 200_000, 1_000_000, 2_000_000, 0, 200_000),
            ("dydx4-oimf-03", 200_000, 1_000_000, 2_000_000, 1_234_567, 387_653),
            ("dydx4-oimf-06", 200_000, 1_000_000, 2_000_000, 2_500_000, 1_000_000),
            ("at the lower cap", 200_000, 1_000_000, 2_000_000, 1_000_000, 200_000),
            ("at the upper cap", 200_000, 1_000_000, 2_000_000, 2_000_000, 1_000_000),
            ("just below a part per million", 0, 0, 1_000_000_000_000, 999_999_999_999, 999_999),
            ("equal caps, at them", 200_000, 5, 5, 5, 200_000),
            ("equal caps, above", 200_000, 5, 5, 6, 1_000_000),
            ("fully collateralised anyway", 1_000_000, 0, 10, 3, 1_000_000),
            ("large", 200_000, 25_000_000_000_000, 60_000_000_000_000, 28_123_456_789_123, 271_393),
        ] as [(String, Int64, Int64, Int64, Int64, Int64)])
    func scaling(
        id: String, base: Int64, lower: Int64, upper: Int64, openInterest: Int64, expected: Int64
    ) throws {
        let scaling = OpenInterestScaling(
            lowerCap: Money(raw: lower), upperCap: Money(raw: upper))
        let fraction = try scaling.initialMarginFraction(
            base: Ratio(raw: base * 100), openInterest: Money(raw: openInterest))
        #expect(fraction == Ratio(raw: expected * 100), "\(id)")
    }

    @Test(
        arguments: [
            // (id, base, lower, upper, open interest, notional, expected), TestGetInitialMarginQuoteQuantums
            ("dydx4-imr-01", 200_000, 0, 0, 0, 500_000, 100_000),
            (
                "dydx4-imr-09", 200_000, 25_000_000_000_000, 60_000_000_000_000, 28_123_456_789_123,
                500_000, 135_697
            ),
            // TestGetAdjustedInitialMarginPpm, without an upper cap
            ("dydx4-oimf-07", 200_000, 0, 0, 1_500_000, 1_000_000, 200_000),
            ("rounded up", 200_000, 0, 0, 0, 1, 1),
        ] as [(String, Int64, Int64, Int64, Int64, Int64, Int64)])
    func initialMargin(
        id: String, base: Int64, lower: Int64, upper: Int64, openInterest: Int64, notional: Int64,
        expected: Int64
    ) throws {
        let tier = LiquidityTier(
            initialMarginFraction: Ratio(raw: base * 100), maintenanceShare: .one,
            openInterestScaling: upper == 0
                ? nil
                : OpenInterestScaling(lowerCap: Money(raw: lower), upperCap: Money(raw: upper)))
        for sign: Int64 in [1, -1] {
            let margin = try tier.initialMargin(
                notional: Money(raw: sign * notional), openInterest: Money(raw: openInterest),
                custom: nil)
            #expect(margin == Money(raw: expected), "\(id)")
        }
    }

    @Test func ownersFractionOnlyRaises() throws {
        let tier = LiquidityTier.percent(10, 50)
        let margins = try [5, 10, 30].map {
            try tier.initialMargin(
                notional: Money(whole: 100), openInterest: .zero, custom: Ratio(percent: $0))
        }
        #expect(margins == [Money(whole: 10), Money(whole: 10), Money(whole: 30)])
        #expect(try tier.maintenanceMargin(notional: Money(whole: 100)) == Money(whole: 5))
    }

    @Test(
        arguments: [
            // (id, quantums, raw price, scale of the product, notional), TestGetNetNotionalInQuoteQuantums:
            // 10^12 quantums at 123456789123 · 10^-15 are 10^5 at the same digits · 10^-8
            ("dydx4-notional-02", 100_000, 123_456_789_123, 123_456_789),
            ("dydx4-notional-03", -100_000, 123_456_789_123, -123_456_789),
        ] as [(String, Int64, Int64, Int64)])
    func notionalIsTruncated(id: String, size: Int64, price: Int64, expected: Int64) throws {
        let value = try Quantity(raw: size).value(at: Price(raw: price), rounding: .towardZero)
        #expect(value == Money(raw: expected), "\(id)")
    }

    @Test(
        arguments: [
            // (id, quantums, quote per base quantum · 10^8, initial, share, open interest in quote quantums,
            // lower, upper, IMR, MMR), TestGetMarginRequirementsInQuoteQuantums_2
            (
                "dydx4-marginreq-b01", 7_000, 55_550_000_000_000, 10_000, 500_000, 0, 0, 0,
                38_885_000, 19_442_500
            ),
            ("dydx4-marginreq-b05", 7_000, 555_500_000_000, 0, 1_000_000, 0, 0, 0, 0, 0),
            (
                "dydx4-marginreq-b08", 7_000, 555_500_000_000, 10_000, 500_000, 0, 0, 0, 388_850,
                194_425
            ),
            (
                "dydx4-marginreq-b09", 12_000, 3_675_000_000_000, 200_000, 500_000, 0, 0, 0,
                88_200_000, 44_100_000
            ),
            (
                "dydx4-marginreq-b11", 74_523, 12_345_600_000_000, 250_000, 600_000, 0, 0, 0,
                2_300_077_872, 1_380_046_724
            ),
            (
                "dydx4-marginreq-b13", 12_000, 3_675_000_000_000, 200_000, 500_000,
                36_750_000_000_000, 10_000_000_000_000, 20_000_000_000_000, 441_000_000, 44_100_000
            ),
        ] as [(String, Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64)])
    func requirements(
        id: String, size: Int64, price: Int64, initial: Int64, share: Int64, openInterest: Int64,
        lower: Int64, upper: Int64, imr: Int64, mmr: Int64
    ) throws {
        let tier = LiquidityTier(
            initialMarginFraction: Ratio(raw: initial * 100),
            maintenanceShare: Ratio(raw: share * 100),
            openInterestScaling: upper == 0
                ? nil
                : OpenInterestScaling(lowerCap: Money(raw: lower), upperCap: Money(raw: upper)))
        let market = DydxMarket(price: Price(raw: price), tier: tier)
        let risk = try market.risk(-size, openInterest: openInterest)
        #expect(risk.initialMargin == Money(raw: imr), "\(id)")
        #expect(risk.maintenanceMargin == Money(raw: mmr), "\(id)")
    }

    /// The ceiling of a ceiling is not the ceiling of the product: 1.01 → 2, · 0.6 = 1.2 → 2, where
    /// 1.01 · 0.6 → 1.
    @Test func ceilingOfCeiling() throws {
        let tier = LiquidityTier.percent(1, 60)
        #expect(try tier.maintenanceMargin(notional: Money(raw: 101)) == Money(raw: 2))
        #expect(try Money(raw: 101).scaled(by: Ratio(raw: 600_000), rounding: .up).raw == 1)
    }

    @Test func ceilingsAgainstAnIndependentReference() throws {
        var state: UInt64 = 0x5EED_0001
        for _ in 0..<20_000 {
            let initial = Int64(next(&state) % 1_000_001)
            let share = Int64(next(&state) % 1_000_001)
            let notional = Int64(next(&state) % 1_000_000_000_000)
            let margin = try LiquidityTier.ppm(initial, share)
                .maintenanceMargin(notional: Money(raw: -notional))
            let first = (Int128(notional) * Int128(initial) + 999_999) / 1_000_000
            let second = (first * Int128(share) + 999_999) / 1_000_000
            #expect(Int128(margin.raw) == second)
        }
    }
}

/// SplitMix64, so that every run draws the same numbers.
func next(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
