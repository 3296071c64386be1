public import ExactMath

/// How much of a balance counts as collateral: marginal tiers, as an income tax.
///
/// One tier is a flat haircut (`weight` = 1 − haircut). With several, the part of the holding between
/// two floors counts with the lower floor's weight, so that the weighted value is continuous.
public struct CollateralSchedule: Hashable, Sendable {
    /// What the floors of the tiers measure.
    public enum Basis: Int8, Hashable, Sendable {
        /// The holding's value. [1e-8 USD]
        case value
        /// The holding's amount. [1e-8 units]
        case quantity
    }
    public struct Tier: Hashable, Sendable {
        /// Where the tier begins, in the schedule's basis; the first begins at zero. [1e-8]
        public var floor: Int64
        /// The share that counts, 0…1.
        public var weight: Ratio
        public init(floor: Int64, weight: Ratio) {
            self.floor = floor
            self.weight = weight
        }
    }
    public var basis: Basis
    public var tiers: [Tier]
    public init(basis: Basis, tiers: [Tier]) {
        self.basis = basis
        self.tiers = tiers
    }
    /// The same weight for any amount.
    public static func flat(_ weight: Ratio) -> CollateralSchedule {
        CollateralSchedule(basis: .value, tiers: [Tier(floor: 0, weight: weight)])
    }
}

/// An asset and how it counts.
public struct AssetParameters: Hashable, Sendable {
    public var name: String
    /// Whose price values it.
    public var feed: FeedID
    public var collateral: CollateralSchedule
    /// What a debt in it counts, ≥ 1.
    public var liabilityWeight: Ratio
    /// May a withdrawal make a balance negative? A loss may, always.
    public var borrowable: Bool
    /// The most that all margin accounts together may hold, or nil. [1e-8 units]
    public var depositCap: Quantity?
    public init(
        name: String, feed: FeedID, collateral: CollateralSchedule, liabilityWeight: Ratio = .one,
        borrowable: Bool = false, depositCap: Quantity? = nil
    ) {
        self.name = name
        self.feed = feed
        self.collateral = collateral
        self.liabilityWeight = liabilityWeight
        self.borrowable = borrowable
        self.depositCap = depositCap
    }
}

/// Margin as a function of a position's notional: brackets with deduction, so that it is continuous.
///
/// One bracket is a flat rate. With several, the part of the notional above each floor is charged that
/// bracket's rate; exchanges publish the same as `notional · rate − deduction`.
public struct MarginSchedule: Hashable, Sendable {
    public struct Bracket: Hashable, Sendable {
        /// Where the bracket begins; the first at zero. [1e-8 USD]
        public var floor: Money
        public var initialRate: Ratio
        public var maintenanceRate: Ratio
        public init(floor: Money, initialRate: Ratio, maintenanceRate: Ratio) {
            self.floor = floor
            self.initialRate = initialRate
            self.maintenanceRate = maintenanceRate
        }
    }
    public var brackets: [Bracket]
    public init(brackets: [Bracket]) { self.brackets = brackets }
    public static func flat(initial: Ratio, maintenance: Ratio) -> MarginSchedule {
        MarginSchedule(brackets: [
            Bracket(floor: .zero, initialRate: initial, maintenanceRate: maintenance)
        ])
    }
}

/// How the long and the short side of a market pay each other over time.
public enum FundingPolicy: Hashable, Sendable {
    case none
    /// The rate per eight hours is `skew / skewScale · maximumRate`, clamped to ± `maximumRate`, where
    /// skew is what traders hold net against the pool; it accrues continuously on the index price.
    case skew(maximumRate: Ratio, skewScale: Quantity)
}

/// What a trade against the liquidity pool costs beyond the oracle price.
public struct PoolPricing: Hashable, Sendable {
    /// Half the spread, paid by every trade.
    public var spread: Ratio
    /// Linear impact: a trade of this notional pays `impactAtDepth` on average. Zero = no impact.
    public var impactDepth: Money
    public var impactAtDepth: Ratio
    public init(
        spread: Ratio = .zero, impactDepth: Money = .zero, impactAtDepth: Ratio = .zero
    ) {
        self.spread = spread
        self.impactDepth = impactDepth
        self.impactAtDepth = impactAtDepth
    }
    /// At oracle price, any size.
    public static let atOracle = PoolPricing()
}

/// A perpetual market, linear, settled in the protocol's settlement asset.
public struct MarketParameters: Hashable, Sendable {
    public var name: String
    public var feed: FeedID
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
    public init(
        name: String, feed: FeedID, margin: MarginSchedule, takerFee: Ratio = .zero,
        makerFee: Ratio = .zero, poolFeeShare: Ratio = .one, pool: PoolPricing? = .atOracle,
        openInterestCap: Money? = nil, funding: FundingPolicy = .none, profitWeight: Ratio = .one
    ) {
        self.name = name
        self.feed = feed
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
    public init(
        name: String, reporters: [Address], maxDeviation: Ratio? = nil,
        maxConfidence: Ratio? = nil, maxAge: TimeSpan? = nil
    ) {
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

/// How an unhealthy account is brought back, or closed.
public struct LiquidationPolicy: Hashable, Sendable {
    public enum Trigger: Int8, Hashable, Sendable {
        /// Liquidatable when equity < requirement.
        case strict
        /// Liquidatable when equity ≤ requirement.
        case inclusive
    }
    public enum Order: Int8, Hashable, Sendable {
        case mostUnprofitableFirst, largestFirst, liquidatorsChoice
    }
    public enum Size: Hashable, Sendable {
        /// At most this share of the position (or debt) a step; all of it when what would remain is
        /// worth less than `dust`, or when equity has fallen below `fullBelow` of the requirement.
        case closeFactor(Ratio, fullBelow: Ratio, dust: Money)
        /// As little as brings equity to this multiple of the requirement; all if nothing does.
        case targetHealth(Ratio)
        /// The whole position, one a step.
        case wholePosition
        /// Every position at once.
        case wholeAccount
    }
    public enum Taker: Int8, Hashable, Sendable {
        /// Positions go to the liquidator, who needs the margin for them.
        case liquidator
        /// Positions are closed against the liquidity pool.
        case pool
    }
    public var trigger: Trigger
    public var order: Order
    public var size: Size
    /// What the account pays on closed notional. Split by `liquidatorShare`, the rest to insurance.
    public var penalty: Ratio
    public var liquidatorShare: Ratio
    /// The discount at which seized collateral repays a debt.
    public var collateralBonus: Ratio
    /// The insurance fund's share of that bonus.
    public var collateralBonusInsuranceShare: Ratio
    public var taker: Taker
    /// At most one step per account per block?
    public var oncePerBlock: Bool
    public init(
        trigger: Trigger = .strict, order: Order = .mostUnprofitableFirst,
        size: Size = .closeFactor(Ratio(percent: 50), fullBelow: .zero, dust: .zero),
        penalty: Ratio = Ratio(percent: 1), liquidatorShare: Ratio = .one,
        collateralBonus: Ratio = Ratio(percent: 5),
        collateralBonusInsuranceShare: Ratio = .zero, taker: Taker = .pool,
        oncePerBlock: Bool = false
    ) {
        self.trigger = trigger
        self.order = order
        self.size = size
        self.penalty = penalty
        self.liquidatorShare = liquidatorShare
        self.collateralBonus = collateralBonus
        self.collateralBonusInsuranceShare = collateralBonusInsuranceShare
        self.taker = taker
        self.oncePerBlock = oncePerBlock
    }
}

/// One layer of who pays when an account ends below zero; the last layer takes whatever is left.
public enum LossLayer: Int8, Hashable, Sendable {
    /// The insurance fund, down to zero.
    case insuranceFund
    /// Every margin account and the pool, in proportion to its positive balance of the asset.
    case socialised
    /// Nobody: it stays on the books as bad debt.
    case badDebt
}

/// Every parameter of a protocol: a preset, decoded.
public struct ProtocolParameters: Hashable, Sendable {
    public var assets: [AssetParameters]
    public var markets: [MarketParameters]
    public var feeds: [FeedParameters]
    /// The asset profit and loss is paid in; one unit of it is what prices count.
    public var settlementAsset: AssetID
    /// What is refused while a price it needs is stale.
    public var staleBlocks: Actions
    public var liquidation: LiquidationPolicy
    public var lossWaterfall: [LossLayer]
    public init(
        assets: [AssetParameters], markets: [MarketParameters], feeds: [FeedParameters],
        settlementAsset: AssetID = AssetID(0), staleBlocks: Actions = [],
        liquidation: LiquidationPolicy = LiquidationPolicy(),
        lossWaterfall: [LossLayer] = [.insuranceFund, .badDebt]
    ) {
        self.assets = assets
        self.markets = markets
        self.feeds = feeds
        self.settlementAsset = settlementAsset
        self.staleBlocks = staleBlocks
        self.liquidation = liquidation
        self.lossWaterfall = lossWaterfall
    }
}
