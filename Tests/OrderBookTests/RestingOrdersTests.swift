import ExactMath
import OrderBook
import Testing

@Suite struct RestingOrdersTests {
    @Test func aWalkCanBeTakenTwice() {
        let asks = sampleBook().resting(.sell)
        #expect(asks.map(\.id.raw) == [4, 6, 5])
        #expect(asks.map(\.remaining) == [units(4), units(6), units(5)])
    }

    @Test func theEndStaysTheEnd() {
        var walk = sampleBook().resting(.buy).makeIterator()
        for _ in 0..<3 { #expect(walk.next() != nil) }
        #expect(walk.next() == nil)
        #expect(walk.next() == nil)
        var none = LimitOrderBook().resting(.buy).makeIterator()
        #expect(none.next() == nil)
    }

    @Test func aWalkSeesTheBookAsItWas() {
        var book = sampleBook()
        var seen: [Int64] = []
        for order in book.resting(.sell) {
            seen.append(order.id.raw)
            book.cancel(id(5))
            book.cancel(id(6))
        }
        #expect(seen == [4, 6, 5])
        #expect(book.ids(.sell) == [4])
    }
}
