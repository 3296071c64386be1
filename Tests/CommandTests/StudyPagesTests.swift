import Foundation
import Testing

/// The pages in docs/studies agree with a fresh run, and with their studies' files.
@Suite struct StudyPagesTests {
    /// A cheap point of each study.
    static let points = [
        ("bonus-frontier", "3%"), ("congestion-fees", "20 gwei"), ("liquidator-capital", "$25k"),
        ("liquidator-incentive", "quiet gas, 6%"), ("oracle-latency", "pool takes, 120s"),
    ]

    @Test(arguments: points) func aFreshRunAgrees(study: String, point: String) throws {
        let page = try String(
            contentsOf: Tool.root.appendingPathComponent("docs/studies/\(study).md"),
            encoding: .utf8)
        let fresh = try Tool.run([
            "study", "run", "studies/\(study).yaml", "--point", point, "--quiet",
        ])
        #expect(fresh.code == 0, "\(fresh.error)")
        let row = fresh.out.trimmingCharacters(in: .newlines)
        #expect(row.hasPrefix("| \(point) |"))
        #expect(page.split(separator: "\n").contains { $0 == row }, "not on the page: \(row)")
    }

    @Test func everyStudyHasAPage() throws {
        let manager = FileManager.default
        func names(_ folder: String, _ suffix: String) throws -> Set<String> {
            let files = try manager.contentsOfDirectory(
                atPath: Tool.root.appendingPathComponent(folder).path)
            return Set(
                files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) })
        }
        #expect(try names("studies", ".yaml") == names("docs/studies", ".md"))
        #expect(try names("studies", ".yaml") == Set(Self.points.map(\.0)))
    }
}
