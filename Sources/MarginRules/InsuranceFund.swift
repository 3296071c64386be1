public import ExactMath

/// What an insurance fund earns or pays when a liquidated position is filled away from its
/// bankruptcy price.
///
/// A better fill feeds the fund, a worse one drains it. Exchanges keep the whole gain, which is the
/// maintenance margin that the liquidated account loses; dYdX keeps a share of the fill at most and
/// leaves the rest to the account.
///
/// Source: BitMEX, "Liquidation"; dydxprotocol/v4-chain `x/clob/keeper/liquidations.go`
/// (`GetLiquidationInsuranceFundDelta`).
public struct InsuranceFund: Hashable, Sendable {
    /// The largest share of the fill that the fund may earn; nil is all.
    public var maximumFee: Ratio?

    public init(maximumFee: Ratio? = nil) { self.maximumFee = maximumFee }

    /// A gain over the bankruptcy price, split; a loss is the fund's alone.
    public struct Split: Hashable, Sendable {
        /// What the fund receives, negative where it pays. [1e-8 USD]
        public let fund: Money
        /// What the liquidated account keeps, zero or more. [1e-8 USD]
        public let account: Money
    }

    /// The split of a fill.
    /// - Parameter fill: what the account received by the fill, negative where it paid (a short).
    /// - Parameter bankruptcy: what it would have received at the bankruptcy price.
    /// - Throws: ``ArithmeticOverflow`` when the difference does not fit.
    public func split(fill: Money, bankruptcy: Money) throws(ArithmeticOverflow) -> Split {
        let gain = try RateArithmetic.difference(fill, bankruptcy)
        guard gain.isPositive, let maximumFee else { return Split(fund: gain, account: .zero) }
        let limit = try fill.magnitude.scaled(by: maximumFee, rounding: .down)
        let fund = min(gain, limit)
        return Split(fund: fund, account: gain - fund)
    }

    /// The split of a fill at a price, against the fund: the fill is rounded down and the
    /// bankruptcy value up.
    /// - Parameter size: the closed position, positive for a long.
    /// - Throws: ``ArithmeticOverflow`` when a value does not fit.
    public func split(
        size: Quantity, fill: Price, bankruptcy: Price
    ) throws(ArithmeticOverflow) -> Split {
        try split(
            fill: try size.value(at: fill, rounding: .down),
            bankruptcy: try size.value(at: bankruptcy, rounding: .up))
    }

    /// What the fund can pay of a loss; the rest is for deleveraging, or for everyone.
    /// - Parameter balance: zero or more.
    /// - Parameter loss: zero or more.
    public static func covered(loss: Money, balance: Money) -> Money {
        precondition(!loss.isNegative && !balance.isNegative, "amounts are not negative")
        return min(loss, balance)
    }
}
