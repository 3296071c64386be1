import ExactMath
import SeededRandom

/// Draws when blocks come.
struct BlockClock {
    private let blockTime: BlockTime
    private let missedBlocks: Ratio
    private let halts: [ChainHalt]
    private let faults: [MissedSlots]
    /// Blocks that the last halt cost and that come in its burst.
    private var owed: Int64 = 0
    private var burst: TimeSpan?
    private var draws: RandomStream

    init(_ configuration: ChainConfiguration, draws: RandomStream) {
        blockTime = configuration.blockTime
        missedBlocks = configuration.missedBlocks
        halts = configuration.rules.halts
        faults = configuration.rules.missedSlots
        self.draws = draws
    }

    /// The time of the next block after one at `time`, later by at least a millisecond, and how
    /// many slots passed without a block before it.
    mutating func next(after time: Timestamp) -> (time: Timestamp, missed: Int64) {
        if case .exponential(let mean) = blockTime {
            return (work(mean, after: time), 0)
        }
        var missed: Int64 = 0
        var next = time + distance(at: time)
        while true {
            if let halt = halt(at: next) {
                missed += skip(halt, &next)
            } else if isMissed(at: next) {
                missed += 1
                next = next + distance(at: next)
            } else {
                return (next, missed)
            }
        }
    }

    /// Proof of work: found blocks count from the end of a halt, in which nobody looks for any.
    private mutating func work(_ mean: TimeSpan, after time: Timestamp) -> Timestamp {
        var start = time
        while true {
            let wait = product(mean.milliseconds, 1) * draws.exponential().raw / Fixed18.one.raw
            let found = start + TimeSpan(milliseconds: max(Int64(clamping: wait), 1))
            guard let halt = halt(at: found) else { return found }
            start = halt.until
        }
    }

    /// Passes over the slots of a halt, on the grid they stand on, and says how many there were.
    private mutating func skip(_ halt: ChainHalt, _ next: inout Timestamp) -> Int64 {
        let span = blockTime.mean(at: next).milliseconds
        let slots = ((halt.until - next).milliseconds + span - 1) / span
        next = next + TimeSpan(milliseconds: slots * span)
        if let burst = halt.burst {
            owed += slots
            self.burst = burst
        }
        return slots
    }

    private mutating func distance(at time: Timestamp) -> TimeSpan {
        let usual = blockTime.mean(at: time)
        guard owed > 0, let burst, burst < usual else { return usual }
        owed -= 1
        return burst
    }

    private func halt(at time: Timestamp) -> ChainHalt? {
        halts.first { $0.from <= time && time < $0.until }
    }

    private mutating func isMissed(at time: Timestamp) -> Bool {
        let fault = faults.reduce(Ratio.zero) {
            $1.from <= time && time < $1.until ? max($0, $1.share) : $0
        }
        let chance = max(missedBlocks, fault)
        return chance > .zero && draws.chance(chance)
    }
}
