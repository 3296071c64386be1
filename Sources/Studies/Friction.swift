public import Scenarios

/// Something that keeps a liquidation from happening at once, at the true price and in full; `attribute` turns
/// each off by overrides of the scenario.
public enum Friction: String, Hashable, Sendable, CaseIterable {
    case oracleDelay = "oracle_delay"
    case congestion
    case marketDepth = "market_depth"
    case liquidatorCapital = "liquidator_capital"
    case pollingLag = "polling_lag"

    public var name: String { rawValue }

    /// What it is, and what "off" means.
    public var sentence: String {
        switch self {
        case .oracleDelay:
            "The time from an observation to a report; off: every feed's `latency` is 0s. Deviation threshold and heartbeat stay."
        case .congestion: "Competition for block space; off: `demand` is none."
        case .marketDepth:
            "The price impact of selling outside; off: every asset's `liquidity` is none, so that any amount trades at the outside price."
        case .liquidatorCapital:
            "What liquidators may have tied up; off: each has $1B of `capital`."
        case .pollingLag:
            "The time from what a liquidator saw to its transaction; off: `lag` is 0 blocks and `poll_every` 1 block."
        }
    }

    /// The keys it changes, with `*` for a name.
    private var changes: [(pattern: [String], value: String)] {
        switch self {
        case .oracleDelay: [(["oracles", "*", "latency"], "0s")]
        case .congestion: [(["demand"], "none")]
        case .marketDepth: [(["assets", "*", "liquidity"], "none")]
        case .liquidatorCapital: [(["agents", "liquidators", "*", "capital"], "$1B")]
        case .pollingLag:
            [
                (["agents", "liquidators", "*", "lag"], "0 blocks"),
                (["agents", "liquidators", "*", "poll_every"], "1 block"),
            ]
        }
    }

    /// What turns it off in a scenario; nothing where the scenario does not have it.
    public func off(in scenario: Scenario) -> [StudySetting] {
        var found: [StudySetting] = []
        for (key, _) in scenario.settings {
            let parts = key.split(separator: ".").map(String.init)
            for (pattern, value) in changes where parts.count >= pattern.count {
                guard zip(pattern, parts).allSatisfy({ $0 == "*" || $0 == $1 }) else { continue }
                let path = parts.prefix(pattern.count).joined(separator: ".")
                let setting = StudySetting(key: path, value: value)
                if !found.contains(setting) { found.append(setting) }
            }
        }
        // What stands there already is not a friction.
        let written = scenario.settings
        return found.filter { setting in
            !written.contains { $0.key == setting.key && $0.value == setting.value }
        }
    }
}
