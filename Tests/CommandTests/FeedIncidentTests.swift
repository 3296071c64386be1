import Foundation
import Testing

/// What incidents of price feeds say beside what every incident does.
@Suite struct FeedIncidentTests {
    private static let bases = ["compound-dai-2020", "venus-luna-2022"]
    static let names = IncidentLibraryTests.all.filter { bases.contains($0.base) }.map(\.name)

    @Test func thereAreSome() { #expect(Self.names.count >= 4) }

    @Test(arguments: names) func keepsEveryInvariant(_ name: String) throws {
        let result = try Tool.run([
            "run", Tool.scenario("incidents/\(name)"), "--paranoid", "--set", "duration=100m",
            "--no-expect", "--json",
        ])
        #expect(result.code == 0, "\(name): \(result.error)")
    }

    /// Each incident has an arm in which its cause is taken away, and a page.
    @Test(arguments: bases) func hasTwoArmsAndAPage(_ name: String) throws {
        let arms = IncidentLibraryTests.all.filter { $0.base == name && $0.name != name }
        #expect(!arms.isEmpty, "\(name) has no arm without its cause")
        let page = Tool.root.appendingPathComponent("docs/incidents/\(name).md")
        let words = try String(contentsOf: page, encoding: .utf8)
        for heading in ["## What is real", "## What is modelled", "## What differs"] {
            #expect(words.contains(heading + "\n"), "\(name): \(heading)")
        }
    }
}
