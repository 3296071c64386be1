public import ExactMath

/// An account in the eyes of a liquidator of one of its debts against one of its collaterals.
public struct SoftLiquidationAccount: Hashable, Sendable {
    /// Of all collaterals. [1e-8 USD]
    public var adjustedCollateral: Money
    /// Of all debts. [1e-8 USD]
    public var adjustedLiability: Money
    /// What is owed of the asset to be repaid.
    public var debt: Quantity
    public var debtPrice: Price
    /// Of the asset to be repaid. Zero is an asset that may no longer be borrowed.
    public var borrowFactor: Ratio
    /// The balance of the collateral to be seized.
    public var collateral: Quantity
    public var collateralPrice: Price
    public var collateralFactor: Ratio
    /// Whether the debt and the collateral are the same asset, of which any amount may be repaid.
    public var isSelfCollateralised: Bool

    public init(
        adjustedCollateral: Money, adjustedLiability: Money, debt: Quantity, debtPrice: Price,
        borrowFactor: Ratio, collateral: Quantity, collateralPrice: Price, collateralFactor: Ratio,
        isSelfCollateralised: Bool
    ) {
        self.adjustedCollateral = adjustedCollateral
        self.adjustedLiability = adjustedLiability
        self.debt = debt
        self.debtPrice = debtPrice
        self.borrowFactor = borrowFactor
        self.collateral = collateral
        self.collateralPrice = collateralPrice
        self.collateralFactor = collateralFactor
        self.isSelfCollateralised = isSelfCollateralised
    }
}

/// The most that may be liquidated at this moment, and on which terms.
public struct SoftLiquidationQuote: Hashable, Sendable {
    /// [1e-18]
    public let healthScore: Fixed18
    /// [1e-18]
    public let discount: Fixed18
    /// Collateral units per repaid unit, the discount included. [1e-18]
    public let conversionRate: Fixed18
    /// What the account's debt falls by.
    public let repay: Quantity
    /// What the liquidator takes on: ``repay`` and the reserves' fee on top.
    public let repayWithFee: Quantity
    /// The collateral that goes to the liquidator.
    public let seized: Quantity
}

/// What one liquidation within a quote moves.
public struct SoftLiquidationTransfer: Hashable, Sendable {
    /// What the account's debt falls by.
    public let repay: Quantity
    /// The debt that the liquidator takes on beyond it, credited to the reserves.
    public let reservesFee: Quantity
    /// The collateral that goes to the liquidator.
    public let seized: Quantity
}

extension SoftLiquidation {
    /// The most that may be liquidated, and on which terms; nil for an account without a violation.
    ///
    /// A health of exactly one is no violation. The repayment restores the target health, but is
    /// never more than the debt or than the collateral pays for. Rounded down. Both prices are
    /// greater than zero.
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public func quote(_ account: SoftLiquidationAccount, booster: Fixed18)
        throws(ArithmeticOverflow) -> SoftLiquidationQuote?
    {
        guard
            account.adjustedCollateral < account.adjustedLiability,
            let health = try Self.healthScore(
                adjustedCollateral: account.adjustedCollateral,
                adjustedLiability: account.adjustedLiability)
        else { return nil }
        let discount = try discount(healthScore: health, booster: booster)
        let conversionRate = try Fixed18(account.debtPrice)
            .divided(by: Fixed18(account.collateralPrice), rounding: .down)
            .divided(by: .one - discount, rounding: .down)

        let target = try amountToTarget(account, discount: discount)
        var repay = min(target ?? Fixed18(account.debt), Fixed18(account.debt))
        let held = Fixed18(account.collateral)
        let seized: Fixed18
        // Compared as products, because what an account cannot pay may not fit a quantity either.
        if WideProduct(repay.unsigned, conversionRate.unsigned)
            >= WideProduct(held.unsigned + 1, oneE18)
        {
            repay = try held.divided(by: conversionRate, rounding: .down)
            seized = held
        } else {
            seized = try repay.multiplied(by: conversionRate, rounding: .down)
        }
        let repayWithFee = try repay.multiplied(by: .one + Fixed18(reservesFee), rounding: .down)
        return SoftLiquidationQuote(
            healthScore: health, discount: discount, conversionRate: conversionRate,
            repay: try repay.rounded(to: Quantity.self, .down),
            repayWithFee: try repayWithFee.rounded(to: Quantity.self, .down),
            seized: try seized.rounded(to: Quantity.self, .down))
    }

    /// The transfers of a liquidation of no more than the quote; nil where `repayWithFee` exceeds
    /// it.
    ///
    /// The fee is taken out of the requested amount; the whole quote is taken exactly.
    public func transfer(repayingWithFee requested: Quantity, within quote: SoftLiquidationQuote)
        throws(ArithmeticOverflow) -> SoftLiquidationTransfer?
    {
        precondition(requested >= .zero, "a negative repayment")
        guard requested <= quote.repayWithFee else { return nil }
        if requested == quote.repayWithFee {
            return SoftLiquidationTransfer(
                repay: quote.repay, reservesFee: requested - quote.repay, seized: quote.seized)
        }
        let withoutFee = try Fixed18.one
            .divided(by: .one + Fixed18(reservesFee), rounding: .down)
        let repay = try Fixed18(requested).multiplied(by: withoutFee, rounding: .down)
            .rounded(to: Quantity.self, .down)
        return SoftLiquidationTransfer(
            repay: repay, reservesFee: requested - repay,
            seized: try Fixed18(repay).multiplied(by: quote.conversionRate, rounding: .down)
                .rounded(to: Quantity.self, .down))
    }

    /// The repayment that restores the target health; nil where none can, so that all may go.
    private func amountToTarget(_ account: SoftLiquidationAccount, discount: Fixed18)
        throws(ArithmeticOverflow) -> Fixed18?
    {
        if account.isSelfCollateralised { return nil }
        let target = Fixed18(targetHealth)
        guard account.borrowFactor.isPositive else {
            // The contract values such a debt at 2^144 wei and divides the shortfall, 2^144 times
            // the target health, by 2^144: one unit of account times the target health.
            return try target.divided(by: Fixed18(account.debtPrice), rounding: .down)
        }
        let liabilityPerRepaid = try target.divided(
            by: Fixed18(account.borrowFactor), rounding: .down)
        let collateralPerRepaid = try Fixed18(account.collateralFactor)
            .divided(by: .one - discount, rounding: .down)
        guard liabilityPerRepaid > collateralPerRepaid else { return nil }
        let shortfall =
            try Fixed18(account.adjustedLiability).multiplied(by: target, rounding: .down)
            - Fixed18(account.adjustedCollateral)
        do {
            return
                try shortfall
                .divided(by: liabilityPerRepaid - collateralPerRepaid, rounding: .down)
                .divided(by: Fixed18(account.debtPrice), rounding: .down)
        } catch {
            // More than any quantity: no debt is as large, so all of it may go.
            return nil
        }
    }
}
