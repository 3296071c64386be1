import Foundation
import Scenarios
import Testing

/// Every preset has a document, and runs in a scenario with all invariants on.
@Suite struct PresetTests {
    @Test(arguments: Preset.names) func runsWithAllInvariants(preset: String) throws {
        let text = try #require(Preset.named(preset)).text
        let isLending = !text.contains("\nmarkets:")
        // Where Dai is owed, the scenario's dollar stands for it.
        let unit =
            text.contains("settlement: DAI")
            ? [
                "--set", "protocol.settlement=USDC", "--set", "assets.USDC.collateral=100%",
            ] : []
        let result = try Tool.run(
            [
                "run", Tool.scenario(isLending ? "same-crash-lending" : "same-crash-everywhere"),
                "--set", "protocol.preset=\(preset)", "--set", "duration=1h", "--paranoid",
                "--no-expect", "--json",
            ] + unit)
        #expect(result.code == 0, "\(preset): \(result.error)")
        #expect(Tool.field("conservation", of: result.out) == "0")
    }

    /// The same, with an account for every position.
    @Test(arguments: Preset.all.filter { $0.text.contains("\nmarkets:") }.map(\.name))
    func runsIsolated(preset: String) throws {
        let result = try Tool.run([
            "run", Tool.scenario("same-crash-everywhere"), "--set", "protocol.preset=\(preset)",
            "--set", "agents.traders.crowd.mode=isolated", "--set", "duration=1h", "--paranoid",
            "--no-expect", "--json",
        ])
        #expect(result.code == 0, "\(preset): \(result.error)")
        #expect(Tool.field("conservation", of: result.out) == "0")
    }

    /// Governance delists the market after the first fall: by notice, and at a stated price or the protocol's.
    @Test(
        arguments: Preset.all.filter { $0.text.contains("\nmarkets:") }.map(\.name),
        ["", ", price: 135"])
    func windsMarketsUp(preset: String, price: String) throws {
        try Tool.inFolder { folder in
            let isIsolated = preset.hasPrefix("gmx")
            let run = try Tool.run(
                [
                    "run", Tool.scenario("same-crash-everywhere"), "--db", "a.sqlite", "--paranoid",
                    "--no-expect", "--set", "protocol.preset=\(preset)", "--set", "duration=5h30m",
                    "--set", "agents.traders.crowd.mode=\(isIsolated ? "isolated" : "cross")",
                    "--set",
                    "faults=[{at: 10:55, settle_market: {market: ETH-PERP, notice: 5m\(price)}}]",
                ], in: folder)
            #expect(run.code == 0, "\(run.error)")
            func count(_ rows: String) throws -> Int { try Self.count(rows, in: folder) }
            #expect(try count("governance where kind = 80") == 2)
            // dYdX deleverages one account after the other, unless a price is stated.
            let closed = try count("position_change where reason in (4, 80)")
            #expect(closed > 10, "\(closed)")
            #expect(try count("breach_market_winding_up") == 0)
            #expect(try Tool.run(["verify", "a.sqlite"], in: folder).code == 0)
        }
    }

    /// A pool that keeps price impact apart, and depositors who come and go, when its market is settled.
    @Test func aPoolWithOwnersOutlivesItsMarket() throws {
        try Tool.inFolder { folder in
            try """
            name: delisting
            seed: 4
            start: 2024-01-01T00:00:00Z
            duration: 2h
            chain: arbitrum
            assets:
              USDC: {price: 1}
              ETH: {price: {gbm: {start: 2000, volatility: 80%/year}}}
            markets: {ETH-PERP: {underlying: ETH}}
            oracles: {ETH: {kind: pull, interval: 1s, latency: 1s}}
            protocol: {preset: gmx-v2, pool: {USDC: 2000000, ETH: 1000}}
            agents:
              traders: {crowd: {count: 40, equity: $5k..$20k, mode: isolated, leverage: 2..10, trades_per_hour: 2/hour}}
              scripted:
                provider:
                  funding: {USDC: 500000}
                  steps:
                    - {at: 00:10, add_liquidity: {USDC: 400000}}
                    - {at: 01:30, remove_liquidity: {share: 100%}}
            faults:
              - {at: 01:00, settle_market: {market: ETH-PERP, notice: 10m}}
            """.write(
                to: folder.appendingPathComponent("a.yaml"), atomically: true, encoding: .utf8)
            let run = try Tool.run(
                ["run", "a.yaml", "--db", "a.sqlite", "--paranoid", "--no-expect"], in: folder)
            #expect(run.code == 0, "\(run.error)")
            #expect(try Self.count("pool_share_change", in: folder) == 2)
            let settled = """
                impact_change i join governance g using (run, block)
                where g.kind = 80 and pending_before_e8 <> 0 and pending_after_e8 = 0
                """
            #expect(try Self.count(settled, in: folder) > 5)
            #expect(try Tool.run(["verify", "a.sqlite"], in: folder).code == 0)
        }
    }

    /// How many rows the recorded run has.
    private static func count(_ rows: String, in folder: URL) throws -> Int {
        let result = try Tool.run(
            ["query", "a.sqlite", "select count(*) as n from \(rows)", "--json"], in: folder)
        #expect(result.code == 0, "\(result.error)")
        return Int(result.out.filter(\.isNumber)) ?? -1
    }

    /// Where a liquidation has a course, its beginning and end are rows, which tell why steps went on above the
    /// maintenance margin.
    @Test(arguments: ["drift-v2", "mango-v4", "synthetix-v3", "vertex"])
    func aCourseStandsInTheRecord(preset: String) throws {
        try Tool.inFolder { folder in
            let run = try Tool.run(
                [
                    "run", Tool.scenario("same-crash-everywhere"), "--db", "a.sqlite",
                    "--no-expect", "--set", "protocol.preset=\(preset)", "--set", "duration=6h",
                ], in: folder)
            #expect(run.code == 0, "\(run.error)")
            func count(_ rows: String) throws -> Int { try Self.count(rows, in: folder) }
            #expect(try count("governance where kind = 60") > 10)
            // Only Drift takes so little at first that an account is above its margin and not yet through.
            let above = try count("liquidation where equity_before_e8 > requirement_before_e8")
            #expect((above > 0) == (preset == "drift-v2"))
            // Where results stay with their positions, the venue's keeper settles them.
            let keeps = preset == "drift-v2" || preset == "mango-v4"
            let settled = try count("tx where kind = 50 and applied = 1")
            #expect((settled > 10) == keeps)
            #expect(try count("breach_flat_cost") == 0)
            #expect(try count("breach_liquidated_healthy") == 0)
            #expect(try Tool.run(["verify", "a.sqlite"], in: folder).code == 0)
        }
    }

    @Test(arguments: Preset.names) func hasADocument(preset: String) throws {
        let document = try PresetDocument(try #require(Preset.named(preset)))
        #expect(!document.title.isEmpty && !document.summary.isEmpty)
        for rule in document.rules {
            #expect(!rule.meaning.isEmpty, "\(preset): \(rule.path) is no key of a scenario")
        }
        let printed = try Tool.run(["protocols", preset])
        #expect(printed.code == 0 && printed.out.contains(document.title))
    }

    @Test func anUnknownPresetSuggestsTheNearest() throws {
        let result = try Tool.run(["protocols", "aave-v33"])
        #expect(result.code == 65)
        #expect(result.error.contains("aave-v3"))
    }
}
