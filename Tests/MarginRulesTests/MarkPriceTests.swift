import ExactMath
import MarginRules
import Testing

@Suite struct MarkPriceTests {
    /// nautechsystems/nautilus_trader @a95c8042 crates/adapters/bitmex/test_data/
    /// http_get_instrument_xbtusd.json with testnet.bitmex.com/app/fairPriceMarking; bmx-mark-1.
    @Test func bitmexFairPrice() throws {
        let now = try Figures.date(2024, 11, 24, 23, 33, 19, milliseconds: 34)
        let next = try Figures.date(2024, 11, 25, 4)
        let rate = try Figures.fixed("0.00011")
        let interval = TimeSpan(seconds: 28_800)
        let index = try Figures.price("97843.77")
        let mark = try #require(
            try MarkPriceRule.fairBasis.markPrice(
                MarkPriceInputs(
                    index: index, fundingRate: rate, timeUntilFunding: next - now,
                    fundingInterval: interval)))
        // The published mark is refreshed on its own cadence: a cent or two of lag.
        let tolerance = try Figures.price("0.02")
        #expect((mark - (try Figures.price("97849.76"))).magnitude <= tolerance)
        #expect((mark - index - (try Figures.price("5.99"))).magnitude <= tolerance)
        #expect(
            try FundingRate.prorated(rate, from: interval, to: .year, rounding: .nearest)
                == Figures.fixed("0.12045"))
        // Nothing is left of the basis at the funding time.
        #expect(
            try MarkPriceRule.fairBasis.markPrice(MarkPriceInputs(index: index, fundingRate: rate))
                == index)
    }

    /// binance.com/ko/support/faq/fff6ec1b3f5845d19f1fb924644a0877; bnc-mark-1 to -3.
    @Test func binanceMedian() throws {
        typealias Row = (
            id: String, rate: String, hours: Int64, basis: Int64, last: Int64, mark: String
        )
        let rows: [Row] = [
            ("bnc-mark-1", "0.0001", 4, 5, 10_020, "10005"),
            ("bnc-mark-2", "0.0001", 4, -30, 9990, "9990"),
            ("bnc-mark-3", "0.001", 8, 2, 10_100, "10010"),
        ]
        for row in rows {
            let inputs = MarkPriceInputs(
                index: Price(whole: 10_000), lastTrade: Price(whole: row.last),
                fundingRate: try Figures.fixed(row.rate),
                timeUntilFunding: TimeSpan(seconds: row.hours * 3600),
                averageBasis: Fixed18(whole: row.basis))
            #expect(
                try MarkPriceRule.medianOfThree.markPrice(inputs) == Figures.price(row.mark),
                "\(row.id)")
        }
        // Before a first trade, and before a first average: the middle of what there is.
        var inputs = MarkPriceInputs(
            index: Price(whole: 100), averageBasis: Fixed18(whole: 4))
        #expect(try MarkPriceRule.medianOfThree.markPrice(inputs) == Price(whole: 102))
        inputs.averageBasis = nil
        #expect(try MarkPriceRule.medianOfThree.markPrice(inputs) == Price(whole: 100))
    }

    @Test func otherRules() throws {
        var inputs = MarkPriceInputs(
            index: Price(whole: 100), bestBid: Price(whole: 101),
            bestAsk: Price(raw: 10_100_000_001),
            averageBasis: try Figures.fixed("-0.000000015"))
        #expect(try MarkPriceRule.index.markPrice(inputs) == Price(whole: 100))
        #expect(try MarkPriceRule.mid.markPrice(inputs) == Price(raw: 10_100_000_001))
        // To the nearest: 99.999999985, a tie upwards.
        #expect(try MarkPriceRule.averageBasis.markPrice(inputs) == Figures.price("99.99999999"))
        inputs.bestAsk = nil
        inputs.averageBasis = nil
        #expect(try MarkPriceRule.mid.markPrice(inputs) == nil)
        #expect(try MarkPriceRule.averageBasis.markPrice(inputs) == Price(whole: 100))
    }

    /// hyperliquid.gitbook.io/hyperliquid-docs trading/robust-price-indices, and the worked example
    /// of hyperliquid-co.gitbook.io (oracle 10,000, average basis 20).
    @Test func hyperliquidMedian() throws {
        var inputs = MarkPriceInputs(
            index: Price(whole: 10_000), bestBid: Price(whole: 10_005),
            bestAsk: Price(whole: 10_015), lastTrade: Price(whole: 10_010),
            averageBasis: Fixed18(whole: 20), averageBookPrice: Price(whole: 10_011),
            externalPrices: [
                WeightedPrice(price: Price(whole: 10_008), weight: 3),
                WeightedPrice(price: Price(whole: 10_030), weight: 2),
                WeightedPrice(price: Price(whole: 10_012), weight: 2),
            ])
        // 10,020, 10,010 and 10,012: the average of the book is not used.
        #expect(try MarkPriceRule.robustMedian.markPrice(inputs) == Price(whole: 10_012))
        // Two exist: the average joins. 10,020, 10,010, 10,011.
        inputs.externalPrices = []
        #expect(try MarkPriceRule.robustMedian.markPrice(inputs) == Price(whole: 10_011))
        inputs.averageBookPrice = nil
        #expect(try MarkPriceRule.robustMedian.markPrice(inputs) == Price(whole: 10_015))
        // One exists: the average does not join.
        inputs.averageBasis = nil
        inputs.averageBookPrice = Price(whole: 1)
        #expect(try MarkPriceRule.robustMedian.markPrice(inputs) == Price(whole: 10_010))
        inputs.bestBid = nil
        inputs.bestAsk = nil
        inputs.lastTrade = nil
        #expect(try MarkPriceRule.robustMedian.markPrice(inputs) == nil)
    }

    @Test func tooLargeAPriceIsAnError() {
        #expect(throws: ArithmeticOverflow.self) {
            try MarkPriceRule.averageBasis.markPrice(
                MarkPriceInputs(index: Price(raw: .max), averageBasis: .one))
        }
    }
}

@Suite struct PriceMedianTests {
    @Test func medians() {
        func median(_ prices: Int64...) -> Int64? {
            PriceMedian.median(prices.map { Price(raw: $0) })?.raw
        }
        #expect(median() == nil)
        #expect(median(7) == 7)
        #expect(median(9, 1) == 5)
        #expect(median(1, 2) == 2)
        #expect(median(3, 1, 2) == 2)
        #expect(median(4, 1, 3, 2) == 3)
        #expect(median(.max, .max) == .max)
    }

    /// Hyperliquid docs "Oracle": weights 3, 2, 2, 1, 1, 1, 1.
    @Test func weightedMedians() throws {
        func weighted(_ prices: (Int64, Int64)...) throws -> Int64? {
            try PriceMedian.weighted(
                prices.map { WeightedPrice(price: Price(raw: $0.0), weight: $0.1) })?.raw
        }
        #expect(try weighted() == nil)
        #expect(try weighted((5, 0)) == nil)
        #expect(try weighted((5, 1)) == 5)
        #expect(try weighted((10, 3), (20, 2), (30, 2), (40, 1), (50, 1), (60, 1), (70, 1)) == 30)
        // Exactly half below: the middle.
        #expect(try weighted((10, 3), (20, 2), (30, 1)) == 15)
        #expect(try weighted((30, 1), (20, 3), (10, 3)) == 20)
        #expect(try weighted((1, 100), (1000, 1), (2000, 1)) == 1)
        #expect(throws: ArithmeticOverflow.self) { try weighted((1, .max), (2, .max)) }
    }
}

@Suite struct ExponentialAverageTests {
    @Test func constantStaysAndFirstSampleCounts() throws {
        var average = ExponentialAverage(timeConstant: TimeSpan(seconds: 150))
        #expect(try average.value() == nil)
        average = try average.adding(Fixed18(whole: 9), elapsed: .zero)
        #expect(try average.value() == nil)
        average = try average.adding(Fixed18(whole: 20), elapsed: TimeSpan(seconds: 3))
        #expect(try average.value() == Fixed18(whole: 20))
        for _ in 0..<100 {
            average = try average.adding(Fixed18(whole: 20), elapsed: TimeSpan(seconds: 3))
        }
        let value = try #require(try average.value())
        #expect(try Figures.near(value, Fixed18(whole: 20), within: "0.000000000000001"))
    }

    /// One time constant later a sample weighs 1/e: (10·e⁻¹·t + 0·t)/(t·e⁻¹ + t) for t = τ.
    @Test func fading() throws {
        let span = TimeSpan(seconds: 150)
        var average = ExponentialAverage(timeConstant: span)
        average = try average.adding(Fixed18(whole: 10), elapsed: span)
        average = try average.adding(.zero, elapsed: span)
        let value = try #require(try average.value())
        // 10 / (1 + e)
        #expect(
            try Figures.near(
                value, try Figures.fixed("2.689414213699951"), within: "0.000000000001"))
        // After a very long time only the last sample is left.
        average = try average.adding(Fixed18(whole: 5), elapsed: TimeSpan(seconds: 100_000))
        #expect(try average.value() == Fixed18(whole: 5))
    }

    @Test func randomSamplesMatchAReference() throws {
        var draws = TestDraws(seed: 3)
        var average = ExponentialAverage(timeConstant: TimeSpan(seconds: 150))
        var numerator = 0.0
        var denominator = 0.0
        for _ in 0..<300 {
            let sample = draws.int(-5_000_000_000...5_000_000_000)
            let elapsed = draws.int(1...20_000)
            average = try average.adding(
                Fixed18(Price(raw: sample)), elapsed: TimeSpan(milliseconds: elapsed))
            let fade = exponential(-Double(elapsed) / 150_000)
            numerator = numerator * fade + Double(sample) / 1e8 * Double(elapsed) / 1000
            denominator = denominator * fade + Double(elapsed) / 1000
            let value = try #require(try average.value())
            #expect(abs(value.double - numerator / denominator) < 1e-7)
        }
    }

    /// e^x by its series, without the C library.
    private func exponential(_ x: Double) -> Double {
        var sum = 1.0
        var term = 1.0
        for n in 1..<30 {
            term *= x / Double(n)
            sum += term
        }
        return sum
    }
}
