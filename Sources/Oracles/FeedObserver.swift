import ExactMath
import SeededRandom

/// The changing part of one feed: when it looks next, what it reported last, and its chance.
struct FeedObserver: Sendable {
    /// The next moment of observation.
    private(set) var nextLook: Timestamp
    /// The moment from which a look triggers a report even without a move; nil without heartbeat.
    private var heartbeatDue: Timestamp?
    /// The first moment of observation, to which looks and phase-locked heartbeats are aligned.
    private let start: Timestamp
    /// The last triggered price, published or not; nil before the first.
    private var lastTriggered: Price?
    private var round: Int64 = 0
    /// One stream per reporter.
    private var noise: [RandomStream]
    private var latency: [RandomStream]

    init(feed: PushFeed, start: Timestamp, random: RandomSource) {
        self.start = start
        self.nextLook = start
        self.heartbeatDue = feed.heartbeat == .zero ? nil : start + feed.heartbeat
        self.noise = (0..<feed.reporters).map { random.stream("oracle/\(feed.name)/noise/\($0)") }
        self.latency = (0..<feed.reporters).map {
            random.stream("oracle/\(feed.name)/latency/\($0)")
        }
    }

    /// Looks at the market when it is time to, and returns the report that this triggers.
    mutating func look(at time: Timestamp, price: Price, feed: PushFeed, index: Int) -> Report? {
        guard time >= nextLook else { return nil }
        nextLook = following(time, every: feed.interval)

        // Noise is drawn in an outage too: with or without the outage, later looks see the same.
        let observed = observation(of: price, noise: feed.noise)
        guard !feed.outages.contains(where: { $0.contains(time) }) else { return nil }
        guard let reason = trigger(at: time, observed: observed, deviation: feed.deviation) else {
            return nil
        }
        lastTriggered = observed
        round += 1
        restartHeartbeat(at: time, feed: feed)
        return Report(
            feed: index, round: round, price: observed,
            confidence: sound { () throws(ArithmeticOverflow) in
                try observed.scaled(by: feed.confidence, rounding: .up)
            },
            reason: reason, observedAt: time,
            publishedAt: time + delay(observedAt: time, feed: feed))
    }

    /// Why a look triggers a report; nil when it does not. A move is named before a heartbeat.
    private func trigger(
        at time: Timestamp, observed: Price, deviation: Ratio
    ) -> Report.Reason? {
        guard let last = lastTriggered else { return .first }
        // |observed − last| / last ≥ deviation, without a division.
        let move = product((observed - last).magnitude.raw, scaleE8)
        if deviation.isPositive, move >= product(last.raw, deviation.raw) { return .deviation }
        if let due = heartbeatDue, time >= due { return .heartbeat }
        return nil
    }

    private mutating func restartHeartbeat(at time: Timestamp, feed: PushFeed) {
        guard let due = heartbeatDue else { return }
        switch feed.heartbeatMode {
        case .phaseLocked:
            if time >= due { heartbeatDue = following(time, every: feed.heartbeat) }
        case .resetOnUpdate:
            heartbeatDue = time + feed.heartbeat
        }
    }

    /// The first moment after `time` that is a whole number of periods after the start.
    private func following(_ time: Timestamp, every period: TimeSpan) -> Timestamp {
        let elapsed = (time - start).milliseconds
        return time + TimeSpan(milliseconds: period.milliseconds - elapsed % period.milliseconds)
    }

    /// The median of what the reporters see, each `price · (1 + noise · z)` to the nearest 1e-8
    /// USD, but at least that: prices near the smallest number do not round to nothing.
    private mutating func observation(of price: Price, noise deviation: Ratio) -> Price {
        precondition(
            price.isPositive && price.raw <= Int64.max / 2, "an observable price, not \(price)")
        guard deviation.isPositive else { return price }
        var seen: [Price] = []
        seen.reserveCapacity(noise.count)
        for reporter in noise.indices {
            let z = noise[reporter].normal()
            let noisy = sound { () throws(ArithmeticOverflow) in
                let factor =
                    try Fixed18.one + Fixed18(deviation).multiplied(by: z, rounding: .nearest)
                return try Fixed18(price).multiplied(by: factor, rounding: .nearest)
                    .rounded(to: Price.self, .nearest)
            }
            seen.append(max(noisy, Price(raw: 1)))
        }
        seen.sort()
        return seen[seen.count / 2]
    }

    /// The time until a majority of the reporters is ready, with the faults of the moment.
    private mutating func delay(observedAt time: Timestamp, feed: PushFeed) -> TimeSpan {
        var delays: [TimeSpan] = []
        delays.reserveCapacity(latency.count)
        for reporter in latency.indices {
            delays.append(feed.latency.sample(&latency[reporter]))
        }
        delays.sort()
        var delay = delays[delays.count / 2]
        for fault in feed.extraLatency where fault.contains(time) {
            delay = delay + fault.extra
        }
        return delay
    }
}

/// The value of arithmetic whose operands are within limits that were checked before.
func sound<Value>(_ body: () throws(ArithmeticOverflow) -> Value) -> Value {
    do {
        return try body()
    } catch {
        preconditionFailure("arithmetic on validated operands does not overflow")
    }
}
