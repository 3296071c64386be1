public import ExactMath
public import MarginProtocol

/// What the auctions of a run add up to.
public struct AuctionSummary: Hashable, Sendable {
    public private(set) var started: Int64 = 0
    /// Ended with a buyer.
    public private(set) var sold: Int64 = 0
    /// Ended with somebody who paid less than one unit of the settlement asset.
    public private(set) var zeroBids: Int64 = 0
    /// What those got, at outside prices. [1e-8 USD]
    public private(set) var zeroBidWorth: Money = .zero

    public init() {}

    /// - Parameter worth: of what was bought, at outside prices. [1e-8 USD]
    public mutating func add(_ change: AuctionChange, worth: Money) {
        if change.kind == .started { started += 1 }
        guard change.isOver else { return }
        sold += 1
        if change.paid < Quantity(whole: 1) {
            zeroBids += 1
            zeroBidWorth += worth
        }
    }
}
