import Foundation
import Testing

/// The shipped scenarios of trades in two steps meet their expectations under several seeds, and stand in the record.
@Suite struct TwoStepScenarioTests {
    @Test(arguments: ["two-step", "two-step-immediate"], ["7", "1", "2", "3"])
    func meetsItsBands(name: String, seed: String) throws {
        let result = try Tool.run(["run", Tool.scenario(name), "--json", "--seed", seed])
        #expect(result.code == 0, "\(name), seed \(seed): \(result.out) \(result.error)")
        #expect(Tool.field("conservation", of: result.out) == "0")
    }

    @Test func theRecordTellsDelaysAndFates() throws {
        try Tool.inFolder { folder in
            let run = try Tool.run(
                [
                    "run", Tool.scenario("two-step"), "--db", "a.sqlite", "--no-expect", "--set",
                    "duration=30m",
                ], in: folder)
            #expect(run.code == 0, "\(run.error)")
            func count(_ rows: String) throws -> Int {
                let result = try Tool.run(
                    ["query", "a.sqlite", "select count(*) as n from \(rows)", "--json"],
                    in: folder)
                #expect(result.code == 0, "\(result.error)")
                return Int(result.out.filter(\.isNumber)) ?? -1
            }
            let executed = try count("v_execution_delay")
            #expect(executed > 5)
            #expect(try count("v_trade_request where fate = 'executed'") == executed)
            // Never at a price of before the request, nor of more than one look after it.
            #expect(
                try count("v_execution_delay where price_after_s between 0 and 1") == executed)
            #expect(try count("v_execution_delay where delay_s between 0.5 and 10") == executed)
            #expect(try count("breach_execution_fees") == 0)
            #expect(try count("breach_request_order") == 0)
            #expect(try Tool.run(["verify", "a.sqlite", "--replay"], in: folder).code == 0)
        }
    }

    /// Ether falls by three tenths, and the pool closes those who win by it: the record adds up as the summary does.
    @Test func closedWinnersAreCountedAlike() throws {
        let text = """
            name: adl
            seed: 5
            start: 2025-06-01T00:00:00Z
            duration: 1h
            step: 1s
            chain: arbitrum
            assets:
              USDC: {price: 1.00}
              ETH: {price: {points: [[00:00, 2000], [00:50, 1400]]}}
            markets:
              ETH-PERP: {underlying: ETH, initial_margin: 10%, maintenance_margin: 5%, pool: {adl: {above: 10%, down_to: 5%}}}
            oracles: {ETH: {kind: pull, interval: 1s, latency: 1s}}
            protocol: {pool: {USDC: 50000, ETH: 20}}
            agents: {traders: {count: 10, equity: $1k..$2k, leverage: 2..4, long_bias: 10%}}
            """
        try Tool.inFolder { folder in
            try text.write(
                to: folder.appendingPathComponent("adl.yaml"), atomically: true, encoding: .utf8)
            let run = try Tool.run(["run", "adl.yaml", "--db", "a.sqlite", "--json"], in: folder)
            #expect(run.code == 0, "\(run.error)")
            for metric in ["deleveraged_accounts", "deleveraged_profit_usd", "adl_volume_usd"] {
                let summed = Tool.field(metric, of: run.out).flatMap(Double.init)
                let queried = try Tool.run(
                    [
                        "query", "a.sqlite",
                        "select value from v_run_metric where metric = '\(metric)'", "--csv",
                    ], in: folder)
                let recorded = queried.out.split(separator: "\n").last.flatMap {
                    Double($0.trimmingCharacters(in: .whitespaces))
                }
                let (a, b) = (try #require(summed), try #require(recorded))
                #expect(a > 0 && abs(a - b) < 0.001, "\(metric): \(a), \(b)")
            }
        }
    }
}
