public import ExactMath
public import MarginRules

/// How a liquidation that has begun goes on until it ends; meanwhile the account is being liquidated, whatever
/// its maintenance margin says.
public struct LiquidationCourse: Hashable, Sendable {
    public enum End: Hashable, Sendable {
        /// Equity covers the maintenance requirement and this share of what is at risk: of positions' value, of debts
        /// and of losses; or a step has covered what was missing. See ``BufferedMargin``.
        case buffered(Ratio)
        /// Health under the initial weights, at the protocol's price and not scaled by the market, is above minus
        /// the dust; see ``LiquidationHysteresis``.
        case initialHealth(dust: Money)
        /// Nothing is left: neither a position nor a balance.
        case nothingLeft
    }
    public var end: End
    /// How much of what is missing may be taken, by the time since the liquidation began; nil for all.
    public var ramp: LiquidationRamp?
    public init(end: End, ramp: LiquidationRamp? = nil) {
        self.end = end
        self.ramp = ramp
    }
}

/// As much as ends a margin shortage, and what is charged for it; source: drift-labs/protocol-v2,
/// controller/liquidation.rs and math/liquidation.rs.
public struct ShortageTerms: Hashable, Sendable {
    /// The most that the insurance fund takes of a position's closed value.
    public var insuranceFee: Ratio
    /// The share of what a closing leaves of the freed margin that the insurance fund may take.
    public var insuranceKept: Ratio
    /// The most that the insurance fund takes of a repaid debt.
    public var debtInsuranceFee: Ratio
    /// The smallest size that is closed. [1e-8 units]
    public var step: Quantity
    /// The value up to which a position may be taken whole. [1e-8 USD]
    public var smallPosition: Money
    /// The value up to which a debt may be taken whole. [1e-8 USD]
    public var smallDebt: Money
    /// What would be left of an asset goes with it where it is worth less. [1e-8 USD]
    public var dust: Money
    /// How the liquidator's fee on a position grows with the time since the liquidation began; nil for not at all.
    public var feeRamp: InactivityFeeRamp?
    public init(
        insuranceFee: Ratio = .zero, insuranceKept: Ratio = .one, debtInsuranceFee: Ratio = .zero,
        step: Quantity = Quantity(raw: 1), smallPosition: Money = .zero, smallDebt: Money = .zero,
        dust: Money = .zero, feeRamp: InactivityFeeRamp? = nil
    ) {
        self.insuranceFee = insuranceFee
        self.insuranceKept = insuranceKept
        self.debtInsuranceFee = debtInsuranceFee
        self.step = step
        self.smallPosition = smallPosition
        self.smallDebt = smallDebt
        self.dust = dust
        self.feeRamp = feeRamp
    }
}

/// What keepers are paid for a liquidation in which the pool takes all, and what is held back for that as part of
/// both margins; source: Synthetixio/synthetix-v3, GlobalPerpsMarketConfiguration.sol, PerpsAccount.sol.
public struct KeeperTerms: Hashable, Sendable {
    public var reward: CappedKeeperReward
    /// What flagging an account costs a keeper. [1e-8 USD]
    public var flagCost: Money
    /// What each further step costs. [1e-8 USD]
    public var liquidationCost: Money
    /// The reward for seized collateral, as a share of its value.
    public var collateralShare: Ratio
    public init(
        reward: CappedKeeperReward, flagCost: Money, liquidationCost: Money, collateralShare: Ratio
    ) {
        self.reward = reward
        self.flagCost = flagCost
        self.liquidationCost = liquidationCost
        self.collateralShare = collateralShare
    }
}

/// A slower price beside each feed's: against the initial requirement, what is owned counts at the lower of the two
/// and what is owed at the higher; see ``ConservativePrice``.
public enum SlowPricePolicy: Hashable, Sendable {
    case none
    /// An average of so long a time; see ``TimeWeightedAverage``.
    case average(TimeSpan)
    /// A price that follows at a limited speed.
    case stable(StablePriceModel)
}

/// How the results of positions enter an account's health.
public enum PositionResults: Int8, Hashable, Sendable {
    /// Weighted profit adds to equity, margins add up to a requirement.
    case separate
    /// Profit less margin, weighted where it is positive, joins the balance of the settlement asset before that is
    /// weighted, and nothing is required beyond; source: blockworks-foundation/mango-v4, health/cache.rs.
    case inBalance
}

/// A liquidation under way.
struct Proceeding: Hashable {
    var account: AccountID
    /// When it began. [ms]
    var since: Int64
    /// How much of the shortage earlier steps have made good. [1e-8 USD]
    var freed: Money = .zero
    /// Where the last position was closed; a loss that all holders bear is one of this market.
    var market: Int = -1
    /// Whether all collateral has been seized.
    var isFlagged = false
    /// What the pool has seized, less what it has paid. [1e-8 of the settlement asset]
    var credit: Int64 = 0
}
