import Foundation
import Testing

/// Every incident meets its bands, in both arms, and has a page.
@Suite struct IncidentTests {
    static let folder = Tool.root.appendingPathComponent("scenarios/incidents")

    static let names: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (files ?? []).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
            .sorted()
    }()

    @Test func thereAreSome() { #expect(Self.names.count >= 4) }

    @Test(arguments: names) func meetsItsBands(_ name: String) throws {
        let path = Self.folder.appendingPathComponent("\(name).yaml").path
        let first = try Tool.run(["run", path, "--json"])
        #expect(first.code == 0, "\(name): \(first.out) \(first.error)")
        let second = try Tool.run(["run", path, "--json"])
        let head = Tool.field("head_hash", of: first.out)
        #expect(head != nil && head == Tool.field("head_hash", of: second.out))
    }

    @Test(arguments: names) func hasAPage(_ name: String) throws {
        let pages = Tool.root.appendingPathComponent("docs/incidents")
        let texts = try FileManager.default.contentsOfDirectory(atPath: pages.path).compactMap {
            try? String(contentsOf: pages.appendingPathComponent($0), encoding: .utf8)
        }
        #expect(texts.contains { $0.contains("\(name).yaml") })
    }
}
