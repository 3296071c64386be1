import Chain
import ExactMath
import MarginProtocol
import SeededRandom
import Testing

struct FeeEstimatorTests {
    @Test func beforeTheFirstBlock() throws {
        let rule = EIP1559(initialBaseFee: 100)
        let chain = try Chain(.small(.eip1559(rule)))
        #expect(chain.estimate() == FeeEstimate(baseFee: 100, tip: 1, price: 101))
        let first = try Chain(.small(.firstPrice(minimum: 7)))
        #expect(first.estimate() == FeeEstimate(baseFee: 0, tip: 1, price: 7))
        let free = try Chain(.small(.free, ordering: .firstComeFirstServed))
        #expect(free.estimate().price == 0)
    }

    /// Blocks that are full at 1, 2, … 25: only the last 20 count, by nearest rank.
    @Test func percentilesOfTheLastTwentyBlocks() throws {
        var chain = try Chain(.small(mempool: MempoolLimits(perSender: 1000)))
        var id: Int64 = 0
        for price in Int64(1)...25 {
            let time = chain.time + TimeSpan(seconds: 5)
            var sent: [Transaction] = []
            for sender in 0..<11 {
                id += 1
                // The eleventh does not fit, and is gone before the next block.
                let fee = price * 10 + (sender < 10 ? 5 : 1)
                sent.append(
                    transaction(
                        id, from: Int32(id), fee: fee, at: time.milliseconds / 1000,
                        expires: time + TimeSpan(seconds: 5)))
            }
            #expect(chain.round(sent).block.header.minimumPrice == price * 10 + 5)
        }
        #expect(chain.recentMinimumPrices == (Int64(6)...25).map { $0 * 10 + 5 })
        // Ranks 1, 12 and 20 of 65, 75, … 255.
        #expect(chain.estimate(percentile: 0).price == 65)
        #expect(chain.estimate(percentile: 60).price == 175)
        #expect(chain.estimate(percentile: 100).price == 255)
        #expect(chain.suggestedTip(percentile: 5) == 65 && chain.suggestedTip(percentile: 6) == 75)
        // A block with room to spare asks for the minimum alone.
        let header = chain.round().block.header
        #expect(header.marginalTip == 0 && header.minimumPrice == 1)
        #expect(chain.estimate(percentile: 0).price == 1)
    }

    /// With a base fee the estimate is for the next block: its base fee, and the marginal tip of
    /// the last ones.
    @Test func addsTheNextBaseFee() throws {
        var chain = try Chain(.small(.eip1559(EIP1559(initialBaseFee: 1000))))
        let sent = (1...12).map {
            transaction(Int64($0), from: Int32($0), fee: 9000, tip: Int64($0))
        }
        let header = chain.round(sent).block.header
        #expect(header.marginalTip == 3 && header.minimumPrice == 1003)
        #expect(chain.estimate() == FeeEstimate(baseFee: 1125, tip: 3, price: 1128))
    }
}
