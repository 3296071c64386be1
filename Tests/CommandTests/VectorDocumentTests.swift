import Foundation
import Testing

/// What `VectorInventory` and the tests' own comments say of one table.
private struct VectorTable {
    struct Gap {
        var isRule: Bool
        var ids: [String] = []
        var reason = ""
    }
    var name: String
    var ids: [String] = []
    var gaps: [Gap] = []

    static func all() -> [VectorTable] {
        var tables: [VectorTable] = []
        var isOpen = false
        for line in VectorInventory.text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard line.hasPrefix("  ") else {
                tables.append(VectorTable(name: words[0]))
                isOpen = false
                continue
            }
            let last = tables.count - 1
            switch words[0] {
            case "ids": tables[last].ids += words.dropFirst()
            case "because":
                let gap = tables[last].gaps.count - 1
                let more = words.dropFirst().joined(separator: " ")
                let reason = tables[last].gaps[gap].reason
                tables[last].gaps[gap].reason = reason.isEmpty ? more : reason + " " + more
                isOpen = false
            default:
                if !isOpen { tables[last].gaps.append(Gap(isRule: words[0] == "rule")) }
                tables[last].gaps[tables[last].gaps.count - 1].ids += words.dropFirst()
                isOpen = true
            }
        }
        return tables
    }
}

/// `docs/vectors.md` says what the tests say: it is made of their comments.
@Suite struct VectorDocumentsTests {
    /// The text of every test file of some targets, by name.
    private static func sources(_ isIncluded: (String) -> Bool) throws -> [(
        name: String, text: String
    )] {
        let tests = Tool.root.appendingPathComponent("Tests")
        let manager = FileManager.default
        var found: [(String, String)] = []
        for target in try manager.contentsOfDirectory(atPath: tests.path).sorted()
        where isIncluded(target) {
            let folder = tests.appendingPathComponent(target)
            for file in try manager.contentsOfDirectory(atPath: folder.path).sorted()
            where file.hasSuffix(".swift") {
                let url = folder.appendingPathComponent(file)
                found.append(
                    (String(file.dropLast(6)), try String(contentsOf: url, encoding: .utf8)))
            }
        }
        return found
    }

    /// The ids that comments of a text name after `Vectors:`, up to the next full stop.
    private static func marked(_ text: String) -> [String] {
        var ids: [String] = []
        var isOpen = false
        for line in text.split(separator: "\n") {
            let line = line.drop { $0 == " " }
            guard line.hasPrefix("//") else {
                isOpen = false
                continue
            }
            var words = line.drop { $0 == "/" || $0 == " " }
            if words.hasPrefix("Vectors: ") {
                isOpen = true
                words = words.dropFirst("Vectors: ".count)
            }
            guard isOpen else { continue }
            for word in words.split(separator: " ") {
                if word.hasSuffix(".") { isOpen = false }
                ids.append(String(word.filter { $0 != "," && $0 != "." }))
            }
        }
        return ids
    }

    private static func engine() throws -> [String: [String]] {
        var places: [String: [String]] = [:]
        for (name, text) in try sources({ $0 != "MarginRulesTests" && $0 != "CommandTests" }) {
            for id in marked(text) where places[id]?.last != name {
                places[id, default: []].append(name)
            }
        }
        return places
    }

    /// A mark for which no table has an id is a slip; so is an id that is neither marked nor accounted for, or that is said to
    /// be tested on a rule and is not.
    @Test func everyVectorIsAccountedFor() throws {
        let tables = VectorTable.all()
        let all = tables.flatMap(\.ids)
        #expect(Set(all).count == all.count)
        let engine = try Self.engine()
        for id in engine.keys.sorted() { #expect(all.contains(id), "no table has \(id)") }
        let rules = try Self.sources { $0 == "MarginRulesTests" }.map(\.text)
            .joined(separator: "\n")
        let named = Set(
            rules.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }.map(String.init)
        )
        for table in tables {
            for id in table.ids where engine[id] == nil {
                let gaps = table.gaps.filter { $0.ids.contains(id) }
                #expect(gaps.count == 1, "\(id) is nowhere")
                if gaps.first?.isRule == true {
                    #expect(named.contains(id), "no rule's test names \(id)")
                }
            }
            for id in table.gaps.flatMap(\.ids) { #expect(table.ids.contains(id), "\(id)") }
        }
    }

    @Test func vectors() throws {
        let engine = try Self.engine()
        let tables = VectorTable.all()
        var rows = ""
        var gaps = ""
        var sums = [0, 0, 0, 0]
        for table in tables {
            let run = table.ids.filter { engine[$0] != nil }
            let open = table.gaps.map { gap in
                (gap: gap, ids: gap.ids.filter { engine[$0] == nil })
            }.filter { !$0.ids.isEmpty }
            let rule = open.filter(\.gap.isRule).reduce(0) { $0 + $1.ids.count }
            let none = open.reduce(0) { $0 + $1.ids.count } - rule
            for (index, count) in [table.ids.count, run.count, rule, none].enumerated() {
                sums[index] += count
            }
            let files = Set(run.flatMap { engine[$0] ?? [] }).sorted().joined(separator: ", ")
            rows +=
                "| \(table.name) | \(table.ids.count) | \(run.count) | \(rule) | \(none) | \(files) |\n"
            guard !open.isEmpty else { continue }
            gaps += "\n**\(table.name)**\n\n"
            for (gap, ids) in open {
                gaps +=
                    "- \(gap.isRule ? "Rule only" : "Cannot apply"): \(gap.reason) "
                    + "(\(ids.joined(separator: ", "))).\n"
            }
        }
        let text = """
            # Figures of the originals, and where the engine meets them

            \(sums[0]) figures from the protocols' own tests and documents, from papers and from tools, in \(tables.count) tables.
            **\(sums[1])** go through the engine: the law itself computes them, mostly from an account file of the calculator under the
            protocol's preset. **\(sums[2])** are checked against a rule of `MarginRules` only, since the engine has nothing of the kind;
            **\(sums[3])** cannot apply. Each test names the figures that it runs, and each of its rows their source, so this page is
            made of the tests; a test says when it is stale (`make docs`), and when a figure is nowhere.

            A figure is met within one unit of the eighth decimal, or within what its source tolerates; where a source rounds
            more coarsely, the test says so.

            | table | figures | engine | rule only | cannot apply | tests |
            |---|---|---|---|---|---|
            \(rows)
            ## What is not run through the engine
            \(gaps)
            """
        try Tool.expectGolden(text, "docs/vectors.md")
    }
}
