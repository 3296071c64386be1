import ExactMath
import MarginProtocol
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator

/// The pool of GMX v2 through the engine: prices with bounds, impact kept apart, what it is worth. Sources are tests of
/// gmx-io/gmx-synthetics @a5c0c88.
@Suite struct GMXPoolTests {
    static let owner = CalculatedAccount.owner
    static let market = MarketID(0)

    static func trade(
        _ house: inout ClearingHouse, _ account: AccountID, _ size: String
    ) throws {
        var journal: [Event] = []
        let size = try #require(Quantity(decimal: size))
        try house.execute(
            .trade(account: account, market: market, size: size, limit: nil, reduceOnly: false),
            from: owner, into: &journal)
        #expect(house.breaches().isEmpty)
    }

    static func unit(_ account: CalculatedAccount) -> AssetID {
        account.file.parameters.settlementAsset
    }

    /// test/exchange/DecreasePosition/Spread.ts: a tenth is closed at 4,990, the lower bound, and costs 40; the pool has
    /// them.
    ///
    /// Vectors: spread-3.
    @Test func closesAtTheLowerBound() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: {min: 4990, max: 5010}, USDC: 1}
            market: {ETH: {pool: 1000000}}
            account: {balances: {USDC: 50000}, positions: {ETH: {size: 40, entry: 5000}}}
            parameters:
              assets: {ETH: {spread_reduction: 0%}}
              markets: {ETH: {taker_fee: 0%, pool: {improving_fee: 0%, imbalance_impact: none}}}
            """)
        var house = account.house
        #expect(isNear(house.health(of: account.cross, .maintenance).equity, "49600"))
        try Self.trade(&house, account.cross, "-4")
        #expect(isNear(house.balance(account.cross, Self.unit(account)), "49960"))
        #expect(
            isNear(house.balance(ClearingHouse.liquidityPool, Self.unit(account)), "1000040"))
        // Who opens has the upper bound.
        #expect(try isNear(house.poolPrice(Self.market, size: Quantity(whole: 4)), "5010"))
    }

    /// test/oracle/ChainlinkDataStreamProvider.ts: 0.9999999 and 1.0000001, as they are and narrowed by nine tenths.
    ///
    /// Vectors: oracle-spread-0, oracle-spread-1.
    @Test(arguments: [
        ("0%", "0.9999999", "1.0000001"), ("90%", "0.99999999", "1.00000001"),
        ("100%", "1", "1"),
    ])
    func spreadReduction(reduction: String, low: String, high: String) throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: {min: 0.9999999, max: 1.0000001}}
            account: {balances: {USDC: 100}, positions: {ETH: {size: 0}}}
            parameters: {assets: {USDC: {spread_reduction: \(reduction)}}}
            """)
        let range = try #require(account.house.priceRange(of: Self.unit(account)))
        #expect(range.minimum == Price(decimal: low))
        #expect(range.maximum == Price(decimal: high))
    }

    /// Where prices have no bounds, two of them are a mistake.
    @Test func boundsNeedARule() throws {
        #expect(throws: ScenarioProblems.self) {
            try account(
                """
                protocol: gmx-v1
                prices: {ETH: {min: 4990, max: 5010}, USDC: 1}
                account: {balances: {USDC: 50000}, positions: {ETH: {size: 1}}}
                """)
        }
    }

    /// test/exchange/PositionPriceImpact/PairMarket.ts, order by order: what waits with each of three positions, and what the
    /// impact pool has after each decrease. ETH at 5,000; factors 5e-9 and 1e-8, exponent 2; a fifth may be lent.
    ///
    /// Vectors: pi-inc-01, pi-inc-03, pi-pool-01, pi-pool-03, pi-pool-04.
    @Test func impactPool() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {pool: 5000000}}
            account: {balances: {USDC: 500000}, positions: {ETH: {size: 0}}}
            parameters:
              markets:
                ETH:
                  taker_fee: 0%
                  pool: {improving_fee: 0%, impact_pool: {lendable: 20%}, imbalance_impact: {negative: 0.00000001, positive: 0.000000005, positive_exponent: 2, maximum_negative: 100%, maximum_positive: 100%}}
            """)
        var house = account.house
        var journal: [Event] = []
        // There longs and shorts of one owner are positions of their own.
        let traders =
            [account.cross]
            + [0, 1].map { _ in
                house.addAccount(owner: Self.owner, role: .margin)
            }
        for trader in traders.dropFirst() {
            house.mint(
                Quantity(whole: 500_000), of: Self.unit(account), to: trader, into: &journal)
        }
        let pool = try #require(house.impactPool(Self.market))
        let eth = try #require(account.file.parameters.markets[0].pool?.terms?.impactPool?.asset)
        // Who trades, how much, what then waits with it, and what the impact pool holds.
        let steps = [
            (0, "40", "-0.08", "0"), (1, "40", "-0.24", "0"), (2, "-2", "0.0079", "0"),
            (2, "2", "0", "0.0079"), (2, "-100", "0.14", "0.0079"), (2, "-20", "0.08", "0.0079"),
            (0, "40", "-0.04", "0.0079"), (0, "20", "-0.06", "0.0079"),
            (0, "-20", "-0.048", "0.0099"), (0, "-20", "-0.036", "0.0419"),
            (2, "20", "0.06666667", "0.01856667"),
        ]
        for (who, size, waits, holds) in steps {
            try Self.trade(&house, traders[who], size)
            #expect(
                isNear(
                    house.pendingImpact(traders[who], Self.market), waits, within: "0.00000002"),
                "\(size): \(house.pendingImpact(traders[who], Self.market))")
            #expect(
                isNear(house.balance(pool, eth), holds, within: "0.00000002"),
                "\(size): \(house.balance(pool, eth))")
        }
        #expect(house.openInterest(Self.market, .long) == Quantity(whole: 100))
    }

    /// test/exchange/DecreasePosition/CappedPriceImpact.ts: a tenth of 200,000 is closed with an impact of −40 and −400 that
    /// have waited; 0.1 % of 20,000 are charged at once, and 420 are held. All of it comes off the collateral.
    ///
    /// Vectors: pi-cap-07.
    @Test func cappedImpact() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {pool: 5000000, long_open_interest: 40, short_open_interest: 40}}
            account: {balances: {USDC: 50000}, positions: {ETH: {size: 40, entry: 5000, pending_impact: -0.799999999999999986}}}
            parameters:
              markets:
                ETH:
                  taker_fee: 0%
                  pool: {improving_fee: 0%, imbalance_impact: {negative: 0.0000001, positive: 0.00000005, positive_exponent: 2, maximum_negative: 0.1%, maximum_positive: 0.05%}}
            """)
        var house = account.house
        let unit = Self.unit(account)
        let before = house.balance(ClearingHouse.liquidityPool, unit)
        try Self.trade(&house, account.cross, "-4")
        let eth = try #require(account.file.parameters.markets[0].pool?.terms?.impactPool?.asset)
        let impacts = try #require(house.impactPool(Self.market))
        #expect(isNear(house.balance(account.cross, unit), "49560"))
        #expect(isNear(house.balance(ClearingHouse.liquidityPool, unit) - before, "20"))
        #expect(isNear(house.impactClaims.first?.amount, "420"))
        #expect(isNear(house.balance(impacts, eth), "0.004"))
        #expect(isNear(house.pendingImpact(account.cross, Self.market), "-0.72"))
        // Five days later they may be claimed back.
        var journal: [Event] = []
        house.advance(to: house.time + TimeSpan(seconds: 5 * 86_400 + 1), into: &journal)
        try house.execute(.claimImpact(account.cross), from: Self.owner, into: &journal)
        #expect(isNear(house.balance(account.cross, unit), "49980"))
    }

    /// What an impact pool holds is part of what backs a side; there may be none where the pool keeps nothing apart.
    @Test func impactPoolOfAFile() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {pool: 1000000, impact_pool: 30}}
            account: {balances: {USDC: 50000}, positions: {ETH: {size: 1}}}
            """)
        let state = try #require(account.house.poolProfit(Self.market, .long))
        #expect(isNear(state.pool, "1000000"))
        let impacts = try #require(account.house.impactPool(Self.market))
        #expect(isNear(account.house.balance(impacts, AssetID(index: 1)), "30"))
        #expect(throws: ScenarioProblems.self) {
            try self.account(
                """
                protocol: gmx-v1
                prices: {ETH: 5000, USDC: 1}
                market: {ETH: {pool: 1000000, impact_pool: 30}}
                account: {balances: {USDC: 50000}, positions: {ETH: {size: 1}}}
                """)
        }
    }

    /// test/exchange/DecreasePosition/CappedPnl.ts: one token backs both sides, each with a million of it. Two longs of 250,000
    /// win half; all winners have at most 7 % of their side, so who closes second has another share. The pool is worth what
    /// it holds less half of its side at most.
    ///
    /// Vectors: pnlcap-1, pnlcap-2, poolvalue-1.
    @Test func cappedProfitOfOneToken() throws {
        let account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 7500, USDC: 1}
            market: {ETH: {pool: 1000000}}
            account: {balances: {USDC: 100000}, positions: {ETH: {size: 50, entry: 5000}}}
            parameters:
              markets: {ETH: {taker_fee: 0%, pool: {backing: [USDC, USDC], improving_fee: 0%, imbalance_impact: none, profit_cap: 7%}}}
            """)
        var house = account.house
        var journal: [Event] = []
        let unit = Self.unit(account)
        let other = house.addAccount(owner: Self.owner, role: .margin)
        house.mint(Quantity(whole: 100_000), of: unit, to: other, into: &journal)
        try house.seedPosition(
            other, Self.market, size: Quantity(whole: 50), entry: Price(whole: 5000),
            into: &journal)
        let half = Ratio(percent: 50)
        for (closing, received, value) in [
            (nil, "0", "1750000"), (account.cross, "135000", "1840000"),
            (other, "168775", "1896225"),
        ] as [(AccountID?, String, String)] {
            if let closing {
                try Self.trade(&house, closing, "-50")
                #expect(isNear(house.balance(closing, unit), received, within: "0.00001"))
            }
            for end in [PoolValuation.minimum, .maximum] {
                let worth = try house.poolShareValue(end, maximumProfit: half)
                #expect(isNear(worth, value, within: "0.00001"), "\(worth)")
            }
        }
    }

    /// gmx-io/gmx-contracts @fe55c4b test/core/Vault/getFeeBasisPoints.js: what the pool counts of an asset, its target, what
    /// is brought or taken, and the fee in basis points.
    ///
    /// Vectors: v1-feebps-00, v1-feebps-02, v1-feebps-03, v1-feebps-05, v1-feebps-10, v1-feebps-11, v1-feebps-12,
    /// v1-feebps-15.
    @Test(arguments: [
        (29700, 29700, "1:1", 1000, 100, 50, 100), (29700, 29700, "1:1", -1000, 100, 50, 100),
        (29700, 29700, "1:1", -5000, 100, 50, 104), (29700, 29700, "1:1", -5000, 50, 100, 58),
        (29700, 44850, "1:1", -1000, 100, 50, 110), (29700, 44850, "1:1", -5000, 100, 50, 113),
        (29700, 44850, "1:1", -10000, 100, 50, 116), (89100, 1815, "2:3", -1000, 50, 100, 0),
    ])
    func dynamicFee(
        ether: Int64, dollars: Int64, weights: String, change: Int64, base: Int64, tax: Int64,
        fee: Int64
    ) throws {
        let parts = weights.split(separator: ":")
        let account = try account(
            """
            protocol: gmx-v1
            prices: {ETH: 1, USDC: 1}
            account: {balances: {USDC: 1}, positions: {ETH: {size: 0}}}
            parameters:
              protocol: {pool_shares: {fee: \(Self.percent(base)), tax: \(Self.percent(tax)), targets: {ETH: \(parts[0]), USDC: \(parts[1])}}}
            """)
        var house = account.house
        var journal: [Event] = []
        let eth = AssetID(index: 1)
        let wallet = house.addAccount(owner: Self.owner, role: .wallet)
        house.mint(Quantity(whole: 10_000), of: eth, to: wallet, into: &journal)
        for (asset, amount) in [(eth, ether), (Self.unit(account), dollars)] {
            house.mint(
                Quantity(whole: amount), of: asset, to: ClearingHouse.liquidityPool,
                into: &journal)
        }
        house.seedPoolShares(to: wallet)
        #expect(house.poolShareSupply == Quantity(whole: ether + dollars))
        let command: Command =
            change > 0
            ? .addLiquidity(
                wallet: wallet, asset: eth, amount: Quantity(whole: change), atLeast: .zero)
            : .removeLiquidity(
                wallet: wallet, shares: Quantity(whole: -change), asset: eth, atLeast: .zero)
        journal = []
        try house.execute(command, from: Self.owner, into: &journal)
        #expect(house.breaches().isEmpty)
        let expected = try Money(whole: abs(change)).scaled(
            by: Ratio(basisPoints: fee), rounding: .down)
        #expect(
            journal.contains {
                if case .poolSharesChanged(let step) = $0 { step.fee == expected } else { false }
            })
        // Fees leave the pool.
        #expect(house.balance(ClearingHouse.treasury, eth) == Quantity(raw: expected.raw))
    }

    /// Basis points as a percentage.
    private static func percent(_ points: Int64) -> String {
        "\(points / 100).\(points % 100 < 10 ? "0" : "")\(points % 100)%"
    }

    private func account(_ text: String) throws -> CalculatedAccount {
        try MarginCalculatorTests.account(text)
    }
}
