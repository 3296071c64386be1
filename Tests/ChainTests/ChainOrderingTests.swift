import Chain
import ExactMath
import MarginProtocol
import SeededRandom
import Testing

struct ChainOrderingTests {
    @Test func tipsThenArrivalThenId() throws {
        var chain = try Chain(.small())
        let block = chain.round([
            transaction(9, from: 1, fee: 50, at: 1), transaction(4, from: 2, fee: 70, at: 3),
            transaction(3, from: 3, fee: 70, at: 2), transaction(8, from: 4, fee: 70, at: 3),
            transaction(2, from: 5, fee: 90, at: 9),
        ]).block
        #expect(block.ids == [2, 3, 4, 8, 9])
        #expect(block.transactions.map(\.index) == [0, 1, 2, 3, 4])
        #expect(block.transactions.map(\.effectivePrice) == [90, 70, 70, 70, 50])
        #expect(block.header.gasUsed == 500_000)
        #expect(block.header.wasFull == false && block.header.marginalTip == 0)
        #expect(block.header.minimumPrice == 1)
    }

    /// With a base fee a tip counts only as far as the fee cap leaves room, and who can pay less
    /// pays the cap.
    @Test func effectiveTipsUnderABaseFee() throws {
        let rule = EIP1559(initialBaseFee: 100)
        var chain = try Chain(.small(.eip1559(rule)))
        let block = chain.round([
            transaction(1, from: 1, fee: 1000, tip: 5), transaction(2, from: 2, fee: 104, tip: 50),
            transaction(3, from: 3, fee: 106, tip: 60), transaction(4, from: 4, fee: 99, tip: 99),
            transaction(5, from: 5, fee: 110, tip: 5, at: 2),
        ]).block
        #expect(block.ids == [3, 1, 5, 2])
        #expect(block.transactions.map(\.tip) == [6, 5, 5, 4])
        #expect(block.transactions.map(\.effectivePrice) == [106, 105, 105, 104])
        #expect(chain.pendingCount == 1)
        // 400,000 of a target of 500,000: −(100 · 100,000 / 500,000) / 8 = −2.
        #expect(chain.baseFee == 98)
        #expect(chain.round().block.ids == [4])
    }

    @Test func firstComeFirstServed() throws {
        var chain = try Chain(.small(.free, ordering: .firstComeFirstServed))
        let block = chain.round([
            transaction(5, from: 1, at: 7), transaction(1, from: 2, fee: 900, at: 8),
            transaction(7, from: 3, at: 2), transaction(6, from: 4, at: 7),
        ]).block
        #expect(block.ids == [7, 5, 6, 1])
        #expect(block.transactions.map(\.effectivePrice) == [0, 0, 0, 0])
    }

    /// First come, first served, among those that can pay the base fee; one that cannot waits its
    /// turn out.
    @Test func arrivalUnderABaseFee() throws {
        let market = FeeMarket.eip1559(EIP1559(initialBaseFee: 100))
        var chain = try Chain(.small(market, ordering: .firstComeFirstServed))
        let block = chain.round([
            transaction(1, from: 1, fee: 90, at: 1), transaction(2, from: 2, fee: 100, at: 2),
            transaction(3, from: 3, fee: 500, at: 3),
        ]).block
        #expect(block.ids == [2, 3])
        #expect(chain.baseFee == 93)
        #expect(chain.round().block.ids == [])
        #expect(chain.baseFee == 82)
        #expect(chain.round([transaction(4, from: 4, fee: 200, at: 25)]).block.ids == [1, 4])
    }

    @Test func randomOrderDependsOnTheIdAlone() throws {
        let few = (1...6).map { transaction(Int64($0), from: Int32($0)) }
        var chain = try Chain(.small(.free, ordering: .random, gasLimit: 100_000_000))
        let order = chain.round(few).block.ids
        #expect(order.sorted() == [1, 2, 3, 4, 5, 6] && order != [1, 2, 3, 4, 5, 6])

        let many = (1...60).reversed().map { transaction(Int64($0), from: Int32($0)) }
        var crowded = try Chain(.small(.free, ordering: .random, gasLimit: 100_000_000))
        #expect(crowded.round(many).block.ids.filter { $0 <= 6 } == order)

        var other = try Chain(.small(.free, ordering: .random, gasLimit: 100_000_000), seed: 2)
        #expect(other.round(few).block.ids != order)
    }

    /// A random order must not starve the unlucky: who waited for an earlier block goes first.
    @Test func randomOrderServesEarlierSlotsFirst() throws {
        var chain = try Chain(.small(.free, ordering: .random, gasLimit: 300_000))
        let early = (1...6).map { transaction(Int64($0), from: Int32($0)) }
        let late = (7...12).map { transaction(Int64($0), from: Int32($0), at: 11) }
        var served = chain.round(early).block.ids
        #expect(served.count == 3)
        served += chain.round(late).block.ids
        #expect(Set(served) == Set(1...6))
    }

    @Test func ordersOfSubmissionAgree() throws {
        let transactions: [Transaction] = (Int64(1)...40).map { id in
            transaction(id, from: Int32(id), fee: 10 + id % 3, at: id % 2 + 1)
        }
        for ordering in Ordering.allCases {
            // The pool holds fewer than are sent, so that evictions take part.
            let limits = MempoolLimits(transactions: 25)
            let setup = ChainConfiguration.small(ordering: ordering, mempool: limits)
            var forwards = try Chain(setup)
            var backwards = try Chain(setup)
            var shuffled = try Chain(setup)
            for _ in 0..<3 {
                let block = forwards.round(transactions).block
                #expect(backwards.round(transactions.reversed()).block.ids == block.ids)
                let turned = transactions[17...] + transactions[..<17]
                #expect(shuffled.round(Array(turned)).block.ids == block.ids)
                #expect(block.ids.count == 10)
            }
        }
    }

    @Test func nonceOrderBindsEachSender() throws {
        var chain = try Chain(.small())
        let block = chain.round([
            transaction(1, nonce: 0, fee: 10), transaction(2, nonce: 1, fee: 99),
            transaction(3, nonce: 2, fee: 98), transaction(4, from: 20, fee: 50),
        ]).block
        #expect(block.ids == [4, 1, 2, 3])
        #expect(chain.nextNonce(of: Address(10)) == 3)
        #expect(chain.nextNonce(of: Address(77)) == 0)
    }

    /// A transaction stuck below the going price blocks all later ones of its sender, whatever they
    /// bid.
    @Test func aStuckNonceBlocksTheRest() throws {
        let rule = EIP1559(initialBaseFee: 100, minimumBaseFee: 50)
        var chain = try Chain(.small(.eip1559(rule)))
        let stuck = [
            transaction(1, nonce: 0, fee: 60, tip: 1), transaction(2, nonce: 1, fee: 9000),
            transaction(3, nonce: 3, fee: 9000),
        ]
        #expect(chain.round(stuck).block.ids == [])
        #expect(chain.pendingCount == 3)
        #expect(chain.freeNonce(of: Address(10)) == 2)
        // A replacement frees it; the gap at nonce 2 still holds back nonce 3.
        let (block, dropped) = chain.round([transaction(4, nonce: 0, fee: 900, tip: 5, at: 12)])
        #expect(block.ids == [4, 2])
        #expect(dropped.map(Drop.init) == [Drop(1, .replaced)])
        #expect(dropped.first?.replacedBy == 4)
        #expect(chain.round([transaction(5, nonce: 2, fee: 900, at: 22)]).block.ids == [5, 3])
    }

    @Test func misfitsArePassedOverByTipAndCloseTheBlockByArrival() throws {
        let sent = [
            transaction(1, from: 1, fee: 90, at: 1, gas: 700_000),
            transaction(2, from: 2, fee: 80, at: 2, gas: 950_000),
            transaction(3, from: 2, nonce: 1, fee: 99, at: 2),
            transaction(4, from: 3, fee: 10, at: 3),
        ]
        var byTip = try Chain(.small())
        // The first gives back what its kind does not use: 900,000 remain, less than 950,000.
        let tipBlock = byTip.round(sent).block
        #expect(tipBlock.ids == [1, 4])
        #expect(tipBlock.header.wasFull && tipBlock.header.marginalTip == 10)
        #expect(tipBlock.header.minimumPrice == 10)
        #expect(byTip.round().block.ids == [2, 3])

        var byArrival = try Chain(.small(ordering: .firstComeFirstServed))
        #expect(byArrival.round(sent).block.ids == [1])
        #expect(byArrival.round().block.ids == [2, 3, 4])
    }

    @Test func theGasLimitIsHard() throws {
        var chain = try Chain(.small())
        let many = (1...25).map { transaction(Int64($0), from: Int32($0)) }
        let blocks = [chain.round(many).block, chain.round().block, chain.round().block]
        #expect(blocks.map(\.ids.count) == [10, 10, 5])
        #expect(blocks.map(\.header.gasUsed) == [1_000_000, 1_000_000, 500_000])
        #expect(blocks.map(\.header.wasFull) == [true, true, false])
        #expect(blocks.map(\.header.mempoolDepth) == [15, 5, 0])
    }

    @Test func executionRecordsEventsAndRejections() throws {
        var chain = try Chain(.small())
        let slot = chain.nextSlot()
        for id in 1...3 {
            #expect(chain.submit(transaction(Int64(id), nonce: Int64(id - 1))).isEmpty)
        }
        let block = chain.build(slot, appendingTo: [.paused([])]) {
            (transaction, journal) throws(Rejection) in
            if transaction.id == 2 { throw .amountNotPositive }
            journal += [.paused(.all), .paused([])]
        }
        #expect(block.transactions.map(\.events) == [1..<3, 3..<3, 3..<5])
        #expect(block.transactions.map(\.rejection) == [nil, .amountNotPositive, nil])
        #expect(block.transactions.map(\.gasUsed) == [100_000, 60_000, 100_000])
        #expect(block.journal.count == 5)
        #expect(block.header.gasUsed == 260_000)
        // A rejection uses up its nonce.
        #expect(chain.nextNonce(of: Address(10)) == 3)
    }

    @Test func whatArrivesLaterWaits() throws {
        var chain = try Chain(.small())
        #expect(
            chain.round([transaction(1, at: 11), transaction(2, from: 2, at: 10)]).block.ids == [2])
        #expect(chain.pendingCount == 0)
        #expect(chain.round().block.ids == [1])

        // A replacement on its way does not undo what the block before its arrival includes.
        let (block, dropped) = chain.round([
            transaction(3, nonce: 1, at: 25), transaction(4, nonce: 1, fee: 500, at: 31),
        ])
        #expect(block.ids == [3] && dropped.isEmpty)
        #expect(chain.round().dropped.map(Drop.init) == [Drop(4, .nonceTooLow)])
    }
}
