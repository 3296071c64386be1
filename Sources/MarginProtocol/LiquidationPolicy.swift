public import ExactMath

/// How an unhealthy account is brought back, or closed.
public struct LiquidationPolicy: Hashable, Sendable {
    public enum Trigger: Int8, Hashable, Sendable {
        /// Liquidatable when equity < requirement.
        case strict
        /// Liquidatable when equity ≤ requirement.
        case inclusive
        /// Liquidatable when equity < requirement and there is a requirement: a debt alone is nobody's to liquidate; source:
        /// dydxprotocol/v4-chain, lib/margin/risk.go, `IsLiquidatable`.
        case strictWithRequirement
    }
    /// In which order a venue's own engine takes the accounts that are due.
    public enum Priority: Int8, Hashable, Sendable {
        /// By account number.
        case number
        /// The riskiest first, as ``AccountRisk/compared(to:)`` has it; source: dydxprotocol/v4-chain,
        /// x/clob/heap/liquidation_priority_heap.go and lib/margin/risk.go.
        case risk
    }
    public enum Order: Int8, Hashable, Sendable {
        case mostUnprofitableFirst, largestFirst, liquidatorsChoice
    }
    public enum Size: Hashable, Sendable {
        /// At most this share of the position (or debt) a step; all of it when what would remain is
        /// worth less than `dust`, or when equity has fallen below `fullBelow` of the requirement.
        case closeFactor(Ratio, fullBelow: Ratio, dust: Money)
        /// At most this share of the account's whole debt a step, as far as one debt goes; all of that debt
        /// when collateral has fallen to `fullBelow` of debt, both weighted, or when debt or collateral are worth less than
        /// `smallBelow`. What remains of both is worth `leftover` or nothing; source: aave-dao/aave-v3-origin,
        /// LiquidationLogic.sol.
        case debtShare(Ratio, fullBelow: Ratio, smallBelow: Money, leftover: Money)
        /// As little as brings equity to this multiple of the requirement, and `buffer` of the notional more; all if
        /// nothing does. `kind` says which requirement; a higher one than the trigger's is hysteresis.
        case targetHealth(Ratio, of: MarginKind, buffer: Ratio)
        /// This share of the position, but at least this much notional; source: dydxprotocol/v4-chain,
        /// x/clob/keeper/liquidations.go.
        case portion(Ratio, minimum: Money)
        /// Of a position worth more than `above` this share first, and all of it when another step follows within `window`;
        /// source: Hyperliquid's documentation, Liquidations.
        case firstShare(Ratio, above: Money, window: TimeSpan)
        /// Down to the top of the bracket so many below; all of it from a bracket as low, or, where that is asked, when
        /// equity is not above what the first bracket's rates would require.
        case bracketSteps(Int, fullBelowFirst: Bool)
        /// The whole position, one a step.
        case wholePosition
        /// Every position at once.
        case wholeAccount
        /// All collateral goes to the protocol, which credits it at `1 − bonus` and pays all debt; source:
        /// compound-finance/comet, Comet.sol, absorbInternal.
        case absorb
        /// All collateral goes to the payer for `1 − bonus` of its value, in the asset that is owed; what that pays goes to the
        /// debt first, then this share of the value to the insurance fund, then to the owner. See ``CreditAccountLiquidation``.
        case creditAccount(fee: Ratio)
        /// As much as ends the shortage that the course of the liquidation names, by the formulas of
        /// ``PerpetualShortageCover`` and ``SpotShortageCover``.
        indirect case shortage(ShortageTerms)
        /// As much as brings health under the initial weights to zero; the platform has this share of exchanged
        /// debt and asset. Source: blockworks-foundation/mango-v4, token_liq_with_token.rs.
        case zeroHealth(platformFee: Ratio)
        /// First all collateral to the pool, which bears what the positions lose from there; then the positions, as
        /// the market's window allows. Source: Synthetixio/synthetix-v3, LiquidationModule.sol.
        case flag
    }
    public enum Taker: Int8, Hashable, Sendable {
        /// Positions go to the liquidator, who needs the margin for them.
        case liquidator
        /// Positions are closed against the liquidity pool.
        case pool
    }
    /// Who may run a step.
    public enum Caller: Int8, Hashable, Sendable {
        case anyone
        /// The venue's own engine, which acts whether it pays or not.
        case venue
    }
    /// At what price a position changes hands.
    public enum ClosingPrice: Hashable, Sendable {
        /// The protocol's price; the account pays the penalty on top.
        case mark
        /// The protocol's price; in place of the penalty the account pays this share of the closed part's maintenance
        /// margin, which is a price between the protocol's and the one that the maintenance weight stands for. Source:
        /// Vertex's documentation, Liquidations & Insurance Fund.
        case takeover(Ratio)
        /// The bankruptcy price: what equity the position had goes to the insurance fund, which has it closed at the
        /// protocol's price.
        case bankruptcy
        /// Between the protocol's price and beyond bankruptcy, the further the less equity there is:
        /// `mark ∓ clamp((1 − equity / maintenance) · adjustment, 0…1) · spread · maintenance / size`. What it is better than
        /// bankruptcy goes to the insurance fund, up to `maximumFee` of the value; source:
        /// dydxprotocol/v4-chain, x/clob/keeper/liquidations.go.
        case fillable(adjustment: Ratio, spread: Ratio, maximumFee: Ratio)
        /// The price that a pool with terms gives for a closing, impact and cap on profit included; the account pays
        /// the fee of closing, and the penalty as a second fee, of what it has. Only whole positions.
        case pool
    }
    /// The discount at which collateral is seized for a repaid debt.
    public enum BonusRule: Hashable, Sendable {
        /// The asset's own, or the policy's.
        case fixed
        /// `1 / max(weighted collateral / debt, 1 − maximum) − 1`: nothing at the threshold, more below; source:
        /// euler-xyz/euler-vault-kit, Liquidation.sol.
        case healthProportional(maximum: Ratio)
        /// `min(maximum, 1 / (1 − cursor · (1 − weight))) − 1`; source: morpho-org/morpho-blue, Morpho.sol.
        case incentiveFactor(cursor: Ratio, maximum: Ratio)
        /// A discount that begins at the reserves' fee and grows as health falls, and a fee on what is repaid; see
        /// ``SoftLiquidation``.
        indirect case soft(SoftLiquidationTerms)
        /// Both assets change hands between the protocol's price and the one that their maintenance weight stands for:
        /// so much of the way. Source: Vertex's documentation, Liquidations & Insurance Fund.
        case takeover(Ratio)
    }
    /// How amount seized and amount repaid follow from each other at a fixed bonus, and which part the insurance
    /// fund has of it.
    public enum Seizure: Hashable, Sendable {
        /// The repaid value with the bonus, in collateral; the fund has its share of the bonus.
        case value
        /// The amount of collateral worth the repayment, with the bonus; the fund has its share of the bonus,
        /// rounded up; source: aave-dao/aave-v3-origin, LiquidationLogic.sol.
        case amount
        /// The repayment times the ratio of the prices with the bonus; the fund has this share of all that is
        /// seized; source: compound-finance/compound-protocol, Comptroller.sol, CToken.sol.
        case ratio(fundShare: Ratio)
    }
    public var trigger: Trigger
    public var order: Order
    public var size: Size
    /// What the account pays on closed notional. Split by `liquidatorShare`, the rest to insurance.
    public var penalty: Ratio
    public var liquidatorShare: Ratio
    /// The discount at which seized collateral repays a debt.
    public var collateralBonus: Ratio
    public var bonusRule: BonusRule
    /// Only with a fixed bonus.
    public var seizure: Seizure
    /// The insurance fund's share of that bonus.
    public var collateralBonusInsuranceShare: Ratio
    public var taker: Taker
    public var closingPrice: ClosingPrice
    /// Where positions go at the bankruptcy price: whether a step that leaves part of one is an order at the mark, with the
    /// penalty, so that only what is taken over whole costs all its equity. An account without equity is taken over whole.
    public var reducesAtMark = false
    public var caller: Caller
    public var priority = Priority.number
    /// What the account pays the venue on notional that is closed at the mark, beside the penalty and of what it still
    /// has: the taker fee of a liquidation order.
    public var fee = Ratio.zero
    /// At most one step per account per block?
    public var oncePerBlock: Bool
    /// What all steps of an account may take in one block, each market at most once; nil for no limit.
    public var blockLimits: LiquidationBlockLimits?
    /// Whether a seizure is refused that would leave more debt for each unit of collateral than before; source: Warmuz,
    /// Chaudhary, Pinna, "Toxic Liquidation Spirals", arXiv 2212.07306.
    public var refusesToWorsen: Bool
    /// What becomes of a liquidation that has begun; nil where every step stands for itself.
    public var course: LiquidationCourse?
    /// How positions are liquidated against the order book, where a market has no pool; nil for not at all.
    public var book: BookLiquidation?
    public init(
        trigger: Trigger = .strict, order: Order = .mostUnprofitableFirst,
        size: Size = .closeFactor(Ratio(percent: 50), fullBelow: .zero, dust: .zero),
        penalty: Ratio = Ratio(percent: 1), liquidatorShare: Ratio = .one,
        collateralBonus: Ratio = Ratio(percent: 5), bonusRule: BonusRule = .fixed,
        seizure: Seizure = .value,
        collateralBonusInsuranceShare: Ratio = .zero, taker: Taker = .pool,
        closingPrice: ClosingPrice = .mark, caller: Caller = .anyone, oncePerBlock: Bool = false,
        blockLimits: LiquidationBlockLimits? = nil, refusesToWorsen: Bool = false,
        course: LiquidationCourse? = nil
    ) {
        self.trigger = trigger
        self.order = order
        self.size = size
        self.penalty = penalty
        self.liquidatorShare = liquidatorShare
        self.collateralBonus = collateralBonus
        self.bonusRule = bonusRule
        self.seizure = seizure
        self.collateralBonusInsuranceShare = collateralBonusInsuranceShare
        self.taker = taker
        self.closingPrice = closingPrice
        self.caller = caller
        self.oncePerBlock = oncePerBlock
        self.blockLimits = blockLimits
        self.refusesToWorsen = refusesToWorsen
        self.course = course
    }
}

extension LiquidationPolicy {
    /// At what price so much of a position changes hands.
    public func closingPrice(closing amount: Quantity, of whole: Quantity) -> ClosingPrice {
        reducesAtMark && amount.magnitude < whole.magnitude ? .mark : closingPrice
    }

    /// The same policy, as it is for a step that closes so much of a position.
    func closing(_ amount: Int64, of whole: Quantity) -> LiquidationPolicy {
        var policy = self
        policy.closingPrice = closingPrice(closing: Quantity(raw: amount), of: whole)
        return policy
    }
}

/// How a discount grows as an account's health falls; source: euler-xyz/euler-contracts,
/// contracts/modules/Liquidation.sol.
public struct SoftLiquidationTerms: Hashable, Sendable {
    /// The discount at a health of one, and what the liquidator pays beyond the repaid debt, to the insurance fund.
    public var fee: Ratio
    /// The largest discount.
    public var maximum: Ratio
    /// What the liquidator's own liquidity multiplies the discount by: one without any.
    public var booster: Ratio
    /// The most that the booster adds.
    public var maximumBoost: Ratio
    public init(fee: Ratio, maximum: Ratio, booster: Ratio = .one, maximumBoost: Ratio = .zero) {
        self.fee = fee
        self.maximum = maximum
        self.booster = booster
        self.maximumBoost = maximumBoost
    }
}

extension LiquidationPolicy.Size {
    /// As little as brings equity to this multiple of the maintenance requirement.
    public static func targetHealth(_ target: Ratio) -> Self {
        .targetHealth(target, of: .maintenance, buffer: .zero)
    }
}
