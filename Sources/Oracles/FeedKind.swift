public import ExactMath

/// What makes a feed's prices, and how they reach the protocol.
public enum FeedKind: Sendable, Hashable {
    /// Reporters carry a round to the chain when the price has moved, or after a while (Chainlink).
    case push
    /// A signed price is published off chain at every look, and whoever needs it attaches it to a
    /// transaction of its own (Pyth, Chainlink Data Streams).
    case pull
    /// A price takes effect one period after it was read; see ``DelayedFeed``.
    case delayed(DelayedFeed)
    /// The geometric mean of the last while, read from a pool; see ``TimeWeightedAverage``.
    case twap(window: TimeSpan)
    /// A push feed of the weighted median of several venues.
    case median
    /// The validators agree on the price of every look and write it into the block, free of charge
    /// (dYdX v4's vote extensions, Hyperliquid's validators).
    case vote
    /// Rounds that were recorded elsewhere, in order of time.
    case replay([RecordedRound])

    /// How a round gets from the feed to the protocol.
    public enum Delivery: Sendable, Hashable {
        /// A reporter's transaction, which pays and waits like any other.
        case transaction
        /// Somebody's transaction that needs the price and carries it along.
        case attached
        /// At the beginning of a block, before all transactions, free of charge.
        case block
    }

    /// How the rounds of this kind get to the protocol.
    ///
    /// A pool's average can be read in every block; recorded rounds have got in already, at their
    /// recorded time.
    public var delivery: Delivery {
        switch self {
        case .push, .median, .delayed: .transaction
        case .pull: .attached
        case .twap, .vote, .replay: .block
        }
    }
}

/// A round as somebody recorded it.
public struct RecordedRound: Sendable, Hashable {
    /// When it was on the chain.
    public var time: Timestamp
    /// Greater than zero. [1e-8 USD per unit]
    public var price: Price

    /// A round of a time and a price.
    public init(time: Timestamp, price: Price) {
        self.time = time
        self.price = price
    }
}
