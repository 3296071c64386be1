public import ExactMath

/// A price that is seen wrongly for a while: `from` ≤ look < `until`.
public struct PriceFault: Sendable, Hashable {
    /// Who sees it wrongly.
    public enum Scope: Sendable, Hashable {
        /// Everybody.
        case everyone
        /// The first so many reporters.
        case reporters(Int)
        /// The venue of this name.
        case venue(String)
    }

    /// How it is wrong.
    public enum Effect: Sendable, Hashable {
        /// It stays what it was, and is posted on.
        case freeze
        /// It is multiplied: 1.3 is a wick, 100 an error of units. Above zero, at most 1e8. [1e-8]
        case factor(Ratio)
        /// It is this, whatever the market does. [1e-8 USD per unit]
        case value(Price)
        /// It is at least this: a lowest answer set too high.
        case floor(Price)
        /// It is at most this.
        case ceiling(Price)
        /// Nothing is seen.
        case silence
    }

    /// The first moment of the fault.
    public var from: Timestamp
    /// The first moment after it; after `from`.
    public var until: Timestamp
    /// Who is struck.
    public var scope: Scope
    /// What happens to the price.
    public var effect: Effect

    /// A fault of everybody, unless told otherwise.
    public init(
        from: Timestamp, until: Timestamp, scope: Scope = .everyone, effect: Effect
    ) {
        self.from = from
        self.until = until
        self.scope = scope
        self.effect = effect
    }

    func contains(_ time: Timestamp) -> Bool { from <= time && time < until }

    /// What is seen in place of a price, in the order of the faults; nil where nothing is.
    ///
    /// A product is held within what can be observed, from 1e-8 to 46 billion USD.
    /// - Parameter frozen: what was seen before a freeze; nil where nothing was.
    static func apply(_ faults: [PriceFault], to price: Price, frozen: Price?) -> Price? {
        var seen = price
        for fault in faults {
            switch fault.effect {
            case .freeze: seen = frozen ?? seen
            case .factor(let factor):
                let scaled = product(seen.raw, factor.raw) / Int128(scaleE8)
                seen = Price(raw: Int64(min(max(scaled, 1), Int128(Int64.max / 2))))
            case .value(let value): seen = value
            case .floor(let floor): seen = max(seen, floor)
            case .ceiling(let ceiling): seen = min(seen, ceiling)
            case .silence: return nil
            }
        }
        return seen
    }
}

/// The smallest and largest answer that an aggregator gives.
public struct AnswerBounds: Sendable, Hashable {
    /// What happens to an answer beyond them.
    public enum Beyond: Sendable, Hashable {
        /// It is refused, so that the last one stands: Chainlink's aggregator, whose `transmit`
        /// reverts (smartcontractkit/libocr contract/OffchainAggregator.sol, "median is out of
        /// min-max range").
        case stop
        /// The bound is reported in its place.
        case clamp
    }
    /// Greater than zero.
    public var minimum: Price
    /// Not less than the minimum, and at most 46 billion USD.
    public var maximum: Price
    /// What happens beyond them.
    public var beyond: Beyond

    /// Bounds, both of which are still answers.
    public init(minimum: Price, maximum: Price, beyond: Beyond) {
        self.minimum = minimum
        self.maximum = maximum
        self.beyond = beyond
    }

    /// What is answered; nil where nothing is.
    func answer(_ price: Price) -> Price? {
        let held = min(max(price, minimum), maximum)
        return held == price || beyond == .clamp ? held : nil
    }
}
