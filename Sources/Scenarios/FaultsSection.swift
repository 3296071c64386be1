import Agents
import Chain
import ExactMath
import MarginProtocol
import Oracles

extension ScenarioDecoder {
    static let faultSection = Section(
        path: "faults.N",
        sentence:
            "Something that goes wrong, or an act of governance: exactly one of `oracle`, `asset`, `agents`, `pause`, `resume`, `set`, `settle_market`, `halt` and `missed_slots`.",
        keys: [
            Key(
                "at", "time", rule: "required without random",
                "When it begins: `10:40`, `+90m` or in full."),
            Key(
                "for", "duration", rule: "none",
                "How long it lasts: required with an oracle, an asset, agents, a halt or missed slots, possible with a pause."
            ),
            Key(
                "random", "map", rule: "none",
                "It strikes by chance, again and again, in place of `at` and `for`."),
            Key(
                "name", "name", rule: "its place in the list",
                "Names the streams of a random fault's chance."),
            Key("oracle", "asset, list or all", rule: "none", "Whose feed it strikes."),
            Key(
                "extra_latency", "duration", rule: "none",
                "Reports observed meanwhile leave this much later; only with an oracle."),
            Key(
                "outage", "true or false", default: "false",
                "Nothing is observed meanwhile; only with an oracle."),
            Key(
                "freeze", "true or false", rule: "false",
                "The price is seen as it was, and posted on; only with an oracle."),
            Key(
                "factor", "multiple", rule: "none",
                "The price is seen multiplied: 1.3 is a wick, 100 an error of units; with an oracle, or an asset's price itself."
            ),
            Key("value", "price", rule: "none", "The price is seen as this; only with an oracle."),
            Key(
                "floor", "price", rule: "none",
                "The price is seen as at least this; only with an oracle."),
            Key(
                "ceiling", "price", rule: "none",
                "The price is seen as at most this; only with an oracle."),
            Key(
                "max_fee", "gas price", rule: "none",
                "The reporter bids no more meanwhile; only with an oracle."),
            Key(
                "reporters", "whole number", rule: "all",
                "Only so many of the feed's reporters are struck."),
            Key("venue", "venue", rule: "all", "Only this venue of the feed is struck."),
            Key(
                "asset", "asset", rule: "none",
                "Whose outside market it strikes: with `factor`, or with `depth`."),
            Key(
                "ramp", "duration", rule: "0s",
                "An asset's price goes there and back in this time; only with asset and factor."),
            Key(
                "depth", "percentage", rule: "none",
                "Only this share of the market's depth is left; only with an asset."),
            Key(
                "agents", "group or list", rule: "none",
                "The groups of liquidators or order keepers that do nothing meanwhile."),
            Key(
                "count", "whole number", rule: "all",
                "Only so many members of each group; only with agents."),
            Key(
                "pause", "list of deposit, withdraw, open, reduce, liquidate, post, all",
                rule: "none",
                "What governance stops; it replaces what was stopped before."),
            Key("resume", "true", rule: "none", "Governance lifts every pause."),
            Key(
                "grace", "duration", rule: "none",
                "For so long after a resume liquidations neither seize nor repay any asset; only with resume."
            ),
            Key("set", "map", rule: "none", "Parameters that governance changes."),
            Key(
                "settle_market", "map", rule: "none",
                "Governance winds a market up: all its positions are closed."),
            Key(
                "timelock", "duration", rule: "0s",
                "What governance does takes effect this much later; with pause, resume, set and settle_market."
            ),
        ] + chainFaultKeys)

    static let randomSection = Section(
        path: "faults.N.random",
        sentence:
            "Times drawn from the seed: exponential distances between one end and the next beginning.",
        keys: [
            Key("rate", "frequency", required: true, "How often on average: `2/day`."),
            Key("for", "duration or range", required: true, "How long each lasts."),
        ])

    static let settlementSection = Section(
        path: "faults.N.settle_market",
        sentence:
            "The end of a market. Nobody trades in it afterwards, and its orders are cancelled.",
        keys: [
            Key("market", "market", required: true, "Which market."),
            Key(
                "price", "price", rule: "the protocol's",
                "At which every position is closed at once; without it protocol.winding_up says how they are closed."
            ),
            Key(
                "notice", "duration", rule: "none",
                "For so long before, positions may only become smaller; it begins at `at`."),
        ])

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
            Key(
                "weights", "map of assets", rule: "none",
                "Maintenance weights of holdings and debts by asset, at once or over time."),
            Key("open_interest_cap", "map of markets", rule: "none", "Money or none by market."),
            Key("max_age", "map of assets", rule: "none", "Duration or none by feed."),
            Key("max_deviation", "map of assets", rule: "none", "Percentage or none by feed."),
            Key(
                "blocks", "list", rule: "none",
                "What a stale price blocks, as protocol.oracle_guard.blocks."),
            Key(
                "guards", "list of maps or none", rule: "none",
                "All of protocol.oracle_guard.guards, in place of those before."),
            Key(
                "liquidation_grace", "map of assets", rule: "none",
                "For how long from then on liquidations neither seize nor repay an asset."),
        ])

    static let changedMarginSection = Section(
        path: "faults.N.set.margin.MARKET",
        sentence: "The new rates of a market; what else its preset says of margin stays.",
        keys: ["initial_margin", "maintenance_margin", "brackets"].compactMap { marketSection[$0] })

    private static let pausable: [(word: String, value: MarginProtocol.Actions)] = [
        ("deposit", .deposit), ("withdraw", .withdraw), ("open", .open), ("reduce", .reduce),
        ("liquidate", .liquidate), ("post", .post), ("all", .all),
    ]

    private static let graces = Kind<TimeSpan>.duration("0s to 365d", .zero...(.year))

    /// Puts faults into feeds, markets, groups and the chain, and returns what governance does, in order of time.
    func faults(
        _ root: Fields, _ oracles: inout DecodedOracles, _ agents: inout AgentsConfiguration,
        _ chain: inout ChainConfiguration
    ) -> [(time: Timestamp, command: Command)] {
        guard let tree = root.value("faults"), tree.scalar != "none" else { return [] }
        guard let items = tree.items else {
            problem(tree.position, "faults: expected a list, found \(tree.shown)")
            return []
        }
        var faults: [(spans: [FaultSpan], fields: Fields)] = []
        for (index, item) in items.enumerated() {
            let fields = Fields(item, "faults.\(index)", Self.faultSection, self)
            guard item.entries != nil else { continue }
            faults.append((spans(fields, index), fields))
        }
        // In order of time, and as written where times are equal: changes build on each other.
        let ordered = faults.enumerated()
            .sorted {
                ($0.element.spans.first?.from ?? end, $0.offset)
                    < ($1.element.spans.first?.from ?? end, $1.offset)
            }
            .map(\.element)
        var policy = self.tree["protocol"]?["liquidation"]
        var commands: [(time: Timestamp, command: Command)] = []
        for fault in ordered {
            decode(
                fault.fields, fault.spans, &oracles, &agents, &chain, &policy, &commands)
        }
        return commands.enumerated()
            .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }

    /// - Parameter policy: what the liquidation policy in force says.
    private func decode(
        _ fields: Fields, _ spans: [FaultSpan], _ oracles: inout DecodedOracles,
        _ agents: inout AgentsConfiguration, _ chain: inout ChainConfiguration,
        _ policy: inout Tree?, _ commands: inout [(time: Timestamp, command: Command)]
    ) {
        let forms =
            ["oracle", "asset", "agents", "pause", "resume", "set", "settle_market"]
            + Self.chainFaults
        let written = forms.filter { fields.has($0) }
        guard written.count == 1, let form = written.first else {
            problem(
                fields.tree.position,
                "\(fields.path): expected one of \(forms.joined(separator: ", ")), found "
                    + (written.isEmpty ? "none" : written.joined(separator: " and ")))
            return
        }
        refuseOptions(fields, of: form)
        let lock = fields.readIfPresent("timelock", .duration) ?? .zero
        switch form {
        case _ where Self.chainFaults.contains(form): chainFault(form, fields, spans, &chain)
        case "oracle": oracleFault(fields, spans, &oracles)
        case "asset": assetFault(fields, spans)
        case "agents": agentFault(fields, spans, &agents)
        case "pause":
            guard let tree = fields.value("pause") else { return }
            let stopped = actions(tree, fields.path("pause"), Self.pausable)
            for span in spans {
                commands.append((span.from + lock, .pause(stopped)))
                if let until = span.until { commands.append((until + lock, .pause([]))) }
            }
        case "resume":
            fields.refuse("for", "has no meaning with resume")
            if !fields.read("resume", .yesOrNo) { fields.problem("resume", "expected 'true'") }
            let grace = fields.readIfPresent("grace", Self.graces)
            for span in spans {
                commands.append((span.from + lock, .pause([])))
                guard let grace else { continue }
                for asset in assetNames.indices {
                    commands.append(
                        (
                            span.from + lock,
                            .setParameter(.liquidationGrace(AssetID(index: asset), grace))
                        ))
                }
            }
        case "settle_market":
            fields.refuse("for", "what is settled stays so")
            commands += spans.flatMap { settlement(fields, at: $0.from + lock) }
        default:
            fields.refuse("for", "a change of parameters lasts until the next one")
            guard let tree = fields.value("set") else { return }
            for change in changes(tree, fields.path("set"), &policy) {
                for span in spans { commands.append((span.from + lock, .setParameter(change))) }
            }
        }
    }

    private func settlement(_ fields: Fields, at time: Timestamp) -> [(
        time: Timestamp, command: Command
    )] {
        guard let tree = fields.value("settle_market") else { return [] }
        let own = Fields(tree, fields.path("settle_market"), Self.settlementSection, self)
        guard
            let name = own.value("market"),
            let index = index(of: name, among: marketNames, own.path("market"), a: "a market")
        else { return [] }
        setting(own.path("market"), marketNames[index])
        let market = MarketID(index: index)
        let price = own.readIfPresent("price", .price)
        let notice = own.readIfPresent("notice", .positiveDuration)
        let last: Command = .windUp(market, .settled, price: price)
        guard let notice else { return [(time, last)] }
        return [(time, .windUp(market, .reducing, price: nil)), (time + notice, last)]
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
        each(fields, "weights", assetNames, "an asset") { id, value, path in
            changes.append(
                .weights(AssetID(index: id), weightChange(value, path, assetNames[id])))
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
        if fields.has("guards") {
            let more = priceGuards(fields)
            changes.append(.guards(more.guards))
            if let silence = more.silence {
                sequencerSilence = min(sequencerSilence ?? silence, silence)
            }
        }
        each(fields, "liquidation_grace", assetNames, "an asset") { id, value, path in
            changes.append(
                .liquidationGrace(AssetID(index: id), scalar(value, Self.graces, path) ?? .zero))
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
