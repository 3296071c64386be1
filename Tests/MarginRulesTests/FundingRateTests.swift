import ExactMath
import MarginRules
import Testing

@Suite struct FundingRateTests {
    private func dampened(_ interest: String, interval: Int64 = 8) throws -> FundingRate {
        FundingRate(
            .dampened(
                interest: try Figures.fixed(interest), dampener: try Figures.fixed("0.0005")),
            interval: TimeSpan(seconds: interval * 3600))
    }

    /// F = P + clamp(I − P, ±0.05 %): BitMEX, Binance and Bybit pages; clamp-1 to clamp-8.
    @Test func dampener() throws {
        let rows: [(id: String, premium: String, rate: String)] = [
            ("clamp-1", "0", "0.0001"),
            ("clamp-2", "0.0005", "0.0001"),
            ("clamp-3", "0.001", "0.0005"),
            ("clamp-4", "-0.001", "-0.0005"),
            ("clamp-5", "-0.0004", "0.0001"),
            ("clamp-6", "-0.0005", "0"),
            ("clamp-7", "0.0006", "0.0001"),
            ("clamp-8", "0.00061", "0.00011"),
        ]
        let rule = try dampened("0.0001")
        for row in rows {
            let rate = try rule.rate(averagePremium: try Figures.fixed(row.premium))
            #expect(rate == (try Figures.fixed(row.rate)), "\(row.id)")
        }
    }

    /// Binance notice of 2025-09-16: F = [P + clamp(I − P)]/(8/N); bnc-fund-1 to bnc-fund-4.
    @Test func intervalScaling() throws {
        let rows: [(id: String, premium: String, hours: Int64, rate: String)] = [
            ("bnc-fund-1", "0.0002", 8, "0.0001"),
            ("bnc-fund-2", "0.0002", 4, "0.00005"),
            ("bnc-fund-3", "0.0015", 4, "0.0005"),
            ("bnc-fund-4", "0.0015", 1, "0.000125"),
        ]
        for row in rows {
            let rule = try dampened("0.0001", interval: row.hours)
            let rate = try rule.rate(averagePremium: try Figures.fixed(row.premium))
            #expect(rate == (try Figures.fixed(row.rate)), "\(row.id)")
        }
    }

    /// hyperliquid.gitbook.io/hyperliquid-docs trading/funding; hl-funding-2 to -4, one more above.
    @Test func hyperliquid() throws {
        let rows: [(id: String, bid: Int64, ask: Int64, rate: String)] = [
            ("hl-funding-2", 9990, 10010, "0.0001"),
            ("hl-funding-3", 9995, 10005, "0.0001"),
            ("hl-funding-4", 9890, 9900, "-0.0095"),
            ("above", 10100, 10110, "0.0095"),
        ]
        for row in rows {
            let premium = try PremiumIndex().premium(
                impactBid: ImpactPrice(Price(whole: row.bid)),
                impactAsk: ImpactPrice(Price(whole: row.ask)), index: Price(whole: 10_000))
            #expect(
                try dampened("0.0001").rate(averagePremium: premium) == Figures.fixed(row.rate),
                "\(row.id)")
        }
        // An eighth of it each hour, at most 4 %.
        var hourly = try dampened("0.0001", interval: 1)
        hourly.bounds = FundingBounds(magnitude: try Figures.fixed("0.04"))
        #expect(
            try hourly.rate(averagePremium: try Figures.fixed("0.0001"))
                == Figures.fixed("0.0000125"))
        #expect(try hourly.rate(averagePremium: .one) == Figures.fixed("0.04"))
        #expect(try hourly.rate(averagePremium: -Fixed18.one) == Figures.fixed("-0.04"))
    }

    /// okx.com/help/okx-to-optimize-funding-rate-calculation: no dampener, only limits.
    @Test func limitedAverage() throws {
        let rule = FundingRate(
            .added(interest: .zero),
            bounds: FundingBounds(magnitude: try Figures.fixed("0.00375")))
        for (premium, rate) in [
            ("0.0001", "0.0001"), ("-0.0001", "-0.0001"), ("0.00375", "0.00375"),
            ("0.004", "0.00375"), ("-0.1", "-0.00375"),
        ] {
            #expect(
                try rule.rate(averagePremium: try Figures.fixed(premium)) == Figures.fixed(rate))
        }
        var uneven = rule
        uneven.bounds = FundingBounds(
            lower: try Figures.fixed("-0.001"), upper: try Figures.fixed("0.002"))
        #expect(try uneven.rate(averagePremium: .one) == Figures.fixed("0.002"))
        #expect(try uneven.rate(averagePremium: -Fixed18.one) == Figures.fixed("-0.001"))
    }

    /// blog.bitmex.com/important-changes-to-bitcoin-usd-swap-funding; bmx-fund-2.
    @Test func bitmexCap() throws {
        let bounds = try FundingBounds(
            share: Ratio(percent: 75), initialMargin: Ratio(percent: 1),
            maintenanceMargin: Ratio(basisPoints: 50))
        #expect(bounds.upper == (try Figures.fixed("0.00375")))
        #expect(bounds.lower == (try Figures.fixed("-0.00375")))
        let day = TimeSpan(seconds: 86_400)
        for (hours, daily) in [(Int64(8), "0.01125"), (2, "0.045")] {
            #expect(
                try FundingRate.prorated(
                    bounds.upper, from: TimeSpan(seconds: hours * 3600), to: day, rounding: .down)
                    == Figures.fixed(daily))
        }
    }

    /// dydxprotocol/v4-chain protocol/x/perpetuals/types/liquidity_tier_test.go
    /// TestLiquidityTierGetMaxAbsFundingClampPpm; dydx4-fclamp-1 to -3.
    @Test func dydxClamp() throws {
        let rows: [(initial: Int64, fraction: Int64, clamp: Int64)] = [
            (150_000, 800_000, 180_000), (450_000, 1_000_000, 0), (0, 1_000_000, 0),
        ]
        for row in rows {
            let bounds = try DydxTier(initial: row.initial, fraction: row.fraction).bounds()
            #expect(bounds.upper == Figures.millionths(row.clamp), "\(row)")
        }
        // Floors to a millionth: 6 · (7 − 4) of a millionth, and a share that does not divide.
        let odd = try FundingBounds(
            share: Ratio(raw: 50_000_000), initialMargin: Ratio(raw: 700),
            maintenanceMargin: Ratio(raw: 400), resolution: Figures.millionths(1))
        #expect(odd.upper == Figures.millionths(1))
    }

    @Test func sumsThatDoNotFitAreErrors() throws {
        #expect(throws: ArithmeticOverflow.self) {
            try FundingRate(.added(interest: .one)).rate(averagePremium: Fixed18(raw: .max))
        }
    }
}

/// A dYdX liquidity tier in parts per million.
struct DydxTier {
    var initial: Int64
    var fraction: Int64

    func bounds() throws -> FundingBounds {
        try FundingBounds(
            share: Ratio(whole: 6), initialMargin: Ratio(raw: initial * 100),
            maintenanceMargin: Ratio(raw: initial * fraction / 1_000_000 * 100),
            resolution: Figures.millionths(1))
    }
}

@Suite struct FundingIndexTests {
    /// dydxprotocol/v4-chain protocol/x/perpetuals/keeper/perpetual_test.go
    /// TestMaybeProcessNewFundingTickEpoch_ProcessNewEpoch; dydx4-ftick-08, -09, -11, -13, -14.
    @Test func hourlyTick() throws {
        typealias Row = (
            id: String, samples: [(ppm: Int64, count: Int)], minimum: Int, added: Int64,
            tier: DydxTier, exponent: Int, rate: Int64, delta: Int64
        )
        let wide = DydxTier(initial: 1_000_000, fraction: 750_000)
        let rows: [Row] = [
            (
                "08", [(120_000, 60)], 60, 0, DydxTier(initial: 200_000, fraction: 900_000), 10,
                120_000, 75_000
            ),
            (
                "09", [(120_000, 60)], 60, 0, DydxTier(initial: 1_000_000, fraction: 1_000_000), 8,
                0, 0
            ),
            ("11", [(1000, 60)], 120, 0, wide, 10, 500, 312),
            ("13", [(1000, 60)], 60, 1000, wide, 10, 2000, 1250),
            ("14", [(1000, 75), (5000, 25)], 60, 0, wide, 10, 2000, 1250),
        ]
        for row in rows {
            let samples = row.samples.flatMap { sample in
                Array(repeating: Figures.millionths(sample.ppm), count: sample.count)
            }
            let sampling = PremiumSampling(
                .mean, minimumCount: row.minimum, resolution: Figures.millionths(1))
            let rule = FundingRate(
                .added(interest: Figures.millionths(row.added)), bounds: try row.tier.bounds())
            let rate = try rule.rate(averagePremium: try sampling.combine(samples))
            #expect(rate == Figures.millionths(row.rate), "\(row.id)")
            let unit = dydxIndexUnit(baseExponent: row.exponent)
            let delta = try FundingIndex(resolution: unit).delta(
                rate: rate, elapsed: TimeSpan(seconds: 3600), price: Price(whole: 50_000))
            #expect(delta.raw == Int128(row.delta) * unit.raw, "\(row.id)")
        }
    }

    /// The unit of dYdX's index for base quantums of 10^-n coins: 1e-12 · 10^n USDC per coin.
    private func dydxIndexUnit(baseExponent n: Int) -> Fixed18 {
        var raw: Int128 = 1_000_000
        for _ in 0..<n { raw *= 10 }
        return Fixed18(raw: raw)
    }

    /// dydxprotocol/v4-chain protocol/x/perpetuals/funding/funding_test.go TestGetFundingIndexDelta
    /// negative, rounds to zero; dydx4-findex-2.
    @Test func deltaTruncatesTowardZero() throws {
        let index = FundingIndex(resolution: dydxIndexUnit(baseExponent: 12))
        let delta = try index.delta(
            rate: Figures.millionths(-1_001_999), elapsed: TimeSpan(seconds: 28_800),
            price: Price(whole: 1000))
        #expect(delta == Fixed18(whole: -1001))
        let rise = try index.delta(
            rate: Figures.millionths(1_001_999), elapsed: TimeSpan(seconds: 28_800),
            price: Price(whole: 1000))
        #expect(rise == Fixed18(whole: 1001))
        #expect(
            try FundingIndex().delta(
                rate: Figures.millionths(1), elapsed: .zero, price: Price(whole: 1)) == .zero)
    }

    /// dYdX's own integers against ours.
    @Test func randomDeltasMatchTheIntegersOfTheChain() throws {
        var draws = TestDraws(seed: 11)
        for _ in 0..<2000 {
            let ppm = draws.int(-2_000_000...2_000_000)
            let seconds = draws.int(1...28_800)
            let priceE5 = draws.int(1...9_000_000_000)
            // Base quantums of 1e-10: price · 10^(−5 − 10 + 6) = price / 10^9 quote per base.
            let quote = Int128(seconds) * Int128(ppm) * Int128(priceE5) / 1_000_000_000
            let expected = quote / 28_800
            let unit = dydxIndexUnit(baseExponent: 10)
            let delta = try FundingIndex(resolution: unit).delta(
                rate: Figures.millionths(ppm), elapsed: TimeSpan(seconds: seconds),
                price: Price(raw: priceE5 * 1000))
            #expect(delta.raw == expected * unit.raw, "\(ppm) \(seconds) \(priceE5)")
        }
    }

    /// dydxprotocol/v4-chain protocol/x/perpetuals/lib/lib_test.go
    /// TestGetSettlementPpmWithPerpetual; dydx4-fsettle-04, -05, -10, -11.
    ///
    /// Index units of 1e-4 USDC per coin and quantums of 1e-8 coins: a millionth of a quote quantum
    /// is 1e-12 USDC.
    @Test func settlements() throws {
        let rows: [(id: String, index: Int64, entry: Int64, size: Int64, ppm: Int128)] = [
            ("04", -123_456_789_123, -100_000_000_000, 1_000_000, 23_456_789_123_000_000),
            ("05", -123_456_789_123, -100_000_000_000, -1_000_000, -23_456_789_123_000_000),
            ("10", 0, 100, -5_000_000, -500_000_000),
            ("11", -50, 100, -5_000_000, -750_000_000),
            ("unchanged", 77, 77, 5_000_000, 0),
        ]
        let unit: Int128 = 100_000_000_000_000
        for row in rows {
            let accrued = try FundingIndex.accrued(
                size: Quantity(raw: row.size), entry: Fixed18(raw: Int128(row.entry) * unit),
                index: Fixed18(raw: Int128(row.index) * unit))
            #expect(accrued.raw == row.ppm * 1_000_000, "\(row.id)")
        }
    }

    @Test func oneFloorPerAccount() throws {
        let half = Fixed18(raw: 5_000_000_000)
        #expect(try FundingIndex.settlement(of: [half, half]) == Money(raw: 1))
        #expect(try FundingIndex.settlement(of: [half]) == .zero)
        #expect(try FundingIndex.settlement(of: [-half]) == Money(raw: -1))
        #expect(try FundingIndex.settlement(of: [-half, -half]) == Money(raw: -1))
        #expect(try FundingIndex.settlement(of: [half, -half]) == .zero)
        #expect(try FundingIndex.settlement(of: []) == .zero)
    }
}
