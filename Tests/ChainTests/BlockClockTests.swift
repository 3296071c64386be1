import Chain
import ExactMath
import SeededRandom
import Testing

struct BlockClockTests {
    private func slots(_ blockTime: BlockTime, missed: Ratio = .zero, count: Int) throws -> [Slot] {
        var configuration = ChainConfiguration.small()
        configuration.blockTime = blockTime
        configuration.missedBlocks = missed
        var chain = try Chain(configuration)
        return (0..<count).map { _ in
            let slot = chain.nextSlot()
            let header = chain.build(slot) { _, _ in }.header
            #expect(header.number == slot.number && header.time == slot.time)
            #expect(header.missedSlots == slot.missed && chain.number == slot.number)
            return slot
        }
    }

    @Test func fixedSlots() throws {
        let slots = try slots(.fixed(TimeSpan(seconds: 12)), count: 3)
        #expect(
            slots == [
                Slot(number: 1, time: .at(12), missed: 0),
                Slot(number: 2, time: .at(24), missed: 0),
                Slot(number: 3, time: .at(36), missed: 0),
            ])
    }

    /// Missed slots lengthen the distance by whole slots and take no block number.
    @Test func missedSlots() throws {
        let slots = try slots(
            .fixed(TimeSpan(seconds: 12)), missed: Ratio(percent: 20), count: 5000)
        var time = Timestamp.at(0)
        var missed: Int64 = 0
        for (index, slot) in slots.enumerated() {
            #expect(slot.number == Int64(index) + 1)
            #expect(slot.time == time + TimeSpan(seconds: 12 * (1 + slot.missed)))
            time = slot.time
            missed += slot.missed
        }
        // Geometric: mean p / (1 − p) = 0.25, standard error 0.0079.
        #expect(abs(Double(missed) / 5000 - 0.25) < 0.04)
    }

    @Test func proofOfWork() throws {
        let slots = try slots(.exponential(mean: TimeSpan(milliseconds: 13_100)), count: 5000)
        let times = [Timestamp.at(0)] + slots.map(\.time)
        let waits = zip(times, times.dropFirst()).map { ($1 - $0).milliseconds }
        #expect(waits.allSatisfy { $0 >= 1 })
        // Standard error of the mean: 185 ms; of the share beyond the mean, 1/e: 0.0068.
        let mean = Double(waits.reduce(0, +)) / 5000
        #expect(abs(mean - 13_100) < 900)
        let beyond = Double(waits.filter { $0 > 13_100 }.count) / 5000
        #expect(abs(beyond - 0.3679) < 0.035)
    }

    @Test func schedule() throws {
        let slots = try slots(
            .schedule([
                BlockTimeChange(from: .at(4), span: TimeSpan(seconds: 2)),
                BlockTimeChange(from: .at(6), span: TimeSpan(milliseconds: 500)),
            ]), count: 5)
        #expect(slots.map(\.time.milliseconds) == [2000, 4000, 6000, 6500, 7000])
    }
}
