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
    /// The highest of them all, at least one. [1e-8]
    var highestWeight = scaleE8
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
