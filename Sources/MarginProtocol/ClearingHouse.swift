public import ExactMath
public import MarginRules
public import OrderBook

/// The law: the whole state of the protocol, and the only code that changes it.
///
/// Accounts × assets and accounts × markets are dense, so that no transaction allocates. A command either
/// applies entirely and leaves events in the journal, or throws a ``Rejection`` and changes nothing.
///
/// Three sums are zero after every command, to the last unit: each asset's balances over all accounts,
/// each market's sizes, and each market's open cost together with its clearing account.
public struct ClearingHouse: Sendable {
    public private(set) var parameters: ProtocolParameters
    public internal(set) var time: Timestamp
    public internal(set) var pausedActions: Actions = []

    var accounts: [Account] = []
    var balances: [Int64] = []
    var positions: [Position] = []
    public internal(set) var prices: [Price]
    var reports: [PriceReport?]
    /// By feed; empty where there are no guards.
    var histories: [PriceHistory?] = []
    var averageWindows: [TimeSpan]
    /// By feed; empty where none is delayed.
    var waitingPrices: [WaitingPrice?] = []
    /// What the uptime feed last said; nil before it has said anything, which no guard minds.
    public internal(set) var sequencer: SequencerStatus?
    var books: [LimitOrderBook]

    var marketRows: [MarketRow] = []
    /// By market; empty where no pool has terms.
    var sides: [PoolSides] = []
    var assetRows: [AssetRow] = []
    var fundingStates: [FundingState]
    var brackets: [BracketRow] = []
    var tiers: [TierRow] = []
    var delegations: [Delegation] = []
    /// Per account and market, the initial rate that the owner's chosen leverage implies; empty until the
    /// first choice. [1e-8]
    var chosenLeverages: [Int64] = []
    var hasChosenLeverage: Bool { !chosenLeverages.isEmpty }
    /// By asset; empty where none has interest.
    var interestRows: [InterestRow] = []
    /// Per account and asset, the index at which the balance was last settled; empty where none has interest.
    var interestIndexes: [Fixed18] = []
    /// Whether the fast valuation is enough for these parameters, and nobody has chosen a leverage.
    var isPlain = true
    /// The same of the maintenance valuation alone: whatever a venue asks beyond that to open.
    var isPlainMaintenance = true
    /// Whether each price moves each term of a maintenance valuation one way: see ``isMonotone(_:)``.
    var isMonotone = true
    /// Whether orders that rest are part of margin, and whether also of what it takes to keep.
    var countsOrders = false
    var countsOrdersInMaintenance = false
    var hasInverse = false
    /// Whether any feed's prices have a lower and an upper bound.
    var hasBounds = false

    /// Per account and asset, the loan that a debt is; empty where none is charged for itself.
    var loans: [Loan] = []

    /// Liquidations under way, by account; empty where no policy has a course.
    var proceedings: [Proceeding] = []
    /// By market, what its window counts, oldest first; empty until the first.
    var windowRecords: [[LiquidationWindow.Record]] = []
    /// By feed, a slower price beside its own; empty where there is none.
    public internal(set) var slowPrices: [Price] = []
    /// By feed, what the next update of a stable price needs; empty where there is none.
    var stablePrices: [StablePrice] = []
    /// By market, what every unit of size has paid for the losses of others; empty until the first.
    var socialised: [Fixed18] = []

    /// By market, of shorts and of the pool; empty where the pool takes no part in funding by a spread.
    var splitFunding: [SplitFunding] = []
    /// By market, the last payment of funding; empty where none has a grace. [1e-18 USD per unit]
    var lastSteps: [Fixed18] = []

    /// Markets whose mark is not their oracle's price, in order; empty where there is none.
    var marks: [MarkState] = []

    /// What the liquidations of this block have taken, where that is limited.
    var blockUsage: [BlockUsage] = []

    /// Empty where nothing is sold by auction.
    var auctions = AuctionBook()
    /// By market, of longs and then of shorts; empty where no pool closes its winners.
    var poolFlags: [PoolFlag] = []
    /// Empty where trades are executed at once.
    var requests = RequestBook()
    /// Empty where no pool keeps price impact apart.
    var impacts = ImpactBook()
    /// Empty where nobody may own a part of the pool.
    var poolShareBook = PoolShareBook()
    /// Empty where there are no spot markets.
    var spot = SpotState()

    /// Accounts whose holdings changed since the last ``advance(to:into:)``, in order, with repeats.
    public internal(set) var touched: [AccountID] = []
    /// The same for the time before that, so that an index which looks once a block misses nothing.
    var touchedBefore: [AccountID] = []
    /// Counts calls of ``advance(to:into:)``; derived indexes check it.
    public internal(set) var epoch: Int64 = 0

    /// Markets that only reduce or are settled, in the order in which that began; empty where there is none.
    var windingUp: [WindingUp] = []

    /// Counts changes of parameters.
    var parameterVersion: Int64 = 0

    /// The most that each asset's weights may come to.
    var weightBounds: [WeightBounds] = []
    /// Whether any weights are on their way to others.
    var isRamping = false
    /// Bit i: the weights of asset i moved when this block began.
    var movedWeights: UInt64 = 0
    /// Counts the blocks in which weights moved.
    var weightVersion: Int64 = 0
    /// What every account's margin ratio is at least, against the initial requirement: zero but in a copy that is asked
    /// about a trade at an old price.
    var leastMarginRatio = Ratio.zero

    /// Whether results stay with positions that are closed, and whether what may be settled of them is limited.
    let keepsResults: Bool
    let tracksResults: Bool
    /// Per account and market; empty where nothing is limited.
    var resultStates: [ResultState] = []

    let assetCount: Int
    let marketCount: Int
    let settlement: Int

    struct Delegation: Hashable, Comparable {
        var account: AccountID
        var delegate: Address
        static func < (a: Self, b: Self) -> Bool {
            (a.account, a.delegate) < (b.account, b.delegate)
        }
    }

    /// The largest total exposure, so that sums of products cannot overflow. [1e-8 USD] ≈ $23 billion
    static let exposureLimit: Int64 = 1 << 61

    /// A protocol with its funds and no users.
    ///
    /// - Parameter parameters: at most 64 assets and 64 markets; must satisfy ``problems(in:)``.
    public init(parameters: ProtocolParameters, start: Timestamp) {
        precondition(Self.problems(in: parameters).isEmpty, "parameters must be valid")
        self.parameters = parameters
        time = start
        assetCount = parameters.assets.count
        marketCount = parameters.markets.count
        settlement = parameters.settlementAsset.index
        keepsResults = parameters.resultSettlement != nil
        tracksResults = parameters.resultSettlement.map { $0.limit != .none } ?? false
        prices = Array(repeating: .zero, count: parameters.feeds.count)
        reports = Array(repeating: nil, count: parameters.feeds.count)
        averageWindows = Self.averageWindows(parameters)
        if !parameters.guards.isEmpty {
            histories = Array(repeating: nil, count: parameters.feeds.count)
        }
        if parameters.feeds.contains(where: { $0.delay != nil }) {
            waitingPrices = Array(repeating: nil, count: parameters.feeds.count)
        }
        books = Array(repeating: LimitOrderBook(), count: parameters.markets.count)
        fundingStates = Array(repeating: FundingState(), count: parameters.markets.count)
        assetRows = parameters.assets.map {
            AssetRow(
                feed: $0.feed.index, firstTier: 0, tierCount: 0,
                byQuantity: $0.collateral.basis == .quantity,
                liabilityWeight: $0.liabilityWeight.raw, deposited: .zero)
        }
        marketRows = parameters.markets.map {
            MarketRow(
                feed: $0.feed.index, indexFeed: $0.feed.index, isInverse: $0.contract == .inverse,
                firstBracket: 0,
                bracketCount: 0,
                profitWeight: $0.profitWeight.raw, highestRate: 0,
                hasFunding: $0.funding != .none || $0.poolInterest != nil,
                fundingIndex: .zero, longOpenInterest: .zero)
        }
        if parameters.markets.contains(where: { $0.pool?.hasTerms == true }) {
            sides = Array(repeating: PoolSides(), count: parameters.markets.count)
        }
        for (index, market) in parameters.markets.enumerated() {
            marketRows[index].splitsFunding = market.splitsFunding
        }
        if parameters.markets.contains(where: \.funding.hasGrace) {
            lastSteps = Array(repeating: .zero, count: parameters.markets.count)
        }
        if marketRows.contains(where: \.splitsFunding) {
            splitFunding = Array(repeating: SplitFunding(), count: parameters.markets.count)
        }
        if parameters.markets.contains(where: { $0.pool?.terms?.deleveraging != nil }) {
            poolFlags = Array(repeating: PoolFlag(), count: 2 * parameters.markets.count)
        }
        if parameters.assets.contains(where: { $0.weightRamp != nil }) { moveWeights(until: start) }
        rebuildSchedules()
        prepareMarks()
        prepareSlowPrices()
        let fixed: [Role] = [.outside, .insuranceFund, .treasury, .liquidityPool, .badDebt]
        for role in fixed { _ = addAccount(owner: .system, role: role) }
        for market in 0..<marketCount {
            _ = addAccount(owner: .system, role: .clearing, market: MarketID(index: market))
            _ = addAccount(owner: .system, role: .funding, market: MarketID(index: market))
        }
        if parameters.backstop != nil { _ = addAccount(owner: .system, role: .backstop) }
        if parameters.assets.contains(where: { $0.interest != nil }) {
            interestRows = parameters.assets.map { InterestRow(model: $0.interest) }
            interestIndexes = Array(repeating: .one, count: accounts.count * assetCount)
            if interestRows.contains(where: { $0.loans != nil }) {
                loans = Array(repeating: Loan(), count: accounts.count * assetCount)
            }
            _ = addAccount(owner: .system, role: .interest)
        }
        if parameters.auctions != nil {
            auctions.debts = Array(repeating: 0, count: assetCount)
            auctions.lots = addAccount(owner: .system, role: .auction)
            auctions.bids = addAccount(owner: .system, role: .bids)
        }
        if parameters.twoStep != nil {
            requests.escrow = addAccount(owner: .system, role: .escrow)
        }
        prepareImpactPools()
        prepareSpotMarkets()
        if case .byWeights = parameters.poolShares?.fee {
            poolShareBook.counted = Array(repeating: 0, count: assetCount)
        }
    }

    /// The other side of every token on the chain.
    public static let outside = AccountID(0)
    public static let insuranceFund = AccountID(1)
    public static let treasury = AccountID(2)
    public static let liquidityPool = AccountID(3)
    public static let badDebt = AccountID(4)
    /// The other side of a market's realised profit.
    public static func clearing(_ market: MarketID) -> AccountID { AccountID(5 + 2 * market.raw) }
    /// The market whose clearing account this would be, whether or not there are so many markets.
    public static func market(clearedBy account: AccountID) -> MarketID? {
        let place = account.raw - 5
        return place >= 0 && place & 1 == 0 ? MarketID(place / 2) : nil
    }
    /// Where a market's funding waits between payer and payee.
    public static func funding(_ market: MarketID) -> AccountID { AccountID(6 + 2 * market.raw) }

    // MARK: Reading

    public var accountCount: Int { accounts.count }
    public var accountIDs: Range<Int32> { 0..<Int32(accounts.count) }
    public func account(_ id: AccountID) -> Account { accounts[id.index] }
    /// What an account holds, or with a minus owes, of an asset, pending interest included. [1e-8 units]
    public func balance(_ id: AccountID, _ asset: AssetID) -> Quantity {
        Quantity(raw: holding(id.index, asset.index))
    }
    public func position(_ id: AccountID, _ market: MarketID) -> Position {
        positions[id.index * marketCount + market.index]
    }
    /// The last accepted report of a feed, or nil before the first.
    public func report(_ feed: FeedID) -> PriceReport? { reports[feed.index] }
    /// What a market's positions are valued at: its mark.
    public func price(of market: MarketID) -> Price { prices[marketRows[market.index].feed] }
    public func price(of asset: AssetID) -> Price { prices[assetRows[asset.index].feed] }
    public func book(_ market: MarketID) -> LimitOrderBook { books[market.index] }
    public func fundingIndex(_ market: MarketID) -> Fixed18 {
        marketRows[market.index].fundingIndex
    }
    /// The sum of all long sizes, equal to that of all short ones. [1e-8 units]
    public func openInterest(_ market: MarketID) -> Quantity {
        marketRows[market.index].longOpenInterest
    }
    public func isOwned(_ id: AccountID, by sender: Address) -> Bool {
        accounts[id.index].owner == sender
            || delegations.contains(Delegation(account: id, delegate: sender))
    }

    // MARK: Genesis

    /// Opens an account outside any transaction: before the first block.
    public mutating func addAccount(
        owner: Address, role: Role, parent: AccountID? = nil, market: MarketID? = nil
    ) -> AccountID {
        let id = AccountID(index: accounts.count)
        accounts.append(Account(owner: owner, role: role, parent: parent, isolatedMarket: market))
        balances.append(contentsOf: repeatElement(0, count: assetCount))
        positions.append(contentsOf: repeatElement(.none, count: marketCount))
        if !interestRows.isEmpty {
            interestIndexes.append(contentsOf: repeatElement(.one, count: assetCount))
            if !loans.isEmpty {
                loans.append(contentsOf: repeatElement(Loan(), count: assetCount))
            }
        }
        if tracksResults {
            resultStates.append(contentsOf: repeatElement(ResultState(), count: marketCount))
        }
        if hasChosenLeverage {
            chosenLeverages.append(contentsOf: repeatElement(0, count: marketCount))
        }
        if !impacts.isEmpty {
            impacts.pending.append(contentsOf: repeatElement(0, count: marketCount))
        }
        if parameters.poolShares != nil { poolShareBook.held.append(0) }
        touched.append(id)
        return id
    }

    /// Brings tokens onto the chain before the first block.
    public mutating func mint(
        _ amount: Quantity, of asset: AssetID, to account: AccountID, into journal: inout [Event]
    ) {
        precondition(amount >= .zero, "genesis balances are not negative")
        move(amount, of: asset.index, from: Self.outside, to: account, .genesis, &journal)
    }

    /// Gives an account a balance, or with a negative amount a debt, before the first block.
    public mutating func seedBalance(
        _ amount: Quantity, of asset: AssetID, to account: AccountID, into journal: inout [Event]
    ) {
        move(amount, of: asset.index, from: Self.outside, to: account, .genesis, &journal)
        if !loans.isEmpty { seedLoan(account, asset) }
    }

    /// Gives an account a position against the pool at a price, before the first block.
    public mutating func seedPosition(
        _ account: AccountID, _ market: MarketID, size: Quantity, entry: Price,
        into journal: inout [Event]
    ) throws(Rejection) {
        let parts = try fillParts(
            taker: account.index, maker: Self.liquidityPool.index, market: market.index,
            size: size, price: entry)
        write(parts, reason: .trade, into: &journal)
    }

    /// Gives an account so much more of a position's result, or with a minus less, before the first block; the pool has the
    /// other side.
    public mutating func seedResult(
        _ account: AccountID, _ market: MarketID, _ amount: Money, into journal: inout [Event]
    ) throws(Rejection) {
        var parts = try fillParts(
            taker: account.index, maker: Self.liquidityPool.index, market: market.index,
            size: .zero, price: price(of: market))
        parts.taker.after.cost -= amount
        parts.maker.after.cost += amount
        guard parts.taker.after.cost.magnitude <= Money(raw: Self.exposureLimit),
            parts.maker.after.cost.magnitude <= Money(raw: Self.exposureLimit)
        else { throw .exposureTooLarge }
        for side in [parts.taker, parts.maker] {
            parts.openCost += side.after.cost.magnitude - side.before.cost.magnitude
        }
        try requireRoom(for: parts)
        write(parts, reason: .trade, into: &journal)
    }

    // MARK: Time

    /// Begins a block: funding accrues up to this time, and the touched list starts anew.
    ///
    /// - Precondition: time does not go back.
    public mutating func advance(to now: Timestamp, into journal: inout [Event]) {
        precondition(now >= time, "time does not go back")
        accrueFunding(until: now, into: &journal)
        if !interestRows.isEmpty { accrueInterest(until: now) }
        if !marks.isEmpty { updateMarks(until: now, into: &journal) }
        if !slowPrices.isEmpty { updateSlowPrices(until: now) }
        if isRamping { moveWeights(until: now) } else { movedWeights = 0 }
        if !proceedings.isEmpty { endProceedings(into: &journal) }
        if !impacts.isEmpty { distributeImpact(until: now, into: &journal) }
        time = now
        swap(&touched, &touchedBefore)
        touched.removeAll(keepingCapacity: true)
        if !blockUsage.isEmpty { blockUsage.removeAll() }
        epoch += 1
        if !windingUp.isEmpty { continueWindingUp(into: &journal) }
    }

    // MARK: Commands

    /// Runs one command for a sender, at the time of the block.
    ///
    /// - Throws: ``Rejection``; then nothing has changed and the journal is as it was.
    public mutating func execute(
        _ command: Command, from sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        switch command {
        case .deposit(let from, let to, let asset, let amount):
            try deposit(amount, of: asset, from: from, to: to, by: sender, into: &journal)
        case .withdraw(let from, let to, let asset, let amount):
            try withdraw(amount, of: asset, from: from, to: to, by: sender, into: &journal)
        case .transfer(let from, let to, let asset, let amount):
            try transfer(amount, of: asset, from: from, to: to, by: sender, into: &journal)
        case .openAccount(let parent, let market):
            try openAccount(parent: parent, isolated: market, by: sender, into: &journal)
        case .setDelegate(let account, let delegate, let allowed):
            try setDelegate(account, delegate, allowed: allowed, by: sender, into: &journal)
        case .configure(let account, let setting):
            try configure(account, setting, by: sender, into: &journal)
        case .trade(let account, let market, let size, let limit, let reduceOnly):
            try trade(
                account, market, size: size, limit: limit, reduceOnly: reduceOnly, by: sender,
                into: &journal)
        case .placeOrder(let account, let market, let order):
            try place(order, account, market, by: sender, into: &journal)
        case .cancelOrder(let account, let market, let order):
            try cancel(order, account, market, by: sender, into: &journal)
        case .postPrice(let feed, let report):
            try post(report, to: feed, by: sender, into: &journal)
        case .liquidate(let account, let payer, let target):
            try liquidate(account, payer: payer, target: target, by: sender, into: &journal)
        case .buyCollateral(let wallet, let asset, let paid, let atLeast):
            try buyCollateral(
                asset, for: paid, atLeast: atLeast, to: wallet, by: sender, into: &journal)
        case .startAuction(let account, let asset, let keeper):
            try startAuction(
                of: account, selling: asset, keeper: keeper, by: sender, into: &journal)
        case .takeAuction(let id, let wallet, let atMost, let price):
            try takeAuction(
                id, wallet: wallet, atMost: atMost, maximumPrice: price, by: sender, into: &journal)
        case .bidAuction(let id, let wallet, let lot, let bid):
            try bidAuction(id, wallet: wallet, lot: lot, bid: bid, by: sender, into: &journal)
        case .restartAuction(let id, let keeper):
            try restartAuction(id, keeper: keeper, by: sender, into: &journal)
        case .settleAuction(let id): try settleAuction(id, into: &journal)
        case .pause(let actions):
            try pause(actions, by: sender, into: &journal)
        case .setParameter(let change):
            try setParameter(change, by: sender, into: &journal)
        case .settleOutside(let wallet, let changes):
            try settleOutside(wallet, changes, by: sender, into: &journal)
        case .payAuction(let wallet, let toProtocol, let toOthers):
            try payAuction(wallet, toProtocol, toOthers, by: sender, into: &journal)
        case .attach(let prices, let command):
            try attach(prices, to: command, by: sender, into: &journal)
        case .reportUptime(let isUp):
            try reportUptime(isUp, by: sender, into: &journal)
        case .requestTrade(let account, let market, let size, let limit, let reduceOnly, let kind):
            try requestTrade(
                account, market, size: size, limit: limit, reduceOnly: reduceOnly, kind: kind,
                by: sender, into: &journal)
        case .executeRequest(let id, let keeper):
            try executeRequest(id, keeper: keeper, by: sender, into: &journal)
        case .cancelRequest(let id): try cancelRequest(id, by: sender, into: &journal)
        case .updateDeleveraging(let market, let isLong):
            try updateDeleveraging(market, isLong ? .long : .short, into: &journal)
        case .deleverage(let account, let market, let size):
            try deleverage(account, market, size: size, into: &journal)
        case .settleResult(let market, let winner, let loser):
            try settleResult(market, winner: winner, loser: loser, into: &journal)
        case .windUp(let market, let stage, let price):
            try windUp(market, stage, at: price, by: sender, into: &journal)
        case .claimImpact(let account):
            try claimImpact(account, by: sender, into: &journal)
        case .addLiquidity(let wallet, let asset, let amount, let atLeast):
            try addLiquidity(
                wallet, asset, amount: amount, atLeast: atLeast, by: sender, into: &journal)
        case .removeLiquidity(let wallet, let shares, let asset, let atLeast):
            try removeLiquidity(
                wallet, shares: shares, asset: asset, atLeast: atLeast, by: sender,
                into: &journal)
        case .placeSpotOrder(let account, let market, let order):
            try placeSpot(order, account, market, by: sender, into: &journal)
        case .cancelSpotOrder(let account, let market, let order):
            try cancelSpotOrder(order, account, market, by: sender, into: &journal)
        }
    }

    /// Notes that an account's holdings changed; repeats in a row are one.
    @inline(__always)
    mutating func touch(_ id: AccountID) {
        if accounts[id.index].role == .margin, touched.last != id { touched.append(id) }
    }

    mutating func replaceParameters(_ new: ProtocolParameters) {
        parameters = new
        rebuildSchedules()
        parameterVersion += 1
        isRamping = new.assets.contains { $0.weightRamp != nil }
    }

    /// Puts an asset's weights in force, and what is left of their ramp.
    mutating func setWeights(
        of asset: Int, _ weights: WeightRamp.Weights, ramp: WeightRamp?
    ) {
        parameters.assets[asset].collateral = weights.collateral
        parameters.assets[asset].liabilityWeight = weights.liability
        parameters.assets[asset].weightRamp = ramp
    }
}
