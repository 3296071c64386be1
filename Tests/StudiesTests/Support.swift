import Foundation
import Scenarios
import Simulation
import Studies

enum Fixture {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func scenario(_ name: String) -> String {
        root.appendingPathComponent("scenarios/\(name).yaml").path
    }

    @Sendable static func read(_ path: String) throws -> String {
        try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
    }

    /// A scenario of the repository with overrides.
    static func load(_ name: String, _ overrides: [String] = []) throws -> Scenario {
        try ScenarioLoader.load(scenario(name), overrides: overrides, read: read)
    }

    /// A small study's scenario: a fall of a third in a quarter of an hour, with everything that makes liquidations late.
    static let crash = """
        name: small-crash
        question: How does a small crash end?
        seed: 1
        start: 2024-01-01T00:00:00Z
        duration: 20m
        chain: {preset: ethereum, initial_base_fee: 10 gwei}
        demand: {price: 15 gwei, load: 150%}
        assets:
          USDC: {price: 1}
          ETH:
            price: {points: [[00:00, 2000], [00:04, 1950], [00:14, 1300], [00:20, 1320]], between: bridge, volatility: 150%/year}
            liquidity: {depth_2pct: $2M, recovery: 20m}
            collateral: {haircut: 10%}
        markets:
          ETH-PERP: {underlying: ETH, initial_margin: 5%, maintenance_margin: 3%, taker_fee: 5bp}
        oracles:
          ETH: {deviation: 0.5%, heartbeat: 1h, latency: 20s}
        protocol:
          liquidation: {close_factor: 50%, penalty: 1.5%, bonus: 5%, taker: liquidator}
          insurance_fund: $10k
          pool: $50M
        agents:
          traders: {count: 40, collateral: {USDC: 70%, ETH: 30%}, leverage: 3..18, long_bias: 65%, trades_per_hour: 2/hour}
          liquidators:
            fast: {count: 2, capital: $300k, lag: 1 block, unwind: hold}
        """

    /// Reads a text with overrides.
    static func loader(_ text: String = crash) -> Study.Load {
        { overrides in
            try ScenarioLoader.load("scenario.yaml", overrides: overrides) { _ in text }
        }
    }

    static func study(
        _ vary: [String] = ["oracles.ETH.latency=0s,30s,60s"], seeds: ClosedRange<Int64> = 1...5
    ) throws -> Study {
        try Study(
            kind: "grid", points: try Design.grid.points(try vary.map { try Variation($0) }),
            seeds: seeds, load: loader())
    }

    /// A fresh folder that is removed afterwards.
    static func inFolder<T>(_ body: (URL) throws -> T) throws -> T {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("crossmargin-studies-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// Runs a study into a file, and says its content's hash.
    @discardableResult static func run(
        _ study: Study, into path: String, shard: Shard = .whole, jobs: Int = 1,
        stopAfter: Int? = nil
    ) throws -> String {
        let store = try StudyStore(path, study, shard: shard)
        var count = 0
        do {
            try StudyRunner(study, shard: shard, jobs: jobs).run(after: store.done) { outcome in
                if count == stopAfter { throw Stopped() }
                try store.append(outcome)
                count += 1
            }
        } catch is Stopped {}
        try store.finish()
        return "\(try store.contentHash())"
    }

    struct Stopped: Error {}
}
