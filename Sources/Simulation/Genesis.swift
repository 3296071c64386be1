import Agents
import Chain
import ExactMath
import MarginProtocol
import Markets
import Oracles
import Scenarios
import SeededRandom

/// Why a scenario that reads well cannot be run.
public enum SimulationError: Error, Sendable, CustomStringConvertible {
    case parameters([String])
    case markets(String)
    case oracles(String)
    case chain(String)
    case cast(String)
    public var description: String {
        switch self {
        case .parameters(let problems):
            "the protocol's parameters: " + problems.joined(separator: "; ")
        case .markets(let text): "the markets: " + text
        case .oracles(let text): "the oracles: " + text
        case .chain(let text): "the chain: " + text
        case .cast(let text): "the agents: " + text
        }
    }
}

/// Everything as it stands before the first block.
struct Genesis {
    var house: ClearingHouse
    var chain: Chain
    var markets: Markets
    var oracles: Oracles
    var cast: Cast
    var description: RunDescription
    var header: BlockHeader
    /// The group of each account that has one, for counting.
    var groups: [AccountID: String]
    var followed: Followed
    private var journal: [Event] = []

    init(_ scenario: Scenario) throws(SimulationError) {
        let random = RandomSource(seed: scenario.seed)
        do {
            markets = try Markets(
                assets: scenario.referenceAssets, correlation: scenario.correlation,
                start: scenario.start, random: random)
        } catch { throw .markets("\(error)") }
        do {
            oracles = try Oracles(
                feeds: scenario.priceFeeds, start: scenario.start, random: random)
        } catch { throw .oracles("\(error)") }
        do { chain = try Chain(scenario.chain, start: scenario.start, random: random) } catch {
            throw .chain("\(error)")
        }
        let world = markets
        let prices = scenario.referenceAssets.indices.map { world.price($0) }
        var parameters = scenario.parameters
        for feed in parameters.feeds.indices { parameters.feeds[feed].reporters = [.system] }
        do {
            cast = try Cast(
                scenario.agents, parameters: parameters, prices: prices, start: scenario.start,
                random: random)
        } catch { throw .cast("\(error)") }
        for reporter in cast.reporters {
            parameters.feeds[reporter.feed.index].reporters.append(reporter.address)
        }
        let problems = ClearingHouse.problems(in: parameters)
        guard problems.isEmpty else { throw .parameters(problems) }
        house = ClearingHouse(parameters: parameters, start: scenario.start)
        header = BlockHeader(
            number: 0, time: scenario.start, missedSlots: 0, baseFee: chain.baseFee,
            gasLimit: scenario.chain.gasLimit, gasUsed: 0, demandGas: 0, backlogGas: 0,
            mempoolDepth: 0, marginalTip: 0, minimumPrice: chain.reservePrice, wasFull: false)
        groups = [:]
        followed = Followed(scenario, cast, house)
        description = Self.describe(scenario, cast, house)
        try postFirstPrices(scenario, prices)
        for (asset, amount) in scenario.insuranceFund {
            house.mint(amount, of: asset, to: ClearingHouse.insuranceFund, into: &journal)
        }
        for (asset, amount) in scenario.backstopFunds {
            guard let vault = house.backstopVault else { continue }
            house.mint(amount, of: asset, to: vault, into: &journal)
        }
        for (asset, amount) in scenario.poolLiquidity {
            house.mint(amount, of: asset, to: ClearingHouse.liquidityPool, into: &journal)
        }
        house.seedPoolShares()
        do { try cast.populate(&house, into: &journal) } catch { throw .cast("\(error)") }
        let groupOf = Dictionary(
            cast.members.map { ($0.address, $0.group) }, uniquingKeysWith: { first, _ in first })
        for plan in cast.accounts where plan.role == .margin {
            groups[plan.id] = groupOf[plan.owner]
        }
    }

    mutating func takeJournal() -> [Event] {
        defer { journal = [] }
        return journal
    }

    /// Every feed has a price at the start, observed then; the oracles' own first rounds stand for these.
    private mutating func postFirstPrices(_ scenario: Scenario, _ prices: [Price])
        throws(SimulationError)
    {
        oracles.observe(at: scenario.start, prices: prices)
        let first = oracles.published(until: scenario.start + TimeSpan.year + TimeSpan.year)
        for feed in prices.indices {
            var report = PriceReport(
                round: 0, price: prices[feed], observedAt: scenario.start,
                publishedAt: scenario.start)
            // A recording has a price of its own at the start, where it begins before it.
            if case .replay = scenario.priceFeeds[feed].kind,
                let recorded = first.last(where: { $0.feed == feed })
            {
                report = PriceReport(recorded)
            }
            do {
                try house.execute(
                    .postPrice(feed: FeedID(index: feed), report: report), from: .system,
                    into: &journal)
            } catch {
                throw .parameters(["feed \(scenario.parameters.feeds[feed].name): \(error.name)"])
            }
        }
    }

    private static func describe(_ scenario: Scenario, _ cast: Cast, _ house: ClearingHouse)
        -> RunDescription
    {
        typealias Agent = RunDescription.Agent
        let own: [Agent] = [
            Agent(address: .system, name: "system", kind: "system", group: "system"),
            Agent(
                address: .governance, name: "governance", kind: "governance", group: "governance"),
        ]
        // Where the venue liquidates, it acts as the system and goes by its own name.
        let unnamed = own.filter { agent in
            !cast.members.contains { $0.address == agent.address }
        }
        let parameters = scenario.parameters
        let funds = house.accountIDs.map { raw in
            let account = house.account(AccountID(raw))
            let market = account.isolatedMarket.map { parameters.markets[$0.index].name }
            let name = [String(describing: account.role), market].compactMap { $0 }
            return RunDescription.GenesisAccount(
                id: AccountID(raw), name: name.joined(separator: " "), owner: account.owner,
                role: account.role, parent: nil, market: account.isolatedMarket)
        }
        let accounts = cast.accounts.map {
            RunDescription.GenesisAccount(
                id: $0.id, name: $0.name, owner: $0.owner, role: $0.role, parent: $0.parent,
                market: $0.market)
        }
        return RunDescription(
            scenario: scenario.name, scenarioText: scenario.text, seed: scenario.seed,
            engineVersion: Engine.version, start: scenario.start,
            assets: parameters.assets.map { ($0.name, $0.feed) },
            markets: parameters.markets.map { ($0.name, $0.feed) },
            feeds: parameters.feeds.map(\.name),
            agents: unnamed
                + cast.members.map {
                    Agent(address: $0.address, name: $0.name, kind: $0.kind, group: $0.group)
                },
            accounts: funds + accounts,
            parameters: scenario.settings.map {
                RunDescription.Parameter(key: $0.key, value: $0.value)
            },
            settlementAsset: parameters.settlementAsset, gasFeed: scenario.nativeFeed)
    }
}

/// The engine's own facts.
public enum Engine {
    /// Changes whenever the same scenario and seed may give another head hash.
    public static let version = "0.5.0"
}
