public import ExactMath

/// What repaying part of a debt out of collateral at a fixed bonus does to an account: closed forms that
/// hold for every protocol of this kind, before its own rounding.
///
/// Sources: Qin et al., "An Empirical Study of DeFi Liquidations" (IMC 2021); Warmuz et al., "Toxic
/// Liquidation Spirals" (2022).
public struct PartialLiquidation: Hashable, Sendable {
    /// What can be seized. [1e-8 USD]
    public var collateral: Money
    /// What is owed. [1e-8 USD]
    public var debt: Money
    /// What the liquidator gets above the value repaid. [1e-8]
    public var bonus: Ratio

    /// - Precondition: nothing is negative.
    public init(collateral: Money, debt: Money, bonus: Ratio) {
        precondition(!collateral.isNegative && !debt.isNegative && !bonus.isNegative)
        self.collateral = collateral
        self.debt = debt
        self.bonus = bonus
    }

    /// The loan-to-value above which every partial liquidation makes an account worse: 1 / (1 + bonus).
    /// [1e-8]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public static func toxicThreshold(bonus: Ratio, rounding: Rounding)
        throws(ArithmeticOverflow) -> Ratio
    {
        try Ratio.one.divided(by: Ratio.one + bonus, rounding: rounding)
    }

    /// Whether a partial liquidation raises the loan-to-value: debt times (1 + bonus) exceeds the
    /// collateral, strictly. At equality nothing changes.
    public var worsensLoanToValue: Bool {
        product(debt.raw, (Ratio.one + bonus).raw) > product(collateral.raw, scaleE8)
    }

    /// Debt over collateral; nil without collateral. [1e-8]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func loanToValue(rounding: Rounding) throws(ArithmeticOverflow) -> Ratio? {
        guard collateral.isPositive else { return nil }
        return try Ratio(debt, over: collateral, rounding: rounding)
    }

    /// The account after a repayment, which takes the repayment times (1 + bonus) of the collateral.
    ///
    /// Nil where the repayment exceeds the debt or the collateral does not pay for it.
    /// - Parameters:
    ///   - repayment: zero or more. [1e-8 USD]
    ///   - rounding: of what is seized.
    /// - Throws: ``ArithmeticOverflow`` when what is seized does not fit.
    public func repaying(_ repayment: Money, rounding: Rounding)
        throws(ArithmeticOverflow) -> PartialLiquidation?
    {
        precondition(!repayment.isNegative, "a negative repayment")
        guard repayment <= debt else { return nil }
        let seized = try repayment.scaled(by: Ratio.one + bonus, rounding: rounding)
        guard seized <= collateral else { return nil }
        return PartialLiquidation(
            collateral: collateral - seized, debt: debt - repayment, bonus: bonus)
    }

    /// The debt that all of the collateral pays for, its bonus taken: collateral / (1 + bonus), rounded
    /// down. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func repayableDebt() throws(ArithmeticOverflow) -> Money {
        try collateral.divided(by: Ratio.one + bonus, rounding: .down)
    }

    /// The debt that is left when liquidators have taken everything; zero where all is repaid.
    /// [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func badDebtWhenFullyLiquidated() throws(ArithmeticOverflow) -> Money {
        max(.zero, debt - (try repayableDebt()))
    }

    /// The smallest repayment after which the health factor is at least `target`, rounded up: with
    /// weighted collateral W, debt D and the threshold t of what is seized,
    /// `(target · D − W) / (target − t · (1 + bonus))`. [1e-8 USD]
    ///
    /// Zero where the health factor is there already. Nil where no repayment gets there: each one makes
    /// it worse (`target ≤ t · (1 + bonus)`), or the collateral ends first. Where what is seized is
    /// rounded down, the account is there for certain; rounded up, it may be short by that unit.
    /// - Parameters:
    ///   - target: the health factor wanted. [1e-8]
    ///   - threshold: the liquidation threshold of the collateral that is seized. [1e-8]
    ///   - otherWeightedCollateral: value times threshold of what is not seized. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public func smallestRepayment(
        restoring target: Ratio, threshold: Ratio, otherWeightedCollateral: Money
    ) throws(ArithmeticOverflow) -> Money? {
        let (missing, gain) = distance(
            to: target, threshold: threshold, otherWeightedCollateral: otherWeightedCollateral)
        guard missing > 0 else { return .zero }
        guard gain > 0 else { return nil }
        let repayment = try multiplyWide(
            missing, Int128(scaleE8), dividingBy: gain, rounding: .up)
        guard repayment <= Int128(debt.raw) else { return nil }
        let result = Money(raw: try narrow(repayment))
        return try repaying(result, rounding: .down) == nil ? nil : result
    }

    /// By how much the weighted collateral misses the target times the debt, and by how much a unit
    /// repaid lessens that; both may be negative. [1e-16 USD; 1e-16]
    func distance(to target: Ratio, threshold: Ratio, otherWeightedCollateral: Money)
        -> (missing: Int128, gain: Int128)
    {
        let missing =
            product(debt.raw, target.raw) - product(collateral.raw, threshold.raw)
            - product(otherWeightedCollateral.raw, scaleE8)
        let gain = product(target.raw, scaleE8) - product(threshold.raw, (Ratio.one + bonus).raw)
        return (missing, gain)
    }
}
