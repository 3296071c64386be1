import ExactMath
import MarginProtocol
import Testing

/// Funding: who pays whom, how much, and that the sum is exact.
struct FundingTests {
    static let eightHours: Int64 = 28_800_000

    static func world() -> World {
        var parameters = plainParameters()
        // 1 % per eight hours at a skew of 100 ETH.
        parameters.markets[0].funding = .skew(
            maximumRate: ratio("0.01"), skewScale: units("100"))
        return World(parameters)
    }

    @Test("A net long pays its counterparty at the rate of its skew")
    func longPays() {
        var world = Self.world()
        let account = world.margin(alice, "1000")
        world.trade(account, ethPerp, "10", by: alice)
        let mark = world.journal.count
        world.advance(by: Self.eightHours)
        // 10 of 100: a tenth of 1 %; on a price of 100 that is 0.1 USD a unit.
        #expect(world.house.fundingIndex(ethPerp) == Fixed18(money("0.1")))
        #expect(
            world.journal[mark]
                == .fundingAccrued(
                    ethPerp, index: Fixed18(money("0.1")), ratePer8Hours: ratio("0.001")))
        #expect(world.house.health(of: account, .initial).equity == money("999"))
        #expect(
            world.house.unrealizedProfit(account, ethPerp, at: price("100")) == money("-1"))
        world.trade(account, ethPerp, "-10", by: alice)
        #expect(world.balance(account) == units("999"))
        #expect(world.balance(pool) == units("1"))
        #expect(world.balance(ClearingHouse.funding(ethPerp)) == .zero)
    }

    @Test("Shorts are paid by longs; the pool has what is left between them")
    func shares() {
        var world = Self.world()
        let long = world.margin(alice, "1000")
        let short = world.margin(bob, "1000")
        world.trade(long, ethPerp, "10", by: alice)
        world.trade(short, ethPerp, "-4", by: bob)
        world.advance(by: Self.eightHours / 2)
        // A skew of 6: 0.06 % · 100 USD, half of it: 0.03 USD a unit.
        world.trade(long, ethPerp, "-10", by: alice)
        world.trade(short, ethPerp, "4", by: bob)
        #expect(world.balance(long) == units("999.7"))
        #expect(world.balance(short) == units("1000.12"))
        #expect(world.balance(pool) == units("0.18"))
    }

    @Test("A net short pays, and the rate is clamped at its maximum")
    func clamped() {
        var world = Self.world()
        let account = world.margin(alice, "100000")
        world.trade(account, ethPerp, "-500", by: alice)
        world.advance(by: Self.eightHours)
        #expect(world.house.fundingIndex(ethPerp) == Fixed18(money("-1")))
        world.trade(account, ethPerp, "500", by: alice)
        #expect(world.balance(account) == units("99500"))
        #expect(world.balance(pool) == units("500"))
    }

    @Test("Without skew, without price, without time, nothing accrues")
    func nothing() {
        var world = Self.world()
        world.advance(by: Self.eightHours)
        #expect(world.house.fundingIndex(ethPerp) == .zero)
        let account = world.margin(alice, "1000")
        world.trade(account, ethPerp, "10", by: alice)
        let mark = world.journal.count
        world.advance(by: 0)
        #expect(world.journal.count == mark)
        // The market without funding has no index either.
        #expect(world.house.fundingIndex(btcPerp) == .zero)
    }

    @Test("Payers round up and receivers down, so the fund of a market is never short")
    func rounding() {
        var world = Self.world()
        let long = world.margin(alice, "1000")
        let short = world.margin(bob, "1000")
        world.trade(long, ethPerp, "0.00000003", by: alice)
        world.trade(short, ethPerp, "-0.00000001", by: bob)
        let whale = world.margin(carol, "10000")
        world.trade(whale, ethPerp, "100", by: carol)
        // A seventh of 1 USD a unit: 0.43 of a unit of money to pay, 0.14 to receive.
        world.advance(by: Self.eightHours / 7)
        world.trade(long, ethPerp, "-0.00000003", by: alice)
        #expect(world.balance(long) == units("999.99999999"))
        world.trade(short, ethPerp, "0.00000001", by: bob)
        #expect(world.balance(short) == units("1000"))
        // Only when all have settled must nothing be missing: whoever settles first may be paid first.
        world.trade(whale, ethPerp, "-100", by: carol)
        #expect((0...2).contains(world.balance(ClearingHouse.funding(ethPerp)).raw))
    }
}

/// The guards of a price report, each at its boundary.
struct PriceTests {
    @Test("A price that moved by the allowed deviation exactly is taken")
    func deviation() {
        var parameters = plainParameters()
        parameters.feeds[1].maxDeviation = ratio("0.1")
        var world = World(parameters)
        world.advance(by: 1)
        #expect(world.attempt(world.report(ethFeed, "110.00000001"), by: reporter)?.code == 704)
        #expect(world.attempt(world.report(ethFeed, "89.99999999"), by: reporter)?.code == 704)
        world.run(world.report(ethFeed, "110"), by: reporter)
        world.advance(by: 1)
        world.run(world.report(ethFeed, "99"), by: reporter)
        #expect(world.house.price(of: ethPerp) == price("99"))
    }

    @Test("A confidence as wide as allowed exactly is taken")
    func confidence() {
        var parameters = plainParameters()
        parameters.feeds[1].maxConfidence = ratio("0.02")
        var world = World(parameters)
        world.advance(by: 1)
        #expect(
            world.attempt(world.report(ethFeed, "100", confidence: "2.00000001"), by: reporter)
                == .confidenceTooWide(price("2.00000001")))
        world.run(world.report(ethFeed, "100", confidence: "2"), by: reporter)
        #expect(world.house.report(ethFeed)?.confidence == price("2"))
    }

    @Test(
        "An observation as old as the last one, or older, is no news; one of now is not the future")
    func order() {
        var world = World()
        world.advance(by: 100)
        let now = world.house.time.milliseconds
        world.run(world.report(ethFeed, "101", observed: now - 10), by: reporter)
        #expect(
            world.attempt(world.report(ethFeed, "102", observed: now - 10), by: reporter)?.code
                == 703)
        #expect(
            world.attempt(world.report(ethFeed, "102", observed: now - 11), by: reporter)?.code
                == 703)
        world.run(world.report(ethFeed, "102", observed: now - 9), by: reporter)
        #expect(
            world.attempt(world.report(ethFeed, "103", observed: now + 1), by: reporter)?.code
                == 702)
        world.run(world.report(ethFeed, "103", observed: now), by: reporter)
    }

    @Test("A price as old as allowed is fresh, and a millisecond later stale")
    func maxAge() {
        var parameters = plainParameters()
        parameters.feeds[1].maxAge = TimeSpan(milliseconds: 1000)
        parameters.staleBlocks = [.open]
        var world = World(parameters)
        let account = world.margin(alice, "1000")
        let observed = world.house.report(ethFeed)?.observedAt ?? world.house.time
        world.advance(by: 1000 - (world.house.time - observed).milliseconds)
        world.trade(account, ethPerp, "5", by: alice)
        world.advance(by: 1)
        let buy = Command.trade(
            account: account, market: ethPerp, size: units("1"), limit: nil, reduceOnly: false)
        #expect(
            world.attempt(buy, by: alice)
                == .priceStale(ethFeed, age: TimeSpan(milliseconds: 1001)))
        // Only what the policy names is blocked.
        world.trade(account, ethPerp, "-1", by: alice)
        world.run(.setParameter(.staleBlocks([.reduce])), by: .governance)
        world.trade(account, ethPerp, "1", by: alice)
        world.run(.setParameter(.maxAge(ethFeed, TimeSpan(milliseconds: 1001))), by: .governance)
        world.trade(account, ethPerp, "-1", by: alice)
    }

    @Test("With positions open the settlement asset's price must be fresh to withdraw")
    func settlementPriceGuardsWithdrawals() {
        var parameters = plainParameters()
        parameters.feeds[0].maxAge = TimeSpan(milliseconds: 1000)
        parameters.staleBlocks = [.withdraw]
        var world = World(parameters)
        // All its collateral is ETH: the settlement asset matters through the position alone.
        let account = world.margin(alice, "0", "10")
        world.trade(account, ethPerp, "10", by: alice)
        world.advance(by: 2000)
        #expect(
            world.attempt(
                .withdraw(
                    from: account, to: world.wallet(alice), asset: eth, amount: units("1")),
                by: alice)?.code == 303)
    }

    @Test("Prices that no sum could carry are refused, also for what is only owed")
    func exposure() {
        var parameters = plainParameters()
        parameters.assets[1].borrowable = true
        var world = World(parameters)
        let account = world.margin(alice, "1000000")
        world.run(
            .withdraw(
                from: account, to: world.wallet(alice), asset: eth, amount: units("1000")),
            by: alice)
        world.advance(by: 1)
        #expect(
            world.attempt(world.report(ethFeed, "10000000"), by: reporter) == .exposureTooLarge)
        world.run(world.report(ethFeed, "1000000"), by: reporter)
        world.advance(by: 1)
        let absurd = Command.postPrice(
            feed: solFeed,
            report: PriceReport(
                round: 1, price: Price(raw: .max), observedAt: world.house.time,
                publishedAt: world.house.time))
        #expect(world.attempt(absurd, by: reporter) == .exposureTooLarge)
    }
}
