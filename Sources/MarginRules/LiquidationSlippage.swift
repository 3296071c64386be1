public import ExactMath

/// Above which loan-to-value liquidations make an account worse, when what is seized must be sold.
///
/// A repayment that seizes (1 + bonus) times its value lowers the loan-to-value only below
/// 1/(1 + bonus); selling into a thin market lowers that limit to 1/((1 + bonus)·λ). Warmuz,
/// Chaudhary, Pinna, "Toxic Liquidation Spirals", arXiv 2212.07306; McFarlane, arXiv 2510.10171.
public struct LiquidationSlippage: Hashable, Sendable {
    /// What a liquidator receives beyond the repaid value, zero or more.
    public var bonus: Ratio
    /// How much more must be sold for the price falling meanwhile, one or more (λ). [1e-18]
    public var impact: Fixed18

    public init(bonus: Ratio, impact: Fixed18) {
        precondition(bonus >= .zero && impact >= .one)
        self.bonus = bonus
        self.impact = impact
    }

    /// The impact of a constant-product pool on a small sale, rounded up: λ = 1 + 2 · C / R.
    /// [1e-18]
    /// - Parameters:
    ///   - collateral: the value of all collateral that the price is for. [1e-8 USD]
    ///   - reserve: the value of the pool's collateral side, greater than zero; nil for a market so
    ///     deep that it does not move. [1e-8 USD]
    public static func constantProductImpact(collateral: Money, reserve: Money?)
        throws(ArithmeticOverflow) -> Fixed18
    {
        guard let reserve else { return .one }
        let share = try Fixed18(collateral).divided(by: Fixed18(reserve), rounding: .up)
        return .one + share + share
    }

    /// The loan-to-value at which a liquidation changes nothing, rounded down. [1e-18]
    public func criticalLoanToValue() throws(ArithmeticOverflow) -> Fixed18 {
        let factor = try Fixed18(.one + bonus).multiplied(by: impact, rounding: .up)
        return try Fixed18.one.divided(by: factor, rounding: .down)
    }

    /// Whether liquidations make an account of this loan-to-value worse; at the limit they do not.
    public func isToxic(loanToValue: Ratio) -> Bool {
        // loan-to-value · (1 + bonus) · λ > 1, exactly.
        WideProduct(
            loanToValue.unsigned * (Ratio.one + bonus).unsigned, impact.unsigned)
            > WideProduct(oneE18 * 10_000_000_000_000_000, 1)
    }
}
