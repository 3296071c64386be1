public import ExactMath
public import MarginRules

/// How orders that rest in the books of perpetual markets are part of margin.
///
/// Orders that may only reduce a position ask for none but what every order is charged.
public enum OpenOrderPolicy: Hashable, Sendable {
    /// Not at all: an order's margin is looked at when it is placed and when it is filled; source: Hyperliquid's
    /// documentation, Order book.
    case none
    /// Of all bids filled and all asks filled the one whose value at the protocol's price is larger, asks at a tie, counts as
    /// the position, against either requirement; and each order needs a fixed sum. Source: drift-labs/protocol-v2,
    /// state/user.rs (`worst_case_liability_value`, `margin_requirement_for_open_orders`). See ``OpenOrderExposure``.
    case worstLiability(perOrder: Money)
    /// The worse result of all bids filled and all asks filled at the protocol's price, of which the initial health has the
    /// worse one, against either requirement; source: blockworks-foundation/mango-v4, health/cache.rs. See
    /// ``PerpetualHealth``.
    case worstResult
    /// Orders count at their own prices.
    case atOrderPrices(OrderPriceTerms)

    /// Do orders count against the maintenance requirement too?
    var countsInMaintenance: Bool {
        switch self {
        case .none: false
        case .worstLiability, .worstResult: true
        case .atOrderPrices(let terms): terms.countsInMaintenance
        }
    }
}

/// What open orders at their own prices are charged.
///
/// What an order would lose at once, by its price against the mark, is part of its margin. Sources: Binance's support faq
/// 87fa7ee33b574f7084d42bd2ce2e463b (open loss); OKX's notice of 24 October 2024 (order loss); Bybit's glossary of the
/// unified trading account (order loss).
public struct OrderPriceTerms: Hashable, Sendable {
    public var netting: OpenOrderNotional.Netting
    public var countsInMaintenance: Bool
    /// Is the taker's fee on the orders set aside? Sources: Bybit's order cost, BitMEX's exchange guide.
    public var reservesFee: Bool
    public init(
        netting: OpenOrderNotional.Netting = .largerSide, countsInMaintenance: Bool = false,
        reservesFee: Bool = false
    ) {
        self.netting = netting
        self.countsInMaintenance = countsInMaintenance
        self.reservesFee = reservesFee
    }
}

extension ProtocolParameters {
    /// What is wrong with open orders as part of margin under the other rules, in words.
    var openOrderProblems: [String] {
        guard openOrders != .none else { return [] }
        var found: [String] = []
        if (openOrders == .worstResult) != (positionResults == .inBalance) {
            found.append(
                "open orders: the worst result belongs to results that join the balance, and only there"
            )
        }
        if case .worstLiability(let perOrder) = openOrders {
            if perOrder.isNegative || perOrder > Money(whole: 1000) {
                found.append("open orders: what an order needs is between $0 and $1000")
            }
            if markets.contains(where: { $0.contract == .inverse }) {
                found.append("open orders: the worst liability is one of linear contracts")
            }
        }
        if stress != nil {
            found.append(
                "open orders: under stress the margin is the account's, not its positions'")
        }
        if markets.contains(where: { $0.pool?.hasTerms == true }) {
            found.append("open orders: a pool with terms has no order book")
        }
        if openOrders.countsInMaintenance, auctions != nil {
            found.append("open orders: an auction closes no positions")
        }
        return found
    }
}
