import ExactMath
import MarginRules
import Testing

@Suite struct PriceRangeTests {
    /// oracle-spread-0, oracle-spread-1: gmx-io/gmx-synthetics a5c0c88
    /// test/oracle/ChainlinkDataStreamProvider.ts "data stream spread"; the third row is there too.
    @Test(arguments: [
        ("oracle-spread-0", "0", Int64(99_999_990), Int64(100_000_010)),
        ("oracle-spread-1", "900000000000000000000000000000", 99_999_999, 100_000_001),
        ("full", "1000000000000000000000000000000", 100_000_000, 100_000_000),
    ])
    func publishedSpread(_ id: String, _ reduction: String, _ low: Int64, _ high: Int64) throws {
        let range = PriceRange(minimum: Price(raw: 99_999_990), maximum: Price(raw: 100_000_010))
        let narrowed = try range.narrowed(by: ratio(reduction))
        #expect(
            narrowed == PriceRange(minimum: Price(raw: low), maximum: Price(raw: high)), "\(id)")
    }

    @Test func ends() {
        let range = PriceRange(minimum: Price(raw: 10), maximum: Price(raw: 13))
        #expect(range.middle == Price(raw: 11))
        #expect(
            range.picked(.minimum) == Price(raw: 10) && range.picked(.maximum) == Price(raw: 13))
        #expect(range.picked(forProfitOf: .long, .maximum) == Price(raw: 13))
        #expect(range.picked(forProfitOf: .short, .maximum) == Price(raw: 10))
        #expect(range.opening(.long) == Price(raw: 13) && range.opening(.short) == Price(raw: 10))
        #expect(range.closing(.long) == Price(raw: 10) && range.closing(.short) == Price(raw: 13))
    }

    /// gmx-io/gmx-contracts fe55c4b test/core/Vault/liquidateLongPosition.js prices the bitcoin of
    /// its three rounds 40,000, 41,000, 40,000 at 40,000 to 41,000.
    @Test func samples() {
        let rounds = [40_000, 41_000, 40_000].map { Price(whole: $0) }
        #expect(
            PriceRange(samples: rounds)
                == PriceRange(minimum: Price(whole: 40_000), maximum: Price(whole: 41_000)))
        #expect(PriceRange(samples: []) == nil)
        #expect(PriceRange(samples: [.zero, Price(whole: 1)]) == nil)
    }

    @Test func widened() throws {
        let range = PriceRange(minimum: Price(raw: 9_999), maximum: Price(raw: 10_001))
        #expect(
            try range.widened(by: Ratio(basisPoints: 20))
                == PriceRange(minimum: Price(raw: 9_979), maximum: Price(raw: 10_021)))
    }

    @Test(arguments: [
        (Int64(99), Int64(101), Int64(100), Int64(100)), (98, 102, 98, 102), (98, 100, 98, 100),
        (101, 103, 100, 103), (90, 97, 90, 100),
    ])
    func strictStable(_ low: Int64, _ high: Int64, _ expectedLow: Int64, _ expectedHigh: Int64) {
        func cents(_ value: Int64) -> Price { Price(raw: value * 1_000_000) }
        let held = PriceRange(minimum: cents(low), maximum: cents(high))
            .heldAtOneDollar(within: cents(1))
        #expect(held == PriceRange(minimum: cents(expectedLow), maximum: cents(expectedHigh)))
    }

}

@Suite struct TwoStepExecutionTests {
    let rule = TwoStepExecution(
        requestExpiration: TimeSpan(seconds: 300), maximumPriceAge: TimeSpan(seconds: 300),
        maximumTimestampRange: TimeSpan(seconds: 60), maximumReferenceDeviation: Ratio(percent: 50))

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1_000) }

    @Test(arguments: [
        (Int64(1_000), Int64(1_060), Int64(1_300), TwoStepExecution.Refusal?.none),
        (1_000, 1_060, 1_301, .priceTooOld), (1_000, 1_061, 1_300, .timestampsTooFarApart),
        (999, 1_000, 1_100, .priceBeforeRequest), (1_260, 1_300, 1_300, nil),
        (1_260, 1_301, 1_301, .requestExpired),
    ])
    func marketOrder(
        _ oldest: Int64, _ newest: Int64, _ now: Int64, _ expected: TwoStepExecution.Refusal?
    ) {
        let refusal = rule.refusal(
            of: .market(updatedAt: at(1_000)), oldestPrice: at(oldest), newestPrice: at(newest),
            now: at(now))
        #expect(refusal == expected)
    }

    @Test func othersDoNotExpire() {
        for request in [
            TwoStepExecution.Request.limit(validSince: at(1_000)),
            .liquidation(positionChangedAt: at(1_000)),
        ] {
            func refusal(_ time: Int64) -> TwoStepExecution.Refusal? {
                rule.refusal(
                    of: request, oldestPrice: at(time), newestPrice: at(time), now: at(time))
            }
            #expect(refusal(9_000) == nil)
            #expect(refusal(1_000) == nil)
            #expect(refusal(999) == .priceBeforeRequest)
        }
    }

    @Test func referenceAndCancellation() {
        let reference = Price(whole: 100)
        func range(_ low: Int64, _ high: Int64) -> PriceRange {
            PriceRange(minimum: Price(whole: low), maximum: Price(whole: high))
        }
        #expect(rule.isNear(range(50, 150), reference: reference))
        #expect(!rule.isNear(range(49, 150), reference: reference))
        #expect(!rule.isNear(range(50, 151), reference: reference))
        #expect(rule.isCancellable(requestedAt: at(0), now: at(300)))
        #expect(!rule.isCancellable(requestedAt: at(0), now: at(299)))
    }
}
