public import ExactMath

/// Prices at which a position reaches a result.
public enum BreakEvenPrice {
    /// The profit of a position that is entered at one price and valued at another, rounded down.
    /// [1e-8 USD]
    /// - Parameter size: signed, negative for a short.
    public static func profit(size: Quantity, entry: Price, price: Price)
        throws(ArithmeticOverflow) -> Money
    {
        try size.value(at: price - entry, rounding: .down)
    }

    /// The price at which a position has a profit, to the nearest: `entry + profit / size`.
    /// - Parameters:
    ///   - profit: negative for a loss.
    ///   - size: signed, negative for a short, not zero.
    public static func price(forProfit profit: Money, size: Quantity, entry: Price)
        throws(ArithmeticOverflow) -> Price
    {
        precondition(!size.isZero, "a position without a size")
        let sign: Int64 = size.isNegative ? -1 : 1
        let move = try multiply(
            profit.raw, sign * scaleE8, dividingBy: size.magnitude.raw, rounding: .nearest)
        return Price(raw: try sum(entry.raw, move))
    }

    /// The distance between two prices as a share of the first, to the nearest.
    /// - Parameter reference: greater than zero.
    public static func slippage(from reference: Price, to price: Price)
        throws(ArithmeticOverflow) -> Ratio
    {
        try Ratio(reference - price, over: reference, rounding: .nearest)
    }

    /// The price of a borrowed asset above which its borrower is liquidatable, rounded up:
    /// collateral value times collateral factor over debt.
    /// - Parameter debt: greater than zero.
    public static func debtPrice(
        collateralValue: Money, collateralFactor: Ratio, debt: Quantity
    ) throws(ArithmeticOverflow) -> Price {
        let limit = product(collateralValue.raw, collateralFactor.raw)
        return Price(raw: try divide(limit, by: debt.raw, rounding: .up))
    }
}
