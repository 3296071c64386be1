public import ExactMath
public import MarginRules

/// An asset and how it counts.
public struct AssetParameters: Hashable, Sendable {
    public var name: String
    /// Whose price values it.
    public var feed: FeedID
    /// Against the maintenance requirement, and where there is no other against the initial one.
    public var collateral: CollateralSchedule
    /// Against the initial requirement: what may be borrowed or opened on it. Nil is the same as `collateral`.
    public var initialCollateral: CollateralSchedule?
    /// What a debt in it counts, 0…10.
    public var liabilityWeight: Ratio
    /// What a debt in it counts against the initial requirement; nil is the same as `liabilityWeight`.
    public var initialLiabilityWeight: Ratio?
    /// The discount at which it is seized, where that is not the policy's for all.
    public var liquidationBonus: Ratio?
    /// The insurance fund's share of that bonus, where it is not the policy's for all.
    public var liquidationFee: Ratio?
    /// May a withdrawal make a balance negative? A loss may, always.
    public var borrowable: Bool
    /// The most that all margin accounts together may hold, or nil. [1e-8 units]
    public var depositCap: Quantity?
    /// The most that all margin accounts together may owe, or nil. [1e-8 units]
    public var borrowCap: Quantity?
    /// What a debt in it costs and a holding earns, or nil.
    public var interest: InterestModel?
    /// How what a debt counts grows with the square root of its size, in either requirement; zero for not at all. See
    /// ``SizePremium``.
    public var debtFactor: Ratio = .zero
    /// Once all margin accounts together owe more than this, what a debt counts against the initial requirement grows
    /// with what they owe, up to twenty times its value; nil for no such growth. [1e-8 USD] See ``MarketScaledWeight``.
    public var debtScale: Money?
    /// Up to and with this moment nothing of it is seized and no debt in it repaid by a liquidation; nil for no such
    /// time. Source: aave-dao/aave-v3-origin, ValidationLogic.sol, validateLiquidationCall.
    public var liquidationGraceUntil: Timestamp?
    /// Where `collateral` and `liabilityWeight` are on their way to; nil where they stand. A house moves them with time.
    public var weightRamp: WeightRamp? {
        get { ownRamp.first }
        set { ownRamp = newValue.map { [$0] } ?? [] }
    }
    /// None or one, apart from the rest.
    private var ownRamp: [WeightRamp] = []
    public init(
        name: String, feed: FeedID, collateral: CollateralSchedule,
        initialCollateral: CollateralSchedule? = nil, liabilityWeight: Ratio = .one,
        initialLiabilityWeight: Ratio? = nil, liquidationBonus: Ratio? = nil,
        liquidationFee: Ratio? = nil,
        borrowable: Bool = false, depositCap: Quantity? = nil,
        borrowCap: Quantity? = nil, interest: InterestModel? = nil
    ) {
        self.name = name
        self.feed = feed
        self.collateral = collateral
        self.initialCollateral = initialCollateral
        self.liabilityWeight = liabilityWeight
        self.initialLiabilityWeight = initialLiabilityWeight
        self.liquidationBonus = liquidationBonus
        self.liquidationFee = liquidationFee
        self.borrowable = borrowable
        self.depositCap = depositCap
        self.borrowCap = borrowCap
        self.interest = interest
    }
}

/// What a trade against the liquidity pool costs beyond the oracle price.
public struct PoolPricing: Hashable, Sendable {
    /// Half the spread, paid by every trade.
    public var spread: Ratio
    /// Linear impact: a trade of this notional pays `impactAtDepth` on average. Zero = no impact.
    public var impactDepth: Money
    public var impactAtDepth: Ratio
    /// What a pool that answers for all profit asks beside; nil for one that trades at its price alone.
    public var terms: PoolTerms? {
        get { ownTerms.first }
        set { ownTerms = newValue.map { [$0] } ?? [] }
    }
    /// Trades move the price by what traders hold net against the pool: `index · (1 + (skew + size / 2) / scale)`;
    /// zero for not at all. See ``SkewFillPrice``.
    public var skewScale: Quantity = .zero
    /// None or one, apart from the rest: every trade reads a market's pricing, and most have no terms to copy.
    private var ownTerms: [PoolTerms]
    var hasTerms: Bool { !ownTerms.isEmpty }
    public init(
        spread: Ratio = .zero, impactDepth: Money = .zero, impactAtDepth: Ratio = .zero,
        terms: PoolTerms? = nil
    ) {
        self.spread = spread
        ownTerms = terms.map { [$0] } ?? []
        self.impactDepth = impactDepth
        self.impactAtDepth = impactAtDepth
    }
    /// At oracle price, any size.
    public static let atOracle = PoolPricing()
}

/// How a contract's value follows its price.
public enum ContractKind: Int8, Hashable, Sendable {
    /// A size in units of the underlying: value = size · price.
    case linear
    /// A size in units of money, settled in the underlying: value = size / price, so that a long position's
    /// profit is `size · (1 / entry − 1 / price)`.
    case inverse
}

/// A perpetual market, settled in the protocol's settlement asset.
public struct MarketParameters: Hashable, Sendable {
    public var name: String
    public var feed: FeedID
    public var contract: ContractKind
    public var margin: MarginSchedule
    /// Charged on notional to whoever takes. Paid to the treasury and the pool as `poolFeeShare` says.
    public var takerFee: Ratio
    /// Charged on notional to a resting order; negative is a rebate paid by the treasury.
    public var makerFee: Ratio
    /// The pool's share of taker fees in trades against it.
    public var poolFeeShare: Ratio
    /// May trades go against the liquidity pool? nil = only the order book.
    public var pool: PoolPricing?
    /// The largest one-sided open interest, or nil. [1e-8 USD at the current price]
    public var openInterestCap: Money?
    public var funding: FundingPolicy
    /// How much of a positive unrealised profit counts as equity, 0…1.
    public var profitWeight: Ratio
    /// The same against the initial requirement; nil is the same as `profitWeight`.
    public var initialProfitWeight: Ratio?
    /// The most that an unrealised profit counts against the initial requirement, or nil. [1e-8 USD]
    public var initialProfitCap: Money?
    /// The most that a unit may be worth, where the contract pays that or nothing; nil for no limit. A short's margin is on what
    /// the price may still rise; source: drift-labs/protocol-v2, math/margin.rs (`calculate_perp_position_value_and_pnl`).
    public var maximumPrice: Price?
    /// How an unrealised profit's initial weight falls with the square root of it; zero for not at all. See
    /// ``UnrealisedProfitWeight``.
    public var initialProfitFactor: Ratio = .zero
    /// What a keeper has for flagging an account with such a position, as a share of its value.
    public var flagReward: Ratio = .zero
    /// How much may be liquidated in a while, all accounts together; nil for any amount.
    public var liquidationWindow: LiquidationWindow? {
        get { window.first }
        set { window = newValue.map { [$0] } ?? [] }
    }
    /// None or one, apart from what trades read.
    private var window: [LiquidationWindow] = []
    /// What positions are valued at; nil for the oracle's price.
    public var mark: MarkPolicy? {
        get { ownMark.first }
        set { ownMark = newValue.map { [$0] } ?? [] }
    }
    private var ownMark: [MarkPolicy] = []
    /// What open positions pay the pool for what they use of it; nil for nothing.
    public var poolInterest: PoolInterest? {
        get { ownInterest.first }
        set { ownInterest = newValue.map { [$0] } ?? [] }
    }
    private var ownInterest: [PoolInterest] = []
    public init(
        name: String, feed: FeedID, contract: ContractKind = .linear, margin: MarginSchedule,
        takerFee: Ratio = .zero, makerFee: Ratio = .zero, poolFeeShare: Ratio = .one,
        pool: PoolPricing? = .atOracle, openInterestCap: Money? = nil,
        funding: FundingPolicy = .none, profitWeight: Ratio = .one,
        initialProfitWeight: Ratio? = nil, initialProfitCap: Money? = nil
    ) {
        self.name = name
        self.feed = feed
        self.contract = contract
        self.initialProfitWeight = initialProfitWeight
        self.initialProfitCap = initialProfitCap
        self.margin = margin
        self.takerFee = takerFee
        self.makerFee = makerFee
        self.poolFeeShare = poolFeeShare
        self.pool = pool
        self.openInterestCap = openInterestCap
        self.funding = funding
        self.profitWeight = profitWeight
    }
}

/// What a price feed must satisfy.
public struct FeedParameters: Hashable, Sendable {
    public var name: String
    /// Who may post to it.
    public var reporters: [Address]
    /// A posted price further than this from the last is refused; nil = any. Relative to the last.
    public var maxDeviation: Ratio?
    /// A posted price with a wider relative confidence is refused; nil = any.
    public var maxConfidence: Ratio?
    /// Older than this since observation, the price is stale; nil = never.
    public var maxAge: TimeSpan?
    /// How far ahead of the block's time an observation may be; zero or more.
    public var maxLead: TimeSpan
    /// A posted price takes effect one such period later; nil = at once.
    public var delay: TimeSpan?
    /// May anyone attach a signed price of it to a command?
    public var isPulled: Bool
    /// How much of a report's spread is taken off, of which its confidence is half, before its price has a lower and an
    /// upper bound; nil for one price, whatever its confidence.
    public var spreadReduction: Ratio?
    public init(
        name: String, reporters: [Address], maxDeviation: Ratio? = nil,
        maxConfidence: Ratio? = nil, maxAge: TimeSpan? = nil, maxLead: TimeSpan = .zero,
        delay: TimeSpan? = nil, isPulled: Bool = false
    ) {
        self.maxLead = maxLead
        self.delay = delay
        self.isPulled = isPulled
        self.name = name
        self.reporters = reporters
        self.maxDeviation = maxDeviation
        self.maxConfidence = maxConfidence
        self.maxAge = maxAge
    }
}

/// What a stale price or a pause may block.
public struct Actions: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let deposit = Actions(rawValue: 1)
    /// Withdrawals, and transfers out of an account.
    public static let withdraw = Actions(rawValue: 2)
    /// Anything that increases a position.
    public static let open = Actions(rawValue: 4)
    /// Anything that only reduces one.
    public static let reduce = Actions(rawValue: 8)
    public static let liquidate = Actions(rawValue: 16)
    public static let post = Actions(rawValue: 32)
    public static let all: Actions = [.deposit, .withdraw, .open, .reduce, .liquidate, .post]
}

/// One layer of who pays when an account ends below zero; the last layer takes whatever is left.
public enum LossLayer: Int8, Hashable, Sendable, CaseIterable {
    /// The insurance fund, down to zero.
    case insuranceFund
    /// Every margin account and the pool, in proportion to its positive balance of the asset.
    case socialised
    /// Nobody: it stays on the books as bad debt.
    case badDebt
    /// The protocol's reserves, which have taken the collateral over.
    case reserves
    /// Holders of the other side, who give their positions up at the bankruptcy price; only losses of positions.
    case autoDeleveraging
    /// The backstop vault, down to what it is worth.
    case backstop
    /// The liquidity pool, which was the counterparty: what it won from the account it did not get.
    case pool
    /// The fees that the treasury has collected, down to zero.
    case feePool = 10
    /// Every holder of a position in the market of the loss, in proportion to its size, through the funding index.
    case socialisedByFunding = 11
}

/// A group of correlated assets: an account that enters it borrows at its weights (Aave's e-mode).
public struct CollateralCategory: Hashable, Sendable {
    public var name: String
    /// Whose weights it replaces.
    public var assets: [AssetID]
    public var initialWeight: Ratio
    public var maintenanceWeight: Ratio
    public var liquidationBonus: Ratio
    public init(
        name: String, assets: [AssetID], initialWeight: Ratio, maintenanceWeight: Ratio,
        liquidationBonus: Ratio
    ) {
        self.name = name
        self.assets = assets
        self.initialWeight = initialWeight
        self.maintenanceWeight = maintenanceWeight
        self.liquidationBonus = liquidationBonus
    }
}

/// How a venue writes an account's margin ratio; some rise to their trigger, some fall to it.
public enum MarginRatioConvention: Int8, Hashable, Sendable {
    /// Maintenance requirement over equity: liquidation at 100 % from below.
    case maintenanceOverEquity
    /// Equity over maintenance requirement: liquidation at 100 % from above.
    case equityOverMaintenance
    /// Collateral over debt, both unweighted: spot margin's level.
    case collateralOverDebt
    /// Debt over collateral, both unweighted: loan to value.
    case debtOverCollateral
}

/// Every parameter of a protocol: a preset, decoded.
public struct ProtocolParameters: Hashable, Sendable {
    public var assets: [AssetParameters]
    public var categories: [CollateralCategory]
    public var markets: [MarketParameters]
    public var feeds: [FeedParameters]
    /// The asset profit and loss is paid in; one unit of it is what prices count.
    public var settlementAsset: AssetID
    /// What is refused while a price it needs is stale.
    public var staleBlocks: Actions
    /// What else a price must satisfy, each with what it blocks.
    public var guards: [PriceGuard]
    /// The oldest and the newest price that one command brings along lie no further apart; nil = any.
    public var attachedSpread: TimeSpan?
    public var liquidation: LiquidationPolicy
    public var lossWaterfall: [LossLayer]
    /// Read only where the waterfall names auto-deleveraging.
    public var deleveraging: DeleveragingPolicy
    /// Who takes over the accounts that are too far gone for the market; nil for nobody.
    public var backstop: BackstopPolicy?
    /// On what terms absorbed collateral is sold; nil where it is not.
    public var storefront: CometStorefront?
    /// How collateral is sold by auction for debts in the settlement asset; nil where it is seized instead.
    public var auctions: AuctionPolicy?
    /// Margin by stress of the whole account in place of the markets' schedules, or nil.
    public var stress: StressSchedule?
    /// For those who show an account; no rule depends on it.
    public var marginRatio: MarginRatioConvention
    /// What is left after a withdrawal is at least this share of the value of all positions, 0…1.
    public var withdrawalMargin: Ratio
    public var positionResults: PositionResults = .separate
    public var reductions = ReductionRule.surplus
    /// Whether owners may choose a margin ratio for a whole account.
    public var hasAccountMarginRatio = false
    /// What a trade that adds risk asks for at an old price; nil for no more than at any other.
    public var staleMargin: StaleMargin?
    /// What becomes of holdings whose price is missing, where an account's margin is asked for.
    public var missingPrices = MissingPricePolicy.refuse
    /// How results are paid that closing leaves with their positions; nil where closing pays them.
    public var resultSettlement: ResultSettlement?
    public var slowPrice: SlowPricePolicy = .none
    public var openOrders: OpenOrderPolicy = .none
    /// What keepers are paid where the pool takes all; nil for nothing.
    public var keeper: KeeperTerms?
    /// How trades against the pool go in two steps; nil where they are executed at once.
    public var twoStep: TwoStepPolicy?
    /// How a settled market's positions are closed.
    public var windingUp = WindingUpPolicy.atOnce
    /// Where accounts exchange assets with each other; at most 64.
    public var spotMarkets: [SpotMarketParameters] = []
    /// Whether what open spot orders may bring counts with all deposits, for weights that fall with those and for deposit caps.
    public var countsSpotOrders = false
    /// On what terms the pool has owners; nil where nobody may deposit into it.
    public var poolShares: PoolShareTerms? {
        get { ownPoolShares.first }
        set { ownPoolShares = newValue.map { [$0] } ?? [] }
    }
    /// None or one, apart from the rest.
    private var ownPoolShares: [PoolShareTerms] = []
    /// Whether the price of any feed has a lower and an upper bound.
    var hasPriceBounds: Bool { feeds.contains { $0.spreadReduction != nil } }
    /// Whether a margin ratio may ever hold for a whole account.
    var hasMarginRatios: Bool { hasAccountMarginRatio || staleMargin != nil }
    /// The highest that one may come to; zero where none may hold.
    var highestMarginRatio: Ratio {
        max(hasAccountMarginRatio ? .one : .zero, staleMargin?.ratio ?? .zero)
    }
    public init(
        assets: [AssetParameters], categories: [CollateralCategory] = [],
        markets: [MarketParameters], feeds: [FeedParameters],
        settlementAsset: AssetID = AssetID(0), staleBlocks: Actions = [],
        guards: [PriceGuard] = [], attachedSpread: TimeSpan? = nil,
        liquidation: LiquidationPolicy = LiquidationPolicy(),
        lossWaterfall: [LossLayer] = [.insuranceFund, .badDebt],
        deleveraging: DeleveragingPolicy = DeleveragingPolicy(), backstop: BackstopPolicy? = nil,
        storefront: CometStorefront? = nil, stress: StressSchedule? = nil,
        marginRatio: MarginRatioConvention = .maintenanceOverEquity,
        auctions: AuctionPolicy? = nil, withdrawalMargin: Ratio = .zero
    ) {
        self.assets = assets
        self.categories = categories
        self.markets = markets
        self.feeds = feeds
        self.settlementAsset = settlementAsset
        self.staleBlocks = staleBlocks
        self.guards = guards
        self.attachedSpread = attachedSpread
        self.liquidation = liquidation
        self.lossWaterfall = lossWaterfall
        self.deleveraging = deleveraging
        self.backstop = backstop
        self.storefront = storefront
        self.stress = stress
        self.marginRatio = marginRatio
        self.auctions = auctions
        self.withdrawalMargin = withdrawalMargin
    }
}
