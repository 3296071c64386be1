import ExactMath
import MarginRules
import Testing

@testable import MarginProtocol

/// Liquidations that go on until an end of their own, and what others pay for their losses.
struct CourseTests {
    static func parameters(
        _ course: LiquidationCourse?, size: LiquidationPolicy.Size = .wholePosition,
        losses: [LossLayer] = [.insuranceFund, .badDebt]
    ) -> ProtocolParameters {
        var parameters = plainParameters()
        parameters.lossWaterfall = losses
        parameters.liquidation = LiquidationPolicy(
            size: size, penalty: .zero, taker: .pool, course: course)
        return parameters
    }

    static let buffered = LiquidationCourse(end: .buffered(Ratio(percent: 2)))
    /// A tenth of a position a step.
    static let tenth = LiquidationPolicy.Size.portion(Ratio(percent: 10), minimum: .zero)

    @Test func anAccountStaysInLiquidationUntilTheBuffer() throws {
        var world = World(Self.parameters(Self.buffered, size: Self.tenth))
        let id = try DeleveragingTests.hold(&world, alice, "499", "100")
        let wallet = world.wallet(carol)
        #expect(!world.house.isBeingLiquidated(id))
        world.run(LiquidationTests.liquidate(id, wallet), by: carol)
        // 499 against 450, which the trigger alone would call healthy; the end asks for 630.
        #expect(world.house.isBeingLiquidated(id))
        #expect(world.house.health(of: id, .maintenance).isMet)
        #expect(world.house.isLiquidatable(id, at: world.house.prices))
        // A withdrawal is refused for that before its margin is looked at; a reduction is not refused.
        let own = world.wallet(alice)
        #expect(
            world.attempt(
                .withdraw(from: id, to: own, asset: usd, amount: units("1")), by: alice)
                == .beingLiquidated(id))
        #expect(
            world.attempt(
                .trade(
                    account: id, market: ethPerp, size: units("1"), limit: nil, reduceOnly: false),
                by: alice) == .beingLiquidated(id))
        world.run(
            .trade(
                account: id, market: ethPerp, size: units("-1"), limit: nil, reduceOnly: true),
            by: alice)
        for _ in 0..<3 { world.run(LiquidationTests.liquidate(id, wallet), by: carol) }
        #expect(world.journal.filter { $0 == .liquidationBegan(id) }.count == 1)
        #expect(world.journal.filter { $0 == .liquidationEnded(id) }.count == 1)
        // 64.881 of 89 are left: 7 % of them are less than 499.
        #expect(!world.house.isBeingLiquidated(id))
        #expect(
            world.attempt(LiquidationTests.liquidate(id, wallet), by: carol)?.code == 601)
    }

    /// Who is being liquidated takes nobody else's positions over.
    @Test func aPayerIsNotBeingLiquidated() throws {
        var parameters = Self.parameters(Self.buffered, size: Self.tenth)
        parameters.liquidation.taker = .liquidator
        var world = World(parameters)
        let first = try DeleveragingTests.hold(&world, alice, "499", "100")
        let second = try DeleveragingTests.hold(&world, bob, "499", "100")
        let payer = world.margin(carol, "100000")
        world.run(LiquidationTests.liquidate(first, payer), by: carol)
        #expect(world.house.isBeingLiquidated(first))
        #expect(
            world.attempt(LiquidationTests.liquidate(second, first), by: alice)
                == .beingLiquidated(first))
        world.run(LiquidationTests.liquidate(second, payer), by: carol)
    }

    @Test func aPriceEndsALiquidationAtTheNextBlock() throws {
        var world = World(Self.parameters(Self.buffered, size: Self.tenth))
        let id = try DeleveragingTests.hold(&world, alice, "499", "100")
        let wallet = world.wallet(carol)
        world.run(LiquidationTests.liquidate(id, wallet), by: carol)
        world.post(ethFeed, "110")
        world.advance(by: 1)
        #expect(!world.house.isBeingLiquidated(id))
        #expect(world.journal.last == .liquidationEnded(id))
        // Between the trigger and the buffer a new one does not begin.
        world.post(ethFeed, "100.5")
        world.advance(by: 1)
        #expect(!world.house.isLiquidatable(id, at: world.house.prices))
    }

    @Test func governanceMayDropTheCourse() throws {
        var world = World(Self.parameters(Self.buffered, size: Self.tenth))
        let id = try DeleveragingTests.hold(&world, alice, "499", "100")
        world.run(LiquidationTests.liquidate(id, world.wallet(carol)), by: carol)
        world.run(
            .setParameter(.liquidation(LiquidationPolicy(size: Self.tenth, penalty: .zero))),
            by: .governance)
        world.advance(by: 1)
        #expect(!world.house.isBeingLiquidated(id))
        #expect(!world.house.isLiquidatable(id, at: world.house.prices))
    }

    /// A ramp allows nothing more in the same moment once its share is taken.
    @Test func nothingIsAllowedYet() throws {
        var course = Self.buffered
        course.ramp = LiquidationRamp(
            initialShare: Ratio(percent: 10), duration: TimeSpan(seconds: 60),
            smallShortage: Money(whole: 1))
        var world = World(Self.parameters(course, size: .shortage(ShortageTerms())))
        let id = try DeleveragingTests.hold(&world, alice, "100", "100")
        let wallet = world.wallet(carol)
        world.run(LiquidationTests.liquidate(id, wallet), by: carol)
        let refused = world.attempt(LiquidationTests.liquidate(id, wallet), by: carol)
        #expect(refused == .nothingAllowedYet(id) && refused?.code == 611)
        let size = world.house.position(id, ethPerp).size
        world.advance(by: 30_000)
        world.run(LiquidationTests.liquidate(id, wallet), by: carol)
        #expect(world.house.position(id, ethPerp).size < size)
    }

    /// A loss of 50 in a market where others hold 30 long and 20 short: each pays a dollar a unit, the pool nothing.
    @Test func fundingSocialisesALoss() throws {
        let losses: [LossLayer] = [.insuranceFund, .feePool, .socialisedByFunding, .badDebt]
        var world = World(Self.parameters(Self.buffered, losses: losses))
        world.house.mint(units("4"), of: usd, to: insurance, into: &world.journal)
        world.house.mint(units("6"), of: usd, to: treasury, into: &world.journal)
        let long = try DeleveragingTests.hold(&world, bob, "1000", "30", entry: "90")
        let short = try DeleveragingTests.hold(&world, carol, "1000", "-20", entry: "90")
        let elsewhere = try DeleveragingTests.hold(
            &world, carol, "1000", "1", entry: "1000", btcPerp)
        let loser = try DeleveragingTests.hold(&world, alice, "40", "10")
        world.post(ethFeed, "90")
        let before = [long, short, elsewhere, pool].map {
            world.house.plainEquity(of: $0, at: world.house.prices)
        }
        let mark = world.journal.count
        world.run(LiquidationTests.liquidate(loser, world.wallet(stranger)), by: stranger)
        let covers = world.journal[mark...].compactMap {
            if case .lossCovered(let cover) = $0 { cover } else { nil }
        }
        #expect(covers.map(\.layer) == [.insuranceFund, .feePool, .socialisedByFunding])
        #expect(covers.map(\.amount) == [units("4"), units("6"), units("50")])
        let after = [long, short, elsewhere, pool].map {
            world.house.plainEquity(of: $0, at: world.house.prices)
        }
        #expect(before[0] - after[0] == money("30") && before[1] - after[1] == money("20"))
        #expect(before[2] == after[2] && before[3] == after[3])
        #expect(world.house.account(loser).assets == 0)
        // Who closes pays; the account where funding waits is even afterwards.
        for (id, owner, size) in [(long, bob, "-30"), (short, carol, "20")] {
            world.run(
                .trade(
                    account: id, market: ethPerp, size: units(size), limit: nil, reduceOnly: true),
                by: owner)
        }
        #expect(world.house.balance(ClearingHouse.funding(ethPerp), usd).isZero)
        #expect(world.house.balance(long, usd) == units("970"))
        #expect(world.house.balance(short, usd) == units("980"))
        // Whoever comes later owes nothing of it.
        let late = try DeleveragingTests.hold(&world, bob, "1000", "5", entry: "90")
        #expect(world.house.plainEquity(of: late, at: world.house.prices) == money("1000"))
        #expect(world.house.breaches().isEmpty)
    }

    /// Without anybody to bear it the loss goes to the next layer.
    @Test func aLossWithoutHoldersIsBooked() throws {
        var world = World(
            Self.parameters(Self.buffered, losses: [.socialisedByFunding, .badDebt]))
        let loser = try DeleveragingTests.hold(&world, alice, "40", "10")
        world.post(ethFeed, "90")
        world.run(LiquidationTests.liquidate(loser, world.wallet(carol)), by: carol)
        #expect(world.house.balance(badDebt, usd) == units("-60"))
    }

    /// The same where the only holder has next to nothing: no index could carry the loss.
    @Test func aHolderOfDustBearsNothing() throws {
        var world = World(
            Self.parameters(Self.buffered, losses: [.socialisedByFunding, .badDebt]))
        let dust = try DeleveragingTests.hold(&world, bob, "1", "0.00000001")
        let loser = try DeleveragingTests.hold(&world, alice, "40000", "10000")
        world.post(ethFeed, "90")
        world.run(LiquidationTests.liquidate(loser, world.wallet(carol)), by: carol)
        #expect(world.house.balance(badDebt, usd) == units("-60000"))
        #expect(world.house.balance(dust, usd) == units("1"))
        #expect(world.house.health(of: dust, .maintenance).isMet)
    }

    /// Initial health takes the worse of a price and its average, maintenance health the price.
    @Test func averagesAreSlow() throws {
        var parameters = plainParameters()
        parameters.slowPrice = .average(TimeSpan(seconds: 300))
        // Before the first report there is nothing slower.
        var silent = World(parameters, posted: false)
        let early = silent.margin(alice, "0", "2")
        #expect(
            silent.house.health(
                of: early, .initial, at: [1, 100, 1000, 10].map { Price(whole: $0) }
            )
            .equity == money("200"))
        var world = World(parameters)
        let id = try DeleveragingTests.hold(&world, alice, "1000", "10")
        world.advance(by: 1000)
        world.post(ethFeed, "200")
        #expect(world.house.health(of: id, .maintenance).equity == money("2000"))
        #expect(world.house.health(of: id, .initial).equity == money("1000"))
        world.advance(by: 150_000)
        // Half of the period at the new price.
        #expect(world.house.slowPrices[ethFeed.index] == price("150"))
        #expect(world.house.health(of: id, .initial).equity == money("1500"))
        world.advance(by: 300_000)
        #expect(world.house.health(of: id, .initial).equity > money("1990"))
    }

    @Test func brokenParametersAreNamed() {
        func problems(_ change: (inout ProtocolParameters) -> Void) -> Int {
            var parameters = Self.parameters(Self.buffered)
            change(&parameters)
            return ClearingHouse.problems(in: parameters).count
        }
        #expect(problems { _ in } == 0)
        #expect(problems { $0.liquidation.course?.end = .buffered(Ratio(percent: 101)) } == 1)
        #expect(problems { $0.liquidation.course?.end = .initialHealth(dust: Money(raw: -1)) } == 1)
        #expect(problems { $0.liquidation.size = .flag } == 1)
        #expect(problems { $0.liquidation.size = .zeroHealth(platformFee: .zero) } == 1)
        #expect(
            problems {
                $0.liquidation.course?.end = .nothingLeft
                $0.liquidation.size = .shortage(ShortageTerms())
            } == 1)
        #expect(problems { $0.slowPrice = .average(.zero) } == 1)
        let reward = CappedKeeperReward(
            minimumProfit: .zero, minimumProfitRatio: .zero, maximum: Money(whole: 100_001),
            maximumCollateralShare: .one)
        #expect(
            problems {
                $0.keeper = KeeperTerms(
                    reward: reward, flagCost: .zero, liquidationCost: .zero, collateralShare: .zero)
            } == 1)
        #expect(
            problems {
                $0.liquidation.size = .shortage(ShortageTerms(step: Quantity(whole: 1_000_001)))
            } == 1)
        #expect(problems { $0.assets[1].debtScale = .zero } == 1)
        #expect(problems { $0.markets[0].flagReward = Ratio(percent: 101) } == 1)
        #expect(
            problems {
                $0.lossWaterfall = [.socialisedByFunding, .badDebt]
                $0.liquidation.course = nil
            } == 1)
    }
}
