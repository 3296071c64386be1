import ExactMath
import MarginProtocol

/// Whether what the record tells adds up: the sums over all accounts, the system's own included, that are zero
/// after every block.
///
/// It reads the journal and never the state, so it also finds what the state's own check cannot: a movement
/// that happened and was not told, or was told with one leg missing.
struct Conservation: Sendable {
    /// Of each asset, the sum of all changes of balances so far. [1e-8 units]
    private var balances: [Int128]
    /// Of each market, the sum of all changes of size so far. [1e-8 units]
    private var sizes: [Int128]
    /// Of each market, the open cost and what its clearing account holds. [1e-8 USD]
    private var costs: [Int128]
    private let settlement: AssetID
    /// The largest of these sums after any block, without its sign. [1e-8]
    private(set) var largest: Int64 = 0

    init(_ parameters: ProtocolParameters) {
        balances = Array(repeating: 0, count: parameters.assets.count)
        sizes = Array(repeating: 0, count: parameters.markets.count)
        costs = sizes
        settlement = parameters.settlementAsset
    }

    mutating func add(_ change: BalanceChange) {
        balances[change.asset.index] += Int128(change.delta.raw)
        guard change.asset == settlement,
            let market = ClearingHouse.market(clearedBy: change.account),
            costs.indices.contains(market.index)
        else { return }
        costs[market.index] += Int128(change.delta.raw)
    }

    mutating func add(_ change: PositionChange) {
        sizes[change.market.index] += Int128(change.sizeAfter.raw) - Int128(change.sizeBefore.raw)
        costs[change.market.index] += Int128(change.costAfter.raw) - Int128(change.costBefore.raw)
    }

    /// Within a block the sums may be off, between two legs; after it they may not.
    mutating func endBlock() {
        for sum in balances { note(sum) }
        for sum in sizes { note(sum) }
        for sum in costs { note(sum) }
    }

    private mutating func note(_ sum: Int128) {
        guard sum != 0 else { return }
        largest = max(largest, Int64(clamping: sum.magnitude))
    }
}
