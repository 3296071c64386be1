public import ExactMath
public import MarginRules

/// The configuration of one price feed: reporters look at one asset's price at a set cadence and
/// report it; what triggers a report, and how it gets to the protocol, is its kind's matter.
///
/// A push feed publishes when the price has moved far enough, or when it has been silent for long
/// enough: Chainlink's price feeds (ETH/USD on Ethereum: deviation 0.5 %, heartbeat one hour). ``Oracles/init(feeds:start:random:)`` checks every field; the limits stand beside
/// each.
public struct PriceFeed: Sendable, Hashable {
    /// The feed's name, unique among the feeds; it names the feed's streams of chance.
    public var name: String
    /// The index of the observed asset in the prices handed to ``Oracles/observe(at:prices:)``.
    public var asset: Int
    /// What makes its prices, and how they reach the protocol.
    public var kind: FeedKind
    /// The venues whose weighted median the reporters see; none where they see the outside price.
    public var venues: [Venue]
    /// A report is triggered when |observed − last triggered| ≥ deviation · last triggered; zero
    /// turns this trigger off. At most 100 %. [1e-8]
    public var deviation: Ratio
    /// A report is triggered at the latest this often; zero turns this trigger off, otherwise it is
    /// at least ``interval``. A heartbeat can only be noticed at a look. [ms]
    public var heartbeat: TimeSpan
    /// What restarts the heartbeat's clock.
    public var heartbeatMode: HeartbeatMode
    /// How often the reporters look at the market: at the start, and at every multiple of this
    /// after it. Greater than zero. [ms]
    public var interval: TimeSpan
    /// The standard deviation of one reporter's observation, relative to the price. At most 10 %,
    /// so that an observation is always positive. [1e-8]
    public var noise: Ratio
    /// The delay from an observation to a report that is ready to be sent to the chain.
    public var latency: Latency
    /// The stated half-width of the price's confidence interval, relative to the price. At most
    /// 100 %. [1e-8]
    public var confidence: Ratio
    /// When the reporters do not look at the market; they may overlap.
    public var outages: [Outage]
    /// When reports leave later than ``latency`` says; where faults overlap, their delays add up.
    public var extraLatency: [LatencyFault]
    /// The number of independent observers whose median is reported, from 1 to 255.
    ///
    /// Each has noise and latency of its own. The median of an even number is the upper of the two
    /// in the middle, as in Chainlink's contract (smartcontractkit/libocr OffchainAggregator.sol:
    /// `observations[observations.length / 2]`). The report is ready when a majority, n / 2 + 1
    /// observers, is.
    public var reporters: Int
    /// Observations further than this from the reporters' median are left out, relative to it; nil
    /// leaves none out. Greater than zero. [1e-8]
    public var outliers: Ratio?
    /// How many observations have to be left for a report, from 1 to the number of reporters.
    public var quorum: Int
    /// The answers that the feed can give; nil for any.
    public var bounds: AnswerBounds?
    /// When the price is seen wrongly; where faults overlap, they act in order.
    public var faults: [PriceFault]
    /// How venues make one price; nil for their weighted median.
    public var index: IndexPrice?
    /// What an answer must be near to; one that is not is not given, so that the last one stands. Nil for nothing.
    public var anchor: PriceAnchor?

    /// A feed of one exact, immediate reporter, unless told otherwise.
    public init(
        name: String,
        asset: Int,
        kind: FeedKind = .push,
        venues: [Venue] = [],
        deviation: Ratio,
        heartbeat: TimeSpan,
        heartbeatMode: HeartbeatMode = .phaseLocked,
        interval: TimeSpan,
        noise: Ratio = .zero,
        latency: Latency = .fixed(.zero),
        confidence: Ratio = .zero,
        outages: [Outage] = [],
        extraLatency: [LatencyFault] = [],
        reporters: Int = 1,
        outliers: Ratio? = nil,
        quorum: Int = 1,
        bounds: AnswerBounds? = nil,
        faults: [PriceFault] = []
    ) {
        self.name = name
        self.asset = asset
        self.kind = kind
        self.venues = venues
        self.deviation = deviation
        self.heartbeat = heartbeat
        self.heartbeatMode = heartbeatMode
        self.interval = interval
        self.noise = noise
        self.latency = latency
        self.confidence = confidence
        self.outages = outages
        self.extraLatency = extraLatency
        self.reporters = reporters
        self.outliers = outliers
        self.quorum = quorum
        self.bounds = bounds
        self.faults = faults
    }
}

/// A band around the time-weighted average of what a pool shows, which is the outside price.
///
/// Compound v2 takes a reporter's price only within such a band of a Uniswap pair's average
/// (compound-finance/open-oracle contracts/Uniswap/UniswapAnchoredView.sol): the average over the answer lies
/// within 1 ± tolerance.
public struct PriceAnchor: Sendable, Hashable {
    /// Greater than zero, at most 100 %. [1e-8]
    public var tolerance: Ratio
    /// What is averaged over, greater than zero. [ms]
    public var window: TimeSpan

    /// A band of a width around an average over a window.
    public init(tolerance: Ratio, window: TimeSpan) {
        self.tolerance = tolerance
        self.window = window
    }

    func holds(_ answer: Price, average: Price, at time: Timestamp) -> Bool {
        let result = sound { () throws(ArithmeticOverflow) in
            try OracleGuard.anchorBand(tolerance: tolerance).check(
                OracleAnswer(price: answer, confidence: .zero, observedAt: time),
                in: OracleContext(now: time, sequencer: nil, reference: average))
        }
        if case .success = result { return true }
        return false
    }
}

/// What restarts the clock of a feed's heartbeat.
public enum HeartbeatMode: Sendable, Hashable, CaseIterable {
    /// Nothing does: heartbeats fall due at the start plus every multiple of the heartbeat, however
    /// many deviation rounds lie in between.
    ///
    /// Chainlink's ETH/USD feed does this. Of its 11,106 rounds from 2023-04-05 to 2024-01-29,
    /// those that moved less than 0.5 % settle at the end of April 2023 on one moment of the hour,
    /// second 3335 ± 60, and 6,497 of the 6,610 hours that follow have one there.
    case phaseLocked
    /// Every report does: a heartbeat falls due one heartbeat after the last triggered observation.
    case resetOnUpdate
}

/// A time in which a feed makes no observation: `from` ≤ time < `until`.
public struct Outage: Sendable, Hashable {
    /// The first moment without observations.
    public var from: Timestamp
    /// The first moment with observations again; after `from`.
    public var until: Timestamp

    /// An outage in `from` ≤ time < `until`.
    public init(from: Timestamp, until: Timestamp) {
        self.from = from
        self.until = until
    }

    func contains(_ time: Timestamp) -> Bool { from <= time && time < until }
}

/// A delay added to reports observed in a time: `from` ≤ observation < `until`.
public struct LatencyFault: Sendable, Hashable {
    /// The first moment whose observations are delayed.
    public var from: Timestamp
    /// The first moment whose observations are not; after `from`.
    public var until: Timestamp
    /// The added delay, from zero to 365 days. [ms]
    public var extra: TimeSpan

    /// A fault in `from` ≤ observation < `until`.
    public init(from: Timestamp, until: Timestamp, extra: TimeSpan) {
        self.from = from
        self.until = until
        self.extra = extra
    }

    func contains(_ time: Timestamp) -> Bool { from <= time && time < until }
}
