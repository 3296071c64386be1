import Chain
import ExactMath
import MarginProtocol
import OrderBook
import SeededRandom
import Testing

@testable import Agents

/// One trader, long ETH, whose fate is known.
struct Trading {
    var world: World
    var agent: TraderPopulation
    var main: AccountID
    var account: AccountID
    var wallet: AccountID

    init(
        _ response: MarginCallResponse, mode: TraderGroup.Mode = .cross,
        delay: TimeSpan = .zero, tradesPerHour: Fixed18 = .zero, reserve: Int64 = 5_000,
        usesBook: Bool = false, leverage: Distribution = .fixed(Fixed18(whole: 5)),
        threshold: Ratio = Ratio(percent: 120), parameters: ProtocolParameters = parameters()
    ) throws {
        world = try World(parameters)
        let first = AccountID(Int32(world.house.accountCount))
        let isolated = mode == .isolated
        let funds = [Holding(asset: usdc, quantity: Quantity(whole: 1000))]
        let plan = GenesisTrader(
            offset: 0, funding: isolated ? [] : funds,
            children: isolated ? [.init(market: ethPerp, funding: funds)] : [],
            wallet: [Holding(asset: usdc, quantity: Quantity(whole: reserve))],
            positions: [
                .init(child: isolated ? 0 : nil, market: ethPerp, size: Quantity(whole: 5))
            ], response: response, isHedged: false)
        main = world.house.addAccount(owner: Address(2), role: .margin)
        account = main
        if isolated {
            account = world.house.addAccount(
                owner: Address(2), role: .margin, parent: main, market: ethPerp)
        }
        wallet = world.house.addAccount(owner: Address(2), role: .wallet)
        world.house.mint(Quantity(whole: 1000), of: usdc, to: account, into: &world.journal)
        world.house.mint(Quantity(whole: reserve), of: usdc, to: wallet, into: &world.journal)
        try world.seed(account, ethPerp, Quantity(whole: 5), at: startPrices[1])
        var group = traders(
            count: 1, mode: mode, leverage: leverage, tradesPerHour: tradesPerHour,
            onMarginCall: MarginCallPolicy(
                threshold: threshold, topUp: .zero, panic: .zero, delay: delay),
            usesBook: usesBook)
        group.markets = [.init(id: ethPerp, share: .one)]
        agent = TraderPopulation(
            group: group, plans: [plan], firstAddress: Address(2), firstAccount: first,
            start: start, random: RandomSource(seed: 5))
    }

    mutating func decide(at seconds: Int64) -> [Command] {
        world.time = start + TimeSpan(seconds: seconds)
        let requests = agent.decide(world.view).requests
        for request in requests { agent.learn(outcome(request, .pending(nonce: 0))) }
        sent += requests
        return requests.map(\.command)
    }
    var sent: [Request] = []
}

@Suite struct TraderPopulationTests {
    // Long 5 ETH from 2,000 with $1,000: maintenance 3 %, initial 5 % of the notional.
    // At 1,865 equity is 325 and the requirement 279.75; times 1.2: 335.70.
    static let called = Price(whole: 1865)
    // At 1,870: 350 against 336.60.
    static let calm = Price(whole: 1870)

    @Test(arguments: [(calm, false), (called, true)])
    func isCalledBelowTheThreshold(price: Price, acts: Bool) throws {
        var trading = try Trading(.panic)
        try trading.world.post(price, to: ethFeed)
        #expect(trading.decide(at: 0).isEmpty != acts)
    }

    @Test func whoIgnoresDoesNothing() throws {
        var trading = try Trading(.ignore)
        try trading.world.post(Self.called, to: ethFeed)
        #expect(trading.decide(at: 0) == [])
    }

    @Test func looksOnlyAtItsPolls() throws {
        var trading = try Trading(.panic)
        #expect(trading.decide(at: 0) == [])
        try trading.world.post(Self.called, to: ethFeed)
        #expect(trading.decide(at: 12) == [])
        #expect(trading.decide(at: 59) == [])
        #expect(trading.decide(at: 60).count == 1)
    }

    @Test func panicClosesEverythingAndStaysOut() throws {
        var trading = try Trading(.panic, tradesPerHour: Fixed18(whole: 3600))
        try trading.world.post(Self.called, to: ethFeed)
        let commands = trading.decide(at: 0)
        #expect(
            commands == [
                .trade(
                    account: trading.account, market: ethPerp, size: Quantity(whole: -5),
                    limit: nil, reduceOnly: true)
            ])
        try trading.world.run(commands[0], from: Address(2))
        trading.agent.learn(outcome(trading.sent[0], .applied))
        for second in stride(from: Int64(12), to: 600, by: 12) {
            #expect(trading.decide(at: second) == [])
        }
    }

    @Test func panicGoesToTheBookWhereTradesDo() throws {
        var trading = try Trading(.panic, usesBook: true)
        try trading.world.post(Self.called, to: ethFeed)
        #expect(
            trading.decide(at: 0) == [
                .placeOrder(
                    account: trading.account, market: ethPerp,
                    order: OrderRequest(
                        side: .sell, size: Quantity(whole: 5), price: nil,
                        timeInForce: .immediateOrCancel, reduceOnly: true))
            ])
    }

    @Test func respondsAfterItsDelayOnWhatItThenSees() throws {
        var trading = try Trading(.panic, delay: TimeSpan(seconds: 90))
        try trading.world.post(Self.called, to: ethFeed)
        #expect(trading.decide(at: 0) == [])
        #expect(trading.decide(at: 60) == [])
        #expect(trading.decide(at: 89) == [])
        try trading.world.run(
            .trade(
                account: trading.account, market: ethPerp, size: Quantity(whole: -2), limit: nil,
                reduceOnly: true), from: Address(2))
        #expect(
            trading.decide(at: 90) == [
                .trade(
                    account: trading.account, market: ethPerp, size: Quantity(whole: -3),
                    limit: nil, reduceOnly: true)
            ])
    }

    @Test(arguments: [(Int64(5_000), Int64(14_125_000_000)), (100, 10_000_000_000)])
    func topsUpToItsInitialMarginAsFarAsItsWalletGoes(reserve: Int64, amount: Int64) throws {
        // Initial margin 466.25, equity 325: short by 141.25.
        var trading = try Trading(.topUp, reserve: reserve)
        try trading.world.post(Self.called, to: ethFeed)
        let commands = trading.decide(at: 0)
        #expect(
            commands == [
                .deposit(
                    from: trading.wallet, to: trading.main, asset: usdc,
                    amount: Quantity(raw: amount))
            ])
        try trading.world.run(commands[0], from: Address(2))
        trading.agent.learn(outcome(trading.sent[0], .applied))
        #expect(
            trading.world.house.health(of: trading.main, .initial).isMet == (reserve == 5_000))
        #expect(trading.decide(at: 60) == [])
    }

    @Test func anIsolatedAccountIsToppedUpThroughItsParent() throws {
        var trading = try Trading(.topUp, mode: .isolated)
        trading.world.house.mint(
            Quantity(whole: 41), of: usdc, to: trading.main, into: &trading.world.journal)
        try trading.world.post(Self.called, to: ethFeed)
        let commands = trading.decide(at: 0)
        #expect(
            commands == [
                .deposit(
                    from: trading.wallet, to: trading.main, asset: usdc,
                    amount: Quantity(raw: 10_025_000_000)),
                .transfer(
                    from: trading.main, to: trading.account, asset: usdc,
                    amount: Quantity(raw: 14_125_000_000)),
            ])
        for command in commands { try trading.world.run(command, from: Address(2)) }
        #expect(trading.world.house.health(of: trading.account, .initial).isMet)
        #expect(trading.world.house.balance(trading.main, usdc) == .zero)
    }

    @Test func waitsForTheEndOfWhatItSent() throws {
        var trading = try Trading(.topUp)
        try trading.world.post(Self.called, to: ethFeed)
        #expect(trading.decide(at: 0).count == 1)
        #expect(trading.decide(at: 60) == [])
        trading.agent.learn(outcome(trading.sent[0], .dropped(.expired)))
        #expect(trading.decide(at: 120).count == 1)
    }

    @Test func resizesToTheDrawnLeverage() throws {
        var trading = try Trading(
            .ignore, tradesPerHour: Fixed18(whole: 60), leverage: .fixed(Fixed18(whole: 6)))
        var sizes: [Int64] = []
        for second in stride(from: Int64(0), to: 3600, by: 12) {
            for command in trading.decide(at: second) {
                try trading.world.run(command, from: Address(2))
                let size = trading.world.house.position(trading.account, ethPerp).size
                // Six times $1,000 at $2,000, either way.
                #expect(size.magnitude == Quantity(whole: 3))
                sizes.append(size.raw)
            }
            for request in trading.sent { trading.agent.learn(outcome(request, .applied)) }
            trading.sent = []
        }
        // A trade is sent only when the side changes: of some 60 arrivals, 2 · 0.65 · 0.35.
        #expect((10...50).contains(sizes.count))
        #expect(Set(sizes).count == 2)
    }

    @Test func tradesAreAlwaysWithinTheMargin() throws {
        let rules = parameters(
            pool: PoolPricing(spread: Ratio(basisPoints: 20)), takerFee: Ratio(basisPoints: 10))
        var trading = try Trading(
            .ignore, tradesPerHour: Fixed18(whole: 300),
            leverage: .uniform(Fixed18(whole: 1), Fixed18(whole: 100)), parameters: rules)
        var applied = 0
        for second in stride(from: Int64(0), to: 3600, by: 12) {
            for command in trading.decide(at: second) {
                try trading.world.run(command, from: Address(2))
                applied += 1
            }
            for request in trading.sent { trading.agent.learn(outcome(request, .applied)) }
            trading.sent = []
        }
        #expect(applied > 20)
    }

    @Test func arrivalsArePoisson() throws {
        // 400 traders, 3 trades an hour, two hours: 2,400 ± 5 · √2,400 trades are due.
        var group = traders(count: 400, positions: 1...1, tradesPerHour: Fixed18(whole: 3))
        group.equity = .fixed(Fixed18(whole: 10_000))
        let random = RandomSource(seed: 9)
        let plans = group.genesis(
            parameters: parameters(), prices: startPrices, random: random)
        var world = try World()
        let first = AccountID(Int32(world.house.accountCount))
        for plan in plans {
            let owner = Int32(100 + plan.offset)
            _ = world.open(.margin, owner: owner, plan.funding.map { ($0.asset, $0.quantity) })
            _ = world.open(.wallet, owner: owner)
        }
        // Nobody begins with a position, and no trade is ever executed: each arrival asks for one.
        var agent = TraderPopulation(
            group: group, plans: plans, firstAddress: Address(100), firstAccount: first,
            start: start, random: random)
        var count = 0
        for second in stride(from: Int64(0), through: 7200, by: 12) {
            world.time = start + TimeSpan(seconds: second)
            for request in agent.decide(world.view).requests {
                #expect(agent.addresses.contains(request.sender.raw))
                agent.learn(outcome(request, .dropped(.expired)))
                count += 1
            }
        }
        // Some meet another arrival of the same trader in the same block.
        #expect((2100...2645).contains(count))
    }

    @Test func twoPopulationsFromOneSeedDoTheSame() throws {
        var one = try Trading(.topUp, tradesPerHour: Fixed18(whole: 60))
        var other = try Trading(.topUp, tradesPerHour: Fixed18(whole: 60))
        for second in stride(from: Int64(0), to: 3600, by: 12) {
            #expect(one.decide(at: second) == other.decide(at: second))
            for request in one.sent { one.agent.learn(outcome(request, .applied)) }
            for request in other.sent { other.agent.learn(outcome(request, .applied)) }
            one.sent = []
            other.sent = []
        }
    }
}
