import Agents
import ExactMath

extension ScenarioDecoder {
    static let auditSection = Section(
        path: "audit", sentence: "What is recorded, and what counts as late.",
        keys: [
            Key(
                "health_every", "blocks", default: "100 blocks",
                "All accounts' health is recorded every so many blocks; touched ones always."),
            Key(
                "late_after", "duration", default: "60s",
                "A liquidation later than this after it was due at the outside price is late."),
            Key(
                "decisions", "true or false", rule: "false",
                "Whether each liquidation that is sent is recorded with what its sender knew and what became of it."
            ),
        ])

    func audit(_ root: Fields) -> (
        healthEvery: Int, lateAfter: TimeSpan, decisions: Bool
    ) {
        let tree = root.value("audit") ?? Tree(content: .mapping([]), position: root.tree.position)
        let fields = Fields(tree, "audit", Self.auditSection, self)
        return (
            fields.read("health_every", .blocks(1...1_000_000_000)),
            fields.read("late_after", .duration),
            fields.readIfPresent("decisions", .yesOrNo) ?? false
        )
    }

    func expectations(_ root: Fields, _ agents: AgentsConfiguration) -> [Expectation] {
        guard let tree = root.value("expect") else { return [] }
        guard let entries = tree.entries else {
            problem(tree.position, "expect: expected a map of metrics, found \(tree.shown)")
            return []
        }
        let names = MetricNames(assets: assetNames, agents: agents)
        let known = Scenario.metrics.flatMap { $0.keys(names) }
        var expectations: [Expectation] = []
        for entry in entries {
            guard let metric = Metric.named(entry.key, among: names) else {
                problem(
                    entry.position, "unknown metric '\(entry.key)' in expect",
                    hint: Nearest.hint(entry.key, among: known)
                        ?? "known metrics: \(Scenario.metricNames.joined(separator: ", "))")
                continue
            }
            let kind = Self.bounds(of: metric.unit)
            guard let bounds = scalar(entry.value, kind, "expect.\(entry.key)") else { continue }
            expectations.append(
                Expectation(
                    metric: entry.key, lowerBound: bounds.lower, upperBound: bounds.upper,
                    lowerIsStrict: bounds.lowerIsStrict, upperIsStrict: bounds.upperIsStrict,
                    text: entry.value.scalar ?? ""))
        }
        return expectations
    }

    private struct Bounds {
        var lower: Ratio?
        var upper: Ratio?
        var lowerIsStrict = false
        var upperIsStrict = false
    }

    /// `40..250`, `> 20%`, `<= $5k`, `0` or `exact`, in the unit of a metric.
    private static func bounds(of unit: Metric.Unit) -> Kind<Bounds> {
        let zero = Bounds(lower: .zero, upper: .zero)
        if unit == .exactness {
            return Kind("'exact'", placeholder: zero) { $0 == "exact" ? .value(zero) : .mismatch }
        }
        let (value, example, range) = number(unit)
        return Kind(
            "a value, a range or a bound such as '\(example)', '\(range)' or '> \(example)'",
            placeholder: zero
        ) { text in
            if let (lower, upper) = halves(text) {
                guard let a = value(lower), let b = value(upper) else { return .mismatch }
                return a <= b
                    ? .value(Bounds(lower: a, upper: b))
                    : .refused(expected: "a range from the smaller to the larger")
            }
            for (sign, isLower, isStrict) in [
                (">=", true, false), ("<=", false, false), (">", true, true), ("<", false, true),
            ] where text.hasPrefix(sign) {
                guard let bound = value(String(text.dropFirst(sign.count).drop { $0 == " " }))
                else {
                    return .mismatch
                }
                return .value(
                    isLower
                        ? Bounds(lower: bound, lowerIsStrict: isStrict)
                        : Bounds(upper: bound, upperIsStrict: isStrict))
            }
            return value(text).map { .value(Bounds(lower: $0, upper: $0)) } ?? .mismatch
        }
    }

    /// How a number of a unit is written, and an example.
    private static func number(_ unit: Metric.Unit) -> (
        @Sendable (String) -> Ratio?, example: String, range: String
    ) {
        @Sendable func plain(_ text: String) -> Ratio? {
            NumberText(text).flatMap { $0.unit.isEmpty ? $0.scaled(Ratio.self) : nil }
        }
        @Sendable func read<Value>(_ kind: Kind<Value>, _ text: String) -> Value? {
            if case .value(let value) = kind.parse(text) { value } else { nil }
        }
        switch unit {
        case .count, .exactness: return (plain, "40", "40..250")
        case .share: return ({ read(.ratio, $0) }, "20%", "20%..40%")
        case .dollars:
            return (
                { text in read(.money, text).map { Ratio(raw: $0.raw) } ?? plain(text) }, "$5k",
                "$0..$5k"
            )
        case .price:
            return ({ text in read(.price, text).map { Ratio(raw: $0.raw) } }, "$185", "$100..$185")
        case .seconds:
            return (
                { text in
                    read(.duration, text).map { Ratio(raw: $0.milliseconds * (scaleE8 / 1000)) }
                        ?? plain(text)
                }, "90s", "30s..90s"
            )
        case .gwei:
            return (
                { text in
                    // A gwei is 1e9 wei and 1e8 of these units.
                    read(.gasPrice, text).map { Ratio(raw: $0 / 10) } ?? plain(text)
                }, "500 gwei", "50 gwei..500 gwei"
            )
        }
    }
}
