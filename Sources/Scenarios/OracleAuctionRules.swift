public import ExactMath

/// How the right to the place directly behind an oracle report is sold: sealed bids of liquidators, and who
/// gets what the winner pays (oracle extractable value).
public struct OracleAuctionRules: Hashable, Sendable {
    public enum Pricing: Int8, Hashable, Sendable, CaseIterable {
        /// The winner pays its own bid.
        case first = 1
        /// The winner pays the second bid, or the reserve where there is none.
        case second
    }
    public var pricing: Pricing
    /// The protocol's share of the payment, rounded up.
    public var toProtocol: Ratio
    /// The oracle's share, rounded down; the builder gets the rest.
    public var toOracle: Ratio
    /// The least bid. [1e-8 USD]
    public var reserve: Money

    public init(pricing: Pricing, toProtocol: Ratio, toOracle: Ratio, reserve: Money) {
        self.pricing = pricing
        self.toProtocol = toProtocol
        self.toOracle = toOracle
        self.reserve = reserve
    }
}
