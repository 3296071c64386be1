public import ExactMath

/// The rules of one call that liquidates an account of a lending pool at a fixed bonus.
public struct LiquidationCall: Hashable, Sendable {
    public var closeFactor: CloseFactor
    /// Nil where dust may be left.
    public var minimumLeftover: MinimumLeftover?
    public var badDebt: BadDebtRule
    public var rounding: LiquidationRounding

    public init(
        closeFactor: CloseFactor, minimumLeftover: MinimumLeftover?, badDebt: BadDebtRule,
        rounding: LiquidationRounding
    ) {
        self.closeFactor = closeFactor
        self.minimumLeftover = minimumLeftover
        self.badDebt = badDebt
        self.rounding = rounding
    }

    /// Aave v3.0 to v3.2.
    public static let aaveV30 = LiquidationCall(
        closeFactor: .aaveV3, minimumLeftover: nil, badDebt: .staysOnAccount, rounding: .halfUp)
    /// Aave v3.3 and v3.4.
    public static let aaveV33 = LiquidationCall(
        closeFactor: .aaveV33, minimumLeftover: .aaveV33, badDebt: .bookedAsDeficit,
        rounding: .halfUp)
    /// Aave v3.5 and v3.6.
    public static let aaveV35 = LiquidationCall(
        closeFactor: .aaveV33, minimumLeftover: .aaveV33, badDebt: .bookedAsDeficit,
        rounding: .halfUpDebtUp)
    /// Aave v3.7.
    public static let aaveV37 = LiquidationCall(
        closeFactor: .aaveV33, minimumLeftover: .aaveV33, badDebt: .bookedAsDeficit,
        rounding: .explicit)

    /// What a call would do.
    public struct Quote: Hashable, Sendable {
        /// The most that the close factor allows. [1e-8 units of the debt asset]
        public var largestRepayment: Quantity
        /// What changes hands.
        public var seizure: CollateralSeizure
        /// Whether the rule against dust refuses the call.
        public var leavesDust: Bool
        /// Whether the account is left without collateral of any value, so that ``BadDebtRule`` also
        /// applies to its other debts.
        public var takesLastCollateral: Bool
        /// What is booked as bad of the chosen debt. [1e-8 units of the debt asset]
        public var deficit: Quantity
    }

    /// Quotes a call on a liquidatable account.
    ///
    /// Source: aave-dao/aave-v3-origin `LiquidationLogic.executeLiquidationCall`.
    /// - Parameters:
    ///   - request: what the liquidator offers to repay; more than allowed is cut to what is. [1e-8 units]
    ///   - account: the account before; whether it may be liquidated is ``AccountData/isLiquidatable``.
    ///   - terms: of the collateral asset, or of its e-mode category.
    ///   - scaledCollateral: the collateral as kept by an indexed pool, and the index; nil where
    ///     balances are kept as they are.
    /// - Throws: ``ArithmeticOverflow`` when a value does not fit.
    public func quote(
        repaying request: Quantity, of pair: LiquidationPair, account: AccountData,
        terms: LiquidationTerms,
        scaledCollateral: (balance: Quantity, index: InterestIndex)?
    ) throws(ArithmeticOverflow) -> Quote {
        let largest = try closeFactor.largestRepayment(
            of: pair, totalDebt: account.totalDebt, healthFactor: account.healthFactor,
            rounding: rounding)
        let seizure = try terms.seizure(
            repaying: min(request, largest), of: pair, rounding: rounding)
        let leavesDust =
            if let minimumLeftover {
                try !minimumLeftover.permits(seizure, of: pair, rounding: rounding)
            } else {
                false
            }
        let consumed =
            if let scaledCollateral {
                try seizure.consumed(
                    ofScaled: scaledCollateral.balance, index: scaledCollateral.index)
            } else {
                seizure.seized
            }
        let takesLastCollateral = BadDebtRule.takesLastCollateral(
            consumed: try consumed.value(at: pair.collateralPrice, rounding: .down),
            totalCollateral: account.totalCollateral)
        let outstanding = max(.zero, pair.debt - seizure.repaid)
        return Quote(
            largestRepayment: largest,
            seizure: seizure,
            leavesDust: leavesDust,
            takesLastCollateral: takesLastCollateral,
            deficit: badDebt.deficit(
                outstanding: outstanding, takesLastCollateral: takesLastCollateral))
    }
}
