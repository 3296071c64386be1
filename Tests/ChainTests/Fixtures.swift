import Chain
import ExactMath
import MarginProtocol
import SeededRandom

let gwei: Int64 = 1_000_000_000

extension Timestamp {
    /// Seconds after the start of every chain in these tests.
    static func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
}

extension ChainConfiguration {
    /// Ten-second blocks of 1,000,000 gas; every command uses 100,000, rejected 60,000.
    static func small(
        _ feeMarket: FeeMarket = .firstPrice(minimum: 1), ordering: Ordering = .effectiveTip,
        mempool: MempoolLimits = MempoolLimits(), gasLimit: Int64 = 1_000_000,
        demand: DemandConfiguration? = nil
    ) -> ChainConfiguration {
        ChainConfiguration(
            name: "small", blockTime: .fixed(TimeSpan(seconds: 10)), gasLimit: gasLimit,
            feeMarket: feeMarket, ordering: ordering, mempool: mempool,
            gas: GasSchedule(uniform: 100_000, rejectedShare: Ratio(percent: 60)), demand: demand)
    }
}

extension Chain {
    init(_ configuration: ChainConfiguration, seed: UInt64 = 1) throws {
        try self.init(configuration, start: .at(0), random: RandomSource(seed: seed))
    }

    /// Draws a slot, submits these, and builds; the drops of the calls and of the block, in order.
    mutating func round(
        _ transactions: [Transaction] = []
    ) -> (block: ChainBlock, dropped: [DroppedTransaction]) {
        let slot = nextSlot()
        var dropped: [DroppedTransaction] = []
        for transaction in transactions { dropped += submit(transaction) }
        let block = build(slot) { _, _ in }
        return (block, dropped + block.dropped)
    }
}

/// A cancellation, the smallest of commands, which says nothing to the chain.
func transaction(
    _ id: Int64, from sender: Int32 = 10, nonce: Int64 = 0, fee: Int64 = 100, tip: Int64? = nil,
    at seconds: Int64 = 1, gas: Int64 = 100_000, expires: Timestamp? = nil
) -> Transaction {
    Transaction(
        id: id, sender: Address(sender), nonce: nonce, command: .pause([]), gasLimit: gas,
        maxFee: fee, maxTip: tip ?? fee, submittedAt: .at(seconds), expiresAt: expires)
}

extension ChainBlock {
    var ids: [Int64] { transactions.map(\.transaction.id) }
}

/// What a drop says, without the transaction.
struct Drop: Hashable {
    var id: Int64
    var reason: DropReason
    init(_ id: Int64, _ reason: DropReason) {
        self.id = id
        self.reason = reason
    }
    init(_ drop: DroppedTransaction) { self.init(drop.transaction.id, drop.reason) }
}
