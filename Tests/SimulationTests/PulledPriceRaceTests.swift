import Agents
import Chain
import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import Simulation

/// Liquidations that bring their prices along, where they are financed, hidden and raced for.
@Suite struct PulledPriceRaceTests {
    private func run(_ liquidators: String, chain: String = "ethereum", _ more: String = "") throws
        -> (simulation: Simulation, records: [BlockRecord])
    {
        let text = LiquidatorKindsTests.lending(
            liquidators, audit: "{decisions: true}", seed: 4
        )
        .replacing(
            "ETH: {deviation: 0.5%, heartbeat: 1h, latency: 15s, fee: 60 gwei}",
            with: "ETH: {kind: pull, interval: 4s, latency: 1s}"
        )
        .replacing("chain: ethereum", with: "chain: " + chain)
        let simulation = try Simulation(
            try ScenarioLoader.load(text: text + "\n" + more), paranoid: true)
        var records: [BlockRecord] = []
        while let record = simulation.next() { records.append(record) }
        return (simulation, records)
    }

    private func brought(_ records: [BlockRecord]) -> Int {
        records.flatMap(\.transactions).count {
            $0.rejection == nil && $0.transaction.command.kind == .attach
                && $0.transaction.command.inner.kind == .liquidate
        }
    }

    /// The loan is measured at the prices that come along: so it repays exactly what is liquidated.
    @Test(arguments: [
        ("{a: {count: 2, capital: $0, financing: {flash: {fee: 0.05%}}}}", "ethereum"),
        (
            "{a: {count: 2, capital: $0, send: bundles, financing: {flash: {fee: 0.05%}}}}",
            "{preset: ethereum-builders, bundles: 100%}"
        ),
    ]) func flashLoansRepayAtThePricesThatTheyBring(_ liquidators: String, _ chain: String) throws {
        let (simulation, records) = try run(liquidators, chain: chain)
        let wins = records.flatMap(\.decisions).filter { $0.result == .won }
        let loans = records.flatMap(\.outsideTrades).filter { $0.purpose == "flash loan" }
        #expect(wins.count > 10 && loans.count == wins.count)
        #expect(brought(records) > 10)
        #expect(simulation.summary.value(of: "conservation") == .zero)
    }

    /// Rivals see each other's bids through the prices that come along, and raise theirs.
    @Test func bidsThatBringPricesAreRaised() throws {
        let (_, records) = try run(
            """
            {
              a: {count: 1, capital: $5M, unwind: hold, fee: 1.25x, counterbid: 5%, reaction: 200ms},
              b: {count: 1, capital: $5M, unwind: hold, fee: 1.5x, counterbid: 5%, reaction: 200ms}
            }
            """)
        #expect(brought(records) > 10)
        let raises = records.flatMap(\.decisions).filter { $0.decision.trigger == .raise }
        #expect(!raises.isEmpty && raises.allSatisfy { $0.decision.rivals > 0 })
    }

    /// A machine fails by chance and by the scenario's faults, independently.
    @Test func bothKindsOfCrashStopALiquidator() throws {
        let fault = "faults: [{at: 00:20, for: 20m, agents: frail}]\n"
        let (_, records) = try run(
            "{frail: {count: 1, capital: $5M, failures: {mtbf: 2m, mttr: 1m}}}", chain: "ethereum",
            fault)
        let start = records[0].header.time
        let sent = records.flatMap(\.transactions)
            .filter { $0.transaction.command.inner.kind == .liquidate }
            .map { $0.transaction.submittedAt - start }
        #expect(!sent.isEmpty)
        let down = TimeSpan(seconds: 1200)..<TimeSpan(seconds: 2400)
        #expect(!sent.contains { down.contains($0) })
    }
}
