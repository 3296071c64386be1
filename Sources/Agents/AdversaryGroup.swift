public import ExactMath
public import MarginProtocol

/// Somebody who takes what the protocol's parameters leave open.
public struct AdversaryGroup: Hashable, Sendable {
    public enum Scheme: Hashable, Sendable {
        /// Holds a token as collateral, buys so much of it outside that its price rises, borrows against it as
        /// soon as `patience` has passed, and sells again what it bought.
        case manipulator(push: Money, patience: TimeSpan)
        /// Borrows as much as it may, and liquidates its own account through a second address for the bonus.
        case selfLiquidator
        /// Is long on one account and short as much on another, withdraws what either gains, sells outside until
        /// the price falls, leaves the loser's loss to the protocol and closes the winner; buys back after `patience`.
        case withdrawAndDump(leverage: Fixed18, push: Money, patience: TimeSpan)
        /// Has so many accounts of `dust` each, in front of its large one, that all become liquidatable together;
        /// is short outside as much as the large one holds.
        case decoys(count: Int, dust: Money)
    }
    public var name: String
    public var scheme: Scheme
    /// What it begins with, in all. [1e-8 USD]
    public var capital: Money
    /// The collateral, or what moves the market.
    public var asset: AssetID
    /// Where it is long and short; nil where the scheme needs none.
    public var market: MarketID?
    /// From the start to its first step.
    public var after: TimeSpan
    public var fee: FeePolicy
    public init(
        name: String, scheme: Scheme, capital: Money, asset: AssetID, market: MarketID? = nil,
        after: TimeSpan = .zero, fee: FeePolicy = .multipleOfBase(Ratio(whole: 2))
    ) {
        self.name = name
        self.scheme = scheme
        self.capital = capital
        self.asset = asset
        self.market = market
        self.after = after
        self.fee = fee
    }
}
