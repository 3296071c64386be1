import Foundation
import Testing

/// Sweeps and their relatives, as a user runs them.
@Suite struct SweepTests {
    /// Half a simulated hour with little in it: a hundred of them take seconds.
    static let short = [
        "--set", "duration=20m", "--set", "agents.traders.crowd.count=30", "--set",
        "start=2020-03-12T10:30:00Z",
    ]

    static func sweep(_ seeds: String, _ more: [String] = []) -> [String] {
        ["sweep", Tool.scenario("oracle-delay"), "--vary", "oracles.ETH.latency=0s..40s:20s"]
            + short + ["--seeds", seeds] + more
    }

    static func content(_ output: String) -> String? {
        output.split(separator: "\n").last { $0.hasPrefix("content ") }.map(String.init)
    }

    /// Killed at random moments and started again: the same content, and the same for two workers.
    @Test func killedAndResumed() throws {
        try Tool.inFolder { folder in
            let whole = try Tool.run(
                Self.sweep("1...200", ["--jobs", "1", "--db", "a.sqlite"]), in: folder)
            #expect(whole.code == 0, "\(whole.error)")
            let expected = try #require(Self.content(whole.out))
            let command = Self.sweep("1...200", ["--jobs", "2", "--db", "b.sqlite"])
            var random = SystemRandomNumberGenerator()
            var interrupted = 0
            for _ in 0..<6 {
                let (process, out, error) = try Tool.start(command, in: folder)
                Thread.sleep(forTimeInterval: Double.random(in: 0.03...0.25, using: &random))
                if process.isRunning {
                    kill(process.processIdentifier, SIGKILL)
                    interrupted += 1
                }
                process.waitUntilExit()
                _ = (out, error)
            }
            #expect(interrupted > 0)
            let rest = try Tool.run(command, in: folder)
            #expect(rest.code == 0, "\(rest.error)")
            #expect(Self.content(rest.out) == expected)
            let again = try Tool.run(command + ["--resume"], in: folder)
            #expect(Self.content(again.out) == expected)
            #expect(again.out.contains("0 runs in"))
        }
    }

    @Test func shardsMerge() throws {
        try Tool.inFolder { folder in
            let whole = try Tool.run(
                Self.sweep("1...3", ["--db", "whole.sqlite", "--jobs", "2"]), in: folder)
            for shard in ["1/2", "2/2"] {
                let part = try Tool.run(
                    Self.sweep("1...3", ["--shard", shard, "--db", "\(shard.prefix(1)).sqlite"]),
                    in: folder)
                #expect(part.code == 0, "\(part.error)")
            }
            let merged = try Tool.run(
                ["study", "merge", "all.sqlite", "1.sqlite", "2.sqlite"], in: folder)
            #expect(merged.code == 0, "\(merged.error)")
            #expect(Self.content(merged.out) == Self.content(whole.out))
            let refused = try Tool.run(
                ["study", "merge", "more.sqlite", "1.sqlite", "1.sqlite"], in: folder)
            #expect(refused.code == 65 && refused.error.contains("already"))
        }
    }

    /// A run that is recorded in full is the one that was measured, and replays.
    @Test func fullAudit() throws {
        try Tool.inFolder { folder in
            let audited = try Tool.run(
                Self.sweep("4...5", ["--db", "a.sqlite", "--full-audit", "runs"]), in: folder)
            let plain = try Tool.run(Self.sweep("4...5", ["--db", "b.sqlite"]), in: folder)
            #expect(audited.code == 0, "\(audited.error)")
            #expect(Self.content(audited.out) == Self.content(plain.out))
            let verified = try Tool.run(
                ["verify", "runs/point-2-seed-5.sqlite", "--replay"], in: folder)
            #expect(verified.code == 0, "\(verified.error)")
        }
    }

    @Test(arguments: [
        (["--vary", "oracles.ETH.latency=0s..10s"], 64, "a grid needs a step"),
        (["--vary", "oracles.ETH.latencey=1s,2s"], 65, "latencey"),
        (["--vary", "oracles.ETH.latency=1s,fast"], 65, "fast"),
        (["--seeds", "5...1"], 64, "expected seeds"),
        (["--metric", "nothing"], 64, "there is no metric 'nothing'"),
        (["--shard", "1/2"], 64, "--shard needs --db"),
        (["--shard", "3/2", "--db", "x.sqlite"], 64, "expected a shard"),
        (["--resume", "--db", "none.sqlite"], 65, "nothing to resume"),
        (["--jobs", "0"], 64, "--jobs"),
        (["--sample", "latin:x"], 64, "expected a sample"),
    ])
    func refusals(arguments: [String], code: Int32, message: String) throws {
        try Tool.inFolder { folder in
            let result = try Tool.run(
                ["sweep", Tool.scenario("oracle-delay")] + arguments, in: folder)
            #expect(result.code == code, "\(result.error)")
            #expect(result.error.contains(message), "\(result.error)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func tableCSVAndJSON() throws {
        let text = try Tool.run(Self.sweep("1...2", ["--metric", "bad_debt"]))
        #expect(text.code == 0 && text.out.contains("bad_debt_usd\npoint"), "\(text.error)")
        let csv = try Tool.run(Self.sweep("1...2", ["--csv"]))
        #expect(
            csv.out.hasPrefix("point,label,oracles.ETH.latency,metric,unit,n,mean,half_width"))
        let json = try Tool.run(Self.sweep("1...2", ["--json"]))
        let rows = try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [[String: Any]]
        #expect(rows?.first?["oracles.ETH.latency"] as? String == "0s")
        #expect(rows?.count == csv.out.split(separator: "\n").count - 1)
    }

    @Test func compare() throws {
        let scenario = Tool.scenario("oracle-delay")
        let same = try Tool.run(
            ["compare", scenario, "--set", "duration=24h", "--seeds", "1...1", "--json"])
        #expect(same.code == 0, "\(same.error)")
        let rows =
            try JSONSerialization.jsonObject(with: Data(same.out.utf8)) as? [[String: Any]] ?? []
        #expect(!rows.isEmpty && rows.allSatisfy { $0["difference"] as? Double == 0 })
        let other = try Tool.run([
            "compare", scenario, "--set", "oracles.ETH.latency=120s", "--seeds", "1...2",
        ])
        #expect(other.out.contains("the first block that differs is"))
        #expect(other.out.contains("Liquidated in a only"), "\(other.error)")
    }

    @Test func attributeAndOptimize() throws {
        let attributed = try Tool.run(
            ["attribute", Tool.scenario("oracle-delay")] + Self.short + [
                "--friction", "oracle_delay", "--friction", "polling_lag", "--seeds", "1...2",
            ])
        #expect(attributed.code == 0, "\(attributed.error)")
        #expect(attributed.out.contains("oracle_delay: oracles.ETH.latency=0s"))
        #expect(attributed.out.contains("4 subsets"))
        let optimized = try Tool.run(
            ["optimize", Tool.scenario("oracle-delay")] + Self.short + [
                "--minimize", "bad_debt", "--over", "protocol.liquidation.penalty=0.5%..4%",
                "--subject-to", "p99(insurance_used) < 1e6", "--points", "3", "--rounds", "1",
                "--seeds", "1...2",
            ])
        #expect(optimized.code == 0, "\(optimized.error)")
        #expect(optimized.out.contains("Best: protocol.liquidation.penalty="))
        let impossible = try Tool.run(
            ["optimize", Tool.scenario("oracle-delay")] + Self.short + [
                "--minimize", "bad_debt", "--over", "protocol.liquidation.penalty=0.5%..4%",
                "--subject-to", "min(liquidations) > 1e6", "--points", "3", "--rounds", "1",
                "--seeds", "1...1",
            ])
        #expect(impossible.code == 1)
        #expect(impossible.out.contains("No point keeps to the constraints"))
    }
}
