import ExactMath
import MarginProtocol
import OrderBook
import Testing

/// Orders against the book, and what margin makes of them.
struct OrderTests {
    static func place(
        _ id: AccountID, _ side: Side, _ size: String, _ limit: String?,
        _ force: TimeInForce = .goodTillCancelled, reduceOnly: Bool = false
    ) -> Command {
        .placeOrder(
            account: id, market: ethPerp,
            order: OrderRequest(
                side: side, size: units(size), price: limit.map { price($0) }, timeInForce: force,
                reduceOnly: reduceOnly))
    }

    @Test("A limit order trades at the maker's price and rests with what is left")
    func limitOrder() {
        var parameters = plainParameters()
        parameters.markets[0].takerFee = ratio("0.0005")
        parameters.markets[0].makerFee = ratio("-0.0002")
        var world = World(parameters)
        let maker = world.margin(bob, "1000")
        let taker = world.margin(alice, "1000")
        world.run(Self.place(maker, .sell, "4", "101"), by: bob)
        world.run(Self.place(taker, .buy, "10", "102"), by: alice)
        #expect(world.size(taker) == units("4"))
        #expect(world.cost(taker) == money("404"))
        #expect(world.size(maker) == units("-4"))
        #expect(world.cost(maker) == money("-404"))
        #expect(world.size(pool) == .zero)
        // 404 · 0.05 % paid, 404 · 0.02 % given back.
        #expect(world.balance(taker) == units("999.798"))
        #expect(world.balance(maker) == units("1000.0808"))
        #expect(world.balance(treasury) == units("0.1212"))
        let rest = world.house.book(ethPerp).orders(of: taker.raw)
        #expect(rest.map(\.remaining) == [units("6")])
        #expect(rest.map(\.price) == [price("102")])
        #expect(world.fills().map(\.makerOrder) == [OrderID(raw: 1)])
        world.run(
            .cancelOrder(account: taker, market: ethPerp, order: OrderID(raw: 2)), by: alice)
        #expect(world.house.book(ethPerp).isEmpty)
    }

    @Test("Immediate-or-cancel drops the rest; without a limit it is a market order")
    func immediateOrCancel() {
        var world = World()
        let maker = world.margin(bob, "1000")
        let taker = world.margin(alice, "1000")
        world.run(Self.place(maker, .sell, "1", "100"), by: bob)
        world.run(Self.place(maker, .sell, "1", "105"), by: bob)
        world.run(Self.place(maker, .sell, "1", "110"), by: bob)
        world.run(Self.place(taker, .buy, "9", "105", .immediateOrCancel), by: alice)
        #expect(world.size(taker) == units("2"))
        world.run(Self.place(taker, .buy, "9", nil, .immediateOrCancel), by: alice)
        #expect(world.size(taker) == units("3"))
        #expect(world.house.book(ethPerp).isEmpty)
        #expect(
            world.attempt(Self.place(taker, .buy, "9", nil, .immediateOrCancel), by: alice)
                == .nothingToMatch(ethPerp))
    }

    @Test("A post-only order rests, or is refused where it would trade")
    func postOnly() {
        var world = World()
        let maker = world.margin(bob, "1000")
        let taker = world.margin(alice, "1000")
        world.run(Self.place(maker, .sell, "1", "101", .postOnly), by: bob)
        #expect(
            world.attempt(Self.place(taker, .buy, "1", "101", .postOnly), by: alice)?.code == 508)
        world.run(Self.place(taker, .buy, "1", "100.99999999", .postOnly), by: alice)
        #expect(world.house.book(ethPerp).count == 2)
    }

    @Test("An order never trades with its own account: the resting one is cancelled")
    func selfTrade() {
        var world = World()
        let maker = world.margin(bob, "1000")
        let taker = world.margin(alice, "1000")
        world.run(Self.place(taker, .sell, "2", "100"), by: alice)
        world.run(Self.place(maker, .sell, "2", "101"), by: bob)
        world.run(Self.place(taker, .buy, "3", "101"), by: alice)
        #expect(world.size(taker) == units("2"))
        #expect(world.house.book(ethPerp).orders(of: taker.raw).map(\.side) == [.buy])
        #expect(world.house.book(ethPerp).orders(of: taker.raw).map(\.remaining) == [units("1")])
    }

    @Test("A maker without margin is cancelled, unless the taker's order is refused altogether")
    func makerWithoutMargin() {
        var world = World()
        let maker = world.margin(bob, "1000")
        let taker = world.margin(alice, "1000")
        world.run(Self.place(maker, .sell, "10", "100"), by: bob)
        world.run(
            .withdraw(from: maker, to: world.wallet(bob), asset: usd, amount: units("1000")),
            by: bob)
        // Nothing trades and nothing can rest: a rejection, so the maker's order is still there.
        #expect(
            world.attempt(Self.place(taker, .buy, "1", "100", .immediateOrCancel), by: alice)
                == .nothingToMatch(ethPerp))
        #expect(world.house.book(ethPerp).count(of: maker.raw) == 1)
        world.run(Self.place(taker, .buy, "1", "100"), by: alice)
        #expect(world.house.book(ethPerp).count(of: maker.raw) == 0)
        #expect(world.house.book(ethPerp).count(of: taker.raw) == 1)
    }

    @Test("Matching stops where the taker's margin ends, and what has traded stays")
    func takerRunsOut() {
        var world = World()
        let first = world.margin(bob, "10000")
        let second = world.margin(carol, "10000")
        let taker = world.margin(alice, "1000")
        world.run(Self.place(first, .sell, "60", "100"), by: bob)
        world.run(Self.place(second, .sell, "60", "100"), by: carol)
        // A limit order is margined as if all were filled.
        #expect(world.attempt(Self.place(taker, .buy, "120", "100"), by: alice)?.code == 402)
        world.run(Self.place(taker, .buy, "120", nil, .immediateOrCancel), by: alice)
        #expect(world.size(taker) == units("60"))
        #expect(world.house.book(ethPerp).count(of: taker.raw) == 0)
        #expect(world.house.book(ethPerp).count(of: second.raw) == 1)
        // An order whose first fill has no margin is refused as a whole.
        #expect(
            world.attempt(Self.place(taker, .buy, "120", nil, .immediateOrCancel), by: alice)?.code
                == 402)
    }

    @Test("A reduce-only order trades as much as there is to reduce, then goes")
    func reduceOnlyMaker() {
        var world = World()
        let maker = world.margin(bob, "1000")
        let taker = world.margin(alice, "1000")
        #expect(
            world.attempt(Self.place(maker, .sell, "2", "101", reduceOnly: true), by: bob)
                == .wouldIncrease(ethPerp))
        world.trade(maker, ethPerp, "5", by: bob)
        world.run(Self.place(maker, .sell, "5", "101", reduceOnly: true), by: bob)
        world.trade(maker, ethPerp, "-3", by: bob)
        world.run(Self.place(taker, .buy, "5", "101"), by: alice)
        #expect(world.size(maker) == .zero)
        #expect(world.size(taker) == units("2"))
        #expect(world.balance(maker) == units("1002"))
        #expect(world.house.book(ethPerp).count(of: maker.raw) == 0)
        #expect(world.house.book(ethPerp).orders(of: taker.raw).map(\.remaining) == [units("3")])
    }

    @Test("A resting order whose value at the oracle cannot be carried is refused")
    func absurdOrder() {
        var world = World()
        let taker = world.margin(alice, "1000")
        #expect(
            world.attempt(Self.place(taker, .buy, "100000000", "0.00000001"), by: alice)
                == .exposureTooLarge)
        #expect(
            world.attempt(Self.place(taker, .buy, "10000000000", "0.00000001"), by: alice)
                == .overflow)
        #expect(
            world.attempt(Self.place(taker, .buy, "90000000000", "90000000000"), by: alice)
                == .overflow)
    }

    @Test("A book is full when the sum of its sizes would not fit")
    func fullBook() {
        var parameters = plainParameters()
        let long = MarginSchedule.flat(
            initial: ratio("0.00000002"), maintenance: ratio("0.00000001"))
        parameters.markets[0].margin = long
        var world = World(parameters)
        let maker = world.margin(alice, "100000000")
        world.post(ethFeed, "0.001")
        for _ in 0..<4 { world.run(Self.place(maker, .buy, "20000000000", "0.0009"), by: alice) }
        #expect(
            world.attempt(Self.place(maker, .buy, "20000000000", "0.0009"), by: alice) == .overflow)
    }
}
