import ExactMath
import MarginProtocol
import OrderBook
import SeededRandom
import Testing

@testable import Chain

/// What is peculiar to Arbitrum, Solana, dYdX and Hyperliquid.
struct ChainKindTests {
    // MARK: The express lane

    private func lane(_ reserve: Int64 = 10) throws -> Chain {
        var setup = ChainConfiguration.small(.free, ordering: .firstComeFirstServed)
        setup.blockTime = .fixed(TimeSpan(milliseconds: 250))
        setup.rules.expressLane = ExpressLane(reserve: reserve)
        return try Chain(setup)
    }

    /// Builds empty blocks until a second, bidding in the first of them.
    private func advance(_ chain: inout Chain, to second: Int64, _ bids: [ExpressBid] = [])
        -> [ExpressRound]
    {
        var rounds: [ExpressRound] = []
        var left = bids
        while chain.time < .at(second) {
            let slot = chain.nextSlot()
            for bid in left { _ = chain.submit(bid) }
            left = []
            rounds += chain.build(slot) { _, _ in }.expressRounds
        }
        return rounds
    }

    @Test func theHighestBidPaysTheSecond() throws {
        var chain = try lane()
        let rounds = advance(
            &chain, to: 60,
            [
                ExpressBid(bidder: Address(1), amount: 50),
                ExpressBid(bidder: Address(2), amount: 90),
                ExpressBid(bidder: Address(3), amount: 9),
            ])
        #expect(
            rounds == [
                ExpressRound(start: .at(60), holder: Address(2), highest: 90, paid: 50, bids: 2)
            ])
        #expect(chain.expressHolder == Address(2))
        // Nobody bids for the next round: it has no holder.
        #expect(advance(&chain, to: 120).map(\.holder) == [nil])
    }

    @Test func aSingleBidPaysTheReserveAndOfEqualOnesTheFirstWins() throws {
        var alone = try lane()
        #expect(
            advance(&alone, to: 60, [ExpressBid(bidder: Address(4), amount: 70)]).map(\.paid)
                == [10])
        var equal = try lane()
        let bids = [5, 6].map { ExpressBid(bidder: Address($0), amount: 70) }
        let round = advance(&equal, to: 60, bids)
        #expect(round.map(\.holder) == [Address(5)] && round.map(\.paid) == [70])
    }

    @Test func bidsCloseFifteenSecondsBefore() throws {
        var chain = try lane()
        _ = advance(&chain, to: 45)
        let slot = chain.nextSlot()
        #expect(slot.time.milliseconds == 45_250)
        #expect(chain.submit(ExpressBid(bidder: Address(1), amount: 50)) == false)
    }

    @Test func onlyTheFiveHighestBidsCount() throws {
        var chain = try lane()
        _ = chain.nextSlot()
        let taken = (1...7).map {
            chain.submit(ExpressBid(bidder: Address($0), amount: 100))
        }
        #expect(taken == [true, true, true, true, true, false, false])
        #expect(chain.submit(ExpressBid(bidder: Address(9), amount: 101)) == true)
    }

    /// The holder's transaction gets into the block it aims at; everybody else's is 200 ms later.
    @Test func everybodyElseIsDelayed() throws {
        var chain = try lane()
        _ = advance(&chain, to: 60, [ExpressBid(bidder: Address(2), amount: 50)])
        let slot = chain.nextSlot()
        #expect(slot.time.milliseconds == 60_250)
        func send(_ id: Int64, _ from: Int32, _ milliseconds: Int64) {
            var sent = transaction(id, from: from)
            sent.submittedAt = Timestamp(milliseconds: milliseconds)
            #expect(chain.submit(sent).isEmpty)
        }
        send(1, 1, 60_010)
        send(2, 2, 60_200)
        send(3, 3, 60_060)
        let first = chain.build(slot) { _, _ in }
        // 60,010 + 200 < 60,250, but behind the holder's 60,200; 60,060 + 200 is too late.
        #expect(first.ids == [2, 1])
        #expect(first.transactions.map(\.transaction.submittedAt.milliseconds) == [60_200, 60_210])
        #expect(chain.round().block.ids == [3])
    }

    // MARK: Solana

    private func trade(_ id: Int64, market: Int32, fee: Int64) -> Transaction {
        var trade = transaction(id, from: Int32(id), fee: fee)
        trade.command = .trade(
            account: AccountID(Int32(id)), market: MarketID(market), size: Quantity(raw: 1),
            limit: nil, reduceOnly: false)
        return trade
    }

    /// A hot market fills its share, and cheaper transactions elsewhere still get in.
    @Test func aHotMarketDoesNotCrowdOutTheRest() throws {
        var setup = ChainConfiguration.small()
        setup.rules.lockLimit = 300_000
        var chain = try Chain(setup)
        let hot = (1...6).map { trade(Int64($0), market: 0, fee: 900 + Int64($0)) }
        let cold = (11...13).map { trade(Int64($0), market: 1, fee: 10) }
        let block = chain.round(hot + cold).block
        #expect(block.ids == [6, 5, 4, 11, 12, 13])
        #expect(chain.round().block.ids == [3, 2, 1])
    }

    @Test func aTransactionWritesEveryLockItNames() {
        let liquidation = Command.liquidate(
            account: AccountID(3), payer: AccountID(4),
            target: .position(MarketID(3), atMost: nil))
        #expect(Set(liquidation.writeLocks).count == 3)
        let report = PriceReport(
            round: 1, price: Price(whole: 1), observedAt: .at(0), publishedAt: .at(0))
        let post = Command.postPrice(feed: FeedID(3), report: report)
        #expect(Set(post.writeLocks).isDisjoint(with: liquidation.writeLocks))
    }

    /// About the share that is set, and the same ids whoever else sends.
    @Test func someAreLostOnTheWay() throws {
        var setup = ChainConfiguration.small(mempool: MempoolLimits(transactions: 20_000))
        setup.rules.lossRate = Ratio(percent: 30)
        func lost(_ ids: some Sequence<Int>) throws -> Set<Int64> {
            var chain = try Chain(setup)
            _ = chain.nextSlot()
            let drops = ids.flatMap { chain.submit(transaction(Int64($0), from: Int32($0))) }
            #expect(drops.allSatisfy { $0.reason == .lost })
            return Set(drops.map(\.transaction.id))
        }
        let all = try lost(1...10_000)
        #expect(2800...3200 ~= all.count)
        #expect(try lost(1...100) == all.filter { $0 <= 100 })
        #expect(try lost((1...100).reversed()) == all.filter { $0 <= 100 })
    }

    @Test func aBlockhashExpiresAfter151Slots() {
        let solana = ChainPreset.solana.configuration
        let slots =
            solana.mempool.lifetime.milliseconds
            / solana.blockTime.mean(at: .at(0)).milliseconds
        #expect(slots == 151)
        #expect(solana.rules.lockLimit.map { $0 * 4 } == solana.gasLimit)
    }

    // MARK: dYdX

    private func liquidation(_ id: Int64, by sender: Address, at seconds: Int64 = 5) -> Transaction
    {
        var sent = transaction(id, from: sender.raw, nonce: 0, at: seconds)
        sent.command = .liquidate(
            account: AccountID(Int32(id)), payer: AccountID(1), target: .next)
        return sent
    }

    @Test func theProposersLiquidationsComeFirstUpToTheCap() throws {
        var setup = ChainConfiguration.small(.free, ordering: .firstComeFirstServed)
        setup.rules.precedence = .liquidationsFirst(attempts: 3)
        var chain = try Chain(setup)
        var sent = [transaction(1, from: 20, at: 1), liquidation(2, by: Address(21), at: 2)]
        for id in Int64(10)...14 {
            var own = liquidation(id, by: .system)
            own.nonce = id - 10
            sent.append(own)
        }
        // Three attempts, then what came first; anybody else's liquidation has no precedence.
        #expect(chain.round(sent).block.ids == [10, 11, 12, 1, 2])
        #expect(chain.round([transaction(3, from: 22, at: 11)]).block.ids == [13, 14, 3])
    }

    @Test func attemptsCountWhetherTheyApplyOrNot() throws {
        var setup = ChainConfiguration.small(.free, ordering: .firstComeFirstServed)
        setup.rules.precedence = .liquidationsFirst(attempts: 2)
        var chain = try Chain(setup)
        let slot = chain.nextSlot()
        for id in Int64(0)...3 {
            var own = liquidation(id + 1, by: .system)
            own.nonce = id
            _ = chain.submit(own)
        }
        let block = chain.build(slot) { (_, _) throws(Rejection) in throw .amountNotPositive }
        #expect(block.ids == [1, 2])
    }

    // MARK: Hyperliquid

    @Test func cancelsAndPostOnlyOrdersComeFirst() throws {
        var setup = ChainConfiguration.small(.free, ordering: .firstComeFirstServed)
        setup.rules.precedence = .cancelsFirst
        var chain = try Chain(setup)
        func order(_ id: Int64, _ kind: TimeInForce, at seconds: Int64) -> Transaction {
            var sent = transaction(id, from: Int32(id), at: seconds)
            sent.command = .placeOrder(
                account: AccountID(1), market: MarketID(0),
                order: OrderRequest(
                    side: .buy, size: Quantity(raw: 1), price: Price(raw: 1), timeInForce: kind))
            return sent
        }
        var cancel = transaction(4, from: 4, at: 9)
        cancel.command = .cancelOrder(
            account: AccountID(1), market: MarketID(0), order: OrderID(raw: 1))
        let sent = [
            order(1, .immediateOrCancel, at: 1), order(2, .goodTillCancelled, at: 2),
            order(3, .postOnly, at: 8), cancel,
        ]
        #expect(chain.round(sent).block.ids == [3, 4, 1, 2])
    }

    /// What has precedence is dropped last when the mempool is full.
    @Test func aFullMempoolDropsTheSecondTierFirst() throws {
        var setup = ChainConfiguration.small(
            .free, ordering: .firstComeFirstServed, mempool: MempoolLimits(transactions: 2))
        setup.rules.precedence = .liquidationsFirst(attempts: 50)
        var chain = try Chain(setup)
        let slot = chain.nextSlot()
        _ = chain.submit(transaction(1, from: 21, at: 1))
        _ = chain.submit(transaction(2, from: 22, at: 2))
        let dropped = chain.submit(liquidation(3, by: .system))
        #expect(dropped.map(Drop.init) == [Drop(2, .poolFull)])
        #expect(chain.build(slot) { _, _ in }.ids == [3, 1])
    }

    @Test(arguments: ChainPreset.allCases) func everyPresetIsValid(_ preset: ChainPreset) throws {
        try preset.configuration.validate()
        #expect(preset.configuration.name == preset.rawValue)
    }
}
