import Foundation
import Testing

@testable import Audit

@Suite struct BoundedQueueTests {
    @Test func elementsComeOutInOrderWhateverTheCapacity() async {
        for capacity in [1, 10, 1000] {
            let queue = BoundedQueue<Int>(capacity: capacity)
            let producer = Thread {
                for number in 0..<500 { _ = queue.push(number, weight: 3) }
                queue.close()
            }
            producer.start()
            var taken: [Int] = []
            while case .element(let number) = queue.pop() { taken.append(number) }
            #expect(taken == Array(0..<500))
        }
    }

    @Test func aDeadlineEndsTheWait() {
        let queue = BoundedQueue<Int>(capacity: 1)
        guard case .timedOut = queue.pop(until: Date(timeIntervalSinceNow: 0.01)) else {
            Issue.record("nothing was queued")
            return
        }
        #expect(queue.push(1, weight: 99))
        queue.close()
        #expect(!queue.push(2, weight: 1))
        guard case .element(1) = queue.pop(), case .ended = queue.pop() else {
            Issue.record("what was queued before the close is taken")
            return
        }
    }

    @Test func anAbandonedQueueReleasesItsProducer() {
        let queue = BoundedQueue<Int>(capacity: 1)
        #expect(queue.push(1, weight: 1))
        let consumer = Thread {
            Thread.sleep(forTimeInterval: 0.02)
            queue.abandon()
        }
        consumer.start()
        #expect(!queue.push(2, weight: 1))
    }
}
