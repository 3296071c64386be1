import ExactMath
import MarginRules
import OrderBook
import Testing

@testable import MarginProtocol

/// A house in which closing pays nothing: a long and a short at 100, somebody with a closed profit of 100, all against the pool.
struct ResultWorld {
    var world: World
    let long: AccountID
    let short: AccountID
    let flat: AccountID
    let payer: AccountID

    static func parameters(_ limit: ResultSettlement.Limit) -> ProtocolParameters {
        var parameters = plainParameters()
        for asset in 0..<3 { parameters.assets[asset].borrowable = true }
        parameters.assets[0].liquidationBonus = .zero
        parameters.resultSettlement = ResultSettlement(limit: limit)
        parameters.lossWaterfall = [.insuranceFund, .socialisedByFunding, .badDebt]
        parameters.liquidation = LiquidationPolicy(
            order: .liquidatorsChoice, size: .shortage(ShortageTerms()),
            penalty: Ratio(percent: 1), taker: .liquidator,
            course: LiquidationCourse(end: .buffered(Ratio(percent: 2))))
        return parameters
    }

    init(limit: ResultSettlement.Limit = .none, pool funds: String = "1000") {
        world = World(Self.parameters(limit))
        world.mint(funds, usd, pool)
        long = world.margin(alice, "200")
        short = world.margin(bob, "200")
        flat = world.margin(carol, "500")
        payer = world.margin(carol, "5000", "10")
        world.trade(flat, ethPerp, "10", by: carol)
        world.post(ethFeed, "110")
        world.trade(flat, ethPerp, "-10", by: carol)
        world.post(ethFeed, "100")
        world.trade(long, ethPerp, "10", by: alice)
        world.trade(short, ethPerp, "-10", by: bob)
    }

    func settle(_ winner: AccountID, _ loser: AccountID, _ market: MarketID = ethPerp) -> Command {
        .settleResult(market, winner: winner, loser: loser)
    }

    func cost(_ id: AccountID) -> Money { world.house.position(id, ethPerp).cost }
    func usdOf(_ id: AccountID) -> Quantity { world.house.balance(id, usd) }
}

/// Results that stay with closed positions until they are settled or taken over.
struct ResultTests {
    @Test func closingLeavesTheResult() {
        let it = ResultWorld()
        let house = it.world.house
        #expect(house.position(it.flat, ethPerp).size.isZero)
        #expect(it.cost(it.flat) == money("-100") && it.usdOf(it.flat) == units("500"))
        #expect(house.account(it.flat).markets == 1)
        // It counts, and whoever has it may owe for it.
        #expect(house.health(of: it.flat, .initial).equity == money("600"))
        #expect(house.health(of: it.flat, .maintenance).requirement == .zero)
        #expect(house.unrealizedProfit(it.flat, ethPerp, at: price("1")) == money("100"))
        #expect(house.position(it.flat, ethPerp).entryPrice == nil)
        #expect(house.balance(ClearingHouse.clearing(ethPerp), usd).isZero)
        #expect(house.position(pool, ethPerp).cost == money("100"))
        #expect(house.breaches().isEmpty)
    }

    @Test func anEntryPriceMayBeBelowZero() {
        var it = ResultWorld()
        it.world.trade(it.flat, ethPerp, "0.5", by: carol)
        #expect(it.cost(it.flat) == money("-50"))
        #expect(it.world.house.position(it.flat, ethPerp).entryPrice == price("-100"))
    }

    /// Fees and funding change what a position has cost, and no balance of its holder.
    @Test func chargesComeOutOfTheResult() {
        var parameters = ResultWorld.parameters(.none)
        parameters.markets[0].takerFee = ratio("0.001")
        parameters.markets[0].funding = .skew(maximumRate: ratio("0.01"), skewScale: units("10"))
        var world = World(parameters)
        world.mint("1000", usd, pool)
        let id = world.margin(alice, "500")
        world.trade(id, ethPerp, "10", by: alice)
        #expect(world.house.balance(id, usd) == units("500"))
        #expect(world.house.position(id, ethPerp).cost == money("1001"))
        #expect(world.house.balance(pool, usd) == units("1001"))
        world.advance(by: 28_800_000)
        world.trade(id, ethPerp, "-10", by: alice)
        // 1,001 paid, 1,000 had, fees of another dollar, and 1 % of 1,000 in funding.
        #expect(world.house.balance(id, usd) == units("500"))
        #expect(world.house.position(id, ethPerp).cost == money("12"))
        #expect(world.house.breaches().isEmpty)
    }

    @Test func ordersKeepTheirResultsToo() {
        var parameters = ResultWorld.parameters(.none)
        parameters.markets[0].pool = nil
        parameters.markets[0].takerFee = ratio("0.001")
        parameters.markets[0].makerFee = ratio("0.0005")
        var world = World(parameters)
        let maker = world.margin(alice, "500")
        let taker = world.margin(bob, "500")
        world.run(OrderTests.place(maker, .sell, "1", "100"), by: alice)
        world.run(OrderTests.place(taker, .buy, "1", "100"), by: bob)
        world.run(OrderTests.place(maker, .buy, "1", "90"), by: alice)
        world.run(OrderTests.place(taker, .sell, "1", "90"), by: bob)
        #expect(world.house.balance(maker, usd) == units("500"))
        #expect(world.house.position(maker, ethPerp).cost == money("-9.905"))
        #expect(world.house.position(taker, ethPerp).cost == money("10.19"))
    }

    @Test func aSettlementPaysAProfitOutOfALoss() {
        var it = ResultWorld()
        it.world.post(ethFeed, "106")
        // Anybody may ask for it; the short has lost 60.
        it.world.run(it.settle(it.flat, it.short), by: stranger)
        #expect(it.usdOf(it.flat) == units("560") && it.cost(it.flat) == money("-40"))
        #expect(it.usdOf(it.short) == units("140") && it.cost(it.short) == money("-1060"))
        #expect(it.world.house.balance(ClearingHouse.clearing(ethPerp), usd).isZero)
        #expect(
            it.world.journal.contains {
                if case .positionChanged(let change) = $0 {
                    change.account == it.short && change.reason == .resultSettlement
                        && change.sizeBefore == change.sizeAfter && change.realized == money("-60")
                } else {
                    false
                }
            })
        // The pool, which has lost what is left and won what the long has lost.
        it.world.run(it.settle(it.flat, pool), by: stranger)
        #expect(it.usdOf(it.flat) == units("600") && it.usdOf(pool) == units("960"))
        #expect(it.world.house.account(it.flat).markets == 0)
        #expect(it.world.attempt(it.settle(it.flat, pool), by: stranger)?.code == 408)
    }

    @Test("Guards of a settlement, in order")
    func settlementGuards() {
        var plain = World()
        let one = plain.margin(alice, "100")
        let command = Command.settleResult(ethPerp, winner: one, loser: AccountID(99))
        #expect(plain.attempt(command, by: stranger) == .settledOnClosing)
        var it = ResultWorld()
        let gone = AccountID(99)
        let wallet = it.world.wallet(alice)
        let none = MarketID(9)
        func refused(_ winner: AccountID, _ loser: AccountID, _ market: MarketID) -> Rejection? {
            it.world.attempt(it.settle(winner, loser, market), by: stranger)
        }
        #expect(refused(gone, AccountID(98), none) == .unknownAccount(gone))
        #expect(refused(wallet, gone, none) == .unknownAccount(gone))
        #expect(refused(wallet, wallet, none) == .unknownMarket(none))
        #expect(refused(wallet, wallet, ethPerp) == .sameAccount)
        #expect(refused(wallet, insurance, ethPerp) == .wrongRole(wallet, .wallet))
        #expect(refused(it.flat, insurance, ethPerp) == .wrongRole(insurance, .insuranceFund))
        // Neither at 100: nobody has lost but the pool.
        #expect(refused(it.flat, it.short, ethPerp) == .nothingToSettle(ethPerp))
        #expect(refused(pool, it.short, ethPerp) == .nothingToSettle(ethPerp))
        it.world.run(.pause(.reduce), by: .governance)
        #expect(refused(it.flat, it.short, ethPerp) == .paused(.reduce))
    }

    @Test func thePoolPaysNoMoreThanItHolds() {
        var it = ResultWorld(pool: "30")
        it.world.run(it.settle(it.flat, pool), by: stranger)
        #expect(it.usdOf(it.flat) == units("530") && it.usdOf(pool).isZero)
        #expect(it.world.attempt(it.settle(it.flat, pool), by: stranger)?.code == 408)
    }

    /// Whoever is below the maintenance margin settles no loss: that is for liquidators.
    @Test func aLoserMeetsItsMargin() {
        var it = ResultWorld()
        it.world.post(ethFeed, "116")
        // 40 are left against 58.
        #expect(it.world.attempt(it.settle(it.flat, it.short), by: stranger)?.code == 402)
        // Where nothing may be borrowed a loss is settled as far as the balance goes.
        var parameters = ResultWorld.parameters(.none)
        parameters.assets[0].borrowable = false
        var world = World(parameters)
        let loser = world.margin(alice, "10", "10")
        let winner = world.margin(bob, "500")
        world.trade(loser, ethPerp, "-10", by: alice)
        world.trade(winner, ethPerp, "10", by: bob)
        world.post(ethFeed, "104")
        world.run(.settleResult(ethPerp, winner: winner, loser: loser), by: stranger)
        #expect(world.house.balance(loser, usd).isZero)
        #expect(world.house.balance(winner, usd) == units("510"))
    }

    /// Drift: of a profit only what closings have realised.
    @Test func onlyWhatIsRealised() {
        var it = ResultWorld(limit: .realised)
        it.world.post(ethFeed, "94")
        // The short has won 60 and realised nothing.
        #expect(it.world.attempt(it.settle(it.short, it.long), by: stranger)?.code == 408)
        it.world.trade(it.short, ethPerp, "2.5", by: bob)
        it.world.run(it.settle(it.short, it.long), by: stranger)
        #expect(it.usdOf(it.short) == units("215") && it.usdOf(it.long) == units("185"))
        // Through zero: all of the rest is realised, and a new entry begins.
        it.world.trade(it.short, ethPerp, "10", by: bob)
        it.world.run(it.settle(it.short, it.long), by: stranger)
        #expect(it.usdOf(it.short) == units("260") && it.usdOf(it.long) == units("140"))
        it.world.post(ethFeed, "110")
        #expect(it.world.attempt(it.settle(it.short, pool), by: stranger)?.code == 408)
        #expect(it.world.house.breaches().isEmpty)
    }

    /// Mango: so much of a position's value in a window.
    @Test func anAllowanceIsForAWindow() {
        var it = ResultWorld(
            limit: .allowance(share: ratio("0.02"), window: TimeSpan(seconds: 3600)))
        it.world.post(ethFeed, "106")
        // 2 % of 1,060, for the winner and for the loser alike.
        it.world.run(it.settle(it.long, it.short), by: stranger)
        #expect(it.usdOf(it.long) == units("221.2") && it.usdOf(it.short) == units("178.8"))
        #expect(it.world.attempt(it.settle(it.long, it.short), by: stranger)?.code == 408)
        it.world.advance(by: 3_600_000)
        it.world.run(it.settle(it.long, it.short), by: stranger)
        #expect(it.usdOf(it.long) == units("242.4"))
        // Closing leaves the same share of its value.
        it.world.trade(it.long, ethPerp, "-10", by: alice)
        it.world.advance(by: 3_600_000)
        it.world.run(it.settle(it.long, pool), by: stranger)
        #expect(it.usdOf(it.long) == units("260"))
        #expect(it.world.house.breaches().isEmpty)
    }

    // MARK: Liquidation

    private func liquidate(
        _ it: inout ResultWorld, _ target: LiquidationTarget = .next, of id: AccountID
    ) -> Rejection? {
        it.world.attempt(.liquidate(account: id, payer: it.payer, target: target), by: carol)
    }

    @Test func aResultIsNoTargetWhereClosingPaysIt() {
        var world = World()
        let id = world.margin(alice, "100")
        let wallet = world.wallet(carol)
        world.trade(id, ethPerp, "10", by: alice)
        world.post(ethFeed, "90")
        #expect(
            world.attempt(
                .liquidate(
                    account: id, payer: wallet, target: .result(ResultTarget(ethPerp))), by: carol)
                == .settledOnClosing)
    }

    /// A position leaves with its fee taken from the result; the loss that stays is exchanged for what is held, and what nothing
    /// pays for is borne by others.
    @Test func aLossIsTakenOverAndTheRestIsShared() throws {
        var it = ResultWorld()
        it.world.post(ethFeed, "125")
        #expect(liquidate(&it, .result(ResultTarget(ethPerp)), of: it.short) == .nothingToLiquidate)
        #expect(liquidate(&it, of: it.short) == nil)
        #expect(it.usdOf(it.short) == units("200"))
        #expect(it.cost(it.short) == money("262.5"))
        #expect(it.world.house.position(it.payer, ethPerp).size == units("-10"))
        #expect(it.cost(it.payer) == money("-1262.5"))
        // 1 % on top of 200 for a loss of 198.
        #expect(liquidate(&it, of: it.short) == nil)
        #expect(it.usdOf(it.short).isZero && it.usdOf(it.payer) == units("5200"))
        #expect(it.cost(it.short) == money("64.5"))
        let wallet = it.world.wallet(carol)
        let before = it.world.house.health(of: it.long, .maintenance).equity
        // Nobody takes the rest on, so that anybody may book it.
        it.world.run(.liquidate(account: it.short, payer: wallet, target: .next), by: carol)
        #expect(it.world.house.account(it.short).markets == 0)
        #expect(!it.world.house.isBeingLiquidated(it.short))
        let kinds = it.world.journal.compactMap {
            if case .liquidated(let step) = $0 { step.kind } else { nil }
        }
        #expect(kinds == [.position, .loss, .lossLeft])
        // Twenty units of traders' positions bear 64.5; the long has half of them.
        let lost = before - it.world.house.health(of: it.long, .maintenance).equity
        #expect((lost - money("32.25")).magnitude <= Money(raw: 10))
        #expect(it.world.house.breaches().isEmpty)
    }

    @Test func aProfitPaysForADebt() throws {
        var it = ResultWorld()
        let own = it.world.wallet(carol)
        it.world.run(.withdraw(from: it.flat, to: own, asset: usd, amount: units("500")), by: carol)
        it.world.run(
            .withdraw(from: it.flat, to: own, asset: eth, amount: units("0.99")), by: carol)
        it.world.post(ethFeed, "102")
        let target = ResultTarget(ethPerp, amount: units("0.5"), asset: eth)
        #expect(liquidate(&it, .result(target), of: it.flat) == nil)
        // Half a unit at 102, plus 1 %, of the profit; 5 % on a debt by default.
        #expect(it.world.house.balance(it.flat, eth) == units("-0.49"))
        #expect(it.world.house.balance(it.payer, eth) == units("9.5"))
        let paid = it.cost(it.flat) - money("-100")
        #expect(it.cost(it.payer) == -paid && paid > money("51.5"))
        let wrong = ResultTarget(ethPerp, asset: btc)
        #expect(liquidate(&it, .result(wrong), of: it.flat) == .nothingToLiquidate)
        let negative = ResultTarget(ethPerp, amount: units("-1"))
        #expect(liquidate(&it, .result(negative), of: it.flat) == .amountNotPositive)
        #expect(it.world.house.breaches().isEmpty)
    }

    @Test func whoTakesAResultNeedsMargin() {
        var it = ResultWorld()
        it.world.post(ethFeed, "125")
        #expect(liquidate(&it, of: it.short) == nil)
        // With 5 that it owes already, a gain of 2 is not enough.
        let poor = it.world.margin(stranger)
        it.world.house.seedBalance(units("-5"), of: usd, to: poor, into: &it.world.journal)
        let rejection = it.world.attempt(
            .liquidate(account: it.short, payer: poor, target: .next), by: stranger)
        #expect(rejection == .payerCannotTakePosition(poor))
        let wallet = it.world.wallet(stranger, "500")
        #expect(
            it.world.attempt(
                .liquidate(account: it.short, payer: wallet, target: .next), by: stranger)
                == .wrongRole(wallet, .wallet))
    }

    /// What waits with a payer's own position is replaced by what the position becomes, not counted beside it.
    @Test func aResultOfThePayerCountsOnce() throws {
        var it = ResultWorld()
        it.world.post(ethFeed, "125")
        // 230 less 100, and 12.50 for the step, against 125.
        let thin = it.world.margin(stranger, "230")
        try it.world.house.seedResult(thin, ethPerp, money("-100"), into: &it.world.journal)
        it.world.run(.liquidate(account: it.short, payer: thin, target: .next), by: stranger)
        #expect(it.cost(thin) == money("-1162.5"))
        #expect(it.world.house.health(of: thin, .initial).surplus == money("17.5"))
    }

    @Test func whatCannotStandBesideThem() {
        let changes: [(inout ProtocolParameters) -> Void] = [
            { $0.liquidation.size = .wholePosition }, { $0.liquidation.taker = .pool },
            { $0.liquidation.caller = .venue }, { $0.liquidation.order = .largestFirst },
            { $0.liquidation.closingPrice = .bankruptcy },
            { $0.lossWaterfall.insert(.autoDeleveraging, at: 0) },
            { $0.resultSettlement?.lot = .zero }, { $0.resultSettlement?.profitFee = ratio("2") },
            { $0.resultSettlement?.insurance = AssetID(9) },
            {
                $0.resultSettlement?.limit = .allowance(
                    share: ratio("2"), window: TimeSpan(seconds: 1))
            },
            { $0.resultSettlement?.limit = .allowance(share: .one, window: .zero) },
        ]
        #expect(ClearingHouse.problems(in: ResultWorld.parameters(.none)).isEmpty)
        for change in changes {
            var parameters = ResultWorld.parameters(.none)
            change(&parameters)
            #expect(!ClearingHouse.problems(in: parameters).isEmpty)
        }
    }
}
