import ExactMath

/// When a trader of a population does something next.
struct Appointment: Hashable, Comparable, Sendable {
    enum Kind: Int8, Sendable {
        /// Looks at its account.
        case poll
        /// Does what it decided when it saw its margin shrink.
        case respond
        /// Resizes a position.
        case trade
    }
    var time: Timestamp
    var kind: Kind
    var trader: Int

    static func < (a: Self, b: Self) -> Bool {
        (a.time, a.kind.rawValue, a.trader) < (b.time, b.kind.rawValue, b.trader)
    }
}

/// Appointments, the earliest first: a binary heap, so that nobody is looked at before it is due.
struct Agenda: Sendable {
    private var heap: [Appointment] = []

    var count: Int { heap.count }

    mutating func insert(_ appointment: Appointment) {
        heap.append(appointment)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the earliest appointment, if it is due.
    mutating func next(by time: Timestamp) -> Appointment? {
        guard let first = heap.first, first.time <= time else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
