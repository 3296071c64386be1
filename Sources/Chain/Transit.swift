import ExactMath

/// Transactions sent but not yet arrived, in order of arrival and then of id.
struct Transit {
    private var heap = IndexedHeap()
    private var transactions: [Transaction?] = []
    private var free: [Int] = []

    var count: Int { heap.count }

    mutating func insert(_ transaction: Transaction) {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
            transactions[slot] = transaction
        } else {
            slot = transactions.count
            transactions.append(transaction)
        }
        let arrival = transaction.submittedAt.milliseconds
        heap.insert(slot, rank: Rank(first: arrival, second: 0, id: transaction.id))
    }

    /// The next that has arrived by a moment.
    mutating func next(by time: Timestamp) -> Transaction? {
        guard let rank = heap.firstRank, rank.first <= time.milliseconds,
            let slot = heap.popFirst()
        else { return nil }
        defer { transactions[slot] = nil }
        free.append(slot)
        return transactions[slot]
    }
}
