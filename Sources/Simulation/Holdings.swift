import ExactMath
import MarginProtocol

/// What some accounts together are worth, from block to block, at outside prices.
struct Holdings: Sendable {
    let accounts: [AccountID]
    private var start: Money?
    /// Since the first look. [1e-8 USD]
    private(set) var change: Money = .zero
    /// The least change so far, at most zero. [1e-8 USD]
    private(set) var low: Money = .zero

    init(_ accounts: [AccountID]) { self.accounts = accounts }

    mutating func look(_ house: ClearingHouse, at prices: [Price]) {
        let worth = accounts.reduce(Money.zero) { $0 + house.plainEquity(of: $1, at: prices) }
        let first = start ?? worth
        start = first
        change = worth - first
        low = min(low, change)
    }
}
