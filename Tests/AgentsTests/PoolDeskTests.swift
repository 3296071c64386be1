import ExactMath
import MarginProtocol
import Markets
import Testing

@testable import Agents

@Suite struct PoolDeskTests {
    private func world(_ size: Int64) throws -> World {
        var world = try World()
        let trader = world.open(.margin, owner: 61, [(usdc, Quantity(whole: 1_000_000))])
        try world.seed(trader, ethPerp, Quantity(whole: size), at: startPrices[1])
        return world
    }

    private func desk(share: Int64 = 50, threshold: Int64 = 0, held: Int64 = 0) -> PoolDesk {
        PoolDesk(
            policy: PoolHedger(share: Ratio(percent: share), threshold: Money(whole: threshold)),
            address: Address(8), hedges: [.zero, Quantity(whole: held), .zero])
    }

    private func order(_ quantity: Int64) -> OutsideOrder {
        OutsideOrder(
            agent: Address(8), wallet: nil, feed: ethFeed, asset: nil,
            quantity: Quantity(whole: quantity), purpose: "hedge")
    }

    @Test(arguments: [
        // Traders' size, share, held before, expected order.
        (Int64(10), Int64(50), Int64(0), Int64(5)),
        (10, 100, 0, 10),
        (-10, 50, 0, -5),
        (10, 50, 7, -2),
        (10, 50, 5, 0),
        (10, 0, 3, -3),
    ])
    func tradesTheDifference(size: Int64, share: Int64, held: Int64, ordered: Int64) throws {
        let world = try world(size)
        var desk = desk(share: share, held: held)
        #expect(desk.unwind(world.view) == (ordered == 0 ? [] : [order(ordered)]))
        #expect(desk.hedges[1] == Quantity(whole: held + ordered))
        #expect(desk.unwind(world.view) == [])
        #expect(desk.decide(world.view).requests == [])
    }

    @Test(arguments: [(Int64(10_000), true), (10_001, false)])
    func doesNothingBelowTheThreshold(threshold: Int64, acts: Bool) throws {
        // The difference is 5 ETH, $10,000.
        var desk = desk(threshold: threshold)
        #expect(desk.unwind(try world(10).view).isEmpty != acts)
    }

    @Test func ordersNoMoreThanTheMarketTakes() throws {
        var world = try world(-16)
        world.markets = try World.markets(
            startPrices,
            Liquidity(
                law: .linear, depth: Money(whole: 2000), depthMove: Ratio(percent: 50),
                recovery: TimeSpan(seconds: 60)))
        var desk = desk()
        #expect(desk.unwind(world.view) == [order(-1)])
        #expect(desk.hedges[1] == Quantity(whole: -1))
    }
}
