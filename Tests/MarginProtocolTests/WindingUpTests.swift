import ExactMath
import MarginRules
import OrderBook
import SeededRandom
import Testing

@testable import MarginProtocol

/// Markets that governance winds up.
struct WindingUpTests {
    /// Three longs and two shorts of ether from 100, and the pool on the other side of the rest.
    private static func world(_ rule: WindingUpPolicy = .atOnce) throws -> (
        world: World, longs: [AccountID], shorts: [AccountID]
    ) {
        var parameters = plainParameters()
        parameters.windingUp = rule
        parameters.lossWaterfall = [.insuranceFund, .badDebt]
        parameters.deleveraging = DeleveragingPolicy(order: .unranked, pool: .last)
        var world = World(parameters)
        world.mint("100", usd, insurance)
        world.mint("10000", usd, pool)
        var longs: [AccountID] = []
        for (balance, size) in [("500", "3"), ("100", "2"), ("40", "4")] {
            longs.append(try DeleveragingTests.hold(&world, alice, balance, size))
        }
        var shorts: [AccountID] = []
        for (balance, size) in [("1000", "-5"), ("60", "-1")] {
            shorts.append(try DeleveragingTests.hold(&world, bob, balance, size))
        }
        return (world, longs, shorts)
    }

    private func end(_ stage: MarketStage, _ price: Price? = nil, _ market: MarketID = ethPerp)
        -> Command
    {
        .windUp(market, stage, price: price)
    }

    private func trade(_ account: AccountID, _ size: String) -> Command {
        .trade(account: account, market: ethPerp, size: units(size), limit: nil, reduceOnly: false)
    }

    @Test("At a stated price everybody's position is closed, whatever the oracle says")
    func statedPrice() throws {
        var (world, longs, shorts) = try Self.world()
        world.post(ethFeed, "130")
        world.run(end(.settled, price("110")), by: .governance)
        #expect(longs.map { world.balance($0) } == [units("530"), units("120"), units("80")])
        #expect(shorts.map { world.balance($0) } == [units("950"), units("50")])
        #expect(world.balance(pool) == units("9970"))
        #expect(world.house.openInterest(ethPerp) == .zero)
        #expect(world.house.stage(of: ethPerp) == .settled)
        let changes = world.positionChanges().filter { $0.reason == .settlement }
        #expect(changes.allSatisfy { $0.price == price("110") })
        #expect(Set(changes.map(\.account)) == Set(longs + shorts + [pool]))
        #expect(
            world.journal.contains(.marketWoundUp(ethPerp, .settled, price: price("110"))))
        // Nothing follows in later blocks, and other markets trade on.
        let mark = world.journal.count
        world.advance(by: 60_000)
        #expect(world.positionChanges(since: mark).isEmpty)
        world.trade(longs[0], btcPerp, "0.1", by: alice)
    }

    @Test("Without one the protocol's price of the moment counts; who then owes is covered")
    func oraclePrice() throws {
        var (world, longs, shorts) = try Self.world()
        world.post(ethFeed, "80")
        // The third long has 40, loses 80 and leaves the fund 40.
        world.run(end(.settled), by: .governance)
        #expect(longs.map { world.balance($0) } == [units("440"), units("60"), .zero])
        #expect(shorts.map { world.balance($0) } == [units("1100"), units("80")])
        #expect(world.balance(insurance) == units("60"))
        #expect(
            world.covers().map(\.account) == [longs[2]]
                && world.covers().map(\.layer) == [.insuranceFund])
    }

    @Test("Beforehand positions may become smaller and not larger")
    func notice() throws {
        var (world, longs, shorts) = try Self.world()
        world.run(OrderTests.place(shorts[0], .buy, "1", "90"), by: bob)
        world.run(OrderTests.place(shorts[0], .buy, "2", "91", reduceOnly: true), by: bob)
        world.run(end(.reducing), by: .governance)
        #expect(
            world.house.book(ethPerp).orders(of: shorts[0].raw).map(\.price) == [price("91")],
            "what might open is cancelled")
        #expect(world.attempt(trade(longs[0], "1"), by: alice) == .marketReduceOnly(ethPerp))
        #expect(world.attempt(trade(longs[0], "-4"), by: alice) == .marketReduceOnly(ethPerp))
        #expect(
            world.attempt(OrderTests.place(longs[0], .buy, "1", "90"), by: alice)
                == .marketReduceOnly(ethPerp))
        world.trade(longs[0], ethPerp, "-1", by: alice)
        world.run(end(.settled, price("100")), by: .governance)
        #expect(world.house.book(ethPerp).orders(of: shorts[0].raw).isEmpty)
        #expect(world.attempt(trade(longs[0], "-1"), by: alice) == .marketSettled(ethPerp))
        #expect(
            world.attempt(OrderTests.place(longs[0], .sell, "1", "90"), by: alice)
                == .marketSettled(ethPerp))
    }

    @Test("Guards in order, and each stage once")
    func precedence() throws {
        var (world, _, _) = try Self.world()
        let none = MarketID(9)
        func code(_ command: Command, by sender: Address = .governance) -> Int? {
            world.attempt(command, by: sender)?.code
        }
        #expect(code(end(.reducing, price("0"), none), by: alice) == 203)
        #expect(code(end(.reducing, price("0"), none)) == 104)
        #expect(code(end(.reducing, price("0"))) == 108)
        #expect(code(end(.settled, price("0"))) == 701)
        #expect(code(end(.settled, Price(raw: .max))) == 901)
        world.run(end(.reducing), by: .governance)
        #expect(code(end(.reducing)) == 422)
        world.run(end(.settled, price("100")), by: .governance)
        #expect(code(end(.settled)) == 423)
        #expect(code(end(.reducing)) == 423)
        var bare = World(plainParameters(), posted: false)
        #expect(bare.attempt(end(.settled), by: .governance)?.code == 302)
    }

    @Test("Only a reducing trade passes where both hold: the winding up is asked before the margin")
    func tradePrecedence() throws {
        var (world, longs, _) = try Self.world()
        world.run(end(.reducing), by: .governance)
        #expect(world.attempt(trade(longs[2], "1000"), by: alice)?.code == 422)
        world.run(.pause(.open), by: .governance)
        #expect(world.attempt(trade(longs[2], "1000"), by: alice)?.code == 301)
    }

    @Test("One after the other, so many a block; who is under water goes at the bankruptcy price")
    func deleveraged() throws {
        var (world, longs, shorts) = try Self.world(.deleveraged(perBlock: 1))
        world.post(ethFeed, "80")
        world.run(end(.settled), by: .governance)
        var blocks = 0
        while !world.house.openInterest(ethPerp).isZero, blocks < 40 {
            #expect(world.house.breaches().isEmpty)
            world.advance(by: 1000)
            blocks += 1
        }
        #expect(blocks > 1 && world.house.openInterest(ethPerp).isZero, "\(blocks)")
        // The third long is bankrupt at 90: whoever takes its four pays ten more for each, and nobody else does.
        #expect(longs.map { world.balance($0) } == [units("440"), units("60"), .zero])
        #expect(world.balance(insurance) == units("100") && world.balance(badDebt) == .zero)
        let given = (shorts + [pool]).reduce(Quantity.zero) { $0 + world.balance($1) }
        #expect(given == units("1100") + units("80") + units("10060") - units("40"))
        #expect(
            world.positionChanges().filter { $0.reason == .deleveraging }.allSatisfy {
                $0.price == price("80") || $0.price == price("90")
            })
    }

    @Test("What is settled is left out of liquidations")
    func liquidations() throws {
        var (world, longs, _) = try Self.world(.deleveraged(perBlock: 1))
        let wallet = world.wallet(carol, "10")
        world.post(ethFeed, "91")
        #expect(world.house.isLiquidatable(longs[2], at: world.house.prices))
        world.house.windingUp = [
            WindingUp(
                market: 0, stage: .settled, openInterest: units("9"), isDeleveraged: true)
        ]
        #expect(
            world.attempt(LiquidationTests.liquidate(longs[2], wallet), by: carol)
                == .marketSettled(ethPerp))
        world.house.sizeLiquidations(.wholeAccount)
        #expect(
            world.attempt(LiquidationTests.liquidate(longs[2], wallet), by: carol)
                == .marketSettled(ethPerp))
    }

    @Test(
        "Random markets are settled under either rule, with everything conserved", arguments: 0..<40
    )
    func fuzz(seed: Int) throws {
        var draws = RandomSource(seed: UInt64(seed)).stream("winding up")
        func number(_ low: Int64, _ high: Int64) -> Int64 { draws.uniform(in: low...high) }
        var parameters = plainParameters()
        let isDeleveraged = seed % 2 == 1
        parameters.windingUp =
            isDeleveraged ? .deleveraged(perBlock: Int(number(1, 20))) : .atOnce
        parameters.lossWaterfall = [.insuranceFund, .autoDeleveraging, .badDebt]
        parameters.deleveraging = DeleveragingPolicy(
            order: seed % 3 == 0 ? .unranked : .ranked(.profitTimesLeverage))
        parameters.markets[0].funding = .skew(
            maximumRate: ratio("0.01"), skewScale: units("100"))
        var world = World(parameters)
        world.mint("100000", usd, pool)
        world.mint("50", usd, insurance)
        for _ in 0..<Int(number(2, 30)) {
            let account = world.house.addAccount(owner: alice, role: .margin)
            world.house.seedBalance(
                Quantity(raw: number(0, 300 * scaleE8)), of: usd, to: account,
                into: &world.journal)
            let size = number(-5 * scaleE8, 5 * scaleE8)
            guard size != 0 else { continue }
            try world.house.seedPosition(
                account, ethPerp, size: Quantity(raw: size),
                entry: Price(raw: number(90 * scaleE8, 110 * scaleE8)), into: &world.journal)
        }
        world.advance(by: 3_600_000)
        world.post(ethFeed, "\(number(60, 140))")
        let stated = seed % 4 == 0 ? Price(raw: number(60 * scaleE8, 140 * scaleE8)) : nil
        world.run(end(.settled, stated), by: .governance)
        for _ in 0..<60 where isDeleveraged && stated == nil {
            world.advance(by: 1000)
            #expect(world.house.breaches().isEmpty)
        }
        if !isDeleveraged || stated != nil {
            #expect(world.house.openInterest(ethPerp).isZero)
        }
        for id in world.house.accountIDs.map({ AccountID($0) })
        where world.house.account(id).role == .margin && world.house.account(id).markets == 0 {
            #expect(!world.balance(id).isNegative, "nobody flat is left owing")
        }
    }
}

extension ClearingHouse {
    fileprivate mutating func sizeLiquidations(_ size: LiquidationPolicy.Size) {
        var new = parameters
        new.liquidation.size = size
        replaceParameters(new)
    }
}
