public import ExactMath
public import MarginRules

/// Who gives a position up when another's loss is covered by nobody else, and at what price.
public struct DeleveragingPolicy: Hashable, Sendable {
    public enum Order: Hashable, Sendable {
        /// Down a queue, the highest score first.
        case ranked(DeleveragingRank)
        /// All holders of the other side, in proportion to their sizes.
        case proRata
        /// From one holder on, chosen by the time of the block and the account, through all of them in order
        /// of number; who would then be refused an update is passed over. Source: dydxprotocol/v4-chain,
        /// x/clob/keeper/deleveraging.go, where chance chooses the first.
        case unranked
    }
    public enum Price: Int8, Hashable, Sendable {
        /// At which the liquidated account ends with nothing: its counterparties bear the loss.
        case bankruptcy
        /// The protocol's price: the loss stays with the account, and goes to the layers below.
        case mark
    }
    /// Where the liquidity pool stands among the holders of the other side.
    public enum PoolPlace: Int8, Hashable, Sendable {
        case first, last, never
    }
    public var order: Order
    public var price: Price
    public var pool: PoolPlace
    /// Whether a whole position is given up at once, even where a step closes less; source: Hyperliquid's documentation,
    /// Auto-deleveraging.
    public var isWhole: Bool
    /// Whether others also take what an order in the book has left of an account that is worth something, while the
    /// insurance fund, which stands above them, has nothing to take it over with.
    public var takesUnfilled = false
    public init(
        order: Order = .ranked(.profitTimesLeverage), price: Price = .bankruptcy,
        pool: PoolPlace = .last, isWhole: Bool = false
    ) {
        self.order = order
        self.price = price
        self.pool = pool
        self.isWhole = isWhole
    }
}

/// A vault that takes over, at the protocol's price and with all their margin, the accounts that are too far gone
/// for the market; source: Hyperliquid's documentation, Liquidations.
public struct BackstopPolicy: Hashable, Sendable {
    /// Below this share of the maintenance requirement.
    public var below: Ratio
    /// The most that its positions may be worth together, or nil. [1e-8 USD]
    public var cap: Money?
    /// Once it is worth less than this, holders of the other side take its positions at the protocol's price, in the
    /// order of the deleveraging policy; nil for never. [1e-8 USD]
    public var deleverageBelow: Money?
    public init(below: Ratio, cap: Money? = nil, deleverageBelow: Money? = nil) {
        self.below = below
        self.cap = cap
        self.deleverageBelow = deleverageBelow
    }
}

/// What the liquidations of one account may take in one block; source: dydxprotocol/v4-chain,
/// x/clob/keeper/liquidations.go.
public struct LiquidationBlockLimits: Hashable, Sendable {
    /// The value that may be closed. [1e-8 USD]
    public var notional: Money
    /// What the insurance fund may pay. [1e-8 USD]
    public var insuranceLoss: Money
    public init(notional: Money, insuranceLoss: Money) {
        self.notional = notional
        self.insuranceLoss = insuranceLoss
    }
}

/// What the liquidations of an account have taken so far in this block.
struct BlockUsage: Hashable {
    var account: AccountID
    var notional: Money = .zero
    var insuranceLoss: Money = .zero
    /// Bit i is set when a position in market i was closed.
    var markets: UInt64 = 0
}
