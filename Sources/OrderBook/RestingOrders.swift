/// The resting orders of one side in priority order: best price first, then the earliest.
///
/// It walks the book's own storage and copies no order but the one it returns. As it shares that
/// storage, a change of the book while a walk is under way copies the book once and leaves the walk
/// on the old state; decide during the walk, and change the book after it.
public struct RestingOrders: Sequence, Sendable {
    private let nodes: [Node]
    private let levels: [PriceLevel]

    init(nodes: [Node], levels: [PriceLevel]) {
        self.nodes = nodes
        self.levels = levels
    }

    public func makeIterator() -> Iterator { Iterator(nodes: nodes, levels: levels) }

    /// A place in the queue of a side.
    public struct Iterator: IteratorProtocol, Sendable {
        private let nodes: [Node]
        private let levels: [PriceLevel]
        /// The number of levels not yet entered; the best one is the last.
        private var levelsLeft: Int
        private var slot: Slot = .none

        init(nodes: [Node], levels: [PriceLevel]) {
            self.nodes = nodes
            self.levels = levels
            self.levelsLeft = levels.count
        }

        /// The next order in priority, or none after the last.
        public mutating func next() -> Order? {
            if slot == .none {
                guard levelsLeft > 0 else { return nil }
                levelsLeft -= 1
                slot = levels[levelsLeft].queue.head
            }
            let i = Int(slot)
            slot = nodes[i].inLevel.next
            return nodes[i].order
        }
    }
}

extension LimitOrderBook {
    /// The resting orders of a side in priority order. O(1) to make, O(1) per order
    public func resting(_ side: Side) -> RestingOrders {
        RestingOrders(nodes: nodes, levels: orders(on: side).levels)
    }
}
