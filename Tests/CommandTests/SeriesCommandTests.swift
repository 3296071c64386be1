import Foundation
import Testing

/// `prices import` and `calibrate oracle`, as a user runs them.
@Suite struct SeriesCommandTests {
    @Test func importedBarsAreNamedByAScenario() throws {
        try Tool.inFolder { folder in
            let klines = (0..<8).map {
                "\(1_704_067_200_000 + $0 * 600_000),\(2000 - $0 * 5),2001,1950,\(1999 - $0 * 5),1,2,3,4,5,6,0"
            }
            try Data(klines.joined(separator: "\n").utf8)
                .write(to: folder.appendingPathComponent("klines.csv"))
            let result = try Tool.run(
                ["prices", "import", "klines.csv", "-o", "eth.csv"], in: folder)
            #expect(result.code == 0, "\(result.error)")
            #expect(
                result.out
                    == "wrote eth.csv: 8 rows of bars from 2024-01-01T00:00:00Z to 2024-01-01T01:10:00Z, every 600 s\n"
            )
            let scenario = """
                name: imported
                seed: 1
                start: 2024-01-01T00:00:00Z
                duration: 1h
                chain: instant
                assets: {USDC: {price: 1}, ETH: {price: {bars: eth.csv}}}
                oracles: {ETH: {}}
                expect: {conservation: exact, max_price_ETH: 2000..2001, min_price_ETH: 1950..1951}

                """
            try Data(scenario.utf8).write(to: folder.appendingPathComponent("s.yaml"))
            let run = try Tool.run(["run", "s.yaml", "--json"], in: folder)
            #expect(run.code == 0, "\(run.out) \(run.error)")
        }
    }

    @Test func whatIsWrongHasAPlace() throws {
        try Tool.inFolder { folder in
            try Data("updated_at,answer\n1680734315,190818855732\n1680737963,1908188\n".utf8)
                .write(to: folder.appendingPathComponent("rounds.csv"))
            let result = try Tool.run(["prices", "import", "rounds.csv"], in: folder)
            #expect(result.code == 65)
            #expect(result.error.hasPrefix("rounds.csv:3:12: from 1908.18855732 to "))
            let missing = try Tool.run(["prices", "import", "nothing.csv"], in: folder)
            #expect(missing.code == 74)
            let gas = try Tool.run(["prices", "import", "--gas", "rounds.csv"], in: folder)
            #expect(gas.code == 65)
            #expect(gas.error.hasPrefix("rounds.csv:1:1: expected a column named time"))
        }
    }

    @Test func aFittedFeedIsAScenario() throws {
        try Tool.inFolder { folder in
            // Hourly rounds at 1900, and between them now and then one of 0.6 % more, taken back.
            var rounds = "updated_at,answer\n"
            for hour in 0..<200 {
                rounds += "\(1_680_000_000 + hour * 3600),190000000000\n"
                guard hour % 3 == 0 else { continue }
                rounds += "\(1_680_000_000 + hour * 3600 + 1200 + hour),191140000000\n"
                rounds += "\(1_680_000_000 + hour * 3600 + 2400 + hour),190000000000\n"
            }
            try Data(rounds.utf8).write(to: folder.appendingPathComponent("rounds.csv"))
            let result = try Tool.run(["calibrate", "oracle", "rounds.csv"], in: folder)
            #expect(result.code == 0, "\(result.error)")
            #expect(result.out.contains("heartbeat           3600 s, phase-locked\n"))
            #expect(
                result.out.contains("deviation: 0.5%\n    heartbeat: 1h\n    mode: phase_locked\n"))
            let few = try Tool.run(
                ["calibrate", "oracle", "few.csv"],
                in: {
                    try Data(rounds.split(separator: "\n").prefix(9).joined(separator: "\n").utf8)
                        .write(to: folder.appendingPathComponent("few.csv"))
                    return folder
                }())
            #expect(few.code == 65)
            #expect(few.error.contains("8 rounds show neither a deviation nor a heartbeat"))
        }
    }
}
