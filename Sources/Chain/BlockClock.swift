import ExactMath
import SeededRandom

/// Draws when blocks come.
struct BlockClock {
    private let blockTime: BlockTime
    private let missedBlocks: Ratio
    private var draws: RandomStream

    init(_ configuration: ChainConfiguration, draws: RandomStream) {
        blockTime = configuration.blockTime
        missedBlocks = configuration.missedBlocks
        self.draws = draws
    }

    /// The time of the next block after one at `time`, later by at least a millisecond, and how
    /// many slots passed without a block before it.
    mutating func next(after time: Timestamp) -> (time: Timestamp, missed: Int64) {
        if case .exponential(let mean) = blockTime {
            let wait = product(mean.milliseconds, 1) * draws.exponential().raw / Fixed18.one.raw
            return (time + TimeSpan(milliseconds: max(Int64(clamping: wait), 1)), 0)
        }
        var missed: Int64 = 0
        var next = time + blockTime.mean(at: time)
        while missedBlocks > .zero, draws.chance(missedBlocks) {
            missed += 1
            next = next + blockTime.mean(at: next)
        }
        return (next, missed)
    }
}
