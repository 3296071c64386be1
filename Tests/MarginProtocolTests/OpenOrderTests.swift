import ExactMath
import MarginRules
import OrderBook
import Testing

@testable import MarginProtocol

private let perCent: OpenOrderPolicy = .worstLiability(perOrder: money("0.01"))
private let worstResult: OpenOrderPolicy = .worstResult
private func atPrices(
    _ netting: OpenOrderNotional.Netting = .largerSide, both: Bool = false, fee: Bool = false
) -> OpenOrderPolicy {
    .atOrderPrices(
        OrderPriceTerms(netting: netting, countsInMaintenance: both, reservesFee: fee))
}

/// Open orders as part of margin: markets of 10 % initial and 5 % maintenance margin, ETH at 100.
struct OpenOrderTests {
    static func world(_ policy: OpenOrderPolicy) -> World {
        var parameters = plainParameters()
        parameters.openOrders = policy
        if policy == .worstResult { parameters.positionResults = .inBalance }
        return World(parameters)
    }

    private func requirement(_ world: World, _ id: AccountID, _ kind: MarginKind) -> Money {
        world.house.health(of: id, kind).requirement
    }

    @Test("Without a policy an order that rests changes nothing")
    func none() {
        var world = Self.world(.none)
        let id = world.margin(alice, "100")
        world.run(OrderTests.place(id, .buy, "10", "99"), by: alice)
        #expect(requirement(world, id, .initial).isZero)
        world.run(
            .withdraw(from: id, to: world.wallet(alice), asset: usd, amount: units("100")),
            by: alice)
    }

    @Test("The worst case is one side and not the sum of both; each order needs its sum")
    func worstLiability() throws {
        var world = Self.world(perCent)
        let id = world.margin(alice, "1000")
        world.trade(id, ethPerp, "10", by: alice)
        world.run(OrderTests.place(id, .buy, "5", "99"), by: alice)
        world.run(OrderTests.place(id, .sell, "20", "101"), by: alice)
        // 15 long is more than 10 short.
        #expect(requirement(world, id, .initial) == money("150.02"))
        #expect(requirement(world, id, .maintenance) == money("75.02"))
        world.run(OrderTests.place(id, .sell, "10", "102"), by: alice)
        // 20 short is more than 15 long.
        #expect(requirement(world, id, .initial) == money("200.03"))
        let line = try #require(world.house.statement(of: id, .initial).positions.first)
        #expect(line.orderMargin == money("100.03") && line.ordered == money("1000"))
        #expect(line.notional == money("1000"))
        // Whatever price it has, it is worth what the protocol says.
        world.post(ethFeed, "90")
        #expect(requirement(world, id, .initial) == money("180.03"))
    }

    @Test("Orders alone are charged too, and a tie is all asks")
    func ordersAlone() throws {
        var world = Self.world(perCent)
        let id = world.margin(alice, "1000")
        world.run(OrderTests.place(id, .buy, "5", "99"), by: alice)
        world.run(OrderTests.place(id, .sell, "5", "101"), by: alice)
        #expect(requirement(world, id, .maintenance) == money("25.02"))
        let line = try #require(world.house.statement(of: id, .maintenance).positions.first)
        #expect(line.size.isZero && line.notional.isZero && line.ordered == money("500"))
        #expect(world.house.account(id).orders == 1 && world.house.account(id).markets == 0)
    }

    @Test("The worse result joins the balance before it is weighted")
    func joinedResult() {
        var world = Self.world(.worstResult)
        let id = world.margin(alice, "1000")
        world.run(OrderTests.place(id, .buy, "10", "99"), by: alice)
        world.run(OrderTests.place(id, .sell, "20", "101"), by: alice)
        // 20 short at 100: 2,000 less 2,200; the bids would come to 900 less 1,000.
        #expect(world.house.health(of: id, .initial).surplus == money("800"))
        #expect(world.house.health(of: id, .maintenance).surplus == money("900"))
    }

    @Test("At their own prices the larger side counts, of the initial margin alone")
    func largerSide() {
        var world = Self.world(atPrices())
        let id = world.margin(alice, "1000")
        world.trade(id, ethPerp, "10", by: alice)
        world.run(OrderTests.place(id, .buy, "5", "99"), by: alice)
        world.run(OrderTests.place(id, .sell, "20", "101"), by: alice)
        // 1,000 + 495 is more than 2,020 - 1,000.
        #expect(requirement(world, id, .initial) == money("149.5"))
        #expect(requirement(world, id, .maintenance) == money("50"))
        // At 90 the position is worth 900, and the bid at 99 would lose 9 for each.
        world.post(ethFeed, "90")
        #expect(requirement(world, id, .initial) == money("184.5"))
        #expect(requirement(world, id, .maintenance) == money("45"))
    }

    @Test("Against both margins, with the taker's fee set aside")
    func bothWithFee() {
        var parameters = plainParameters()
        parameters.openOrders = atPrices(both: true, fee: true)
        parameters.markets[0].takerFee = ratio("0.001")
        var world = World(parameters)
        let id = world.margin(alice, "1000")
        world.run(OrderTests.place(id, .buy, "5", "99"), by: alice)
        #expect(requirement(world, id, .initial) == money("49.995"))
        #expect(requirement(world, id, .maintenance) == money("25.245"))
    }

    @Test("BitMEX's example: 20 bid at 100 and 15 offered at 150 are charged as 5 and 15")
    func netBids() {
        var world = Self.world(atPrices(.netBids))
        let id = world.margin(alice, "1000")
        world.post(ethFeed, "120")
        world.run(OrderTests.place(id, .buy, "20", "100"), by: alice)
        world.run(OrderTests.place(id, .sell, "15", "150"), by: alice)
        #expect(requirement(world, id, .initial) == money("275"))
    }

    @Test(
        "An order that only reduces asks for no margin",
        arguments: [perCent, atPrices(), atPrices(.netBids, both: true)])
    func reduceOnly(policy: OpenOrderPolicy) {
        var world = Self.world(policy)
        let id = world.margin(alice, "100")
        world.trade(id, ethPerp, "10", by: alice)
        world.run(OrderTests.place(id, .sell, "10", "101", reduceOnly: true), by: alice)
        let each = policy == perCent ? "0.01" : "0"
        #expect(requirement(world, id, .initial) == money("100") + money(each))
    }

    @Test(
        "An order counts itself and all others, and so does everything else that is asked for",
        arguments: [perCent, atPrices(), atPrices(.netBids), worstResult])
    func allTogether(policy: OpenOrderPolicy) {
        var world = Self.world(policy)
        let id = world.margin(alice, "101")
        world.run(OrderTests.place(id, .buy, "6", "100"), by: alice)
        // Both together would be 12 · 100 · 10 %.
        #expect(world.attempt(OrderTests.place(id, .buy, "6", "100"), by: alice)?.code == 402)
        #expect(
            world.attempt(
                .trade(
                    account: id, market: ethPerp, size: units("6"), limit: nil, reduceOnly: false),
                by: alice)?.code == 402)
        let wallet = world.wallet(alice)
        let withdrawal = Command.withdraw(from: id, to: wallet, asset: usd, amount: units("60"))
        #expect(world.attempt(withdrawal, by: alice)?.code == 402)
        // A maker quotes both sides for the price of one.
        world.run(OrderTests.place(id, .sell, "6", "101"), by: alice)
        for order in world.house.book(ethPerp).orders(of: id.raw) {
            world.run(.cancelOrder(account: id, market: ethPerp, order: order.id), by: alice)
        }
        world.run(withdrawal, by: alice)
    }

    @Test("What reduces with all others of its side is free, what goes beyond the position is not")
    func beyondThePosition() {
        var world = Self.world(perCent)
        let id = world.margin(alice, "101")
        world.trade(id, ethPerp, "10", by: alice)
        world.run(OrderTests.place(id, .sell, "6", "101"), by: alice)
        world.run(OrderTests.place(id, .sell, "4", "101"), by: alice)
        world.run(
            .cancelOrder(account: id, market: ethPerp, order: OrderID(raw: 2)), by: alice)
        // 26 sold would leave 16 short.
        #expect(world.attempt(OrderTests.place(id, .sell, "20", "101"), by: alice)?.code == 402)
    }

    @Test("A fill of an order that has been counted is not counted twice")
    func fills() {
        var world = Self.world(perCent)
        let maker = world.margin(bob, "60.01")
        let taker = world.margin(alice, "1000")
        world.run(OrderTests.place(maker, .buy, "6", "100"), by: bob)
        world.run(OrderTests.place(taker, .sell, "2", "100"), by: alice)
        #expect(world.size(maker) == units("2"))
        #expect(requirement(world, maker, .initial) == money("60.01"))
        world.run(OrderTests.place(taker, .sell, "4", "100"), by: alice)
        #expect(world.size(maker) == units("6"))
        #expect(world.house.account(maker).orders == 0)
        #expect(requirement(world, maker, .initial) == money("60"))
    }

    @Test("Size and price are looked at before the margin, and what rests must fit together")
    func precedence() {
        var world = Self.world(perCent)
        let id = world.margin(alice, "1")
        #expect(world.attempt(OrderTests.place(id, .buy, "0", "99"), by: alice)?.code == 101)
        // Worth more than a market may hold, at the protocol's price or at its own.
        #expect(
            world.attempt(OrderTests.place(id, .buy, "100000000", "0.00000001"), by: alice)
                == .exposureTooLarge)
        #expect(
            world.attempt(OrderTests.place(id, .sell, "1", "5000000000"), by: alice)
                == .exposureTooLarge)
        // Each for itself would fit, and the margin is for what the protocol says that they are worth.
        let other = world.margin(bob, "1000")
        for _ in 0..<2 {
            world.run(OrderTests.place(other, .sell, "1", "1500000000"), by: bob)
        }
        #expect(
            world.attempt(OrderTests.place(other, .sell, "1", "1500000000"), by: bob)
                == .exposureTooLarge)
        #expect(world.attempt(OrderTests.place(id, .buy, "1", "99"), by: alice)?.code == 402)
    }

    @Test("A price at which what rests would not fit is refused")
    func priceOfRestingOrders() {
        var parameters = plainParameters()
        parameters.openOrders = perCent
        parameters.markets[0].margin = .flat(initial: ratio("0.0002"), maintenance: ratio("0.0001"))
        var world = World(parameters)
        let id = world.margin(alice, "1000000")
        for _ in 0..<2 { world.run(OrderTests.place(id, .buy, "15000000", "90"), by: alice) }
        world.advance(by: 1)
        #expect(world.attempt(world.report(ethFeed, "200"), by: reporter) == .exposureTooLarge)
        world.run(world.report(ethFeed, "110"), by: reporter)
    }

    // MARK: Liquidation

    @Test(
        "Where cancelling the orders makes an account healthy its liquidation ends there",
        arguments: [perCent, atPrices(both: true), worstResult])
    func ordersEndIt(policy: OpenOrderPolicy) throws {
        var world = Self.world(policy)
        let id = world.margin(alice, "100")
        let keeper = world.wallet(carol, "1000")
        world.trade(id, ethPerp, "4", by: alice)
        world.run(OrderTests.place(id, .buy, "5", "92"), by: alice)
        // 36 are left: the position needs 16.8, with the bid filled 37.8, or more where that counts at its own price.
        world.post(ethFeed, "84")
        #expect(world.house.isLiquidatable(id, at: world.house.prices))
        let quote = try world.house.quoteLiquidation(of: id, payer: keeper)
        guard case .orders = quote.step else {
            Issue.record("\(quote.step)")
            return
        }
        #expect(quote.healthBefore == world.house.health(of: id, .maintenance))
        let mark = world.journal.count
        world.run(.liquidate(account: id, payer: keeper, target: .next), by: carol)
        let steps = world.liquidations(since: mark)
        #expect(steps.map(\.kind) == [.ordersCancelled])
        #expect(steps.first?.size.isZero == true && steps.first?.penalty.isZero == true)
        #expect(steps.first?.healthAfter == world.house.health(of: id, .maintenance))
        #expect(world.size(id) == units("4"))
        #expect(world.house.book(ethPerp).isEmpty && world.house.account(id).orders == 0)
        #expect(!world.house.isLiquidatable(id, at: world.house.prices))
        #expect(
            world.attempt(.liquidate(account: id, payer: keeper, target: .next), by: carol)?.code
                == 601)
    }

    @Test("Where more is missing the step is what it would be without the orders")
    func moreIsMissing() throws {
        func build(ordered: Bool) -> (World, AccountID, AccountID) {
            var parameters = plainParameters()
            parameters.openOrders = perCent
            parameters.liquidation.size = .targetHealth(.one)
            var world = World(parameters)
            let id = world.margin(alice, "200")
            let keeper = world.wallet(carol, "1000")
            world.trade(id, ethPerp, "10", by: alice)
            if ordered { world.run(OrderTests.place(id, .buy, "5", "92"), by: alice) }
            world.post(ethFeed, "84")
            return (world, id, keeper)
        }
        var (world, id, keeper) = build(ordered: true)
        let plain = build(ordered: false).0
        let quote = try world.house.quoteLiquidation(of: id, payer: keeper)
        let other = try plain.house.quoteLiquidation(of: id, payer: keeper)
        guard case .positions(let parts) = quote.step, case .positions(let others) = other.step
        else {
            Issue.record("\(quote.step)")
            return
        }
        #expect(parts.map(\.size) == others.map(\.size))
        #expect(parts.map(\.price) == others.map(\.price))
        #expect(quote.healthBefore == world.house.health(of: id, .maintenance))
        world.run(.liquidate(account: id, payer: keeper, target: .next), by: carol)
        #expect(world.size(id) == units("10") + (parts.first?.size ?? .zero))
        #expect(world.house.health(of: id, .maintenance).isMet)
    }

    @Test(
        "Where orders do not count against the maintenance margin they are cancelled with the first step"
    )
    func initialAlone() throws {
        var parameters = plainParameters()
        parameters.openOrders = atPrices()
        parameters.liquidation.size = .wholePosition
        var world = World(parameters)
        let id = world.margin(alice, "200")
        let keeper = world.wallet(carol, "1000")
        world.trade(id, ethPerp, "10", by: alice)
        world.run(OrderTests.place(id, .buy, "5", "92"), by: alice)
        world.post(ethFeed, "86")
        #expect(!world.house.isLiquidatable(id, at: world.house.prices))
        world.post(ethFeed, "84")
        world.run(.liquidate(account: id, payer: keeper, target: .next), by: carol)
        #expect(world.size(id).isZero && world.house.book(ethPerp).isEmpty)
    }

    @Test("An account with nothing but an order is known to be liquidatable, and is let go")
    func anOrderAlone() throws {
        var world = Self.world(perCent)
        let id = world.margin(alice, "0", "1")
        let keeper = world.wallet(carol)
        var index = HealthIndex()
        world.run(OrderTests.place(id, .buy, "9", "99"), by: alice)
        #expect(index.liquidatable(in: world.house, at: world.house.prices) == [])
        // The collateral falls faster than what the order needs.
        var parameters = world.house.parameters
        parameters.assets[1].collateral = .flat(ratio("0.4"))
        world.house.replaceParameters(parameters)
        #expect(index.liquidatable(in: world.house, at: world.house.prices) == [id])
        world.run(.liquidate(account: id, payer: keeper, target: .next), by: carol)
        #expect(index.liquidatable(in: world.house, at: world.house.prices) == [])
        #expect(world.balance(id, eth) == units("1"))
    }

    @Test("A liquidation price and a bankruptcy price know of the orders, and that they go first")
    func criticalPrices() throws {
        var world = Self.world(perCent)
        let id = world.margin(alice, "200")
        world.trade(id, ethPerp, "10", by: alice)
        let alone = world.house.criticalPrices(of: id, market: ethPerp, .liquidatable)
        let bankrupt = world.house.bankruptcyPrice(of: id, ethPerp)
        world.run(OrderTests.place(id, .buy, "9", "95"), by: alice)
        let found = world.house.criticalPrices(of: id, market: ethPerp, .liquidatable)
        // 200 + 10 · (p - 100) = 19 · p · 5 % + 0.01
        let first = try #require(found.first)
        #expect((first - price("88.39889503")).magnitude <= Price(raw: 2))
        #expect(try first > #require(alone.first))
        #expect(world.house.bankruptcyPrice(of: id, ethPerp) == bankrupt)
    }

    @Test("Policies that do not go together are named")
    func problems() {
        func problems(_ change: (inout ProtocolParameters) -> Void) -> [String] {
            var parameters = plainParameters()
            change(&parameters)
            return ClearingHouse.problems(in: parameters)
        }
        #expect(problems { $0.openOrders = .worstResult }.count == 1)
        #expect(
            problems {
                $0.positionResults = .inBalance
                $0.openOrders = perCent
            }.count == 1)
        #expect(problems { $0.openOrders = .worstLiability(perOrder: money("-1")) }.count == 1)
        #expect(
            problems {
                $0.openOrders = perCent
                $0.markets[0].contract = .inverse
            }.count == 1)
        #expect(problems { $0.openOrders = atPrices() }.isEmpty)
    }
}
