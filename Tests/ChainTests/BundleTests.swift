import ExactMath
import MarginProtocol
import SeededRandom
import Testing

@testable import Chain

/// Private bundles: atomic, unseen, free when they fail, ranked by payment per gas.
struct BundleTests {
    private func chain(share: Int64 = 100, _ market: FeeMarket = .firstPrice(minimum: 1)) throws
        -> Chain
    {
        var setup = ChainConfiguration.small(market)
        setup.rules.bundles = BundleRule(builderShare: Ratio(percent: share))
        return try Chain(setup)
    }

    /// A ledger that refuses some ids and remembers what ran, undone with the checkpoint.
    private final class Ledger {
        var ran: [Int64] = []
        var kept: [Int64]?
        var refused: Set<Int64> = []
        var checkpoint: Checkpoint {
            Checkpoint(
                keep: { self.kept = self.ran },
                restore: {
                    if let kept = self.kept { self.ran = kept }
                    self.kept = nil
                }, forget: { self.kept = nil })
        }
    }

    private func build(
        _ chain: inout Chain, _ ledger: Ledger, _ public: [Transaction] = [],
        _ bundles: [TransactionBundle] = []
    ) -> ChainBlock {
        let slot = chain.nextSlot()
        for transaction in `public` { #expect(chain.submit(transaction).isEmpty) }
        for bundle in bundles { #expect(chain.submit(bundle) == nil) }
        return chain.build(slot, checkpoint: ledger.checkpoint) {
            (transaction, journal) throws(Rejection) in
            journal.append(.paused([]))
            if ledger.refused.contains(transaction.id) { throw .amountNotPositive }
            ledger.ran.append(transaction.id)
        }
    }

    private func bundle(
        _ ids: Int64..., fee: Int64 = 100, until: Int64 = 100, behind: Int64? = nil
    ) -> TransactionBundle {
        TransactionBundle(
            transactions: ids.map { transaction($0, from: Int32($0), fee: fee) },
            expiresAt: .at(until), behind: behind)
    }

    @Test func allOfItInOrderNextToEachOther() throws {
        var chain = try chain()
        let ledger = Ledger()
        let block = build(
            &chain, ledger, [transaction(1, fee: 200), transaction(2, from: 20, fee: 90)],
            [bundle(7, 5, 6)])
        #expect(block.ids == [1, 7, 5, 6, 2])
        #expect(block.bundles.map(\.fate) == [.included])
        #expect(block.bundles[0].index == 1 && block.bundles[0].price == 100)
        #expect(ledger.kept == nil)
        // Each event belongs to one transaction.
        #expect(block.transactions.map(\.events) == [0..<1, 1..<2, 2..<3, 3..<4, 4..<5])
    }

    @Test func aPartThatFailsTakesAllWithItAndCostsNothing() throws {
        var chain = try chain()
        let ledger = Ledger()
        ledger.refused = [6]
        let block = build(&chain, ledger, [transaction(1, fee: 50)], [bundle(7, 5, 6)])
        #expect(block.ids == [1] && ledger.ran == [1])
        #expect(block.header.gasUsed == 100_000)
        #expect(block.journal.count == 1)
        #expect(block.bundles.map(\.fate) == [.failed])
        #expect(block.bundles[0].rejection == .amountNotPositive)
        #expect(block.bundles[0].reason == .rejected && block.bundles[0].part == 6)
        #expect(block.dropped.map(Drop.init) == [7, 5, 6].map { Drop($0, .bundleFailed) })
        // No nonce was used, by any of the senders.
        #expect([5, 6, 7].allSatisfy { chain.nextNonce(of: Address($0)) == 0 })
        #expect(build(&chain, ledger).ids == [])
    }

    /// The mean payment counts, weighted by gas.
    @Test func rankedByPaymentPerGas() throws {
        var chain = try chain()
        let rich = TransactionBundle(
            transactions: [
                transaction(5, from: 5, fee: 10, gas: 100_000),
                transaction(6, from: 6, fee: 250, gas: 200_000),
            ], expiresAt: .at(100))
        // (10 · 100,000 + 250 · 200,000) / 300,000 = 170.
        let block = build(
            &chain, Ledger(), [transaction(1, fee: 171), transaction(2, from: 20, fee: 169)],
            [bundle(8, fee: 30), rich])
        #expect(block.ids == [1, 5, 6, 2, 8])
        #expect(block.bundles.map(\.price) == [170, 30])
    }

    @Test func onlySomeBuildersTakeThem() throws {
        var none = try chain(share: 0)
        #expect(build(&none, Ledger(), [], [bundle(5)]).ids == [])
        #expect(none.bundles.count == 1)

        var half = try chain(share: 50)
        let ledger = Ledger()
        var included = 0
        for id in Int64(1)...400 {
            let block = build(&half, ledger, [], [bundle(id, until: id * 10)])
            included += block.ids.count
        }
        #expect(160...240 ~= included)
    }

    @Test func itExpires() throws {
        var chain = try chain(share: 0)
        let ledger = Ledger()
        #expect(build(&chain, ledger, [], [bundle(5, until: 20)]).bundles.isEmpty)
        #expect(build(&chain, ledger).bundles.isEmpty)
        let block = build(&chain, ledger)
        #expect(block.bundles.map(\.fate) == [.lapsed] && block.bundles[0].reason == .expired)
        #expect(block.dropped.map(Drop.init) == [Drop(5, .expired)])
        #expect(chain.bundles.isEmpty)
    }

    @Test func itWaitsForRoomAndForItsBaseFee() throws {
        var chain = try chain(.eip1559(EIP1559(initialBaseFee: 100)))
        let ledger = Ledger()
        let slot = (1...10).map { transaction(Int64($0), from: Int32($0), fee: 900) }
        let block = build(&chain, ledger, slot, [bundle(50, fee: 500), bundle(51, fee: 95)])
        #expect(block.ids.count == 10 && block.header.wasFull)
        #expect(chain.baseFee == 112)
        #expect(build(&chain, ledger).ids == [50])
        // The base fee falls to what the other can pay.
        #expect(build(&chain, ledger).ids == [])
        #expect(chain.baseFee <= 95)
        #expect(build(&chain, ledger).ids == [51])
    }

    @Test func behindAReportItStandsDirectlyBehindIt() throws {
        var chain = try chain()
        let ledger = Ledger()
        let sent = (1...4).map { transaction(Int64($0), from: Int32($0), fee: 100 - Int64($0)) }
        // It pays next to nothing, and another that pays more follows in its order.
        let block = build(
            &chain, ledger, sent,
            [bundle(7, 8, fee: 1, behind: 2), bundle(9, fee: 1, behind: 2)])
        #expect(block.ids == [1, 2, 7, 8, 9, 3, 4])
    }

    @Test func behindARejectedReportItLapses() throws {
        var chain = try chain()
        let ledger = Ledger()
        ledger.refused = [2]
        let block = build(
            &chain, ledger, [transaction(2, from: 2)], [bundle(7, behind: 2)])
        #expect(block.ids == [2] && block.bundles.map(\.fate) == [.lapsed])
    }

    @Test func aBlockWithoutBundlesTakesTheReportAlone() throws {
        var chain = try chain(share: 0)
        let block = build(
            &chain, Ledger(), [transaction(2, from: 2)], [bundle(7, behind: 2)])
        #expect(block.ids == [2] && block.bundles.map(\.fate) == [.lapsed])
        #expect(chain.bundles.isEmpty)
    }

    @Test func aPublicTransactionAtItsNonceGoesFirst() throws {
        var chain = try chain()
        let ledger = Ledger()
        // The public one bids too little to be first, but it holds the nonce.
        let waiting = transaction(1, from: 7, fee: 40)
        let block = build(
            &chain, ledger, [waiting],
            [
                TransactionBundle(
                    transactions: [transaction(7, from: 7, fee: 90)], expiresAt: .at(100))
            ])
        #expect(block.ids == [1])
        let next = build(&chain, ledger)
        #expect(next.ids == [7] && next.transactions[0].transaction.nonce == 1)
    }

    /// What builders do not take stands in the next block's record, with the reason and whose fault it was.
    @Test func whatIsRefusedIsRecorded() throws {
        var setup = ChainConfiguration.small(mempool: MempoolLimits(transactions: 1))
        setup.rules.bundles = BundleRule(builderShare: .one)
        var chain = try Chain(setup)
        let slot = chain.nextSlot()
        let short = TransactionBundle(
            transactions: [transaction(1, from: 1), transaction(2, from: 2, gas: 99_999)],
            expiresAt: .at(100))
        let large = TransactionBundle(
            transactions: [transaction(3, from: 3, gas: 1_000_001)], expiresAt: .at(100))
        #expect(chain.submit(short) == .gasLimitTooLow)
        #expect(chain.submit(bundle(4, until: 9)) == .expired)
        #expect(chain.submit(large) == .tooLarge)
        #expect(chain.submit(bundle(5)) == nil)
        #expect(chain.submit(bundle(6, fee: 70)) == .queueFull)
        let block = chain.build(slot, checkpoint: Ledger().checkpoint) { _, _ in }
        #expect(block.ids == [5])
        #expect(block.bundles.map(\.bundle.id) == [1, 4, 3, 6, 5])
        #expect(
            block.bundles.map(\.fate) == [.refused, .refused, .refused, .refused, .included])
        #expect(
            block.bundles.map(\.reason) == [
                .gasLimitTooLow, .expired, .tooLarge, .queueFull, nil,
            ])
        #expect(block.bundles.map(\.part) == [2, nil, nil, nil, nil])
        #expect(block.bundles[3].price == 70)
        let next = chain.nextSlot()
        #expect(chain.build(next, checkpoint: Ledger().checkpoint) { _, _ in }.bundles.isEmpty)
    }

    @Test func noBundlesWhereNobodyTakesAny() throws {
        var plain = try Chain(.small())
        _ = plain.nextSlot()
        #expect(plain.submit(bundle(5)) == .noPlace)
        var arrival = ChainConfiguration.small(.free, ordering: .firstComeFirstServed)
        arrival.rules.bundles = BundleRule(builderShare: .one)
        var byArrival = try Chain(arrival)
        _ = byArrival.nextSlot()
        #expect(byArrival.submit(bundle(5)) == .noPlace)
        #expect(byArrival.submit(bundle(5, behind: 3)) == nil)
    }
}
