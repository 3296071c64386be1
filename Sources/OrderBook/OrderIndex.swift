/// Where an order of a given id is in the slab.
///
/// Ids only grow, so appending keeps the entries sorted, and a binary search finds them without
/// hashing. A removed entry stays until half of them are removed; then all of these go at once,
/// which costs O(1) per removal on average and keeps the memory proportional to the orders that
/// rest.
package struct OrderIndex: Sendable {
    package struct Entry: Hashable, Sendable {
        package let id: OrderID
        /// `none` where the order no longer rests.
        package var slot: Slot

        package init(id: OrderID, slot: Slot) {
            self.id = id
            self.slot = slot
        }
    }

    package var entries: [Entry] = []
    package var removed = 0

    /// The number of orders that rest.
    var count: Int { entries.count - removed }

    /// Adds an order whose id is greater than all before.
    mutating func append(_ id: OrderID, at slot: Slot) {
        entries.append(Entry(id: id, slot: slot))
    }

    /// The slot of a resting order, or `none`. O(log orders)
    func slot(of id: OrderID) -> Slot {
        let i = position(of: id)
        return i < entries.count && entries[i].id == id ? entries[i].slot : .none
    }

    /// Forgets a resting order.
    mutating func remove(_ id: OrderID) {
        let i = position(of: id)
        precondition(i < entries.count && entries[i].id == id, "no order \(id)")
        entries[i].slot = .none
        removed += 1
        if removed > 32, removed > entries.count / 2 {
            entries.removeAll { $0.slot == .none }
            removed = 0
        }
    }

    /// The position of the first entry that is not before an id.
    private func position(of id: OrderID) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) >> 1
            if entries[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
