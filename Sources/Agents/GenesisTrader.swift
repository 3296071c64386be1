public import ExactMath
public import MarginProtocol

/// An amount of an asset.
public struct Holding: Hashable, Sendable {
    public var asset: AssetID
    /// Not zero; negative is a debt. [1e-8 units]
    public var quantity: Quantity
    public init(asset: AssetID, quantity: Quantity) {
        self.asset = asset
        self.quantity = quantity
    }
}

/// What a trader does when its margin comes close to the maintenance requirement; drawn once.
public enum MarginCallResponse: Int8, Hashable, Sendable, CaseIterable {
    case ignore, topUp, panic, deleverage
}

/// What a trader has before the first block: its accounts, their funds, and its positions.
public struct GenesisTrader: Hashable, Sendable {
    /// An isolated account for one market.
    public struct Child: Hashable, Sendable {
        public var market: MarketID
        public var funding: [Holding]
        public init(market: MarketID, funding: [Holding]) {
            self.market = market
            self.funding = funding
        }
    }
    /// A position opened at the start price against the pool.
    public struct Opening: Hashable, Sendable {
        /// The index of the child that holds it; nil = the main account.
        public var child: Int?
        public var market: MarketID
        /// Positive is long; may be zero where the trader begins flat. [1e-8 units]
        public var size: Quantity
        public init(child: Int?, market: MarketID, size: Quantity) {
            self.child = child
            self.market = market
            self.size = size
        }
    }
    /// Its place in its group; its address is the group's first plus this.
    public var offset: Int
    /// What its main margin account holds.
    public var funding: [Holding]
    /// In isolated mode, one for each market it trades.
    public var children: [Child]
    /// Its reserve outside the protocol, in the settlement asset.
    public var wallet: [Holding]
    public var positions: [Opening]
    public var response: MarginCallResponse
    public var isHedged: Bool
}
