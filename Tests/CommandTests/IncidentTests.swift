import Foundation
import Testing

/// Every incident meets the bands of its published figures, in both arms, and the same twice.
@Suite struct IncidentTests {
    static let names: [String] = {
        let folder = Tool.root.appendingPathComponent("scenarios/incidents")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }()

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: Tool.scenario("incidents/\(name)"), encoding: .utf8)
    }

    @Test func thereAreSome() { #expect(Self.names.count >= 4) }

    @Test(arguments: names) func meetsItsBandsTwiceTheSame(_ name: String) throws {
        var heads: [String?] = []
        for _ in 1...2 {
            let result = try Tool.run(["run", Tool.scenario("incidents/\(name)"), "--json"])
            #expect(result.code == 0, "\(name): \(result.out) \(result.error)")
            heads.append(Tool.field("head_hash", of: result.out))
        }
        #expect(heads[0] != nil && heads[0] == heads[1])
        #expect(try text(name).contains("\nexpect:\n"))
    }

    @Test(arguments: names) func keepsEveryInvariant(_ name: String) throws {
        let result = try Tool.run([
            "run", Tool.scenario("incidents/\(name)"), "--paranoid", "--set", "duration=100m",
            "--no-expect", "--json",
        ])
        #expect(result.code == 0, "\(name): \(result.error)")
    }

    /// Each incident has an arm in which its cause is taken away, and a page.
    @Test(arguments: names) func hasTwoArmsAndAPage(_ name: String) throws {
        let own = try text(name)
        guard !own.contains("\nextends: ") else { return }
        let arms = try Self.names.filter { try text($0).contains("\nextends: \(name).yaml\n") }
        #expect(!arms.isEmpty, "\(name) has no arm without its cause")
        let page = Tool.root.appendingPathComponent("docs/incidents/\(name).md")
        let words = try String(contentsOf: page, encoding: .utf8)
        for heading in ["## What is real", "## What is modelled", "## What differs"] {
            #expect(words.contains(heading + "\n"), "\(name): \(heading)")
        }
        for arm in arms { #expect(words.contains("\(arm).yaml")) }
    }
}
