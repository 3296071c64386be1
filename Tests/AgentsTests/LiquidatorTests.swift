import Chain
import ExactMath
import MarginProtocol
import Markets
import OrderBook
import SeededRandom
import Testing

@testable import Agents

/// A liquidator with $100,000, and accounts to go after.
struct Hunt {
    var world: World
    var agent: Liquidator
    var nonce: Int64 = 0

    init(
        _ parameters: ProtocolParameters = parameters(), capital: Int64 = 100_000,
        fee: FeePolicy = .multipleOfBase(.one), minimumProfit: Money = .zero,
        inventory: LiquidatorGroup.Inventory = .sellAtOnce, lag: Int = 0, pollEvery: Int = 1,
        bumpAfter: Int = 0, liquidity: Liquidity? = nil, stock: Int64 = 0,
        timing: LiquidatorGroup.Timing = .polling, financing: LiquidatorGroup.Financing = .own,
        sizing: LiquidatorGroup.Sizing = .full, failures: LiquidatorGroup.Failures? = nil
    ) throws {
        world = try World(parameters, liquidity: liquidity)
        let wallet = world.open(
            .wallet, owner: 5, capital > 0 ? [(usdc, Quantity(whole: capital))] : [])
        let hedges = if case .hedge = inventory { true } else { false }
        let takesOver = parameters.liquidation.taker == .liquidator || hedges
        let margin =
            takesOver ? world.open(.margin, owner: 5, [(usdc, Quantity(whole: capital))]) : nil
        agent = Liquidator(
            group: LiquidatorGroup(
                name: "fast", count: 1, capital: Money(whole: capital), lag: lag,
                pollEvery: pollEvery, fee: fee, minimumProfit: minimumProfit,
                inventory: inventory, bumpAfter: bumpAfter, timing: timing, financing: financing,
                sizing: sizing, failures: failures,
                stock: stock == 0 ? [] : [Holding(asset: eth, quantity: Quantity(whole: stock))]),
            index: 0, address: Address(5),
            wallet: wallet, marginAccount: margin, random: RandomSource(seed: 3))
    }

    /// A borrower: one ETH of collateral a time, and a USDC debt of 90 % of its weighted worth or more.
    mutating func borrower(eth amount: Int64 = 10, debt: Int64 = 17_000) throws -> AccountID {
        let account = world.open(.margin, owner: 60, [(eth, Quantity(whole: amount))])
        // A loss made the debt: opened far above the price and closed.
        let loser = Quantity(whole: 1)
        try world.seed(account, ethPerp, loser, at: Price(whole: 2000 + debt))
        try world.seed(account, ethPerp, -loser, at: Price(whole: 2000))
        #expect(world.house.balance(account, usdc) == Quantity(whole: -debt))
        return account
    }

    mutating func requests() -> [Request] { agent.decide(world.view).requests }

    mutating func decideAndAdmit() -> [Request] {
        let requests = requests()
        admit(requests, &agent, nonce: &nonce)
        return requests
    }
}

@Suite struct LiquidatorTests {
    // 10 ETH at $2,000 count $16,000 against a debt of $17,000. Half of it, $8,500, seizes 5 % more:
    // 4.4625 ETH, $8,925; the reward is $425. Gas: 340,000 · 10 gwei · $2,000 = $6.80.
    static let reward = Money(whole: 425)
    static let gas = Money(raw: 680_000_000)

    /// Prices that its transaction brings along cost gas too: one more of 60,000 at 10 gwei and $2,000 is $1.20.
    @Test(arguments: [([], 0), ([ethFeed], 1), ([ethFeed, FeedID(2)], 1)] as [([FeedID], Int64)])
    func thePricesItBringsCost(attachable: [FeedID], brought: Int64) throws {
        let price = Money(raw: 120_000_000 * brought)
        for (minimum, acts) in [
            (Self.reward - Self.gas - price, true),
            (Self.reward - Self.gas - price + Money(raw: 1), false),
        ] {
            var pulled = parameters()
            for feed in [1, 2] { pulled.feeds[feed].isPulled = true }
            var hunt = try Hunt(pulled, minimumProfit: minimum)
            let account = try hunt.borrower()
            hunt.world.attachable = attachable
            #expect(hunt.requests().isEmpty != acts)
            let view = hunt.world.view
            let command = Command.liquidate(
                account: account, payer: hunt.agent.wallet, target: .next)
            let needed = view.house.pulledFeeds(neededBy: command)
            #expect(
                view.gasAmount(of: command)
                    == 340_000 + 60_000 * Int64(needed.count { attachable.contains($0) }))
        }
    }

    @Test(arguments: [
        (Money.zero, true),
        (reward - gas, true),
        (reward - gas + Money(raw: 1), false),
        (reward, false),
    ])
    func actsFromExactlyTheMinimumProfit(minimum: Money, acts: Bool) throws {
        var hunt = try Hunt(minimumProfit: minimum)
        let account = try hunt.borrower()
        let requests = hunt.requests()
        guard acts else {
            #expect(requests == [])
            return
        }
        #expect(
            requests == [
                Request(
                    tag: 1, sender: Address(5),
                    command: .liquidate(
                        account: account, payer: hunt.agent.wallet,
                        target: .collateral(
                            seize: eth, repay: usdc, atMost: Quantity(whole: 100_000))),
                    maxFee: 10_000_000_000, maxTip: 10_000_000_000, delay: .zero,
                    lifetime: TimeSpan(seconds: 300))
            ])
        try hunt.world.run(requests[0].command, from: Address(5))
        #expect(
            hunt.world.house.balance(hunt.agent.wallet, eth) == Quantity(raw: 446_250_000))
    }

    /// From cost over bonus on a repayment pays: gas of Aave's liquidationCall (aave-dao/aave-v3-origin,
    /// snapshots/Pool.Operations.json) at measured gas prices, with a bonus of 5 %. A cent less, and nobody acts.
    ///
    /// Vectors: gas_break_even.
    @Test(
        arguments: [
            (340_429, 30_000_000_000, 3000, 3_063_861_000, 61_277_220_000),
            // 2021-05-19 13:10 UTC
            (340_429, 1_656_270_000_000, 1900, 107_130_044_568, 2_142_600_891_354),
            // 2020-03-12 17:50 UTC
            (500_000, 225_162_000_000, 120, 1_350_972_000, 27_019_440_000),
            // As on a rollup.
            (340_429, 100_000_000, 4000, 13_617_160, 272_343_200),
        ] as [(Int64, Int64, Int64, Int64, Int64)])
    func breakEven(gas: Int64, wei: Int64, native: Int64, cost: Int64, repay: Int64) throws {
        #expect(gasCost(gas, at: wei, native: Price(whole: native)) == Money(raw: cost))
        for (debt, acts) in [(repay + 1_000_000, true), (repay - 1_000_000, false)] {
            let whole = LiquidationPolicy(size: .closeFactor(.one, fullBelow: .zero, dust: .zero))
            var hunt = try Hunt(parameters(liquidation: whole), fee: .fixed(wei))
            hunt.world.gas[.liquidate] = gas
            hunt.world.nativePrice = Price(whole: native)
            // Collateral of 1.2 times the debt at $2,000, of which four fifths count.
            let account = hunt.world.open(
                .margin, owner: 60, [(eth, Quantity(raw: debt / 2000 / 5 * 6))])
            hunt.world.house.seedBalance(
                Quantity(raw: -debt), of: usdc, to: account, into: &hunt.world.journal)
            #expect(hunt.requests().isEmpty != acts, "\(debt)")
        }
    }

    @Test func slippageIsPartOfTheProfit() throws {
        // Linear: selling $8,925 into a depth of $892,500 that moves 2 % loses 0.01 % on average.
        let liquidity = Liquidity(
            law: .linear, depth: Money(whole: 892_500), depthMove: Ratio(percent: 2),
            recovery: TimeSpan(seconds: 60))
        let slippage = Money(raw: 89_250_000)
        for (extra, acts) in [(Int64(0), true), (1, false)] {
            var hunt = try Hunt(
                minimumProfit: Self.reward - Self.gas - slippage + Money(raw: extra),
                liquidity: liquidity)
            _ = try hunt.borrower()
            #expect(hunt.requests().isEmpty != acts)
        }
    }

    @Test(arguments: [
        (LiquidatorGroup.Inventory.sellAtOnce, false), (.workOut(Ratio(percent: 10)), true),
        (.hold, true),
    ])
    func whoSellsSlowlyExpectsLessSlippage(inventory: LiquidatorGroup.Inventory, acts: Bool) throws
    {
        // Selling all at once loses 5 % of $8,925, more than the reward; a tenth at a time a tenth of that.
        let liquidity = Liquidity(
            law: .linear, depth: Money(whole: 8_925), depthMove: Ratio(percent: 10),
            recovery: TimeSpan(seconds: 60))
        var hunt = try Hunt(inventory: inventory, liquidity: liquidity)
        _ = try hunt.borrower()
        #expect(hunt.requests().isEmpty != acts)
    }

    @Test func aStaleOracleIsSeenThrough() throws {
        var hunt = try Hunt()
        _ = try hunt.borrower()
        // Outside, ETH is 6 % lower than the protocol thinks: what is seized is worth less than it costs.
        hunt.world.markets = try World.markets([
            Price(whole: 1), Price(whole: 1880), Price(whole: 40_000),
        ])
        #expect(hunt.requests() == [])
    }

    @Test func repaysNoMoreThanItsCapital() throws {
        var hunt = try Hunt(capital: 3_000)
        let account = try hunt.borrower()
        let requests = hunt.requests()
        #expect(
            requests.map(\.command) == [
                .liquidate(
                    account: account, payer: hunt.agent.wallet,
                    target: .collateral(seize: eth, repay: usdc, atMost: Quantity(whole: 3_000)))
            ])
        try hunt.world.run(requests[0].command, from: Address(5))
        #expect(hunt.world.house.balance(hunt.agent.wallet, usdc) == .zero)
        // All of its capital is in its inventory now.
        hunt.agent.learn(outcome(requests[0], .applied))
        #expect(hunt.requests() == [])
    }

    @Test func whatIsOnItsWayCountsAsSpent() throws {
        var hunt = try Hunt(capital: 10_000)
        let first = try hunt.borrower()
        let second = try hunt.borrower(eth: 20, debt: 33_000)
        let requests = hunt.decideAndAdmit()
        // The larger debt pays more: $10,000 of it. Nothing is left for the other.
        #expect(requests.count == 1)
        #expect(
            requests[0].command
                == .liquidate(
                    account: second, payer: hunt.agent.wallet,
                    target: .collateral(seize: eth, repay: usdc, atMost: Quantity(whole: 10_000))))
        #expect(hunt.requests() == [])
        hunt.agent.learn(outcome(requests[0], .dropped(.expired)))
        #expect(hunt.requests().count == 1)
        #expect(hunt.agent.record.drops == 1)
        _ = first
    }

    @Test func theSecondPlanGetsWhatTheFirstLeaves() throws {
        var hunt = try Hunt(capital: 20_000)
        let small = try hunt.borrower()
        let large = try hunt.borrower(eth: 20, debt: 33_000)
        // Half of 33,000 first, then 3,500 of the 8,500 that it would like.
        #expect(
            hunt.requests().map(\.command) == [
                .liquidate(
                    account: large, payer: hunt.agent.wallet,
                    target: .collateral(seize: eth, repay: usdc, atMost: Quantity(whole: 20_000))),
                .liquidate(
                    account: small, payer: hunt.agent.wallet,
                    target: .collateral(seize: eth, repay: usdc, atMost: Quantity(whole: 3_500))),
            ])
    }

    @Test func oneRequestForEachAccount() throws {
        var hunt = try Hunt()
        let account = try hunt.borrower(debt: 18_500)
        let first = hunt.decideAndAdmit()
        #expect(first.count == 1)
        hunt.world.pass()
        #expect(hunt.requests() == [])
        // Half of the debt is still there after the first step.
        try hunt.world.run(first[0].command, from: Address(5))
        hunt.agent.learn(outcome(first[0], .applied, gas: Quantity(raw: 340_000)))
        #expect(hunt.requests().count == 1)
        #expect(hunt.agent.record.wins == 1)
        #expect(hunt.agent.record.gasSpent == Quantity(raw: 340_000))
        #expect(hunt.world.house.isLiquidatable(account, at: hunt.world.house.prices))
    }

    @Test func aLostRaceIsCountedAndForgotten() throws {
        var hunt = try Hunt()
        _ = try hunt.borrower()
        for (rejection, lost, failed) in [
            (Rejection.accountHealthy(surplus: Money(whole: 1)), Int64(1), Int64(0)),
            (.nothingToLiquidate, 2, 0), (.oncePerBlock(AccountID(9)), 3, 0), (.overflow, 3, 1),
        ] {
            let request = hunt.decideAndAdmit()[0]
            hunt.agent.learn(outcome(request, .rejected(rejection), gas: Quantity(raw: 5)))
            #expect(hunt.agent.record.lostRaces == lost)
            #expect(hunt.agent.record.failures == failed)
        }
        #expect(hunt.agent.record.gasSpent == Quantity(raw: 20))
        #expect(hunt.agent.record.wins == 0)
    }

    @Test func aShareOfTheProfitGoesIntoTheFee() throws {
        var hunt = try Hunt(fee: .shareOfProfit(Ratio(percent: 60)))
        _ = try hunt.borrower()
        // 60 % of $425 over 340,000 gas at $2,000: 375 gwei.
        #expect(hunt.requests().map(\.maxFee) == [375_000_000_000])
    }

    @Test func laterMembersLookAtOtherBlocks() throws {
        var hunt = try Hunt(lag: 2, pollEvery: 3)
        _ = try hunt.borrower()
        var looked: [Int64] = []
        for block in Int64(1)...6 {
            hunt.world.block = block
            for request in hunt.requests() {
                looked.append(block)
                #expect(request.delay == TimeSpan(seconds: 24))
                hunt.agent.learn(outcome(request, .dropped(.expired)))
            }
        }
        #expect(looked == [3, 6])
    }

    @Test func aStuckRequestIsReplacedForTenPerCentMore() throws {
        var hunt = try Hunt(fee: .fixed(9_999_999_999), bumpAfter: 2)
        let account = try hunt.borrower()
        let first = hunt.decideAndAdmit()[0]
        hunt.world.pass()
        #expect(hunt.requests() == [])
        hunt.world.pass()
        let second = hunt.decideAndAdmit()
        #expect(second.count == 1)
        #expect(second[0].nonce == 0)
        #expect(second[0].command == first.command)
        #expect(second[0].maxFee == 10_999_999_999)
        #expect(second[0].maxTip == 10_999_999_999)
        #expect(hunt.agent.isPursuing(account))
        #expect(hunt.agent.committed(usdc) == Quantity(whole: 8_500))
        hunt.agent.learn(outcome(first, .dropped(.replaced)))
        hunt.world.pass(2)
        #expect(hunt.decideAndAdmit().map(\.maxFee) == [12_099_999_999])
        #expect(hunt.agent.record.drops == 0)
    }

    @Test func aRefusedReplacementLeavesTheFirst() throws {
        var hunt = try Hunt(fee: .fixed(100), bumpAfter: 1)
        _ = try hunt.borrower()
        let first = hunt.decideAndAdmit()[0]
        hunt.world.pass()
        let second = hunt.requests()[0]
        hunt.agent.learn(outcome(second, .dropped(.replacementUnderpriced)))
        #expect(hunt.agent.attempts.map(\.tag) == [first.tag])
        // It is tried again.
        #expect(hunt.requests().map(\.maxFee) == [110])
    }

    @Test func aBumpThatNoLongerPaysIsNotMade() throws {
        // The profit at 10 gwei is $418.20; a tenth more gas costs $0.68 more.
        for (extra, bumps) in [(Int64(0), true), (1, false)] {
            var hunt = try Hunt(
                minimumProfit: Money(raw: 41_752_000_000 + extra), bumpAfter: 1)
            _ = try hunt.borrower()
            #expect(hunt.decideAndAdmit().count == 1)
            hunt.world.pass()
            #expect(hunt.requests().isEmpty != bumps)
        }
    }

    @Test func nothingIsBumpedBeforeItsNonceIsKnown() throws {
        var hunt = try Hunt(bumpAfter: 1)
        _ = try hunt.borrower()
        #expect(hunt.requests().count == 1)
        hunt.world.pass(5)
        #expect(hunt.requests() == [])
    }

    @Test func closesPositionsForThePenalty() throws {
        // Long 10 ETH from 2,000 with $1,000: at 1,940, equity 400 < 3 % of 19,400.
        var hunt = try Hunt()
        let account = hunt.world.open(.margin, owner: 61, [(usdc, Quantity(whole: 1000))])
        try hunt.world.seed(account, ethPerp, Quantity(whole: 10), at: Price(whole: 2000))
        #expect(hunt.requests() == [])
        try hunt.world.post(Price(whole: 1940), to: ethFeed)
        #expect(
            hunt.requests().map(\.command) == [
                .liquidate(account: account, payer: hunt.agent.wallet, target: .next)
            ])
    }

    @Test func choosesThePositionThatPaysMost() throws {
        var hunt = try Hunt(
            parameters(liquidation: LiquidationPolicy(order: .liquidatorsChoice)))
        let account = hunt.world.open(.margin, owner: 61, [(usdc, Quantity(whole: 1000))])
        try hunt.world.seed(account, ethPerp, Quantity(whole: 1), at: Price(whole: 2600))
        try hunt.world.seed(account, btcPerp, Quantity(whole: 1), at: Price(whole: 40_000))
        #expect(
            hunt.requests().map(\.command) == [
                .liquidate(
                    account: account, payer: hunt.agent.wallet,
                    target: .position(btcPerp, atMost: nil))
            ])
    }

    @Test func leavesItsOwnAccountsAlone() throws {
        var hunt = try Hunt()
        let own = hunt.world.open(.margin, owner: 5, [(usdc, Quantity(whole: 100))])
        try hunt.world.seed(own, ethPerp, Quantity(whole: 10), at: Price(whole: 2000))
        #expect(hunt.world.liquidatable == [own])
        #expect(hunt.requests() == [])
    }

    @Test func aDeficitPaysNobodyButCostsNothingWhereGasIsFree() throws {
        for (native, acts) in [(Price(whole: 2000), false), (.zero, true)] {
            var hunt = try Hunt()
            hunt.world.nativePrice = native
            let account = hunt.world.open(.margin, owner: 61)
            try hunt.world.seed(account, ethPerp, Quantity(whole: 1), at: Price(whole: 2100))
            try hunt.world.seed(account, ethPerp, Quantity(whole: -1), at: Price(whole: 2000))
            #expect(hunt.world.liquidatable == [account])
            #expect(hunt.requests().isEmpty != acts)
        }
    }

    @Test func withoutPricesItDoesNotAct() throws {
        var hunt = try Hunt()
        _ = try hunt.borrower()
        hunt.world.nativePrice = Price(raw: .max)
        hunt.world.goingPrice = .max
        #expect(hunt.requests() == [])
    }

    @Test func theMostItHasOnTheWay() throws {
        var hunt = try Hunt(capital: 10_000_000)
        for _ in 0..<70 { _ = try hunt.borrower() }
        #expect(hunt.requests().count == Liquidator.maximumPending)
        #expect(hunt.requests() == [])
    }
}
