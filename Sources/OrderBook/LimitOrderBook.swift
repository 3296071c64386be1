public import ExactMath

/// The limit order book of one market: price-time priority, exact, and a value.
///
/// The best price trades first and, at one price, the order that has rested longest. The book knows
/// nothing of margin: it computes what an incoming order would meet without changing anything
/// (``plan(owner:side:size:limit:selfTrade:cancelling:)``), and then carries out what was decided
/// (``apply(_:)``, ``rest(owner:side:price:size:reduceOnly:)``).
///
/// Two books are equal if the same orders rest in them and they will give the same id next; how
/// their storage came about does not matter.
///
/// Resting orders are nodes of one dense slab, each linked into the queue of its price and that of
/// its owner. Resting, reducing and cancelling take O(log orders + log levels + log owners), and
/// O(levels) or O(owners) more where a level far from the best price comes or goes, or an owner
/// appears for the first time.
public struct LimitOrderBook: Sendable {
    package var nodes: [Node] = []
    /// The first free node.
    package var free: Slot = .none
    package var bids = BookSide(.buy)
    package var asks = BookSide(.sell)
    package var index = OrderIndex()
    package var participants = Participants()
    /// The id that the next resting order gets.
    public package(set) var nextID = OrderID(raw: 1)
    #if DEBUG
        /// Changes since the invariants were last checked.
        private var uncheckedChanges = 0
    #endif

    /// A book in which nothing rests.
    public init() {}

    // MARK: Changing the book

    /// Makes an order rest behind all others of its price, and returns it with its id.
    ///
    /// - Precondition: price and size are positive, the order does not cross the book
    ///   (``crosses(_:limit:)``), and its size fits (``hasRoom(for:_:)``).
    @discardableResult
    public mutating func rest(
        owner: Int32, side: Side, price: Price, size: Quantity, reduceOnly: Bool
    ) -> Order {
        precondition(price.isPositive && size.isPositive, "price and size are positive")
        precondition(!crosses(side, limit: price), "a resting order does not cross")
        precondition(hasRoom(for: size, side), "the sum of all sizes fits")
        let order = Order(
            id: nextID, owner: owner, side: side, price: price, remaining: size,
            reduceOnly: reduceOnly)
        nextID = nextID.next

        let participant = participants.positionAdding(owner)
        let slot = allocate(Node(order: order, participant: Int32(participant)))
        let inLevel =
            side == .buy
            ? bids.append(slot, price: price, size: size)
            : asks.append(slot, price: price, size: size)
        nodes[Int(slot)].inLevel = inLevel
        if inLevel.previous != .none { nodes[Int(inLevel.previous)].inLevel.next = slot }

        let ofOwner = participants.entries[participant].queue.append(slot)
        participants.entries[participant].add(size, side)
        nodes[Int(slot)].ofOwner = ofOwner
        if ofOwner.previous != .none { nodes[Int(ofOwner.previous)].ofOwner.next = slot }

        index.append(order.id, at: slot)
        checkAfterChange()
        return order
    }

    /// Takes a resting order out of the book and returns what remained of it, or none if no such
    /// order rests.
    @discardableResult
    public mutating func cancel(_ id: OrderID) -> Order? {
        let slot = index.slot(of: id)
        guard slot != .none else { return nil }
        let order = nodes[Int(slot)].order
        remove(slot)
        checkAfterChange()
        return order
    }

    /// Cancels all orders of an owner and returns them in id order.
    @discardableResult
    public mutating func cancelAll(owner: Int32) -> [Order] {
        let cancelled = orders(of: owner)
        for order in cancelled { remove(index.slot(of: order.id)) }
        checkAfterChange()
        return cancelled
    }

    /// Makes a resting order smaller, by a fill or at its owner's wish, and returns what remains.
    ///
    /// The order keeps its place in the queue; where nothing remains it leaves the book.
    /// - Precondition: the order rests, and `size` is positive and at most what remains.
    @discardableResult
    public mutating func reduce(_ id: OrderID, by size: Quantity) -> Quantity {
        let slot = index.slot(of: id)
        precondition(slot != .none, "no order \(id)")
        let order = nodes[Int(slot)].order
        precondition(size.isPositive && size <= order.remaining, "a part of what remains")
        let remaining = order.remaining - size
        if remaining.isZero {
            remove(slot)
        } else {
            let participant = Int(nodes[Int(slot)].participant)
            nodes[Int(slot)].order.remaining = remaining
            participants.entries[participant].add(-size, order.side)
            switch order.side {
            case .buy: bids.reduce(price: order.price, by: size)
            case .sell: asks.reduce(price: order.price, by: size)
            }
        }
        checkAfterChange()
        return remaining
    }

    // MARK: The slab

    /// Stores a node in a free slot, or in a new one.
    private mutating func allocate(_ node: Node) -> Slot {
        guard free != .none else {
            nodes.append(node)
            return Slot(nodes.count - 1)
        }
        let slot = free
        free = nodes[Int(slot)].inLevel.next
        nodes[Int(slot)] = node
        return slot
    }

    /// Takes the order in a slot out of both queues and the index, and frees the slot.
    private mutating func remove(_ slot: Slot) {
        let node = nodes[Int(slot)]
        let order = node.order
        switch order.side {
        case .buy:
            bids.remove(between: node.inLevel, price: order.price, size: order.remaining)
        case .sell:
            asks.remove(between: node.inLevel, price: order.price, size: order.remaining)
        }
        if node.inLevel.previous != .none {
            nodes[Int(node.inLevel.previous)].inLevel.next = node.inLevel.next
        }
        if node.inLevel.next != .none {
            nodes[Int(node.inLevel.next)].inLevel.previous = node.inLevel.previous
        }

        participants.entries[Int(node.participant)].queue.remove(between: node.ofOwner)
        participants.entries[Int(node.participant)].add(-order.remaining, order.side)
        if node.ofOwner.previous != .none {
            nodes[Int(node.ofOwner.previous)].ofOwner.next = node.ofOwner.next
        }
        if node.ofOwner.next != .none {
            nodes[Int(node.ofOwner.next)].ofOwner.previous = node.ofOwner.previous
        }

        index.remove(order.id)
        nodes[Int(slot)].inLevel = Links(previous: .none, next: free)
        free = slot
    }

    /// Checks all invariants in debug builds, once per so many changes as orders rest, which makes
    /// the cost of a check per change constant; small books are checked at each change.
    private mutating func checkAfterChange() {
        #if DEBUG
            uncheckedChanges += 1
            guard count <= 32 || uncheckedChanges >= count else { return }
            uncheckedChanges = 0
            checkInvariants()
        #endif
    }
}

extension LimitOrderBook: Equatable {
    public static func == (a: LimitOrderBook, b: LimitOrderBook) -> Bool {
        // Within a side, price and id determine an order's place, so the same orders are the same
        // book.
        a.nextID == b.nextID && a.count == b.count && a.resting(.buy).elementsEqual(b.resting(.buy))
            && a.resting(.sell).elementsEqual(b.resting(.sell))
    }
}
