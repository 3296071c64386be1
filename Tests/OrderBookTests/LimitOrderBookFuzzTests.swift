import ExactMath
import OrderBook
import Testing

/// Random operations on the book and on a naive reference, which must agree at each step.
@Suite struct OrderBookFuzzTests {
    /// A narrow range of prices makes long queues, a wide one many levels.
    @Test(arguments: [(1, 10), (2, 400)] as [(UInt64, Int64)])
    func agreesWithTheReference(_ seed: UInt64, _ spread: Int64) throws {
        var fuzz = Fuzz(seed: seed, spread: spread)
        for step in 0..<10_000 {
            try fuzz.step("seed \(seed), spread \(spread), step \(step)")
        }
        // The run met what it is there to meet.
        #expect(fuzz.largest > 40)
        for (kind, count) in fuzz.counts { #expect(count > 100, "\(kind)") }
    }

    @Test func theSameSeedGivesTheSameBook() throws {
        var a = Fuzz(seed: 3, spread: 20)
        var b = Fuzz(seed: 3, spread: 20)
        for step in 0..<300 {
            try a.step("seed 3, step \(step)")
            try b.step("seed 3, step \(step)")
        }
        #expect(a.book == b.book)
        #expect(!a.book.isEmpty)
    }
}

private struct Fuzz {
    var book = LimitOrderBook()
    var reference = ReferenceBook()
    var draws: XorShift
    let spread: Int64
    var largest = 0
    var counts: [(kind: String, count: Int)] = [
        ("match", 0), ("partial fill", 0), ("self-trade", 0), ("rested", 0), ("refused", 0),
        ("dropped", 0), ("cancelled", 0), ("not found", 0), ("cancelled all", 0), ("reduced", 0),
    ]
    /// Everything that ever rested and has since been traded or taken away.
    var restedEver = Quantity.zero
    var takenAway = Quantity.zero

    init(seed: UInt64, spread: Int64) {
        draws = XorShift(seed: seed)
        self.spread = spread
    }

    mutating func count(_ kind: String, _ n: Int = 1) {
        for i in counts.indices where counts[i].kind == kind { counts[i].count += n }
    }

    mutating func step(_ place: Comment) throws {
        switch draws.draw(0...99) {
        case 0..<70: try submit(place)
        case 70..<88: try cancel(place)
        case 88..<97: try reduce(place)
        default: try cancelAll(place)
        }
        try compare(place)
    }

    mutating func submit(_ place: Comment) throws {
        let kind = draws.draw(0...9)
        let request = ReferenceBook.Request(
            // Owners of both signs, as they are opaque.
            owner: Int32(draws.draw(-4...4)) * 1000,
            side: draws.draw(0...1) == 0 ? .buy : .sell,
            size: Quantity(raw: draws.draw(1...50)),
            limit: kind == 0 ? nil : Price(raw: 1000 + draws.draw(-spread...spread)),
            timeInForce: kind < 2 ? .immediateOrCancel : kind < 5 ? .postOnly : .goodTillCancelled,
            reduceOnly: draws.draw(0...3) == 0,
            selfTrade: draws.draw(0...3) == 0 ? .cancelTaker : .cancelMaker)
        let before = book
        let expected = reference.submit(request)
        let actual: Submission
        do throws(OrderRefusal) {
            actual = try book.submit(
                owner: request.owner, side: request.side, size: request.size,
                limit: request.limit, timeInForce: request.timeInForce,
                reduceOnly: request.reduceOnly, selfTrade: request.selfTrade)
        } catch {
            try #require(expected == nil, place)
            try #require(book == before, place)
            count("refused")
            return
        }
        let outcome = ReferenceBook.Outcome(
            matches: actual.matches, cancelled: actual.cancelled, rested: actual.rested,
            unfilled: actual.unfilled)
        try #require(outcome == expected, place)

        let matched = actual.matches.reduce(Quantity.zero) { $0 + $1.size }
        let rested = actual.rested?.remaining ?? .zero
        try #require(matched + rested + actual.unfilled == request.size, place)
        restedEver += rested
        takenAway += matched + actual.cancelled.reduce(Quantity.zero) { $0 + $1.remaining }
        count("match", actual.matches.count)
        count("partial fill", actual.matches.count { !$0.makerRemaining.isZero })
        count("self-trade", actual.cancelled.count)
        if actual.rested != nil { count("rested") }
        if !actual.unfilled.isZero { count("dropped") }
    }

    /// An id that was given before, whether it still rests or not; or one that never was.
    mutating func anyID() -> OrderID {
        let next = book.nextID.raw
        return OrderID(raw: draws.draw(max(0, next - 150)...next))
    }

    mutating func cancel(_ place: Comment) throws {
        let id = anyID()
        let cancelled = book.cancel(id)
        try #require(cancelled == reference.cancel(id), place)
        takenAway += cancelled?.remaining ?? .zero
        count(cancelled == nil ? "not found" : "cancelled")
    }

    mutating func reduce(_ place: Comment) throws {
        let id = anyID()
        guard let order = book.order(id) else { return }
        let size = Quantity(raw: draws.draw(1...order.remaining.raw))
        try #require(book.reduce(id, by: size) == reference.reduce(id, by: size), place)
        takenAway += size
        count("reduced")
    }

    mutating func cancelAll(_ place: Comment) throws {
        let owner = Int32(draws.draw(-4...4)) * 1000
        let cancelled = book.cancelAll(owner: owner)
        try #require(cancelled == reference.cancelAll(owner: owner), place)
        takenAway += cancelled.reduce(Quantity.zero) { $0 + $1.remaining }
        count("cancelled all")
    }

    mutating func compare(_ place: Comment) throws {
        try #require(book.breachedInvariant() == nil, place)
        largest = max(largest, book.count)
        let bids = reference.sorted(.buy)
        let asks = reference.sorted(.sell)
        try #require(Array(book.resting(.buy)) == bids, place)
        try #require(Array(book.resting(.sell)) == asks, place)
        try #require(book.bestBid == bids.first?.price, place)
        try #require(book.bestAsk == asks.first?.price, place)
        // What ever rested either rests or was taken away.
        let resting = book.restingSize(.buy) + book.restingSize(.sell)
        try #require(restedEver == takenAway + resting, place)

        let owner = Int32(draws.draw(-4...4)) * 1000
        let own = reference.orders.filter { $0.owner == owner }
        try #require(book.orders(of: owner) == own, place)
        let buying = own.filter { $0.side == .buy }.reduce(Int64(0)) { $0 + $1.remaining.raw }
        try #require(book.restingSize(.buy, of: owner).raw == buying, place)
        let depth = book.levels(.sell)
        for level in depth {
            let there = asks.filter { $0.price == level.price }
            try #require(level.orderCount == there.count, place)
            try #require(level.size.raw == there.reduce(0) { $0 + $1.remaining.raw }, place)
        }
        try #require(depth.reduce(0) { $0 + $1.orderCount } == asks.count, place)
    }
}
