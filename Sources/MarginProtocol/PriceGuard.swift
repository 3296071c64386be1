public import ExactMath
public import MarginRules

/// One thing that a price must satisfy, and what stops while it does not.
///
/// The refusals of a protocol are the guards of all prices that an action needs, in the order of the list.
public struct PriceGuard: Hashable, Sendable {
    /// What is compared with a price.
    public enum Reference: Hashable, Sendable {
        case nothing
        /// The price that the protocol had before this one.
        case previous
        /// The time-weighted average of the protocol's own prices, see ``PriceHistory``; the window is longer
        /// than zero.
        case average(TimeSpan)
    }
    public enum Rule: Hashable, Sendable {
        /// One check of the field's consumers. Those of a request or of a batch are not checks of a price
        /// that is there, and refused as parameters.
        case check(OracleGuard, against: Reference)
        /// Drift's states of a price, and its table of what goes on in which: then what is blocked follows
        /// from the table. Ages are counted in slots; the tier says how uncertain a price may be.
        case validity(
            OracleGuardRails, slot: TimeSpan, average: TimeSpan, tier: ContractTier,
            isStablecoin: Bool)
        /// Drift's band around an average: reaching it blocks.
        case divergence(OracleDivergence, average: TimeSpan)
    }
    public var rule: Rule
    public var blocks: Actions
    /// Whose prices; nil for all.
    public var feeds: [FeedID]?
    /// A liquidation goes on all the same where weighted collateral over weighted debt is below this
    /// (Aave v3's sentinel: 0.95); nil for never.
    public var bypassBelow: Ratio?
    public init(
        _ rule: Rule, blocks: Actions, feeds: [FeedID]? = nil, bypassBelow: Ratio? = nil
    ) {
        self.rule = rule
        self.blocks = blocks
        self.feeds = feeds
        self.bypassBelow = bypassBelow
    }

    /// The window of the average that the rule compares with, if it does.
    var window: TimeSpan? {
        switch rule {
        case .check(_, .average(let window)), .divergence(_, let window),
            .validity(_, _, let window, _, _):
            window
        case .check: nil
        }
    }

    /// What is wrong with it; nil where nothing is.
    var problem: String? {
        if let window, window <= .zero { return "the window of an average is longer than zero" }
        switch rule {
        case .validity(_, let slot, _, _, _):
            return slot > .zero ? nil : "a slot is longer than zero"
        case .divergence: return nil
        case .check(let check, let reference):
            switch check {
            case .positivePrice: return nil
            case .maximumAge(let limit, _), .sequencerUp(let limit, _):
                return limit >= .zero ? nil : "an age is not negative"
            case .maximumConfidence(let share):
                return share >= .zero ? nil : "a confidence is not negative"
            case .bounds(let minimum, let maximum, _):
                return minimum <= maximum ? nil : "a lower bound is above the upper one"
            case .anchorBand(let limit), .maximumDeviation(let limit):
                guard reference != .nothing else { return "a deviation is one from something" }
                return limit >= .zero ? nil : "a deviation is not negative"
            case .clamp, .maximumLead, .maximumBatchSpread, .noneOlderThanRequest,
                .newestNotOlderThanRequest, .requestExpiration:
                return "the check is not one of a price that is there"
            }
        }
    }
}

/// What a feed's price was before, as far as guards ask.
///
/// An average counts each price for as long as it stood: `(price · t + average · (window − t)) / window`,
/// with t at most the window. Drift keeps its averages so (drift-labs/protocol-v2
/// programs/drift/src/math/amm.rs `calculate_weighted_average`), but counts a price for the time before
/// it came.
struct PriceHistory: Hashable, Sendable {
    /// The price before the present one; the first price itself where there is none.
    var previous: Price
    /// Since when the present price stands.
    var since: Timestamp
    /// One for each window, without the present price.
    var averages: [Price]

    init(first price: Price, at time: Timestamp, windows: Int) {
        previous = price
        since = time
        averages = Array(repeating: price, count: windows)
    }

    /// The average over a window at a moment, to the nearest.
    func average(_ index: Int, of window: TimeSpan, with price: Price, at time: Timestamp) -> Price
    {
        let stood = min((time - since).milliseconds, window.milliseconds)
        let sum =
            product(price.raw, stood) + product(averages[index].raw, window.milliseconds - stood)
        return Price(
            raw: Int64((sum + Int128(window.milliseconds / 2)) / Int128(window.milliseconds)))
    }

    /// Puts the present price behind a new one.
    mutating func replace(_ present: Price, at time: Timestamp, windows: [TimeSpan]) {
        for (index, window) in windows.enumerated() {
            averages[index] = average(index, of: window, with: present, at: time)
        }
        previous = present
        since = time
    }
}
