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
    /// What each showed when it was last not frozen.
    private var last: [Price?]

    init(feed: PriceFeed, random: RandomSource) {
        noise = feed.venues.map { random.stream("oracle/\(feed.name)/venue/\($0.name)") }
        last = feed.venues.map { _ in nil }
    }

    /// The weighted median of the venues that show a price; nil where none does.
    mutating func median(of price: Price, at time: Timestamp, feed: PriceFeed) -> Price? {
        var shown: [WeightedPrice] = []
        for (index, venue) in feed.venues.enumerated() {
            let own =
                venue.noise.isPositive
                ? noisy(price, venue.noise, &noise[index]) : price
            let faults = feed.faults.filter { $0.scope == .venue(venue.name) && $0.contains(time) }
            let seen = PriceFault.apply(faults, to: own, frozen: last[index])
            if !faults.contains(where: { $0.effect == .freeze }) { last[index] = own }
            if let seen { shown.append(WeightedPrice(price: seen, weight: venue.weight)) }
        }
        return sound { () throws(ArithmeticOverflow) in try PriceMedian.weighted(shown) }
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
