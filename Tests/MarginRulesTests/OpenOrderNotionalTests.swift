import ExactMath
import MarginRules
import Testing

/// What margin is charged on where open orders count at their own prices.
@Suite struct OpenOrderNotionalTests {
    private func notional(
        _ position: Int64, at price: Int64, bids: (Int64, Int64) = (0, 0),
        asks: (Int64, Int64) = (0, 0), _ netting: OpenOrderNotional.Netting
    ) throws -> OpenOrderNotional {
        func side(_ orders: (Int64, Int64)) -> OpenOrderNotional.Side {
            .init(
                size: Quantity(whole: orders.0), value: Money(whole: orders.0 * orders.1))
        }
        return try OpenOrderNotional(
            position: Quantity(whole: position), value: Money(whole: abs(position) * price),
            bids: side(bids), asks: side(asks), netting: netting)
    }

    /// dev.binance.vision/t/margin-requirements/17078: short 10,000, a bid of 15,000: the larger of 5,000 and 10,000.
    @Test func aBidAgainstAShort() throws {
        let all = try notional(-10, at: 1000, bids: (15, 1000), .largerSide)
        #expect(all.value == Money(whole: 10_000))
        #expect(all.size == Quantity(whole: -10) && all.ordered.isZero)
    }

    /// OKX's notice: a long has the larger of position + bids and asks - position.
    @Test(
        arguments: [
            (10, (5, 90), (0, 0), 1450, 15), (10, (0, 0), (15, 110), 1000, 10),
            (10, (0, 0), (30, 110), 2300, -20), (10, (5, 90), (30, 110), 2300, -20),
            (-10, (5, 90), (30, 110), 4300, -40), (0, (5, 100), (5, 100), 500, -5),
        ] as [(Int64, (Int64, Int64), (Int64, Int64), Int64, Int64)])
    func largerSide(
        position: Int64, bids: (Int64, Int64), asks: (Int64, Int64), value: Int64, size: Int64
    ) throws {
        let all = try notional(position, at: 100, bids: bids, asks: asks, .largerSide)
        #expect(all.value == Money(whole: value))
        #expect(all.size == Quantity(whole: size))
    }

    /// BitMEX's exchange guide: bids of 20 at 100 and offers of 15 at 150 are charged as 5 and 15. An order that reduces is
    /// not charged.
    @Test(
        arguments: [
            (0, (20, 100), (15, 150), 2750, -20), (0, (15, 100), (20, 150), 3000, -20),
            (10, (20, 90), (5, 110), 2800, 30), (10, (0, 0), (15, 110), 1550, 15),
            (-10, (15, 90), (0, 0), 1450, -15), (-10, (8, 90), (4, 110), 1440, -14),
        ] as [(Int64, (Int64, Int64), (Int64, Int64), Int64, Int64)])
    func netBids(
        position: Int64, bids: (Int64, Int64), asks: (Int64, Int64), value: Int64, size: Int64
    ) throws {
        let all = try notional(position, at: 100, bids: bids, asks: asks, .netBids)
        #expect(all.value == Money(whole: value))
        #expect(all.size == Quantity(whole: size))
        #expect(all.ordered == Money(whole: value - abs(position) * 100))
    }

    /// A part of a side is charged at the average of its prices, and up.
    @Test func average() throws {
        let all = try OpenOrderNotional(
            position: .zero, value: .zero,
            bids: .init(size: Quantity(raw: 3), value: Money(raw: 10)),
            asks: .init(size: Quantity(raw: 1), value: Money(raw: 4)), netting: .netBids)
        #expect(all.value == Money(raw: 4 + 7))
    }

    @Test func overflow() {
        let most = OpenOrderNotional.Side(size: Quantity(raw: 1), value: Money(raw: .max))
        #expect(throws: ArithmeticOverflow.self) {
            try OpenOrderNotional(
                position: Quantity(raw: 1), value: Money(raw: 1), bids: most, asks: most,
                netting: .largerSide)
        }
    }
}
