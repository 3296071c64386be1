public import ExactMath

/// A feed's configuration has no meaning: which feed, which field, and what was expected of it.
public struct OracleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The feed's name.
    public let feed: String
    /// The path of the field in ``PriceFeed``: `heartbeat`, `latency.sigma`, `outages[1]`.
    public let field: String
    /// What is wrong with it.
    public let problem: Problem

    /// What may be wrong with a field; each carries the offending value and what is allowed.
    public enum Problem: Hashable, Sendable {
        /// A name without characters.
        case empty
        /// Another feed has this name.
        case duplicate
        /// Neither a deviation nor a heartbeat: the feed would never report again.
        case noTrigger
        /// An index or a number of things.
        case count(Int, ClosedRange<Int>)
        /// A fraction.
        case ratio(Ratio, ClosedRange<Ratio>)
        /// A length of time.
        case span(TimeSpan, ClosedRange<TimeSpan>)
        /// A time that does not end after it starts.
        case reversed(Timestamp, Timestamp)
        /// A price that cannot be observed.
        case price(Price)
    }

    /// A refusal of one field of a feed.
    public init(feed: String, field: String, problem: Problem) {
        self.feed = feed
        self.field = field
        self.problem = problem
    }

    /// One line: ``feed "ETH": noise: 0.5 is outside 0...0.1``.
    public var description: String {
        "feed \"\(feed)\": \(field): \(problem)"
    }
}

extension OracleError.Problem: CustomStringConvertible {
    /// What was found and what was expected, in words.
    public var description: String {
        switch self {
        case .empty:
            "expected a name"
        case .duplicate:
            "another feed has this name"
        case .noTrigger:
            "expected a positive deviation or a heartbeat"
        case .count(let value, let allowed):
            if allowed.upperBound == Int.max {
                "\(value) is below \(allowed.lowerBound)"
            } else {
                "\(value) is outside \(allowed)"
            }
        case .ratio(let value, let allowed):
            "\(value) is outside \(allowed.lowerBound)...\(allowed.upperBound)"
        case .span(let value, let allowed):
            "\(value.milliseconds) ms is outside "
                + "\(allowed.lowerBound.milliseconds)...\(allowed.upperBound.milliseconds) ms"
        case .reversed(let from, let until):
            "from \(from) is not before until \(until)"
        case .price(let price):
            "expected a price above 0 and at most 46 billion, found \(price)"
        }
    }
}
