package import ExactMath

/// All resting orders of one price, in the order of their arrival.
package struct PriceLevel: Hashable, Sendable {
    package let price: Price
    package var queue = OrderQueue()
    /// The sum of what remains of its orders. [1e-8 units]
    package var size: Quantity = .zero

    package init(price: Price) { self.price = price }
}

/// One side of a book: its price levels, the best one last.
///
/// The levels are a sorted array: there are few of them, and as most changes happen near the best
/// price, the array's end is where inserting and removing moves the least.
package struct BookSide: Sendable {
    package let side: Side
    package var levels: [PriceLevel] = []
    /// The sum of all levels' sizes. [1e-8 units]
    package var size: Quantity = .zero

    package init(_ side: Side) { self.side = side }

    /// The best level's price, or none where nothing rests.
    var best: Price? { levels.last?.price }

    /// The position of the first level that is not worse than a price. O(log levels)
    private func position(of price: Price) -> Int {
        let rank = Priority.rank(side, price)
        var low = 0
        var high = levels.count
        while low < high {
            let middle = (low + high) >> 1
            if Priority.rank(side, levels[middle].price) > rank {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The position of the level of a price at which orders rest.
    private func existing(_ price: Price) -> Int {
        let i = position(of: price)
        precondition(i < levels.count && levels[i].price == price, "no level at \(price)")
        return i
    }

    /// Puts a node at the end of its price's queue and returns its links.
    mutating func append(_ slot: Slot, price: Price, size added: Quantity) -> Links {
        let i = position(of: price)
        if i == levels.count || levels[i].price != price {
            levels.insert(PriceLevel(price: price), at: i)
        }
        levels[i].size += added
        size += added
        return levels[i].queue.append(slot)
    }

    /// Makes the level of a price smaller; its queue stays as it is.
    mutating func reduce(price: Price, by removed: Quantity) {
        levels[existing(price)].size -= removed
        size -= removed
    }

    /// Takes a node with what remains of it out of its price's queue, and an empty level away.
    mutating func remove(between links: Links, price: Price, size removed: Quantity) {
        let i = existing(price)
        size -= removed
        if levels[i].queue.count == 1 {
            levels.remove(at: i)
            return
        }
        levels[i].size -= removed
        levels[i].queue.remove(between: links)
    }
}
