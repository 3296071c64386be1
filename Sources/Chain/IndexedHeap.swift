/// A place in one of the chain's total orders: the lower comes first, and no two are equal.
struct Rank: Comparable, Hashable {
    var first: Int64
    var second: Int64
    /// The transaction's id, which makes the order total.
    var id: Int64

    static func < (a: Rank, b: Rank) -> Bool {
        if a.first != b.first { return a.first < b.first }
        if a.second != b.second { return a.second < b.second }
        return a.id < b.id
    }

    /// The same order backwards. Bitwise complement, which unlike negation cannot overflow.
    var reversed: Rank { Rank(first: ~first, second: ~second, id: ~id) }
}

/// A binary heap of numbered slots in which any of them can be found and removed.
///
/// Every operation is O(log n). A slot is in the heap at most once.
struct IndexedHeap {
    private struct Node {
        var rank: Rank
        var slot: Int
    }
    private var nodes: [Node] = []
    /// Where a slot's node is; -1 = nowhere.
    private var positions: [Int32] = []
    /// How often an element has been moved since the heap was made.
    private(set) var moves = 0

    var count: Int { nodes.count }
    /// The slot that comes first.
    var first: Int? { nodes.first?.slot }
    /// The place of the slot that comes first.
    var firstRank: Rank? { nodes.first?.rank }

    func contains(_ slot: Int) -> Bool { slot < positions.count && positions[slot] >= 0 }

    mutating func insert(_ slot: Int, rank: Rank) {
        precondition(!contains(slot), "a slot is in a heap at most once")
        while positions.count <= slot { positions.append(-1) }
        nodes.append(Node(rank: rank, slot: slot))
        positions[slot] = Int32(nodes.count - 1)
        siftUp(nodes.count - 1)
    }

    /// Removes a slot, if it is there.
    mutating func remove(_ slot: Int) {
        guard contains(slot) else { return }
        let hole = Int(positions[slot])
        positions[slot] = -1
        let last = nodes.removeLast()
        guard hole < nodes.count else { return }
        nodes[hole] = last
        positions[last.slot] = Int32(hole)
        siftUp(hole)
        siftDown(Int(positions[last.slot]))
    }

    mutating func popFirst() -> Int? {
        guard let slot = first else { return nil }
        remove(slot)
        return slot
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        let node = nodes[child]
        while child > 0 {
            let parent = (child - 1) / 2
            guard node.rank < nodes[parent].rank else { break }
            place(nodes[parent], at: child)
            child = parent
        }
        place(node, at: child)
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        let node = nodes[parent]
        while true {
            var child = 2 * parent + 1
            guard child < nodes.count else { break }
            if child + 1 < nodes.count, nodes[child + 1].rank < nodes[child].rank { child += 1 }
            guard nodes[child].rank < node.rank else { break }
            place(nodes[child], at: parent)
            parent = child
        }
        place(node, at: parent)
    }

    private mutating func place(_ node: Node, at index: Int) {
        moves &+= 1
        nodes[index] = node
        positions[node.slot] = Int32(index)
    }
}
