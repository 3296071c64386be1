import ExactMath
import MarginRules
import Testing

/// Synthetixio/synthetix-v3 @23585f7 markets/perps-market/contracts/storage/AsyncOrder.sol: not before the
/// settlement time, and up to the end of the window; the figures are those of the market's own tests,
/// test/integration/bootstrap/bootstrapPerpsMarkets.ts: 5 s, 120 s, 2 s. The tolerance is ours.
struct SettlementWindowTests {
    private let window = SettlementWindow(
        delay: TimeSpan(seconds: 5), duration: TimeSpan(seconds: 120),
        priceDelay: TimeSpan(seconds: 2), priceTolerance: TimeSpan(seconds: 1))

    private func moment(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    @Test(
        arguments: [
            (1004, 1002, 1002, .notOpen), (1005, 1002, 1002, nil), (1125, 1002, 1003, nil),
            (1126, 1002, 1002, .expired), (1005, 1001, 1002, .priceTooEarly),
            (1005, 1002, 1004, .priceTooLate),
            // Time before prices, and the older price before the newer.
            (1004, 1001, 1004, .notOpen), (1126, 1001, 1004, .expired),
            (1010, 1001, 1004, .priceTooEarly),
        ] as [(Int64, Int64, Int64, SettlementWindow.Refusal?)])
    func refusals(now: Int64, oldest: Int64, newest: Int64, expected: SettlementWindow.Refusal?) {
        #expect(
            window.refusal(
                committedAt: moment(1000), oldestPrice: moment(oldest), newestPrice: moment(newest),
                now: moment(now)) == expected)
    }

    @Test func moments() {
        #expect(window.opens(committedAt: moment(1000)) == moment(1005))
        #expect(window.priceMoment(committedAt: moment(1000)) == moment(1002))
        #expect(!window.isExpired(committedAt: moment(1000), now: moment(1125)))
        #expect(window.isExpired(committedAt: moment(1000), now: moment(1126)))
    }
}
