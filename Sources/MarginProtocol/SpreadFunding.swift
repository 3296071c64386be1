public import ExactMath
import MarginRules

/// Funding made of the distance between a market's average price and its oracle's, with the pool as everybody's
/// counterparty.
///
/// Longs and shorts pay each other at one rate; the pool, which has the rest of the smaller side, receives or pays as one
/// of it. Where it would pay more than a third of what its fees allow, those who receive get less. So each side has an
/// index of its own. Source: drift-labs/protocol-v2, programs/drift/src/math/funding.rs and controller/funding.rs; see
/// ``DriftFundingRate`` and ``DriftFundingSplit``.
public struct SpreadFunding: Hashable, Sendable {
    /// What the market's price is taken from.
    public enum Source: Hashable, Sendable {
        /// The middle of the best prices in the book; the oracle's price where a side is empty.
        case book
        /// The pool's price at the traders' skew, `index · (1 + skew / skewScale)`.
        case skew(scale: Quantity)
    }
    public var source: Source
    /// The oracle's price over this is added to the distance, which longs pay shorts; nil adds nothing.
    public var offsetDivisor: Int64?
    /// The distance counts at most as the oracle's price over this.
    public var spreadDivisor: Int64
    /// Between two payments, on the hour; also the time over which prices are averaged. A payment is that part of a day's.
    public var interval: TimeSpan
    /// Between two looks at both prices; zero for one in every block.
    public var sampling: TimeSpan
    public init(
        source: Source, offsetDivisor: Int64? = 5000, spreadDivisor: Int64,
        interval: TimeSpan = TimeSpan(seconds: 3600), sampling: TimeSpan = .zero
    ) {
        self.source = source
        self.offsetDivisor = offsetDivisor
        self.spreadDivisor = spreadDivisor
        self.interval = interval
        self.sampling = sampling
    }

    /// What is wrong with it, in words.
    var problems: [String] {
        var found: [String] = []
        let divisors: ClosedRange<Int64> = 1...1_000_000
        if !divisors.contains(spreadDivisor) || !divisors.contains(offsetDivisor ?? 1) {
            found.append("funding by a spread: divisors are between 1 and a million")
        }
        if interval < TimeSpan(seconds: 3600) || interval > TimeSpan(seconds: 86_400)
            || sampling < .zero || sampling > interval
        {
            found.append("funding by a spread: an interval is an hour to a day, samples within it")
        }
        if case .skew(let scale) = source, !scale.isPositive {
            found.append("funding: a skew scale is greater than zero")
        }
        return found
    }
}

/// Funding by the day from what a quantity would meet in the book, charged as time passes.
///
/// Source: blockworks-foundation/mango-v4, programs/mango-v4/src/state/perp_market.rs; see ``ImpactMidFunding``.
public struct ImpactMidPolicy: Hashable, Sendable {
    /// What is bought and sold to price the book. [1e-8 units]
    public var impact: Quantity
    /// The limits of the rate per day, of which the book has one where it holds the quantity on one side alone.
    public var minimum: Ratio
    public var maximum: Ratio
    /// The longest time that one look at the book is charged for.
    public var longestStep: TimeSpan
    public init(
        impact: Quantity, minimum: Ratio, maximum: Ratio,
        longestStep: TimeSpan = TimeSpan(seconds: 3600)
    ) {
        self.impact = impact
        self.minimum = minimum
        self.maximum = maximum
        self.longestStep = longestStep
    }

    /// What is wrong with it, in words.
    var problems: [String] {
        let unit: ClosedRange<Ratio> = -.one ... .one
        guard impact.isPositive, unit.contains(minimum), unit.contains(maximum),
            minimum <= maximum, longestStep > .zero
        else {
            return [
                "funding by impact prices needs an impact and a step above zero, and limits in order within 1"
            ]
        }
        return []
    }

    var rule: ImpactMidFunding {
        ImpactMidFunding(
            bounds: FundingBounds(lower: Fixed18(minimum), upper: Fixed18(maximum)),
            longestStep: longestStep)
    }
}

/// Averages over the time between two payments.
struct SpreadAverages: Hashable, Sendable {
    var market: Price
    var oracle: Price
    /// When they were last moved on.
    var at: Timestamp
}

/// What a market whose pool takes part in funding by a spread remembers.
struct SplitFunding: Hashable, Sendable {
    /// What a unit of a short has been paid since the start; longs have the market's own index. [1e-18 USD per unit]
    var shortIndex: Fixed18 = .zero
    /// The pool's share of all fees ever. [1e-8 USD]
    var collected: Money = .zero
    /// What funding has left of them. [1e-8 USD]
    var left: Money = .zero
}

/// A payment of a market's funding in which each side has a rate of its own.
public struct FundingSplit: Hashable, Sendable {
    public var market: MarketID
    /// What a unit of a short has been paid since the start. [1e-18 USD per unit]
    public var shortIndex: Fixed18
    /// What the pool received, negative where it paid. [1e-8 USD]
    public var poolReceived: Money
    /// What is left of the pool's fees. [1e-8 USD]
    public var feesLeft: Money
    public init(market: MarketID, shortIndex: Fixed18, poolReceived: Money, feesLeft: Money) {
        self.market = market
        self.shortIndex = shortIndex
        self.poolReceived = poolReceived
        self.feesLeft = feesLeft
    }
}
