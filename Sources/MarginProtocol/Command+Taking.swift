import OrderBook

extension Command {
    /// Whether it may trade the moment it runs: a trade, a liquidation, or an order that may match.
    public var mayTradeAtOnce: Bool {
        switch self {
        case .trade, .liquidate, .executeRequest, .deleverage: true
        case .placeOrder(_, _, let order): order.timeInForce != .postOnly
        default: false
        }
    }
}
