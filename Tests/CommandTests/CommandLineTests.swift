import Foundation
import Testing

/// Exit codes, help and messages as goldens, and what a user does with a database.
@Suite struct CommandLineTests {
    @Test func goldenHelp() throws {
        for verb in [[], ["run"], ["validate"], ["new"], ["query"], ["show"], ["verify"], ["diff"]]
        {
            let result = try Tool.run(["help"] + verb, prefix: ["COLUMNS=80"])
            #expect(result.code == 0)
            let name = verb.first ?? "crossmargin"
            try Tool.expectGolden(result.out, "Tests/CommandTests/Goldens/help-\(name).txt")
        }
    }

    @Test func wrongUseEndsWith64() throws {
        for arguments in [
            ["run"], ["run", "--resume"], ["run", "x.yaml", "--bogus"], ["query", "a.sqlite"],
            ["query", "a.sqlite", "--list", "--named", "x"], ["show", "a.sqlite", "account"],
            ["nonsense"], ["query", "a.sqlite", "select 1", "--parameter", "a=1"],
        ] {
            #expect(try Tool.run(arguments).code == 64, "\(arguments)")
        }
    }

    @Test func badInputEndsWith65AndLeavesNoDatabase() throws {
        try Tool.inFolder { folder in
            let file = folder.appendingPathComponent("bad.yaml")
            try Data("name: bad\nseeed: 4\n".utf8).write(to: file)
            let result = try Tool.run(["run", "bad.yaml", "--db", "bad.sqlite"], in: folder)
            #expect(result.code == 65)
            #expect(result.error.contains("bad.yaml:2:1:"), "\(result.error)")
            #expect(result.error.contains("seed"), "\(result.error)")
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/bad.sqlite"))
            #expect(try Tool.run(["run", "missing.yaml"], in: folder).code == 65)
            #expect(try Tool.run(["verify", "bad.yaml"], in: folder).code == 65)
            #expect(try Tool.run(["query", "none.sqlite", "select 1"], in: folder).code == 74)
        }
    }

    @Test func anUnmetExpectationEndsWith1() throws {
        let arguments = [
            "run", Tool.scenario("calm"), "--set", "expect.liquidations=5..9", "--set",
            "duration=10m",
        ]
        #expect(try Tool.run(arguments).code == 1)
        #expect(try Tool.run(arguments + ["--no-expect"]).code == 0)
    }

    @Test func newScenarioRuns() throws {
        try Tool.inFolder { folder in
            #expect(try Tool.run(["new", "mine"], in: folder).code == 0)
            #expect(try Tool.run(["new", "mine"], in: folder).code == 74)
            #expect(try Tool.run(["validate", "mine.yaml"], in: folder).code == 0)
            let result = try Tool.run(["run", "mine.yaml", "--json"], in: folder)
            #expect(result.code == 0, "\(result.out)\(result.error)")
        }
    }

    @Test func aDatabaseAnswersEveryNamedQuestionAndKeepsItsInvariants() throws {
        try Tool.inFolder { folder in
            let run = try Tool.run(
                ["run", Tool.scenario("congestion"), "--db", "a.sqlite", "--json"], in: folder)
            #expect(run.code == 0, "\(run.error)")
            let list = try Tool.run(["query", "a.sqlite", "--list", "--csv"], in: folder)
            let names = list.out.split(separator: "\n").dropFirst().compactMap {
                $0.split(separator: ",").first
            }
            #expect(names.count >= 10)
            for name in names {
                let answer = try Tool.run(
                    ["query", "a.sqlite", "--named", String(name), "--limit", "3"]
                        + (name.contains("account") ? ["-p", "account=30"] : []), in: folder)
                #expect(answer.code == 0, "\(name): \(answer.error)")
            }
            let views = try Tool.run(
                [
                    "query", "a.sqlite", "--csv",
                    "select name from sqlite_master where type = 'view' and name like 'breach_%'",
                ], in: folder
            ).out.split(separator: "\n").dropFirst()
            #expect(views.count >= 10)
            for view in views {
                let rows = try Tool.run(
                    ["query", "a.sqlite", "--csv", "select count(*) as n from \(view)"], in: folder)
                #expect(rows.out == "n\n0\n", "\(view): \(rows.out)\(rows.error)")
            }
            #expect(try Tool.run(["verify", "a.sqlite", "--replay"], in: folder).code == 0)
            #expect(try Tool.run(["diff", "a.sqlite", "a.sqlite"], in: folder).code == 0)
            #expect(
                try Tool.run(["show", "a.sqlite", "account", "30", "--block", "900"], in: folder)
                    .code
                    == 0)
        }
    }

    @Test func diffNamesTheFirstBlockAndTheSetting() throws {
        try Tool.inFolder { folder in
            for latency in ["15s", "60s"] {
                let run = try Tool.run(
                    [
                        "run", Tool.scenario("oracle-delay"), "--db", "d.sqlite", "--no-expect",
                        "--set",
                        "duration=8h", "--set", "oracles.ETH.latency=\(latency)",
                    ], in: folder)
                #expect(run.code == 0, "\(run.error)")
            }
            let diff = try Tool.run(
                ["diff", "d.sqlite", "d.sqlite", "--run", "1", "--other", "2"], in: folder)
            #expect(diff.code == 1)
            #expect(diff.out.contains("oracles.ETH.latency"), "\(diff.out)")
            #expect(diff.out.contains("The first block that differs is"), "\(diff.out)")
        }
    }
}
