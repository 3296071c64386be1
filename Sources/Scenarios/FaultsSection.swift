import Agents
import Chain
import ExactMath
import MarginProtocol
import Oracles

extension ScenarioDecoder {
    static let faultSection = Section(
        path: "faults.N",
        sentence:
            "Something that goes wrong, or an act of governance: exactly one of `oracle`, `pause`, `resume`, `set`, `halt` and `missed_slots`.",
        keys: [
            Key("at", "time", required: true, "When it begins: `10:40`, `+90m` or in full."),
            Key(
                "for", "duration", rule: "none",
                "How long it lasts: required with an oracle, a halt or missed slots, possible with a pause."
            ),
            Key("oracle", "asset, list or all", rule: "none", "Whose feed it strikes."),
            Key(
                "extra_latency", "duration", rule: "none",
                "Reports observed meanwhile leave this much later; only with an oracle."),
            Key(
                "outage", "true or false", default: "false",
                "Nothing is observed meanwhile; only with an oracle."),
            Key(
                "pause", "list of deposit, withdraw, open, reduce, liquidate, post, all",
                rule: "none",
                "What governance stops; it replaces what was stopped before."),
            Key("resume", "true", rule: "none", "Governance lifts every pause."),
            Key("set", "map", rule: "none", "Parameters that governance changes."),
        ] + chainFaultKeys)

    static let changeSection = Section(
        path: "faults.N.set", sentence: "Parameters that change; what is not named stays.",
        keys: [
            Key(
                "liquidation", "map as protocol.liquidation", rule: "none",
                "Keys that are not written keep what is in force."),
            Key("margin", "map of markets", rule: "none", "Margin rates or brackets by market."),
            Key(
                "collateral", "map of assets", rule: "none",
                "Collateral by asset, written as in `assets`."),
            Key("open_interest_cap", "map of markets", rule: "none", "Money or none by market."),
            Key("max_age", "map of assets", rule: "none", "Duration or none by feed."),
            Key("max_deviation", "map of assets", rule: "none", "Percentage or none by feed."),
            Key(
                "blocks", "list", rule: "none",
                "What a stale price blocks, as protocol.oracle_guard.blocks."),
        ])

    static let changedMarginSection = Section(
        path: "faults.N.set.margin.MARKET",
        sentence: "The new rates of a market; what else its preset says of margin stays.",
        keys: ["initial_margin", "maintenance_margin", "brackets"].compactMap { marketSection[$0] })

    private static let pausable: [(word: String, value: MarginProtocol.Actions)] = [
        ("deposit", .deposit), ("withdraw", .withdraw), ("open", .open), ("reduce", .reduce),
        ("liquidate", .liquidate), ("post", .post), ("all", .all),
    ]

    /// Puts the faults of oracles into the feeds, and returns what governance does, in order of time.
    func faults(
        _ root: Fields, _ oracles: inout DecodedOracles, _ chain: inout ChainConfiguration
    ) -> [(time: Timestamp, command: Command)] {
        guard let tree = root.value("faults"), tree.scalar != "none" else { return [] }
        guard let items = tree.items else {
            problem(tree.position, "faults: expected a list, found \(tree.shown)")
            return []
        }
        var faults: [(time: Timestamp, fields: Fields)] = []
        for (index, item) in items.enumerated() {
            let fields = Fields(item, "faults.\(index)", Self.faultSection, self)
            guard item.entries != nil else { continue }
            let time = fields.read("at", .moment(from: start))
            if fields.has("at"), time < start || time >= end {
                fields.problem(
                    "at", "expected a time of the run, \(start) to \(end), found \(time)")
            }
            faults.append((time, fields))
        }
        // In order of time, and as written where times are equal: changes build on each other.
        let ordered = faults.enumerated()
            .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
        var policy = self.tree["protocol"]?["liquidation"]
        var commands: [(time: Timestamp, command: Command)] = []
        for fault in ordered {
            decode(fault.fields, at: fault.time, &oracles, &chain, &policy, &commands)
        }
        return commands.enumerated()
            .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }

    /// - Parameter policy: what the liquidation policy in force says.
    private func decode(
        _ fields: Fields, at time: Timestamp, _ oracles: inout DecodedOracles,
        _ chain: inout ChainConfiguration, _ policy: inout Tree?,
        _ commands: inout [(time: Timestamp, command: Command)]
    ) {
        let forms = ["oracle", "pause", "resume", "set"] + Self.chainFaults
        let written = forms.filter { fields.has($0) }
        guard written.count == 1, let form = written.first else {
            problem(
                fields.tree.position,
                "\(fields.path): expected one of \(forms.joined(separator: ", ")), found "
                    + (written.isEmpty ? "none" : written.joined(separator: " and ")))
            return
        }
        if form != "oracle" {
            for key in ["extra_latency", "outage"] {
                fields.refuse(key, "has a meaning only with an oracle")
            }
        }
        if form != "halt" { fields.refuse("burst", "has a meaning only with a halt") }
        switch form {
        case _ where Self.chainFaults.contains(form): chainFault(form, fields, at: time, &chain)
        case "oracle": oracleFault(fields, at: time, &oracles)
        case "pause":
            guard let tree = fields.value("pause") else { return }
            commands.append((time, .pause(actions(tree, fields.path("pause"), Self.pausable))))
            if fields.has("for") {
                commands.append((time + fields.read("for", .positiveDuration), .pause([])))
            }
        case "resume":
            fields.refuse("for", "has no meaning with resume")
            if !fields.read("resume", .yesOrNo) { fields.problem("resume", "expected 'true'") }
            commands.append((time, .pause([])))
        default:
            fields.refuse("for", "a change of parameters lasts until the next one")
            guard let tree = fields.value("set") else { return }
            for change in changes(tree, fields.path("set"), &policy) {
                commands.append((time, .setParameter(change)))
            }
        }
    }

    private func oracleFault(_ fields: Fields, at time: Timestamp, _ oracles: inout DecodedOracles)
    {
        guard fields.has("for") else {
            problem(fields.tree.position, "missing key 'for' in \(fields.path): duration")
            return
        }
        let until = time + fields.read("for", .positiveDuration)
        let isOutage = fields.read("outage", .yesOrNo)
        guard isOutage != fields.has("extra_latency") else {
            problem(
                fields.tree.position,
                "\(fields.path): expected exactly one of extra_latency and outage: true")
            return
        }
        let extra =
            isOutage
            ? .zero
            : fields.read("extra_latency", .duration("0s to 365d", .zero...(.year)))
        for index in struck(fields, oracles) {
            if isOutage {
                oracles.feeds[index].outages.append(Outage(from: time, until: until))
            } else {
                oracles.feeds[index].extraLatency.append(
                    LatencyFault(from: time, until: until, extra: extra))
            }
        }
    }

    /// The feeds that a fault names.
    private func struck(_ fields: Fields, _ oracles: DecodedOracles) -> [Int] {
        guard let tree = fields.value("oracle") else { return [] }
        let path = fields.path("oracle")
        setting(path, YAMLWriter.flow(tree))
        let reported = oracles.reporters.map(\.feed.index)
        if tree.scalar == "all" { return reported }
        let names = reported.map { assetNames[$0] }
        return list(tree).compactMap { item in
            index(of: item, among: names, path, a: "a feed").map { reported[$0] }
        }
    }

    // MARK: Changes of parameters

    private func changes(_ tree: Tree, _ path: String, _ policy: inout Tree?) -> [ParameterChange] {
        let fields = Fields(tree, path, Self.changeSection, self)
        if let entries = tree.entries, entries.isEmpty {
            problem(tree.position, "\(path): expected at least one change")
        }
        var changes: [ParameterChange] = []
        if let change = fields.value("liquidation") {
            let merged = Self.liquidation(policy, overlaidWith: change)
            changes.append(.liquidation(liquidation(merged, path + ".liquidation")))
            policy = merged
        }
        each(fields, "margin", marketNames, "a market") { id, value, path in
            let own = Fields(value, path, Self.changedMarginSection, self)
            changes.append(.margin(MarketID(index: id), margin(own).brackets))
        }
        each(fields, "collateral", assetNames, "an asset") { id, value, path in
            changes.append(.collateral(AssetID(index: id), collateral(value, path, assetNames[id])))
        }
        each(fields, "open_interest_cap", marketNames, "a market") { id, value, path in
            changes.append(.openInterestCap(MarketID(index: id), orNone(value, .positive, path)))
        }
        each(fields, "max_age", assetNames, "a feed") { id, value, path in
            changes.append(.maxAge(FeedID(index: id), orNone(value, .positiveDuration, path)))
        }
        each(fields, "max_deviation", assetNames, "a feed") { id, value, path in
            changes.append(.maxDeviation(FeedID(index: id), orNone(value, .positiveRatio, path)))
        }
        if let value = fields.value("blocks") {
            changes.append(.staleBlocks(actions(value, path + ".blocks", Self.guardActions)))
        }
        return changes
    }

    private func each(
        _ fields: Fields, _ key: String, _ names: [String], _ what: String,
        _ body: (_ index: Int, _ value: Tree, _ path: String) -> Void
    ) {
        guard let tree = fields.value(key) else { return }
        let path = fields.path(key)
        for entry in named(tree, path, of: "names") {
            if let index = index(of: entry.key, at: entry.position, among: names, path, a: what) {
                body(index, entry.value, path + "." + entry.key)
            }
        }
    }

    private func orNone<Value>(_ tree: Tree, _ kind: Kind<Value>, _ path: String) -> Value? {
        if tree.scalar == "none" {
            setting(path, "none")
            return nil
        }
        return scalar(tree, kind, path)
    }

    /// A policy with some keys changed; another form of the size replaces the old one.
    private static func liquidation(_ tree: Tree?, overlaidWith change: Tree) -> Tree {
        guard var base = tree, base.entries != nil else { return change }
        if let new = sizeForms.first(where: { change[$0.form] != nil }) {
            for (form, keys) in sizeForms {
                base = base.removing(form)
                for key in keys where !new.keys.contains(key) { base = base.removing(key) }
            }
        }
        return base.overlaid(with: change)
    }
}
