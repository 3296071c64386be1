public import ExactMath

/// An account's margin, line by line, at one set of prices and against one of the two requirements.
public struct MarginStatement: Hashable, Sendable {
    /// One balance.
    public struct AssetLine: Hashable, Sendable {
        public var asset: AssetID
        /// Interest included, and the results of positions where they join this balance; negative is a debt.
        /// [1e-8 units]
        public var amount: Quantity
        /// Unweighted, rounded against the account. [1e-8 USD]
        public var value: Money
        /// Haircut, or weighted up as a debt. [1e-8 USD]
        public var weighted: Money
    }
    /// One position.
    public struct PositionLine: Hashable, Sendable {
        public var market: MarketID
        public var size: Quantity
        /// Its value, without a sign. In the settlement asset. [1e-8]
        public var notional: Money
        /// Unrealised profit less pending funding, unweighted. In the settlement asset. [1e-8]
        public var profit: Money
        public var weightedProfit: Money
        public var requirement: Money
        /// What the orders beside it add to its value in the case that counts. In the settlement asset. [1e-8]
        public var ordered: Money = .zero
        /// What they add to the requirement, or where its margin is part of the result take off that.
        public var orderMargin: Money = .zero
    }
    /// What open orders in one spot market count.
    public struct SpotLine: Hashable, Sendable {
        public var market: SpotMarketID
        /// What asks and bids have set aside. [1e-8 units]
        public var base: Quantity
        public var quote: Quantity
        /// Of both, unweighted, rounded down. [1e-8 USD]
        public var value: Money
        /// The smaller effect of the two outcomes. [1e-8 USD]
        public var weighted: Money
    }
    public var assets: [AssetLine] = []
    /// Σ of them is part of the collateral.
    public var spotOrders: [SpotLine] = []
    public var positions: [PositionLine] = []
    /// Σ of positive balances' weighted values. [1e-8 USD]
    public var collateral: Money = .zero
    /// Σ of debts' weighted values, without a sign. [1e-8 USD]
    public var debt: Money = .zero
    /// Σ of weighted profit, in USD. [1e-8]
    public var profit: Money = .zero
    /// [1e-8 USD]
    public var requirement: Money = .zero
    public var health: Health {
        Health(equity: collateral - debt + profit, requirement: requirement)
    }
}
