public import ExactMath
public import OrderBook

/// Why a balance moved. Numbered for good.
public enum BalanceReason: Int8, Hashable, Sendable, CaseIterable {
    case genesis = 1, deposit, withdrawal, transfer, realizedProfit, funding, takerFee, makerFee
    case liquidationPenalty, collateralSeized, debtRepaid, lossCover, outsideTrade
    case interest, collateralSold
    case auctionStarted = 46, auctionDebt, auctionPaid, auctionPenalty, auctionBought
    case auctionReturned, auctionReward, bidHeld, bidReturned
    case oevPaid = 59
    case fundingLimited
    case executionFeeHeld = 65, executionFeePaid, executionFeeReturned
    case resultTakenOver = 70
    case poolFunding = 75
    case impactSettled = 85, impactHeld, impactDistributed
    case liquidityAdded, liquidityRemoved
    case spotReserved = 90, spotReleased, spotTraded
    public var name: String { String(describing: self) }
}

/// Why a position changed. Numbered for good.
public enum PositionReason: Int8, Hashable, Sendable, CaseIterable {
    case trade = 1, orderMatch, liquidation, deleveraging
    /// A result that waited was paid.
    case resultSettlement = 10
    /// The market was settled.
    case settlement = 80
    public var name: String { String(describing: self) }
}

/// One leg of a movement of tokens.
public struct BalanceChange: Hashable, Sendable {
    public var account: AccountID
    public var asset: AssetID
    public var delta: Quantity
    public var after: Quantity
    public var reason: BalanceReason
}

/// One position's change.
public struct PositionChange: Hashable, Sendable {
    public var account: AccountID
    public var market: MarketID
    public var sizeBefore: Quantity
    public var sizeAfter: Quantity
    /// What the open size cost: entry price · size, signed as the size. [1e-8 USD]
    public var costBefore: Money
    public var costAfter: Money
    public var price: Price
    /// Profit moved from the position into the settlement balance. [1e-8 USD]
    public var realized: Money
    /// Funding paid (positive) or received at this change. [1e-8 USD]
    public var funding: Money
    public var reason: PositionReason
}

/// One match in the book or one trade against the pool.
public struct Fill: Hashable, Sendable {
    public var market: MarketID
    public var taker: AccountID
    public var maker: AccountID
    /// The resting order, or nil against the pool.
    public var makerOrder: OrderID?
    /// Signed from the taker's side.
    public var size: Quantity
    public var price: Price
    public var takerFee: Money
    public var makerFee: Money
}

/// What a liquidation step took.
public enum LiquidationKind: Int8, Hashable, Sendable, CaseIterable {
    /// A position was closed or taken over.
    case position = 1
    /// Collateral was seized for a repaid debt.
    case collateral = 2
    /// Nothing was left to take: only the deficit was booked.
    case deficit = 3
    /// All collateral was seized by the pool, which bears what the positions lose from there on.
    case flagged = 10
    /// Collateral went to an auction, and the debt that it is to pay with it.
    case auction = 13
    /// A position was closed against orders in the book.
    case order = 20
    /// A profit that stayed with its position was taken over.
    case profit = 21
    /// A loss that stayed with its position was taken over.
    case loss = 22
    /// Nobody took a loss over: others bear it.
    case lossLeft = 23
    /// Its open orders were cancelled, which ended it: nothing was taken.
    case ordersCancelled = 27

    /// Of a result, which is an amount of the settlement asset.
    public var isOfResult: Bool {
        switch self {
        case .profit, .loss, .lossLeft: true
        default: false
        }
    }
}

/// One step of a liquidation, complete.
public struct Liquidation: Hashable, Sendable {
    public var account: AccountID
    public var payer: AccountID
    public var kind: LiquidationKind
    /// The market of the position taken; nil for collateral.
    public var market: MarketID?
    /// The seized asset and the repaid one; nil for a position.
    public var seizedAsset: AssetID?
    public var repaidAsset: AssetID?
    /// Signed size of the position part closed, the amount seized, or the result taken over, a loss negative.
    public var size: Quantity
    /// The amount of debt repaid, or of the asset that paid for a result; zero for a position.
    public var repaid: Quantity
    /// The oracle's price of the market or of the seized asset at that moment; of a result, that of the settlement asset.
    public var price: Price
    /// How old that price was, counted from observation.
    public var priceAge: TimeSpan
    public var healthBefore: Health
    public var healthAfter: Health
    /// What the account paid, and who got it.
    public var penalty: Money
    public var toLiquidator: Money
    public var toInsurance: Money
    /// Negative equity that was left and had to be covered.
    public var deficit: Money
}

/// Who paid (part of) a deficit.
public struct LossCover: Hashable, Sendable {
    public var account: AccountID
    public var layer: LossLayer
    /// The account that paid; the bad-debt account where nobody did.
    public var payer: AccountID
    public var asset: AssetID
    public var amount: Quantity
}

/// Everything a transition can say about itself.
public enum Event: Hashable, Sendable {
    case balanceChanged(BalanceChange)
    case positionChanged(PositionChange)
    case filled(Fill)
    case pricePosted(FeedID, PriceReport)
    case orderPlaced(MarketID, Order)
    case orderCancelled(MarketID, Order)
    indirect case liquidated(Liquidation)
    case lossCovered(LossCover)
    /// The account is being liquidated from here on, until it is said to have ended.
    case liquidationBegan(AccountID)
    case liquidationEnded(AccountID)
    case accountOpened(AccountID, owner: Address, role: Role, parent: AccountID?, market: MarketID?)
    case delegateSet(AccountID, Address, allowed: Bool)
    case accountConfigured(AccountID, AccountSetting)
    case fundingAccrued(MarketID, index: Fixed18, ratePer8Hours: Ratio)
    /// Longs and shorts have a rate each; the market's index is that of longs.
    indirect case fundingSplit(FundingSplit)
    /// A market's mark or its index is another than before.
    indirect case markTaken(MarkChange)
    indirect case auctionChanged(AuctionChange)
    case paused(Actions)
    indirect case parameterChanged(ParameterChange)
    /// The uptime feed says whether the sequencer is up.
    case uptimeReported(Bool)
    indirect case requestChanged(RequestChange)
    indirect case poolDeleveraged(PoolDeleveragingStep)
    /// From here on a market's positions only become smaller, or are closed; with the price that governance stated.
    case marketWoundUp(MarketID, MarketStage, price: Price?)
    indirect case impactChanged(ImpactChange)
    indirect case poolSharesChanged(PoolShareChange)
    indirect case spotOrderChanged(SpotOrderChange)
    indirect case spotFilled(SpotFill)
}
