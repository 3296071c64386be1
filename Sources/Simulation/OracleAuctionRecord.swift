public import Chain
public import ExactMath
public import MarginProtocol

/// An auction of the place behind an oracle report, complete.
public struct OracleAuctionRecord: Sendable, Hashable {
    public var feed: FeedID
    public var round: Int64
    /// The id of the transaction that carries the report.
    public var report: Int64
    /// Accounts that the report makes liquidatable.
    public var accountsDue: Int
    public var bids: Int
    public var winner: Address
    /// The winner's bid, the next best one, and what the winner pays. [1e-8 USD]
    public var highestBid: Money
    public var secondBid: Money
    public var paid: Money
    public var toProtocol: Money
    public var toOracle: Money
    public var toBuilder: Money
    /// What the liquidations behind the report paid the winner; zero unless included. [1e-8 USD]
    public var bonus: Money
    /// What became of the winner's bundle; nothing is paid unless it is included.
    public var fate: BundleRecord.Fate
    /// The place of the bundle's first transaction in the block, where it was included.
    public var index: Int?
}
