public import ExactMath

/// One price of a book's depth.
public struct DepthLevel: Hashable, Sendable {
    /// The price of its orders. [1e-8 USD per unit]
    public let price: Price
    /// The sum of what remains of them. [1e-8 units, positive]
    public let size: Quantity
    /// How many they are; at least one.
    public let orderCount: Int

    public init(price: Price, size: Quantity, orderCount: Int) {
        self.price = price
        self.size = size
        self.orderCount = orderCount
    }
}

extension LimitOrderBook {
    /// The number of resting orders.
    public var count: Int { index.count }

    /// Whether nothing rests.
    public var isEmpty: Bool { count == 0 }

    /// The highest price at which someone buys, or none. [1e-8 USD per unit]
    public var bestBid: Price? { bids.best }

    /// The lowest price at which someone sells, or none. [1e-8 USD per unit]
    public var bestAsk: Price? { asks.best }

    /// The best price of a side, or none where nothing rests. [1e-8 USD per unit]
    public func best(_ side: Side) -> Price? { orders(on: side).best }

    /// The price halfway between best bid and best ask, or none if a side is empty.
    /// [1e-8 USD per unit]
    public func mid(rounding: Rounding) -> Price? {
        guard let bid = bestBid, let ask = bestAsk else { return nil }
        // The spread is positive, so that neither the difference nor one more overflows.
        let spread = ask.raw - bid.raw
        switch rounding {
        case .down, .towardZero: return Price(raw: bid.raw + spread / 2)
        case .up, .nearest: return Price(raw: bid.raw + (spread + 1) / 2)
        }
    }

    /// The depth of a side, best price first, at most `limit` levels of it. O(levels returned)
    public func levels(_ side: Side, limit: Int = .max) -> [DepthLevel] {
        precondition(limit >= 0, "a number of levels")
        return orders(on: side).levels.suffix(limit).reversed().map { level in
            DepthLevel(
                price: level.price, size: level.size, orderCount: Int(level.queue.count))
        }
    }

    /// The sum of what remains of all orders of a side. [1e-8 units] O(1)
    public func restingSize(_ side: Side) -> Quantity { orders(on: side).size }

    /// The sum of what remains of an owner's orders of a side. [1e-8 units] O(log owners)
    public func restingSize(_ side: Side, of owner: Int32) -> Quantity {
        guard let position = participants.position(of: owner) else { return .zero }
        let participant = participants.entries[position]
        return side == .buy ? participant.buying : participant.selling
    }

    /// The number of an owner's resting orders. O(log owners)
    public func count(of owner: Int32) -> Int {
        guard let position = participants.position(of: owner) else { return 0 }
        return Int(participants.entries[position].queue.count)
    }

    /// The resting order of an id, or none. O(log orders)
    public func order(_ id: OrderID) -> Order? {
        let slot = index.slot(of: id)
        return slot == .none ? nil : nodes[Int(slot)].order
    }

    /// All resting orders of an owner, both sides, in id order. O(log owners + orders returned)
    public func orders(of owner: Int32) -> [Order] {
        guard let position = participants.position(of: owner) else { return [] }
        let queue = participants.entries[position].queue
        var orders: [Order] = []
        orders.reserveCapacity(Int(queue.count))
        var slot = queue.head
        while slot != .none {
            orders.append(nodes[Int(slot)].order)
            slot = nodes[Int(slot)].ofOwner.next
        }
        return orders
    }

    /// Whether an order of this side with this limit would trade at once.
    ///
    /// Prices alone decide, whoever owns the resting orders.
    public func crosses(_ side: Side, limit: Price) -> Bool {
        guard let best = best(side.opposite) else { return false }
        return side.crosses(best, limit: limit)
    }

    /// Whether the sum of a side's sizes, together with one more order's, fits into a ``Quantity``.
    public func hasRoom(for size: Quantity, _ side: Side) -> Bool {
        !restingSize(side).raw.addingReportingOverflow(size.raw).overflow
    }

    func orders(on side: Side) -> BookSide { side == .buy ? bids : asks }
}
