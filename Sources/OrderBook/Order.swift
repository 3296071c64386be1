public import ExactMath

/// The name of a resting order: given by its book, in sequence, starting at one.
///
/// Ids of one book never repeat, and a greater id came later. Two books give the same ids.
public struct OrderID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The sequence number; one for the first order that ever rested.
    public let raw: Int64

    /// A name read from elsewhere; whether such an order rests, the book says.
    @inlinable public init(raw: Int64) { self.raw = raw }

    @inlinable public static func < (a: OrderID, b: OrderID) -> Bool { a.raw < b.raw }

    /// The id that follows.
    package var next: OrderID { OrderID(raw: raw + 1) }

    public var description: String { "#\(raw)" }
}

/// Whether an order buys or sells.
public enum Side: Int8, Sendable, Hashable, CaseIterable {
    case buy
    case sell

    /// The side this one trades against.
    @inlinable public var opposite: Side { self == .buy ? .sell : .buy }

    /// Whether an incoming order of this side with a limit trades at a resting order's price.
    ///
    /// A buyer pays its limit or less, a seller gets its limit or more.
    @inlinable public func crosses(_ resting: Price, limit: Price) -> Bool {
        self == .buy ? resting <= limit : resting >= limit
    }
}

/// An order that rests in a book.
public struct Order: Hashable, Sendable {
    /// Its name within the book.
    public let id: OrderID
    /// The price at which it trades. [1e-8 USD per unit, positive]
    public let price: Price
    /// What is still to be traded. [1e-8 units, positive]
    public internal(set) var remaining: Quantity
    /// Whose order it is: an opaque number that the book only compares.
    public let owner: Int32
    /// Whether it buys or sells.
    public let side: Side
    /// Whether it may only make its owner's position smaller. The book carries this mark and leaves
    /// its meaning to the caller, who knows positions.
    public let reduceOnly: Bool

    /// An order as a value, for comparing with those of a book; only the book makes orders rest.
    public init(
        id: OrderID, owner: Int32, side: Side, price: Price, remaining: Quantity, reduceOnly: Bool
    ) {
        self.id = id
        self.owner = owner
        self.side = side
        self.price = price
        self.remaining = remaining
        self.reduceOnly = reduceOnly
    }

    /// Its place in the queue of its side.
    package var priority: Priority { Priority(side: side, price: price, id: id) }
}

/// The place of an order in the queue of its side: the better price first, then the earlier order.
package struct Priority: Comparable, Sendable {
    package let rank: Int64
    package let id: OrderID

    package init(side: Side, price: Price, id: OrderID) {
        self.rank = Priority.rank(side, price)
        self.id = id
    }

    /// The price as a number that is smaller where the price is better: the highest bid and the
    /// lowest offer come first. Prices are positive, so the negation cannot overflow.
    package static func rank(_ side: Side, _ price: Price) -> Int64 {
        side == .buy ? -price.raw : price.raw
    }

    package static func < (a: Priority, b: Priority) -> Bool {
        (a.rank, a.id) < (b.rank, b.id)
    }
}
