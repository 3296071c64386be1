public import ExactMath

/// What happens when Comet takes over all collateral and all debt of an account.
///
/// The account is credited its collateral at the liquidation factors; what it owes beyond that is
/// forgiven at once, and what is left over stays with it as a supply. Reserves pay for both and get the
/// collateral to sell.
public struct CometAbsorption: Hashable, Sendable {
    /// What the account has afterwards; never negative. [1e-8 units of the base asset]
    public var newBalance: Quantity
    /// By how much reserves shrink: the new balance less the old one. [1e-8 units of the base asset]
    public var basePaidOut: Quantity
    /// [1e-8 USD]
    public var valuePaidOut: Money
    /// The part that no collateral was credited for. [1e-8 units of the base asset]
    public var badDebt: Quantity

    /// Absorbs an account; that it is liquidatable is the caller's check.
    ///
    /// Source: compound-finance/comet `Comet.absorbInternal`.
    /// - Throws: ``ArithmeticOverflow`` when a value does not fit.
    public init(absorbing account: CometAccount) throws(ArithmeticOverflow) {
        var credit = Money.zero
        for item in account.collateral {
            credit = try credit.adding(try item.value(at: item.liquidationFactor))
        }
        let credited = try credit.quantity(at: account.basePrice, rounding: .down)
        let balance = try account.baseBalance.adding(credited)
        newBalance = max(balance, .zero)
        badDebt = newBalance - balance
        basePaidOut = Quantity(
            raw: try narrow(Int128(newBalance.raw) - Int128(account.baseBalance.raw)))
        valuePaidOut = try basePaidOut.value(at: account.basePrice, rounding: .down)
    }
}
