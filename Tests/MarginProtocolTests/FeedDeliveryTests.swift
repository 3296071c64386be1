import ExactMath
import MarginProtocol
import Testing

/// Delayed prices, and prices that are brought along.
struct FeedDeliveryTests {
    // MARK: Delayed

    private func delayed() -> World {
        var parameters = plainParameters()
        parameters.feeds[1].delay = TimeSpan(seconds: 3600)
        return World(parameters)
    }

    /// Maker's module: a price read in one hour counts from the next on.
    @Test func aPriceTakesEffectOnePeriodLater() {
        var world = delayed()
        #expect(world.house.nextReport(ethFeed)?.price == price("100"))
        world.advance(by: 3_600_000)
        world.post(ethFeed, "80")
        #expect(world.house.price(of: eth) == price("100"))
        #expect(world.house.nextReport(ethFeed)?.price == price("80"))
        world.advance(by: 3_600_000)
        world.post(ethFeed, "60")
        #expect(world.house.price(of: eth) == price("80"))
        // The price in use was seen an hour before, and says so.
        #expect(world.house.report(ethFeed)?.observedAt == Timestamp(milliseconds: 3_600_000))
        #expect(
            world.journal.last
                == world.house.report(ethFeed).map { .pricePosted(ethFeed, $0) })
        #expect(world.house.nextReport(usdFeed) == nil)
    }

    @Test func itIsReadOnceInAPeriod() {
        var world = delayed()
        world.advance(by: 3_599_999)
        let end = Timestamp(milliseconds: 3_600_000)
        #expect(
            world.attempt(world.report(ethFeed, "80"), by: reporter)
                == .periodNotOver(ethFeed, until: end))
        world.advance(by: 1)
        world.post(ethFeed, "80")
        world.advance(by: 1_800_000)
        #expect(world.attempt(world.report(ethFeed, "70"), by: reporter)?.code == 721)
        // Periods are hours of the clock: one that is read late does not shift the next.
        world.advance(by: 1_800_000)
        world.post(ethFeed, "70")
    }

    @Test func precedenceOfReading() {
        var world = delayed()
        world.advance(by: 10_000)
        func attempt(_ text: String, observed: Int64?, by sender: Address) -> Int? {
            world.attempt(world.report(ethFeed, text, observed: observed), by: sender)?.code
        }
        #expect(attempt("0", observed: 20_000, by: stranger) == 202)
        #expect(attempt("0", observed: 20_000, by: reporter) == 701)
        #expect(attempt("90", observed: 20_000, by: reporter) == 702)
        #expect(attempt("90", observed: 0, by: reporter) == 703)
        #expect(attempt("90", observed: nil, by: reporter) == 721)
    }

    // MARK: Brought along

    private func pulled() -> World {
        var parameters = plainParameters()
        for feed in [1, 2] { parameters.feeds[feed].isPulled = true }
        parameters.feeds[1].maxAge = TimeSpan(seconds: 60)
        parameters.feeds[1].maxDeviation = Ratio(percent: 50)
        parameters.feeds[1].maxConfidence = Ratio(percent: 2)
        parameters.staleBlocks = .open
        return World(parameters)
    }
    private func attached(
        _ world: World, _ feed: FeedID, _ text: String, ago: Int64 = 0, confidence: String = "0"
    ) -> AttachedPrice {
        let time = world.house.time - TimeSpan(milliseconds: ago)
        return AttachedPrice(
            feed: feed,
            report: PriceReport(
                round: 9, price: price(text), confidence: price(confidence), observedAt: time,
                publishedAt: time))
    }
    private func buy(_ account: AccountID, _ size: String) -> Command {
        .trade(account: account, market: ethPerp, size: units(size), limit: nil, reduceOnly: false)
    }

    @Test func aStalePriceIsMendedByWhoeverNeedsIt() {
        var world = pulled()
        let account = world.margin(bob, "1000")
        world.advance(by: 100_000)
        #expect(world.attempt(buy(account, "1"), by: bob)?.code == 303)
        let fresh = attached(world, ethFeed, "105", ago: 1000)
        world.run(.attach([fresh], to: buy(account, "1")), by: bob)
        #expect(world.house.price(of: eth) == price("105"))
        #expect(world.cost(account) == money("105"))
        #expect(world.house.report(ethFeed) == fresh.report)
    }

    /// `attempt` checks that the state and the journal are as they were.
    @Test func aRefusedCommandTakesItsPricesBack() {
        var world = pulled()
        let account = world.margin(bob, "1000")
        world.advance(by: 100_000)
        let fresh = attached(world, ethFeed, "105")
        #expect(
            world.attempt(.attach([fresh], to: buy(account, "1000")), by: bob)?.code == 402)
        #expect(world.house.price(of: eth) == price("100"))
    }

    @Test func aPriceThatIsNoNewerIsPassedOver() {
        var world = pulled()
        let account = world.margin(bob, "1000")
        world.advance(by: 1000)
        world.post(ethFeed, "110")
        world.run(
            .attach([attached(world, ethFeed, "105", ago: 500)], to: buy(account, "1")), by: bob)
        #expect(world.house.price(of: eth) == price("110"))
    }

    @Test func precedence() {
        var world = pulled()
        let account = world.margin(bob, "1000")
        world.advance(by: 100_000)
        let command = buy(account, "1000")
        func attempt(_ prices: [AttachedPrice], _ command: Command) -> Int? {
            world.attempt(.attach(prices, to: command), by: bob)?.code
        }
        let good = attached(world, ethFeed, "105")
        #expect(attempt([], command) == 108)
        #expect(attempt([good], .attach([good], to: command)) == 108)
        #expect(attempt([attached(world, FeedID(9), "1")], command) == 105)
        #expect(attempt([attached(world, usdFeed, "1")], command) == 722)
        world.run(.pause(.post), by: .governance)
        #expect(attempt([good], command) == 301)
        world.run(.pause([]), by: .governance)
        #expect(attempt([attached(world, ethFeed, "0", ago: -5)], command) == 701)
        #expect(attempt([attached(world, ethFeed, "200", ago: -5)], command) == 702)
        #expect(attempt([attached(world, ethFeed, "200", confidence: "9")], command) == 704)
        #expect(attempt([attached(world, ethFeed, "120", confidence: "9")], command) == 705)
        #expect(attempt([good], command) == 402)
    }

    @Test func whichPricesACommandNeeds() {
        var world = pulled()
        let account = world.margin(bob, "1000", "1")
        world.trade(account, btcPerp, "0.1", by: bob)
        #expect(world.house.pulledFeeds(neededBy: buy(account, "1")) == [ethFeed, btcFeed])
        let wallet = world.wallet(alice)
        #expect(
            world.house.pulledFeeds(
                neededBy: .liquidate(account: account, payer: wallet, target: .next))
                == [ethFeed, btcFeed])
        #expect(
            world.house.pulledFeeds(
                neededBy: .deposit(from: wallet, to: account, asset: eth, amount: units("1"))) == []
        )
        let seen = world.house.attaching([attached(world, ethFeed, "105", ago: -1)])
        // A price from the future would be refused, so nobody counts on it.
        #expect(seen == world.house)
    }
}
