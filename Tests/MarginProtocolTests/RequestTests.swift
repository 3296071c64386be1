import ExactMath
import MarginProtocol
import MarginRules
import Testing

/// A protocol whose trades are asked for and executed later, with ETH and BTC as pulled feeds.
struct RequestWorld {
    var world: World
    let account: AccountID
    let keeper: AccountID
    var escrow: AccountID {
        AccountID(
            index: (0..<world.house.accountCount).first {
                world.house.account(AccountID(index: $0)).role == .escrow
            } ?? 0)
    }

    static let gmx = TwoStepPolicy(
        timing: .afterRequest(
            TwoStepExecution(
                requestExpiration: TimeSpan(seconds: 300), maximumPriceAge: TimeSpan(seconds: 300),
                maximumTimestampRange: TimeSpan(seconds: 60), maximumReferenceDeviation: .one)),
        fee: units("2"))
    static let synthetix = TwoStepPolicy(
        timing: .window(
            SettlementWindow(
                delay: TimeSpan(seconds: 5), duration: TimeSpan(seconds: 120),
                priceDelay: TimeSpan(seconds: 2), priceTolerance: TimeSpan(seconds: 1))),
        fee: units("5"))

    /// Alice has 1000; a million seconds have passed.
    init(_ policy: TwoStepPolicy = gmx, alter: (inout ProtocolParameters) -> Void = { _ in }) {
        var parameters = plainParameters()
        parameters.twoStep = policy
        for feed in [1, 2] { parameters.feeds[feed].isPulled = true }
        alter(&parameters)
        world = World(parameters)
        account = world.margin(alice, "1000")
        keeper = world.wallet(carol)
        world.advance(by: 1_000_000_000)
    }

    func ask(
        _ size: String, limit: String? = nil, reduceOnly: Bool = false,
        kind: TradeRequest.Kind = .market
    ) -> Command {
        .requestTrade(
            account: account, market: ethPerp, size: units(size), limit: limit.map { price($0) },
            reduceOnly: reduceOnly, kind: kind)
    }

    /// The execution of a request with a price that was observed so many seconds after the millionth.
    func execution(_ id: Int32 = 0, at price: String, observed: Int64) -> Command {
        .attach(
            [attached(ethFeed, price, observed)],
            to: .executeRequest(RequestID(id), keeper: keeper))
    }

    func attached(_ feed: FeedID, _ text: String, _ observed: Int64) -> AttachedPrice {
        let moment = Timestamp(milliseconds: 1_000_000_000 + observed * 1000)
        return AttachedPrice(
            feed: feed,
            report: PriceReport(
                round: 2, price: price(text), observedAt: moment, publishedAt: moment))
    }

    mutating func wait(_ seconds: Int64) { world.advance(by: seconds * 1000) }

    func changes(since mark: Int = 0) -> [RequestChange] {
        world.journal[mark...].compactMap {
            if case .requestChanged(let change) = $0 { change } else { nil }
        }
    }
}

struct RequestTests {
    @Test("A request is executed at the first price after it, and the keeper is paid")
    func execution() {
        var it = RequestWorld()
        it.world.run(it.ask("2"), by: alice)
        #expect(it.world.balance(it.account) == units("998"))
        #expect(it.world.balance(it.escrow) == units("2"))
        #expect(it.world.size(it.account).isZero)
        it.wait(4)
        // The price of 100 that stands is older than the request: it cannot be picked.
        #expect(
            it.world.attempt(.executeRequest(RequestID(0), keeper: it.keeper), by: carol)?.code
                == 303)
        it.world.run(it.execution(at: "110", observed: 1), by: carol)
        #expect(it.world.size(it.account) == units("2"))
        #expect(it.world.cost(it.account) == money("220"))
        #expect(it.world.balance(it.keeper) == units("2"))
        #expect(it.world.balance(it.escrow).isZero)
        #expect(it.world.house.openRequests.isEmpty)
        let changes = it.changes()
        #expect(changes.map(\.fate) == [.created, .executed])
        #expect(changes[1].price == price("110") && changes[1].oraclePrice == price("110"))
        #expect(changes[1].delay == TimeSpan(seconds: 4))
        #expect(it.world.fills().map(\.price) == [price("110")])
    }

    @Test("The price of the request's time counts, even where the protocol knows a newer one")
    func notTheFreshest() {
        var it = RequestWorld()
        it.world.run(it.ask("2"), by: alice)
        it.wait(10)
        it.world.run(
            .attach(
                [it.attached(ethFeed, "150", 9)],
                to: .setDelegate(account: it.account, delegate: bob, allowed: true)), by: alice)
        #expect(it.world.house.price(of: ethPerp) == price("150"))
        let mark = it.world.journal.count
        it.world.run(it.execution(at: "110", observed: 1), by: carol)
        #expect(it.world.cost(it.account) == money("220"))
        #expect(it.changes(since: mark)[0].oraclePrice == price("110"))
        // The protocol goes on with what it knew, and says nothing of an older price.
        #expect(it.world.house.price(of: ethPerp) == price("150"))
        #expect(it.world.house.report(ethFeed)?.observedAt.milliseconds == 1_000_009_000)
        #expect(
            !it.world.journal[mark...].contains {
                if case .pricePosted = $0 { true } else { false }
            })
    }

    @Test("A rejected execution leaves the newer price in place")
    func rejectedAtAnOlderPrice() {
        var it = RequestWorld()
        it.wait(20)
        it.world.run(
            .attach(
                [it.attached(ethFeed, "150", 19)],
                to: .setDelegate(account: it.account, delegate: bob, allowed: true)), by: alice)
        it.world.run(it.ask("2"), by: alice)
        it.wait(5)
        #expect(it.world.attempt(it.execution(at: "90", observed: 15), by: carol)?.code == 364)
        #expect(it.world.house.price(of: ethPerp) == price("150"))
    }

    @Test("A market order whose acceptable price is not met is cancelled, and the keeper is paid")
    func cancelled() {
        var it = RequestWorld()
        it.world.run(it.ask("2", limit: "105"), by: alice)
        it.wait(2)
        it.world.run(it.execution(at: "110", observed: 1), by: carol)
        #expect(it.world.size(it.account).isZero)
        #expect(it.world.balance(it.keeper) == units("2"))
        let last = it.changes()[1]
        #expect(last.fate == .cancelled && last.price == nil)
        #expect(last.reason == .limitExceeded(price: price("110"), limit: price("105")))
        #expect(it.world.attempt(it.execution(at: "111", observed: 2), by: carol)?.code == 362)
    }

    @Test("So is one without the margin for it")
    func cancelledForMargin() {
        var it = RequestWorld()
        it.world.run(it.ask("100"), by: alice)
        it.wait(2)
        it.world.run(it.execution(at: "100", observed: 1), by: carol)
        #expect(it.changes()[1].reason?.code == 402)
    }

    @Test(
        "A limit order waits for its price, is frozen where the trade's own is worse, and taken back"
    )
    func frozen() {
        var it = RequestWorld { $0.markets[0].pool?.spread = ratio("0.01") }
        it.world.run(it.ask("2", limit: "95", kind: .limit), by: alice)
        it.wait(400)
        // It never expires.
        #expect(it.world.attempt(it.execution(at: "96", observed: 399), by: carol)?.code == 367)
        it.world.run(it.execution(at: "95", observed: 399), by: carol)
        let change = it.changes()[1]
        #expect(change.fate == .frozen && change.reason?.code == 503)
        #expect(it.world.balance(it.keeper) == units("2"))
        #expect(it.world.house.request(RequestID(0))?.isFrozen == true)
        #expect(it.world.attempt(it.execution(at: "90", observed: 400), by: carol)?.code == 363)
        it.world.run(.cancelRequest(RequestID(0)), by: alice)
        #expect(it.changes()[2].fate == .cancelled && it.changes()[2].fee.isZero)
        #expect(it.world.balance(it.account) == units("998"))
    }

    @Test("A limit order is executed once its price is there")
    func limit() {
        var it = RequestWorld()
        it.world.run(it.ask("-2", limit: "110", kind: .limit), by: alice)
        it.wait(1000)
        it.world.run(it.execution(at: "111", observed: 1000), by: carol)
        #expect(it.world.cost(it.account) == money("-222"))
    }

    @Test("What nobody executes in time may be taken back with its fee")
    func expired() {
        var it = RequestWorld()
        it.world.run(it.ask("2"), by: alice)
        it.wait(299)
        #expect(it.world.attempt(.cancelRequest(RequestID(0)), by: alice)?.code == 366)
        it.wait(1)
        it.world.run(.cancelRequest(RequestID(0)), by: alice)
        #expect(it.changes()[1].fate == .expired)
        #expect(it.world.balance(it.account) == units("1000"))
        #expect(it.world.balance(it.escrow).isZero)
    }

    @Test("A settlement in a window is at the price of the commitment and two seconds later")
    func window() {
        var it = RequestWorld(RequestWorld.synthetix)
        it.world.run(it.ask("2"), by: alice)
        it.wait(4)
        #expect(it.world.attempt(it.execution(at: "101", observed: 2), by: carol)?.code == 367)
        it.wait(1)
        #expect(it.world.attempt(it.execution(at: "101", observed: 1), by: carol)?.code == 364)
        #expect(it.world.attempt(it.execution(at: "101", observed: 4), by: carol)?.code == 364)
        it.world.run(it.execution(at: "102", observed: 3), by: carol)
        #expect(it.world.cost(it.account) == money("204"))
        #expect(it.world.balance(it.keeper) == units("5"))
        it.world.run(it.ask("1"), by: alice)
        it.wait(125)
        #expect(it.world.attempt(.cancelRequest(RequestID(1)), by: alice)?.code == 366)
        it.wait(1)
        #expect(
            it.world.attempt(it.execution(1, at: "101", observed: 7), by: carol)?.code == 365)
        it.world.run(.cancelRequest(RequestID(1)), by: alice)
        #expect(it.changes().last?.fate == .expired)
    }

    @Test("Liquidations and deposits go on at once, trades do not")
    func otherCommands() {
        var it = RequestWorld()
        let trade = Command.trade(
            account: it.account, market: ethPerp, size: units("1"), limit: nil, reduceOnly: false)
        #expect(it.world.attempt(trade, by: alice) == .requestNeeded)
        let wallet = it.world.wallet(alice, "10")
        it.world.run(
            .deposit(from: wallet, to: it.account, asset: usd, amount: units("10")), by: alice)
        var plain = World()
        let account = plain.margin(alice, "100")
        #expect(
            plain.attempt(
                .requestTrade(
                    account: account, market: ethPerp, size: units("1"), limit: nil,
                    reduceOnly: false, kind: .market), by: alice) == .noRequests)
        #expect(
            plain.attempt(.executeRequest(RequestID(0), keeper: account), by: alice) == .noRequests)
        #expect(plain.attempt(.cancelRequest(RequestID(0)), by: alice) == .noRequests)
    }

    @Test("An account that only closes pays the fee down to its maintenance margin")
    func feeAndMargin() {
        var it = RequestWorld()
        it.world.run(it.ask("90"), by: alice)
        it.wait(2)
        it.world.run(it.execution(at: "100", observed: 1), by: carol)
        // 998 against 900 and 450: at 95 equity is 548, at 94.6 it is 512.
        it.wait(10)
        it.world.run(
            .attach(
                [it.attached(ethFeed, "94.6", 10)],
                to: .setDelegate(account: it.account, delegate: bob, allowed: true)), by: alice)
        #expect(it.world.attempt(it.ask("1"), by: alice)?.code == 402)
        it.world.run(it.ask("-10", reduceOnly: true), by: alice)
    }

    @Test func requestPrecedence() {
        var it = RequestWorld()
        let poor = it.world.margin(bob, "1")
        let child = open(&it.world, parent: poor, bob)
        it.world.run(.pause(.open), by: .governance)
        func ask(
            _ account: AccountID, _ market: MarketID, _ size: String,
            _ kind: TradeRequest.Kind = .market, by sender: Address
        ) -> Int? {
            it.world.attempt(
                .requestTrade(
                    account: account, market: market, size: units(size), limit: nil,
                    reduceOnly: false, kind: kind), by: sender)?.code
        }
        #expect(ask(AccountID(900), MarketID(9), "0", .limit, by: stranger) == 101)
        #expect(ask(AccountID(900), MarketID(9), "1", .limit, by: stranger) == 102)
        #expect(ask(treasury, MarketID(9), "1", .limit, by: stranger) == 104)
        #expect(ask(treasury, btcPerp, "1", .limit, by: stranger) == 107)
        #expect(ask(child, btcPerp, "1", .limit, by: stranger) == 201)
        #expect(ask(child, btcPerp, "1", .limit, by: bob) == 108)
        #expect(ask(child, btcPerp, "1", by: bob) == 501)
        #expect(ask(child, ethPerp, "1", by: bob) == 301)
        it.world.run(.pause([]), by: .governance)
        #expect(ask(child, ethPerp, "1", by: bob) == 402)
        it.world.mint("10", usd, child)
        #expect(ask(child, ethPerp, "1", by: bob) == nil)
    }

    @Test func executionPrecedence() {
        var it = RequestWorld()
        it.world.run(it.ask("1", limit: "50", kind: .limit), by: alice)
        func execute(_ id: Int32, _ keeper: AccountID, by sender: Address) -> Int? {
            it.world.attempt(.executeRequest(RequestID(id), keeper: keeper), by: sender)?.code
        }
        #expect(execute(9, AccountID(900), by: stranger) == 102)
        #expect(execute(9, it.account, by: stranger) == 107)
        #expect(execute(9, it.keeper, by: stranger) == 201)
        #expect(execute(9, it.keeper, by: carol) == 362)
        #expect(execute(-1, it.keeper, by: carol) == 362)
        it.wait(60)
        // Age, spread, the request's time, then the trigger.
        #expect(execute(0, it.keeper, by: carol) == 303)
        let both = Command.attach(
            [it.attached(ethFeed, "100", 59), it.attached(btcFeed, "1000", -2)],
            to: .executeRequest(RequestID(0), keeper: it.keeper))
        it.world.mint("1", btc, it.account)
        #expect(it.world.attempt(both, by: carol)?.code == 723)
        #expect(it.world.attempt(it.execution(at: "100", observed: -1), by: carol)?.code == 303)
        let early = Command.attach(
            [it.attached(ethFeed, "100", 50), it.attached(btcFeed, "1000", -1)],
            to: .executeRequest(RequestID(0), keeper: it.keeper))
        #expect(it.world.attempt(early, by: carol)?.code == 364)
        let due = Command.attach(
            [it.attached(ethFeed, "100", 50), it.attached(btcFeed, "1000", 50)],
            to: .executeRequest(RequestID(0), keeper: it.keeper))
        #expect(it.world.attempt(due, by: carol)?.code == 367)
        // A pause is not the order's end.
        it.world.run(.pause(.open), by: .governance)
        let paid = Command.attach(
            [it.attached(ethFeed, "50", 50), it.attached(btcFeed, "1000", 50)],
            to: .executeRequest(RequestID(0), keeper: it.keeper))
        #expect(it.world.attempt(paid, by: carol)?.code == 301)
        it.world.run(.pause([]), by: .governance)
        it.world.run(paid, by: carol)
        #expect(it.world.attempt(.cancelRequest(RequestID(0)), by: stranger)?.code == 362)
    }

    @Test func cancellationPrecedence() {
        var it = RequestWorld()
        it.world.run(it.ask("1"), by: alice)
        #expect(it.world.attempt(.cancelRequest(RequestID(1)), by: stranger)?.code == 362)
        #expect(it.world.attempt(.cancelRequest(RequestID(0)), by: stranger)?.code == 201)
        #expect(it.world.attempt(.cancelRequest(RequestID(0)), by: alice)?.code == 366)
    }

    @Test("A market order's prices end with its expiration")
    func pricesTooLate() {
        var it = RequestWorld()
        it.world.run(it.ask("1"), by: alice)
        it.wait(302)
        #expect(it.world.attempt(it.execution(at: "100", observed: 301), by: carol)?.code == 365)
        it.world.run(it.execution(at: "100", observed: 300), by: carol)
    }

    @Test func theWindowTakesNoLimitOrders() {
        var it = RequestWorld(RequestWorld.synthetix)
        #expect(it.world.attempt(it.ask("1", limit: "90", kind: .limit), by: alice)?.code == 108)
    }

    @Test func parametersAreBounded() {
        var parameters = plainParameters()
        parameters.twoStep = RequestWorld.gmx
        #expect(ClearingHouse.problems(in: parameters).isEmpty)
        parameters.twoStep?.fee = units("-1")
        #expect(ClearingHouse.problems(in: parameters).count == 1)
        parameters.twoStep = TwoStepPolicy(
            timing: .window(
                SettlementWindow(
                    delay: TimeSpan(milliseconds: -1), duration: .zero, priceDelay: .zero,
                    priceTolerance: .zero)), fee: .zero)
        #expect(ClearingHouse.problems(in: parameters).count == 1)
    }
}
