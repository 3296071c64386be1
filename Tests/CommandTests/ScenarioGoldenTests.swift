import Foundation
import Testing

/// Every shipped scenario meets its expectations, and ends in the committed head hash.
@Suite struct ScenarioGoldenTests {
    static let names = [
        "calm", "cascade", "congestion", "cross-vs-isolated", "hedged", "oracle-delay",
        "same-crash-everywhere", "same-crash-lending", "liquidators", "storefront", "mark-price",
        "cascade-book",
    ]

    @Test func goldenHeads() throws {
        var lines: [String] = []
        for name in Self.names {
            let result = try Tool.run(["run", Tool.scenario(name), "--json"])
            #expect(result.code == 0, "\(name): \(result.out) \(result.error)")
            let head = Tool.field("head_hash", of: result.out) ?? "none"
            lines.append("\(name) \(head)")
        }
        try Tool.expectGolden(
            lines.joined(separator: "\n") + "\n", "Tests/CommandTests/Goldens/heads.txt")
    }

    /// What is not sold at a discount stays in the reserves, and falls with the market.
    @Test func storefrontWithoutADiscount() throws {
        let reserves = try ["50%", "0%"].map { factor in
            let result = try Tool.run([
                "run", Tool.scenario("storefront"), "--json", "--no-expect", "--set",
                "protocol.storefront.price_factor=\(factor)",
            ])
            let text = try #require(Tool.field("reserves_change_usd", of: result.out))
            return try #require(Double(text))
        }
        #expect(reserves[0] > 50_000)
        #expect(reserves[1] < reserves[0] - 100_000)
    }

    @Test func goldenSummaries() throws {
        for name in Self.names {
            let result = try Tool.run(["run", Tool.scenario(name)])
            #expect(result.code == 0, "\(name): \(result.out) \(result.error)")
            // The wall-clock time is the only thing that may differ.
            let text = result.out.split(separator: "\n", omittingEmptySubsequences: false)
                .map { line -> String in
                    guard line.contains(" blocks in ") else { return String(line) }
                    return String(line).replacing(#/ in [0-9.]+ s/#, with: " in … s")
                }
                .joined(separator: "\n")
            for line in text.split(separator: "\n") {
                #expect(line.count <= 80, "\(name): too wide for a terminal: \(line)")
            }
            try Tool.expectGolden(text, "Tests/CommandTests/Goldens/\(name).txt")
        }
    }

    @Test func twiceTheSameAndAnotherSeedAnother() throws {
        let first = try Tool.run(["run", Tool.scenario("oracle-delay"), "--json"])
        let second = try Tool.run(["run", Tool.scenario("oracle-delay"), "--json"])
        let other = try Tool.run([
            "run", Tool.scenario("oracle-delay"), "--json", "--seed", "9", "--no-expect",
        ])
        let head = Tool.field("head_hash", of: first.out)
        #expect(head != nil && head == Tool.field("head_hash", of: second.out))
        #expect(head != Tool.field("head_hash", of: other.out))
    }

    @Test func everyInvariantHoldsAfterEveryTransaction() throws {
        for name in Self.names {
            let result = try Tool.run([
                "run", Tool.scenario(name), "--paranoid", "--set", "duration=4h", "--no-expect",
                "--json",
            ])
            #expect(result.code == 0, "\(name): \(result.error)")
        }
    }
}
