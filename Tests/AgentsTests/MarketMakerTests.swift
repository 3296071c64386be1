import Chain
import ExactMath
import MarginProtocol
import OrderBook
import Testing

@testable import Agents

/// A maker that quotes $20,000 at two levels of 0.1 %, and moves its quotes when the price moves by 0.2 %.
struct Making {
    var world: World
    var agent: MarketMaker
    var nonce: Int64 = 0

    init(limit: Int64 = 100_000, hedges: Bool = true) throws {
        world = try World(parameters(pool: nil))
        let account = world.open(.margin, owner: 6, [(usdc, Quantity(whole: 1_000_000))])
        agent = MarketMaker(
            group: MarketMakerGroup(
                name: "maker", count: 1, capital: Money(whole: 1_000_000), markets: [ethPerp],
                halfSpread: Ratio(basisPoints: 10), levels: 2, size: Money(whole: 20_000),
                requote: Ratio(basisPoints: 20), inventoryLimit: Money(whole: limit),
                hedges: hedges, fee: .multipleOfBase(.one)), address: Address(6),
            account: account)
    }

    /// Decides, and lets the protocol run everything.
    mutating func turn() throws -> [Command] {
        let requests = agent.decide(world.view).requests
        admit(requests, &agent, nonce: &nonce)
        for request in requests {
            try world.run(request.command, from: request.sender)
            agent.learn(outcome(request, .applied))
        }
        world.pass()
        return requests.map(\.command)
    }

    mutating func move(to price: Price) throws {
        world.markets = try World.markets([Price(whole: 1), price, Price(whole: 40_000)])
    }

    var bids: [Price] { world.house.book(ethPerp).levels(.buy).map(\.price) }
    var offers: [Price] { world.house.book(ethPerp).levels(.sell).map(\.price) }

    /// Somebody trades at market against the book.
    mutating func hit(_ side: Side, _ size: Int64) throws {
        let taker = world.open(.margin, owner: 71, [(usdc, Quantity(whole: 1_000_000))])
        try world.run(
            .placeOrder(
                account: taker, market: ethPerp,
                order: OrderRequest(
                    side: side, size: Quantity(whole: size), price: nil,
                    timeInForce: .immediateOrCancel)), from: Address(71))
    }
}

@Suite struct MarketMakerTests {
    @Test func quotesBothSidesAroundTheOutsidePrice() throws {
        var making = try Making()
        #expect(try making.turn().count == 4)
        #expect(making.bids == [Price(whole: 1998), Price(whole: 1996)])
        #expect(making.offers == [Price(whole: 2002), Price(whole: 2004)])
        #expect(making.world.house.book(ethPerp).restingSize(.buy) == Quantity(whole: 20))
        #expect(try making.turn() == [])
    }

    @Test func requotesOnlyWhenThePriceHasMovedFarEnough() throws {
        var making = try Making()
        _ = try making.turn()
        // 0.2 % of 2,000 is 4.
        try making.move(to: Price(raw: 2004 * scaleE8 - 1))
        #expect(try making.turn() == [])
        try making.move(to: Price(whole: 2004))
        let commands = try making.turn()
        #expect(commands.map(\.kind).filter { $0 == .cancelOrder }.count == 4)
        #expect(
            commands.map(\.kind).suffix(4) == [.placeOrder, .placeOrder, .placeOrder, .placeOrder])
        // Bids are rounded down, offers up.
        #expect(making.bids.first == Price(raw: 2004 * scaleE8 - 200_400_000))
        #expect(making.offers.first == Price(raw: 2004 * scaleE8 + 200_400_000))
    }

    @Test func refillsWhatWasFilledAtTheSamePrice() throws {
        var making = try Making()
        _ = try making.turn()
        try making.hit(.sell, 10)
        #expect(making.bids == [Price(whole: 1996)])
        try making.move(to: Price(whole: 2001))
        #expect(try making.turn().count == 1)
        #expect(making.bids == [Price(whole: 1998), Price(whole: 1996)])
    }

    @Test(arguments: [(Int64(19_999), false, true), (20_001, true, true)])
    func atItsLimitItQuotesOneSide(limit: Int64, bids: Bool, offers: Bool) throws {
        var making = try Making(limit: limit)
        _ = try making.turn()
        // 10 ETH at 2,000.
        try making.hit(.sell, 10)
        _ = try making.turn()
        #expect(making.bids.isEmpty != bids)
        #expect(making.offers.isEmpty != offers)
    }

    @Test func aShortLimitStopsTheOffers() throws {
        var making = try Making(limit: 20_000)
        _ = try making.turn()
        try making.hit(.buy, 10)
        _ = try making.turn()
        #expect(making.offers.isEmpty && making.bids.count == 2)
    }

    @Test func hedgesItsFillsOnce() throws {
        var making = try Making()
        _ = try making.turn()
        try making.hit(.sell, 7)
        #expect(
            making.agent.unwind(making.world.view) == [
                OutsideOrder(
                    agent: Address(6), wallet: nil, feed: ethFeed, asset: nil,
                    quantity: Quantity(whole: -7), purpose: "hedge")
            ])
        #expect(making.agent.unwind(making.world.view) == [])
        #expect(making.agent.hedged(ethPerp) == Quantity(whole: -7))
        try making.hit(.buy, 10)
        #expect(making.agent.unwind(making.world.view).map(\.quantity) == [Quantity(whole: 10)])
    }

    @Test func whoDoesNotHedgeDoesNot() throws {
        var making = try Making(hedges: false)
        _ = try making.turn()
        try making.hit(.sell, 7)
        #expect(making.agent.unwind(making.world.view) == [])
    }

    @Test func waitsForTheEndOfWhatItSent() throws {
        var making = try Making()
        let requests = making.agent.decide(making.world.view).requests
        admit(requests, &making.agent, nonce: &making.nonce)
        making.world.pass()
        #expect(making.agent.decide(making.world.view).requests == [])
        for request in requests.dropLast() {
            making.agent.learn(outcome(request, .rejected(.unknownOrder(OrderID(raw: 1)))))
        }
        #expect(making.agent.decide(making.world.view).requests == [])
        making.agent.learn(outcome(requests[3], .applied))
        #expect(making.agent.decide(making.world.view).requests.count == 4)
    }

    @Test func restsAfterARefusal() throws {
        var making = try Making()
        let requests = making.agent.decide(making.world.view).requests
        for request in requests {
            making.agent.learn(outcome(request, .rejected(.overflow)))
        }
        for _ in 0..<MarketMaker.restAfterRefusal {
            #expect(making.agent.decide(making.world.view).requests == [])
        }
        #expect(making.agent.decide(making.world.view).requests.count == 4)
    }

    @Test func eachMarketIsADeskOfItsOwn() throws {
        var world = try World(parameters(pool: nil))
        let account = world.open(.margin, owner: 6, [(usdc, Quantity(whole: 1_000_000))])
        var making = try Making()
        var group = making.agent.group
        group.markets = [ethPerp, btcPerp]
        making.agent = MarketMaker(group: group, address: Address(6), account: account)
        making.world = world
        let requests = making.agent.decide(making.world.view).requests
        #expect(requests.count == 8)
        // The answers for one market leave the other waiting.
        for request in requests.prefix(4) {
            making.agent.learn(outcome(request, .applied))
        }
        #expect(making.agent.decide(making.world.view).requests.count == 4)
    }
}
