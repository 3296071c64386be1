import ExactMath
import MarginProtocol
import OrderBook
import Testing

/// Liquidation of positions: each order, size rule and taker, with figures worked out by hand.
///
/// The account of most tests holds 145 USD and a long of 10 ETH bought at 100; its equity at a price p is
/// 145 + 10 · (p − 100), its maintenance requirement 5 % of 10 · p.
struct LiquidationTests {
    static func world(
        _ policy: LiquidationPolicy, at ethPrice: String, capital: String = "145",
        waterfall: [LossLayer] = [.insuranceFund, .badDebt]
    ) -> (world: World, account: AccountID, wallet: AccountID) {
        var parameters = plainParameters()
        parameters.liquidation = policy
        parameters.lossWaterfall = waterfall
        var world = World(parameters)
        let account = world.margin(alice, capital)
        let wallet = world.wallet(bob)
        world.trade(account, ethPerp, "10", by: alice)
        world.post(ethFeed, ethPrice)
        return (world, account, wallet)
    }

    static func liquidate(
        _ account: AccountID, _ payer: AccountID, _ target: LiquidationTarget = .next
    ) -> Command { .liquidate(account: account, payer: payer, target: target) }

    @Test("At equality a strict trigger holds its fire and an inclusive one does not")
    func trigger() {
        // 145 − 100 = 45 = 5 % of 900.
        var (world, account, wallet) = Self.world(LiquidationPolicy(trigger: .strict), at: "90")
        #expect(
            world.attempt(Self.liquidate(account, wallet), by: bob)
                == .accountHealthy(surplus: .zero))
        policy(&world) { $0.trigger = .inclusive }
        #expect(world.house.isLiquidatable(account, at: world.house.prices))
        // No hysteresis: back above, nothing remembers that it was below.
        world.post(ethFeed, "90.00000001")
        #expect(world.attempt(Self.liquidate(account, wallet), by: bob)?.code == 601)
        world.post(ethFeed, "90")
        world.run(Self.liquidate(account, wallet), by: bob)
    }

    @Test("An inclusive trigger leaves an empty account alone")
    func emptyAccount() {
        var world = World()
        policy(&world) { $0.trigger = .inclusive }
        let account = world.margin(alice)
        let wallet = world.wallet(bob)
        #expect(world.attempt(Self.liquidate(account, wallet), by: bob)?.code == 601)
    }

    @Test("A close factor of a half closes a half, and the penalty is shared")
    func closeFactor() throws {
        var (world, account, wallet) = Self.world(
            LiquidationPolicy(liquidatorShare: ratio("0.4")), at: "89")
        let quote = try world.house.quoteLiquidation(of: account, payer: wallet)
        #expect(quote.healthBefore == Health(equity: money("35"), requirement: money("44.5")))
        #expect(quote.reward == money("1.78"))
        #expect(quote.value == money("445"))
        let mark = world.journal.count
        world.run(Self.liquidate(account, wallet), by: bob)
        // 5 sold at 89: −55. Penalty 1 % of 445: 4.45, of which 1.78 to the liquidator.
        #expect(world.size(account) == units("5"))
        #expect(world.cost(account) == money("500"))
        #expect(world.balance(account) == units("85.55"))
        #expect(world.balance(wallet) == units("1.78"))
        #expect(world.balance(insurance) == units("2.67"))
        #expect(world.balance(pool) == units("55"))
        let step = try #require(world.liquidations(since: mark).first)
        #expect(world.liquidations(since: mark).count == 1)
        #expect(step.kind == .position && step.market == ethPerp && step.account == account)
        #expect(step.payer == wallet && step.size == units("-5") && step.price == price("89"))
        #expect(step.healthBefore == quote.healthBefore)
        // 85.55 + 5 · (89 − 100).
        #expect(step.healthAfter == Health(equity: money("30.55"), requirement: money("22.25")))
        #expect(step.penalty == money("4.45") && step.toLiquidator == money("1.78"))
        #expect(step.toInsurance == money("2.67") && step.deficit == .zero)
        #expect(world.attempt(Self.liquidate(account, wallet), by: bob)?.code == 601)
    }

    @Test(
        "Dust and deep insolvency close the whole position",
        arguments: [
            // What would remain is worth 5 · 89 = 445.
            ("0", "445", "-5"), ("0", "445.00000001", "-10"),
            // Equity is 35 / 44.5 = 0.7865… of the requirement.
            ("0.7865", "0", "-5"), ("0.7866", "0", "-10"),
        ])
    func closeFactorExceptions(fullBelow: String, dust: String, expected: String) throws {
        let size = LiquidationPolicy.Size.closeFactor(
            ratio("0.5"), fullBelow: ratio(fullBelow), dust: money(dust))
        var (world, account, wallet) = Self.world(LiquidationPolicy(size: size), at: "89")
        world.run(Self.liquidate(account, wallet), by: bob)
        #expect(world.liquidations().first?.size == units(expected))
    }

    @Test("An odd unit goes to the part that is closed")
    func closeFactorRounding() {
        var (world, account, wallet) = Self.world(
            LiquidationPolicy(
                order: .liquidatorsChoice,
                size: .closeFactor(ratio("0.33333333"), fullBelow: .zero, dust: .zero)), at: "89")
        world.run(Self.liquidate(account, wallet), by: bob)
        // ⌈10 · 0.33333333⌉ is exact; of the rest 6.6666667 the part is 2.222222211… , up.
        #expect(world.liquidations().first?.size == units("-3.3333333"))
        world.post(ethFeed, "85")
        world.run(Self.liquidate(account, wallet), by: bob)
        #expect(world.liquidations().last?.size == units("-2.22222222"))
    }

    @Test("A target of 1 closes exactly what restores the requirement")
    func targetHealth() throws {
        // Closing x: 35 − 0.89 x ≥ 44.5 − 4.45 x, so x ≥ 9.5 / 3.56 = 2.668539325…
        let (world, account, wallet) = Self.world(
            LiquidationPolicy(size: .targetHealth(.one)), at: "89")
        let quote = try world.house.quoteLiquidation(of: account, payer: wallet)
        guard case .positions(let parts) = quote.step else {
            Issue.record("a position")
            return
        }
        #expect(parts.map(\.size) == [units("-2.66853933")])
        expectLeast(world, account, wallet, target: .one)
    }

    @Test(
        "A target is reached, and not with one unit less",
        arguments: ["1", "1.05", "1.25", "1.5", "1.9"], ["89", "88.77777777", "87.5"])
    func targetIsMinimal(target: String, ethPrice: String) {
        let (world, account, wallet) = Self.world(
            LiquidationPolicy(size: .targetHealth(ratio(target))), at: ethPrice)
        expectLeast(world, account, wallet, target: ratio(target))
    }

    @Test(
        "With brackets, haircuts and weights on what profit is paid in, the target stays minimal",
        arguments: ["1", "1.2", "1.5"], ["8.6", "8.65", "8.71"])
    func targetIsMinimalWithBends(target: String, solPrice: String) {
        var parameters = plainParameters()
        func bracket(_ floor: String, _ rate: String) -> MarginSchedule.Bracket {
            MarginSchedule.Bracket(
                floor: money(floor), initialRate: ratio(rate), maintenanceRate: ratio(rate))
        }
        parameters.markets[2].margin = MarginSchedule(brackets: [
            bracket("0", "0.009"), bracket("2000", "0.03"), bracket("5000", "0.08"),
        ])
        parameters.assets[0].liabilityWeight = ratio("1.2")
        parameters.assets[0].borrowable = true
        parameters.assets[0].collateral = CollateralSchedule(
            basis: .value,
            tiers: [
                CollateralSchedule.Tier(floor: 0, weight: .one),
                CollateralSchedule.Tier(floor: decimal("100"), weight: ratio("0.9")),
            ])
        parameters.liquidation = LiquidationPolicy(size: .targetHealth(ratio(target)))
        var world = World(parameters)
        let account = world.margin(alice, "400", "13")
        let wallet = world.wallet(bob)
        world.trade(account, solPerp, "1000", by: alice)
        world.post(solFeed, solPrice)
        expectLeast(world, account, wallet, target: ratio(target), market: solPerp)
    }

    /// The quoted size reaches the target and one unit less does not, both carried out as commands.
    private func expectLeast(
        _ world: World, _ account: AccountID, _ wallet: AccountID, target: Ratio,
        market: MarketID = ethPerp, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        func reaches(_ health: Health) -> Bool {
            product(health.equity.raw, scaleE8) >= product(health.requirement.raw, target.raw)
        }
        var whole = world
        whole.run(Self.liquidate(account, wallet), by: bob, sourceLocation: sourceLocation)
        guard let size = whole.liquidations().first?.size.magnitude else { return }
        #expect(
            size < world.size(account, market).magnitude, "part of it",
            sourceLocation: sourceLocation
        )
        #expect(
            reaches(whole.house.health(of: account, .maintenance)), sourceLocation: sourceLocation)
        var less = world
        policy(&less) { $0.order = .liquidatorsChoice }
        less.run(
            Self.liquidate(
                account, wallet, .position(market, atMost: Quantity(raw: size.raw - 1))), by: bob,
            sourceLocation: sourceLocation)
        #expect(
            !reaches(less.house.health(of: account, .maintenance)), sourceLocation: sourceLocation)
    }

    @Test("Where closing costs more than it frees, all is closed")
    func unreachableTarget() {
        var (world, account, wallet) = Self.world(
            LiquidationPolicy(size: .targetHealth(.one), penalty: ratio("0.06")), at: "89")
        world.run(Self.liquidate(account, wallet), by: bob)
        #expect(world.liquidations().first?.size == units("-10"))
    }

    @Test("A bracket's floor that no size reaches at a tiny price does not overflow")
    func targetAtATinyPrice() {
        var parameters = plainParameters()
        parameters.markets[2].margin = MarginSchedule(brackets: [
            MarginSchedule.Bracket(
                floor: .zero, initialRate: ratio("0.1"), maintenanceRate: ratio("0.05")),
            MarginSchedule.Bracket(
                floor: money("50000000"), initialRate: ratio("0.2"), maintenanceRate: ratio("0.1")),
        ])
        parameters.liquidation = LiquidationPolicy(size: .targetHealth(.one))
        var world = World(parameters)
        let account = world.margin(alice, "500")
        let wallet = world.wallet(bob)
        world.trade(account, solPerp, "100", by: alice)
        world.post(solFeed, "0.00000003")
        world.run(Self.liquidate(account, wallet), by: bob)
        #expect(world.size(account, solPerp) == .zero)
    }

    @Test(
        "The policy's order decides which position goes first",
        arguments: [
            (LiquidationPolicy.Order.mostUnprofitableFirst, btcPerp),
            (.largestFirst, ethPerp), (.liquidatorsChoice, btcPerp),
        ])
    func order(order: LiquidationPolicy.Order, expected: MarketID) {
        var world = World()
        policy(&world) {
            $0.order = order
            $0.size = .wholePosition
        }
        let account = world.margin(alice, "300")
        let wallet = world.wallet(bob)
        world.trade(account, ethPerp, "10", by: alice)
        world.trade(account, btcPerp, "0.5", by: alice)
        // ETH is worth 850 and has lost 150; BTC is worth 345 and has lost 155.
        world.post(ethFeed, "85")
        world.post(btcFeed, "690")
        world.run(Self.liquidate(account, wallet), by: bob)
        #expect(world.liquidations().map(\.market) == [expected])
    }

    @Test("At equal losses the lower market goes first")
    func orderTie() {
        var world = World()
        policy(&world) { $0.size = .wholePosition }
        let account = world.margin(alice, "300")
        let wallet = world.wallet(bob)
        world.trade(account, btcPerp, "0.5", by: alice)
        world.trade(account, ethPerp, "10", by: alice)
        world.post(ethFeed, "85")
        world.post(btcFeed, "700")
        world.run(Self.liquidate(account, wallet), by: bob)
        #expect(world.liquidations().map(\.market) == [ethPerp])
    }

    @Test("The liquidator chooses a position and how much of it")
    func liquidatorsChoice() {
        var world = World()
        policy(&world) { $0.order = .liquidatorsChoice }
        let account = world.margin(alice, "300")
        let wallet = world.wallet(bob)
        world.trade(account, ethPerp, "10", by: alice)
        world.trade(account, btcPerp, "-0.5", by: alice)
        world.post(ethFeed, "75")
        world.run(
            Self.liquidate(account, wallet, .position(btcPerp, atMost: units("0.1"))), by: bob)
        #expect(world.liquidations().map(\.market) == [btcPerp])
        #expect(world.liquidations().map(\.size) == [units("0.1")])
        // No more than the close factor allows.
        world.run(Self.liquidate(account, wallet, .position(ethPerp, atMost: units("9"))), by: bob)
        #expect(world.size(account) == units("5"))
    }

    @Test("A whole account closes at once; the deficit stands with the last part")
    func wholeAccount() {
        var world = World()
        policy(&world) {
            $0.size = .wholeAccount
            $0.penalty = ratio("0.02")
        }
        let account = world.margin(alice, "300")
        let wallet = world.wallet(bob)
        world.trade(account, ethPerp, "10", by: alice)
        world.trade(account, btcPerp, "0.5", by: alice)
        world.post(ethFeed, "85")
        world.post(btcFeed, "690")
        world.run(Self.liquidate(account, wallet), by: bob)
        let steps = world.liquidations()
        #expect(steps.map(\.market) == [ethPerp, btcPerp])
        #expect(steps.map(\.size) == [units("-10"), units("-0.5")])
        // 2 % of 850 and of 345; equity was 300 − 150 − 155 = −5.
        #expect(steps.map(\.toLiquidator) == [money("17"), money("6.9")])
        #expect(steps.map(\.deficit) == [.zero, money("28.9")])
        #expect(world.balance(wallet) == units("23.9"))
        #expect(world.balance(account) == .zero)
        #expect(world.balance(badDebt) == units("-28.9"))
    }

    @Test("A liquidator takes the position over at the oracle price, and needs margin for it")
    func takenOver() {
        var (world, account, wallet) = Self.world(
            LiquidationPolicy(liquidatorShare: ratio("0.4"), taker: .liquidator), at: "89")
        #expect(
            world.attempt(Self.liquidate(account, wallet), by: bob) == .wrongRole(wallet, .wallet))
        // 5 · 89 = 445 need 44.5, and 1.78 of reward come along: 42.72 suffice.
        let poor = world.margin(carol, "42.71999999")
        #expect(
            world.attempt(Self.liquidate(account, poor), by: carol)
                == .payerCannotTakePosition(poor))
        world.mint("0.00000001", usd, poor)
        world.run(Self.liquidate(account, poor), by: carol)
        #expect(world.size(poor) == units("5"))
        #expect(world.cost(poor) == money("445"))
        #expect(world.balance(poor) == units("44.5"))
        #expect(world.size(pool) == units("-10"))
        #expect(world.house.openInterest(ethPerp) == units("10"))
        #expect(world.house.health(of: poor, .initial).surplus == .zero)
    }

    @Test("A whole account is taken over with one margin check for all its positions")
    func wholeAccountTakenOver() {
        var world = World()
        policy(&world) {
            $0.size = .wholeAccount
            $0.taker = .liquidator
        }
        let account = world.margin(alice, "300")
        world.trade(account, ethPerp, "10", by: alice)
        world.trade(account, btcPerp, "0.5", by: alice)
        world.post(ethFeed, "85")
        world.post(btcFeed, "690")
        // The payer is short 4 ETH at 85: of 10 it keeps 6. It needs 51 + 34.5, and is paid 8.5 + 3.45.
        let payer = world.margin(carol, "73.54999999")
        world.trade(payer, ethPerp, "-4", by: carol)
        #expect(
            world.attempt(Self.liquidate(account, payer), by: carol)
                == .payerCannotTakePosition(payer))
        world.mint("0.00000001", usd, payer)
        world.run(Self.liquidate(account, payer), by: carol)
        #expect(world.size(payer) == units("6"))
        #expect(world.size(payer, btcPerp) == units("0.5"))
        #expect(world.house.health(of: payer, .initial).surplus == .zero)
    }

    @Test("The insurance fund takes its share of the penalty only of what is left")
    func insuranceShareIsCapped() {
        let policy = LiquidationPolicy(size: .wholePosition, liquidatorShare: ratio("0.4"))
        // At 86 equity is 5, the penalty 8.6: 3.44 to the liquidator, and 1.56 of 5.16 to the fund.
        var (world, account, wallet) = Self.world(policy, at: "86")
        world.run(Self.liquidate(account, wallet), by: bob)
        #expect(world.balance(wallet) == units("3.44"))
        #expect(world.balance(insurance) == units("1.56"))
        #expect(world.balance(account) == .zero)
        #expect(world.liquidations().first?.deficit == .zero)
        // At 85.6 equity is 1: the liquidator's 3.424 already leave a deficit of 2.424.
        var (deeper, second, other) = Self.world(policy, at: "85.6")
        deeper.mint("100", usd, insurance)
        deeper.run(Self.liquidate(second, other), by: bob)
        #expect(deeper.balance(other) == units("3.424"))
        #expect(deeper.balance(insurance) == units("97.576"))
        #expect(deeper.liquidations().first?.toInsurance == .zero)
        #expect(deeper.liquidations().first?.deficit == money("2.424"))
    }

    @Test("Once per block means once, and the next block is another chance")
    func oncePerBlock() {
        var (world, account, wallet) = Self.world(LiquidationPolicy(oncePerBlock: true), at: "85")
        world.run(Self.liquidate(account, wallet), by: bob)
        #expect(
            world.attempt(Self.liquidate(account, wallet), by: bob) == .oncePerBlock(account))
        world.advance(by: 1)
        world.run(Self.liquidate(account, wallet), by: bob)
    }

    @Test("A liquidation begins with the cancellation of the account's orders")
    func ordersAreCancelled() {
        var (world, account, wallet) = Self.world(LiquidationPolicy(), at: "91")
        world.run(
            .placeOrder(
                account: account, market: ethPerp,
                order: OrderRequest(
                    side: .sell, size: units("10"), price: price("95"),
                    timeInForce: .goodTillCancelled)), by: alice)
        world.post(ethFeed, "89")
        world.run(Self.liquidate(account, wallet), by: bob)
        #expect(world.house.book(ethPerp).isEmpty)
    }
}

/// Who pays when an account ends below zero, to the unit.
struct LossTests {
    /// Equity −55 and a penalty of 1 % of 800 leave a deficit of 63.
    static func world(_ waterfall: [LossLayer]) -> (World, AccountID, AccountID) {
        LiquidationTests.world(
            LiquidationPolicy(size: .wholePosition), at: "80", waterfall: waterfall)
    }

    @Test("The insurance fund pays first and the rest is bad debt")
    func insuranceThenBadDebt() {
        var (world, account, wallet) = Self.world([.insuranceFund, .badDebt])
        world.mint("20", usd, insurance)
        world.run(LiquidationTests.liquidate(account, wallet), by: bob)
        #expect(world.balance(insurance) == .zero)
        #expect(world.balance(badDebt) == units("-43"))
        #expect(world.balance(account) == .zero)
        #expect(world.balance(wallet) == units("8"))
        #expect(world.covers().map(\.amount) == [units("20"), units("43")])
        #expect(world.covers().map(\.payer) == [insurance, badDebt])
        #expect(world.covers().map(\.layer) == [.insuranceFund, .badDebt])
        #expect(world.liquidations().map(\.deficit) == [money("63")])
    }

    @Test("A socialised loss is shared in proportion, and its odd units by the first in order")
    func socialised() {
        var (world, account, wallet) = Self.world([.insuranceFund, .socialised, .badDebt])
        world.mint("20", usd, insurance)
        let first = world.margin(bob, "300")
        let second = world.margin(carol, "100")
        let indebted = world.margin(carol, "0", "1")
        world.run(LiquidationTests.liquidate(account, wallet), by: bob)
        // 43 over 300, 100 and the 200 that the pool has just won: 21.5, 7.1666…, 14.3333…
        #expect(world.covers().map(\.payer) == [insurance, pool, first, second])
        #expect(
            world.covers().map(\.amount) == [
                units("20"), units("14.33333334"), units("21.5"), units("7.16666666"),
            ])
        #expect(world.balance(second) == units("92.83333334"))
        #expect(world.balance(indebted, eth) == units("1"))
        #expect(world.balance(badDebt) == .zero)
    }

    @Test("What nobody can pay stays on the books")
    func exhausted() {
        var (world, account, wallet) = Self.world([.socialised, .insuranceFund, .badDebt])
        world.mint("3", usd, insurance)
        // The pool has 200 of the account's loss, so it alone could pay: take it away beforehand.
        let whale = world.margin(carol, "1000")
        world.trade(whale, ethPerp, "-100", by: carol)
        world.post(ethFeed, "75")
        world.trade(whale, ethPerp, "100", by: carol)
        // Equity 145 − 250 = −105, penalty 7.5; the pool has −500 + 250, the whale 1500.
        world.run(LiquidationTests.liquidate(account, wallet), by: bob)
        #expect(world.covers().map(\.payer) == [whale])
        #expect(world.covers().map(\.amount) == [units("112.5")])
        #expect(world.balance(whale) == units("1387.5"))
        #expect(world.balance(pool) == units("-250"))
    }

    @Test("With nothing anywhere, all of it is bad debt")
    func nobodyHasAnything() {
        var (world, account, wallet) = Self.world([.socialised, .insuranceFund, .badDebt])
        let short = world.margin(carol, "100")
        // Takes the pool's coming profit beforehand.
        world.trade(short, ethPerp, "-10", by: carol)
        world.post(ethFeed, "60")
        world.trade(short, ethPerp, "10", by: carol)
        world.run(
            .withdraw(
                from: short, to: world.wallet(carol), asset: usd, amount: world.balance(short)),
            by: carol)
        // The pool lost 200 and wins 400: 200. Deficit 255 + 6.
        world.run(LiquidationTests.liquidate(account, wallet), by: bob)
        #expect(world.covers().map(\.payer) == [pool, badDebt])
        #expect(world.covers().map(\.amount) == [units("200"), units("61")])
    }

    @Test("A debt without position or collateral is booked by a step of its own")
    func deficitAlone() throws {
        var (world, account, wallet) = Self.world([.insuranceFund, .badDebt])
        // The owner closes at a loss: 145 − 200.
        world.trade(account, ethPerp, "-10", by: alice)
        #expect(world.balance(account) == units("-55"))
        #expect(
            world.attempt(
                LiquidationTests.liquidate(account, wallet, .position(ethPerp, atMost: nil)),
                by: bob) == .nothingToLiquidate)
        let chosen = LiquidationTarget.collateral(seize: AssetID(9), repay: usd, atMost: nil)
        #expect(
            world.attempt(LiquidationTests.liquidate(account, wallet, chosen), by: bob)
                == .nothingToLiquidate)
        world.run(LiquidationTests.liquidate(account, wallet), by: bob)
        let step = try #require(world.liquidations().first)
        #expect(step.kind == .deficit && step.deficit == money("55") && step.penalty == .zero)
        #expect(step.healthBefore == Health(equity: money("-55"), requirement: .zero))
        #expect(step.healthAfter == Health(equity: .zero, requirement: .zero))
        #expect(world.balance(badDebt) == units("-55"))
    }
}
