import Foundation

/// Joins one producer and one consumer; the producer waits while too much is queued.
///
/// Safe to share: every access to its state holds the lock.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    enum Pop {
        case element(Element)
        /// Nothing came before the deadline.
        case timedOut
        /// The producer has closed the queue and everything was taken.
        case ended
    }

    private let lock = NSCondition()
    private let capacity: Int
    private var elements: [(value: Element, weight: Int)] = []
    private var first = 0
    private var weight = 0
    private var isClosed = false
    private var isAbandoned = false

    /// - Parameter capacity: the weight above which the producer waits.
    init(capacity: Int) { self.capacity = capacity }

    /// Waits for room and adds an element; false when the consumer has gone away.
    func push(_ element: Element, weight: Int) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        while self.weight > 0, self.weight + weight > capacity, !isAbandoned, !isClosed {
            lock.wait()
        }
        guard !isAbandoned, !isClosed else { return false }
        elements.append((element, weight))
        self.weight += weight
        lock.broadcast()
        return true
    }

    /// Takes the oldest element, waiting for one until the deadline, or for as long as it takes.
    func pop(until deadline: Date? = nil) -> Pop {
        lock.lock()
        defer { lock.unlock() }
        while first == elements.count {
            if isClosed { return .ended }
            if let deadline {
                guard lock.wait(until: deadline) else { return .timedOut }
            } else {
                lock.wait()
            }
        }
        let taken = elements[first]
        first += 1
        if first == elements.count {
            elements.removeAll(keepingCapacity: true)
            first = 0
        } else if first > 64, first * 2 > elements.count {
            elements.removeFirst(first)
            first = 0
        }
        weight -= taken.weight
        lock.broadcast()
        return .element(taken.value)
    }

    /// Says that nothing more will come.
    func close() {
        lock.lock()
        isClosed = true
        lock.broadcast()
        lock.unlock()
    }

    /// Says that nothing more will be taken.
    func abandon() {
        lock.lock()
        isAbandoned = true
        elements.removeAll()
        first = 0
        weight = 0
        lock.broadcast()
        lock.unlock()
    }
}
