public import ExactMath
public import MarginProtocol

/// What one agent of a scenario does, and when: an attacker, a whale, anybody whose acts are known.
///
/// A script is carried out whatever the world looks like; what the protocol refuses stays refused.
public struct Script: Hashable, Sendable {
    /// How much of something.
    public enum Amount: Hashable, Sendable {
        /// [1e-8 units]
        case quantity(Quantity)
        /// As much as this is worth at the protocol's price; outside, as much as it buys or brings. [1e-8 USD]
        case worth(Money)
        /// All that the sender has.
        case all
    }
    /// An amount of an asset.
    public struct Portion: Hashable, Sendable {
        public var asset: AssetID
        public var amount: Amount
        public init(asset: AssetID, amount: Amount) {
            self.asset = asset
            self.amount = amount
        }
    }
    /// What a step does.
    public enum Action: Hashable, Sendable {
        /// From the wallet into the step's account; repays a debt there.
        case deposit([Portion])
        /// From the step's account into the wallet; what the account does not hold is a loan.
        case withdraw([Portion])
        /// From the step's account into another of the agent's.
        case transfer([Portion], to: Int)
        /// In the pool; a positive size buys. [1e-8 units]
        case trade(MarketID, size: Quantity, limit: Price?, reduceOnly: Bool)
        /// In the book.
        case place(MarketID, OrderRequest)
        /// Every resting order of these markets.
        case cancel([MarketID])
        /// This share of the positions in these markets, in the pool where there is one, else at market in the book.
        case close([MarketID], share: Ratio)
        /// A chosen leverage, or the market's own.
        case leverage(MarketID, Ratio?)
        /// A margin ratio for the whole account; zero for none.
        case marginRatio(Ratio)
        /// From the wallet into the liquidity pool, for shares of it.
        case addLiquidity([Portion])
        /// This share of what the wallet owns of the pool, in proportion or as one asset.
        case removeLiquidity(share: Ratio, asset: AssetID?)
        /// In a spot market's book.
        case placeSpot(SpotMarketID, OrderRequest)
        /// Every resting order of these spot markets.
        case cancelSpot([SpotMarketID])
        /// In the world outside, out of the wallet, as far as the wallet and the market go.
        case tradeOutside(Portion, sells: Bool)
    }
    /// An action at a time, or at several.
    public struct Step: Hashable, Sendable {
        /// In the first block that is not earlier.
        public var at: Timestamp
        /// Again and again after so long, up to `until`; nil = once.
        public var every: TimeSpan?
        public var until: Timestamp
        /// Which of the agent's accounts.
        public var account: Int
        public var action: Action
        public init(
            at: Timestamp, every: TimeSpan? = nil, until: Timestamp? = nil, account: Int = 0,
            action: Action
        ) {
            self.at = at
            self.every = every
            self.until = until ?? at
            self.account = account
            self.action = action
        }
    }
    public var name: String
    /// The names of its margin accounts; at least one.
    public var accounts: [String]
    /// What its wallet holds at the start.
    public var funding: [Holding]
    public var fee: FeePolicy
    public var steps: [Step]
    public init(
        name: String, accounts: [String] = ["main"], funding: [Holding], fee: FeePolicy,
        steps: [Step]
    ) {
        self.name = name
        self.accounts = accounts
        self.funding = funding
        self.fee = fee
        self.steps = steps
    }
}

extension Script.Action {
    var isOutside: Bool {
        if case .tradeOutside = self { true } else { false }
    }
}
