public import ExactMath

/// Liquidation at a discount that grows as health falls, up to a target health: Euler v1.
///
/// The discount rises continuously while the account gets worse, so it works as a Dutch auction in
/// the price; a liquidator with free liquidity of its own gets a boosted one. As much may be repaid
/// as brings the account back to the target health. Formulas and order of rounding as in
/// euler-xyz/euler-contracts contracts/modules/Liquidation.sol `computeLiqOpp`.
public struct SoftLiquidation: Hashable, Sendable {
    /// The share of the repaid amount that the liquidator pays on top, into the reserves; also the
    /// discount at a health of one. Euler: 2 %.
    public var reservesFee: Ratio
    /// The largest discount under any conditions, less than one. Euler: 20 %.
    public var maximumDiscount: Ratio
    /// The booster of a liquidator whose average liquidity covers the whole liability, one or more.
    /// Euler: 2.
    public var boosterSlope: Ratio
    /// The most that the booster may add to the base discount. Euler: 2.5 %.
    public var maximumBoosterDiscount: Ratio
    /// The health that the largest repayment restores, one or more. Euler: 1.25.
    public var targetHealth: Ratio
    /// The window over which a liquidator's liquidity is averaged. Euler: 24 hours.
    public var averagingPeriod: TimeSpan

    public init(
        reservesFee: Ratio, maximumDiscount: Ratio, boosterSlope: Ratio,
        maximumBoosterDiscount: Ratio, targetHealth: Ratio, averagingPeriod: TimeSpan
    ) {
        precondition(reservesFee >= .zero && maximumBoosterDiscount >= .zero)
        precondition(maximumDiscount >= .zero && maximumDiscount < .one)
        precondition(boosterSlope >= .one && targetHealth >= .one)
        precondition(averagingPeriod > .zero)
        self.reservesFee = reservesFee
        self.maximumDiscount = maximumDiscount
        self.boosterSlope = boosterSlope
        self.maximumBoosterDiscount = maximumBoosterDiscount
        self.targetHealth = targetHealth
        self.averagingPeriod = averagingPeriod
    }

    /// The risk-adjusted value of a collateral balance: value times collateral factor. [1e-8 USD]
    ///
    /// Rounded down twice, after the price and after the factor.
    public static func adjustedCollateral(
        _ balance: Quantity, price: Price, collateralFactor: Ratio
    ) throws(ArithmeticOverflow) -> Money {
        try balance.value(at: price, rounding: .down)
            .scaled(by: collateralFactor, rounding: .down)
    }

    /// The risk-adjusted value of a debt: value divided by borrow factor. [1e-8 USD]
    ///
    /// Rounded down twice, as the contract does.
    /// - Parameter borrowFactor: greater than zero.
    public static func adjustedLiability(_ debt: Quantity, price: Price, borrowFactor: Ratio)
        throws(ArithmeticOverflow) -> Money
    {
        try debt.value(at: price, rounding: .down)
            .scaled(by: scaleE8, over: borrowFactor.raw, rounding: .down)
    }

    /// Adjusted collateral over adjusted liability, rounded down; nil without a liability. [1e-18]
    public static func healthScore(adjustedCollateral: Money, adjustedLiability: Money)
        throws(ArithmeticOverflow) -> Fixed18?
    {
        guard adjustedLiability.isPositive else { return nil }
        return try Fixed18(adjustedCollateral)
            .divided(by: Fixed18(adjustedLiability), rounding: .down)
    }

    /// A liquidator's average liquidity after some more time has passed. [1e-8 USD]
    ///
    /// The old average fades out linearly over the window. Both terms are rounded down.
    /// - Parameters:
    ///   - previous: the average at the last update.
    ///   - current: adjusted collateral minus adjusted liability of the liquidator; below zero it
    ///     counts as zero.
    ///   - elapsed: the time since the last update.
    public func averageLiquidity(previous: Money, current: Money, elapsed: TimeSpan)
        throws(ArithmeticOverflow) -> Money
    {
        precondition(elapsed >= .zero, "time does not run backwards")
        let weight = min(elapsed, averagingPeriod).milliseconds
        let period = averagingPeriod.milliseconds
        let old = try previous.scaled(by: period - weight, over: period, rounding: .down)
        let new = try max(current, .zero).scaled(by: weight, over: period, rounding: .down)
        return try old.adding(new)
    }

    /// How much a liquidator's average liquidity multiplies the discount: one … slope. [1e-18]
    /// - Parameter adjustedLiability: of the account to be liquidated, greater than zero.
    public func booster(averageLiquidity: Money, adjustedLiability: Money)
        throws(ArithmeticOverflow) -> Fixed18
    {
        let share = try Fixed18(averageLiquidity)
            .divided(by: Fixed18(adjustedLiability), rounding: .down)
        let extra = try min(share, .one)
            .multiplied(by: Fixed18(boosterSlope) - .one, rounding: .down)
        return extra + .one
    }

    /// The discount before the booster: the fee, plus how far health is below one. [1e-18]
    /// - Parameter healthScore: zero … one.
    public func baseDiscount(healthScore: Fixed18) -> Fixed18 {
        Fixed18(reservesFee) + (.one - healthScore)
    }

    /// The discount at which collateral is sold. [1e-18]
    /// - Parameters:
    ///   - healthScore: zero … one.
    ///   - booster: one or more; see ``booster(averageLiquidity:adjustedLiability:)``.
    public func discount(healthScore: Fixed18, booster: Fixed18)
        throws(ArithmeticOverflow) -> Fixed18
    {
        let base = baseDiscount(healthScore: healthScore)
        let boosted = try base.multiplied(by: booster, rounding: .down)
        return min(boosted, base + Fixed18(maximumBoosterDiscount), Fixed18(maximumDiscount))
    }
}
