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

    init(
        limit: Int64 = 100_000, hedges: Bool = true, funding: FundingPolicy = .none,
        financing: Ratio? = nil
    ) throws {
        var terms = parameters(pool: nil)
        terms.markets[ethPerp.index].funding = funding
        world = try World(terms)
        let account = world.open(.margin, owner: 6, [(usdc, Quantity(whole: 1_000_000))])
        agent = MarketMaker(
            group: MarketMakerGroup(
                name: "maker", count: 1, capital: Money(whole: 1_000_000), markets: [ethPerp],
                halfSpread: Ratio(basisPoints: 10), levels: 2, size: Money(whole: 20_000),
                requote: Ratio(basisPoints: 20), inventoryLimit: Money(whole: limit),
                hedges: hedges, fee: .multipleOfBase(.one), financingRate: financing),
            address: Address(6),
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

    /// Lets time pass, sampled in each hour as the quotes stand.
    mutating func pass(_ hours: Int64) {
        for _ in 0..<hours {
            world.house.advance(
                to: world.house.time + TimeSpan(seconds: 3_600), into: &world.journal)
        }
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
    private static func ratio(_ text: String) -> Ratio { Ratio(decimal: text) ?? .zero }

    /// Funding of so much interest a payment, undamped, on a premium of the best quotes.
    static func funding(_ interest: Ratio, hours: Int64, dampener: Ratio? = nil) -> FundingPolicy {
        var policy = PremiumFunding(
            source: .book(impact: .zero), interest: interest, dampener: dampener,
            interval: TimeSpan(seconds: hours * 3_600), sampling: .zero)
        policy.period = policy.interval
        return .premium(policy)
    }

    /// Ackerer, Hugonnier, Jermann, arXiv 2310.11771, and He, Manela, Ross, von Wachter, arXiv 2212.06888: where the
    /// perpetual leaves no arbitrage, there the maker quotes.
    ///
    /// Vectors: perp_fair_basis.
    @Test(arguments: [
        // Financing a year, interest a payment, hours between two, F / S.
        ("0.1", "0", 8, "1.00009133"), ("0.1", "0.0001", 8, "0.99999132"),
        // An interest of 5 % a year is rounded to 1e-8 a payment.
        ("0.05", "0.00004566", 8, "1"), ("0.1", "0", 1, "1.00001142"),
        ("-0.02", "0.0001", 8, "0.99988174"),
    ])
    func quotesWhereNothingIsEarned(
        financing: String, interest: String, hours: Int64, ratio: String
    ) throws {
        let financing = Self.ratio(financing)
        let funding = Self.funding(Self.ratio(interest), hours: hours)
        var making = try Making(funding: funding, financing: financing)
        _ = try making.turn()
        let (bid, offer) = (try #require(making.bids.first), try #require(making.offers.first))
        let outside = Price(whole: 2_000)
        let fair = Price(raw: (bid.raw + offer.raw) / 2)
        let found = try Ratio(fair, over: outside, rounding: .nearest)
        #expect((found - Self.ratio(ratio)).magnitude <= Ratio(raw: 1))

        // And the law pays there what holding costs: of a payment, to whoever is short, per unit.
        making.pass(hours)
        let short = making.world.open(.margin, owner: 72, [(usdc, Quantity(whole: 100_000))])
        try making.world.run(
            .placeOrder(
                account: short, market: ethPerp,
                order: OrderRequest(
                    side: .sell, size: Quantity(whole: 1), price: nil,
                    timeInForce: .immediateOrCancel)), from: Address(72))
        let before = making.world.house.balance(short, usdc)
        making.pass(hours)
        let entry = try #require(making.world.house.position(short, ethPerp).entryPrice)
        let paid = making.world.house.unrealizedProfit(short, ethPerp, at: entry)
        #expect(making.world.house.balance(short, usdc) == before)
        let payments = 8_760 / hours
        let costs = try fair.scaled(by: financing, rounding: .nearest).raw / payments
        #expect(abs(paid.raw - costs) <= 4, "\(paid.raw) of \(costs)")
    }

    /// Within a dampener the rate is the interest whatever the premium: the maker stands at its edge, above where holding
    /// costs more than that, and at the index where it costs the same.
    @Test(arguments: [("0.2", "1.00068277"), ("0", "0.9995"), ("0.1095", "1")])
    func quotesAtTheEdgeOfADampener(financing: String, ratio: String) throws {
        let interest = Ratio(basisPoints: 1)
        var making = try Making(
            funding: Self.funding(interest, hours: 8, dampener: Ratio(basisPoints: 5)),
            financing: Self.ratio(financing))
        _ = try making.turn()
        let fair = Price(raw: (making.bids[0].raw + making.offers[0].raw) / 2)
        let found = try Ratio(fair, over: Price(whole: 2_000), rounding: .nearest)
        #expect((found - Self.ratio(ratio)).magnitude <= Ratio(raw: 1))
    }

    /// Funding that follows no premium ties the contract to nothing but its index.
    @Test func quotesAroundTheOutsidePriceWithoutAPremium() throws {
        var making = try Making(financing: Ratio(percent: 10))
        _ = try making.turn()
        #expect(making.bids.first == Price(whole: 1_998))
    }

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
