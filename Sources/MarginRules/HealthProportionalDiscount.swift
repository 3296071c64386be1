public import ExactMath

/// Liquidation at a discount of one minus health: the Euler Vault Kit.
///
/// At a health of one there is no discount and the account is already liquidatable; the discount
/// grows as health falls, down to a floor. The whole debt may go at once. Formulas and order of
/// rounding as in euler-xyz/euler-vault-kit src/EVault/modules/Liquidation.sol.
public struct HealthProportionalDiscount: Hashable, Sendable {
    /// The largest discount, less than one; zero gives no incentive at all.
    public var maximumDiscount: Ratio
    /// The least liability, before a liquidation, of which a rest may be socialised. [1e-8 USD]
    ///
    /// The contract has 1e6 of the smallest units of its unit of account.
    public var minimumSocialisedLiability: Money
    /// Whether a rest that no collateral covers is written off against the lenders.
    public var isDebtSocialised: Bool
    /// For how long after a passed health check an account may not be liquidated.
    public var coolOff: TimeSpan

    public init(
        maximumDiscount: Ratio, minimumSocialisedLiability: Money, isDebtSocialised: Bool,
        coolOff: TimeSpan
    ) {
        precondition(maximumDiscount >= .zero && maximumDiscount < .one)
        self.maximumDiscount = maximumDiscount
        self.minimumSocialisedLiability = minimumSocialisedLiability
        self.isDebtSocialised = isDebtSocialised
        self.coolOff = coolOff
    }

    /// Whether an account is in violation: it has a liability that its adjusted collateral does not
    /// exceed. Equality is a violation.
    public static func isLiquidatable(adjustedCollateral: Money, liability: Money) -> Bool {
        liability.isPositive && adjustedCollateral <= liability
    }

    /// Whether an account still rests after its last passed health check. The end is exclusive.
    public func isCoolingOff(lastCheck: Timestamp, now: Timestamp) -> Bool {
        now < lastCheck + coolOff
    }

    /// Adjusted collateral over liability, rounded down. [1e-18]
    /// - Parameter liability: greater than zero.
    public static func healthScore(adjustedCollateral: Money, liability: Money)
        throws(ArithmeticOverflow) -> Fixed18
    {
        try Fixed18(adjustedCollateral).divided(by: Fixed18(liability), rounding: .down)
    }

    /// One minus the discount: the health score, but no less than the floor. [1e-18]
    public func discountFactor(healthScore: Fixed18) -> Fixed18 {
        max(healthScore, .one - Fixed18(maximumDiscount))
    }

    /// What the collateral and the debt of one vault come to in a liquidation.
    public struct Account: Hashable, Sendable {
        /// Of all collaterals, at their liquidation loan-to-values. [1e-8 USD]
        public var adjustedCollateral: Money
        /// [1e-8 USD]
        public var liability: Money
        /// What is owed, in units of the debt's asset.
        public var debt: Quantity
        /// Of the collateral to be seized, at its full value. [1e-8 USD]
        public var collateralValue: Money
        /// The balance of the collateral to be seized.
        public var collateral: Quantity

        public init(
            adjustedCollateral: Money, liability: Money, debt: Quantity, collateralValue: Money,
            collateral: Quantity
        ) {
            self.adjustedCollateral = adjustedCollateral
            self.liability = liability
            self.debt = debt
            self.collateralValue = collateralValue
            self.collateral = collateral
        }
    }

    /// The debt that a liquidator takes over, and the collateral that comes with it.
    public struct Quote: Hashable, Sendable {
        public let repay: Quantity
        public let seized: Quantity

        /// The quote for a part of the debt; nil where `repay` is more than this quote.
        ///
        /// The collateral is rounded down. Where this quote repays nothing (worthless collateral),
        /// it is taken as it is.
        public func reduced(toRepay repay: Quantity) throws(ArithmeticOverflow) -> Quote? {
            precondition(repay >= .zero, "a negative repayment")
            guard repay <= self.repay else { return nil }
            guard self.repay.isPositive else { return self }
            let seized = try seized.scaled(by: repay.raw, over: self.repay.raw, rounding: .down)
            return Quote(repay: repay, seized: seized)
        }
    }

    /// The largest liquidation of an account; nil for an account without a violation.
    ///
    /// Collateral that rounds to no value goes for nothing. Rounded down.
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public func quote(_ account: Account) throws(ArithmeticOverflow) -> Quote? {
        guard
            Self.isLiquidatable(
                adjustedCollateral: account.adjustedCollateral, liability: account.liability)
        else { return nil }
        guard account.collateralValue.isPositive else {
            return Quote(repay: .zero, seized: account.collateral)
        }
        let factor = discountFactor(
            healthScore: try Self.healthScore(
                adjustedCollateral: account.adjustedCollateral, liability: account.liability)
        ).unsigned
        let liability = account.liability.unsigned
        let collateralValue = account.collateralValue.unsigned

        var repayValue = liability
        var seizedValue = try multiplyUnsigned(
            liability, oneE18, dividingBy: factor, rounding: .down)
        if collateralValue < seizedValue {
            repayValue = try multiplyUnsigned(
                collateralValue, factor, dividingBy: oneE18, rounding: .down)
            seizedValue = collateralValue
        }
        let repay = try multiplyUnsigned(
            repayValue, account.debt.unsigned, dividingBy: liability, rounding: .down)
        let seized = try multiplyUnsigned(
            seizedValue, account.collateral.unsigned, dividingBy: collateralValue, rounding: .down)
        return Quote(
            repay: try Quantity(unsigned: repay), seized: try Quantity(unsigned: seized))
    }

    /// The debt that is written off against the lenders after a liquidation, or zero.
    ///
    /// Socialised only where no recognised collateral is left, the liability before the liquidation
    /// was large enough, and the vault allows it. Any dust of another collateral prevents it.
    public func socialisedDebt(
        liability: Money, debt: Quantity, repaid: Quantity, hasRecognisedCollateralLeft: Bool
    ) -> Quantity {
        guard
            isDebtSocialised, liability >= minimumSocialisedLiability, debt > repaid,
            !hasRecognisedCollateralLeft
        else { return .zero }
        return debt - repaid
    }
}
