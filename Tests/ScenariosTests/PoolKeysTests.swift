import Agents
import ExactMath
import MarginProtocol
import MarginRules
import Testing

@testable import Scenarios

/// Keys of bounds of prices, of impact kept apart, and of who owns the pool.
@Suite struct PoolKeysTests {
    private func parameters(_ part: String, _ other: String) throws -> ProtocolParameters {
        try load(small.replacing(part, by: other)).parameters
    }

    @Test func spreads() throws {
        let found = try parameters("collateral: 90%}", "collateral: 90%, spread_reduction: 25%}")
        #expect(found.feeds.map(\.spreadReduction) == [nil, Ratio(percent: 25)])
        #expect(try load(small).parameters.feeds.allSatisfy { $0.spreadReduction == nil })
    }

    @Test func impactPools() throws {
        func terms(_ pool: String) throws -> PoolTerms? {
            let text = small.replacing(
                "initial_margin: 10%, maintenance_margin: 5%",
                by:
                    "initial_margin: 10%, maintenance_margin: 5%, pool: {imbalance_impact: {negative: 0.1, positive: 0.1}, \(pool)}"
            ).replacing(
                "{pool: $1M}",
                by:
                    "{pool: $1M, liquidation: {closing_price: pool, whole: position, caller: venue}}"
            )
            return try load(text).parameters.markets[0].pool?.terms
        }
        #expect(
            try terms(
                "impact_pool: {distribution: 2, minimum: 3 ETH, lendable: 20%, maximum_lent: $5k, claim_delay: 1h}"
            )?.impactPool
                == ImpactPoolTerms(
                    asset: AssetID(1), distributionPerDay: Quantity(whole: 2),
                    minimum: Quantity(whole: 3),
                    lending: .init(factor: Ratio(percent: 20), maximum: Money(whole: 5000)),
                    claimDelay: TimeSpan(seconds: 3600)))
        let plain = try #require(try terms("impact_pool: {}"))
        #expect(plain.impactPool?.claimDelay == TimeSpan(seconds: 5 * 86_400))
        #expect(plain.impactPool?.lending.factor == .zero)
        #expect(plain.payout == .settlement)
        #expect(try terms("impact_pool: none")?.impactPool == nil)
        #expect(try terms("payout: backing")?.payout == .backing)
        #expect(try terms("payout: collateral")?.payout == .collateral)
    }

    @Test func owners() throws {
        func shares(_ text: String) throws -> PoolShareTerms? {
            try load(
                small.replacing(
                    "maintenance_margin: 5%", by: "maintenance_margin: 5%, pool: {profit_cap: 90%}"
                )
                .replacing("{pool: $1M}", by: "{pool: $1M, pool_shares: \(text)}")
            ).parameters.poolShares
        }
        #expect(try shares("none") == nil)
        #expect(
            try shares("{}")
                == PoolShareTerms(fee: .byBalance(improving: .zero, worsening: .zero)))
        #expect(
            try shares(
                "{fee: 0.07%, improving_fee: 0.05%, outside_share: 37%, deposit_profit: 90%, withdrawal_profit: 70%, maximum: $90M}"
            )
                == PoolShareTerms(
                    fee: .byBalance(
                        improving: Ratio(basisPoints: 5), worsening: Ratio(basisPoints: 7)),
                    outsideShare: Ratio(percent: 37), depositProfit: Ratio(percent: 90),
                    withdrawalProfit: Ratio(percent: 70), maximumValue: Money(whole: 90_000_000)))
        #expect(
            try shares("{fee: 0.25%, tax: 0.5%, targets: {ETH: 3, BTC: 9}, withdraw: chosen}")
                == PoolShareTerms(
                    fee: .byWeights(GLPDynamicFee(base: 25, tax: 50), weights: [0, 3]),
                    choosesAsset: true))
        for (text, problem) in [
            ("{tax: 1%}", "has a meaning only with targets"),
            ("{targets: {ETH: 1}, improving_fee: 1%}", "cannot stand beside targets"),
            ("{targets: {BTC: 1}}", "expected a weight for one of the assets"),
            ("{fee: 0.001%, targets: {ETH: 1}}", "expected whole basis points"),
        ] {
            let found = problems(
                small.replacing("{pool: $1M}", by: "{pool: $1M, pool_shares: \(text)}"))
            #expect(found.contains { $0.contains(problem) }, "\(found)")
        }
    }

    @Test func depositors() throws {
        let text = """
            agents:
              scripted:
                owner:
                  funding: $1M
                  steps:
                    - {at: +5m, add_liquidity: {USDC: $10k}}
                    - {at: +6m, remove_liquidity: {}}
                    - {at: +7m, remove_liquidity: {share: 50%, asset: ETH}}

            """
        let script = try #require(
            try load(small.replacing("agents:\n", by: text)).agents.scripts.first)
        #expect(
            script.steps.map(\.action) == [
                .addLiquidity([
                    .init(asset: AssetID(0), amount: .worth(Money(whole: 10_000)))
                ]), .removeLiquidity(share: .one, asset: nil),
                .removeLiquidity(share: Ratio(percent: 50), asset: AssetID(1)),
            ])
    }
}
