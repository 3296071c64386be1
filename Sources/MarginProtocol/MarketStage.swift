import ExactMath

/// How far a market has been wound up. Numbered for good.
public enum MarketStage: Int8, Hashable, Sendable, CaseIterable {
    /// Positions may only become smaller.
    case reducing = 1
    /// Nobody trades any more, and what is open is closed.
    case settled = 2
}

/// How the positions of a settled market are closed where governance states no price.
public enum WindingUpPolicy: Hashable, Sendable {
    /// All of them at once, at the protocol's price of that moment; source: Binance's and Bybit's announcements of
    /// delistings, which settle at an average of the index.
    case atOnce
    /// One account after the other against holders of the other side, as deleveraging chooses them: at the protocol's price,
    /// or at the bankruptcy price of an account that is worth less than nothing. So many accounts are tried in a
    /// block; source: dydxprotocol/v4-chain, x/clob/keeper/deleveraging.go.
    case deleveraged(perBlock: Int)
}

/// A market that is being wound up.
struct WindingUp: Hashable {
    var market: Int
    var stage: MarketStage
    /// What one side held when it began. [1e-8 units]
    var openInterest: Quantity
    /// Whether positions are closed one after the other.
    var isDeleveraged = false
}
