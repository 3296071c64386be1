import Scenarios
import Testing

/// Input made to break a reader is refused with a problem, and soon.
@Suite struct LimitTests {
    @Test func hugeFiles() {
        let text = small + "# " + String(repeating: "x", count: 1 << 20)
        #expect(
            problems(text) == [
                "s.yaml:1:1: the file is larger than 1 MiB (\(text.utf8.count) bytes)"
            ])
    }

    @Test(arguments: ["[", "{a: ", "- ", "? ", "[{a: ", "- [", "!x [", "\"a\": {"])
    func deepNesting(_ part: String) {
        let bomb = String(repeating: part, count: (1 << 20) / part.utf8.count - 100)
        let found = problems(bomb)
        #expect(found.count == 1)
        #expect(
            found[0].contains("nest deeper than 64 levels") || found[0].contains("not YAML")
                || found[0].contains("tags"), "\(found)")
        // More than a file may hold.
        #expect(problems(String(repeating: part, count: 10_000_000 / part.utf8.count)).count == 1)
    }

    @Test func deepIndentation() {
        var text = ""
        for level in 0..<1000 { text += String(repeating: " ", count: level) + "a:\n" }
        #expect(problems(text) == ["s.yaml:65:65: maps and lists nest deeper than 64 levels"])
    }

    /// Quotes that are none for YAML hide brackets from the scan, not from the parser.
    @Test(arguments: ["question: |\n  'tis\nx: ", "question: a\n  \"b\nx: ", "question: it's\nx: "])
    func hiddenNesting(_ opening: String) {
        for count in [70, 500, 5000, 200_000] {
            #expect(!problems(opening + String(repeating: "[", count: count)).isEmpty)
            let closed = String(repeating: "[", count: count) + String(repeating: "]", count: count)
            let found = problems(opening + closed)
            #expect(
                found.contains {
                    $0.contains("nest deeper than 64 levels") || $0.contains("level")
                },
                "\(found.prefix(3))")
        }
    }

    @Test func whatOnlyLooksDeepIsRead() {
        let prose = String(repeating: "[{(", count: 200)
        #expect(problems("# \(prose)\nquestion: \"\(prose)\"\n" + small) == [])
        #expect(problems("question: 'it''s \(prose)'\n" + small) == [])
        var points = "[[00:00, 2000]"
        for minute in 1..<60 { points += ", [00:\(minute < 10 ? "0" : "")\(minute), 1999]" }
        #expect(problems(small.replacing("[[00:00, 2000], [01:00, 1900]]", by: points + "]")) == [])
    }

    @Test func aliasBombs() {
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...40 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(problems(bomb).contains { $0.contains("aliases") || $0.contains("anchors") })
        // As keys, which a parser that expands them would have to compare.
        var keys = "a0: &a0 {x: y}\n"
        for level in 1...40 {
            keys += "a\(level): &a\(level) {? *a\(level - 1) : *a\(level - 1)}\n"
        }
        #expect(!problems(keys).isEmpty)
    }

    @Test(arguments: [
        "\u{0}", "name: \u{1}", "\u{E001}", "name: \u{E100}x", "? {a: b}\n: c\n", "? [a]\n: c",
        "%YAML 9.9\n---\na: b",
        "name: \"\\ud800\"", "name: \"\\x\"", "- - - -", ": : :", "? ? ?", "a: |\n", "a: >-\n  x\n",
        "\"", "'", "{", "}", "[,]", "---", "...", "--- ---",
        "a: b: c", "\t", "a:\n\t- b", "\u{FEFF}\u{FEFF}", "a: !!binary x", "<<: {a: b}", "? a",
        "a: b\n a: c", "{a: 1, a: 2, ? a : 3}", "{? {a: 1} : 1, ? {a: 1} : 2}", "'': 1\n'': 2\n",
    ])
    func oddTexts(_ text: String) {
        #expect(!problems(text).isEmpty)
    }

    @Test func aByteOrderMarkIsNoProblem() {
        #expect(problems("\u{FEFF}" + small) == [])
        #expect(problems(small.split(separator: "\n").joined(separator: "\r\n")) == [])
    }

    /// Many problems are cut off, many groups and rows end soon.
    @Test(.timeLimit(.minutes(1))) func manyOfEverything() {
        var keys = small
        for index in 0..<60_000 { keys += "k\(index): x\n" }
        #expect(problems(keys).count == 200)
        var assets = "assets:\n"
        for index in 0..<30_000 { assets += "  A\(index): {price: 1}\n" }
        #expect(!problems(assets).isEmpty)
        var groups = "agents:\n  traders:\n"
        for index in 0..<20_000 { groups += "    g\(index): {twin_of: g\(index + 1)}\n" }
        #expect(!problems(groups).isEmpty)
        var repeats = ""
        for index in 0..<20_000 { repeats += "k\(index % 300): x\n" }
        #expect(!problems(repeats).isEmpty)
    }

    /// A scenario of five hundred lines loads at once.
    @Test func speed() throws {
        var text = small.replacing("[[00:00, 2000], [01:00, 1900]]", by: "POINTS")
        var points = "[[00:00, 2000]"
        for second in 1..<400 {
            points +=
                ",\n    [00:\(second / 60 < 10 ? "0" : "")\(second / 60):\(second % 60 < 10 ? "0" : "")\(second % 60), \(2000 - second)]"
        }
        text = text.replacing("POINTS", by: points + "]")
        text += "    # \n"
        for index in 0..<85 {
            text += "    - {count: \(index + 1), capital: $1M, fee: {share_of_profit: 60%}}\n"
        }
        #expect(text.split(separator: "\n").count >= 495)
        let clock = ContinuousClock()
        var best = Duration.seconds(10)
        for _ in 0..<5 {
            let took = try clock.measure { _ = try load(text) }
            best = min(best, took)
        }
        #if !DEBUG
            #expect(best < .milliseconds(50), "\(best)")
        #endif
        #expect(best < .seconds(2), "\(best)")
    }

    /// Whatever is broken, the answer is a scenario or problems, never a crash. The seed is in the name.
    @Test(arguments: 1...8 as ClosedRange<UInt64>) func mutations(_ seed: UInt64) throws {
        var state = seed
        func draw(_ count: Int) -> Int {
            // SplitMix64 (Steele, Lea and Flood 2014).
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) % UInt64(count))
        }
        let base = Array(rich.unicodeScalars)
        let alphabet = Array("[]{}:,-#'\"|>&*!%$ \n0159kMaz.é\u{E001}\u{0}".unicodeScalars)
        var loaded = 0
        for _ in 0..<60 {
            var scalars = base
            for _ in 0...draw(3) {
                let at = draw(scalars.count)
                switch draw(4) {
                case 0: scalars[at] = alphabet[draw(alphabet.count)]
                case 1: scalars.insert(alphabet[draw(alphabet.count)], at: at)
                case 2: scalars.removeSubrange(at..<min(at + 1 + draw(20), scalars.count))
                default:
                    scalars.insert(
                        contentsOf: scalars[at..<min(at + draw(60), scalars.count)],
                        at: draw(scalars.count))
                }
            }
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars)
            do {
                let scenario = try load(text)
                loaded += 1
                #expect(try ScenarioLoader.load(text: scenario.text).text == scenario.text)
            } catch {
                #expect(!error.problems.isEmpty)
            }
        }
        #expect(loaded < 60)
    }
}
