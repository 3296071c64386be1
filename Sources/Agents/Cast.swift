public import ExactMath
public import MarginProtocol
public import SeededRandom

/// Why a scenario's agents cannot be set up.
public enum CastError: Error, Hashable, Sendable {
    /// A start price is missing, zero or negative.
    case priceNotPositive(FeedID)
    /// More members than addresses.
    case tooManyMembers
    /// All agents together hold more of an asset than the protocol can count.
    case fundsTooLarge(AssetID)
}

extension CastError: CustomStringConvertible {
    /// A sentence for people, without a full stop.
    public var description: String {
        switch self {
        case .priceNotPositive(let feed): "feed \(feed) has no start price above zero"
        case .tooManyMembers: "there are more than 100 million agents"
        case .fundsTooLarge(let asset):
            "all agents together hold more of asset \(asset) than the protocol can count"
        }
    }
}

/// Everybody who takes part in a scenario: the agents in order, and what each has before the first block.
///
/// Addresses go up from 2 (0 is the system, 1 governance) and accounts from the first one after the
/// protocol's own, both in the order of the configuration: traders, liquidators, market makers, reporters,
/// the pool's desk, auction keepers, adversaries, scripted agents, order keepers.
public struct Cast: Sendable {
    /// Who is behind an address.
    public struct Member: Hashable, Sendable {
        public var address: Address
        /// `GROUP/i`, a reporter's feed, `pool desk`, or a script's name.
        public var name: String
        /// `trader`, `liquidator`, `marketMaker`, `reporter`, `hedger`, `keeper`, `adversary`,
        /// `scripted` or `orderKeeper`.
        public var kind: String
        /// The group of the scenario it came from.
        public var group: String
    }
    /// An account to be opened and funded before the first block.
    public struct AccountPlan: Hashable, Sendable {
        public var id: AccountID
        public var name: String
        public var owner: Address
        public var role: Role
        public var parent: AccountID?
        public var market: MarketID?
        public var funding: [Holding]
    }
    /// A position to be seeded at the start price before the first block.
    public struct PositionPlan: Hashable, Sendable {
        public var account: AccountID
        public var market: MarketID
        /// Not zero. [1e-8 units]
        public var size: Quantity
    }
    /// Who may post to a feed.
    public struct FeedReporter: Hashable, Sendable {
        public var feed: FeedID
        public var address: Address
    }

    public private(set) var agents: [any Agent] = []
    public private(set) var members: [Member] = []
    public private(set) var accounts: [AccountPlan] = []
    public private(set) var positions: [PositionPlan] = []
    public private(set) var reporters: [FeedReporter] = []
    private let parameters: ProtocolParameters
    private let prices: [Price]
    private let firstAccount: Int32
    private var nextAddress: Int32 = 2

    /// - Parameters:
    ///   - parameters: must be valid.
    ///   - prices: the outside prices at the start, one for each feed.
    public init(
        _ configuration: AgentsConfiguration, parameters: ProtocolParameters, prices: [Price],
        start: Timestamp, random: RandomSource
    ) throws(CastError) {
        for feed in parameters.feeds.indices
        where !prices.indices.contains(feed) || !prices[feed].isPositive {
            throw .priceNotPositive(FeedID(index: feed))
        }
        let counts =
            configuration.traders.map(\.count) + configuration.liquidators.map(\.count)
            + configuration.marketMakers.map(\.count) + configuration.keepers.map(\.count)
            + (configuration.orderKeepers ?? []).map(\.count)
        guard counts.allSatisfy({ $0 <= 100_000_000 }), counts.reduce(0, +) <= 100_000_000 else {
            throw .tooManyMembers
        }
        self.parameters = parameters
        self.prices = prices
        firstAccount = Int32(
            ClearingHouse(parameters: parameters, start: start).accountCount)
        for group in configuration.traders { addTraders(group, start, random) }
        followLeaders()
        for group in configuration.liquidators { addLiquidators(group, random) }
        for group in configuration.marketMakers { addMarketMakers(group) }
        for policy in configuration.reporters { addReporter(policy) }
        if let policy = configuration.poolHedger { addPoolDesk(policy) }
        for group in configuration.keepers { addKeepers(group) }
        for group in configuration.adversaries { addAdversary(group, start, random) }
        for script in configuration.scripts { addScript(script) }
        let closes = parameters.markets.contains { $0.pool?.terms?.deleveraging != nil }
        if parameters.twoStep != nil || closes {
            for group in configuration.orderKeepers ?? [.venues] { addOrderKeepers(group, random) }
        }
        if parameters.resultSettlement != nil { addResultKeeper() }
        let policy = parameters.liquidation
        // Whoever absorbs earns nothing by it at once, so that no liquidator would.
        if policy.caller == .venue || policy.size == .absorb { addVenueEngine() }
        try checkFunds()
    }

    /// Opens and funds the accounts and seeds the positions, in a protocol that has no other users yet.
    ///
    /// - Throws: ``Rejection/exposureTooLarge`` where all positions together are more than the pool can take.
    public func populate(_ house: inout ClearingHouse, into journal: inout [Event])
        throws(Rejection)
    {
        precondition(
            house.accountCount == Int(firstAccount), "the cast's are the first accounts")
        for plan in accounts {
            let id = house.addAccount(
                owner: plan.owner, role: plan.role, parent: plan.parent, market: plan.market)
            precondition(id == plan.id, "accounts are opened in order")
            for holding in plan.funding {
                house.seedBalance(holding.quantity, of: holding.asset, to: id, into: &journal)
            }
        }
        for plan in positions {
            let feed = parameters.markets[plan.market.index].feed
            try house.seedPosition(
                plan.account, plan.market, size: plan.size, entry: prices[feed.index],
                into: &journal)
        }
    }

    // MARK: Members

    private mutating func addTraders(
        _ group: TraderGroup, _ start: Timestamp, _ random: RandomSource
    ) {
        let plans = group.genesis(parameters: parameters, prices: prices, random: random)
        guard !plans.isEmpty else { return }
        agents.append(
            TraderPopulation(
                group: group, plans: plans, firstAddress: Address(nextAddress),
                firstAccount: nextAccount, start: start, random: random))
        for plan in plans {
            let name = "\(group.name)/\(plan.offset)"
            let owner = addMember(name, kind: "trader", group: group.name)
            let main = open(name, owner, .margin, funding: plan.funding)
            let children = plan.children.map { child in
                open(
                    "\(name) \(parameters.markets[child.market.index].name)", owner, .margin,
                    parent: main, market: child.market, funding: child.funding)
            }
            _ = open("\(name) wallet", owner, .wallet, funding: plan.wallet)
            for position in plan.positions where !position.size.isZero {
                positions.append(
                    PositionPlan(
                        account: position.child.map { children[$0] } ?? main,
                        market: position.market, size: position.size))
            }
        }
    }

    /// Tells those who copy a group whose accounts to look at.
    private mutating func followLeaders() {
        for index in agents.indices {
            guard var population = agents[index] as? TraderPopulation,
                case .copy(let name, _) = population.group.style
            else { continue }
            let owners = Set(members.filter { $0.group == name }.map(\.address))
            population.leaders = accounts.filter { $0.role == .margin && owners.contains($0.owner) }
                .map(\.id)
            agents[index] = population
        }
    }

    private mutating func addLiquidators(_ group: LiquidatorGroup, _ random: RandomSource) {
        let takesOver = parameters.liquidation.taker == .liquidator
        let hedges = if case .hedge = group.inventory { true } else { false }
        let carries = takesOver || hedges
        for index in 0..<max(0, group.count) {
            let name = "\(group.name)/\(index)"
            let address = addMember(name, kind: "liquidator", group: group.name)
            // Where positions are handed over, or hedges held, half of the capital carries them.
            let carrying = carries ? Money(raw: group.capital.raw / 2) : .zero
            let wallet = open(
                "\(name) wallet", address, .wallet,
                funding: settlement(group.capital - carrying) + group.stock)
            let margin =
                carries
                ? open("\(name) margin", address, .margin, funding: settlement(carrying)) : nil
            agents.append(
                Liquidator(
                    group: group, index: index, address: address, wallet: wallet,
                    marginAccount: margin, random: random))
        }
    }

    private mutating func addKeepers(_ group: KeeperGroup) {
        for index in 0..<max(0, group.count) {
            let name = "\(group.name)/\(index)"
            let address = addMember(name, kind: "keeper", group: group.name)
            let wallet = open(
                "\(name) wallet", address, .wallet, funding: settlement(group.capital))
            agents.append(
                AuctionKeeper(group: group, index: index, address: address, wallet: wallet))
        }
    }

    private mutating func addOrderKeepers(_ group: OrderKeeperGroup, _ random: RandomSource) {
        for index in 0..<max(0, group.count) {
            let name = "\(group.name)/\(index)"
            let address = addMember(name, kind: "orderKeeper", group: group.name)
            let wallet = open("\(name) wallet", address, .wallet, funding: [])
            agents.append(
                OrderKeeper(
                    group: group, index: index, address: address, wallet: wallet, random: random))
        }
    }

    private mutating func addResultKeeper() {
        let address = addMember("result keeper", kind: "resultKeeper", group: "result keeper")
        let wallet = open("result keeper wallet", address, .wallet, funding: [])
        agents.append(ResultKeeper(address: address, wallet: wallet))
    }

    private mutating func addMarketMakers(_ group: MarketMakerGroup) {
        for index in 0..<max(0, group.count) {
            let name = "\(group.name)/\(index)"
            let address = addMember(name, kind: "marketMaker", group: group.name)
            let account = open(name, address, .margin, funding: settlement(group.capital))
            agents.append(MarketMaker(group: group, address: address, account: account))
        }
    }

    private mutating func addReporter(_ policy: ReporterPolicy) {
        let name = parameters.feeds[policy.feed.index].name
        let address = addMember(name, kind: "reporter", group: name)
        reporters.append(FeedReporter(feed: policy.feed, address: address))
        agents.append(Reporter(policy: policy, address: address))
    }

    private mutating func addAdversary(
        _ group: AdversaryGroup, _ start: Timestamp, _ random: RandomSource
    ) {
        let (openings, funds) = group.openings(
            parameters: parameters, prices: prices, random: random)
        guard !openings.isEmpty else { return }
        let address = addMember(group.name, kind: "adversary", group: group.name)
        let partner = addMember("\(group.name) partner", kind: "adversary", group: group.name)
        let own = openings.enumerated().map { index, opening in
            let account = open(
                "\(group.name) \(index)", opening.isPartners ? partner : address, .margin,
                funding: opening.funding)
            if let (market, size) = opening.position, !size.isZero {
                positions.append(PositionPlan(account: account, market: market, size: size))
            }
            return account
        }
        let wallets = [
            open("\(group.name) wallet", address, .wallet, funding: []),
            open("\(group.name) partner wallet", partner, .wallet, funding: settlement(funds)),
        ]
        agents.append(
            Adversary(
                group: group, address: address, partner: partner, accounts: own, wallets: wallets,
                start: start))
    }

    /// The desk has hedged what the pool holds at the start, so that the run does not begin with its trades.
    private mutating func addPoolDesk(_ policy: PoolHedger) {
        let address = addMember("pool desk", kind: "hedger", group: "pool desk")
        var exposures = [Int64](repeating: 0, count: parameters.feeds.count)
        for plan in positions {
            let feed = parameters.markets[plan.market.index].feed.index
            exposures[feed] =
                exposures[feed].subtractingReportingOverflow(plan.size.raw)
                .partialValue
        }
        agents.append(
            PoolDesk(
                policy: policy, address: address,
                hedges: exposures.map { policy.hedge(against: Quantity(raw: $0)) ?? .zero }))
    }

    /// One address with a wallet and the accounts that its script names.
    private mutating func addScript(_ script: Script) {
        let address = addMember(script.name, kind: "scripted", group: script.name)
        let wallet = open("\(script.name) wallet", address, .wallet, funding: script.funding)
        let accounts = script.accounts.map {
            open("\(script.name) \($0)", address, .margin, funding: [])
        }
        agents.append(
            ScriptedAgent(script: script, address: address, wallet: wallet, accounts: accounts))
    }

    /// The engine of a venue that liquidates by itself acts as the system.
    private mutating func addVenueEngine() {
        members.append(
            Member(address: .system, name: "venue", kind: "venue", group: "venue"))
        // Where debts are to be repaid, the venue advances what it then has back in collateral.
        let advance = parameters.assets.indices.flatMap { index -> [Holding] in
            let price = prices[parameters.assets[index].feed.index]
            guard parameters.assets[index].borrowable,
                let quantity = try? VenueEngine.advance.quantity(at: price, rounding: .down),
                quantity.isPositive
            else { return [] }
            return [Holding(asset: AssetID(index: index), quantity: quantity)]
        }
        agents.append(
            VenueEngine(wallet: open("venue wallet", .system, .wallet, funding: advance)))
    }

    // MARK: Parts

    private var nextAccount: AccountID { AccountID(firstAccount + Int32(accounts.count)) }

    private mutating func addMember(_ name: String, kind: String, group: String) -> Address {
        let address = Address(nextAddress)
        nextAddress += 1
        members.append(Member(address: address, name: name, kind: kind, group: group))
        return address
    }

    private mutating func open(
        _ name: String, _ owner: Address, _ role: Role, parent: AccountID? = nil,
        market: MarketID? = nil, funding: [Holding]
    ) -> AccountID {
        let id = nextAccount
        accounts.append(
            AccountPlan(
                id: id, name: name, owner: owner, role: role, parent: parent, market: market,
                funding: funding))
        return id
    }

    /// A sum of money in the settlement asset.
    private func settlement(_ worth: Money) -> [Holding] {
        let asset = parameters.settlementAsset
        let price = prices[parameters.assets[asset.index].feed.index]
        guard let quantity = try? worth.quantity(at: price, rounding: .down), quantity.isPositive
        else { return [] }
        return [Holding(asset: asset, quantity: quantity)]
    }

    /// The sums of what is minted stay well under what the protocol's sums carry.
    private func checkFunds() throws(CastError) {
        let limit = Int128(1) << 61
        var totals = [Int128](repeating: 0, count: parameters.assets.count)
        for plan in accounts {
            for holding in plan.funding {
                totals[holding.asset.index] += Int128(holding.quantity.magnitude.raw)
            }
        }
        for (index, total) in totals.enumerated() {
            let price = prices[parameters.assets[index].feed.index]
            guard total <= limit, total * Int128(price.raw) / Int128(scaleE8) <= limit else {
                throw .fundsTooLarge(AssetID(index: index))
            }
        }
    }
}
