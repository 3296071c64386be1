public import ExactMath

/// The price of an order against a pool that charges for skew: the mean of the prices before and after
/// the order, each away from the index price by skew over skew scale.
///
/// Source: Synthetixio/synthetix-v3 markets/perps-market/contracts/storage/AsyncOrder.sol
/// (`calculateFillPrice`).
public struct SkewFillPrice: Hashable, Sendable {
    /// The skew at which the price is off by 100 %; zero for no premium. [1e-8 units]
    public let skewScale: Quantity

    /// - Parameter skewScale: zero or more.
    public init(skewScale: Quantity) {
        precondition(!skewScale.isNegative)
        self.skewScale = skewScale
    }

    /// The fill price. [1e-8 USD per unit]
    ///
    /// Kept at eighteen decimals, truncated at each step, and rounded at the end.
    /// - Parameters:
    ///   - size: the signed change of the position.
    ///   - skew: longs less shorts of the market before the order.
    ///   - rounding: up for a purchase and down for a sale favours the pool.
    /// - Throws: ``ArithmeticOverflow`` also where the skew is so negative that the price would be.
    public func price(size: Quantity, index: Price, skew: Quantity, rounding: Rounding)
        throws(ArithmeticOverflow) -> Price
    {
        guard skewScale.isPositive else { return index }
        let before = try premium(at: skew, index: index)
        let after = try premium(at: try skew.adding(size), index: index)
        let sum = Fixed18(index) + Fixed18(index) + before + after
        guard sum >= .zero else { throw ArithmeticOverflow() }
        return try Fixed18(raw: sum.raw / 2).rounded(to: Price.self, rounding)
    }

    private func premium(at skew: Quantity, index: Price) throws(ArithmeticOverflow) -> Fixed18 {
        let share = try Fixed18(skew).divided(by: Fixed18(skewScale), rounding: .towardZero)
        return try Fixed18(index).multiplied(by: share, rounding: .towardZero)
    }

    /// Whether a fill price is worse than the one an order accepts.
    /// - Parameter size: the signed change of the position; a purchase accepts no higher price, a sale
    ///   no lower one.
    public static func exceeds(_ fill: Price, acceptable: Price, size: Quantity) -> Bool {
        (size.isPositive && fill > acceptable) || (size.isNegative && fill < acceptable)
    }
}
