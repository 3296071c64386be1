import Chain
import ExactMath
import MarginProtocol
import Oracles
import SeededRandom
import Testing

@testable import Agents

@Suite struct CastTests {
    static func configuration(share: Int64 = 50) -> AgentsConfiguration {
        AgentsConfiguration(
            traders: [
                traders(count: 3, tradesPerHour: Fixed18(whole: 10)),
                traders(
                    "alone", twinOf: "retail", count: 3, mode: .isolated, hedged: Ratio(percent: 50)
                ),
            ],
            liquidators: [
                LiquidatorGroup(
                    name: "fast", count: 2, capital: Money(whole: 50_000),
                    fee: .shareOfProfit(Ratio(percent: 60)))
            ],
            marketMakers: [
                MarketMakerGroup(
                    name: "maker", count: 1, capital: Money(whole: 70_000), markets: [ethPerp],
                    halfSpread: Ratio(basisPoints: 10), levels: 2, size: Money(whole: 1000),
                    requote: Ratio(basisPoints: 5), inventoryLimit: Money(whole: 5000),
                    hedges: true, fee: .multipleOfBase(.one))
            ],
            reporters: [
                ReporterPolicy(feed: ethFeed, fee: .multipleOfBase(.one)),
                ReporterPolicy(feed: FeedID(2), fee: .multipleOfBase(.one)),
            ], poolHedger: PoolHedger(share: Ratio(percent: share), threshold: .zero))
    }

    private func cast(
        _ configuration: AgentsConfiguration = configuration(),
        _ rules: ProtocolParameters = parameters(), seed: UInt64 = 1
    ) throws -> Cast {
        try Cast(
            configuration, parameters: rules, prices: startPrices, start: start,
            random: RandomSource(seed: seed))
    }

    @Test func addressesGoUpFromTwoInOrder() throws {
        let cast = try cast()
        #expect(cast.members.map(\.address.raw) == Array(2...13))
        #expect(
            cast.members.map(\.name) == [
                "retail/0", "retail/1", "retail/2", "alone/0", "alone/1", "alone/2", "fast/0",
                "fast/1", "maker/0", "ETH", "BTC", "pool desk",
            ])
        #expect(
            cast.members.map(\.kind) == Array(repeating: "trader", count: 6) + [
                "liquidator", "liquidator", "marketMaker", "reporter", "reporter", "hedger",
            ])
    }

    @Test func everyAgentHasItsAddresses() throws {
        let cast = try cast()
        #expect(cast.agents.flatMap { Array($0.addresses) } == cast.members.map(\.address.raw))
        #expect(cast.reporters.map(\.feed) == [ethFeed, FeedID(2)])
    }

    @Test func populatesAProtocolAsPlanned() throws {
        let cast = try cast()
        var house = ClearingHouse(parameters: parameters(), start: start)
        var journal: [Event] = []
        try cast.populate(&house, into: &journal)
        for plan in cast.accounts {
            let account = house.account(plan.id)
            #expect(account.owner == plan.owner && account.role == plan.role)
            #expect(account.parent == plan.parent && account.isolatedMarket == plan.market)
            for holding in plan.funding where holding.asset != usdc {
                #expect(house.balance(plan.id, holding.asset) == holding.quantity)
            }
            #expect(house.health(of: plan.id, .initial, at: startPrices).isMet)
        }
        for plan in cast.positions {
            #expect(house.position(plan.account, plan.market).size == plan.size)
        }
        #expect(cast.positions.count >= 6)
    }

    @Test func tradersKnowTheirAccounts() throws {
        let cast = try cast()
        for agent in cast.agents {
            guard let population = agent as? TraderPopulation else { continue }
            for (index, trader) in population.traders.enumerated() {
                let owner = Address(population.addresses.lowerBound + Int32(index))
                let own = cast.accounts.filter { $0.owner == owner }
                #expect(own.first?.id == trader.main)
                #expect(own.last?.id == trader.wallet && own.last?.role == .wallet)
                for slot in trader.slots {
                    let plan = own.first { $0.id == slot.account }
                    #expect(plan?.role == .margin)
                    #expect(plan?.market == nil || plan?.market == slot.market)
                }
            }
        }
    }

    @Test func wherePositionsAreHandedOverHalfTheCapitalCarriesThem() throws {
        let rules = parameters(liquidation: LiquidationPolicy(taker: .liquidator))
        let cast = try cast(Self.configuration(), rules)
        let own = cast.accounts.filter { $0.name.hasPrefix("fast/0") }
        #expect(own.map(\.role) == [.wallet, .margin])
        for plan in own {
            #expect(plan.funding == [Holding(asset: usdc, quantity: Quantity(whole: 25_000))])
        }
        let liquidator = cast.agents.lazy.compactMap { $0 as? Liquidator }.first
        #expect(liquidator?.marginAccount == own[1].id)
    }

    @Test func theDeskHasHedgedTheStart() throws {
        let cast = try cast()
        let desk = try #require(cast.agents.last as? PoolDesk)
        var world = try World()
        try cast.populate(&world.house, into: &world.journal)
        var copy = desk
        #expect(copy.unwind(world.view) == [])
        #expect(!desk.hedges[1].isZero)
    }

    @Test func refusesWhatCannotBe() throws {
        #expect(throws: CastError.priceNotPositive(FeedID(1))) {
            _ = try Cast(
                AgentsConfiguration(), parameters: parameters(),
                prices: [Price(whole: 1), .zero, Price(whole: 1)], start: start,
                random: RandomSource(seed: 1))
        }
        #expect(throws: CastError.priceNotPositive(FeedID(2))) {
            _ = try Cast(
                AgentsConfiguration(), parameters: parameters(),
                prices: [Price(whole: 1), Price(whole: 1)], start: start,
                random: RandomSource(seed: 1))
        }
        var many = Self.configuration()
        many.traders[0].count = 200_000_000
        #expect(throws: CastError.tooManyMembers) { _ = try cast(many) }
        var rich = Self.configuration()
        rich.liquidators[0].capital = Money(whole: 20_000_000_000)
        #expect(throws: CastError.fundsTooLarge(usdc)) { _ = try cast(rich) }
    }

    /// All agents, for an hour, with nothing but the protocol: the commands of one seed, in order.
    private func commands(seed: UInt64) throws -> [Command] {
        let cast = try cast(Self.configuration(), parameters(pool: .atOracle), seed: seed)
        var world = try World()
        try cast.populate(&world.house, into: &world.journal)
        var agents = cast.agents
        var all: [Command] = []
        var nonces: [Int32: Int64] = [:]
        for block in Int64(1)...300 {
            world.pass()
            let swing = 2000 - (block * 7) % 400
            world.markets = try World.markets([
                Price(whole: 1), Price(whole: swing), Price(whole: 40_000),
            ])
            world.reports = [
                Report(
                    feed: 1, round: block, price: Price(whole: swing), confidence: .zero,
                    reason: .deviation, observedAt: world.time, publishedAt: world.time)
            ]
            world.house.advance(to: world.time, into: &world.journal)
            let view = world.view
            for index in agents.indices {
                for request in agents[index].decide(view).requests {
                    all.append(request.command)
                    let nonce = nonces[request.sender.raw, default: 0]
                    nonces[request.sender.raw] = nonce + 1
                    do {
                        try world.house.execute(
                            request.command, from: request.sender, into: &world.journal)
                        agents[index].learn(outcome(request, .applied, nonce: nonce))
                    } catch {
                        agents[index].learn(
                            outcome(request, .rejected(error), nonce: nonce))
                    }
                }
            }
            let after = world.view
            for index in agents.indices { _ = agents[index].unwind(after) }
        }
        return all
    }

    @Test func oneSeedGivesTheSameCommands() throws {
        let one = try commands(seed: 1)
        #expect(one == (try commands(seed: 1)))
        #expect(one != (try commands(seed: 2)))
        for kind in [CommandKind.postPrice, .trade, .placeOrder, .cancelOrder, .liquidate] {
            #expect(one.contains { $0.kind == kind }, "\(kind)")
        }
    }
}
