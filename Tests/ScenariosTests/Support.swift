import Scenarios

/// A small scenario that loads; tests change one line of it.
let small = """
    name: small
    seed: 1
    start: 2024-01-01T00:00:00Z
    duration: 1h
    chain: instant
    assets:
      USDC: {price: 1}
      ETH: {price: {points: [[00:00, 2000], [01:00, 1900]]}, collateral: 90%}
    markets:
      ETH-PERP: {underlying: ETH, initial_margin: 10%, maintenance_margin: 5%}
    oracles:
      ETH: {latency: 15s}
    protocol: {pool: $1M}
    agents:
      traders: {count: 10, leverage: 2..5}
      liquidators:
        - {count: 1, capital: $1M}

    """

/// A file that is not there.
struct NotFound: Error, CustomStringConvertible {
    var description: String { "no such file" }
}

/// Loads `s.yaml` from a few files by name.
func load(_ files: [String: String], overrides: [String] = []) throws(ScenarioProblems) -> Scenario
{
    try ScenarioLoader.load("s.yaml", overrides: overrides) { path in
        guard let text = files[path] else { throw NotFound() }
        return text
    }
}

func load(_ text: String, overrides: [String] = []) throws(ScenarioProblems) -> Scenario {
    try load(["s.yaml": text], overrides: overrides)
}

/// What is wrong, a line each; empty when nothing is.
func problems(_ files: [String: String], overrides: [String] = []) -> [String] {
    do {
        _ = try load(files, overrides: overrides)
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

func problems(_ text: String, overrides: [String] = []) -> [String] {
    problems(["s.yaml": text], overrides: overrides)
}

extension String {
    /// With one part replaced that occurs exactly once.
    func replacing(_ part: String, by other: String) -> String {
        let pieces = components(of: part)
        precondition(pieces.count == 2, "'\(part)' occurs \(pieces.count - 1) times")
        return pieces.joined(separator: other)
    }

    private func components(of separator: String) -> [String] {
        var pieces: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            pieces.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return pieces + [String(rest)]
    }
}
