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
    private var venues: VenueView
    private var average: TimeWeightedAverage?
    private var anchor: TimeWeightedAverage?
    /// What everybody, and what each reporter, saw when the price was last not frozen.
    private var lastSeen: Price?
    private var lastSeenBy: [Price?]
    /// The next round of a replay.
    private var nextRound = 0
    /// The period that was read last, of a delayed feed.
    private var lastPeriod: Int64?

    init(feed: PriceFeed, start: Timestamp, random: RandomSource) {
        self.start = start
        self.nextLook = start
        self.heartbeatDue = feed.heartbeat == .zero ? nil : start + feed.heartbeat
        self.noise = (0..<feed.reporters).map { random.stream("oracle/\(feed.name)/noise/\($0)") }
        self.latency = (0..<feed.reporters).map {
            random.stream("oracle/\(feed.name)/latency/\($0)")
        }
        venues = VenueView(feed: feed, random: random)
        lastSeenBy = Array(repeating: nil, count: feed.reporters)
        anchor = feed.anchor.map { TimeWeightedAverage(window: $0.window) }
        if case .twap(let window) = feed.kind { average = TimeWeightedAverage(window: window) }
    }

    /// Looks at the market when it is time to, and returns the reports that this triggers.
    mutating func look(
        at time: Timestamp, price: Price, feed: PriceFeed, index: Int
    ) -> [Report] {
        guard time >= nextLook else { return [] }
        precondition(
            price.isPositive && price.raw <= Int64.max / 2, "an observable price, not \(price)")
        if case .replay(let rounds) = feed.kind {
            return replay(rounds, until: time, feed: feed, index: index)
        }
        nextLook = following(time, every: feed.interval)

        // Noise is drawn in an outage too: with or without the outage, later looks see the same.
        let observed = observation(of: price, at: time, feed: feed)
        let anchored = anchor?.add(price, at: time)
        guard let observed, !feed.outages.contains(where: { $0.contains(time) }),
            let answer = feed.bounds.map({ $0.answer(observed) }) ?? observed,
            let reason = trigger(at: time, observed: answer, feed: feed)
        else { return [] }
        if let band = feed.anchor, let anchored,
            !band.holds(answer, average: anchored, at: time)
        {
            return []
        }
        lastTriggered = answer
        restartHeartbeat(at: time, feed: feed)
        if case .delayed(let delayed) = feed.kind { lastPeriod = delayed.number(of: time) }
        return [report(answer, reason, at: time, feed: feed, index: index)]
    }

    private mutating func report(
        _ price: Price, _ reason: Report.Reason, at time: Timestamp, feed: PriceFeed, index: Int
    ) -> Report {
        round += 1
        return Report(
            feed: index, round: round, price: price,
            confidence: sound { () throws(ArithmeticOverflow) in
                try price.scaled(by: feed.confidence, rounding: .up)
            },
            reason: reason, observedAt: time,
            publishedAt: time + delay(observedAt: time, feed: feed))
    }

    /// The recorded rounds that have become due, each at its own time.
    ///
    /// Faults strike them as they strike observations; one in an outage is lost.
    private mutating func replay(
        _ rounds: [RecordedRound], until time: Timestamp, feed: PriceFeed, index: Int
    ) -> [Report] {
        var reports: [Report] = []
        while nextRound < rounds.count, rounds[nextRound].time <= time {
            let recorded = rounds[nextRound]
            nextRound += 1
            guard !feed.outages.contains(where: { $0.contains(recorded.time) }),
                let seen = everyone(recorded.price, at: recorded.time, feed: feed),
                let answer = feed.bounds.map({ $0.answer(seen) }) ?? seen
            else { continue }
            lastTriggered = answer
            reports.append(
                report(answer, .recorded, at: recorded.time, feed: feed, index: index))
        }
        nextLook =
            nextRound < rounds.count
            ? rounds[nextRound].time : Timestamp(milliseconds: Int64.max / 2)
        return reports
    }

    /// Why a look triggers a report; nil when it does not. A move is named before a heartbeat.
    private func trigger(
        at time: Timestamp, observed: Price, feed: PriceFeed
    ) -> Report.Reason? {
        guard let last = lastTriggered else { return .first }
        switch feed.kind {
        case .pull, .vote, .twap: return .interval
        case .delayed(let delayed):
            return delayed.number(of: time) != lastPeriod ? .period : nil
        case .replay: return .recorded
        case .push, .median: break
        }
        // |observed − last| / last ≥ deviation, without a division.
        let move = product((observed - last).magnitude.raw, scaleE8)
        if feed.deviation.isPositive, move >= product(last.raw, feed.deviation.raw) {
            return .deviation
        }
        if let due = heartbeatDue, time >= due { return .heartbeat }
        return nil
    }

    private mutating func restartHeartbeat(at time: Timestamp, feed: PriceFeed) {
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

    /// What the feed sees of a price: the median of its reporters, averaged where it is an average.
    ///
    /// Nil where too few see anything.
    private mutating func observation(
        of price: Price, at time: Timestamp, feed: PriceFeed
    ) -> Price? {
        let source =
            feed.venues.isEmpty ? price : venues.price(of: price, at: time, feed: feed)
        guard let source, let shown = everyone(source, at: time, feed: feed),
            let median = median(of: shown, at: time, feed: feed)
        else { return nil }
        return average?.add(median, at: time) ?? median
    }

    /// A price with the faults that strike everybody; nil where nobody sees anything.
    private mutating func everyone(
        _ price: Price, at time: Timestamp, feed: PriceFeed
    ) -> Price? {
        guard !feed.faults.isEmpty else { return price }
        let faults = feed.faults.filter { $0.scope == .everyone && $0.contains(time) }
        let seen = PriceFault.apply(faults, to: price, frozen: lastSeen)
        if !faults.contains(where: { $0.effect == .freeze }) { lastSeen = price }
        return seen
    }

    /// The median of what the reporters see, each `price · (1 + noise · z)` to the nearest 1e-8
    /// USD, but at least that: prices near the smallest number do not round to nothing.
    private mutating func median(
        of price: Price, at time: Timestamp, feed: PriceFeed
    ) -> Price? {
        let faults = feed.faults.filter { fault in
            if case .reporters = fault.scope { fault.contains(time) } else { false }
        }
        let isNoisy = feed.noise.isPositive
        let mayFreeze = feed.faults.contains { $0.effect == .freeze }
        guard isNoisy || !faults.isEmpty || mayFreeze else { return price }
        var seen: [Price] = []
        seen.reserveCapacity(noise.count)
        for reporter in noise.indices {
            let own = isNoisy ? noisy(price, feed.noise, &noise[reporter]) : price
            let struck = faults.filter { fault in
                if case .reporters(let count) = fault.scope { reporter < count } else { false }
            }
            let value = PriceFault.apply(struck, to: own, frozen: lastSeenBy[reporter])
            if !struck.contains(where: { $0.effect == .freeze }) { lastSeenBy[reporter] = own }
            if let value { seen.append(value) }
        }
        seen.sort()
        guard !seen.isEmpty else { return nil }
        if let outliers = feed.outliers {
            let middle = seen[seen.count / 2]
            let allowed = product(middle.raw, outliers.raw)
            seen.removeAll { product(($0 - middle).magnitude.raw, scaleE8) > allowed }
        }
        return seen.count >= feed.quorum ? seen[seen.count / 2] : nil
    }

    /// The time until a majority of the reporters is ready, with the faults of the moment.
    private mutating func delay(observedAt time: Timestamp, feed: PriceFeed) -> TimeSpan {
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
