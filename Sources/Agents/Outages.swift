import ExactMath
import SeededRandom

/// A machine that runs, crashes and is repaired, by exponential times; and transactions that go out wrong.
struct Outages: Hashable, Sendable {
    private let failures: LiquidatorGroup.Failures
    private var crashes: RandomStream
    private var mistakes: RandomStream
    private var isUp = false
    /// When it next changes; nil before it was first asked.
    private var until: Timestamp?

    init(_ failures: LiquidatorGroup.Failures, crashes: RandomStream, mistakes: RandomStream) {
        self.failures = failures
        self.crashes = crashes
        self.mistakes = mistakes
    }

    /// Whether it runs at a time; times do not go back.
    mutating func isRunning(at time: Timestamp) -> Bool {
        guard failures.meanUptime > .zero else { return true }
        var end = until ?? time
        while end <= time {
            isUp.toggle()
            end = end + wait(isUp ? failures.meanUptime : failures.meanRepair)
        }
        until = end
        return isUp
    }

    /// What goes wrong with the next transaction; two words of the stream.
    mutating func mistake() -> (isStuck: Bool, hasWrongGas: Bool) {
        (mistakes.chance(failures.stuckNonce), mistakes.chance(failures.wrongGas))
    }

    /// At least a millisecond, at most a year.
    private mutating func wait(_ mean: TimeSpan) -> TimeSpan {
        let draw = crashes.exponential()
        let scaled = draw.raw / 1_000_000_000 * Int128(mean.milliseconds) / 1_000_000_000
        return TimeSpan(
            milliseconds: max(1, min(Int64(clamping: scaled), TimeSpan.year.milliseconds)))
    }
}
