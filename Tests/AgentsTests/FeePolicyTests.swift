import ExactMath
import MarginProtocol
import Testing

@testable import Agents

@Suite struct FeePolicyTests {
    @Test(arguments: [
        (FeePolicy.fixed(7), Int64(7)),
        (.fixed(-1), 0),
        // 101 · 1.25 = 126.25, rounded up.
        (.multipleOfBase(Ratio(percent: 125)), 127),
        (.multipleOfBase(.zero), 0),
        // 60 % of $100 over 100,000 gas at $2,000 a unit: 60 / (1e5 · 2000) · 1e18 wei.
        (.shareOfProfit(Ratio(percent: 60)), 300_000_000_000),
        // Never less than the going price.
        (.shareOfProfit(Ratio(raw: 1)), 101),
    ])
    func bids(policy: FeePolicy, expected: Int64) {
        let native = Price(whole: 2000)
        let bid = policy.bid(
            profit: policy == .shareOfProfit(Ratio(raw: 1)) ? Money(raw: 1) : Money(whole: 100),
            gas: 100_000, going: 101, native: native)
        #expect(bid == expected)
    }

    @Test func aShareOfNoProfitOrOfFreeGasIsTheGoingPrice() {
        let policy = FeePolicy.shareOfProfit(.one)
        #expect(policy.bid(profit: nil, gas: 1, going: 5, native: Price(whole: 1)) == 5)
        #expect(
            policy.bid(profit: Money(whole: -3), gas: 1, going: 5, native: Price(whole: 1)) == 5)
        #expect(policy.bid(profit: Money(whole: 3), gas: 1, going: 5, native: .zero) == 5)
        #expect(policy.bid(profit: Money(whole: 3), gas: 0, going: 5, native: Price(whole: 1)) == 5)
    }

    @Test func whatDoesNotFitIsNoBid() {
        let huge = FeePolicy.multipleOfBase(Ratio(whole: 1000))
        #expect(huge.bid(profit: nil, gas: 1, going: .max, native: Price(whole: 1)) == nil)
        let all = FeePolicy.shareOfProfit(.one)
        #expect(
            all.bid(profit: Money(raw: .max), gas: 1, going: 1, native: Price(raw: 1)) == nil)
    }

    @Test func gasCostIsRoundedUp() {
        // 21,000 gas at 30 gwei = 0.00063 units at $2,000 = $1.26.
        #expect(
            gasCost(21_000, at: 30_000_000_000, native: Price(whole: 2000))
                == Money(raw: 126_000_000))
        #expect(gasCost(1, at: 1, native: Price(whole: 1)) == Money(raw: 1))
        #expect(gasCost(1, at: 1, native: .zero) == .zero)
        #expect(gasCost(.max, at: .max, native: Price(raw: .max)) == nil)
    }

    @Test(arguments: [
        (Int64(0), Int64(1)), (1, 2), (9, 10), (10, 11), (11, 13), (100, 110), (101, 112),
    ])
    func aBumpIsTenPerCentRoundedUpAndAtLeastOne(old: Int64, new: Int64) {
        #expect(bumped(old) == new)
    }

    @Test func aBumpThatDoesNotFitIsNone() {
        #expect(bumped(.max) == nil)
        #expect(bumped(.max / 11 * 10 + 10) == nil)
    }

    @Test func bitsAscend() {
        #expect(indexes(in: 0) == [])
        #expect(indexes(in: 1 << 63 | 0b1010) == [1, 3, 63])
    }

    /// The least repayment that pays for its gas: what 340,429 gas (Aave v3, liquidationCall) cost over the
    /// bonus of 5 %. At the mean gas price of 19 May 2021, 13:10, and $1,900 an ether it is $21,426.
    @Test func breakEvenOfALiquidation() throws {
        /// [USD, rounded down]
        func least(_ gasPrice: Int64, _ ether: Int64) throws -> Int64 {
            let cost = try #require(
                gasCost(340_429, at: gasPrice, native: Price(whole: ether)))
            return 20 * cost.raw / scaleE8
        }
        #expect(try least(1_656_270_000_000, 1900) == 21_426)
        #expect(try least(30_000_000_000, 3000) == 612)
    }
}
