public import ExactMath

/// From which repaid value on a liquidation pays for its gas.
///
/// The bonus on the repaid value must cover `gas · gas price · price of the fee asset`.
public struct LiquidationBreakEven: Hashable, Sendable {
    /// Gas of one liquidation, zero or more. [gas units]
    public var gas: Int64
    /// The liquidator's gain per value repaid, greater than zero.
    public var bonus: Ratio

    public init(gas: Int64, bonus: Ratio) {
        precondition(gas >= 0 && bonus.isPositive)
        self.gas = gas
        self.bonus = bonus
    }

    /// What a liquidation costs, rounded up. [1e-8 USD]
    /// - Parameters:
    ///   - gasPrice: all fees included, zero or more. [wei per gas]
    ///   - feeAssetPrice: of the asset in which gas is paid, with 18 decimals.
    public func cost(gasPrice: Int64, feeAssetPrice: Price) throws(ArithmeticOverflow) -> Money {
        precondition(gasPrice >= 0, "a negative gas price")
        let fee = UInt128(gas) * UInt128(gasPrice)
        return try Money(
            unsigned: try multiplyUnsigned(
                fee, feeAssetPrice.unsigned, dividingBy: oneE18, rounding: .up))
    }

    /// The least repaid value whose bonus covers the cost, rounded up once. [1e-8 USD]
    public func minimumRepay(gasPrice: Int64, feeAssetPrice: Price)
        throws(ArithmeticOverflow) -> Money
    {
        precondition(gasPrice >= 0, "a negative gas price")
        let fee = UInt128(gas) * UInt128(gasPrice)
        return try Money(
            unsigned: try multiplyUnsigned(
                fee, feeAssetPrice.unsigned * UInt128(scaleE8),
                dividingBy: oneE18 * bonus.unsigned, rounding: .up))
    }
}
