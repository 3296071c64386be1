import Testing

@testable import Studies

@Suite struct VariationTests {
    func values(_ text: String) throws -> [String] {
        try Design.grid.points([try Variation(text)]).map { $0.settings[0].value }
    }

    @Test(arguments: [
        ("k=0s..30s:10s", ["0s", "10s", "20s", "30s"]),
        ("k=0..90s:30s", ["0s", "30s", "60s", "90s"]),
        ("k=30s..2m:30s", ["30s", "1m", "90s", "2m"]),
        ("k=0.5%..2%:0.5%", ["0.5%", "1%", "1.5%", "2%"]),
        ("k=$500k..$2M:$500k", ["$500000", "$1000000", "$1500000", "$2000000"]),
        ("k=$1M..$3M:$1M", ["$1M", "$2M", "$3M"]),
        ("k=10 gwei..30 gwei:10 gwei", ["10 gwei", "20 gwei", "30 gwei"]),
        ("k=1..2:0.4", ["1", "1.4", "1.8"]),
        ("k=a,b, c", ["a", "b", "c"]),
        ("k=15s..45s,30s..60s", ["15s..45s", "30s..60s"]),
        ("k={a: 1, b: 2},{a: 3}", ["{a: 1, b: 2}", "{a: 3}"]),
        ("k=pool", ["pool"]),
    ])
    func grids(text: String, expected: [String]) throws {
        #expect(try values(text) == expected)
    }

    @Test(arguments: [
        ("k", "expected what to vary"), ("=1", "expected what to vary"),
        ("k=0s..10s", "a grid needs a step"), ("k=10s..0s:1s", "from the smaller to the larger"),
        ("k=0s..10%:1s", "no common unit"), ("k=0s..10s:0s", "a step above zero"),
        ("k=0s..10s:x", "expected a step"), ("k=a..b:c", "a range of numbers"),
        ("k=1,1", "repeated"), ("k=1,", "an empty value"), ("seed=1..3:1", "cannot be varied"),
        ("k=0..1:0.00001", "more than"),
    ])
    func refusals(text: String, message: String) throws {
        let error = #expect(throws: StudyError.self) { try values(text) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func gridsMultiply() throws {
        let points = try Design.grid.points([
            try Variation("a.x=1,2"), try Variation("b.y=5%..10%:5%"),
        ])
        #expect(
            points.map(\.label) == ["x=1, y=5%", "x=1, y=10%", "x=2, y=5%", "x=2, y=10%"])
        #expect(points[3].settings.map(\.override) == ["a.x=2", "b.y=10%"])
    }

    /// Each of n strata of each key holds one point.
    @Test func latinHypercube() throws {
        let variations = [try Variation("a=0s..100s"), try Variation("b=0%..10%:1%")]
        let points = try Design("latin:20:7").points(variations)
        #expect(points.count == 20)
        let numbers = points.map { $0.settings[0].numberE8 ?? -1 }
        #expect(Set(numbers.map { $0 / 500_000_000 }) == Set(0..<20))
        #expect(points == (try Design("latin:20:7").points(variations)))
        #expect(points != (try Design("latin:20:8").points(variations)))
        let second = points.map { $0.settings[1].value }
        #expect(Set(second).isSubset(of: Set((0...10).map { "\($0)%" })))
        #expect(Set(second).count >= 9)
    }

    @Test(arguments: ["latin", "latin:0", "latin:x", "latin:5:-1", "cube"])
    func designsThatAreNone(text: String) {
        #expect(throws: StudyError.self) { try Design(text) }
    }

    /// Seconds, shares, dollars, gwei; nil where there is no one number.
    @Test(arguments: [
        ("90s", 9_000_000_000), ("2m", 12_000_000_000), ("5%", 5_000_000),
        ("$1.5M", 150_000_000_000_000),
        ("25bp", 250_000), ("20 gwei", 2_000_000_000), ("-3", -300_000_000),
    ])
    func numbers(text: String, expected: Int64) {
        #expect(WrittenNumber(text)?.numberE8 == expected)
        #expect(WrittenNumber(text)?.text == text)
    }

    @Test(arguments: ["15s..45s", "pool", "1h30m", "{a: 1}", "", "-", "1.", "1.2.3"])
    func notOneNumber(text: String) {
        #expect(WrittenNumber(text)?.numberE8 == nil)
    }
}
