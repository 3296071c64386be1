public import ExactMath

/// How much collateral a position against a pool must keep.
///
/// Source: gmx-io/gmx-synthetics contracts/position/PositionUtils.sol `isPositionLiquidatable` and
/// `willPositionCollateralBeSufficient`.
public struct PoolMarginRequirement: Sendable, Hashable {
    /// In dollars, whatever the size (`MIN_COLLATERAL_USD`). [1e-8 USD]
    public var minimumCollateral: Money
    /// As a share of the size, when trading (`minCollateralFactor`). [1e-8]
    public var minimumFactor: Ratio
    /// As a share of the size, before liquidation (`minCollateralFactorForLiquidation`). [1e-8]
    public var liquidationFactor: Ratio
    /// By how much the share required when trading grows with the side's open interest
    /// (`minCollateralFactorForOpenInterestMultiplier`). [1e-18 per USD]
    public var openInterestMultiplier: Fixed18

    public init(
        minimumCollateral: Money, minimumFactor: Ratio, liquidationFactor: Ratio,
        openInterestMultiplier: Fixed18
    ) {
        self.minimumCollateral = minimumCollateral
        self.minimumFactor = minimumFactor
        self.liquidationFactor = liquidationFactor
        self.openInterestMultiplier = openInterestMultiplier
    }

    /// On what occasion a position is checked.
    public enum Occasion: Sendable, Hashable, CaseIterable {
        /// A keeper wants to liquidate it, or its owner only added collateral.
        case liquidation
        /// It was opened or increased.
        case increase
        /// It was decreased and remains; the minimum in dollars is not asked for.
        case decrease
    }

    /// Why a position is liquidatable, in the order of the checks.
    public enum Reason: Sendable, Hashable, CaseIterable {
        /// Less remains than the minimum in dollars.
        case minimumCollateral
        /// Nothing remains.
        case insolvent
        /// Less remains than the share of the size.
        case minimumCollateralForLeverage
    }

    /// What remains of the collateral after a closing now. [1e-8 USD]
    ///
    /// The liquidation fee is not part of the fees here.
    /// - Parameters:
    ///   - collateral: valued at its minimum price, rounded down. [1e-8 units]
    ///   - profit: of the whole position at its closing price, the side's cap applied. [1e-8 USD]
    ///   - impact: see ``PoolPriceImpact/forLiquidation(closing:pending:size:)``. [1e-8 USD]
    ///   - fees: see ``PoolPositionFees/value(at:)``. [1e-8 USD]
    public static func remainingCollateral(
        _ collateral: Quantity, price: PriceRange, profit: Money, impact: Money, fees: Money
    ) throws(ArithmeticOverflow) -> Money {
        try collateral.value(at: price.minimum, rounding: .down)
            .adding(profit).adding(impact).adding(-fees)
    }

    /// Why a position of a size is liquidatable with what remains, or nil; equality is healthy,
    /// except that nothing at all is not.
    public func reason(remaining: Money, size: Money, occasion: Occasion)
        throws(ArithmeticOverflow) -> Reason?
    {
        if occasion != .decrease, remaining < minimumCollateral { return .minimumCollateral }
        if !remaining.isPositive { return .insolvent }
        let factor = occasion == .liquidation ? liquidationFactor : minimumFactor
        if remaining < (try size.scaled(by: factor, rounding: .down)) {
            return .minimumCollateralForLeverage
        }
        return nil
    }

    /// The share of the size required of a trade: what the market asks for, or more where open
    /// interest is large. [1e-18]
    /// - Parameter openInterest: the side's, after the trade. [1e-8 USD]
    public func tradingFactor(openInterest: Money) throws(ArithmeticOverflow) -> Fixed18 {
        let grown = try Fixed18(openInterest)
            .multiplied(by: openInterestMultiplier, rounding: .down)
        return max(grown, Fixed18(minimumFactor))
    }

    /// Whether the collateral that a trade leaves is enough for the size that it leaves.
    ///
    /// Unlike the liquidation test this counts a realised loss, but no unrealised profit.
    /// - Parameters:
    ///   - collateral: after the trade. [1e-8 units]
    ///   - realized: what the trade realises; only a loss counts. [1e-8 USD]
    ///   - size: the position's, after the trade. [1e-8 USD]
    ///   - openInterest: the side's, after the trade. [1e-8 USD]
    public func isSufficient(
        _ collateral: Quantity, price: PriceRange, realized: Money, size: Money,
        openInterest: Money
    ) throws(ArithmeticOverflow) -> Bool {
        let left = try collateral.value(at: price.minimum, rounding: .down)
            .adding(min(realized, .zero))
        guard !left.isNegative else { return false }
        let factor = try tradingFactor(openInterest: openInterest)
        return left >= (try size.scaled(by: factor, rounding: .down))
    }
}
