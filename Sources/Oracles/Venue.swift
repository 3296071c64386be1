public import ExactMath
import MarginRules
import SeededRandom

/// A place where the asset trades, as part of a median.
///
/// Hyperliquid's validators take the weighted median of Binance (3), OKX and Bybit (2 each) and
/// five others (1 each); see ``MarginRules/PriceMedian``.
public struct Venue: Sendable, Hashable {
    /// Unique in its feed; it names the venue's stream of chance and its faults.
    public var name: String
    /// How much it counts, from 1 to a million.
    public var weight: Int64
    /// The standard deviation of its price from the outside one, relative, at most 10 %. [1e-8]
    public var noise: Ratio

    /// A venue that trades at the outside price, unless told otherwise.
    public init(name: String, weight: Int64 = 1, noise: Ratio = .zero) {
        self.name = name
        self.weight = weight
        self.noise = noise
    }
}

/// What the venues of a feed show at one look.
struct VenueView: Sendable {
    private var noise: [RandomStream]
    /// What each showed when it was last not frozen, and when that was.
    private var last: [Price?]
    private var lastTime: [Timestamp?]
    /// The index before.
    private var index: Price?

    init(feed: PriceFeed, random: RandomSource) {
        noise = feed.venues.map { random.stream("oracle/\(feed.name)/venue/\($0.name)") }
        last = feed.venues.map { _ in nil }
        lastTime = last.map { _ in nil }
    }

    /// The weighted median of the venues that show a price, or their index; nil where none does.
    mutating func price(of price: Price, at time: Timestamp, feed: PriceFeed) -> Price? {
        let shown = shown(price, at: time, feed: feed)
        guard let rule = feed.index else {
            return sound { () throws(ArithmeticOverflow) in
                try PriceMedian.weighted(
                    shown.map { WeightedPrice(price: $0.price, weight: $0.weight) })
            }
        }
        let quote = sound { () throws(ArithmeticOverflow) in try rule.quote(shown, last: index) }
        index = quote.price
        return quote.price
    }

    /// What each venue shows, and how old that is.
    private mutating func shown(
        _ price: Price, at time: Timestamp, feed: PriceFeed
    ) -> [IndexSource] {
        var shown: [IndexSource] = []
        for (index, venue) in feed.venues.enumerated() {
            let own =
                venue.noise.isPositive
                ? noisy(price, venue.noise, &noise[index]) : price
            let faults = feed.faults.filter { $0.scope == .venue(venue.name) && $0.contains(time) }
            let seen = PriceFault.apply(faults, to: own, frozen: last[index])
            if !faults.contains(where: { $0.effect == .freeze }) {
                (last[index], lastTime[index]) = (own, time)
            }
            guard let seen else { continue }
            shown.append(
                IndexSource(
                    price: seen, weight: venue.weight,
                    age: lastTime[index].map { time - $0 } ?? .zero))
        }
        return shown
    }
}

/// `price · (1 + deviation · z)` to the nearest 1e-8 USD, but at least that.
func noisy(_ price: Price, _ deviation: Ratio, _ draws: inout RandomStream) -> Price {
    let z = draws.normal()
    let noisy = sound { () throws(ArithmeticOverflow) in
        let factor = try Fixed18.one + Fixed18(deviation).multiplied(by: z, rounding: .nearest)
        return try Fixed18(price).multiplied(by: factor, rounding: .nearest)
            .rounded(to: Price.self, .nearest)
    }
    return max(noisy, Price(raw: 1))
}
