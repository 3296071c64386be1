import ExactMath
import MarginProtocol
import Scenarios
import Simulation
import Testing

/// Longs with ten times leverage all fall due by one report, and it depends on the keepers what is taken in its block.
@Suite struct NewlyLiquidatableTests {
    struct Fall {
        var newly: NewlyLiquidatable
        var liquidatedInBlock: Int
        var exposure: Money
    }

    /// The block in which the price report makes them liquidatable.
    static func fall(keepers: String) throws -> Fall {
        let scenario = try ScenarioLoader.load(
            text: """
                name: fall
                seed: 3
                start: 2024-01-01T00:00:00Z
                duration: 10m
                chain: {preset: ethereum, initial_base_fee: 1 gwei}
                assets:
                  USDC: {price: 1}
                  ETH: {price: {points: [[00:00, 2000], [00:05, 2000], [00:06, 1840], [00:10, 1840]]}}
                markets:
                  ETH-PERP: {underlying: ETH, initial_margin: 9%, maintenance_margin: 3%, taker_fee: 0%, pool: {spread: 0%}}
                oracles: {ETH: {latency: 0s, deviation: 7.9%, fee: 5x}}
                protocol:
                  liquidation: {whole: position, penalty: 2%, taker: pool}
                  insurance_fund: $100k
                  pool: $50M
                agents:
                  traders:
                    crowd: {count: 20, equity: $20k, collateral: {USDC: 100%}, leverage: 10, long_bias: 100%, trades_per_hour: 0/hour}
                \(keepers)
                """)
        let simulation = try Simulation(scenario)
        var falls: [Fall] = []
        var exposure: Money = .zero
        while let record = simulation.next() {
            let newly = record.metric.newlyLiquidatable
            if newly.accounts > 0 {
                falls.append(
                    Fall(
                        newly: newly, liquidatedInBlock: record.liquidations.count,
                        exposure: exposure))
            }
            exposure = try simulation.house.openInterest(MarketID(0))
                .value(at: Price(whole: 1840), rounding: .down)
        }
        #expect(falls.count == 1)
        #expect(simulation.summary.newlyLiquidatable == falls.first?.newly)
        return try #require(falls.first)
    }

    @Test func nobodyIsTakenWhereNobodyLiquidates() throws {
        let fall = try Self.fall(keepers: "")
        #expect(fall.newly.accounts == 20)
        #expect(fall.newly.takenAccounts == 0)
        #expect(fall.newly.takenExposure == .zero)
        // Twenty values, each rounded down, against the value of their sum.
        #expect((fall.newly.exposure - fall.exposure).magnitude.raw <= 20)
        #expect(fall.newly.exposure > Money(whole: 3_600_000))
    }

    @Test func whoLooksAtBlocksIsLate() throws {
        let fall = try Self.fall(
            keepers: "  liquidators: {keeper: {count: 2, capital: $10M, fee: 2x}}")
        #expect(fall.newly.accounts == 20)
        #expect(fall.liquidatedInBlock == 0)
        #expect(fall.newly.takenAccounts == 0)
    }

    @Test func whoReadsTheMempoolIsNot() throws {
        let fall = try Self.fall(
            keepers: "  liquidators: {keeper: {count: 2, capital: $10M, fee: 2x, timing: mempool}}")
        #expect(fall.newly.accounts == 20)
        #expect(fall.liquidatedInBlock == 20)
        #expect(fall.newly.takenAccounts == 20)
        // What they came to before the steps, of which nothing is left at the end of the block.
        #expect(fall.newly.takenExposure == fall.newly.exposure)
        #expect((fall.newly.exposure - fall.exposure).magnitude.raw <= 20)
    }
}
