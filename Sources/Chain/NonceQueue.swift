/// One sender's waiting transactions by nonce, and the nonce that is due.
struct NonceQueue {
    /// The nonce of the next transaction to be included.
    var next: Int64 = 0
    /// Ascending by nonce; those before `start` are gone. Appending and taking the lowest, the two
    /// usual moves, cost O(1) on average.
    private var waiting: [(nonce: Int64, slot: Int)] = []
    private var start = 0

    var count: Int { waiting.count - start }

    /// The first nonce from `next` on that no waiting transaction has.
    var firstFree: Int64 {
        // Nonces are distinct and not below `next`, so that an unbroken run shows in its length.
        var low = start
        var high = waiting.count
        while low < high {
            let middle = (low + high) / 2
            if waiting[middle].nonce - next == Int64(middle - start) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return next + Int64(low - start)
    }

    func slot(of nonce: Int64) -> Int? {
        let index = lowerBound(nonce)
        return index < waiting.count && waiting[index].nonce == nonce ? waiting[index].slot : nil
    }

    /// The nonce is not among those waiting.
    mutating func insert(_ slot: Int, nonce: Int64) {
        waiting.insert((nonce, slot), at: lowerBound(nonce))
    }

    /// The nonce is among those waiting.
    mutating func remove(nonce: Int64) {
        let index = lowerBound(nonce)
        precondition(
            index < waiting.count && waiting[index].nonce == nonce, "a waiting nonce is removed")
        guard index == start else {
            waiting.remove(at: index)
            return
        }
        start += 1
        if start * 2 > waiting.count {
            waiting.removeFirst(start)
            start = 0
        }
    }

    private func lowerBound(_ nonce: Int64) -> Int {
        var low = start
        var high = waiting.count
        while low < high {
            let middle = (low + high) / 2
            if waiting[middle].nonce < nonce { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
