package import ExactMath

/// What one owner has resting in a book.
package struct Participant: Hashable, Sendable {
    package let owner: Int32
    /// Its orders of both sides, in id order.
    package var queue = OrderQueue()
    /// The sum of what remains of its bids. [1e-8 units]
    package var buying: Quantity = .zero
    /// The sum of what remains of its offers. [1e-8 units]
    package var selling: Quantity = .zero

    /// Changes the sum of one side.
    mutating func add(_ size: Quantity, _ side: Side) {
        switch side {
        case .buy: buying += size
        case .sell: selling += size
        }
    }
}

/// Everyone who ever had an order resting, by owner.
///
/// An entry keeps its position for good, so that nodes can refer to it; `byOwner` sorts the
/// positions. Entries of owners without orders stay: market makers come back with each quote.
package struct Participants: Sendable {
    package var entries: [Participant] = []
    package var byOwner: [Int32] = []

    /// The position of an owner's entry, or none. O(log owners)
    func position(of owner: Int32) -> Int? {
        let i = rank(of: owner)
        guard i < byOwner.count else { return nil }
        let position = Int(byOwner[i])
        return entries[position].owner == owner ? position : nil
    }

    /// The position of an owner's entry, which is made where there is none.
    mutating func positionAdding(_ owner: Int32) -> Int {
        if let position = position(of: owner) { return position }
        byOwner.insert(Int32(entries.count), at: rank(of: owner))
        entries.append(Participant(owner: owner))
        return entries.count - 1
    }

    /// The number of owners before one.
    private func rank(of owner: Int32) -> Int {
        var low = 0
        var high = byOwner.count
        while low < high {
            let middle = (low + high) >> 1
            if entries[Int(byOwner[middle])].owner < owner {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
