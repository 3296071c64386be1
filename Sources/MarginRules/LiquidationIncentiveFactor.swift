public import ExactMath

/// How much collateral a liquidator receives per value repaid, from the loan-to-value alone:
/// Morpho.
///
/// `min(maximum, 1 / (1 − cursor · (1 − LLTV)))`. morpho-org/morpho-blue src/Morpho.sol
/// `liquidate`.
public struct LiquidationIncentiveFactor: Hashable, Sendable {
    /// Less than one. Morpho Blue: 0.3.
    public var cursor: Ratio
    /// One or more. Morpho Blue: 1.15.
    public var maximum: Ratio

    public init(cursor: Ratio, maximum: Ratio) {
        precondition(cursor >= .zero && cursor < .one && maximum >= .one)
        self.cursor = cursor
        self.maximum = maximum
    }

    /// The factor of a market, rounded down. [1e-18]
    /// - Parameter loanToValue: the liquidation loan-to-value of the market, zero … one.
    public func factor(loanToValue: Ratio) -> Fixed18 {
        precondition(loanToValue >= .zero && loanToValue <= .one)
        // Both products stay below 1e36, and the divisor is above zero as the cursor is below one.
        let reduction = cursor.unsigned * (Ratio.one - loanToValue).unsigned * 100
        let factor = Fixed18(raw: Int128(oneE18 * oneE18 / (oneE18 - reduction)))
        return min(factor, Fixed18(maximum))
    }
}
