import ExactMath
import MarginProtocol
import Testing

@testable import Chain

/// A million pending transactions: blocks stay within their limit, memory within the mempool's, and the
/// work of a block grows like a logarithm. Work is counted in moves of heap elements, not in seconds.
struct FloodTests {
    /// Bids spread over four decimal orders, the same for the same id.
    private func flood(_ count: Int64, into chain: inout Chain) -> Int {
        var dropped = 0
        for id in 1...count {
            let mixed = UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15
            dropped +=
                chain.submit(
                    transaction(id, from: Int32(id), fee: 1000 + Int64(mixed >> 41), at: 1)
                ).count
        }
        return dropped
    }

    /// The mean work of a block among so many pending ones.
    private func workPerBlock(_ count: Int64, _ market: FeeMarket) throws -> Int {
        var chain = try Chain(
            .small(market, mempool: MempoolLimits(transactions: Int(count))))
        let slot = chain.nextSlot()
        #expect(flood(count, into: &chain) == 0)
        _ = chain.build(slot) { _, _ in }
        let start = chain.pool.moves
        let blocks = 50
        for round in 0..<blocks {
            let block = chain.round().block
            #expect(block.header.gasUsed == 1_000_000 && block.header.wasFull)
            #expect(block.header.mempoolDepth == Int(count) - 10 * (round + 2))
        }
        return (chain.pool.moves - start) / blocks
    }

    @Test func workPerBlockGrowsLikeALogarithm() throws {
        let small = try workPerBlock(1000, .firstPrice(minimum: 1))
        let large = try workPerBlock(1_000_000, .firstPrice(minimum: 1))
        // A thousand times as many: twice the depth of a heap.
        #expect(large < 3 * small, "\(small) → \(large) moves a block")
        #expect(large < 2000)
    }

    /// A base fee adds nothing where bids are paid in full, as the agents' are. (Where tips are lower than
    /// fee caps, each bid that its step crosses is moved once.)
    @Test func aRisingBaseFeeAddsNothing() throws {
        var chain = try Chain(
            .small(
                .eip1559(EIP1559(initialBaseFee: 1)),
                mempool: MempoolLimits(transactions: 1_000_000)))
        let slot = chain.nextSlot()
        #expect(flood(1_000_000, into: &chain) == 0)
        _ = chain.build(slot) { _, _ in }
        let start = chain.pool.moves
        for _ in 0..<50 {
            #expect(chain.round().block.header.gasUsed <= 1_000_000)
        }
        #expect((chain.pool.moves - start) / 50 < 2000)
    }

    @Test func memoryIsBoundedByTheMempool() throws {
        var chain = try Chain(.small())
        let slot = chain.nextSlot()
        let limit = MempoolLimits().transactions
        let dropped = flood(1_000_000, into: &chain)
        #expect(dropped == 1_000_000 - limit)
        #expect(chain.pendingCount == limit)
        // One place is in use for the moment between a newcomer and what it drops.
        #expect(chain.pool.places <= limit + 1)
        let block = chain.build(slot) { _, _ in }
        #expect(block.header.gasUsed == 1_000_000)
        #expect(block.dropped.isEmpty)
        // What is kept are the best bids.
        #expect(chain.round().block.transactions.allSatisfy { $0.effectivePrice > 8_300_000 })
    }

    /// What is sent for later counts against the same limit.
    @Test func whatIsOnItsWayIsBoundedToo() throws {
        var chain = try Chain(.small())
        var refused = 0
        for id in 1...20_000 {
            refused += chain.submit(transaction(Int64(id), from: Int32(id), at: 500)).count
        }
        #expect(refused == 20_000 - MempoolLimits().transactions)
    }
}
