public import ExactMath
public import SeededRandom

/// All price feeds of a run: who observes which price, when, and how late the report leaves.
///
/// The caller hands in the outside world's prices as time passes and takes out the reports that
/// have become ready; what then happens to them (fees, inclusion, refusal) is the chain's matter.
///
/// Chance comes from the streams `oracle/NAME/noise/I` and `oracle/NAME/latency/I` of the I-th
/// reporter of the feed NAME: one normal variate per look from the first (none at all where the
/// feed's noise is zero), one word per triggered round from the second; and `oracle/NAME/venue/V` of
/// the venue V, one normal variate per look where it has noise. So no feed depends on
/// another, no noise depends on a latency, and the n-th round meets the same chance whatever the
/// latency is set to.
public struct Oracles: Sendable {
    /// The configuration, in the order of the feeds' indices.
    public let feeds: [PriceFeed]

    /// The next moment at which ``observe(at:prices:)`` has something to do; nil without feeds.
    ///
    /// A look between two calls is not made up for, so a loop that wants every look calls it at
    /// each of these moments.
    public private(set) var nextDue: Timestamp?

    private var observers: [FeedObserver]
    /// Reports that were triggered but not taken yet, the last to be published first.
    private var queue: [Report] = []
    /// The latest moment that has been looked at.
    private var now: Timestamp

    /// Feeds whose first observation is due at `start`.
    ///
    /// - Throws: ``OracleError`` with the first field, in the order of the feeds, that has no
    ///   meaning.
    public init(feeds: [PriceFeed], start: Timestamp, random: RandomSource) throws(OracleError) {
        for (index, feed) in feeds.enumerated() {
            try feed.validate()
            if feeds[..<index].contains(where: { $0.name == feed.name }) {
                throw OracleError(feed: feed.name, field: "name", problem: .duplicate)
            }
        }
        self.feeds = feeds
        self.observers = feeds.map { FeedObserver(feed: $0, start: start, random: random) }
        self.now = start
        self.nextDue = feeds.isEmpty ? nil : start
    }

    /// Looks at the market with every feed whose observation is due, and keeps the reports that
    /// this triggers until they are published.
    ///
    /// A feed is due at the start and every interval after it; when time has passed over several of
    /// these moments, it looks once, now. The first look triggers a report, at the start if there
    /// is no outage.
    ///
    /// - Parameters:
    ///   - time: not before the start, nor before the time of an earlier call.
    ///   - prices: the reference price of every observed asset, by index; greater than zero and at
    ///     most half of what a ``Price`` holds, 46 billion USD. [1e-8 USD per unit]
    public mutating func observe(at time: Timestamp, prices: [Price]) {
        precondition(time >= now, "observed at \(time) after \(now): time goes forward")
        now = time
        guard let due = nextDue, due <= time else { return }
        var next: Timestamp?
        for index in feeds.indices {
            let asset = feeds[index].asset
            precondition(
                asset < prices.count, "feed \(feeds[index].name) observes an asset with a price")
            for report in observers[index].look(
                at: time, price: prices[asset], feed: feeds[index], index: index)
            {
                enqueue(report)
            }
            next = min(next ?? observers[index].nextLook, observers[index].nextLook)
        }
        nextDue = next
    }

    /// Removes and returns the reports that are published at `time` or before, in the total order
    /// of publication: by time, then by feed, then by round.
    public mutating func published(until time: Timestamp) -> [Report] {
        var taken: [Report] = []
        while let next = queue.last, next.publishedAt <= time {
            taken.append(queue.removeLast())
        }
        return taken
    }

    /// The number of reports that were triggered and not taken yet.
    public var pending: Int { queue.count }

    /// Inserts a report into its place by binary search.
    private mutating func enqueue(_ report: Report) {
        var low = 0
        var high = queue.count
        while low < high {
            let middle = (low + high) / 2
            if report < queue[middle] { low = middle + 1 } else { high = middle }
        }
        queue.insert(report, at: low)
    }
}
