public import ExactMath

/// A liquidation fee that takes whatever a fill brings above the bankruptcy price, up to a share of it.
///
/// Source: dydxprotocol/v4-chain protocol/x/clob/keeper/liquidations.go
/// (`GetLiquidationInsuranceFundDelta`) and deleveraging.go (`IsValidInsuranceFundDelta`).
public struct CappedLiquidationFee: Hashable, Sendable {
    /// The largest fee as a share of the fill's value. [1e-8]
    public let maximum: Ratio

    /// - Parameter maximum: above zero, at most one.
    public init(maximum: Ratio) {
        precondition(maximum.isPositive && maximum <= .one)
        self.maximum = maximum
    }

    /// What the insurance fund receives from a fill, or pays where negative. [1e-8 USD]
    ///
    /// A fill worse than the bankruptcy price is made good in full; of a better one the fund takes the
    /// surplus, at most the fee, truncated, and the account keeps the rest.
    /// - Parameters:
    ///   - delta: the signed change of the account's size.
    ///   - price: the price of the fill; its value is truncated toward zero.
    ///   - bankruptcyQuote: the money the account receives for the change at its bankruptcy price.
    /// - Returns: nil for a fill of nothing.
    public func insuranceFundDelta(delta: Quantity, at price: Price, bankruptcyQuote: Money)
        throws(ArithmeticOverflow) -> Money?
    {
        guard !delta.isZero else { return nil }
        let quote = -(try delta.value(at: price, rounding: .towardZero))
        let surplus = try quote.adding(-bankruptcyQuote)
        guard surplus.isPositive else { return surplus }
        return min(surplus, try quote.magnitude.scaled(by: maximum, rounding: .down))
    }

    /// Whether the fund can take part in a fill: it receives, or it ends with zero or more.
    public static func isCovered(_ insuranceFundDelta: Money, by balance: Money) -> Bool {
        !insuranceFundDelta.isNegative || balance.raw >= insuranceFundDelta.raw.magnitude
    }
}
