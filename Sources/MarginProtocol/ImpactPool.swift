public import ExactMath
public import MarginRules

/// How a pool keeps price impact apart from its liquidity.
///
/// Impact is then no part of an entry price: it waits with the position, in units of the underlying, and is settled when
/// the position is decreased. Charges go into an account of their own, out of which gains are paid. Source:
/// gmx-io/gmx-synthetics @a5c0c88 contracts/position/DecreasePositionCollateralUtils.sol.
public struct ImpactPoolTerms: Hashable, Sendable {
    /// In what it is counted: an asset whose price is the market's.
    public var asset: AssetID
    /// What depositors have of it each day, while there is more than the minimum. [1e-8 units]
    public var distributionPerDay: Quantity
    public var minimum: Quantity
    /// What the pool may lend it for gains that it cannot pay.
    public var lending: PositionImpactPool.LendingLimit
    /// After so long a charge above the cap may be claimed back.
    public var claimDelay: TimeSpan

    public init(
        asset: AssetID, distributionPerDay: Quantity = .zero, minimum: Quantity = .zero,
        lending: PositionImpactPool.LendingLimit = .none, claimDelay: TimeSpan = .zero
    ) {
        self.asset = asset
        self.distributionPerDay = distributionPerDay
        self.minimum = minimum
        self.lending = lending
        self.claimDelay = claimDelay
    }

    /// What is wrong with it, in words.
    func problems(_ market: MarketParameters, _ parameters: ProtocolParameters) -> [String] {
        var found: [String] = []
        if !parameters.assets.indices.contains(asset.index)
            || parameters.assets[asset.index].feed != market.feed
        {
            found.append("an impact pool is counted in an asset of the market's price")
        }
        if market.pool?.terms?.impact == nil { found.append("an impact pool needs an impact") }
        if parameters.liquidation.closingPrice != .pool {
            found.append("an impact pool needs the pool's closing price")
        }
        if distributionPerDay.isNegative || minimum.isNegative || lending.maximum.isNegative
            || !(Ratio.zero ... .one).contains(lending.factor)
            || !(TimeSpan.zero...(.year)).contains(claimDelay)
        {
            found.append(
                "what an impact pool gives, keeps and is lent is not negative, a delay at most a year"
            )
        }
        return found
    }
}

/// What a fill does to the impact that a pool keeps apart.
struct PoolImpact {
    /// What waits with the position afterwards. [1e-8 units of the underlying]
    var pending: Quantity
    /// What is settled at once.
    var settled = SettledImpact(amount: .zero, excess: .zero)
}

/// The movements of a settled impact, computed and not yet written.
struct ImpactSettlement {
    /// What waits with the position afterwards. [1e-8 units of the underlying]
    var pending: Quantity
    /// Paid to the account, or with a minus by it. [1e-8 settlement units]
    var amount: Int64
    /// Taken from the account and held for it. [1e-8 settlement units]
    var held: Int64
    /// The change of the impact pool. [1e-8 units of the underlying]
    var tokens: Int64

    /// What the account's settlement balance loses.
    var cost: Int64 { held - amount }
}

/// A charge above the cap that is held for whoever paid it.
public struct ImpactClaim: Hashable, Sendable {
    public var account: AccountID
    public var market: MarketID
    /// [1e-8 settlement units]
    public var amount: Quantity
    /// It may be claimed after this moment.
    public var since: Timestamp
}

/// One step of the impact that waits with a position, or of what is held of it. Claims have no market.
public struct ImpactChange: Hashable, Sendable {
    public var account: AccountID
    public var market: MarketID?
    /// What waits with the position. [1e-8 units of the underlying]
    public var pendingBefore: Quantity
    public var pendingAfter: Quantity
    /// Paid to the account, or with a minus by it. [1e-8 settlement units]
    public var settled: Quantity
    /// Taken from the account and held for it, or with a minus given back. [1e-8 settlement units]
    public var held: Quantity
    /// The change of the market's impact pool. [1e-8 units of the underlying]
    public var poolChange: Quantity
}

/// The impact that pools keep apart; empty where none does.
struct ImpactBook: Hashable {
    /// By market; nil where its pool keeps none apart.
    var pools: [AccountID?] = []
    /// Per account and market. [1e-8 units of the underlying]
    var pending: [Int64] = []
    /// By market, since when depositors have not had their part.
    var since: [Timestamp] = []
    /// Where charges above the cap are held; nil where there is no impact pool.
    var claims: AccountID?
    /// In order of time.
    var claimable: [ImpactClaim] = []

    var isEmpty: Bool { pools.isEmpty }
}
