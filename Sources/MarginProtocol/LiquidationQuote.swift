public import ExactMath

/// What a liquidation step would do, computed by the code that does it.
public struct LiquidationQuote: Sendable {
    /// One position to be closed or taken over.
    public struct PositionPart: Sendable {
        public var market: MarketID
        /// The change of the account's size: opposite in sign to what it holds.
        public var size: Quantity
        public var price: Price
        /// Where the part's share of the account's equity is used up; nil where that is not above zero.
        public var bankruptcyPrice: Price?
        public var penalty: Money
        public var toLiquidator: Money
        public var toInsurance: Money
        /// What the insurance fund pays at once, where the price is worse than bankruptcy.
        public var fromInsurance: Money
        public var taker: Taker
        /// Who gives up how much, where others are deleveraged.
        public var counterparties: [Counterparty]
        /// At least one but where orders are filled; each goes on from where the one before leaves the account.
        var fills: [FillParts]
        /// What happens to resting orders, in order; empty outside the book.
        public var orders: [LiquidationFill] = []
        /// Whether the insurance fund has had its part with each fill.
        var isSettledByFill = false
        /// What a pool with terms and the treasury have beyond the fill, and the treasury's part of it. [1e-8]
        public var fee: Money = .zero
        public var toTreasury: Money = .zero
        /// What the pool takes for a debt that the closing leaves.
        public var exchanged: [Exchange] = []
        /// What is settled of the impact that the pool keeps apart; else nil.
        var impact: ImpactSettlement?
        /// Whether the part makes good all that was missing, which ends the liquidation.
        public var coversShortage = false

        /// What of the account's loss others bear with this part. [1e-8 of the settlement asset]
        var covered: Money {
            counterparties.reduce(fromInsurance) { $0 + $1.profitGivenUp }
        }
    }
    /// Who takes the other side of a part.
    public enum Taker: Int8, Sendable {
        case pool, liquidator, backstop, deleveraged, book
    }
    /// A holder of the other side who has to give up.
    public struct Counterparty: Sendable, Hashable {
        public var account: AccountID
        /// The change of its size.
        public var size: Quantity
        /// What it would have had more at the protocol's price. [1e-8 of the settlement asset]
        public var profitGivenUp: Money
    }
    /// An asset taken at its price; with minuses, one that is paid out.
    public struct Exchange: Sendable {
        public var asset: AssetID
        public var seized: Quantity
        /// In the settlement asset. [1e-8 units]
        public var credited: Quantity
    }
    /// Collateral to be seized for a repaid debt.
    public struct CollateralPart: Sendable {
        public var seize: AssetID
        public var repay: AssetID
        public var seized: Quantity
        public var repaid: Quantity
        /// What of the seized amount goes to the insurance fund.
        public var toInsurance: Quantity
        /// The value of the discount, at the protocol's prices. [1e-8 USD]
        public var bonus: Money
        /// What of the repaid amount goes to the insurance fund, and leaves the debt as it is.
        public var repaidToInsurance: Quantity = .zero
        /// What else the account holds, where all of it goes at once; it goes to the payer.
        public var others: [AssetChange] = []
        /// Whether the part makes good all that was missing, which ends the liquidation.
        public var coversShortage = false
    }
    /// Everything an account holds, seized by the pool, which answers for its positions from there on.
    public struct Flag: Sendable {
        public var seized: [AssetChange]
        /// The debts that the pool pays.
        public var repaid: [AssetChange]
        /// To whoever flags the account, out of the pool. [1e-8 USD]
        public var reward: Money
        /// What is seized less what is paid. [1e-8 of the settlement asset]
        public var balance: Money
    }
    /// A result that a liquidator takes over, and what nobody takes of it.
    public struct ResultPart: Sendable {
        public var market: MarketID
        /// What of the account's result the liquidator takes over; a loss is negative. [1e-8 of the settlement asset]
        public var taken: Money = .zero
        /// What it gives to the account for that, or with a minus gets from it. [1e-8 units]
        public var asset: AssetID
        public var given: Quantity = .zero
        /// What the insurance fund pays it for a part of a loss. [1e-8 units]
        public var insuranceAsset = AssetID(0)
        public var insurancePaid: Quantity = .zero
        /// What of a loss others are to bear. [1e-8 of the settlement asset]
        public var uncovered: Money
        /// What the liquidator gains with the result at the protocol's prices. [1e-8 USD]
        public var bonus: Money = .zero
        /// The position that goes with it, before it.
        public var position: PositionPart?
        public var coversShortage = false
        var fills: [FillParts] = []

        init(market: MarketID, asset: AssetID, uncovered: Money) {
            self.market = market
            self.asset = asset
            self.uncovered = uncovered
        }
    }
    /// Everything an account holds, taken over by the protocol.
    public struct Absorption: Sendable {
        /// What the protocol takes of each asset.
        public var seized: [AssetChange]
        /// The debts it pays.
        public var repaid: [AssetChange]
        /// What is left to the account beyond its debts, in the settlement asset. [1e-8 units]
        public var credited: Quantity
        /// The value of what is taken, and what it is credited at. [1e-8 USD]
        public var value: Money
        public var creditedValue: Money
        /// What the debts are worth. [1e-8 USD]
        public var owed: Money
        /// Credit less debts: negative where the protocol pays more than the collateral is credited at.
        public var shortfall: Money { creditedValue - owed }
    }
    public enum Step: Sendable {
        case positions([PositionPart])
        case collateral(CollateralPart)
        case absorption(Absorption)
        case flag(Flag)
        case result(ResultPart)
        /// Nothing is left to take; the deficit is booked.
        case deficit
        /// Open spot orders are taken back, and that is enough.
        case cancellation
    }
    public var account: AccountID
    public var step: Step
    public var healthBefore: Health
    /// What goes to the backstop vault with the positions; negative for debts that it takes over.
    public var handedOver: [AssetChange] = []
    /// What the account is worth below zero as the vault takes it over. [1e-8 USD]
    public var backstopLoss: Money = .zero

    /// What the pool pays whoever runs a step of an account that it has taken all of. [1e-8 USD]
    public var keeperReward: Money = .zero

    /// What the liquidator earns at the protocol's prices, before gas and slippage. [1e-8 USD]
    public var reward: Money {
        switch step {
        case .positions(let parts): parts.reduce(keeperReward) { $0 + $1.toLiquidator }
        case .collateral(let part): part.bonus
        case .absorption: .zero
        case .flag(let part): part.reward
        case .result(let part): part.bonus + (part.position?.toLiquidator ?? .zero)
        case .deficit, .cancellation: .zero
        }
    }
    /// The notional closed, or the value repaid, at the protocol's prices. [1e-8 USD]
    public var value: Money

    init(account: AccountID, step: Step, healthBefore: Health, value: Money) {
        self.account = account
        self.step = step
        self.healthBefore = healthBefore
        self.value = value
    }
}
