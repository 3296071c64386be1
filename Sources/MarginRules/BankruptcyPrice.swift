public import ExactMath

/// The price at which a reduction uses up exactly its share of the account's equity.
///
/// The account's net collateral is spread over its positions by maintenance margin. Closing everything
/// at bankruptcy prices leaves the account with nothing and nobody with a loss. Source:
/// dydxprotocol/v4-chain protocol/x/clob/keeper/liquidations.go (`GetBankruptcyPriceInQuoteQuantums`).
public enum BankruptcyPrice {
    /// The signed money that the account receives for a change of size at its bankruptcy price.
    /// [1e-8 USD]
    ///
    /// `−ΔN − ⌊C · |ΔM| / ΣM⌋` with the change of notional ΔN, of maintenance margin ΔM, the account's
    /// net collateral C and maintenance margin ΣM. The floor makes the result round up, against whoever
    /// takes the position, so that closing at it never draws on the insurance fund. Changes are
    /// differences of rounded values, not values of the difference.
    /// - Parameters:
    ///   - notionalAfter: the signed notional of what remains.
    ///   - maintenanceMarginAfter: of what remains; not above what it was.
    /// - Returns: nil where the change does not reduce the position, or the account has no maintenance
    ///   margin by which to spread its equity.
    public static func quote(
        of position: PositionReduction, delta: Quantity, notionalAfter: Money,
        maintenanceMarginAfter: Money
    ) throws(ArithmeticOverflow) -> Money? {
        guard position.isReduced(by: delta), position.account.maintenanceMargin.isPositive else {
            return nil
        }
        precondition(
            maintenanceMarginAfter <= position.maintenanceMargin, "a reduction raises no margin")
        let freed = position.maintenanceMargin - maintenanceMarginAfter
        let equityShare = try multiply(
            position.account.netCollateral.raw, freed.raw,
            dividingBy: position.account.maintenanceMargin.raw, rounding: .down)
        return try (position.notional - notionalAfter).adding(Money(raw: -equityShare))
    }
}
