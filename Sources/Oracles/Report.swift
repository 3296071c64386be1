public import ExactMath

/// What a feed tells the chain: an observed price, on its way from the moment it was seen.
///
/// `observedAt` is when the market was looked at, and what staleness is counted from; `publishedAt`
/// is when the report can first be sent. Where latency varies, a later round may be published
/// before an earlier one: whoever stores a feed's price refuses a round that is not newer than its
/// last.
public struct Report: Hashable, Sendable {
    /// The index of the feed in ``Oracles/feeds``.
    public let feed: Int
    /// 1, 2, … per feed, in the order of triggering.
    public let round: Int64
    /// The median of the reporters' observations. [1e-8 USD per unit]
    public let price: Price
    /// The stated half-width around the price, rounded up. [1e-8 USD per unit]
    public let confidence: Price
    /// What triggered the report.
    public let reason: Reason
    /// When the market was looked at.
    public let observedAt: Timestamp
    /// When the report is ready to be sent: the observation plus the majority's latency plus
    /// faults.
    public let publishedAt: Timestamp

    /// What triggers a report. A move that is seen when a heartbeat is due is a `deviation`.
    public enum Reason: Hashable, Sendable, CaseIterable {
        /// The feed's first observation.
        case first
        /// The price moved by the deviation or more since the last triggered report.
        case deviation
        /// The heartbeat fell due.
        case heartbeat
        /// The feed reports at every look.
        case interval
        /// A new period of a delayed feed began.
        case period
        /// The round was recorded at this time.
        case recorded
    }

    /// A report with all that it says; feeds make their own.
    public init(
        feed: Int, round: Int64, price: Price, confidence: Price, reason: Reason,
        observedAt: Timestamp, publishedAt: Timestamp
    ) {
        self.feed = feed
        self.round = round
        self.price = price
        self.confidence = confidence
        self.reason = reason
        self.observedAt = observedAt
        self.publishedAt = publishedAt
    }
}

extension Report: Comparable {
    /// The order of publication: by time, then by feed, then by round.
    public static func < (a: Report, b: Report) -> Bool {
        (a.publishedAt, a.feed, a.round) < (b.publishedAt, b.feed, b.round)
    }
}
