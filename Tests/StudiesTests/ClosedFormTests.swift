import Chain
import ExactMath
import MarginProtocol
import Scenarios
import Simulation
import Testing

@testable import Studies

/// Results that can be written down come out of many runs, within their interval.
@Suite struct ClosedFormTests {
    static func run(_ scenario: Scenario, _ body: (BlockRecord) -> Void = { _ in }) throws
        -> Simulation
    {
        let simulation = try Simulation(scenario)
        while let record = simulation.next() { body(record) }
        return simulation
    }

    /// A loan of 82.5 % becomes liquidatable and waits: with a log price without drift the bonus of 5 % is no longer
    /// covered with probability Φ(ln(0.825 · 1.05) / (σ √τ)), and the loan is insolvent with Φ(ln 0.825 / (σ √τ)).
    ///
    /// Vectors: delay_risk_zero_drift_lognormal.
    @Test(arguments: [
        (5, 10, 0.0020417743843547664, 5.9679770618659145e-05),
        (10, 10, 0.07552717003085974, 0.02719491218385911),
        (10, 60, 0.2788806559832649, 0.21612273931074732),
    ])
    func delayRisk(percent: Int, minutes: Int, notCovered: Double, insolvent: Double) throws {
        // So much in ten minutes, of which a year has 52,560; a log price without drift has a drift of σ²/2.
        let variance = Double(percent * percent) / 10_000 * 52_560
        let volatility = StudyFigure.decimal(variance.squareRoot() * 100, 4)
            .filter { $0 != "," }
        let drift = StudyFigure.decimal(variance * 50, 4).filter { $0 != "," }
        var scenario = try ScenarioLoader.load(
            text: """
                name: wait
                seed: 1
                start: 2024-01-01T00:00:00Z
                duration: \(minutes)m
                step: 1m
                chain: ethereum
                assets:
                  USDC: {price: 1}
                  ETH: {price: {gbm: {start: 1000, volatility: \(volatility)%/year, drift: \(drift)%/year}}}
                oracles: {ETH: {latency: 0s}}
                """)
        let runs = 3000
        var uncovered = 0
        var under = 0
        for seed in 1...runs {
            scenario.seed = UInt64(seed)
            var last = Price.zero
            _ = try Self.run(scenario) { last = $0.referencePrices[1].price }
            // The debt is 825, and with its bonus 866.25.
            if last.raw < 86_625_000_000 { uncovered += 1 }
            if last.raw < 82_500_000_000 { under += 1 }
        }
        for (count, probability) in [(uncovered, notCovered), (under, insolvent)] {
            let found = Double(count) / Double(runs)
            let deviation = (probability * (1 - probability) / Double(runs)).squareRoot()
            // The last block may come a slot early: a hundredth of the time.
            #expect(
                abs(found - probability) < 3 * deviation + 0.03 * probability,
                "\(found), not \(probability) ± \(3 * deviation)")
        }
    }

    /// Perez et al. find more than 70 % of what becomes liquidatable taken in the same block; with the gas of
    /// 12 March 2020, and keepers who bid as on every other day, next to nothing is.
    ///
    /// Source: "Liquidations: DeFi on a Knife-edge" (arXiv 2009.13235), of Compound on all days until September 2020.
    /// So prices move as in the hours between the plunges of 12 March, and keepers read the mempool.
    @Test func sameBlockShareCollapsesWithGas() throws {
        let days = [
            "assets.ETH.price={gbm: {start: 180, volatility: 365%/year, drift: 0%/year}}",
            "agents.liquidators.adaptive.timing=mempool",
        ]
        let shares = try Self.shares("taken_at_once_share", seeds: 1...16, days)
        #expect(shares.calm.mean - shares.calm.halfWidth > 0.7, "\(shares.calm.mean)")
        #expect(shares.gas.mean + shares.gas.halfWidth < 0.1, "\(shares.gas.mean)")
    }

    /// Keepers who look at committed blocks are one block later. In the plunges themselves, on a chain with room, they
    /// take as much in that block or the next one; and nothing with that day's gas.
    @Test func promptSharesCollapseWithGas() throws {
        let shares = try Self.shares("prompt_share", seeds: 1...4, [])
        #expect(shares.calm.mean - shares.calm.halfWidth > 0.7, "\(shares.calm.mean)")
        #expect(shares.gas.mean + shares.gas.halfWidth < 0.1, "\(shares.gas.mean)")
    }

    /// A metric of eight hours of congestion.yaml with room in blocks, and with its gas; keepers always bid 20 gwei.
    private static func shares(
        _ metric: String, seeds: ClosedRange<Int64>, _ settings: [String]
    ) throws -> (calm: Sample, gas: Sample) {
        let fixed = [
            "duration=8h", "agents.liquidators.adaptive.fee=20 gwei",
            "agents.liquidators.adaptive.bump_after=0",
        ]
        let calm = ["demand=null", "demand.price=10 gwei", "demand.load=40%"]
        let samples = try [calm, []].map { demand in
            let study = try Study(
                kind: "grid", points: [StudyPoint(label: "", settings: [])], seeds: seeds
            ) { try Fixture.load("congestion", fixed + demand + settings + $0) }
            var values = StudyValues(study)
            try StudyRunner(study, jobs: 2).run { values.add($0) }
            return try #require(values.sample(try study.metric(called: metric), at: 0))
        }
        return (samples[0], samples[1])
    }

    /// A liquidation pays from gas · price / bonus on: Perez et al., "Liquidations: DeFi on a Knife-edge" (arXiv
    /// 2009.13235). Longs of all sizes fall due at once; a keeper bids 100 gwei for a reward of 2 %.
    @Test(arguments: [50, 100]) func breakEvenSize(gwei: Int) throws {
        let scenario = try ScenarioLoader.load(
            text: """
                name: break-even
                seed: 3
                start: 2024-01-01T00:00:00Z
                duration: 20m
                chain: {preset: ethereum, initial_base_fee: 1 gwei}
                assets:
                  USDC: {price: 1}
                  ETH: {price: {points: [[00:00, 2000], [00:05, 2000], [00:06, 1840], [00:20, 1840]]}}
                markets:
                  ETH-PERP: {underlying: ETH, initial_margin: 9%, maintenance_margin: 3%, taker_fee: 0%, pool: {spread: 0%}}
                oracles: {ETH: {latency: 0s, deviation: 0.1%, fee: 5x}}
                protocol:
                  liquidation: {whole: position, penalty: 2%, taker: pool}
                  insurance_fund: $100k
                  pool: $50M
                agents:
                  traders:
                    crowd: {count: 400, equity: $20..$900, collateral: {USDC: 100%}, leverage: 10, long_bias: 100%, trades_per_hour: 0/hour}
                  liquidators: {keeper: {count: 1, capital: $10M, fee: \(gwei) gwei}}
                """)
        var sizes: [Double] = []
        var gas: Int64 = 0
        let simulation = try Self.run(scenario) { record in
            for liquidation in record.liquidations
            where liquidation.step.price.raw == 184_000_000_000 {
                let size = Double(liquidation.step.size.magnitude.raw) / 1e8
                sizes.append(size * 1840)
            }
            for included in record.transactions where included.rejection == nil {
                if case .liquidate = included.transaction.command { gas = included.gasUsed }
            }
        }
        let expected = Double(gas) * Double(gwei) * 1e-9 * 1840 / 0.02
        let smallest = try #require(sizes.min())
        #expect(sizes.count > 50)
        #expect(smallest >= expected * 0.999, "\(smallest), not from \(expected) on")
        #expect(smallest < expected * 1.1, "\(smallest), not from \(expected) on")
        let metric = try #require(simulation.summary.value(of: "break_even_size_usd"))
        #expect(abs(Double(metric.raw) / 1e8 / expected - 1) < 0.02)
    }
}
