import SeededRandom

/// One value of a point.
public struct StudySetting: Hashable, Sendable {
    public var key: String
    public var value: String
    /// The number in the value, in plain units; nil where it is not one number. [1e-8]
    public var numberE8: Int64? { WrittenNumber(value)?.numberE8 }

    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// As after `--set`.
    public var override: String { "\(key)=\(value)" }
}

/// A point of a study: what it overrides in the scenario.
public struct StudyPoint: Hashable, Sendable {
    /// The values, for people: `120s`, or `latency=120s, bonus=5%` where there are several.
    public var label: String
    public var settings: [StudySetting]

    public init(label: String, settings: [StudySetting]) {
        self.label = label
        self.settings = settings
    }

    /// A point of variations, labelled by their values.
    init(_ settings: [StudySetting]) {
        self.settings = settings
        if settings.count == 1 {
            label = settings[0].value
        } else {
            let names = settings.map {
                $0.key.split(separator: ".").last.map(String.init) ?? $0.key
            }
            label = zip(names, settings).map { "\($0)=\($1.value)" }.joined(separator: ", ")
        }
    }
}

/// How a study chooses its points.
public enum Design: Hashable, Sendable {
    /// Every combination; the first key changes most slowly.
    case grid
    /// So many points, each value of each key in a stratum of its own: a Latin hypercube.
    case latin(count: Int, seed: UInt64)

    /// Reads `grid`, `latin:N` or `latin:N:SEED`.
    /// - Throws: ``StudyError`` `.usage`.
    public init(_ text: String) throws(StudyError) {
        if text == "grid" {
            self = .grid
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts[0] == "latin", let count = Int(parts[1]),
            (1...Variation.maximum).contains(count),
            let seed = parts.count == 3 ? UInt64(parts[2]) : 1
        else {
            throw StudyError(
                .usage, "expected a sample such as 'latin:50' or 'latin:50:SEED', found '\(text)'")
        }
        self = .latin(count: count, seed: seed)
    }

    public var name: String {
        switch self {
        case .grid: "grid"
        case .latin: "latin"
        }
    }

    /// The points of some variations; one without any.
    /// - Throws: ``StudyError`` `.usage`.
    public func points(_ variations: [Variation]) throws(StudyError) -> [StudyPoint] {
        guard Set(variations.map(\.key)).count == variations.count else {
            throw StudyError(.usage, "a key is varied twice")
        }
        guard !variations.isEmpty else { return [StudyPoint(label: "as it is", settings: [])] }
        switch self {
        case .grid: return try Self.grid(variations)
        case .latin(let count, let seed):
            return Self.latin(variations, count: count, random: RandomSource(seed: seed))
        }
    }

    private static func grid(_ variations: [Variation]) throws(StudyError) -> [StudyPoint] {
        var rows: [[StudySetting]] = [[]]
        for variation in variations {
            let values = try variation.all()
            guard rows.count * values.count <= Variation.maximum else {
                throw StudyError(.usage, "the grid has more than \(Variation.maximum) points")
            }
            rows = rows.flatMap { row in
                values.map { row + [StudySetting(key: variation.key, value: $0)] }
            }
        }
        return rows.map(StudyPoint.init)
    }

    private static func latin(_ variations: [Variation], count: Int, random: RandomSource)
        -> [StudyPoint]
    {
        var rows: [[StudySetting]] = Array(repeating: [], count: count)
        for variation in variations {
            var draws = random.stream("latin/\(variation.key)")
            var strata = Array(0..<Int64(count))
            for index in stride(from: count - 1, to: 0, by: -1) {
                strata.swapAt(index, Int(draws.uniform(in: 0...Int64(index))))
            }
            for (row, stratum) in strata.enumerated() {
                let place = stratum * 1000 + draws.uniform(in: 0...999)
                rows[row].append(
                    StudySetting(
                        key: variation.key,
                        value: variation.value(at: place, of: Int64(count) * 1000)))
            }
        }
        return rows.map(StudyPoint.init)
    }
}
