import ExactMath

/// What is true of every book at every moment between two changes.
public enum BookInvariant: Int, Sendable, Hashable, CaseIterable {
    /// The best bid is below the best ask.
    case notCrossed = 1
    /// The levels of a side are sorted by price, each price once.
    case levelsSorted = 2
    /// Every level holds an order, and its queue is linked the same way forwards and backwards.
    case levelsLinked = 3
    /// Every order has the side and price of its level, a positive remaining size, and an id given
    /// before.
    case ordersFitLevels = 4
    /// Within a level ids ascend: who came first is first.
    case timePriority = 5
    /// Sizes of levels and sides are the sums of what remains of their orders.
    case sizesAddUp = 6
    /// The index finds every resting order, and nothing else, in id order.
    case indexAgrees = 7
    /// Every owner's queue lists its orders in id order, and its sums are theirs.
    case ownersAgree = 8
    /// Every node is either a resting order or free.
    case slabComplete = 9
}

extension LimitOrderBook {
    /// Traps if any invariant does not hold. O(orders · log orders)
    public func checkInvariants() {
        if let breached = breachedInvariant() {
            preconditionFailure("order book: invariant \(breached.rawValue), \(breached)")
        }
    }

    /// An invariant that does not hold, or none where all do. O(orders · log orders)
    public func breachedInvariant() -> BookInvariant? {
        if let bid = bestBid, let ask = bestAsk, bid >= ask { return .notCrossed }
        let total: Int
        do throws(Breach) { total = try walk(bids) + walk(asks) } catch { return error.invariant }
        if !indexAgrees(orders: total) { return .indexAgrees }
        if !ownersAgree(orders: total) { return .ownersAgree }
        if total + freeCount() != nodes.count { return .slabComplete }
        return nil
    }

    private struct Breach: Error { let invariant: BookInvariant }

    /// Checks invariants 2 to 6 of one side, and returns the number of its orders.
    private func walk(_ side: BookSide) throws(Breach) -> Int {
        var count = 0
        var size = Quantity.zero
        var worse: Int64?
        for level in side.levels {
            let rank = Priority.rank(side.side, level.price)
            if let worse, worse <= rank { throw Breach(invariant: .levelsSorted) }
            worse = rank
            guard let orders = orders(of: level.queue, links: \.inLevel) else {
                throw Breach(invariant: .levelsLinked)
            }
            var levelSize = Quantity.zero
            var last: OrderID?
            for order in orders {
                guard order.side == side.side, order.price == level.price, order.price.isPositive,
                    order.remaining.isPositive, order.id < nextID
                else { throw Breach(invariant: .ordersFitLevels) }
                if let last, order.id <= last { throw Breach(invariant: .timePriority) }
                last = order.id
                levelSize = try sum(levelSize, order.remaining)
            }
            if levelSize != level.size { throw Breach(invariant: .sizesAddUp) }
            size = try sum(size, levelSize)
            count += orders.count
        }
        if size != side.size { throw Breach(invariant: .sizesAddUp) }
        return count
    }

    private func sum(_ a: Quantity, _ b: Quantity) throws(Breach) -> Quantity {
        do { return try a.adding(b) } catch { throw Breach(invariant: .sizesAddUp) }
    }

    /// The orders of a queue from head to tail, or none if it is empty, broken or of another
    /// length.
    private func orders(of queue: OrderQueue, links: KeyPath<Node, Links>) -> [Order]? {
        var orders: [Order] = []
        var previous = Slot.none
        var slot = queue.head
        while slot != .none {
            guard nodes.indices.contains(Int(slot)), orders.count < Int(queue.count),
                nodes[Int(slot)][keyPath: links].previous == previous
            else { return nil }
            orders.append(nodes[Int(slot)].order)
            previous = slot
            slot = nodes[Int(slot)][keyPath: links].next
        }
        let complete = previous == queue.tail && orders.count == Int(queue.count)
        return complete && !orders.isEmpty ? orders : nil
    }

    /// Invariant 7: the index has as many live entries as there are orders, ids ascending, and
    /// finds each order; so it finds nothing else.
    private func indexAgrees(orders total: Int) -> Bool {
        var live = 0
        var last: OrderID?
        for entry in index.entries {
            if let last, entry.id <= last { return false }
            last = entry.id
            if entry.slot == .none { continue }
            guard nodes.indices.contains(Int(entry.slot)) else { return false }
            live += 1
        }
        return live == total && index.count == total && resting(.buy).allSatisfy(isIndexed)
            && resting(.sell).allSatisfy(isIndexed)
    }

    private func isIndexed(_ order: Order) -> Bool { self.order(order.id) == order }

    /// Invariant 8.
    private func ownersAgree(orders total: Int) -> Bool {
        var count = 0
        var last: Int32?
        guard participants.byOwner.count == participants.entries.count else { return false }
        for position in participants.byOwner {
            guard participants.entries.indices.contains(Int(position)) else { return false }
            let participant = participants.entries[Int(position)]
            if let last, participant.owner <= last { return false }
            last = participant.owner
            if participant.queue == OrderQueue() {
                guard participant.buying.isZero, participant.selling.isZero else { return false }
                continue
            }
            guard let orders = orders(of: participant.queue, links: \.ofOwner) else { return false }
            var expected = Participant(owner: participant.owner, queue: participant.queue)
            var previous: OrderID?
            for order in orders {
                if let previous, order.id <= previous { return false }
                previous = order.id
                guard isIndexed(order), order.owner == participant.owner,
                    nodes[Int(index.slot(of: order.id))].participant == position
                else { return false }
                expected.add(order.remaining, order.side)
            }
            if expected != participant { return false }
            count += orders.count
        }
        return count == total
    }

    /// The number of free nodes, counted no further than there are nodes.
    private func freeCount() -> Int {
        var count = 0
        var slot = free
        while slot != .none, nodes.indices.contains(Int(slot)), count <= nodes.count {
            count += 1
            slot = nodes[Int(slot)].inLevel.next
        }
        return count
    }
}
