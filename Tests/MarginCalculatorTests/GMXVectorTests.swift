import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Further rows of gmx-io/gmx-synthetics @a5c0c88 and gmx-io/gmx-contracts @fe55c4b through the engine.
@Suite struct GMXVectorTests {
    /// MarketUtils.sol, getKinkBorrowingFactor with Arbitrum's 85 %, 45 % and 90 % a year: what longs of a share of five
    /// million pay in a year. And with half of the pool open to reserve, 200,000 use 8 % of it (test/market/MarketUtils.ts).
    ///
    /// Vectors: borrow-kink-40, borrow-kink-85, borrow-kink-90, borrow-kink-100, borrow-kink-110,
    /// usage-1.
    @Test(arguments: [
        ("400", "85%", "45%", "90%", "100%", "360000"),
        ("850", "85%", "45%", "90%", "100%", "1625625"),
        ("900", "85%", "45%", "90%", "100%", "2497500"),
        ("1000", "85%", "45%", "90%", "100%", "4500000"),
        ("1100", "85%", "45%", "90%", "100%", "6847500"),
        ("40", "100%", "100%", "100%", "50%", "16000"),
    ])
    func borrowing(
        size: String, optimal: String, base: String, above: String, reserve: String, paid: String
    ) throws {
        var account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {pool: 5000000}}
            account: {balances: {USDC: 50000000}, positions: {ETH: {size: \(size), entry: 5000}}}
            parameters:
              markets: {ETH: {funding: none, taker_fee: 0%, pool_fee_share: 100%, pool: {improving_fee: 0%, imbalance_impact: none, reserve: 100%, open_interest_reserve: \(reserve)}, borrowing: {optimal_usage: \(optimal), base: \(base)/year, above: \(above)/year}}}
            """)
        InterestTests.advance(&account, seconds: 31_536_000)
        let equity = account.house.plainEquity(of: account.cross, at: account.file.prices)
        // A factor a second of eighteen decimals, thirty-one million times, is off by as much.
        let expected = try #require(Money(decimal: paid))
        #expect((Money(whole: 50_000_000) - equity - expected).magnitude <= Money(raw: 20_000_000))
        #expect(account.house.breaches().isEmpty)
    }

    /// Factors ten and twenty times as large: a short of 200,000 against as much has 2,000 of it, which is 0.4 ether
    /// (test/exchange/DecreasePosition/CappedPriceImpact.ts), and 50,000 of imbalance cost 500 (README.md).
    ///
    /// Vectors: pi-cap-04, pi-readme-01.
    @Test(arguments: [
        ("40", "-40", "0.0000001", "0.00000005", "5050.50505051"),
        ("0", "10", "0.0000002", "0.0000001", "5050.50505051"),
    ])
    func impact(longs: String, size: String, negative: String, positive: String, price: String)
        throws
    {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {long_open_interest: \(longs), short_open_interest: 0}}
            account: {balances: {USDC: 50000}, positions: {ETH: {size: 0, entry: 5000}}}
            parameters:
              markets:
                ETH: {pool: {imbalance_impact: {negative: \(negative), positive: \(positive), positive_exponent: 2, maximum_negative: 100%, maximum_positive: 100%}}}
            """)
        let size = try #require(Quantity(decimal: size))
        let got = try account.house.poolPrice(MarketID(0), size: size, for: account.cross)
        #expect(isNear(got, price, within: "0.00000002"))
    }

    /// test/exchange/FundingFees/AdaptiveFunding.ts: after 604 seconds the rate is 3.624e-5 a second.
    ///
    /// Vectors: funding-adaptive-2.
    @Test func adaptiveFunding() throws {
        var account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {long_open_interest: 21.2, short_open_interest: 18.8}}
            account: {balances: {USDC: 200000}, positions: {ETH: {size: 21.2, entry: 5000}}}
            parameters: {markets: {ETH: {borrowing: none, taker_fee: 0%, pool: {improving_fee: 0%}, funding: {pool: {rise: 3153.6%/year, rise_time: 1s, rises_above: 5%, falls_below: 3%, minimum: 0%, maximum: 315360000%/year}}}}}
            """)
        InterestTests.advance(&account, seconds: 604)
        // 106,000 · 3.624e-5 · 604.
        let equity = account.house.plainEquity(of: account.cross, at: account.file.prices)
        #expect(isNear(equity, "197679.77024", within: "0.00000002"))
    }

    /// test/exchange/DecreasePosition/NegativePnl.ts: closing a tenth of 200,000 at 4,980 costs 80 of the collateral.
    ///
    /// Vectors: negpnl-1.
    @Test func aTenthAtALoss() throws {
        var account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 4980, USDC: 1}
            market: {ETH: {pool: 1000000}}
            account: {balances: {USDC: 50000}, positions: {ETH: {size: 40, entry: 5000}}}
            \(GMXTests.bare("ETH", rate: "1%"))
            """)
        var journal: [Event] = []
        try account.house.execute(
            .trade(
                account: account.cross, market: MarketID(0), size: Quantity(whole: -4), limit: nil,
                reduceOnly: true), from: CalculatedAccount.owner, into: &journal)
        let unit = account.file.parameters.settlementAsset
        #expect(isNear(account.house.balance(account.cross, unit), "49920"))
        #expect(account.house.position(account.cross, MarketID(0)).size == Quantity(whole: 36))
        #expect(
            isNear(account.house.balance(ClearingHouse.liquidityPool, unit), "1000080"))
    }

    /// test/core/Vault/averagePrice.js: what was 90 and becomes 100 keeps its profit; here ten thousand times as much, so
    /// that eight decimals of a bitcoin suffice.
    ///
    /// Vectors: v1-avg-2, v1-avg-7.
    @Test(arguments: [
        ("41000", "45100", "long", "41376.14678899"), ("40000", "30000", "short", "38709.67741935"),
    ])
    func averagePrice(entry: String, price: String, side: String, average: String) throws {
        let first = try Money(whole: 900_000).quantity(
            at: try #require(Price(decimal: entry)), rounding: .nearest)
        let second = try Money(whole: 100_000).quantity(
            at: try #require(Price(decimal: price)), rounding: .nearest)
        var account = try account(
            """
            protocol: gmx-v1
            prices: {BTC: \(price), USDC: 1}
            market: {BTC: {pool: 100000000}}
            account: {balances: {USDC: 1000000}, positions: {BTC: {size: \(first), side: \(side), entry: \(entry)}}}
            """)
        var journal: [Event] = []
        try account.house.execute(
            .trade(
                account: account.cross, market: MarketID(0),
                size: side == "long" ? second : -second,
                limit: nil, reduceOnly: false), from: CalculatedAccount.owner, into: &journal)
        let found = account.house.position(account.cross, MarketID(0)).entryPrice
        #expect(isNear(found, average, within: "0.001"))
    }

    /// test/exchange/BorrowingFees.ts: 200,000 long against a thousand ether and a million dollars pay 967.68 in fourteen
    /// days, which the pool has; of the six million of its tokens each is worth that much more. A second long of 200,000
    /// doubles the rate: from then on either pays 1,935.36 in fourteen days.
    ///
    /// Vectors: borrow-curve-2, borrow-curve-4.
    @Test func poolValueWithFees() throws {
        let text = """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {pool: [5000000, 1000000]}}
            account: {balances: {USDC: 50000}, positions: {ETH: {size: 40, entry: 5000}}}
            parameters:
              markets: {ETH: {funding: none, taker_fee: 0%, pool_fee_share: 100%, pool: {improving_fee: 0%, imbalance_impact: none, reserve: 100%, open_interest_reserve: 100%}, borrowing: {optimal_usage: 100%, base: 315.36%/year, above: 315.36%/year}}}
            """
        let market = MarketID(0)
        var alone = try account(text)
        #expect(alone.house.poolValue(market) == Money(whole: 6_000_000))
        InterestTests.advance(&alone, seconds: 1_209_600)
        let value = try #require(alone.house.poolValue(market))
        #expect(isNear(value, "6000967.68"))
        #expect(isNear(Money(raw: value.raw / 6_000_000), "1.00016128"))

        var account = try account(text)
        InterestTests.advance(&account, seconds: 1_209_604)
        let second = account.house.addAccount(owner: Address(50), role: .margin)
        var journal: [Event] = []
        account.house.mint(
            Quantity(whole: 50_000), of: account.file.parameters.settlementAsset, to: second,
            into: &journal)
        try account.house.execute(
            .trade(
                account: second, market: market, size: Quantity(whole: 40), limit: nil,
                reduceOnly: false), from: Address(50), into: &journal)
        InterestTests.advance(&account, seconds: 1_209_600)
        let prices = account.file.prices
        #expect(
            isNear(account.house.plainEquity(of: account.cross, at: prices), "47096.9568"))
        #expect(isNear(account.house.plainEquity(of: second, at: prices), "48064.64"))
        #expect(isNear(account.house.poolValue(market), "6004838.4032", within: "0.00000002"))
        #expect(account.house.breaches().isEmpty)
    }

    /// test/core/Vault/fundingRate.js: 100,000 reserved of 257,046 at 600 of a million an interval are 233 of a million, once
    /// the interval of eight hours has begun.
    ///
    /// Vectors: v1-funding-1.
    @Test func borrowingByIntervals() throws {
        var account = try account(
            """
            protocol: gmx-v1
            prices: {ETH: 1, USDC: 1}
            market: {ETH: {pool: 257046}}
            account: {balances: {USDC: 50000}, positions: {ETH: {size: 100000, entry: 1}}}
            parameters: {markets: {ETH: {borrowing: {interval_factor: 0.06%, interval: 8h}}}}
            """)
        InterestTests.advance(&account, seconds: 28_799)
        #expect(
            account.house.plainEquity(of: account.cross, at: account.file.prices)
                == Money(whole: 50_000))
        InterestTests.advance(&account, seconds: 1)
        let unit = account.file.parameters.settlementAsset
        #expect(
            isNear(account.house.plainEquity(of: account.cross, at: account.file.prices), "49976.7")
        )
        // Fees leave the pool, at once.
        #expect(isNear(account.house.balance(ClearingHouse.treasury, unit), "23.3"))
        // Two intervals that no block saw count at what is reserved now.
        InterestTests.advance(&account, seconds: 57_600)
        #expect(
            isNear(account.house.plainEquity(of: account.cross, at: account.file.prices), "49930.1")
        )
        #expect(account.house.breaches().isEmpty)
    }
}
