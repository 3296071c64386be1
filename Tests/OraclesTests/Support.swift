import ExactMath
import Oracles
import SeededRandom

let start = Timestamp(milliseconds: 1_700_000_000_000)
let hour = TimeSpan(seconds: 3600)

/// The moment a number of seconds after the start.
func at(_ seconds: Int64) -> Timestamp { start + TimeSpan(seconds: seconds) }

/// A price of whole dollars and hundredths of a cent.
func usd(_ dollars: Int64, _ e4: Int64 = 0) -> Price {
    Price(raw: dollars * scaleE8 + e4 * 10_000)
}

/// A feed like Chainlink's ETH/USD, which looks at the market at every slot.
func feed(_ name: String = "ETH", _ change: (inout PriceFeed) -> Void = { _ in }) -> PriceFeed {
    var feed = PriceFeed(
        name: name, asset: 0, deviation: Ratio(basisPoints: 50), heartbeat: hour,
        interval: TimeSpan(seconds: 12))
    change(&feed)
    return feed
}

func oracles(_ feeds: PriceFeed..., seed: UInt64 = 1) throws -> Oracles {
    try Oracles(feeds: feeds, start: start, random: RandomSource(seed: seed))
}

/// Looks at every due moment up to `end` with the same price for all assets, and returns all
/// reports in the order of publication.
func run(
    _ oracles: Oracles, until end: Timestamp, assets: Int = 1, price: (Timestamp) -> Price
) -> [Report] {
    var oracles = oracles
    while let due = oracles.nextDue, due <= end {
        oracles.observe(at: due, prices: Array(repeating: price(due), count: assets))
    }
    return oracles.published(until: Timestamp(milliseconds: .max))
}

/// A path that changes at every twelve seconds by a few hundredths of a per cent, without chance.
func wave(_ time: Timestamp) -> Price {
    let step = (time - start).milliseconds / 12_000
    return usd(2000) + Price(raw: (step * 7919 % 1009 - 504) * 5_000_000)
}
