public import ExactMath
public import MarginProtocol

/// A number that is drawn anew for each member of a group.
public enum Distribution: Hashable, Sendable {
    case fixed(Fixed18)
    case uniform(Fixed18, Fixed18)
    case pareto(minimum: Fixed18, shape: Fixed18, maximum: Fixed18?)
    case lognormal(median: Fixed18, sigma: Fixed18, maximum: Fixed18?)
}

/// How an agent bids for block space. A bid is paid in full: it is both fee cap and tip.
public enum FeePolicy: Hashable, Sendable {
    /// Always this much. [wei per gas]
    case fixed(Int64)
    /// A multiple of the price that last got in (base fee, or cheapest included price where blocks are full).
    case multipleOfBase(Ratio)
    /// This share of the profit it expects goes into the fee, never less than the base fee asks.
    case shareOfProfit(Ratio)
    /// A percentile of what got into the last 20 blocks: a wallet's estimate, which lags. [0…100]
    case recentPercentile(Int)
    /// A percentile of what waits in the backlog, by gas: biased by what the backlog is made of. [0…100]
    case waitingPercentile(Int)
    /// Starts low and is raised while it waits; for liquidators.
    case escalating(EscalatingFee)
    /// A share of the profit that is learned; for liquidators.
    case learning(LearningFee)
}

/// What traders do when their maintenance health comes close to its limit.
public struct MarginCallPolicy: Hashable, Sendable {
    /// Acts when equity falls below this multiple of the maintenance requirement.
    public var threshold: Ratio
    /// The share of traders who deposit again as much as brings them back to their initial margin.
    public var topUp: Ratio
    /// The share of traders who close everything.
    public var panic: Ratio
    /// From noticing to sending.
    public var delay: TimeSpan
    /// The share of traders who reduce all their positions alike, to ``targetLeverage``.
    public var deleverage: Ratio
    /// Gross notional over equity.
    public var targetLeverage: Ratio
    public init(
        threshold: Ratio, topUp: Ratio, panic: Ratio, delay: TimeSpan, deleverage: Ratio = .zero,
        targetLeverage: Ratio = Ratio(whole: 2)
    ) {
        self.threshold = threshold
        self.topUp = topUp
        self.panic = panic
        self.delay = delay
        self.deleverage = deleverage
        self.targetLeverage = targetLeverage
    }
}

/// A population of traders with the same habits.
public struct TraderGroup: Hashable, Sendable {
    public enum Mode: Int8, Hashable, Sendable { case cross, isolated }
    public struct Share<ID: Hashable & Sendable>: Hashable, Sendable {
        public var id: ID
        public var share: Ratio
        public init(id: ID, share: Ratio) {
            self.id = id
            self.share = share
        }
    }
    public var name: String
    /// Draws exactly the numbers of this other group, so that the two differ only in what is set differently.
    public var twinOf: String?
    public var count: Int
    public var mode: Mode
    /// What their collateral is held in; shares sum to one.
    public var collateral: [Share<AssetID>]
    /// Each trader's starting worth. [USD]
    public var equity: Distribution
    /// Which markets they trade, by weight.
    public var markets: [Share<MarketID>]
    /// Which assets they hold or owe with borrowed money, by weight; where there are any, they trade no market.
    public var loans: [Share<AssetID>]
    /// How many markets one trader holds positions in at the start.
    public var positions: ClosedRange<Int>
    /// Gross notional over equity at the start, capped by what initial margin allows.
    public var leverage: Distribution
    /// The chance that a position is long.
    public var longBias: Ratio
    /// The share of traders who are hedged: all collateral in the underlying, and short the same amount.
    public var hedged: Ratio
    /// New trades per trader and hour, each resizing one position.
    public var tradesPerHour: Fixed18
    public var onMarginCall: MarginCallPolicy
    public var fee: FeePolicy
    /// How often a trader looks at its account.
    public var poll: TimeSpan
    /// Whether trades go to the order book instead of the pool.
    public var usesBook: Bool
    public var style: TradingStyle
    public init(
        name: String, twinOf: String? = nil, count: Int, mode: Mode = .cross,
        collateral: [Share<AssetID>], equity: Distribution, markets: [Share<MarketID>],
        loans: [Share<AssetID>] = [], positions: ClosedRange<Int> = 1...1, leverage: Distribution,
        longBias: Ratio,
        hedged: Ratio = .zero, tradesPerHour: Fixed18 = .zero, onMarginCall: MarginCallPolicy,
        fee: FeePolicy, poll: TimeSpan, usesBook: Bool = false, style: TradingStyle = .noise
    ) {
        self.name = name
        self.twinOf = twinOf
        self.count = count
        self.mode = mode
        self.collateral = collateral
        self.equity = equity
        self.markets = markets
        self.loans = loans
        self.positions = positions
        self.leverage = leverage
        self.longBias = longBias
        self.hedged = hedged
        self.tradesPerHour = tradesPerHour
        self.onMarginCall = onMarginCall
        self.fee = fee
        self.poll = poll
        self.usesBook = usesBook
        self.style = style
    }
}

/// A group of competing liquidators.
public struct LiquidatorGroup: Hashable, Sendable {
    public enum Inventory: Hashable, Sendable {
        /// Sells all it seizes in the block in which it gets it.
        case sellAtOnce
        /// Sells at most this share of what it holds in each block.
        case workOut(Ratio)
        /// Keeps it.
        case hold
        /// Sells it in so many equal slices, one every so many blocks.
        case work(slices: Int, every: Int)
        /// The same, and is short as much on a perpetual of the protocol until it is sold.
        case hedge(slices: Int, every: Int)
    }
    public var name: String
    public var count: Int
    /// What each may have tied up; where the policy hands positions over, half of it is the margin that
    /// carries them. [1e-8 USD]
    public var capital: Money
    /// How many blocks after what it saw its transaction reaches the mempool.
    public var lag: Int
    /// Looks only every so many blocks.
    public var pollEvery: Int
    public var fee: FeePolicy
    /// Acts only when bonus − gas − expected slippage is at least this. [1e-8 USD]
    public var minimumProfit: Money
    public var inventory: Inventory
    /// Raises the fee of its own pending transaction by the mempool's bump when it has not got in for so
    /// many blocks; zero = never.
    public var bumpAfter: Int
    public var timing: Timing
    public var financing: Financing
    public var sizing: Sizing
    /// nil = nothing ever goes wrong.
    public var failures: Failures?
    /// What each holds of other assets, to repay debts in them: it buys back outside what it has spent.
    public var stock: [Holding]
    /// Sends to builders in private: free when it fails, and unseen.
    public var isPrivate = false
    /// Raises its waiting bids over rivals' in the public mempool by this share beyond theirs; nil = it does
    /// not look.
    public var counterbid: Ratio?
    /// How long after a rival's bid it can raise its own. More than zero.
    public var reaction = TimeSpan(milliseconds: 500)
    /// Bids this share of what it expects to earn for the place behind an oracle report; nil = it does not bid.
    public var auctionShare: Ratio?
    /// What it bids for each round of an express lane. [1e-8 USD]
    public var expressBid: Money = .zero
    /// When members do nothing.
    public var crashes: [Crash] = []

    /// A time in which the first so many members of a group send nothing: `from` ≤ time < `until`.
    public struct Crash: Hashable, Sendable {
        public var from: Timestamp
        public var until: Timestamp
        public var members: Int
        public init(from: Timestamp, until: Timestamp, members: Int) {
            self.from = from
            self.until = until
            self.members = members
        }
    }
    public init(
        name: String, count: Int, capital: Money, lag: Int = 0, pollEvery: Int = 1,
        fee: FeePolicy, minimumProfit: Money = .zero, inventory: Inventory = .sellAtOnce,
        bumpAfter: Int = 0, timing: Timing = .polling, financing: Financing = .own,
        sizing: Sizing = .full, failures: Failures? = nil,
        stock: [Holding] = []
    ) {
        self.name = name
        self.count = count
        self.capital = capital
        self.lag = lag
        self.pollEvery = pollEvery
        self.fee = fee
        self.minimumProfit = minimumProfit
        self.inventory = inventory
        self.bumpAfter = bumpAfter
        self.timing = timing
        self.financing = financing
        self.sizing = sizing
        self.failures = failures
        self.stock = stock
    }
}

/// A group of competing auction keepers.
public struct KeeperGroup: Hashable, Sendable {
    public var name: String
    public var count: Int
    /// What each begins with, in the settlement asset. [1e-8 USD]
    public var capital: Money
    /// What it wants to earn, as a share of what a lot would sell for outside.
    public var margin: Ratio
    /// Which share of the most it would pay it bids where nobody has bid.
    public var opening: Ratio
    /// Whether it bids where another's bid stands.
    public var outbids: Bool
    /// Whether it starts auctions.
    public var starts: Bool
    /// Whether it buys and bids.
    public var bids: Bool
    /// How many blocks after what it saw its transaction reaches the mempool.
    public var lag: Int
    /// Looks only every so many blocks.
    public var pollEvery: Int
    public var fee: FeePolicy
    /// What it wants beyond its margin, after gas. [1e-8 USD]
    public var minimumProfit: Money
    public var inventory: LiquidatorGroup.Inventory
    /// Raises the fee of its own pending transaction by the mempool's bump when it has not got in for so
    /// many blocks; zero = never.
    public var bumpAfter: Int
    public init(
        name: String, count: Int, capital: Money, margin: Ratio = Ratio(percent: 5),
        opening: Ratio = .one, outbids: Bool = true, starts: Bool = true, bids: Bool = true,
        lag: Int = 0, pollEvery: Int = 1, fee: FeePolicy, minimumProfit: Money = .zero,
        inventory: LiquidatorGroup.Inventory = .sellAtOnce, bumpAfter: Int = 0
    ) {
        self.name = name
        self.count = count
        self.capital = capital
        self.margin = margin
        self.opening = opening
        self.outbids = outbids
        self.starts = starts
        self.bids = bids
        self.lag = lag
        self.pollEvery = pollEvery
        self.fee = fee
        self.minimumProfit = minimumProfit
        self.inventory = inventory
        self.bumpAfter = bumpAfter
    }
}

/// A market maker that quotes several markets in the order book.
public struct MarketMakerGroup: Hashable, Sendable {
    public var name: String
    public var count: Int
    public var capital: Money
    public var markets: [MarketID]
    /// Half the distance between its best bid and ask, as a share of the outside price.
    public var halfSpread: Ratio
    /// Quotes at so many levels on each side, each one half-spread further away.
    public var levels: Int
    /// The notional at each level. [1e-8 USD]
    public var size: Money
    /// Replaces its quotes when the outside price has moved by this since it set them.
    public var requote: Ratio
    /// The largest notional it holds in one market before it quotes only the other side. [1e-8 USD]
    public var inventoryLimit: Money
    /// The largest notional it holds in all markets together, each counted without its sign, before it quotes
    /// only what reduces it; nil for no such limit. [1e-8 USD]
    public var jointLimit: Money?
    /// Whether it offsets its fills in the world outside.
    public var hedges: Bool
    public var fee: FeePolicy
    /// What holding the outside asset costs a year. Then it quotes around the price at which that and the market's
    /// funding cancel out, where funding is a premium; nil for quotes around the outside price.
    public var financingRate: Ratio?
    public init(
        name: String, count: Int, capital: Money, markets: [MarketID], halfSpread: Ratio,
        levels: Int, size: Money, requote: Ratio, inventoryLimit: Money, hedges: Bool,
        fee: FeePolicy, jointLimit: Money? = nil, financingRate: Ratio? = nil
    ) {
        self.jointLimit = jointLimit
        self.financingRate = financingRate
        self.name = name
        self.count = count
        self.capital = capital
        self.markets = markets
        self.halfSpread = halfSpread
        self.levels = levels
        self.size = size
        self.requote = requote
        self.inventoryLimit = inventoryLimit
        self.hedges = hedges
        self.fee = fee
    }
}

/// The reporter of one push feed: turns reports into transactions and pays for them.
public struct ReporterPolicy: Hashable, Sendable {
    public var feed: FeedID
    public var fee: FeePolicy
    /// Never bids more than this; above it the feed is priced out. [wei per gas]
    public var maximumFee: Int64?
    /// Bumps a pending report's fee after so many blocks; zero = never: then a cheap one blocks all later.
    public var bumpAfter: Int
    /// When it bids no more than this, whatever else it may; the least where they overlap.
    public var caps: [Cap] = []

    /// A time in which a reporter's bid is capped: `from` ≤ time < `until`. [wei per gas]
    public struct Cap: Hashable, Sendable {
        public var from: Timestamp
        public var until: Timestamp
        public var maximumFee: Int64
        public init(from: Timestamp, until: Timestamp, maximumFee: Int64) {
            self.from = from
            self.until = until
            self.maximumFee = maximumFee
        }
    }

    /// The most that it bids at a time; nil for anything. [wei per gas]
    func maximum(at time: Timestamp) -> Int64? {
        let caps = caps.filter { $0.from <= time && time < $0.until }.map(\.maximumFee)
        return ([maximumFee].compactMap { $0 } + caps).min()
    }
    public init(feed: FeedID, fee: FeePolicy, maximumFee: Int64? = nil, bumpAfter: Int = 0) {
        self.feed = feed
        self.fee = fee
        self.maximumFee = maximumFee
        self.bumpAfter = bumpAfter
    }
}

/// The liquidity pool's own desk: offsets in the world outside what the pool is exposed to.
public struct PoolHedger: Hashable, Sendable {
    /// The share of the pool's position that it offsets.
    public var share: Ratio
    /// Does nothing below this difference. [1e-8 USD]
    public var threshold: Money
    public init(share: Ratio, threshold: Money) {
        self.share = share
        self.threshold = threshold
    }
}

/// All agents of a scenario.
public struct AgentsConfiguration: Hashable, Sendable {
    public var traders: [TraderGroup]
    public var liquidators: [LiquidatorGroup]
    public var marketMakers: [MarketMakerGroup]
    public var reporters: [ReporterPolicy]
    public var poolHedger: PoolHedger?
    public var keepers: [KeeperGroup]
    public var adversaries: [AdversaryGroup]
    public var scripts: [Script]
    /// Read where trades go in two steps; nil is the venue's own.
    public var orderKeepers: [OrderKeeperGroup]?
    public init(
        traders: [TraderGroup] = [], liquidators: [LiquidatorGroup] = [],
        marketMakers: [MarketMakerGroup] = [], reporters: [ReporterPolicy] = [],
        poolHedger: PoolHedger? = nil, keepers: [KeeperGroup] = [],
        adversaries: [AdversaryGroup] = [], scripts: [Script] = []
    ) {
        self.traders = traders
        self.liquidators = liquidators
        self.marketMakers = marketMakers
        self.reporters = reporters
        self.poolHedger = poolHedger
        self.keepers = keepers
        self.adversaries = adversaries
        self.scripts = scripts
    }
}
