import ExactMath
import MarginRules
import Testing

/// dYdX's book in its own units: subticks of 1e-4 USD, quantums of 1e-10 BTC, quote of 1e-6 USDC.
///
/// Sizes and notionals are all scaled up by 100, so that a base quantum is one unit of our scale.
private struct DydxBook {
    var bids: [(subticks: Int64, quantums: Int64)] = []
    var asks: [(subticks: Int64, quantums: Int64)] = []

    static func levels(_ side: [(subticks: Int64, quantums: Int64)]) -> [QuotedDepth] {
        side.map { level in
            QuotedDepth(
                price: Price(raw: level.subticks * 10_000), quantity: Quantity(raw: level.quantums))
        }
    }

    func premium(indexE5: Int64, impact: Int64, bound: Int64) throws -> Fixed18 {
        let notional = Money(raw: impact * 10_000)
        return try PremiumIndex(
            resolution: Figures.millionths(1), bound: Figures.millionths(bound)
        ).premium(
            impactBid: try ImpactPrice.average(of: notional, in: DydxBook.levels(bids)),
            impactAsk: try ImpactPrice.average(of: notional, in: DydxBook.levels(asks)),
            index: Price(raw: indexE5 * 1000))
    }
}

@Suite struct PremiumIndexTests {
    /// dydxprotocol/v4-chain protocol/x/clob/memclob/memclob_get_premium_price_test.go
    /// TestGetPremiumPrice
    @Test func dydxBooks() throws {
        let full: Int64 = 10_000_000_000
        let tenth: Int64 = 1_000_000_000
        typealias Row = (
            id: String, book: DydxBook, index: Int64, impact: Int64, bound: Int64, ppm: Int64
        )
        let rows: [Row] = [
            // Best bid < index < best ask.
            (
                "between", DydxBook(bids: [(99_990_000, full)], asks: [(100_010_000, full)]),
                1_000_000_000, 5_000_000_000, 1_000_000, 0
            ),
            // dydx4-premium-02: index < impact bid.
            (
                "02",
                DydxBook(
                    bids: [(99_990_000, tenth), (99_980_000, full)], asks: [(100_010_000, full)]),
                900_000_000, 5_000_000_000, 1_000_000, 110_911
            ),
            // dydx4-premium-04: best ask = impact ask < index.
            (
                "04", DydxBook(bids: [(99_990_000, full)], asks: [(100_010_000, full)]),
                1_000_190_000, 5_000_000_000, 1_000_000, -89
            ),
            // dydx4-premium-06: impact bid < index < best bid.
            (
                "06",
                DydxBook(
                    bids: [(99_999_000, tenth), (99_995_000, full), (99_990_000, full)],
                    asks: [(100_010_000, full)]), 999_982_000, 5_000_000_000, 1_000_000, 0
            ),
            // dydx4-premium-07: low ask liquidity.
            (
                "07", DydxBook(bids: [(99_998_000, full)], asks: [(100_001_000, tenth)]),
                1_000_100_000, 2_000_000_000, 100_000, 0
            ),
            // Index < impact bid = best bid.
            (
                "best bid", DydxBook(bids: [(99_999_000, full)], asks: [(100_010_000, full)]),
                999_750_000, 5_000_000_000, 1_000_000, 240
            ),
            // A book without the notional on either side, and an empty one.
            (
                "thin", DydxBook(bids: [(99_999_000, tenth)], asks: [(100_010_000, tenth)]),
                999_750_000, 5_000_000_000, 1_000_000, 0
            ),
            ("empty", DydxBook(), 999_750_000, 5_000_000_000, 1_000_000, 0),
            // Index far below the impact bid, and far above the impact ask: clamped.
            (
                "clamped above", DydxBook(bids: [(99_999_000, full)], asks: [(100_010_000, full)]),
                10_000_000, 5_000_000_000, 100_000, 100_000
            ),
            (
                "clamped below", DydxBook(bids: [(99_999_000, full)], asks: [(100_010_000, full)]),
                100_000_000_000, 5_000_000_000, 100_000, -100_000
            ),
            // Only the side that does not matter is thin.
            (
                "thin ask", DydxBook(bids: [(99_999_000, full)], asks: [(100_010_000, tenth)]),
                999_750_000, 5_000_000_000, 1_000_000, 240
            ),
            // No impact notional: the best bid counts.
            (
                "zero notional", DydxBook(bids: [(99_999_000, tenth)], asks: [(100_010_000, full)]),
                999_750_000, 0, 1_000_000, 240
            ),
        ]
        for row in rows {
            let premium = try row.book.premium(
                indexE5: row.index, impact: row.impact, bound: row.bound)
            #expect(premium == Figures.millionths(row.ppm), "\(row.id)")
        }
    }

    @Test func averageOverLevelsRoundsTheQuantityUp() throws {
        let levels = [
            QuotedDepth(price: Price(whole: 3), quantity: Quantity(whole: 1)),
            QuotedDepth(price: Price(whole: 2), quantity: Quantity(whole: 10)),
        ]
        let four = try #require(try ImpactPrice.average(of: Money(whole: 4), in: levels))
        #expect(four.quantity == Quantity(raw: 150_000_000))
        let one = try #require(try ImpactPrice.average(of: Money(whole: 1), in: levels))
        #expect(one.quantity == Quantity(raw: 33_333_334))
        // Exactly a level, and exactly the side.
        #expect(
            try ImpactPrice.average(of: Money(whole: 3), in: levels)?.quantity
                == Quantity(whole: 1))
        #expect(
            try ImpactPrice.average(of: Money(whole: 23), in: levels)?.quantity
                == Quantity(whole: 11))
        #expect(try ImpactPrice.average(of: Money(raw: 2_300_000_001), in: levels) == nil)
        #expect(try four.price(rounding: .up) == Price(raw: 266_666_667))
    }

    /// blockworks-foundation/mango-v4 state/orderbook/bookside.rs impact_price
    @Test func marginalPriceIsThatOfTheLevelReached() throws {
        let levels = [
            QuotedDepth(price: Price(whole: 3), quantity: Quantity(whole: 1)),
            QuotedDepth(price: Price(whole: 2), quantity: Quantity(whole: 2)),
        ]
        #expect(try ImpactPrice.marginal(of: Quantity(whole: 1), in: levels) == Price(whole: 3))
        #expect(
            try ImpactPrice.marginal(of: Quantity(raw: 100_000_001), in: levels) == Price(whole: 2))
        #expect(try ImpactPrice.marginal(of: Quantity(whole: 3), in: levels) == Price(whole: 2))
        #expect(try ImpactPrice.marginal(of: Quantity(raw: 300_000_001), in: levels) == nil)
    }

    /// BitMEX "Perpetual Contracts Guide": premium against the mark price, plus the fair basis.
    @Test func referenceAndBasis() throws {
        let basis = try Figures.fixed("0.0001")
        let premium = try PremiumIndex().premium(
            impactBid: ImpactPrice(Price(whole: 1012)), impactAsk: ImpactPrice(Price(whole: 1013)),
            reference: Price(whole: 1010), index: Price(whole: 1000), basis: basis)
        #expect(premium == (try Figures.fixed("0.0021")))
    }

    /// okx.com/help/okx-to-optimize-funding-rate-calculation
    @Test func premiumOfTheMiddle() throws {
        let index = PremiumIndex()
        #expect(
            try index.premium(
                bestBid: Price(whole: 999), bestAsk: Price(whole: 1003), index: Price(whole: 1000))
                == Figures.fixed("0.001"))
        #expect(
            try index.premium(
                bestBid: Price(whole: 990), bestAsk: Price(raw: 99_000_000_001),
                index: Price(whole: 1000)) == Figures.fixed("-0.009999999995"))
    }

    @Test func tooLargeAPremiumIsAnError() {
        #expect(throws: ArithmeticOverflow.self) {
            try PremiumIndex().premium(
                impactBid: ImpactPrice(notional: Money(raw: .max), quantity: Quantity(raw: 1)),
                impactAsk: nil, index: Price(raw: 1))
        }
    }

    /// Against the same walk in floating point.
    @Test func randomBooksMatchAReference() throws {
        var draws = TestDraws(seed: 7)
        for _ in 0..<500 {
            var price = draws.int(90_000...110_000)
            var levels: [QuotedDepth] = []
            for _ in 0..<draws.int(1...6) {
                price -= draws.int(1...900)
                levels.append(
                    QuotedDepth(
                        price: Price(raw: price * 1_000_000),
                        quantity: Quantity(raw: draws.int(1_000_000...500_000_000))))
            }
            let notional = Money(raw: draws.int(1...400_000_000_000))
            var left = Double(notional.raw) / 1e8
            var size = 0.0
            for level in levels where left > 0 {
                let value = Double(level.price.raw) / 1e8 * Double(level.quantity.raw) / 1e8
                size += min(left, value) / (Double(level.price.raw) / 1e8)
                left -= value
            }
            let impact = try ImpactPrice.average(of: notional, in: levels)
            guard abs(left) > 1e-6 else { continue }
            #expect((impact == nil) == (left > 0))
            guard let impact else { continue }
            #expect(abs(Double(impact.quantity.raw) / 1e8 - size) < 1e-6)
        }
    }
}

@Suite struct PremiumSamplingTests {
    private func ppm(_ values: [Int64]) -> [Fixed18] { values.map(Figures.millionths) }

    /// dydxprotocol/v4-chain protocol/x/perpetuals/keeper/perpetual_test.go
    /// TestGetRemoveSampleTailsFunc (the fourth row is dydx4-ftails-1)
    @Test func tails() throws {
        let rows: [(share: Int64, input: [Int64], output: [Int64])] = [
            (25, [], []),
            (25, [0], [0]),
            (25, [0, -1, -3], [-3, -1]),
            (25, [0, -1, -3, 5], [-1, 0]),
            (25, [0, -1, -3, 5, 7], [-1, 0, 5]),
            (25, [0, -1, -3, -5, 5, 7], [-3, -1, 0]),
            (10, [0, -1, -3, -5, 5], [-5, -3, -1, 0]),
            (80, [0, -1, -3, -5, 5], [0, -1, -3, -5, 5]),
        ]
        for row in rows {
            let output = try PremiumSampling.withoutTails(
                ppm(row.input), share: Ratio(percent: row.share))
            #expect(output == ppm(row.output), "\(row.share) \(row.input)")
        }
        let trimmed = PremiumSampling(.trimmedMean(share: Ratio(percent: 25)))
        #expect(try trimmed.combine(ppm([0, -1, -3, 5, 7])).raw == Int128(4_000_000_000_000) / 3)
    }

    @Test func meansTruncateTowardZeroAndPadWithZeros() throws {
        let step = Figures.millionths(1)
        let mean = PremiumSampling(.mean, minimumCount: 4, resolution: step)
        #expect(try mean.combine(ppm([7])) == Figures.millionths(1))
        #expect(try mean.combine(ppm([-7])) == Figures.millionths(-1))
        #expect(try mean.combine(ppm([3, 3, 3, 3, 8])) == Figures.millionths(4))
        #expect(try mean.combine([]) == .zero)
        #expect(try PremiumSampling(.mean).combine([]) == .zero)
    }

    /// dydxprotocol/v4-chain protocol/lib/math.go Median: a half is rounded away from zero.
    @Test func medians() throws {
        let step = Figures.millionths(1)
        let rows: [(input: [Int64], minimum: Int, output: Int64)] = [
            ([5, 1, 9], 0, 5),
            ([4, 1], 0, 3),
            ([-4, -1], 0, -3),
            ([-4, 1], 0, -2),
            ([4, -1], 0, 2),
            ([-1, 1], 0, 0),
            ([0, 1], 0, 1),
            ([2, 4], 0, 3),
            // Five votes of fifteen: most blocks voted nothing.
            ([900, 900, 900, 900, 900], 15, 0),
            ([900, 900, 900, 900, 900, 900, 900, 800], 15, 800),
        ]
        for row in rows {
            let median = PremiumSampling(.median, minimumCount: row.minimum, resolution: step)
            #expect(try median.combine(ppm(row.input)) == Figures.millionths(row.output), "\(row)")
        }
        // Without a resolution a half exists.
        let exact = try PremiumSampling(.median).combine([Fixed18(raw: 10), Fixed18(raw: 20)])
        #expect(exact == Fixed18(raw: 15))
    }

    /// Bybit announcement "fund-rate": P = Σ i·Pᵢ / Σ i.
    @Test func laterSamplesWeighMore() throws {
        let weighted = PremiumSampling(.linearlyWeighted)
        #expect(try weighted.combine(ppm([6, 0, 0])) == Figures.millionths(1))
        #expect(try weighted.combine(ppm([0, 0, 6])) == Figures.millionths(3))
        #expect(try weighted.combine(ppm([0, -3, 0])) == Figures.millionths(-1))
        #expect(try weighted.combine(ppm([10, 20, 40, 80])) == Figures.millionths(49))
        // 480 minutes of one premium are that premium.
        let minutes = Array(repeating: Figures.millionths(123), count: 480)
        #expect(try weighted.combine(minutes) == Figures.millionths(123))
    }

    @Test func sumsThatDoNotFitAreErrors() {
        let huge = [Fixed18(raw: .max), Fixed18(raw: .max)]
        for average in [PremiumSampling.Average.mean, .linearlyWeighted, .median] {
            #expect(throws: ArithmeticOverflow.self) {
                try PremiumSampling(average).combine(huge)
            }
        }
    }
}
