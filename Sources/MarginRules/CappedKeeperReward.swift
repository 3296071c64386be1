public import ExactMath

/// What a keeper is paid for a liquidation: its rewards and costs, between a least profit and a cap.
///
/// Source: Synthetixio/synthetix-v3
/// markets/perps-market/contracts/storage/GlobalPerpsMarketConfiguration.sol (`keeperReward`) and
/// PerpsAccount.sol (`getPossibleLiquidationReward`).
public struct CappedKeeperReward: Hashable, Sendable {
    /// The least profit over the cost. [1e-8 USD]
    public let minimumProfit: Money
    /// The least profit as a share of the cost. [1e-8]
    public let minimumProfitRatio: Ratio
    /// The most that is paid. [1e-8 USD]
    public let maximum: Money
    /// The most that is paid as a share of the account's collateral. [1e-8]
    public let maximumCollateralShare: Ratio

    public init(
        minimumProfit: Money, minimumProfitRatio: Ratio, maximum: Money,
        maximumCollateralShare: Ratio
    ) {
        precondition(!minimumProfit.isNegative && !minimumProfitRatio.isNegative)
        precondition(!maximum.isNegative && !maximumCollateralShare.isNegative)
        self.minimumProfit = minimumProfit
        self.minimumProfitRatio = minimumProfitRatio
        self.maximum = maximum
        self.maximumCollateralShare = maximumCollateralShare
    }

    /// The reward, down; the cap prevails over the least profit. [1e-8 USD]
    /// - Parameters:
    ///   - rewards: the sum of the positions' rewards, zero or more.
    ///   - cost: what the transaction costs, zero or more.
    ///   - collateral: of the account; where it is zero, because the account was flagged before, only
    ///     the absolute cap holds.
    public func reward(rewards: Money, cost: Money, collateral: Money)
        throws(ArithmeticOverflow) -> Money
    {
        precondition(!rewards.isNegative && !cost.isNegative && !collateral.isNegative)
        let least = max(
            try cost.adding(minimumProfit),
            try cost.adding(try cost.scaled(by: minimumProfitRatio, rounding: .down)))
        let most =
            collateral.isZero
            ? maximum
            : min(maximum, try collateral.scaled(by: maximumCollateralShare, rounding: .down))
        return min(max(least, try rewards.adding(cost)), most)
    }

    /// What liquidating an account may cost in all: one transaction that flags it, and one more for each
    /// further window that its largest position needs. [1e-8 USD]
    /// - Parameters:
    ///   - rewards: the larger of the positions' flag rewards and the reward on the collateral.
    ///   - windows: see ``LiquidationWindow/windows(for:)``.
    public func possibleLiquidationReward(
        rewards: Money, flagCost: Money, liquidationCost: Money, collateral: Money, windows: Int64
    ) throws(ArithmeticOverflow) -> Money {
        precondition(windows >= 0)
        let first = try reward(
            rewards: rewards, cost: try flagCost.adding(liquidationCost), collateral: collateral)
        guard windows > 1 else { return first }
        let further = try reward(rewards: .zero, cost: liquidationCost, collateral: .zero)
        return try first.adding(
            try further.scaled(by: windows - 1, over: 1, rounding: .down))
    }
}
