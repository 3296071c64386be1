import ExactMath
import Testing

@testable import MarginProtocol

/// Where results join a balance that is weighted, the limits of exposure leave room for margins and weights.
struct JoinedResultLimitTests {
    /// Shorts opened at next to nothing are worth the limit in three markets, all margin asked for, debts of three times
    /// their weight: health is a number, and a price that would take it beyond is refused.
    @Test func healthAtTheLimit() throws {
        var parameters = plainParameters()
        parameters.positionResults = .inBalance
        parameters.assets[0].liabilityWeight = ratio("3")
        for market in parameters.markets.indices {
            parameters.markets[market].margin = .flat(
                initial: ratio("0.99"), maintenance: ratio("0.5"))
        }
        var world = World(parameters)
        let id = world.house.addAccount(owner: alice, role: .margin)
        for (market, feed) in [(ethPerp, "100"), (btcPerp, "1000"), (solPerp, "10")] {
            let most = Int128(world.house.marketLimit) * Int128(scaleE8) / Int128(decimal(feed))
            // Far above what anybody trades.
            #expect(most > Int128(decimal("100000")))
            try world.house.seedPosition(
                id, market, size: Quantity(raw: -Int64(most) + 1), entry: Price(raw: 1),
                into: &world.journal)
        }
        let initial = world.house.health(of: id, .initial)
        let maintenance = world.house.health(of: id, .maintenance)
        #expect(maintenance.surplus.isNegative)
        #expect(initial.surplus < maintenance.surplus)
        #expect(world.house.breaches().isEmpty)
        for (feed, raised) in [(ethFeed, "101"), (btcFeed, "1010"), (solFeed, "10.1")] {
            world.advance(by: 1)
            #expect(world.attempt(world.report(feed, raised), by: reporter) == .exposureTooLarge)
        }
    }
}
