import ExactMath
import MarginProtocol
import MarginRules
import Testing

/// Feeds whose prices have a lower and an upper bound.
struct PriceBoundsTests {
    static func parameters(
        reduction: Ratio? = .zero, alter: (inout ProtocolParameters) -> Void = { _ in }
    ) -> ProtocolParameters {
        var parameters = plainParameters()
        for feed in parameters.feeds.indices { parameters.feeds[feed].spreadReduction = reduction }
        alter(&parameters)
        return parameters
    }

    @Test("A report's confidence is half of the spread, less what is taken off")
    func bounds() {
        for (reduction, low, high) in [
            (Ratio.zero, "98", "102"), (Ratio(percent: 50), "99", "101"), (.one, "100", "100"),
        ] {
            var world = World(Self.parameters(reduction: reduction))
            world.post(ethFeed, "100", confidence: "2")
            #expect(
                world.house.priceRange(of: eth)
                    == PriceRange(minimum: price(low), maximum: price(high)))
            #expect(world.house.priceRange(of: usd) == PriceRange(price("1")))
        }
        var plain = World(plainParameters())
        plain.post(ethFeed, "100", confidence: "2")
        #expect(plain.house.priceRange(of: eth) == PriceRange(price("100")))
        #expect(World(posted: false).house.priceRange(of: eth) == nil)
    }

    @Test("One buys at the upper bound and sells at the lower")
    func trades() throws {
        var world = World(Self.parameters())
        let account = world.margin(alice, "10000")
        world.post(ethFeed, "100", confidence: "2")
        #expect(try world.house.poolPrice(ethPerp, size: units("1")) == price("102"))
        #expect(try world.house.poolPrice(ethPerp, size: units("-1")) == price("98"))
        world.trade(account, ethPerp, "10", by: alice)
        #expect(world.house.position(account, ethPerp).cost == money("1020"))
        world.trade(account, ethPerp, "-10", by: alice)
        #expect(world.balance(account) == units("9960"))
    }

    @Test("Holdings and longs count at the lower bound, debts and shorts at the upper")
    func health() {
        var world = World(
            Self.parameters { $0.assets[1].borrowable = true })
        let holder = world.margin(alice, "0", "10")
        let debtor = world.margin(bob, "5000")
        let long = world.margin(alice, "1000")
        let short = world.margin(bob, "1000")
        let wallet = world.wallet(bob)
        world.mint("100", eth, world.margin(carol))
        world.run(
            .withdraw(from: debtor, to: wallet, asset: eth, amount: units("10")), by: bob)
        world.trade(long, ethPerp, "10", by: alice)
        world.trade(short, ethPerp, "-10", by: bob)
        world.post(ethFeed, "100", confidence: "2")
        let house = world.house
        #expect(house.health(of: holder, .maintenance).equity == money("980"))
        #expect(house.health(of: debtor, .maintenance).equity == money("3980"))
        #expect(house.health(of: long, .maintenance).equity == money("980"))
        #expect(house.health(of: short, .maintenance).equity == money("980"))
        #expect(house.statement(of: long, .initial).health == house.health(of: long, .initial))
        #expect(house.statement(of: holder, .maintenance).health.equity == money("980"))
    }

    @Test("A wider spread alone makes an account liquidatable, and the index sees it")
    func index() {
        var world = World(Self.parameters())
        let account = world.margin(alice, "110")
        world.trade(account, ethPerp, "10", by: alice)
        var index = HealthIndex()
        let prices = { (house: ClearingHouse) in (0..<4).map { house.prices[$0] } }
        #expect(index.liquidatable(in: world.house, at: prices(world.house)).isEmpty)
        world.post(ethFeed, "100", confidence: "7")
        #expect(index.liquidatable(in: world.house, at: prices(world.house)) == [account])
    }

    @Test("A report whose lower bound is not above zero is refused")
    func refused() {
        var world = World(Self.parameters())
        world.advance(by: 5)
        #expect(
            world.attempt(world.report(ethFeed, "100", confidence: "100"), by: reporter)
                == .confidenceTooWide(price("100")))
        #expect(
            world.attempt(world.report(ethFeed, "100", confidence: "99.99999999"), by: reporter)
                == nil)
        var plain = World()
        plain.advance(by: 5)
        #expect(
            plain.attempt(plain.report(ethFeed, "100", confidence: "100"), by: reporter) == nil)
    }

    @Test func reductionIsAShare() {
        for reduction in [ratio("-0.1"), ratio("1.1")] {
            #expect(
                ClearingHouse.problems(in: Self.parameters(reduction: reduction)).count == 4)
        }
    }
}
