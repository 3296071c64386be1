import ExactMath
import MarginProtocol
import SeededRandom
import Testing

@testable import Chain

/// Bids that wait: how they rise, and how they mislead whoever estimates from them.
struct WaitingBidsTests {
    /// Twice what a chain of 1,000,000 gas in ten seconds carries.
    private func chain(
        load: Int64 = 200_000, spread: Int64 = 50, escalation: Int64 = 0, patience: Int64 = 3600
    ) throws -> Chain {
        var demand = DemandConfiguration(
            gasPerSecond: load, medianPrice: 100 * gwei, spread: Ratio(percent: spread),
            patience: TimeSpan(seconds: patience))
        demand.escalation = Ratio(percent: escalation)
        return try Chain(.small(demand: demand))
    }

    private func clearing(_ chain: inout Chain, blocks: Int) -> Int64 {
        var price: Int64 = 0
        for _ in 0..<blocks { price = chain.round().block.header.minimumPrice }
        return price
    }

    /// The backlog is drained from the top: a percentile of what waits lies ever further below what gets in.
    @Test func aBacklogOfLowBidsBiasesAPercentileDownwards() throws {
        var chain = try chain()
        let price = clearing(&chain, blocks: 200)
        let waiting = try #require(chain.waitingBids)
        #expect(waiting.gas > 50_000_000)
        let ninety = try #require(waiting.price(percentile: 90))
        #expect(ninety < price)
        // What got in lately says more than what waits.
        let recent = try #require(chain.survey.recentPrice(percentile: 60))
        #expect(abs(recent - price) < price / 10)
        #expect(recent > ninety)
    }

    /// Compression: where the rest of the bids crowd under the going price, far percentiles hardly differ.
    @Test func theMarketablePartIsCompressed() throws {
        var chain = try chain(spread: 100)
        _ = clearing(&chain, blocks: 2)
        let before = try #require(chain.waitingBids)
        _ = clearing(&chain, blocks: 300)
        let after = try #require(chain.waitingBids)
        func width(_ bids: WaitingBids) throws -> Double {
            let high = try #require(bids.price(percentile: 99))
            let middle = try #require(bids.price(percentile: 50))
            return Double(high) / Double(middle)
        }
        #expect(try width(after) <= width(before))
        let cutoff = try #require(after.clearingPrice(room: 1_000_000))
        let last = try #require(after.price(percentile: 99))
        #expect(cutoff < 2 * last)
    }

    @Test func percentilesAreByGas() {
        var gas = [Int64](repeating: 0, count: BidLadder.steps)
        gas[100] = 90
        gas[200] = 10
        let bids = WaitingBids(gasByStep: gas, gas: 100)
        #expect(bids.price(percentile: 0) == BidLadder.prices[100])
        #expect(bids.price(percentile: 90) == BidLadder.prices[100])
        #expect(bids.price(percentile: 91) == BidLadder.prices[200])
        #expect(bids.clearingPrice(room: 9) == BidLadder.prices[200])
        #expect(bids.clearingPrice(room: 10) == BidLadder.prices[100])
        #expect(bids.clearingPrice(room: 100) == nil)
        #expect(WaitingBids(gasByStep: [], gas: 0).price(percentile: 50) == nil)
    }

    /// 70 % an hour is a factor of e^0.7 = 2.01 in an hour, whatever the block time.
    @Test func waitingBidsRise() throws {
        var backlog = BidBacklog()
        let bids = BidDistribution(median: 100 * gwei, spread: .zero)
        backlog.add(DemandArrival(from: .at(0), until: .at(1), gas: 1000, bids: bids))
        let first = backlog.highestBid()
        let start = try #require(first)
        // 16 steps are a factor of two.
        backlog.raise(by: 16)
        let second = backlog.highestBid()
        let raised = try #require(second)
        #expect(abs(raised - 2 * start) < start / 1000)
        #expect(backlog.gas == 1000)
        backlog.raise(by: 5000)
        #expect(backlog.highestBid() == BidLadder.prices[BidLadder.steps - 1])
        #expect(backlog.take(atMost: 2000) == 1000)

        // With room for a tenth of the demand, prices climb by that much an hour.
        var rising = try chain(load: 1_000_000, spread: 0, escalation: 70, patience: 36_000)
        let early = clearing(&rising, blocks: 90)
        let later = clearing(&rising, blocks: 360)
        #expect(1.7...2.2 ~= Double(later) / Double(early))
    }

    /// Without it, bids stay as they were made.
    @Test func withoutEscalationTheyDoNot() throws {
        var flat = try chain(load: 1_000_000, spread: 0, patience: 36_000)
        let early = clearing(&flat, blocks: 90)
        let later = clearing(&flat, blocks: 360)
        #expect(early == later)
    }

    @Test func anEscalationNeedsAnOrderByBids() {
        var setup = ChainConfiguration.small(ordering: .firstComeFirstServed)
        setup.demand = DemandConfiguration(
            gasPerSecond: 1, medianPrice: 1, spread: .zero)
        setup.demand?.escalation = Ratio(percent: 1)
        do {
            try setup.validate()
            Issue.record("it was taken")
        } catch { #expect(error.field == "demand.escalation") }
    }
}
