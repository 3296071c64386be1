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
}
