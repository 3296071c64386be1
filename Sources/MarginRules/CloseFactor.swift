public import ExactMath

/// How much of a debt one liquidation may repay.
public enum CloseFactor: Hashable, Sendable {
    /// All of it.
    case whole
    /// A share of the debt in the chosen asset; all of it at or below a health factor.
    ///
    /// Aave v3.0 to v3.2: 50 %, all at or below 0.95, to the nearest. Compound v2: 50 %, no health
    /// factor, rounded down.
    case ofReserve(share: Ratio, wholeAtOrBelow: Fixed18?, rounding: Rounding)
    /// A share of the account's debt in all assets, of which the chosen one may be less; all of the
    /// chosen one at or below a health factor, and where its debt or the chosen collateral is small.
    ///
    /// Aave from v3.3 on: 50 %, 0.95, $2,000.
    case ofAccount(share: Ratio, wholeAtOrBelow: Fixed18, wholeBelow: Money)

    /// Aave v3.0 to v3.2.
    public static let aaveV3 = CloseFactor.ofReserve(
        share: Ratio(percent: 50), wholeAtOrBelow: Fixed18(Ratio(percent: 95)), rounding: .nearest)
    /// Aave v3.3 and later.
    public static let aaveV33 = CloseFactor.ofAccount(
        share: Ratio(percent: 50), wholeAtOrBelow: Fixed18(Ratio(percent: 95)),
        wholeBelow: Money(whole: 2000))
    /// Compound v2 on mainnet.
    public static let compoundV2 = CloseFactor.ofReserve(
        share: Ratio(percent: 50), wholeAtOrBelow: nil, rounding: .down)

    /// The largest repayment that one liquidation may ask for. [1e-8 units of the debt asset]
    ///
    /// Sources: aave-dao/aave-v3-origin `LiquidationLogic.executeLiquidationCall`, and tag v3.2.1
    /// `_calculateDebt`; compound-finance/compound-protocol `Comptroller.liquidateBorrowAllowed`.
    /// - Parameters:
    ///   - totalDebt: of the account, in all assets. [1e-8 USD]
    ///   - healthFactor: nil where there is none, that is, infinite. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when a value does not fit.
    public func largestRepayment(
        of pair: LiquidationPair, totalDebt: Money, healthFactor: Fixed18?,
        rounding: LiquidationRounding
    ) throws(ArithmeticOverflow) -> Quantity {
        switch self {
        case .whole:
            return pair.debt
        case .ofReserve(let share, let threshold, let shareRounding):
            if let threshold, let healthFactor, healthFactor <= threshold { return pair.debt }
            return try pair.debt.scaled(by: share, rounding: shareRounding)
        case .ofAccount(let share, let threshold, let smallest):
            if let healthFactor, healthFactor <= threshold { return pair.debt }
            let debtValue = try pair.debtValue(rounding: rounding.debtValue)
            guard try pair.collateralValue() >= smallest, debtValue >= smallest else {
                return pair.debt
            }
            let limit = try totalDebt.scaled(by: share, rounding: .nearest)
            guard debtValue > limit else { return pair.debt }
            return try limit.quantity(at: pair.debtPrice, rounding: .down)
        }
    }
}
