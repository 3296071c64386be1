import Chain
import ExactMath
import SeededRandom
import Testing

/// Halts, bursts, missed slots, and changes of the base fee's rule.
struct ChainFaultTests {
    private func times(_ chain: inout Chain, _ count: Int) -> [Int64] {
        (0..<count).map { _ in
            let slot = chain.nextSlot()
            _ = chain.build(slot) { _, _ in }
            return slot.time.milliseconds / 1000
        }
    }

    @Test func aHaltHasNoBlocksAndThenTheGridGoesOn() throws {
        var setup = ChainConfiguration.small()
        setup.rules.halts = [ChainHalt(from: .at(25), until: .at(61))]
        var chain = try Chain(setup)
        #expect(times(&chain, 4) == [10, 20, 70, 80])
    }

    @Test func aBurstMakesUpForTheBlocksThatWereMissed() throws {
        var setup = ChainConfiguration.small()
        setup.rules.halts = [
            ChainHalt(from: .at(25), until: .at(61), burst: TimeSpan(seconds: 2))
        ]
        var chain = try Chain(setup)
        // Slots 30, 40, 50 and 60 were lost: four come at two seconds.
        #expect(times(&chain, 9) == [10, 20, 70, 72, 74, 76, 78, 88, 98])
    }

    @Test func missedSlotsAreCountedAcrossAHalt() throws {
        var setup = ChainConfiguration.small()
        setup.rules.halts = [ChainHalt(from: .at(25), until: .at(61))]
        var chain = try Chain(setup)
        let missed = (0..<4).map { _ -> Int64 in
            let slot = chain.nextSlot()
            _ = chain.build(slot) { _, _ in }
            return slot.missed
        }
        #expect(missed == [0, 0, 4, 0])
    }

    @Test func transactionsWaitThroughAHalt() throws {
        var setup = ChainConfiguration.small()
        setup.rules.halts = [ChainHalt(from: .at(15), until: .at(600))]
        var chain = try Chain(setup)
        #expect(chain.round([transaction(1, at: 12)]).block.ids == [])
        let (block, dropped) = chain.round([
            transaction(2, from: 2, fee: 50, at: 300),
            transaction(3, from: 3, at: 400, expires: .at(500)),
        ])
        #expect(block.header.time == .at(600))
        #expect(block.ids == [1, 2])
        #expect(dropped.map(Drop.init) == [Drop(3, .expired)])
    }

    @Test func proofOfWorkBeginsAnewAfterAHalt() throws {
        var setup = ChainConfiguration.small()
        setup.blockTime = .exponential(mean: TimeSpan(seconds: 13))
        setup.rules.halts = [ChainHalt(from: .at(100), until: .at(5000))]
        var chain = try Chain(setup)
        let all = times(&chain, 200)
        #expect(!all.contains { 100..<5000 ~= $0 })
        #expect(all.contains { $0 < 100 } && all.contains { $0 >= 5000 })
    }

    /// Only while the fault lasts, and about as often as it says.
    @Test func slotsAreMissedWhileTheFaultLasts() throws {
        var setup = ChainConfiguration.small()
        setup.rules.missedSlots = [
            MissedSlots(from: .at(10_000), until: .at(60_000), share: Ratio(percent: 50))
        ]
        var chain = try Chain(setup)
        let all = times(&chain, 6000)
        #expect(all.count { $0 < 10_000 } == 999)
        #expect(2300...2700 ~= all.count { 10_000..<60_000 ~= $0 })
        let last = all.filter { $0 >= 60_000 }
        #expect(zip(last, last.dropFirst()).allSatisfy { $1 - $0 == 10 })
    }

    /// Canyon's denominator and Jovian's minimum, each from its moment on: op-geth's figures.
    @Test func theBaseFeeRuleChanges() throws {
        var setup = ChainConfiguration.small(
            .eip1559(EIP1559(elasticity: 6, denominator: 50, initialBaseFee: gwei)))
        setup.rules.feeChanges = [
            FeeChange(from: .at(20), elasticity: 6, denominator: 250),
            FeeChange(from: .at(30), elasticity: 3, denominator: 50, minimumBaseFee: 2 * gwei),
        ]
        var chain = try Chain(setup)
        var fees: [Int64] = []
        for _ in 0..<4 {
            _ = chain.round()
            fees.append(chain.baseFee)
        }
        // Empty blocks: −1/50, −1/250, then the minimum.
        #expect(fees == [980_000_000, 976_080_000, 2 * gwei, 2 * gwei])
    }

    @Test(arguments: [
        ("halts[0].until", [ChainHalt(from: .at(2), until: .at(2))]),
        (
            "halts[1].from",
            [ChainHalt(from: .at(2), until: .at(5)), ChainHalt(from: .at(4), until: .at(9))]
        ),
        ("halts[0].burst", [ChainHalt(from: .at(2), until: .at(5), burst: .zero)]),
    ])
    func badHaltsAreRefused(_ field: String, _ halts: [ChainHalt]) {
        var setup = ChainConfiguration.small()
        setup.rules.halts = halts
        #expect(throws: ChainError.self) { try setup.validate() }
        do { try setup.validate() } catch { #expect(error.field == field) }
    }
}
