import ExactMath
import MarginRules
import OrderBook
import Testing

@testable import MarginProtocol

/// What a trade that adds risk asks for while its market's price is old.
struct StaleMarginTests {
    private func parameters(_ ratio: String = "0.5") -> ProtocolParameters {
        var parameters = plainParameters()
        parameters.staleMargin = StaleMargin(
            after: TimeSpan(seconds: 50), ratio: MarginProtocolTests.ratio(ratio))
        parameters.assets[1].borrowable = true
        return parameters
    }

    private func buy(_ id: AccountID, _ size: String) -> Command {
        .trade(account: id, market: ethPerp, size: units(size), limit: nil, reduceOnly: false)
    }

    /// The pool is long 300 ETH, so that whoever buys takes over from it.
    private func world(_ parameters: ProtocolParameters) -> World {
        var world = World(parameters)
        let other = world.margin(carol, "10000")
        world.trade(other, ethPerp, "-300", by: carol)
        return world
    }

    /// 1,000 carry 100 ETH of 100 at 10 %, and 20 at the 50 % of an old price; at exactly 50 s it is not old.
    @Test func asksForMore() throws {
        var world = world(parameters())
        let account = world.margin(alice, "1000")
        let start = try #require(world.house.report(ethFeed)?.observedAt)
        world.house.advance(to: start + TimeSpan(seconds: 50), into: &world.journal)
        world.run(buy(account, "20"), by: alice)
        world.house.advance(to: start + TimeSpan(milliseconds: 50_001), into: &world.journal)
        #expect(
            world.attempt(buy(account, "0.00000002"), by: alice)
                == .insufficientMargin(shortBy: Money(raw: 100)))
        // What is needed to keep, to withdraw or to reduce is as before.
        #expect(world.house.health(of: account, .initial).requirement == money("200"))
        world.run(buy(account, "-1"), by: alice)
        world.run(buy(account, "1"), by: alice)
        let wallet = world.wallet(alice)
        world.run(.withdraw(from: account, to: wallet, asset: usd, amount: units("700")), by: alice)
        #expect(world.attempt(buy(account, "0.1"), by: alice)?.code == 402)
        world.post(ethFeed, "100")
        world.run(buy(account, "0.1"), by: alice)
    }

    /// Every position, asset and debt of the account counts, at the higher of the ratio and the owner's own.
    @Test func asksForTheWholeAccount() throws {
        var parameters = parameters()
        parameters.hasAccountMarginRatio = true
        var world = world(parameters)
        let account = world.margin(alice, "0", "30")
        world.trade(account, btcPerp, "1", by: alice)
        world.advance(by: 51_000)
        // 30 ETH count 1,500, of which 500 are for the BTC position.
        world.run(buy(account, "20"), by: alice)
        #expect(world.attempt(buy(account, "0.00000002"), by: alice)?.code == 402)
        world.run(buy(account, "-20"), by: alice)
        // At 60 % they count 1,200, of which 600 are: 10 ETH need 600.
        world.run(
            .configure(account: account, .marginRatio(MarginProtocolTests.ratio("0.6"))), by: alice)
        world.run(buy(account, "10"), by: alice)
        #expect(world.attempt(buy(account, "0.00000002"), by: alice)?.code == 402)
    }

    /// Risk may change hands; open interest does not grow.
    @Test func openInterestDoesNotGrow() {
        var world = world(parameters())
        let account = world.margin(alice, "100000")
        world.advance(by: 51_000)
        let age = world.house.time - (world.house.report(ethFeed)?.observedAt ?? world.house.time)
        #expect(
            world.attempt(buy(account, "-1"), by: alice)
                == .priceStaleForMargin(ethFeed, age: age))
        world.run(buy(account, "300"), by: alice)
        #expect(
            world.attempt(buy(account, "0.00000001"), by: alice)
                == .priceStaleForMargin(ethFeed, age: age))
        // Before the margin is asked for.
        let poor = world.margin(bob)
        #expect(world.attempt(buy(poor, "1"), by: bob)?.code == 470)
        // Another market's price is its own.
        world.post(btcFeed, "1000")
        world.trade(account, btcPerp, "1", by: alice)
    }

    /// In the book a maker that adds risk is asked for the ratio too, and where both do nothing is filled; an order that only
    /// rests is asked for no more than ever.
    @Test func inTheBook() {
        var parameters = parameters()
        parameters.markets[0].pool = nil
        var world = World(parameters)
        let maker = world.margin(alice, "1000")
        let taker = world.margin(bob, "1000")
        let third = world.margin(carol, "1000")
        func order(_ side: Side, _ size: String, rests: Bool) -> OrderRequest {
            OrderRequest(
                side: side, size: units(size), price: price("100"),
                timeInForce: rests ? .goodTillCancelled : .immediateOrCancel)
        }
        func place(_ id: AccountID, _ order: OrderRequest) -> Command {
            .placeOrder(account: id, market: ethPerp, order: order)
        }
        world.run(place(maker, order(.buy, "10", rests: true)), by: alice)
        world.run(place(taker, order(.sell, "10", rests: false)), by: bob)
        world.advance(by: 51_000)
        world.run(place(maker, order(.buy, "50", rests: true)), by: alice)
        // The taker adds to its short and the maker to its long.
        #expect(world.attempt(place(taker, order(.sell, "1", rests: false)), by: bob)?.code == 470)
        // The maker hands 10 on to the third, which adds risk: at one half it has margin for 20.
        let resting = world.journal.compactMap { event in
            if case .orderPlaced(_, let order) = event { order.id } else { nil }
        }
        world.run(
            .cancelOrder(account: maker, market: ethPerp, order: resting[resting.count - 1]),
            by: alice)
        world.run(place(third, order(.buy, "10", rests: true)), by: carol)
        world.run(place(maker, order(.sell, "10", rests: false)), by: alice)
        #expect(world.size(third) == units("10") && world.size(maker).isZero)
        // A maker that has none for it is cancelled.
        let poor = world.margin(Address(13), "100")
        world.run(place(poor, order(.buy, "5", rests: true)), by: Address(13))
        #expect(
            world.attempt(place(third, order(.sell, "5", rests: false)), by: carol)?.code == 509)
    }

    /// Where a stale price asks for more, Drift's table lets fills go on that without it would value an account.
    @Test func aValidityGuardLetsItThrough() {
        for (isAsking, expected) in [(true, nil), (false, 326)] as [(Bool, Int?)] {
            var parameters = parameters()
            if !isAsking { parameters.staleMargin = nil }
            parameters.guards = [
                PriceGuard(
                    .validity(
                        OracleGuardRails(), slot: TimeSpan(milliseconds: 400),
                        average: TimeSpan(seconds: 300), tier: .a, isStablecoin: false),
                    blocks: .all, feeds: [ethFeed])
            ]
            var world = world(parameters)
            let account = world.margin(alice, "1000")
            world.advance(by: 60_000)
            #expect(world.attempt(buy(account, "1"), by: alice)?.code == expected)
        }
    }

    /// Twice the value of a position, and three times that of a debt, fit beside all else.
    @Test func moreThanAllOfIt() {
        var world = world(parameters("2"))
        let account = world.margin(alice, "50")
        world.house.seedBalance(units("-0.1"), of: eth, to: account, into: &world.journal)
        world.advance(by: 51_000)
        // 30 for the debt, 20 for a tenth of a unit.
        world.run(buy(account, "0.1"), by: alice)
        #expect(world.attempt(buy(account, "0.00000001"), by: alice)?.code == 402)
        let half = ClearingHouse(parameters: parameters("1"), start: Timestamp(milliseconds: 0))
        #expect(world.house.marketLimit == half.marketLimit / 2)
        #expect(world.house.weightBounds[1].debt == 300_000_000)
    }

    @Test func needsSomeTimeAndAShare() {
        func problems(_ terms: StaleMargin?, joined: Bool = false) -> [String] {
            var parameters = plainParameters()
            parameters.staleMargin = terms
            if joined { parameters.positionResults = .inBalance }
            return ClearingHouse.problems(in: parameters)
        }
        let second = TimeSpan(seconds: 1)
        #expect(problems(StaleMargin(after: second, ratio: .one)).isEmpty)
        #expect(!problems(StaleMargin(after: .zero, ratio: .one)).isEmpty)
        #expect(!problems(StaleMargin(after: second, ratio: Ratio(percent: 1001))).isEmpty)
        #expect(
            problems(StaleMargin(after: second, ratio: .one), joined: true)
                .contains { $0.contains("margin ratio") })
    }
}
