/// A place in the slab of nodes, or `none`.
package typealias Slot = Int32

extension Slot {
    /// The slot that ends a chain.
    package static let none: Slot = -1
}

/// A node's neighbours in one queue.
package struct Links: Hashable, Sendable {
    package var previous: Slot = .none
    package var next: Slot = .none
}

/// One resting order in the slab, a member of two queues: that of its price and that of its owner.
///
/// A node that is free keeps its last order, which nobody reads, and links to the next free node
/// through `inLevel.next`.
package struct Node: Sendable {
    package var order: Order
    package var inLevel = Links()
    package var ofOwner = Links()
    /// Its owner's position among the book's participants.
    package var participant: Int32
}

/// The ends of a queue that is linked through the nodes of the slab, first in, first out.
package struct OrderQueue: Hashable, Sendable {
    package var head: Slot = .none
    package var tail: Slot = .none
    package var count: Int32 = 0

    package init() {}

    /// Puts a node at the end and returns its links; the caller links the former tail to it.
    mutating func append(_ slot: Slot) -> Links {
        let links = Links(previous: tail, next: .none)
        if tail == .none { head = slot }
        tail = slot
        count += 1
        return links
    }

    /// Takes out the node between two neighbours; the caller links these to each other.
    mutating func remove(between links: Links) {
        if links.previous == .none { head = links.next }
        if links.next == .none { tail = links.previous }
        count -= 1
    }
}
