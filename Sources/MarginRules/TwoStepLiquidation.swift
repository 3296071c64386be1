public import ExactMath

/// How a liquidator gets around a close factor: first as much as leaves the account liquidatable, then
/// the close factor's share of what is left.
///
/// Source: Qin, Zhou, Gamito, Jovanovic, Gervais, "An Empirical Study of DeFi Liquidations" (IMC 2021,
/// arXiv:2106.06389), the optimal strategy for a fixed spread.
public struct TwoStepLiquidation: Hashable, Sendable {
    /// [1e-8 USD]
    public var firstRepayment: Money
    /// [1e-8 USD]
    public var secondRepayment: Money

    /// [1e-8 USD]
    public var totalRepayment: Money { firstRepayment + secondRepayment }

    /// The two repayments; nil where the account is not liquidatable.
    ///
    /// The first leaves the health factor below one, and is no more than the close factor or the
    /// collateral allows. With amounts seized rounded up it is the largest that does; rounded down, it
    /// stays clear of the unit that rounding may leave to the account, which `t / (1 − t · (1 + bonus))`
    /// units of repayment are worth.
    /// - Parameters:
    ///   - account: the collateral that is seized, and the whole debt.
    ///   - threshold: the liquidation threshold t of that collateral. [1e-8]
    ///   - otherWeightedCollateral: value times threshold of what is not seized. [1e-8 USD]
    ///   - closeFactor: the share of the debt that one liquidation may repay. [1e-8]
    ///   - rounding: of what is seized; `down` for what protocols do.
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public init?(
        of account: PartialLiquidation, threshold: Ratio, otherWeightedCollateral: Money,
        closeFactor: Ratio, rounding: Rounding
    ) throws(ArithmeticOverflow) {
        let (missing, gain) = account.distance(
            to: .one, threshold: threshold, otherWeightedCollateral: otherWeightedCollateral)
        guard missing > 0 else { return nil }
        let allowed = try Self.largestRepayment(of: account, closeFactor: closeFactor)

        // In 1e-24: a repayment r leaves the account liquidatable while r · gain ≤ room, which is what
        // is missing, less one, or less the threshold's share of a unit of collateral.
        let scale = Int128(scaleE8)
        let room = missing * scale - (rounding == .up ? 1 : Int128(threshold.raw) * scale)
        let spent = try multiplyWide(Int128(allowed.raw), gain, dividingBy: 1, rounding: .down)
        let first: Money
        if spent <= room {
            first = allowed
        } else if gain > 0, room > 0 {
            first = Money(raw: try narrow(room / gain))
        } else {
            first = .zero
        }
        guard let left = try account.repaying(first, rounding: rounding) else { return nil }
        firstRepayment = first
        secondRepayment = try Self.largestRepayment(of: left, closeFactor: closeFactor)
    }

    /// What one liquidation at the close factor repays, no more than the collateral pays for. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public static func largestRepayment(of account: PartialLiquidation, closeFactor: Ratio)
        throws(ArithmeticOverflow) -> Money
    {
        min(
            try account.debt.scaled(by: closeFactor, rounding: .down),
            try account.repayableDebt())
    }

    /// What a liquidator earns on a repayment: the bonus, rounded down. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public static func profit(on repayment: Money, bonus: Ratio)
        throws(ArithmeticOverflow) -> Money
    {
        try repayment.scaled(by: bonus, rounding: .down)
    }
}
