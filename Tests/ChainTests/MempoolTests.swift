import Chain
import ExactMath
import MarginProtocol
import SeededRandom
import Testing

struct MempoolTests {
    /// Each refusal, where it alone applies and where a later one does too: the documented order.
    @Test func refusalsInOrderOfPrecedence() throws {
        let limits = MempoolLimits(transactions: 3, perSender: 2, minimumTip: 5)
        var chain = try Chain(.small(mempool: limits))
        #expect(chain.round([transaction(1)]).block.ids == [1])
        let slot = chain.nextSlot()
        for waiting in [
            transaction(2, nonce: 1, fee: 50, at: 11), transaction(3, nonce: 2, fee: 50, at: 11),
            transaction(4, from: 30, fee: 50, at: 11),
        ] {
            #expect(chain.submit(waiting).isEmpty)
        }
        let expired = Timestamp.at(10)
        let cases: [(Transaction, DropReason)] = [
            (
                transaction(10, nonce: 0, fee: 1, at: 12, gas: 1_000_001, expires: expired),
                .gasLimitAboveBlock
            ),
            (
                transaction(11, nonce: 0, fee: 1, at: 12, gas: 99_999, expires: expired),
                .gasLimitTooLow
            ),
            (transaction(12, nonce: 0, fee: 1, at: 12, expires: expired), .expired),
            (transaction(13, nonce: 0, fee: 4, at: 12), .feeTooLow),
            (transaction(14, nonce: 0, fee: 50, at: 12), .nonceTooLow),
            (transaction(15, nonce: 1, fee: 54, at: 12), .replacementUnderpriced),
            (transaction(16, nonce: 3, fee: 99, at: 12), .senderLimit),
            (transaction(17, from: 31, fee: 50, at: 12), .poolFull),
        ]
        for (sent, reason) in cases {
            let dropped = chain.submit(sent)
            #expect(dropped.map(Drop.init) == [Drop(sent.id, reason)])
            #expect(dropped.first?.at == .at(12))
        }
        #expect(chain.build(slot) { _, _ in }.ids == [2, 3, 4])
    }

    @Test func aFullPoolDropsTheLowestTipAndOfEqualOnesTheNewest() throws {
        var chain = try Chain(.small(mempool: MempoolLimits(transactions: 3)))
        let (block, dropped) = chain.round([
            transaction(1, from: 1, fee: 20, at: 1), transaction(2, from: 2, fee: 20, at: 2),
            transaction(3, from: 3, fee: 30, at: 2), transaction(4, from: 4, fee: 21, at: 3),
            transaction(5, from: 5, fee: 20, at: 1), transaction(6, from: 6, fee: 90, at: 3),
        ])
        #expect(block.ids == [6, 3, 4])
        #expect(
            dropped.map(Drop.init) == [Drop(2, .poolFull), Drop(5, .poolFull), Drop(1, .poolFull)])
    }

    /// The lowest effective tip is not the lowest tip: a fee cap near the base fee leaves less.
    @Test func evictionLooksAtTheEffectiveTip() throws {
        let market = FeeMarket.eip1559(EIP1559(initialBaseFee: 100))
        var chain = try Chain(.small(market, mempool: MempoolLimits(transactions: 2)))
        let dropped = chain.round([
            transaction(1, from: 1, fee: 103, tip: 50), transaction(2, from: 2, fee: 900, tip: 4),
            transaction(3, from: 3, fee: 900, tip: 7),
        ]).dropped
        #expect(dropped.map(Drop.init) == [Drop(1, .poolFull)])
    }

    @Test func transactionsExpire() throws {
        let limits = MempoolLimits(lifetime: TimeSpan(seconds: 30))
        let market = FeeMarket.eip1559(EIP1559(initialBaseFee: 100, minimumBaseFee: 100))
        var chain = try Chain(.small(market, mempool: limits))
        // Below the base fee's reach for ever; by its own deadline, and by the pool's lifetime.
        let sent = [
            transaction(1, from: 1, nonce: 1, fee: 200, at: 5, expires: .at(20)),
            transaction(2, from: 2, nonce: 1, fee: 200, at: 5),
            transaction(3, from: 3, nonce: 1, fee: 200, at: 5, expires: .at(900)),
        ]
        let drops = [chain.round(sent), chain.round(), chain.round(), chain.round()].map(\.dropped)
        #expect(drops[0].isEmpty && drops[1].isEmpty)
        #expect(drops[2].map(Drop.init) == [Drop(1, .expired)])
        #expect(drops[2].first?.at == .at(30))
        #expect(drops[3].map(Drop.init) == [Drop(2, .expired), Drop(3, .expired)])
        #expect(chain.pendingCount == 0)
    }

    /// A transaction may be included in a block of the very moment at which it expires.
    @Test func theDeadlineIsInclusive() throws {
        var chain = try Chain(.small())
        #expect(chain.round([transaction(1, expires: .at(10))]).block.ids == [1])
    }

    @Test func whereTheBidIsPaidOnlyTheFeeCapReplaces() throws {
        var chain = try Chain(.small())
        let (block, dropped) = chain.round([
            transaction(1, fee: 100, tip: 3), transaction(2, fee: 110, tip: 1, at: 2),
            transaction(3, fee: 120, tip: 900, at: 3),
        ])
        #expect(block.ids == [2])
        #expect(dropped.map(Drop.init) == [Drop(1, .replaced), Drop(3, .replacementUnderpriced)])
    }

    @Test func whatIsOnItsWayIsBounded() throws {
        var chain = try Chain(.small(mempool: MempoolLimits(transactions: 2)))
        let late = (1...3).map { transaction(Int64($0), from: Int32($0), at: 15) }
        let drops = late.flatMap { chain.submit($0) }
        #expect(drops.map(Drop.init) == [Drop(3, .poolFull)])
        #expect(chain.round().block.ids == [])
        #expect(chain.round().block.ids == [1, 2])
    }

    // MARK: Against a model that sorts everything every time

    struct Model {
        var limits: MempoolLimits
        var rule: EIP1559
        var gasLimit: Int64
        var baseFee: Int64
        var waiting: [Transaction] = []
        var nonces: [Int32: Int64] = [:]
        var drops: [Drop] = []

        func tip(_ transaction: Transaction) -> Int64 {
            min(transaction.maxTip, transaction.maxFee - baseFee)
        }
        func isBefore(_ a: Transaction, _ b: Transaction) -> Bool {
            (-tip(a), a.submittedAt, a.id) < (-tip(b), b.submittedAt, b.id)
        }
        func nonce(_ sender: Address) -> Int64 { nonces[sender.raw] ?? 0 }

        mutating func submit(_ new: Transaction) {
            if new.nonce < nonce(new.sender) { return drops.append(Drop(new.id, .nonceTooLow)) }
            let rival = waiting.firstIndex { $0.sender == new.sender && $0.nonce == new.nonce }
            if let rival {
                let old = waiting[rival]
                let isEnough =
                    new.maxFee > old.maxFee && new.maxTip > old.maxTip
                    && new.maxFee >= old.maxFee * 110 / 100 && new.maxTip >= old.maxTip * 110 / 100
                guard isEnough else { return drops.append(Drop(new.id, .replacementUnderpriced)) }
                drops.append(Drop(old.id, .replaced))
                waiting[rival] = new
                return
            }
            if waiting.filter({ $0.sender == new.sender }).count == limits.perSender {
                return drops.append(Drop(new.id, .senderLimit))
            }
            waiting.append(new)
            if waiting.count > limits.transactions {
                waiting.sort(by: isBefore)
                drops.append(Drop(waiting.removeLast().id, .poolFull))
            }
        }

        mutating func build(at time: Timestamp) -> [Int64] {
            let isExpired = { (t: Transaction) in t.submittedAt + limits.lifetime < time }
            drops += waiting.filter(isExpired).sorted {
                ($0.submittedAt, $0.id) < ($1.submittedAt, $1.id)
            }
            .map { Drop($0.id, .expired) }
            waiting.removeAll(where: isExpired)
            var included: [Int64] = []
            var room = gasLimit
            var passedOver: Set<Address> = []
            while true {
                let heads = waiting.filter {
                    $0.nonce == nonce($0.sender) && $0.maxFee >= baseFee
                        && !passedOver.contains($0.sender)
                }
                guard let best = heads.min(by: isBefore) else { break }
                if best.gasLimit > room {
                    passedOver.insert(best.sender)
                    if passedOver.count == 32 { break }
                    continue
                }
                included.append(best.id)
                room -= 100_000
                nonces[best.sender.raw] = best.nonce + 1
                waiting.removeAll { $0.id == best.id }
            }
            baseFee = rule.nextBaseFee(
                baseFee: baseFee, gasUsed: gasLimit - room, gasLimit: gasLimit)
            return included
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func agreesWithASortedModel(seed: UInt64) throws {
        let limits = MempoolLimits(
            transactions: 45, perSender: 3, lifetime: TimeSpan(seconds: 55), minimumTip: 0)
        let rule = EIP1559(initialBaseFee: 1000, minimumBaseFee: 300)
        var chain = try Chain(.small(.eip1559(rule), mempool: limits), seed: seed)
        var model = Model(limits: limits, rule: rule, gasLimit: 1_000_000, baseFee: 1000)
        var draws = RandomSource(seed: seed).stream("test")
        var id: Int64 = 0
        var fees: [Int64] = []
        var reasons: Set<DropReason> = []
        for block in 0..<300 {
            let slot = chain.nextSlot()
            var dropped: [Drop] = []
            // Busy and quiet times, so that the base fee crosses what waits in both directions.
            let arrivals = draws.uniform(in: block % 40 < 20 ? 5...40 : 0...5)
            for _ in 0..<arrivals {
                id += 1
                let sender = Int32(draws.uniform(in: 0...34))
                let first = model.nonce(Address(sender))
                let sent = transaction(
                    id, from: sender, nonce: max(first + draws.uniform(in: -1...3), 0),
                    fee: draws.uniform(in: 400...3000), tip: draws.uniform(in: 0...900),
                    at: slot.time.milliseconds / 1000 - draws.uniform(in: 0...9),
                    gas: draws.uniform(in: 1...3) * 100_000)
                model.submit(sent)
                dropped += chain.submit(sent).map(Drop.init)
            }
            let built = chain.build(slot) { _, _ in }
            dropped += built.dropped.map(Drop.init)
            let expected = model.build(at: slot.time)
            #expect(built.ids == expected, "seed \(seed), block \(block)")
            #expect(dropped == model.drops, "seed \(seed), block \(block)")
            #expect(chain.baseFee == model.baseFee && chain.pendingCount == model.waiting.count)
            model.drops = []
            fees.append(chain.baseFee)
            reasons.formUnion(dropped.map(\.reason))
            guard built.ids == expected else { return }
        }
        // The run was worth its while: the base fee crossed many caps, and every drop that needs a
        // pool came up.
        #expect((fees.min() ?? 0) < 400 && (fees.max() ?? 0) > 1000)
        #expect(
            reasons == [
                .nonceTooLow, .replacementUnderpriced, .replaced, .senderLimit, .poolFull, .expired,
            ])
    }

    // MARK: Bounds

    /// A flood stays within the pool's limit, and what it cannot hold is refused one by one.
    @Test func aFloodIsBounded() throws {
        #if DEBUG
            let flood: Int64 = 20_000
        #else
            let flood: Int64 = 1_000_000
        #endif
        var chain = try Chain(.small())
        let slot = chain.nextSlot()
        var dropped: Int64 = 0
        for id in 1...flood {
            let fee = 1 + (id &* 7_919) % 1_000_003
            dropped += Int64(
                chain.submit(
                    transaction(id, from: Int32(id % 50_000), nonce: id / 50_000, fee: fee)
                ).count)
        }
        #expect(chain.pendingCount == 5120)
        #expect(dropped == flood - 5120)
        #expect(chain.build(slot) { _, _ in }.ids.count == 10)
    }

    /// A pool that holds the whole flood: each block still takes its best without looking at the
    /// rest.
    @Test func aHugePoolStaysFast() throws {
        #if DEBUG
            let flood: Int64 = 20_000
        #else
            let flood: Int64 = 1_000_000
        #endif
        let limits = MempoolLimits(transactions: Int(flood), perSender: Int(flood), minimumTip: 0)
        let rule = EIP1559(initialBaseFee: gwei)
        var chain = try Chain(.small(.eip1559(rule), mempool: limits))
        var slot = chain.nextSlot()
        let clock = ContinuousClock()
        let filling = clock.measure {
            for id in 1...flood {
                let fee = gwei + (id &* 7_919) % gwei
                _ = chain.submit(
                    transaction(
                        id, from: Int32(id % 100_000), nonce: id / 100_000, fee: fee,
                        tip: (id &* 104_729) % gwei))
            }
        }
        #expect(chain.pendingCount == Int(flood))
        var included = 0
        let building = clock.measure {
            for _ in 0..<50 {
                included += chain.build(slot) { _, _ in }.ids.count
                slot = chain.nextSlot()
            }
        }
        #expect(included > 200)
        #expect(chain.pendingCount == Int(flood) - included)
        // Wide bounds: a second each on the machine they were written on would already be slow.
        #expect(filling < .seconds(30) && building < .seconds(30))
    }
}
