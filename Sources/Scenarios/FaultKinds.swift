import Agents
import ExactMath
import MarginProtocol
import Markets
import Oracles
import SeededRandom

/// When a fault strikes; without an end it lasts.
struct FaultSpan {
    var from: Timestamp
    var until: Timestamp?
}

extension ScenarioDecoder {
    // MARK: When

    /// The times of a fault: one that is written, or those that chance draws.
    func spans(_ fields: Fields, _ index: Int) -> [FaultSpan] {
        if let tree = fields.value("random") {
            for key in ["at", "for"] { fields.refuse(key, "stands in place of 'random'") }
            for key in ["resume", "set", "settle_market"] {
                fields.refuse(key, "does not happen by chance")
            }
            return randomSpans(
                Fields(tree, fields.path("random"), Self.randomSection, self),
                fields, index)
        }
        guard fields.has("at") else {
            problem(fields.tree.position, "missing key 'at' in \(fields.path): time")
            return []
        }
        let time = fields.read("at", .moment(from: start))
        if time < start || time >= end {
            fields.problem("at", "expected a time of the run, \(start) to \(end), found \(time)")
        }
        let until = fields.has("for") ? time + fields.read("for", .positiveDuration) : nil
        return [FaultSpan(from: time, until: until)]
    }

    /// Exponential distances from one end to the next beginning, and lengths even in a range: one word of
    /// the streams `fault/NAME/distance` and `fault/NAME/length` each.
    private func randomSpans(_ own: Fields, _ fields: Fields, _ index: Int) -> [FaultSpan] {
        let rate = own.read(
            "rate", .hourly.limited("more than 0/hour") { $0 > .zero })
        let lengths = own.read("for", Self.lengths)
        let name = fields.readIfPresent("name", .name) ?? "\(index)"
        guard own.tree.entries != nil, rate > .zero else { return [] }
        let random = RandomSource(seed: seed)
        var distances = random.stream("fault/\(name)/distance")
        var draws = random.stream("fault/\(name)/length")
        var spans: [FaultSpan] = []
        var time = start
        while spans.count < 10_000 {
            // One hour over the rate, in milliseconds.
            guard
                let mean = try? Fixed18(whole: 3_600_000).divided(by: rate, rounding: .nearest),
                let distance = try? mean.multiplied(
                    by: distances.exponential(), rounding: .nearest)
            else { break }
            let milliseconds = distance.raw / Fixed18.one.raw
            guard milliseconds < Int128((end - time).milliseconds) else { break }
            time = time + TimeSpan(milliseconds: Int64(milliseconds))
            let length = draws.uniform(
                in: lengths.lowerBound.milliseconds...lengths.upperBound.milliseconds)
            spans.append(
                FaultSpan(from: time, until: time + TimeSpan(milliseconds: max(1, length))))
            time = time + TimeSpan(milliseconds: max(1, length))
            guard time < end else { break }
        }
        return spans
    }

    private static let lengths = Kind<ClosedRange<TimeSpan>>(
        "a duration such as '10m', or a range such as '10m..1h'",
        placeholder: TimeSpan(seconds: 1)...TimeSpan(seconds: 1), repairs: [("", "s")]
    ) { text in
        let kind = Kind<TimeSpan>.positiveDuration
        guard let (lower, upper) = halves(text) else {
            switch kind.parse(text) {
            case .value(let span): return .value(span...span)
            case .mismatch: return .mismatch
            case .refused(let rule): return .refused(expected: rule)
            }
        }
        guard case .value(let a) = kind.parse(lower), case .value(let b) = kind.parse(upper) else {
            return .mismatch
        }
        return a <= b ? .value(a...b) : .refused(expected: "a range from the smaller to the larger")
    }

    /// Options that belong to other forms.
    func refuseOptions(_ fields: Fields, of form: String) {
        let oracle = [
            "extra_latency", "outage", "freeze", "value", "floor", "ceiling", "max_fee",
            "reporters", "venue",
        ]
        if form != "oracle" {
            for key in oracle { fields.refuse(key, "has a meaning only with an oracle") }
        }
        if form != "oracle", form != "asset" {
            fields.refuse("factor", "has a meaning only with an oracle or an asset")
        }
        if form != "asset" {
            for key in ["ramp", "depth"] { fields.refuse(key, "has a meaning only with an asset") }
        }
        if form != "agents" { fields.refuse("count", "has a meaning only with agents") }
        if form != "resume" { fields.refuse("grace", "has a meaning only with resume") }
        if form != "halt" { fields.refuse("burst", "has a meaning only with a halt") }
        if (["oracle", "asset", "agents"] + Self.chainFaults).contains(form) {
            fields.refuse(
                "timelock", "has a meaning only with pause, resume, set and settle_market")
        }
    }

    /// The spans with their ends; empty with a problem where one has none.
    func ended(_ fields: Fields, _ spans: [FaultSpan])
        -> [(from: Timestamp, until: Timestamp)]
    {
        let ended = spans.compactMap { span in span.until.map { (from: span.from, until: $0) } }
        if ended.count < spans.count {
            problem(fields.tree.position, "missing key 'for' in \(fields.path): duration")
        }
        return ended
    }

    // MARK: Oracles

    func oracleFault(
        _ fields: Fields, _ spans: [FaultSpan], _ oracles: inout DecodedOracles
    ) {
        let spans = ended(fields, spans)
        let isOutage = fields.read("outage", .yesOrNo)
        let isFreeze = fields.readIfPresent("freeze", .yesOrNo) ?? false
        var forms = ["extra_latency", "factor", "value", "floor", "ceiling", "max_fee"]
            .filter { fields.has($0) }
        if isOutage { forms.append("outage: true") }
        if isFreeze { forms.append("freeze: true") }
        guard forms.count == 1, let form = forms.first else {
            problem(
                fields.tree.position,
                "\(fields.path): expected exactly one of extra_latency, outage: true, freeze: true, "
                    + "factor, value, floor, ceiling and max_fee")
            return
        }
        let struck = struck(fields, oracles)
        switch form {
        case "extra_latency":
            let extra = fields.read("extra_latency", .duration("0s to 365d", .zero...(.year)))
            for index in struck {
                oracles.feeds[index].extraLatency += spans.map {
                    LatencyFault(from: $0.from, until: $0.until, extra: extra)
                }
            }
        case "max_fee":
            let cap = fields.read("max_fee", .gasPrice)
            for index in struck {
                guard
                    let at = oracles.reporters.firstIndex(where: { $0.feed.index == index })
                else {
                    fields.problem("max_fee", "\(assetNames[index]) has no reporter that pays")
                    continue
                }
                oracles.reporters[at].caps += spans.map {
                    ReporterPolicy.Cap(from: $0.from, until: $0.until, maximumFee: cap)
                }
            }
        default:
            for index in struck {
                guard let scope = scope(fields, oracles.feeds[index]) else { continue }
                if isOutage, scope == .everyone {
                    oracles.feeds[index].outages += spans.map {
                        Outage(from: $0.from, until: $0.until)
                    }
                    continue
                }
                let effect = effect(form, fields)
                oracles.feeds[index].faults += spans.map {
                    PriceFault(from: $0.from, until: $0.until, scope: scope, effect: effect)
                }
            }
        }
    }

    private func effect(_ form: String, _ fields: Fields) -> PriceFault.Effect {
        switch form {
        case "factor":
            .factor(
                fields.read(
                    "factor",
                    .multiple.limited("more than 0 and at most 100000000") {
                        $0 > .zero && $0 <= Ratio(whole: 100_000_000)
                    }))
        case "value": .value(fields.read("value", .price))
        case "floor": .floor(fields.read("floor", .price))
        case "ceiling": .ceiling(fields.read("ceiling", .price))
        case "freeze: true": .freeze
        default: .silence
        }
    }

    /// Who is struck; nil with a problem.
    private func scope(_ fields: Fields, _ feed: PriceFeed) -> PriceFault.Scope? {
        if fields.has("venue"), fields.has("reporters") {
            fields.problem("venue", "expected either a venue or reporters")
            return nil
        }
        if let name = fields.value("venue") {
            let names = feed.venues.map(\.name)
            let path = fields.path("venue")
            setting(path, name.scalar ?? "")
            return index(of: name, among: names, path, a: "a venue of \(feed.name)")
                .map { .venue(names[$0]) }
        }
        guard fields.has("reporters") else { return .everyone }
        let count = fields.read("reporters", .count(1...255))
        guard count <= feed.reporters else {
            fields.problem("reporters", "\(feed.name) has only \(feed.reporters)")
            return nil
        }
        return .reporters(count)
    }

    /// The feeds that a fault names.
    private func struck(_ fields: Fields, _ oracles: DecodedOracles) -> [Int] {
        guard let tree = fields.value("oracle") else { return [] }
        let path = fields.path("oracle")
        setting(path, YAMLWriter.flow(tree))
        if tree.scalar == "all" { return oracles.written }
        let names = oracles.written.map { assetNames[$0] }
        return list(tree).compactMap { item in
            index(of: item, among: names, path, a: "a feed").map { oracles.written[$0] }
        }
    }

    // MARK: Markets and agents

    func assetFault(_ fields: Fields, _ spans: [FaultSpan]) {
        let spans = ended(fields, spans)
        guard let tree = fields.value("asset"),
            let asset = index(of: tree, among: assetNames, fields.path("asset"), a: "an asset")
        else { return }
        setting(fields.path("asset"), assetNames[asset])
        guard fields.has("factor") != fields.has("depth") else {
            problem(
                fields.tree.position, "\(fields.path): expected exactly one of factor and depth")
            return
        }
        let effect: MarketFault.Effect
        if fields.has("depth") {
            fields.refuse("ramp", "has a meaning only with factor")
            effect = .depth(fields.read("depth", .positiveShare))
            if referenceAssets[asset].liquidity == nil {
                fields.problem("depth", "\(assetNames[asset]) has unlimited liquidity")
            }
        } else {
            effect = .price(
                factor: fields.read(
                    "factor",
                    .multiple.limited("more than 0 and at most 1000") {
                        $0 > .zero && $0 <= Ratio(whole: 1000)
                    }), ramp: fields.readIfPresent("ramp", .duration) ?? .zero)
        }
        referenceAssets[asset].faults += spans.map {
            MarketFault(from: $0.from, until: $0.until, effect: effect)
        }
    }

    func agentFault(
        _ fields: Fields, _ spans: [FaultSpan], _ agents: inout AgentsConfiguration
    ) {
        let spans = ended(fields, spans)
        guard let tree = fields.value("agents") else { return }
        let path = fields.path("agents")
        setting(path, YAMLWriter.flow(tree))
        let keepers = agents.orderKeepers ?? []
        let names = agents.liquidators.map(\.name) + keepers.map(\.name)
        let count = fields.readIfPresent("count", .count(1...10_000))
        for item in list(tree) {
            guard
                let group = index(
                    of: item, among: names, path, a: "a group of liquidators or order keepers")
            else { continue }
            let first = agents.liquidators.count
            let present =
                group < first ? agents.liquidators[group].count : keepers[group - first].count
            let members = count ?? present
            if members > present {
                fields.problem("count", "\(names[group]) has only \(present)")
            }
            let crashes = spans.map {
                LiquidatorGroup.Crash(from: $0.from, until: $0.until, members: members)
            }
            if group < first {
                agents.liquidators[group].crashes += crashes
            } else {
                agents.orderKeepers?[group - first].crashes += crashes
            }
        }
    }
}
