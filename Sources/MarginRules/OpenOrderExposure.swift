public import ExactMath

/// What a perpetual contract can cost its holder.
public enum ContractPayoff: Hashable, Sendable {
    /// Value moves one to one with the price, without bound.
    case linear
    /// A prediction market: the price ends at zero or at most at this; a short risks the rest.
    /// [1e-8 USD per unit]
    case bounded(maximum: Price)

    /// The value at risk of a position, truncated. [1e-8 USD]
    /// - Parameters:
    ///   - size: the signed size.
    ///   - price: the oracle price; negative ones count as zero.
    public func liability(size: Quantity, price: Price) throws(ArithmeticOverflow) -> Money {
        let positive = max(price, .zero)
        switch self {
        case .bounded(let maximum) where size.isNegative:
            return try size.magnitude.value(at: max(maximum - positive, .zero), rounding: .down)
        case .linear, .bounded:
            return try size.magnitude.value(at: positive, rounding: .down)
        }
    }
}

/// A position together with its open orders, in the worse of two cases: all bids fill, or all asks.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/state/user.rs (`worst_case_liability_value`).
public struct OpenOrderExposure: Hashable, Sendable {
    /// The signed size in the worse case; of equal cases, all asks. [1e-8 units]
    public let size: Quantity
    /// Its value at risk. [1e-8 USD]
    public let liability: Money

    /// - Parameters:
    ///   - position: the signed size.
    ///   - bids: the sum of open bids, zero or more.
    ///   - asks: the sum of open asks, zero or more.
    public init(
        position: Quantity, bids: Quantity, asks: Quantity, price: Price, payoff: ContractPayoff
    ) throws(ArithmeticOverflow) {
        precondition(!bids.isNegative && !asks.isNegative, "open orders have no sign")
        let afterBids = try position.adding(bids)
        let afterAsks = try position.adding(-asks)
        let bidsLiability = try payoff.liability(size: afterBids, price: price)
        let asksLiability = try payoff.liability(size: afterAsks, price: price)
        let isAsks = asksLiability >= bidsLiability
        self.size = isAsks ? afterAsks : afterBids
        self.liability = isAsks ? asksLiability : bidsLiability
    }
}
