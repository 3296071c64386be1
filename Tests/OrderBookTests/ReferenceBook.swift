import ExactMath
import OrderBook

/// A book as one would write it down: an unsorted list, searched in full for each match.
///
/// It shares nothing with the real one but the types of the results.
struct ReferenceBook {
    private(set) var orders: [Order] = []
    private var lastID: Int64 = 0

    /// The order of a side that trades next: the best price, then the smallest id.
    private func first(_ side: Side) -> Int? {
        var best: Int?
        for i in orders.indices where orders[i].side == side {
            guard let other = best else {
                best = i
                continue
            }
            let (a, b) = (orders[i], orders[other])
            let isCheaper = a.price.raw < b.price.raw
            let isDearer = a.price.raw > b.price.raw
            let isBetter = side == .buy ? isDearer : isCheaper
            if isBetter || (a.price == b.price && a.id.raw < b.id.raw) { best = i }
        }
        return best
    }

    /// A side in priority order, by repeatedly taking the first.
    func sorted(_ side: Side) -> [Order] {
        var rest = self
        var result: [Order] = []
        while let i = rest.first(side) { result.append(rest.orders.remove(at: i)) }
        return result
    }

    mutating func cancel(_ id: OrderID) -> Order? {
        guard let i = orders.firstIndex(where: { $0.id == id }) else { return nil }
        return orders.remove(at: i)
    }

    mutating func cancelAll(owner: Int32) -> [Order] {
        let gone = orders.filter { $0.owner == owner }
        orders.removeAll { $0.owner == owner }
        return gone.sorted { $0.id.raw < $1.id.raw }
    }

    mutating func reduce(_ id: OrderID, by size: Quantity) -> Quantity? {
        guard let i = orders.firstIndex(where: { $0.id == id }) else { return nil }
        let left = orders[i].remaining - size
        setRemaining(left, at: i)
        return left
    }

    private mutating func setRemaining(_ left: Quantity, at i: Int) {
        let old = orders[i]
        if left.raw == 0 {
            orders.remove(at: i)
        } else {
            orders[i] = Order(
                id: old.id, owner: old.owner, side: old.side, price: old.price, remaining: left,
                reduceOnly: old.reduceOnly)
        }
    }

    /// What becomes of a valid order, or none where it is post-only and would cross.
    mutating func submit(_ request: Request) -> Outcome? {
        var outcome = Outcome()
        var left = request.size
        var stopped = false
        while left.raw > 0, !stopped, let i = first(request.side == .buy ? .sell : .buy) {
            let maker = orders[i]
            if let limit = request.limit {
                if request.side == .buy, maker.price.raw > limit.raw { break }
                if request.side == .sell, maker.price.raw < limit.raw { break }
            }
            if request.timeInForce == .postOnly { return nil }
            if maker.owner == request.owner {
                if request.selfTrade == .cancelTaker {
                    stopped = true
                } else {
                    outcome.cancelled.append(orders.remove(at: i))
                }
                continue
            }
            let size = left.raw < maker.remaining.raw ? left : maker.remaining
            outcome.matches.append(Match(with: maker, size: size))
            left -= size
            setRemaining(maker.remaining - size, at: i)
        }
        if let limit = request.limit, request.timeInForce != .immediateOrCancel, !stopped,
            left.raw > 0
        {
            lastID += 1
            let order = Order(
                id: OrderID(raw: lastID), owner: request.owner, side: request.side, price: limit,
                remaining: left, reduceOnly: request.reduceOnly)
            orders.append(order)
            outcome.rested = order
            left = .zero
        }
        outcome.unfilled = left
        return outcome
    }

    struct Request {
        var owner: Int32
        var side: Side
        var size: Quantity
        var limit: Price?
        var timeInForce: TimeInForce
        var reduceOnly: Bool
        var selfTrade: SelfTrade
    }

    struct Outcome: Equatable {
        var matches: [Match] = []
        var cancelled: [Order] = []
        var rested: Order?
        var unfilled = Quantity.zero
    }
}
