import ExactMath
import MarginRules
import SeededRandom
import Testing

@testable import MarginProtocol

/// Weights that governance changes at once or little by little, from zero to ten.
struct WeightRampTests {
    private func parameters() -> ProtocolParameters {
        var parameters = plainParameters()
        for asset in parameters.assets.indices { parameters.assets[asset].borrowable = true }
        return parameters
    }

    private func change(
        _ asset: AssetID = eth, collateral: String? = nil, liability: String? = nil,
        notice: Int64 = 0, over seconds: Int64 = 0, step: RateStep = .exact
    ) -> Command {
        .setParameter(
            .weights(
                asset,
                WeightChange(
                    collateral: collateral.map { .flat(ratio($0)) },
                    liability: liability.map { ratio($0) }, notice: TimeSpan(seconds: notice),
                    duration: TimeSpan(seconds: seconds), step: step)))
    }

    /// Weights with a notice and without a way are there after the very moment, also where a block begins just then.
    @Test(arguments: [(Int64(99), "100"), (100, "100"), (101, "50")])
    func aStepAfterANotice(seconds: Int64, worth: String) {
        var world = World(parameters())
        let holder = world.margin(alice, "0", "1")
        world.run(change(collateral: "0.5", notice: 100), by: .governance)
        world.advance(by: seconds * 1000)
        #expect(world.house.health(of: holder, .maintenance).equity == money(worth))
        world.advance(by: 2000)
        #expect(world.house.health(of: holder, .maintenance).equity == money("50"))
        #expect(world.house.parameters.assets[1].weightRamp == nil)
    }

    /// state/bank.rs test_bank_maint_weight_shift, by governance: from 1 and 0 to 2 and 10 between 100 s and 1,100 s.
    ///
    /// Vectors: mango-maint-shift-1, mango-maint-shift-2, mango-maint-shift-7.
    @Test func weightsFollowTime() {
        var parameters = parameters()
        parameters.assets[1].liabilityWeight = .zero
        var world = World(parameters)
        let holder = world.margin(alice, "0", "1")
        let debtor = world.margin(bob)
        world.house.seedBalance(units("-1"), of: eth, to: debtor, into: &world.journal)
        let command = change(collateral: "2", liability: "10", notice: 100, over: 1000)
        world.run(command, by: .governance)
        if case .setParameter(let change) = command {
            #expect(world.journal.last == .parameterChanged(change))
        }
        var now: Int64 = 0
        for (seconds, asset, liability) in [
            (0, "100", "0"), (100, "100", "0"), (200, "110", "-100"), (600, "150", "-500"),
            (1000, "190", "-900"), (1100, "200", "-1000"), (2000, "200", "-1000"),
        ] as [(Int64, String, String)] {
            world.advance(by: (seconds - now) * 1000)
            now = seconds
            for kind in [MarginKind.initial, .maintenance] {
                #expect(world.house.health(of: holder, kind).equity == money(asset), "\(seconds)")
                #expect(
                    world.house.health(of: debtor, kind).equity == money(liability), "\(seconds)")
                #expect(world.house.statement(of: debtor, kind).debt == -money(liability))
            }
            #expect(world.house.isRamping == (seconds < 1100))
        }
        #expect(world.house.parameters.assets[1].weightRamp == nil)
        #expect(world.house.parameters.assets[1].collateral == .flat(ratio("2")))
    }

    /// 10 ETH of 100 against 800: at a weight of a half that came at once the account would be liquidated, over 1,000 s it is
    /// once the weight is below 0.8.
    @Test(arguments: [Int64(0), 1000]) func nobodyIsLiquidatedAtOnce(seconds: Int64) {
        var world = World(parameters())
        let account = world.margin(alice, "0", "10")
        world.house.seedBalance(units("-800"), of: usd, to: account, into: &world.journal)
        var index = HealthIndex()
        #expect(index.liquidatable(in: world.house, at: world.house.prices).isEmpty)
        world.run(change(collateral: "0.5", over: seconds), by: .governance)
        #expect(world.house.isLiquidatable(account, at: world.house.prices) == (seconds == 0))
        for moment in [Int64(0), 399, 401, 1000, 1001] {
            world.advance(by: moment * 1000 - (world.house.time.milliseconds - begin(world)))
            let due = index.liquidatable(in: world.house, at: world.house.prices)
            #expect(due == (seconds == 0 || moment > 400 ? [account] : []), "\(moment)")
        }
    }

    /// When the world of these tests begins: the last price is posted then.
    private func begin(_ world: World) -> Int64 {
        world.house.report(ethFeed)?.observedAt.milliseconds ?? 0
    }

    /// A change during a ramp goes on from the weights in force; a schedule set at once ends it, and leaves the debts' weight
    /// where it is.
    @Test func aRampIsReplaced() {
        var world = World(parameters())
        let holder = world.margin(alice, "0", "1")
        func weight() -> Money { world.house.health(of: holder, .maintenance).equity }
        world.run(change(collateral: "0", liability: "3", over: 1000), by: .governance)
        world.advance(by: 500_000)
        #expect(weight() == money("50"))
        world.run(change(collateral: "1", over: 100), by: .governance)
        #expect(weight() == money("50"))
        world.advance(by: 50_000)
        #expect(weight() == money("75"))
        #expect(world.house.parameters.assets[1].liabilityWeight == ratio("2"))
        world.run(.setParameter(.collateral(eth, .flat(ratio("0.6")))), by: .governance)
        #expect(weight() == money("60"))
        world.advance(by: 500_000)
        #expect(weight() == money("60") && !world.house.isRamping)
        #expect(world.house.parameters.assets[1].liabilityWeight == ratio("2"))
    }

    /// On the way weights are rounded against the account, here to basis points.
    @Test func roundsAgainstTheAccount() {
        var world = World(parameters())
        world.run(
            change(collateral: "0.9999", liability: "1.0001", over: 3, step: .basisPoint),
            by: .governance)
        world.advance(by: 1000)
        #expect(world.house.parameters.assets[1].collateral == .flat(ratio("0.9999")))
        #expect(world.house.parameters.assets[1].liabilityWeight == ratio("1.0001"))
        var exact = World(parameters())
        exact.run(change(collateral: "0.9999", liability: "1.0001", over: 3), by: .governance)
        exact.advance(by: 1000)
        #expect(exact.house.parameters.assets[1].collateral == .flat(ratio("0.99996666")))
        #expect(exact.house.parameters.assets[1].liabilityWeight == ratio("1.00003334"))
    }

    /// A house may begin in the middle of a ramp.
    @Test func aHouseBeginsOnTheWay() {
        var parameters = parameters()
        parameters.assets[1].weightRamp = WeightRamp(
            span: ParameterRamp(
                start: Timestamp(milliseconds: -1000), end: Timestamp(milliseconds: 1000)),
            from: .init(collateral: .flat(.one), liability: .one),
            to: .init(collateral: .flat(.zero), liability: ratio("3")))
        let house = ClearingHouse(parameters: parameters, start: Timestamp(milliseconds: 0))
        #expect(house.isRamping)
        #expect(house.parameters.assets[1].collateral == .flat(ratio("0.5")))
        #expect(house.assetRows[1].liabilityWeight == ratio("2").raw)
    }

    // MARK: Bounds

    /// What is held or owed, weighed as it ever may be, is at most a third of 2^61: 7.686 billion USD.
    @Test func sumsFitUnderEveryWeight() {
        var world = World(parameters())
        let rich = world.margin(alice, "0", "60000000")
        let wallet = world.wallet(alice, "0", "10000000")
        #expect(world.attempt(change(collateral: "2"), by: .governance) == .exposureTooLarge)
        // Where it would end decides, not where it begins.
        #expect(
            world.attempt(change(collateral: "2", over: 1000), by: .governance) == .exposureTooLarge
        )
        #expect(
            world.attempt(.setParameter(.collateral(eth, .flat(ratio("1.3")))), by: .governance)
                == .exposureTooLarge)
        world.run(change(collateral: "1.2", over: 1000), by: .governance)
        let deposit = Command.deposit(from: wallet, to: rich, asset: eth, amount: units("5000000"))
        #expect(world.attempt(deposit, by: alice) == .exposureTooLarge)
        world.advance(by: 1000)
        #expect(world.attempt(world.report(ethFeed, "110"), by: reporter) == .exposureTooLarge)
        world.run(change(collateral: "1"), by: .governance)
        world.run(deposit, by: alice)
    }

    /// A debt counts by the highest of its weights, the initial one too.
    @Test func debtsFitUnderEveryWeight() {
        var parameters = parameters()
        parameters.assets[1].initialLiabilityWeight = ratio("5")
        var world = World(parameters)
        let rich = world.margin(alice, "7000000000")
        let wallet = world.wallet(alice)
        func borrow(_ amount: String) -> Command {
            .withdraw(from: rich, to: wallet, asset: eth, amount: units(amount))
        }
        #expect(world.attempt(borrow("20000000"), by: alice) == .exposureTooLarge)
        #expect(world.attempt(borrow("15000000"), by: alice)?.code == 402)
        world.run(borrow("13000000"), by: alice)
        #expect(world.attempt(change(liability: "9"), by: .governance) == .exposureTooLarge)
        #expect(
            world.attempt(change(liability: "9", over: 9), by: .governance) == .exposureTooLarge)
        world.run(change(liability: "5", over: 9), by: .governance)
    }

    /// A tier by amount weighs the amount before it has a price.
    @Test func amountsFitUnderEveryWeight() {
        var parameters = parameters()
        parameters.assets[1].collateral = CollateralSchedule(
            basis: .quantity, tiers: [.init(floor: 0, weight: ratio("10"))])
        var world = World(parameters)
        world.post(ethFeed, "0.00000001")
        let account = world.margin(alice)
        let wallet = world.wallet(alice, "0", "20000000000")
        let deposit = Command.deposit(
            from: wallet, to: account, asset: eth, amount: units("3000000000"))
        #expect(world.attempt(deposit, by: alice) == .exposureTooLarge)
        world.run(
            .deposit(from: wallet, to: account, asset: eth, amount: units("2000000000")), by: alice)
        #expect(world.house.health(of: account, .maintenance).equity == money("200"))
    }

    // MARK: Refusals

    @Test func isRefusedInTheDocumentedOrder() {
        var world = World(parameters())
        func code(_ command: Command, by sender: Address = .governance) -> Int? {
            world.attempt(command, by: sender)?.code
        }
        #expect(code(change(AssetID(9)), by: alice) == 203)
        #expect(code(change(AssetID(9))) == 103)
        #expect(code(change()) == 108)
        #expect(code(change(collateral: "10.00000001")) == 108)
        #expect(code(change(collateral: "-0.00000001", over: 5)) == 108)
        #expect(code(change(liability: "10.00000001", over: 5)) == 108)
        #expect(code(change(liability: "-0.00000001")) == 108)
        #expect(code(change(liability: "2", over: -1)) == 108)
        #expect(code(change(liability: "2", notice: -1, over: 5)) == 108)
        #expect(code(change(liability: "2", over: 366 * 86_400)) == 108)
        let tiers = CollateralSchedule(
            basis: .value, tiers: [.init(floor: 0, weight: .one), .init(floor: 1, weight: .zero)])
        let bent = WeightChange(collateral: tiers, duration: TimeSpan(seconds: 1))
        #expect(code(.setParameter(.weights(eth, bent))) == 108)
        let atOnce = WeightChange(collateral: tiers)
        #expect(code(.setParameter(.weights(eth, atOnce))) == nil)
        // By amount instead of value, or with a discount, is another schedule.
        var other = tiers
        other.basis = .quantity
        let based = WeightChange(collateral: other, duration: TimeSpan(seconds: 1))
        #expect(code(.setParameter(.weights(eth, based))) == 108)
    }

    /// An incentive that follows from the loan-to-value knows none above one.
    @Test func someRulesKnowNoWeightAboveOne() {
        var parameters = parameters()
        parameters.assets[1].collateral = .flat(ratio("1.1"))
        #expect(ClearingHouse.problems(in: parameters).isEmpty)
        parameters.liquidation.bonusRule = .incentiveFactor(
            cursor: ratio("0.3"), maximum: ratio("1.15"))
        #expect(ClearingHouse.problems(in: parameters).contains { $0.contains("incentive") })
    }

    /// Where a debt counts less than what pays for it, a takeover has no discount; the liquidation goes on.
    @Test func aTakeoverHasNoNegativeDiscount() {
        var parameters = parameters()
        parameters.assets[1].liabilityWeight = .zero
        parameters.liquidation = LiquidationPolicy(size: .wholePosition, taker: .pool)
        parameters.liquidation.bonusRule = .takeover(.one)
        var world = World(parameters)
        let account = world.margin(alice, "10")
        world.house.seedBalance(units("-1"), of: eth, to: account, into: &world.journal)
        world.house.seedBalance(units("-1"), of: btc, to: account, into: &world.journal)
        let wallet = world.wallet(bob, "0", "5", "5")
        #expect(world.house.liquidationBonus(of: usd, in: account) == .zero)
        world.run(
            .liquidate(
                account: account, payer: wallet,
                target: .collateral(seize: usd, repay: eth, atMost: nil)), by: bob)
    }

    // MARK: Fuzz

    private enum House: CaseIterable { case plain, bounded, scanned }

    /// Random ramps under governance: indexes find whom a look at everybody finds, no change over time liquidates anybody
    /// by itself, and a liquidation is what its quote says.
    @Test(arguments: HealthIndexWalkTests.seeds) func randomRamps(seed: UInt64) throws {
        for kind in House.allCases { try walk(seed, kind) }
    }

    private func walk(_ seed: UInt64, _ kind: House) throws {
        var draws = RandomSource(seed: seed).stream("ramps/\(kind)")
        var parameters = HealthIndexWalkTests.parameters(&draws)
        if kind != .plain {
            parameters = HealthIndexWalkTests.unusual(parameters, seed, &draws)
        }
        // Prices with bounds are looked at account by account.
        if kind == .scanned { parameters.feeds[1].spreadReduction = .one }
        var house = ClearingHouse(parameters: parameters, start: Timestamp(milliseconds: 0))
        var journal: [Event] = []
        var prices = [1, 2000, 30, 1, 400].map { Price(whole: $0) }
        var index = HealthIndex()
        var outside = HealthIndex()
        try HealthIndexWalkTests.post(prices, 0, &house, &journal)
        let traders = try HealthIndexWalkTests.openAccounts(&house, &draws, &journal)
        func scan(_ house: ClearingHouse, _ prices: [Price]) -> [AccountID] {
            HealthIndexWalkTests.scan(house, prices)
        }
        var found = 0
        for block in 1...(HealthIndexWalkTests.blocks / 5) {
            house.advance(to: house.time + TimeSpan(milliseconds: 12_000), into: &journal)
            let truth = prices.map {
                HealthIndexWalkTests.step($0, draws.uniform(in: -30...30))
            }
            // Between prices nothing moves but weights.
            if block % 3 == 0 {
                prices = truth
                try HealthIndexWalkTests.post(prices, Int64(block), &house, &journal)
            }
            let due = index.liquidatable(in: house, at: house.prices)
            #expect(due == scan(house, house.prices), "seed \(seed), \(kind), block \(block)")
            #expect(
                outside.liquidatable(in: house, at: truth) == scan(house, truth),
                "seed \(seed), \(kind), block \(block), outside")
            found += due.count
            if block % 50 == 0, kind == .bounded {
                HealthIndexWalkTests.compareWithStatements(house)
            }
            if block % 7 == 0 {
                let before = scan(house, house.prices)
                let change = Self.randomChange(house, &draws)
                do throws(Rejection) {
                    try house.execute(
                        .setParameter(change.parameter), from: .governance, into: &journal)
                    if change.takesTime {
                        #expect(scan(house, house.prices) == before, "nobody at once")
                    }
                } catch { Issue.record("seed \(seed), block \(block): \(error)") }
                #expect(
                    index.liquidatable(in: house, at: house.prices) == scan(house, house.prices))
            }
            for id in due.prefix(1) {
                let quote = try? house.quoteLiquidation(
                    of: id, payer: traders.wallet, target: .next)
                let command = Command.liquidate(account: id, payer: traders.wallet, target: .next)
                let isExecuted =
                    (try? house.execute(command, from: Address(3), into: &journal)) != nil
                #expect(isExecuted == (quote != nil), "seed \(seed), block \(block)")
            }
            #expect(house.breaches().isEmpty)
            journal.removeAll(keepingCapacity: true)
        }
        #expect(found > 0)
    }

    private static func randomChange(_ house: ClearingHouse, _ draws: inout RandomStream) -> (
        parameter: ParameterChange, takesTime: Bool
    ) {
        let asset = AssetID(Int32(draws.uniform(in: 0...2)))
        var change = WeightChange(
            liability: draws.chance(Ratio(percent: 70))
                ? Ratio(percent: draws.uniform(in: 0...250)) : nil,
            notice: TimeSpan(seconds: draws.chance(Ratio(percent: 30)) ? 60 : 0),
            duration: TimeSpan(milliseconds: draws.uniform(in: 0...600_000)),
            step: draws.chance(Ratio(percent: 30)) ? .basisPoint : .exact)
        if change.liability == nil || draws.chance(Ratio(percent: 70)) {
            var schedule = house.parameters.assets[asset.index].collateral
            for tier in schedule.tiers.indices {
                schedule.tiers[tier].weight = Ratio(percent: draws.uniform(in: 0...150))
            }
            change.collateral = schedule
        }
        return (.weights(asset, change), change.notice + change.duration > .zero)
    }
}
