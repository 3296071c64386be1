public import ExactMath
public import OrderBook

/// How positions are liquidated against the order book, in markets without a pool.
///
/// An account's own orders are cancelled first. Then one order closes what the size rule says: at any price where the
/// closing price is the protocol's, else down to the bankruptcy or the fillable price. A maker whose margin does not
/// allow the fill is cancelled, as by any other order.
public struct BookLiquidation: Hashable, Sendable {
    /// What becomes of the part that no order takes.
    public enum Rest: Int8, Hashable, Sendable {
        /// It stays with the account until the next step; source: Hyperliquid's documentation, Liquidations, and
        /// dydxprotocol/v4-chain, x/clob/keeper/liquidations.go, whose order is immediate-or-cancel.
        case stays
        /// It is taken over at once, as everything is where there is no book; source: Binance's and Bybit's liquidation
        /// protocols.
        case takenOver
    }
    public var rest: Rest
    /// Whether an order that cannot be filled whole is not filled at all; source: BitMEX's and Bybit's fill-or-kill orders.
    public var fillsWhole: Bool
    public init(rest: Rest = .takenOver, fillsWhole: Bool = false) {
        self.rest = rest
        self.fillsWhole = fillsWhole
    }
}

/// What a liquidation order does to one resting order.
public struct LiquidationFill: Sendable {
    public var order: OrderID
    public var maker: AccountID
    public var price: Price
    /// The change of the liquidated account's size; zero where the resting order is cancelled.
    public var size: Quantity
    public var makerFee: Money
    /// What the insurance fund has of this fill, or with a minus adds to it, where each fill has its own account.
    public var fundDelta: Money = .zero
    /// Nil where the resting order is cancelled.
    var parts: FillParts?
}
