import Foundation
import Testing

/// Maker on 12 March 2020: the loss with keepers of fixed gas, and that it goes with its cause.
@Suite struct MakerIncidentTests {
    @Test(arguments: ["maker-2020-03-12", "maker-2020-03-12-adaptive"])
    func meetsItsBands(name: String) throws {
        let result = try Tool.run(["run", Tool.scenario("incidents/\(name)"), "--json"])
        #expect(result.code == 0, "\(name): \(result.out) \(result.error)")
    }

    @Test func everyInvariantHoldsAfterEveryTransaction() throws {
        let result = try Tool.run([
            "run", Tool.scenario("incidents/maker-2020-03-12"), "--paranoid", "--set",
            "duration=7h", "--no-expect", "--json",
        ])
        #expect(result.code == 0, "\(result.error)")
        #expect(Tool.field("conservation", of: result.out) == "0")
    }

    @Test func theDatabaseIsWholeAndReplays() throws {
        try Tool.inFolder { folder in
            let path = folder.appendingPathComponent("maker.sqlite").path
            let run = try Tool.run([
                "run", Tool.scenario("incidents/maker-2020-03-12"), "--set", "duration=8h",
                "--no-expect", "--db", path,
            ])
            #expect(run.code == 0, "\(run.error)")
            #expect(try Tool.run(["verify", path, "--replay"]).code == 0)
            let lost = try Tool.run([
                "query", path, "select count(*) > 0 as lost from v_auction where was_zero_bid",
            ])
            #expect(lost.out.contains("1"))
            let breaches = try Tool.run(["query", path, "--named", "breaches"])
            #expect(breaches.code == 0)
        }
    }
}
