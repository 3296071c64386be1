public import ExactMath
public import OrderBook

/// What a sender asks the protocol to do.
public enum Command: Hashable, Sendable {
    /// Moves tokens from the sender's wallet account into a margin account or fund.
    case deposit(from: AccountID, to: AccountID, asset: AssetID, amount: Quantity)
    /// Moves tokens out of a margin account into a wallet of the same owner.
    case withdraw(from: AccountID, to: AccountID, asset: AssetID, amount: Quantity)
    /// Moves tokens between a margin account and its isolated child, or two accounts of one owner.
    case transfer(from: AccountID, to: AccountID, asset: AssetID, amount: Quantity)
    /// Opens a margin account; with a parent and a market, an isolated child of it.
    case openAccount(parent: AccountID?, isolated: MarketID?)
    /// Allows or forbids another address to act for an account.
    case setDelegate(account: AccountID, delegate: Address, allowed: Bool)
    /// Chooses a leverage or a collateral category for an account.
    case configure(account: AccountID, AccountSetting)
    /// Trades against the liquidity pool at oracle price; a positive size buys.
    case trade(
        account: AccountID, market: MarketID, size: Quantity, limit: Price?, reduceOnly: Bool)
    /// Trades against the order book; without a price, at market.
    case placeOrder(account: AccountID, market: MarketID, order: OrderRequest)
    case cancelOrder(account: AccountID, market: MarketID, order: OrderID)
    case postPrice(feed: FeedID, report: PriceReport)
    /// Runs one step of a liquidation; `payer` repays and is paid.
    case liquidate(account: AccountID, payer: AccountID, target: LiquidationTarget)
    /// Buys absorbed collateral from the reserves at a discount, for so much of the settlement asset; refused where
    /// that is less than `atLeast`.
    case buyCollateral(wallet: AccountID, asset: AssetID, paid: Quantity, atLeast: Quantity)
    /// Sells collateral of a liquidatable account by auction; `keeper` is a wallet that is paid for it.
    case startAuction(account: AccountID, asset: AssetID, keeper: AccountID)
    /// Buys from a Dutch auction at its price, if that is not above the limit. [settlement units]
    case takeAuction(AuctionID, wallet: AccountID, atMost: Quantity, maximumPrice: Price)
    /// Bids so much of the settlement asset for a lot in an English auction.
    case bidAuction(AuctionID, wallet: AccountID, lot: Quantity, bid: Quantity)
    /// Starts an auction anew that is too old or has fallen too low, or ended without a bid.
    case restartAuction(AuctionID, keeper: AccountID)
    /// Hands the lot of an English auction to its winner; anybody may.
    case settleAuction(AuctionID)
    case pause(Actions)
    indirect case setParameter(ParameterChange)
    /// Exchanges tokens of a wallet with the world outside. Only the simulator may send it.
    case settleOutside(wallet: AccountID, changes: [AssetChange])
    /// Pays for the place behind an oracle report, in the settlement asset: so much to the protocol, so much to
    /// the oracle and the builder.
    case payAuction(wallet: AccountID, toProtocol: Quantity, toOthers: Quantity)
    /// Brings signed prices of pulled feeds along, whose time has come, and runs a command at them. Not nested.
    indirect case attach([AttachedPrice], to: Command)
    /// Says whether the rollup's sequencer is up. Only the simulator may send it.
    case reportUptime(isUp: Bool)
    /// Asks for a trade against the liquidity pool where these go in two steps.
    case requestTrade(
        account: AccountID, market: MarketID, size: Quantity, limit: Price?, reduceOnly: Bool,
        kind: TradeRequest.Kind)
    /// Executes what was asked for; `keeper` is a wallet that is paid for it.
    case executeRequest(RequestID, keeper: AccountID)
    /// Takes back what nobody has executed.
    case cancelRequest(RequestID)
    /// Looks whether the profit of longs or shorts is so large that a pool with terms may close winners.
    case updateDeleveraging(MarketID, isLong: Bool)
    /// Closes so much of a winner, where its pool may.
    case deleverage(account: AccountID, market: MarketID, size: Quantity)
    /// Pays a profit that waits with its position out of a loss in the same market; anybody may.
    case settleResult(MarketID, winner: AccountID, loser: AccountID)
    /// Lets a market's positions only become smaller, or closes them all; at the price, if one is stated.
    case windUp(MarketID, MarketStage, price: Price?)
    /// Brings back to an account what it was charged for price impact above the cap, once it may be claimed.
    case claimImpact(AccountID)
    /// Brings an asset out of a wallet into the liquidity pool, for no fewer than so many shares of it.
    case addLiquidity(wallet: AccountID, asset: AssetID, amount: Quantity, atLeast: Quantity)
    /// Gives shares of the pool back for what they are worth, of one asset or of all in proportion, and refused where
    /// that is worth less than `atLeast`.
    case removeLiquidity(wallet: AccountID, shares: Quantity, asset: AssetID?, atLeast: Money)
    /// Exchanges assets of an account against a spot market's book; without a price, at market. Never reduce-only.
    case placeSpotOrder(account: AccountID, market: SpotMarketID, order: OrderRequest)
    case cancelSpotOrder(account: AccountID, market: SpotMarketID, order: OrderID)
}

/// What an owner may choose for an account.
public enum AccountSetting: Hashable, Sendable {
    /// The initial margin of a market's position is at least notional / leverage; nil is the market's own.
    /// At least 1.
    case leverage(MarketID, Ratio?)
    /// The collateral category, by its place in the protocol's list; nil for none.
    case category(Int?)
    /// Against the initial requirement every position needs at least this share of its value, an asset weighs at most
    /// one less it and a debt at least one more; the settlement asset is left out. 0…1, zero for none.
    case marginRatio(Ratio)
}

/// A signed change of a wallet's balance of one asset.
public struct AssetChange: Hashable, Sendable {
    public var asset: AssetID
    public var delta: Quantity
    public init(asset: AssetID, delta: Quantity) {
        self.asset = asset
        self.delta = delta
    }
}

/// An order as its sender writes it.
public struct OrderRequest: Hashable, Sendable {
    public var side: Side
    /// Greater than zero. [1e-8 units]
    public var size: Quantity
    /// nil = at market, which is immediate-or-cancel.
    public var price: Price?
    public var timeInForce: TimeInForce
    public var reduceOnly: Bool
    public init(
        side: Side, size: Quantity, price: Price?, timeInForce: TimeInForce,
        reduceOnly: Bool = false
    ) {
        self.side = side
        self.size = size
        self.price = price
        self.timeInForce = timeInForce
        self.reduceOnly = reduceOnly
    }
}

/// A price as a reporter signs it: what was seen, and when.
public struct PriceReport: Hashable, Sendable {
    public var round: Int64
    public var price: Price
    /// Half-width of the reporter's uncertainty. [1e-8 USD]
    public var confidence: Price
    /// When the market was looked at; age is counted from here.
    public var observedAt: Timestamp
    /// When the report left for the chain.
    public var publishedAt: Timestamp
    public init(
        round: Int64, price: Price, confidence: Price = .zero, observedAt: Timestamp,
        publishedAt: Timestamp
    ) {
        self.round = round
        self.price = price
        self.confidence = confidence
        self.observedAt = observedAt
        self.publishedAt = publishedAt
    }
}

/// What the liquidator asks to take.
public enum LiquidationTarget: Hashable, Sendable {
    /// What the protocol's order says.
    case next
    /// This position, at most this much of it. Only where the policy leaves the choice.
    case position(MarketID, atMost: Quantity?)
    /// Repay at most this much of this debt and take this collateral.
    case collateral(seize: AssetID, repay: AssetID, atMost: Quantity?)
    /// A result that waits with its position, where they do.
    indirect case result(ResultTarget)
}

/// A change of one parameter while the protocol runs.
public enum ParameterChange: Hashable, Sendable {
    case collateral(AssetID, CollateralSchedule)
    /// Maintenance weights that are reached at once, or linearly between two moments.
    case weights(AssetID, WeightChange)
    /// New rates by bracket; the schedule's form, premiums and fees stay.
    case margin(MarketID, [MarginSchedule.Bracket])
    case openInterestCap(MarketID, Money?)
    case liquidation(LiquidationPolicy)
    case maxAge(FeedID, TimeSpan?)
    case maxDeviation(FeedID, Ratio?)
    case staleBlocks(Actions)
    /// All guards of prices in place of those before.
    case guards([PriceGuard])
    /// For so long from then on liquidations neither seize nor repay an asset; zero or more.
    case liquidationGrace(AssetID, TimeSpan)
}

/// The kinds of command, numbered for good: gas and the database are keyed by them.
public enum CommandKind: Int8, Hashable, Sendable, CaseIterable {
    case deposit = 1, withdraw, transfer, openAccount, setDelegate, trade, placeOrder, cancelOrder
    case postPrice, liquidate, pause, setParameter, settleOutside, configure
    case buyCollateral
    case startAuction = 20, takeAuction, bidAuction, restartAuction, settleAuction
    case attach = 32
    case reportUptime
    case payAuction = 36
    case requestTrade = 45, executeRequest, cancelRequest
    case updateDeleveraging, deleverage
    case settleResult = 50
    case windUp = 58
    case addLiquidity = 62, removeLiquidity, claimImpact
    case placeSpotOrder = 70, cancelSpotOrder

    public var name: String { String(describing: self) }

    /// Only where collateral is sold by auction.
    public var isOfAuctions: Bool {
        switch self {
        case .startAuction, .takeAuction, .bidAuction, .restartAuction, .settleAuction: true
        default: false
        }
    }
}

extension Command {
    /// What is run in the end, without the prices that are brought along.
    public var inner: Command {
        if case .attach(_, let inner) = self { inner } else { self }
    }

    public var kind: CommandKind {
        switch self {
        case .deposit: .deposit
        case .withdraw: .withdraw
        case .transfer: .transfer
        case .openAccount: .openAccount
        case .setDelegate: .setDelegate
        case .configure: .configure
        case .trade: .trade
        case .placeOrder: .placeOrder
        case .cancelOrder: .cancelOrder
        case .postPrice: .postPrice
        case .liquidate: .liquidate
        case .buyCollateral: .buyCollateral
        case .startAuction: .startAuction
        case .takeAuction: .takeAuction
        case .bidAuction: .bidAuction
        case .restartAuction: .restartAuction
        case .settleAuction: .settleAuction
        case .pause: .pause
        case .setParameter: .setParameter
        case .settleOutside: .settleOutside
        case .payAuction: .payAuction
        case .attach: .attach
        case .reportUptime: .reportUptime
        case .requestTrade: .requestTrade
        case .executeRequest: .executeRequest
        case .cancelRequest: .cancelRequest
        case .updateDeleveraging: .updateDeleveraging
        case .deleverage: .deleverage
        case .settleResult: .settleResult
        case .windUp: .windUp
        case .claimImpact: .claimImpact
        case .addLiquidity: .addLiquidity
        case .removeLiquidity: .removeLiquidity
        case .placeSpotOrder: .placeSpotOrder
        case .cancelSpotOrder: .cancelSpotOrder
        }
    }
}
