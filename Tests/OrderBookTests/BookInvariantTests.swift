import ExactMath
import OrderBook
import Testing

/// Each invariant is broken by hand, to prove that it can fail.
@Suite struct BookInvariantTests {
    struct Damage: Sendable, CustomTestStringConvertible {
        let invariant: BookInvariant
        let name: String
        let inflict: @Sendable (inout LimitOrderBook) -> Void

        init(
            _ invariant: BookInvariant, _ name: String,
            _ inflict: @escaping @Sendable (inout LimitOrderBook) -> Void
        ) {
            self.invariant = invariant
            self.name = name
            self.inflict = inflict
        }

        var testDescription: String { "\(invariant): \(name)" }
    }

    // In the sample book, order n is in slot n − 1; each side's best level is its second one.
    static let damages = [
        Damage(.notCrossed, "a bid at the best ask") {
            $0.bids.levels[1] = PriceLevel(price: usd(101))
        },
        Damage(.levelsSorted, "levels swapped") { $0.bids.levels.swapAt(0, 1) },
        Damage(.levelsSorted, "a price twice") { $0.asks.levels.append($0.asks.levels[1]) },
        Damage(.levelsLinked, "an empty level") {
            $0.asks.levels.insert(PriceLevel(price: usd(103)), at: 0)
        },
        Damage(.levelsLinked, "a count") { $0.asks.levels[1].queue.count = 3 },
        Damage(.levelsLinked, "a tail") { $0.asks.levels[1].queue.tail = 3 },
        Damage(.levelsLinked, "a cycle") { $0.nodes[5].inLevel.next = 3 },
        Damage(.levelsLinked, "a link back") { $0.nodes[5].inLevel.previous = 4 },
        Damage(.levelsLinked, "a link outside") { $0.asks.levels[1].queue.head = 6 },
        Damage(.ordersFitLevels, "another price") {
            $0.nodes[0].order = changed($0.nodes[0].order, price: usd(98))
        },
        Damage(.ordersFitLevels, "nothing remaining") {
            $0.nodes[0].order = changed($0.nodes[0].order, remaining: .zero)
        },
        Damage(.ordersFitLevels, "an id of the future") { $0.nextID = id(6) },
        Damage(.timePriority, "the later first") {
            let first = $0.nodes[3].order
            $0.nodes[3].order = $0.nodes[5].order
            $0.nodes[5].order = first
        },
        Damage(.sizesAddUp, "a level") { $0.asks.levels[0].size += units(1) },
        Damage(.sizesAddUp, "a side") { $0.bids.size -= units(1) },
        Damage(.sizesAddUp, "an order") {
            $0.nodes[0].order = changed($0.nodes[0].order, remaining: units(2))
        },
        Damage(.sizesAddUp, "a sum beyond the type") {
            $0.nodes[0].order = changed($0.nodes[0].order, remaining: Quantity(raw: .max))
        },
        Damage(.indexAgrees, "a missing entry") { $0.index.entries.removeLast() },
        Damage(.indexAgrees, "an entry too many") {
            $0.index.entries.append(OrderIndex.Entry(id: id(9), slot: 0))
        },
        Damage(.indexAgrees, "another slot") { $0.index.entries[2].slot = 4 },
        Damage(.indexAgrees, "out of order") { $0.index.entries.swapAt(0, 1) },
        Damage(.indexAgrees, "the number removed") { $0.index.removed = 1 },
        Damage(.ownersAgree, "a sum") { $0.participants.entries[0].buying += units(1) },
        Damage(.ownersAgree, "a lost queue") {
            $0.participants.entries[0].queue = OrderQueue()
        },
        Damage(.ownersAgree, "an owner not sorted in") {
            $0.participants.byOwner.swapAt(0, 2)
        },
        Damage(.ownersAgree, "another's order") { $0.nodes[0].participant = 1 },
        Damage(.ownersAgree, "a broken chain") { $0.nodes[0].ofOwner.next = .none },
        Damage(.slabComplete, "a node neither used nor free") { book in
            book.nodes.append(book.nodes[0])
        },
        Damage(.slabComplete, "a used node that is free") { $0.free = 0 },
    ]

    @Test(arguments: damages)
    func damageIsFound(_ damage: Damage) {
        var book = sampleBook()
        #expect(book.breachedInvariant() == nil)
        damage.inflict(&book)
        #expect(book.breachedInvariant() == damage.invariant)
    }

    @Test func everyInvariantCanFail() {
        #expect(Set(Self.damages.map(\.invariant)) == Set(BookInvariant.allCases))
        #expect(BookInvariant.allCases.map(\.rawValue) == Array(1...9))
    }

    @Test func aBreachTraps() async {
        await #expect(processExitsWith: .failure) {
            var book = sampleBook()
            book.bids.size += units(1)
            book.checkInvariants()
        }
    }
}

/// An order with one field changed.
private func changed(_ order: Order, price: Price? = nil, remaining: Quantity? = nil) -> Order {
    Order(
        id: order.id, owner: order.owner, side: order.side, price: price ?? order.price,
        remaining: remaining ?? order.remaining, reduceOnly: order.reduceOnly)
}
