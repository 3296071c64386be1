import Agents
import ExactMath
import MarginProtocol
import Markets
import Oracles

/// What the section of the oracles says.
struct DecodedOracles {
    var feeds: [PriceFeed] = []
    var parameters: [FeedParameters] = []
    var reporters: [ReporterPolicy] = []
    /// The feeds that a scenario writes down.
    var written: [Int] = []
}

extension ScenarioDecoder {
    static let oracleSection = Section(
        path: "oracles.ASSET",
        sentence:
            "A feed: reporters look at the price, and report it as its kind says.",
        keys: [
            Key(
                "kind", "push, pull, delayed, twap, median, vote or replay", default: "push",
                "How prices come: reporters push them when they have moved or from time to time; anyone attaches the latest to a transaction; read once a period, in effect one later; a pool's geometric mean, free in every block; pushed as the median of venues; voted by validators into every block; or as recorded."
            ),
            Key(
                "deviation", "percentage", default: "0.5%",
                "A report is triggered by a move of this much; 0% turns it off."),
            Key(
                "heartbeat", "duration", default: "1h",
                "A report is triggered at the latest this often; 0s turns it off."),
            Key(
                "mode", "phase_locked or reset_on_update", default: "phase_locked",
                "What restarts the heartbeat's clock: nothing, or every report."),
            Key("interval", "duration", rule: "the step", "How often the reporters look."),
            Key(
                "noise", "percentage", default: "0%",
                "The standard deviation of one reporter's observation, at most 10%."),
            Key(
                "latency", "duration, range or distribution", default: "0s",
                "From an observation to a report that can be sent: `15s`, `15s..45s`, or a map of one distribution."
            ),
            Key(
                "confidence", "percentage", default: "0%",
                "The stated half-width of the price's uncertainty."),
            Key(
                "reporters", "whole number", default: "1",
                "The observers whose median is reported, 1 to 255."),
            Key(
                "outliers", "percentage", rule: "none",
                "Observations further than this from the reporters' median are left out."),
            Key(
                "quorum", "whole number", rule: "1",
                "How many observations have to be left for a report."),
            Key("bounds", "map or none", rule: "none", "The answers that the feed can give."),
            Key(
                "index", "map or none", rule: "the weighted median",
                "How venues make one price, where they do."),
            Key(
                "anchor", "map or none", rule: "none",
                "What an answer must be near to, or it is not given."),
            Key(
                "venues", "map", rule: "the outside price",
                "The venues whose weighted median the reporters see; required with kind: median."),
            Key(
                "period", "duration", rule: "1h",
                "How often a delayed feed is read, and how much later it takes effect."),
            Key("window", "duration", rule: "required with kind: twap", "What is averaged over."),
            Key(
                "rounds", "file or rows [time, price]", rule: "required with kind: replay",
                "Recorded rounds, in order of time."),
            Key(
                "max_lead", "duration", rule: "0s",
                "How far ahead of the block an observation may be."),
            Key("fee", "fee", default: "1.25x", "What the reporter bids."),
            Key("max_fee", "gas price or none", default: "none", "The reporter never bids more."),
            Key(
                "bump_after", "blocks", default: "0",
                "After how many blocks it raises a waiting report's fee; 0 is never."),
            Key(
                "max_age", "duration or none", rule: "protocol.oracle_guard.max_age",
                "When this feed's price is stale."),
            Key(
                "max_deviation", "percentage or none", rule: "protocol.oracle_guard.max_deviation",
                "The largest step this feed may take."),
            Key(
                "max_confidence", "percentage or none",
                rule: "protocol.oracle_guard.max_confidence",
                "The widest confidence this feed may state."),
        ])

    static let latencySection = Section(
        path: "oracles.ASSET.latency",
        sentence:
            "A distribution of delays: exactly one of the keys. The first is a duration, the others are maps.",
        keys: [
            Key("exponential", "duration", rule: "none", "Memoryless, with this mean."),
            Key(
                "lognormal", "{median: duration, sigma: number}", rule: "none",
                "Its logarithm is normal."),
            Key(
                "pareto", "{minimum: duration, shape: number, maximum: duration}", rule: "none",
                "A power law, cut off at the maximum."),
        ])

    static let lognormalLatencySection = Section(
        path: "oracles.ASSET.latency.lognormal", sentence: "A lognormal delay.",
        keys: [
            Key("median", "duration", required: true, "Half the delays are longer."),
            Key(
                "sigma", "number", required: true,
                "The standard deviation of the logarithm, 0 to 2."),
        ])

    static let paretoLatencySection = Section(
        path: "oracles.ASSET.latency.pareto", sentence: "A power law of delays.",
        keys: [
            Key("minimum", "duration", required: true, "The shortest delay, at least 1ms."),
            Key(
                "shape", "number", required: true,
                "The exponent, 0.1 to 20; the smaller, the heavier the tail."),
            Key("maximum", "duration", required: true, "The longest delay."),
        ])

    private static let year = TimeSpan.zero...TimeSpan.year
    private static let delay = Kind<TimeSpan>.duration("0s to 365d", year)

    func oracles(_ root: Fields, guards: OracleGuards) -> DecodedOracles {
        var entries: [Tree.Entry] = []
        if let tree = root.value("oracles"), tree.scalar != "none" {
            entries = named(tree, "oracles", of: "price feeds")
        }
        for entry in entries {
            _ = index(
                of: entry.key, at: entry.position, among: assetNames, "oracles", a: "an asset")
        }
        var decoded = DecodedOracles()
        for (index, name) in assetNames.enumerated() {
            if let entry = entries.first(where: { $0.key == name }) {
                decode(entry, index, guards, &decoded)
            } else {
                constantFeed(index, &decoded)
            }
        }
        return decoded
    }

    /// A price that never changes is known from the first moment and needs no reporter.
    private func constantFeed(_ index: Int, _ decoded: inout DecodedOracles) {
        let name = assetNames[index]
        if !referenceAssets[index].process.isConstant {
            problem(
                tree.position(of: ["assets", name, "price"]),
                "assets.\(name).price: a price that moves needs a feed: add 'oracles.\(name)'")
        }
        decoded.feeds.append(
            PriceFeed(
                name: name, asset: index, deviation: .one, heartbeat: .zero, interval: .year))
        decoded.parameters.append(FeedParameters(name: name, reporters: []))
    }

    private func decode(
        _ entry: Tree.Entry, _ index: Int, _ guards: OracleGuards, _ decoded: inout DecodedOracles
    ) {
        let path = "oracles.\(entry.key)"
        let fields = Fields(entry.value, path, Self.oracleSection, self)
        let word = fields.read("kind", Kind.choice(Self.feedWords))
        let kind = feedKind(word, fields)
        let pushes = kind == .push || kind == .median
        let modes: [(word: String, value: HeartbeatMode)] = [
            ("phase_locked", .phaseLocked), ("reset_on_update", .resetOnUpdate),
        ]
        let deviation = pushes ? fields.read("deviation", .share) : .zero
        let heartbeat = pushes ? fields.read("heartbeat", Self.delay) : .zero
        let mode = pushes ? fields.read("mode", Kind.choice(modes)) : .phaseLocked
        let interval = fields.read(
            "interval",
            .duration("more than 0s and at most 365d", TimeSpan(milliseconds: 1)...(.year)),
            else: step, shown: Written.duration)
        if pushes, deviation.isZero, heartbeat == .zero {
            fields.problem("deviation", "expected a deviation or a heartbeat above zero")
        }
        if heartbeat != .zero, heartbeat < interval {
            fields.problem(
                "heartbeat", "expected at least the interval of \(Written.duration(interval))")
        }
        decoded.feeds.append(
            PriceFeed(
                name: entry.key, asset: index, kind: kind, venues: venues(fields),
                deviation: deviation, heartbeat: heartbeat, heartbeatMode: mode,
                interval: interval, noise: fields.read("noise", Self.noise),
                latency: self.latency(fields),
                confidence: fields.read("confidence", .share),
                reporters: fields.read("reporters", .count(1...255)),
                outliers: fields.readIfPresent("outliers", .positiveShare),
                quorum: fields.readIfPresent("quorum", .count(1...255)) ?? 1,
                bounds: bounds(fields)))
        decoded.feeds[decoded.feeds.count - 1].index = self.index(fields)
        decoded.feeds[decoded.feeds.count - 1].anchor = anchor(fields)
        decoded.written.append(index)
        if kind.delivery == .transaction {
            decoded.reporters.append(
                ReporterPolicy(
                    feed: FeedID(index: index), fee: fee(fields),
                    maximumFee: fields.readIfPresent("max_fee", .gasPrice),
                    bumpAfter: fields.read("bump_after", .blocks(0...1_000_000))))
        }
        var delay: TimeSpan?
        if case .delayed(let module) = kind { delay = module.period }
        decoded.parameters.append(
            FeedParameters(
                name: entry.key, reporters: [],
                maxDeviation: fields.has("max_deviation")
                    ? fields.readIfPresent("max_deviation", .positiveRatio) : guards.maxDeviation,
                maxConfidence: fields.has("max_confidence")
                    ? fields.readIfPresent("max_confidence", .positiveRatio) : guards.maxConfidence,
                maxAge: fields.has("max_age")
                    ? fields.readIfPresent("max_age", .positiveDuration) : guards.maxAge,
                maxLead: fields.readIfPresent("max_lead", .duration) ?? .zero, delay: delay,
                isPulled: kind == .pull))
    }

    private func latency(_ fields: Fields) -> Latency {
        guard let tree = fields.value("latency") else { return .fixed(.zero) }
        let path = fields.path("latency")
        if tree.scalar != nil { return scalar(tree, Self.latency, path) ?? .fixed(.zero) }
        let fields = Fields(tree, path, Self.latencySection, self)
        guard let entries = tree.entries else { return .fixed(.zero) }
        guard entries.count == 1, let entry = entries.first else {
            problem(
                tree.position, "\(path): expected exactly one of exponential, lognormal and pareto")
            return .fixed(.zero)
        }
        let inner = path + "." + entry.key
        switch entry.key {
        case "exponential": return .exponential(mean: fields.read("exponential", Self.delay))
        case "lognormal":
            let own = Fields(entry.value, inner, Self.lognormalLatencySection, self)
            return .lognormal(
                median: own.read("median", Self.delay),
                sigma: own.read(
                    "sigma", .ratio.limited("0 to 2") { $0 >= .zero && $0 <= Ratio(whole: 2) }))
        case "pareto":
            let own = Fields(entry.value, inner, Self.paretoLatencySection, self)
            let minimum = own.read(
                "minimum", .duration("1ms to 365d", TimeSpan(milliseconds: 1)...(.year)))
            let maximum = own.read("maximum", Self.delay)
            if maximum < minimum { own.problem("maximum", "expected at least the minimum") }
            return .pareto(
                minimum: minimum,
                shape: own.read(
                    "shape",
                    .ratio.limited("0.1 to 20") {
                        $0 >= Ratio(percent: 10) && $0 <= Ratio(whole: 20)
                    }),
                maximum: maximum)
        default: return .fixed(.zero)
        }
    }

    /// `15s`, or `15s..45s` for any delay between.
    private static let latency = Kind<Latency>(
        "a duration such as '15s', or a range such as '15s..45s'", placeholder: .fixed(.zero),
        repairs: [("", "s")]
    ) { text in
        guard let (lower, upper) = halves(text) else {
            switch delay.parse(text) {
            case .value(let span): return .value(.fixed(span))
            case .mismatch: return .mismatch
            case .refused(let rule): return .refused(expected: rule)
            }
        }
        guard case .value(let a) = delay.parse(lower), case .value(let b) = delay.parse(upper)
        else {
            return .mismatch
        }
        return a <= b
            ? .value(.uniform(a, b)) : .refused(expected: "a range from the smaller to the larger")
    }

    /// The two sides of `a..b`.
    static func halves(_ text: String) -> (String, String)? {
        let bytes = Array(text.utf8)
        let dot = UInt8(ascii: ".")
        guard bytes.count >= 4,
            let at = bytes.indices.dropLast().first(where: {
                bytes[$0] == dot && bytes[$0 + 1] == dot
            })
        else { return nil }
        let lower = String(decoding: bytes[..<at], as: UTF8.self)
        let upper = String(decoding: bytes[(at + 2)...], as: UTF8.self)
        return (trimmed(lower), trimmed(upper))
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

extension Kind where Value == Ratio {
    /// Any share above zero, also more than the whole.
    static var positiveRatio: Kind { ratio.limited("more than 0%") { $0 > .zero } }
}
