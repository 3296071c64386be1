import ExactMath
import OrderBook
import Testing

@Suite struct SubmissionTests {
    /// A row of the table: an order of owner 99 against the sample book, and what becomes of it.
    struct Row: Sendable, CustomTestStringConvertible {
        let side: Side
        let size: Int64
        let limit: Int64?
        let timeInForce: TimeInForce
        let makers: [Int64]
        let rested: Int64
        let unfilled: Int64

        init(
            _ side: Side, _ size: Int64, _ limit: Int64?, _ timeInForce: TimeInForce,
            makers: [Int64] = [], rested: Int64 = 0, unfilled: Int64 = 0
        ) {
            self.side = side
            self.size = size
            self.limit = limit
            self.timeInForce = timeInForce
            self.makers = makers
            self.rested = rested
            self.unfilled = unfilled
        }

        var testDescription: String {
            "\(side) \(size) at \(limit.map(String.init) ?? "market"), \(timeInForce)"
        }
    }

    @Test(arguments: [
        Row(.buy, 5, 100, .goodTillCancelled, rested: 5),
        Row(.buy, 4, 101, .goodTillCancelled, makers: [4]),
        Row(.buy, 12, 101, .goodTillCancelled, makers: [4, 6], rested: 2),
        Row(.buy, 20, 102, .goodTillCancelled, makers: [4, 6, 5], rested: 5),
        Row(.sell, 5, 100, .goodTillCancelled, rested: 5),
        Row(.sell, 5, 99, .goodTillCancelled, makers: [1, 3], rested: 1),
        Row(.buy, 5, 100, .immediateOrCancel, unfilled: 5),
        Row(.buy, 12, 101, .immediateOrCancel, makers: [4, 6], unfilled: 2),
        Row(.buy, 12, nil, .immediateOrCancel, makers: [4, 6, 5]),
        Row(.buy, 20, nil, .immediateOrCancel, makers: [4, 6, 5], unfilled: 5),
        Row(.sell, 7, nil, .immediateOrCancel, makers: [1, 3, 2], unfilled: 1),
        Row(.buy, 5, 100, .postOnly, rested: 5),
        Row(.sell, 5, 100, .postOnly, rested: 5),
        Row(.sell, 5, 103, .postOnly, rested: 5),
    ])
    func takesOrdersOfEachKind(_ row: Row) throws {
        var book = sampleBook()
        let before = book.restingSize(.buy) + book.restingSize(.sell)
        let result = try book.submit(
            owner: 99, side: row.side, size: units(row.size), limit: row.limit.map(usd),
            timeInForce: row.timeInForce, reduceOnly: true)
        #expect(result.matches.map(\.maker.raw) == row.makers)
        #expect(result.cancelled.isEmpty)
        #expect(result.unfilled == units(row.unfilled))
        #expect((result.rested?.remaining ?? .zero) == units(row.rested))

        // The rested part is in the book, last of its price, and named in sequence.
        if let rested = result.rested {
            let expected = Order(
                id: id(7), owner: 99, side: row.side, price: usd(row.limit ?? 0),
                remaining: units(row.rested), reduceOnly: true)
            #expect(rested == expected)
            #expect(book.order(id(7)) == expected)
        } else {
            #expect(book.nextID == id(7))
        }
        // Size is conserved: what the makers lost is what was matched.
        let matched = result.matches.reduce(Quantity.zero) { $0 + $1.size }
        #expect(matched == units(row.size - row.rested - row.unfilled))
        let after = book.restingSize(.buy) + book.restingSize(.sell)
        #expect(after == before - matched + units(row.rested))
        book.checkInvariants()
    }

    /// Each order breaks its rule and every later one that it can break as well.
    @Test(
        arguments: [
            (0, 0, TimeInForce.postOnly, OrderRefusal.sizeNotPositive(.zero)),
            (-1, nil, .goodTillCancelled, .sizeNotPositive(units(-1))),
            (1, 0, .postOnly, .limitNotPositive(.zero)),
            (1, -5, .immediateOrCancel, .limitNotPositive(usd(-5))),
            (1, nil, .goodTillCancelled, .limitMissing),
            (1, nil, .postOnly, .limitMissing),
            (1, 101, .postOnly, .wouldCross(limit: usd(101), best: usd(101))),
            (90_000_000_000, 105, .postOnly, .wouldCross(limit: usd(105), best: usd(101))),
            (
                92_233_720_367, 100, .postOnly,
                .restingSizeOverflow(resting: units(6), adding: units(92_233_720_367))
            ),
        ] as [(Int64, Int64?, TimeInForce, OrderRefusal)])
    func refusesInOrderOfPrecedence(
        _ size: Int64, _ limit: Int64?, _ timeInForce: TimeInForce, _ refusal: OrderRefusal
    ) {
        var book = sampleBook()
        #expect(throws: refusal) {
            try book.submit(
                owner: 99, side: .buy, size: units(size), limit: limit.map(usd),
                timeInForce: timeInForce)
        }
        #expect(book == sampleBook())
    }

    @Test func onlyThePartThatWouldRestNeedsRoom() throws {
        var book = LimitOrderBook()
        book.rest(
            owner: 1, side: .buy, price: usd(90), size: Quantity(raw: .max - 5), reduceOnly: false)
        book.rest(
            owner: 2, side: .sell, price: usd(100), size: Quantity(raw: 10), reduceOnly: false)
        let before = book
        let refusal = OrderRefusal.restingSizeOverflow(
            resting: Quantity(raw: .max - 5), adding: Quantity(raw: 6))
        #expect(throws: refusal) {
            try book.submit(
                owner: 3, side: .buy, size: Quantity(raw: 16), limit: usd(100),
                timeInForce: .goodTillCancelled)
        }
        #expect(book == before)
        let result = try book.submit(
            owner: 3, side: .buy, size: Quantity(raw: 15), limit: usd(100),
            timeInForce: .goodTillCancelled)
        #expect(result.rested?.remaining == Quantity(raw: 5))
        #expect(book.restingSize(.buy) == Quantity(raw: .max))
        book.checkInvariants()
    }

    @Test func postOnlyIsRefusedAgainstOwnOrdersToo() {
        var book = LimitOrderBook()
        book.rest(1, .buy, 1, at: 100)
        #expect(throws: OrderRefusal.wouldCross(limit: usd(99), best: usd(100))) {
            try book.submit(
                owner: 1, side: .sell, size: units(1), limit: usd(99), timeInForce: .postOnly)
        }
    }

    @Test func anOrderReplacesItsOwnersThatItCrosses() throws {
        var book = sampleBook()
        let result = try book.submit(
            owner: 10, side: .buy, size: units(9), limit: usd(101),
            timeInForce: .goodTillCancelled)
        #expect(result.matches.map(\.maker) == [id(6)])
        #expect(result.cancelled.map(\.id) == [id(4)])
        #expect(result.rested?.remaining == units(3))
        #expect(book.bestBid == usd(101))
        #expect(book.bestAsk == usd(102))
        // Its order on the own side stays.
        #expect(book.orders(of: 10).map(\.id) == [id(1), id(7)])
        book.checkInvariants()
    }

    @Test func aTakerStoppedByItsOwnOrderDoesNotRest() throws {
        var book = sampleBook()
        let result = try book.submit(
            owner: 30, side: .buy, size: units(9), limit: usd(101),
            timeInForce: .goodTillCancelled, selfTrade: .cancelTaker)
        #expect(result.matches.map(\.maker) == [id(4)])
        #expect(result.rested == nil)
        #expect(result.unfilled == units(5))
        #expect(book.order(id(6))?.remaining == units(6))
        book.checkInvariants()
    }
}
