public import ExactMath

/// A margin schedule that grows linearly with a position's share of the market's skew scale.
///
/// Initial ratio = size/scale · fraction + minimum; maintenance ratio = initial ratio · scalar; both plus
/// a fixed margin per position. Source: Synthetixio/synthetix-v3
/// markets/perps-market/contracts/storage/PerpsMarketConfiguration.sol (`calculateRequiredMargins`).
public struct SkewMargin: Hashable, Sendable {
    /// Zero for a ratio that does not grow. [1e-8 units]
    public let skewScale: Quantity
    /// The growth of the initial ratio per skew scale. [1e-8]
    public let initialFraction: Ratio
    /// [1e-8]
    public let minimumInitialRatio: Ratio
    /// Maintenance over initial ratio. [1e-8]
    public let maintenanceScalar: Ratio
    /// Added to both margins of every open position. [1e-8 USD]
    public let minimumPositionMargin: Money
    /// The keeper's reward for flagging, as a share of notional. [1e-8]
    public let flagRewardRatio: Ratio

    public init(
        skewScale: Quantity, initialFraction: Ratio, minimumInitialRatio: Ratio,
        maintenanceScalar: Ratio, minimumPositionMargin: Money, flagRewardRatio: Ratio
    ) {
        precondition(!skewScale.isNegative && !initialFraction.isNegative)
        precondition(!minimumInitialRatio.isNegative && !maintenanceScalar.isNegative)
        precondition(!minimumPositionMargin.isNegative && !flagRewardRatio.isNegative)
        self.skewScale = skewScale
        self.initialFraction = initialFraction
        self.minimumInitialRatio = minimumInitialRatio
        self.maintenanceScalar = maintenanceScalar
        self.minimumPositionMargin = minimumPositionMargin
        self.flagRewardRatio = flagRewardRatio
    }

    /// What a position requires.
    public struct Requirement: Hashable, Sendable {
        /// [1e-18]
        public let initialRatio: Fixed18
        /// [1e-18]
        public let maintenanceRatio: Fixed18
        /// [1e-8 USD]
        public let initialMargin: Money
        /// [1e-8 USD]
        public let maintenanceMargin: Money
    }

    /// The requirement of a position; nothing without one.
    ///
    /// Ratios and margins are truncated at eighteen decimals, as in the source, and margins then round up
    /// to ours.
    /// - Parameter size: the signed size.
    public func requirement(size: Quantity, price: Price)
        throws(ArithmeticOverflow) -> Requirement
    {
        guard !size.isZero else {
            return Requirement(
                initialRatio: .zero, maintenanceRatio: .zero, initialMargin: .zero,
                maintenanceMargin: .zero)
        }
        let absolute = Fixed18(size.magnitude)
        let impact =
            skewScale.isZero
            ? Fixed18.zero : try absolute.divided(by: Fixed18(skewScale), rounding: .down)
        let initialRatio =
            try impact.multiplied(by: Fixed18(initialFraction), rounding: .down)
            + Fixed18(minimumInitialRatio)
        let maintenanceRatio = try initialRatio.multiplied(
            by: Fixed18(maintenanceScalar), rounding: .down)
        let notional = try absolute.multiplied(by: Fixed18(price), rounding: .down)
        return Requirement(
            initialRatio: initialRatio, maintenanceRatio: maintenanceRatio,
            initialMargin: try margin(notional, initialRatio),
            maintenanceMargin: try margin(notional, maintenanceRatio))
    }

    private func margin(_ notional: Fixed18, _ ratio: Fixed18)
        throws(ArithmeticOverflow) -> Money
    {
        try notional.multiplied(by: ratio, rounding: .down).rounded(to: Money.self, .up)
            .adding(minimumPositionMargin)
    }

    /// The keeper's reward for flagging an account with such a position, down. [1e-8 USD]
    /// - Parameter size: the signed size.
    public func flagReward(size: Quantity, price: Price) throws(ArithmeticOverflow) -> Money {
        try size.magnitude.value(at: price, rounding: .down)
            .scaled(by: flagRewardRatio, rounding: .down)
    }

    /// Whether an account may be liquidated: its maintenance margin and what liquidating it would cost
    /// exceed what it has; equality does not.
    /// - Parameters:
    ///   - available: discounted collateral and profit, less debt.
    ///   - reward: see ``CappedKeeperReward/possibleLiquidationReward(rewards:flagCost:liquidationCost:collateral:windows:)``.
    public static func isLiquidatable(
        available: Money, maintenanceMargin: Money, reward: Money
    ) throws(ArithmeticOverflow) -> Bool {
        try maintenanceMargin.adding(reward) > available
    }

    /// What may be withdrawn, negative where the account lacks initial margin. [1e-8 USD]
    ///
    /// Nothing while the account has debt; all its collateral, not discounted, without positions. Source:
    /// markets/perps-market/contracts/storage/PerpsAccount.sol (`getWithdrawableMargin`).
    /// - Parameters:
    ///   - required: initial margin and liquidation reward of its positions, nil where it has none.
    public static func withdrawable(
        collateral: Money, available: Money, required: Money?, debt: Money
    ) throws(ArithmeticOverflow) -> Money {
        guard debt.isZero else { return .zero }
        guard let required else { return collateral }
        return try available.adding(-required)
    }
}
