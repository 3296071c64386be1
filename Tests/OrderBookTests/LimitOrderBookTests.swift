import ExactMath
import OrderBook
import Testing

@Suite struct OrderBookTests {
    @Test func anEmptyBookHasNothing() {
        var book = LimitOrderBook()
        #expect(book.isEmpty)
        #expect(book.bestBid == nil)
        #expect(book.bestAsk == nil)
        #expect(book.mid(rounding: .down) == nil)
        #expect(book.levels(.buy).isEmpty)
        #expect(book.restingSize(.sell) == .zero)
        #expect(book.orders(of: 1).isEmpty)
        #expect(book.order(id(1)) == nil)
        #expect(book.cancel(id(1)) == nil)
        #expect(book.cancelAll(owner: 1).isEmpty)
        #expect(book.nextID == id(1))
        #expect(book == LimitOrderBook())
        book.checkInvariants()
    }

    @Test func restingReturnsTheOrderWithItsID() {
        var book = LimitOrderBook()
        let first = book.rest(
            owner: -7, side: .sell, price: usd(101), size: units(3), reduceOnly: true)
        #expect(
            first
                == Order(
                    id: id(1), owner: -7, side: .sell, price: usd(101), remaining: units(3),
                    reduceOnly: true))
        #expect(book.rest(5, .buy, 1, at: 100).id == id(2))
        #expect(book.order(id(1)) == first)
        #expect(book.count == 2)
        #expect(book.nextID == id(3))
    }

    @Test func sidesAreSortedByPriceThenTime() {
        let book = sampleBook()
        #expect(book.ids(.buy) == [1, 3, 2])
        #expect(book.ids(.sell) == [4, 6, 5])
        #expect(book.bestBid == usd(99))
        #expect(book.bestAsk == usd(101))
        #expect(book.best(.buy) == usd(99))
        #expect(book.best(.sell) == usd(101))
    }

    @Test func levelsMayAppearAnywhere() {
        var book = LimitOrderBook()
        for price: Int64 in [50, 70, 60, 40, 65, 70] { book.rest(1, .buy, 1, at: price) }
        for price: Int64 in [150, 130, 140, 160, 135, 130] { book.rest(1, .sell, 1, at: price) }
        #expect(book.levels(.buy).map(\.price) == [70, 65, 60, 50, 40].map(usd))
        #expect(book.levels(.sell).map(\.price) == [130, 135, 140, 150, 160].map(usd))
        book.checkInvariants()
    }

    @Test func depthIsSummedByPrice() {
        let book = sampleBook()
        let bids = [
            DepthLevel(price: usd(99), size: units(4), orderCount: 2),
            DepthLevel(price: usd(98), size: units(2), orderCount: 1),
        ]
        #expect(book.levels(.buy) == bids)
        #expect(book.levels(.buy, limit: 1) == [bids[0]])
        #expect(book.levels(.buy, limit: 0).isEmpty)
        #expect(book.levels(.sell, limit: 9).map(\.size) == [units(10), units(5)])
        #expect(book.restingSize(.buy) == units(6))
        #expect(book.restingSize(.sell) == units(15))
    }

    @Test func cancellingInTheMiddleKeepsTheRestInOrder() {
        var book = LimitOrderBook()
        for owner: Int32 in 1...5 { book.rest(owner, .buy, Int64(owner), at: 99) }
        #expect(book.cancel(id(3))?.remaining == units(3))
        #expect(book.ids(.buy) == [1, 2, 4, 5])
        #expect(book.cancel(id(1)) != nil)
        #expect(book.ids(.buy) == [2, 4, 5])
        #expect(book.cancel(id(5)) != nil)
        #expect(book.ids(.buy) == [2, 4])
        #expect(book.cancel(id(3)) == nil)
        #expect(book.levels(.buy) == [DepthLevel(price: usd(99), size: units(6), orderCount: 2)])
        // A freed place is used again, behind the orders that stayed.
        book.rest(6, .buy, 6, at: 99)
        #expect(book.ids(.buy) == [2, 4, 6])
        book.checkInvariants()
    }

    @Test func theLastOrderTakesItsLevelAlong() {
        var book = sampleBook()
        book.cancel(id(2))
        #expect(book.levels(.buy).map(\.price) == [usd(99)])
        book.cancel(id(1))
        book.cancel(id(3))
        #expect(book.bestBid == nil)
        #expect(book.restingSize(.buy) == .zero)
    }

    @Test func ownersHaveTheirOrdersInIDOrder() {
        var book = sampleBook()
        #expect(book.orders(of: 10).map(\.id) == [id(1), id(4)])
        #expect(book.count(of: 30) == 2)
        #expect(book.count(of: 31) == 0)
        #expect(book.restingSize(.buy, of: 30) == units(3))
        #expect(book.restingSize(.sell, of: 30) == units(6))
        #expect(book.restingSize(.sell, of: 31) == .zero)
        let cancelled = book.cancelAll(owner: 10)
        #expect(cancelled.map(\.id) == [id(1), id(4)])
        #expect(cancelled.map(\.remaining) == [units(1), units(4)])
        #expect(book.orders(of: 10).isEmpty)
        #expect(book.restingSize(.buy, of: 10) == .zero)
        #expect(book.ids(.buy) == [3, 2])
        #expect(book.ids(.sell) == [6, 5])
        #expect(book.cancelAll(owner: 10).isEmpty)
        book.rest(10, .buy, 7, at: 97)
        #expect(book.orders(of: 10).map(\.id) == [id(7)])
        book.checkInvariants()
    }

    @Test func reducingKeepsThePlaceInTheQueue() {
        var book = sampleBook()
        #expect(book.reduce(id(4), by: units(3)) == units(1))
        #expect(book.ids(.sell) == [4, 6, 5])
        #expect(book.levels(.sell)[0].size == units(7))
        #expect(book.restingSize(.sell) == units(12))
        #expect(book.restingSize(.sell, of: 10) == units(1))
        #expect(book.reduce(id(4), by: units(1)) == .zero)
        #expect(book.order(id(4)) == nil)
        #expect(book.ids(.sell) == [6, 5])
        book.checkInvariants()
    }

    @Test(
        arguments: [
            (100, 101, Rounding.down, 100), (100, 101, .up, 101), (100, 101, .nearest, 101),
            (100, 101, .towardZero, 100), (100, 102, .down, 101), (100, 102, .up, 101),
            (1, .max, .up, 1 << 62), (1, .max, .down, 1 << 62),
        ] as [(Int64, Int64, Rounding, Int64)])
    func theMidIsRoundedAsAsked(_ bid: Int64, _ ask: Int64, _ rounding: Rounding, _ mid: Int64) {
        var book = LimitOrderBook()
        book.rest(
            owner: 1, side: .buy, price: Price(raw: bid), size: units(1), reduceOnly: false)
        #expect(book.mid(rounding: rounding) == nil)
        book.rest(
            owner: 1, side: .sell, price: Price(raw: ask), size: units(1), reduceOnly: false)
        #expect(book.mid(rounding: rounding) == Price(raw: mid))
    }

    @Test func crossingIsAskedOfTheBestPrice() {
        let book = sampleBook()
        #expect(!book.crosses(.buy, limit: usd(100)))
        #expect(book.crosses(.buy, limit: usd(101)))
        #expect(!book.crosses(.sell, limit: usd(100)))
        #expect(book.crosses(.sell, limit: usd(99)))
        #expect(!LimitOrderBook().crosses(.buy, limit: Price(raw: .max)))
    }

    @Test func roomEndsWithTheLargestQuantity() {
        var book = LimitOrderBook()
        book.rest(
            owner: 1, side: .buy, price: usd(1), size: Quantity(raw: .max - 5), reduceOnly: false)
        #expect(book.hasRoom(for: Quantity(raw: 5), .buy))
        #expect(!book.hasRoom(for: Quantity(raw: 6), .buy))
        #expect(book.hasRoom(for: Quantity(raw: .max), .sell))
    }

    @Test func booksAreEqualWhateverTheirHistory() {
        var direct = LimitOrderBook()
        var detour = LimitOrderBook()
        direct.rest(1, .buy, 5, at: 99)
        detour.rest(1, .buy, 8, at: 99)
        detour.reduce(id(1), by: units(3))
        #expect(direct == detour)
        detour.rest(2, .sell, 1, at: 101)
        detour.cancel(id(2))
        // Not yet: the next order would get another id.
        #expect(direct != detour)
        direct.rest(9, .buy, 1, at: 1)
        direct.cancel(id(2))
        #expect(direct == detour)
        direct.rest(1, .sell, 1, at: 101)
        detour.rest(2, .sell, 1, at: 101)
        #expect(direct != detour)
    }

    @Test func aCopyIsABookOfItsOwn() {
        let before = sampleBook()
        var after = before
        after.cancelAll(owner: 20)
        after.rest(1, .buy, 1, at: 100)
        #expect(before == sampleBook())
        #expect(after != before)
    }

    @Test func theIndexForgetsWhatIsGone() {
        var book = LimitOrderBook()
        book.rest(1, .buy, 1, at: 1)
        for _ in 0..<10_000 {
            let order = book.rest(2, .sell, 1, at: 101)
            #expect(book.order(order.id) == order)
            book.cancel(order.id)
        }
        #expect(book.index.entries.count < 100)
        #expect(book.nodes.count == 2)
        #expect(book.order(id(1))?.remaining == units(1))
        #expect(book.order(id(5000)) == nil)
        #expect(book.nextID == id(10_002))
    }
}
