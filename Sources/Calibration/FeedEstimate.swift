public import ExactMath

/// A round of a push feed as it was recorded.
public struct ObservedRound: Hashable, Sendable {
    /// When it was on the chain.
    public var time: Timestamp
    /// Greater than zero.
    public var price: Price
    public init(time: Timestamp, price: Price) {
        self.time = time
        self.price = price
    }
}

/// What a push feed's rounds say about its configuration.
///
/// A round comes from a move or from the clock. The *heartbeat* is the lower edge of the longest distances
/// of rounds, a minute or less below it. A round is *on the clock* where another lies one heartbeat before
/// or after it, give or take a twenty-fourth; all others must come from a move, so the *deviation* is the
/// lower edge of their moves. The clock is phase-locked where rounds of small moves keep their distance to
/// each other although rounds of large moves lie between.
public struct FeedEstimate: Hashable, Sendable {
    /// Rounds from the second on, whose move and distance are known.
    public var rounds: Int
    /// The time from the first to the last round.
    public var span: TimeSpan
    /// A round figure just below the estimated edge; nil where no move stands out. [1e-8]
    public var deviation: Ratio?
    /// A round figure just below the estimated edge; nil where distances have no upper edge.
    public var heartbeat: TimeSpan?
    /// Whether other rounds leave the heartbeat's clock alone.
    public var isPhaseLocked: Bool
    /// The time that all distances of rounds are multiples of: the chain's block time where that is fixed.
    public var quantum: TimeSpan
    /// From the heartbeat to the round that it made: the median and the 95th percentile.
    public var lateness: (median: TimeSpan, high: TimeSpan) {
        (TimeSpan(milliseconds: latenessMedian), TimeSpan(milliseconds: latenessHigh))
    }
    var latenessMedian: Int64
    var latenessHigh: Int64
    public var fit: Fit

    /// How well the estimate describes the rounds.
    public struct Fit: Hashable, Sendable {
        /// Rounds of at least the deviation.
        public var moved: Int
        /// Of the others, rounds on the clock.
        public var onTheClock: Int
        /// Rounds that are neither.
        public var unexplained: Int
        /// Of the rounds that are not on the clock, those that moved by the deviation or more.
        public var offTheClockMoved: Int
        public var offTheClock: Int
        /// The median move of the rounds that moved, and its 95th percentile. [1e-8]
        public var medianMove: Ratio
        public var highMove: Ratio
        /// [1e-8]
        public var largestMove: Ratio
        public var longestGap: TimeSpan
    }

    /// Rounds a day, to two decimals.
    public var roundsPerDay: Ratio {
        guard span > .zero else { return .zero }
        return Ratio(
            raw: Int64(
                product(Int64(rounds), 86_400_000) * 100 / Int128(span.milliseconds))
                * (scaleE8 / 100))
    }

    /// Estimates from at least 20 rounds in order of time; nil of fewer.
    public init?(_ recorded: [ObservedRound]) {
        guard recorded.count >= 20 else { return nil }
        let count = recorded.count - 1
        let times = recorded.map(\.time.milliseconds)
        let gaps = (1...count).map { times[$0] - times[$0 - 1] }
        let moves = (1...count).map { Self.move(recorded[$0 - 1].price, recorded[$0].price) }
        rounds = count
        span = TimeSpan(milliseconds: times[count] - times[0])
        let beat = Self.heartbeat(gaps)
        heartbeat = beat.map { TimeSpan(milliseconds: $0) }
        let onClock = (1...count).map { index in
            beat.map { Self.isOnTheClock(index, times, $0) } ?? false
        }
        let free = (0..<count).filter { !onClock[$0] }.map { moves[$0] }.sorted()
        deviation = Self.deviation(free)
        let limit = deviation?.raw ?? Int64.max
        quantum = TimeSpan(milliseconds: Self.quantum(gaps))

        // Rounds of small moves that come sooner than a heartbeat after the round before them, and still one
        // heartbeat after another small one: the clock did not begin anew.
        let small = (0..<count).filter { moves[$0] < limit }
        let early = small.filter { index in beat.map { gaps[index] * 20 < $0 * 19 } ?? false }
        let kept = early.filter { onClock[$0] }
        isPhaseLocked = early.count * 20 > small.count && kept.count * 2 > early.count

        let late = gaps.filter { gap in beat.map { gap >= $0 && gap * 20 <= $0 * 21 } ?? false }
            .map { $0 - (beat ?? 0) }.sorted()
        latenessMedian = late.isEmpty ? 0 : late[late.count / 2]
        latenessHigh = late.isEmpty ? 0 : late[late.count * 95 / 100]

        let moved = moves.filter { $0 >= limit }.sorted()
        let clock = small.filter { index in
            onClock[index] || beat.map { gaps[index] >= $0 } ?? false
        }
        fit = Fit(
            moved: moved.count, onTheClock: clock.count,
            unexplained: count - moved.count - clock.count,
            offTheClockMoved: free.filter { $0 >= limit }.count, offTheClock: free.count,
            medianMove: Ratio(raw: moved.isEmpty ? 0 : moved[moved.count / 2]),
            highMove: Ratio(raw: moved.isEmpty ? 0 : moved[moved.count * 95 / 100]),
            largestMove: Ratio(raw: moves.max() ?? 0),
            longestGap: TimeSpan(milliseconds: gaps.max() ?? 0))
    }

    // MARK: Edges

    /// |next − last| / last, rounded down. [1e-8]
    static func move(_ last: Price, _ next: Price) -> Int64 {
        Int64(clamping: product((next - last).magnitude.raw, scaleE8) / Int128(last.raw))
    }

    /// The lower edge of the longest distances, as a round figure. [ms]
    ///
    /// A heartbeat that holds is never missed, so distances crowd just above it: of those within a tenth of
    /// the longest the upper quartile is taken, once at least three and one in five hundred lie there;
    /// longer ones are outages, and left out.
    private static func heartbeat(_ gaps: [Int64]) -> Int64? {
        let sorted = gaps.sorted()
        var end = sorted.count
        while end > 0 {
            let top = sorted[end - 1]
            let begin = sorted[..<end].partitioning { $0 * 10 >= top * 9 }
            let crowd = end - begin
            if crowd >= max(3, gaps.count / 500) {
                return rounded(sorted[begin + crowd * 3 / 4], to: beats)
            }
            // What is longer than nearly all is no heartbeat.
            if gaps.count - begin > gaps.count / 20 { return nil }
            end = begin
        }
        return nil
    }

    /// The lower edge of moves, of the figures that people write; nil of fewer than ten.
    ///
    /// Where most is gained by a quarter above over a fifth below: some rounds come from a clock that has not
    /// settled, and a few are triggered by one reporter's price and report the median's.
    private static func deviation(_ sorted: [Int64]) -> Ratio? {
        guard sorted.count >= 10 else { return nil }
        func count(from low: Int64, below high: Int64) -> Int {
            sorted.partitioning { $0 >= high } - sorted.partitioning { $0 >= low }
        }
        var best: (step: Int64, gain: Int)?
        for step in steps {
            let gain =
                count(from: step, below: step * 5 / 4) - count(from: step * 4 / 5, below: step)
            if gain > best?.gain ?? 0 { best = (step, gain) }
        }
        return best.map { Ratio(raw: $0.step) }
    }

    /// The figure that people would have written: the largest that is not more than a fiftieth above.
    private static func rounded(_ value: Int64, to figures: [Int64]) -> Int64 {
        let near = figures.filter { $0 * 50 <= value * 51 && $0 * 5 >= value * 4 }
        return near.max() ?? value
    }

    /// From 0.01 % to 20 %. [1e-8]
    private static let steps: [Int64] = [
        1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 125, 150, 200,
        250, 300, 400, 500, 750, 1000, 1500, 2000,
    ].map { $0 * 10_000 }
    /// From a minute to two days. [ms]
    private static let beats: [Int64] = [
        1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480,
        720, 1440, 2880,
    ].map { $0 * 60_000 }

    /// Whether another round lies one heartbeat away, give or take a twenty-fourth.
    static func isOnTheClock(_ index: Int, _ times: [Int64], _ beat: Int64) -> Bool {
        let slack = beat / 24
        return [times[index] - beat, times[index] + beat].contains { due in
            let first = times.partitioning { $0 >= due - slack }
            return first < times.count && times[first] <= due + slack
        }
    }

    /// The largest number of whole seconds that divides nineteen in twenty distances. [ms]
    private static func quantum(_ gaps: [Int64]) -> Int64 {
        for seconds in [Int64](2...60).reversed() {
            let fitting = gaps.filter { $0 % (seconds * 1000) == 0 }.count
            if fitting * 20 >= gaps.count * 19 { return seconds * 1000 }
        }
        return gaps.allSatisfy { $0 % 1000 == 0 } ? 1000 : 1
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element satisfies a condition that all later ones satisfy too.
    func partitioning(_ holds: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
