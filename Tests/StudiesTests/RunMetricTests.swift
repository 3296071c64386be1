import Audit
import ExactMath
import Foundation
import GRDB
import Scenarios
import Simulation
import Testing

/// What the engine sums up is what SQL finds in the record, metric by metric.
@Suite struct RunMetricTests {
    static let cases: [(name: String, overrides: [String])] = [
        ("oracle-delay", ["duration=5h"]),
        ("congestion", ["duration=6h"]),
        ("cascade", ["duration=3h"]),
        ("cross-vs-isolated", ["duration=4h"]),
        ("same-crash-everywhere", ["duration=5h", "protocol.preset=hyperliquid"]),
        ("same-crash-lending", ["duration=5h"]),
        ("calm", ["duration=30m"]),
        ("incidents/maker-2020-03-12", ["duration=9h"]),
        ("incidents/gas-2021-05-19", ["duration=2h"]),
    ]

    @Test(arguments: cases.indices) func theRecordSaysTheSame(index: Int) throws {
        let (name, overrides) = Self.cases[index]
        let scenario = try Fixture.load(name, overrides)
        try compare(scenario)
    }

    @Test func aSmallCrash() throws { try compare(try Fixture.loader()([])) }

    @Test func placesThatAreSold() throws {
        let scenario = try Fixture.loader()([
            "chain.preset=ethereum-builders", "chain.bundles=100%",
            "oracle_auction={pricing: second, protocol: 65%, oracle: 10%, reserve: $1}",
            "agents.liquidators.fast.auction_bid=80%",
        ])
        try compare(scenario)
        let simulation = try Simulation(scenario)
        while simulation.next() != nil {}
        #expect(simulation.summary.auctionPaid > .zero)
    }

    private func compare(_ scenario: Scenario) throws {
        try Fixture.inFolder { folder in
            let path = folder.appendingPathComponent("run.sqlite").path
            let simulation = try Simulation(scenario)
            let writer = try AuditWriter.create(path, description: simulation.description)
            while let record = simulation.next() { try writer.append(record) }
            try writer.finish(unseed: simulation.unseed)
            let rows = try DatabaseQueue(path: path).read {
                try Row.fetchAll($0, sql: "select metric, value from v_run_metric")
            }
            var found: [String: Double] = [:]
            for row in rows { found[row["metric"]] = row["value"] }
            #expect(found.count == rows.count, "a metric twice")
            // What accounts are worth after each block is not in the record.
            let keys = scenario.metricKeys.filter {
                !$0.name.hasPrefix("backstop_") && $0.name != "reserves_change_usd"
                    && !$0.name.hasPrefix("profit_usd_")
                    && !$0.name.hasPrefix("attack_profit_usd_")
            }
            #expect(Set(keys.map(\.name)) == Set(found.keys))
            for (key, unit) in keys {
                let expected = Double(try #require(simulation.summary.value(of: key)).raw) / 1e8
                let value = found[key] ?? .nan
                // The engine rounds each sum of money to 1e-8 USD, and seconds to whole milliseconds.
                let slack =
                    switch unit {
                    case .dollars: 0.01 + 1e-7 * abs(expected)
                    case .seconds: 0.002
                    default: 1e-6 * max(1, abs(expected))
                    }
                #expect(
                    abs(value - expected) <= slack,
                    "\(scenario.name) \(key): \(value), not \(expected)")
            }
        }
    }
}
