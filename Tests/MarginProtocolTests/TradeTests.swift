import ExactMath
import MarginProtocol
import Testing

/// Trades against the pool: what each transition leaves behind, in figures worked out by hand.
struct TradeTests {
    @Test("A long opens, increases, is reduced and closed")
    func longLife() {
        var world = World()
        let account = world.margin(alice, "1000")
        world.trade(account, ethPerp, "10", by: alice)
        #expect(world.size(account) == units("10"))
        #expect(world.cost(account) == money("1000"))
        #expect(world.size(pool) == units("-10"))
        #expect(world.cost(pool) == money("-1000"))
        #expect(world.house.openInterest(ethPerp) == units("10"))
        #expect(
            world.house.health(of: account, .initial)
                == Health(equity: money("1000"), requirement: money("100")))
        world.post(ethFeed, "110")
        world.trade(account, ethPerp, "10", by: alice)
        #expect(world.cost(account) == money("2100"))
        #expect(world.house.position(account, ethPerp).entryPrice == price("105"))
        // A quarter of the cost, 525, leaves against 550 received.
        world.trade(account, ethPerp, "-5", by: alice)
        #expect(world.cost(account) == money("1575"))
        #expect(world.balance(account) == units("1025"))
        #expect(world.balance(pool) == units("-25"))
        world.post(ethFeed, "105")
        world.trade(account, ethPerp, "-15", by: alice)
        #expect(world.house.position(account, ethPerp) == .none)
        #expect(world.balance(account) == units("1025"))
        #expect(world.house.account(account).markets == 0)
        #expect(world.house.openInterest(ethPerp) == .zero)
    }

    @Test("A short loses when the price rises, and its whole change is journaled")
    func shortLoss() {
        var world = World()
        let account = world.margin(alice, "1000")
        world.post(ethFeed, "120")
        world.trade(account, ethPerp, "-3", by: alice)
        #expect(world.cost(account) == money("-360"))
        world.post(ethFeed, "130")
        let mark = world.journal.count
        world.trade(account, ethPerp, "3", by: alice)
        #expect(world.balance(account) == units("970"))
        #expect(world.balance(pool) == units("30"))
        let changes = world.positionChanges(since: mark)
        #expect(changes.map(\.account) == [account, pool])
        #expect(changes.map(\.sizeBefore) == [units("-3"), units("3")])
        #expect(changes.map(\.sizeAfter) == [.zero, .zero])
        #expect(changes.map(\.costBefore) == [money("-360"), money("360")])
        #expect(changes.map(\.costAfter) == [.zero, .zero])
        #expect(changes.map(\.realized) == [money("-30"), money("30")])
        #expect(changes.map(\.funding) == [.zero, .zero])
        #expect(changes.allSatisfy { $0.reason == .trade && $0.price == price("130") })
        // Each side against the market's clearing account: two legs a side.
        let legs = world.balanceChanges(since: mark)
        let clearing = ClearingHouse.clearing(ethPerp)
        #expect(legs.map(\.account) == [clearing, account, clearing, pool])
        #expect(legs.map(\.delta) == [units("30"), units("-30"), units("-30"), units("30")])
        #expect(legs.map(\.after) == [units("30"), units("970"), .zero, units("30")])
        #expect(legs.allSatisfy { $0.reason == .realizedProfit && $0.asset == usd })
    }

    @Test("A trade through zero realises the closed part and opens the rest at the price")
    func flip() {
        var world = World()
        let account = world.margin(alice, "1000")
        world.trade(account, ethPerp, "2", by: alice)
        world.post(ethFeed, "120")
        // Of 600 received 240 close: 240 − 200 = 40; 360 remain as the short's cost.
        world.trade(account, ethPerp, "-5", by: alice)
        #expect(world.size(account) == units("-3"))
        #expect(world.cost(account) == money("-360"))
        #expect(world.balance(account) == units("1040"))
        #expect(world.size(pool) == units("3"))
        #expect(world.cost(pool) == money("360"))
        #expect(world.balance(pool) == units("-40"))
    }

    @Test("What rounding costs, it costs the account, and the sum is exact")
    func rounding() {
        var world = World()
        let account = world.margin(alice, "1")
        world.post(solFeed, "0.5")
        func trade(_ raw: Int64) {
            world.run(
                .trade(
                    account: account, market: solPerp, size: Quantity(raw: raw), limit: nil,
                    reduceOnly: false), by: alice)
        }
        // Three units at half a unit of money: 1.5 rounds up to 2.
        trade(3)
        #expect(world.cost(account, solPerp) == Money(raw: 2))
        #expect(world.cost(pool, solPerp) == Money(raw: -2))
        #expect(world.house.health(of: account, .initial).equity == Money(raw: scaleE8 - 1))
        // One sold brings 0.5, rounded to nothing, and takes ⌈2/3⌉ of the cost along.
        trade(-1)
        #expect(world.cost(account, solPerp) == Money(raw: 1))
        #expect(world.balance(account) == Quantity(raw: scaleE8 - 1))
        #expect(world.house.health(of: account, .initial).requirement == Money(raw: 1))
        trade(-2)
        #expect(world.balance(account) == Quantity(raw: scaleE8 - 1))
        #expect(world.balance(ClearingHouse.clearing(solPerp)) == .zero)
    }

    @Test("The fee is shared between pool and treasury")
    func fee() {
        var parameters = plainParameters()
        parameters.markets[0].takerFee = ratio("0.001")
        parameters.markets[0].poolFeeShare = ratio("0.3")
        var world = World(parameters)
        let account = world.margin(alice, "1000")
        world.trade(account, ethPerp, "10", by: alice)
        #expect(world.balance(account) == units("999"))
        #expect(world.balance(pool) == units("0.3"))
        #expect(world.balance(treasury) == units("0.7"))
        let fills = world.fills()
        #expect(fills.count == 1)
        #expect(fills.last?.maker == pool && fills.last?.taker == account)
        #expect(fills.last?.makerOrder == nil && fills.last?.size == units("10"))
        #expect(fills.last?.price == price("100") && fills.last?.takerFee == money("1"))
        #expect(fills.last?.makerFee == .zero)
        // The smallest fee is one unit, up from 0.001 · 0.000001.
        world.trade(account, ethPerp, "0.00000001", by: alice)
        #expect(world.balance(account) == units("998.99999999"))
    }

    @Test("The pool charges half its spread and an impact that grows with the notional")
    func poolImpact() throws {
        var parameters = plainParameters()
        parameters.markets[0].pool = PoolPricing(
            spread: ratio("0.001"), impactDepth: money("10000"), impactAtDepth: ratio("0.01"))
        var world = World(parameters)
        let account = world.margin(alice, "1000")
        // 1000 of a depth of 10000: 0.1 % + 1 % / 10.
        #expect(try world.house.poolPrice(ethPerp, size: units("10")) == price("100.2"))
        #expect(try world.house.poolPrice(ethPerp, size: units("-10")) == price("99.8"))
        #expect(try world.house.poolPrice(ethPerp, size: units("-10000000")) == Price(raw: 1))
        func buy(limit: String) -> Command {
            .trade(
                account: account, market: ethPerp, size: units("10"), limit: price(limit),
                reduceOnly: false)
        }
        #expect(world.attempt(buy(limit: "100.19999999"), by: alice)?.code == 503)
        world.run(buy(limit: "100.2"), by: alice)
        #expect(world.cost(account) == money("1002"))
        #expect(throws: Rejection.overflow) {
            try world.house.poolPrice(ethPerp, size: Quantity(raw: .max))
        }
    }

    @Test("An impact next to the largest number is an overflow, not a trap")
    func impactOverflow() {
        var parameters = plainParameters()
        parameters.markets[0].pool = PoolPricing(
            spread: .one, impactDepth: Money(raw: 1), impactAtDepth: .one)
        let world = World(parameters)
        // ⌈n · 1e8⌉ for a notional n just below the largest that fits leaves no room for the spread.
        #expect(throws: Rejection.overflow) {
            try world.house.poolPrice(ethPerp, size: Quantity(raw: 922_337_203))
        }
    }

    @Test("The open interest cap is met at equality")
    func openInterestCap() {
        var parameters = plainParameters()
        parameters.markets[0].openInterestCap = money("1000")
        var world = World(parameters)
        let account = world.margin(alice, "1000")
        func buy(_ size: String) -> Command {
            .trade(
                account: account, market: ethPerp, size: units(size), limit: nil, reduceOnly: false)
        }
        #expect(world.attempt(buy("10.00000001"), by: alice)?.code == 505)
        world.run(buy("10"), by: alice)
        // Beyond the cap by the price alone: reducing is always possible.
        world.post(ethFeed, "101")
        #expect(world.attempt(buy("0.1"), by: alice)?.code == 505)
        world.run(buy("-1"), by: alice)
    }

    @Test("Initial margin is met at equality and missed by the smallest unit")
    func marginBoundary() {
        var world = World()
        let account = world.margin(alice, "1000")
        #expect(
            world.attempt(
                .trade(
                    account: account, market: ethPerp, size: units("100.00000001"), limit: nil,
                    reduceOnly: false), by: alice)
                == .insufficientMargin(shortBy: money("0.0000001")))
        world.trade(account, ethPerp, "100", by: alice)
    }

    @Test("Below its initial margin an account may reduce, but not where that is riskier")
    func reducingWithoutMargin() {
        var parameters = plainParameters()
        parameters.markets[1].pool = PoolPricing(spread: ratio("0.06"))
        var world = World(parameters)
        let account = world.margin(alice, "1000")
        world.trade(account, ethPerp, "90", by: alice)
        world.post(ethFeed, "98")
        let increase = Command.trade(
            account: account, market: ethPerp, size: units("1"), limit: nil, reduceOnly: false)
        #expect(world.attempt(increase, by: alice)?.code == 402)
        world.trade(account, ethPerp, "-1", by: alice)

        // A spread of 6 % costs more than the maintenance margin of 5 % that closing frees.
        let other = world.margin(bob, "160")
        world.trade(other, btcPerp, "1", by: bob)
        world.post(btcFeed, "960")
        let close = Command.trade(
            account: other, market: btcPerp, size: units("-0.1"), limit: nil, reduceOnly: true)
        #expect(world.attempt(close, by: bob)?.code == 402)
    }

    @Test("A profit counts with its weight, a loss in full")
    func profitWeight() {
        var parameters = plainParameters()
        parameters.markets[0].profitWeight = ratio("0.5")
        var world = World(parameters)
        let account = world.margin(alice, "1000")
        world.trade(account, ethPerp, "10", by: alice)
        world.post(ethFeed, "110")
        #expect(world.house.health(of: account, .initial).equity == money("1050"))
        world.post(ethFeed, "90")
        #expect(world.house.health(of: account, .initial).equity == money("900"))
        #expect(world.house.plainEquity(of: account, at: world.house.prices) == money("900"))
    }

    @Test("An isolated child trades its market only and is funded by its parent only")
    func isolated() {
        var world = World()
        let account = world.margin(alice, "1000")
        let child = open(&world, parent: account, alice)
        #expect(world.house.account(child).owner == alice)
        world.run(
            .transfer(from: account, to: child, asset: usd, amount: units("100")), by: alice)
        world.trade(child, ethPerp, "10", by: alice)
        #expect(
            world.attempt(
                .trade(
                    account: child, market: btcPerp, size: units("0.1"), limit: nil,
                    reduceOnly: false), by: alice)?.code == 501)
        // The child's loss is not the parent's.
        world.post(ethFeed, "80")
        #expect(world.house.isLiquidatable(child, at: world.house.prices))
        #expect(!world.house.isLiquidatable(account, at: world.house.prices))
        #expect(world.balance(account) == units("900"))
    }

    @Test("Deposit, withdrawal and transfer move exactly what they say")
    func funds() {
        var world = World()
        let wallet = world.wallet(alice, "100", "7")
        let account = world.margin(alice)
        let second = world.margin(alice)
        world.run(.deposit(from: wallet, to: account, asset: usd, amount: units("60")), by: alice)
        world.run(.deposit(from: wallet, to: account, asset: eth, amount: units("7")), by: alice)
        world.run(.deposit(from: wallet, to: insurance, asset: usd, amount: units("5")), by: alice)
        world.run(.deposit(from: wallet, to: pool, asset: usd, amount: units("6")), by: alice)
        world.run(.transfer(from: account, to: second, asset: eth, amount: units("3")), by: alice)
        world.run(.withdraw(from: account, to: wallet, asset: usd, amount: units("10")), by: alice)
        #expect(world.balance(wallet) == units("39"))
        #expect(world.balance(wallet, eth) == .zero)
        #expect(world.balance(account) == units("50"))
        #expect(world.balance(account, eth) == units("4"))
        #expect(world.balance(second, eth) == units("3"))
        #expect(world.balance(insurance) == units("5"))
        #expect(world.balance(pool) == units("6"))
        #expect(world.balance(ClearingHouse.outside) == units("-100"))
        #expect(world.house.account(account).assets == 0b11)
        #expect(world.house.account(wallet).assets == 0b01)
    }

    @Test("A loan needs its weighted worth in collateral")
    func borrowing() {
        var parameters = plainParameters()
        parameters.assets[0].borrowable = true
        parameters.assets[0].liabilityWeight = ratio("1.25")
        parameters.assets[1].collateral = .flat(ratio("0.8"))
        var world = World(parameters)
        let account = world.margin(alice, "0", "10")
        let wallet = world.wallet(alice)
        // 10 · 100 · 0.8 = 800 = 640 · 1.25.
        #expect(
            world.attempt(
                .withdraw(from: account, to: wallet, asset: usd, amount: units("640.00000001")),
                by: alice)?.code == 402)
        world.run(
            .withdraw(from: account, to: wallet, asset: usd, amount: units("640")), by: alice)
        #expect(world.balance(account) == units("-640"))
        #expect(world.house.health(of: account, .maintenance).equity == .zero)
    }
}
