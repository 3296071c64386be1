import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    static let guardEntrySection = Section(
        path: "protocol.oracle_guard.guards.N",
        sentence:
            "One thing that a price must satisfy, and what stops while it does not: exactly one of `max_age`, `max_confidence`, `max_deviation`, `anchor`, `divergence`, `sequencer_grace`, `bounds` and `validity`.",
        keys: [
            Key("max_age", "duration", rule: "none", "An older price is refused."),
            Key("max_confidence", "percentage", rule: "none", "A less certain price is refused."),
            Key(
                "max_deviation", "percentage", rule: "none",
                "A price further from the one before, or from its average, is refused."),
            Key(
                "anchor", "percentage", rule: "none",
                "The average over the price must be within 1 ± this: Compound v2's anchored view."),
            Key(
                "divergence", "percentage", rule: "none",
                "A price this far from its average is refused, at least 50%: Drift's band of liquidations."
            ),
            Key(
                "sequencer_grace", "duration", rule: "none",
                "The sequencer has been up for longer than this."),
            Key("bounds", "[price, price]", rule: "none", "The lowest and the highest price."),
            Key(
                "validity", "a, b, c, speculative, highly_speculative or isolated", rule: "none",
                "Drift's states of a price for a market of this tier, and its table of what goes on in which."
            ),
            Key(
                "from", "previous or average", rule: "previous",
                "What a deviation is one from; only with max_deviation."),
            Key(
                "window", "duration", rule: "5m",
                "Of the average that a deviation, an anchor, a divergence or a validity compares with."
            ),
            Key(
                "at_limit", "fresh or stale", rule: "fresh; stale for a grace period",
                "Whether exactly the limit still passes; with max_age, sequencer_grace and bounds."),
            Key("slot", "duration", rule: "400ms", "The length of a slot; only with validity."),
            Key(
                "stablecoin", "true or false", rule: "false",
                "Its prices may be three times as old for margin; only with validity."),
            Key(
                "silence", "duration", rule: "1m",
                "The first block after a longer time without any is one after an outage; only with sequencer_grace."
            ),
            Key(
                "unless_health_below", "number", rule: "never",
                "A liquidation goes on where weighted collateral over debt is below this."),
            Key(
                "feeds", "asset or list", rule: "all; of ages, those in `oracles`",
                "Whose prices."),
            Key(
                "blocks", "list of deposit, withdraw, open, reduce, liquidate, all",
                rule: "required, except with validity", "What is refused meanwhile."),
        ])

    /// What `guards` says, and the silence after which the sequencer counts as having been down.
    func priceGuards(_ fields: Fields) -> (guards: [PriceGuard], silence: TimeSpan?) {
        guard let tree = fields.value("guards"), tree.scalar != "none" else { return ([], nil) }
        let path = fields.path("guards")
        guard let items = tree.items else {
            problem(tree.position, "\(path): expected a list of maps, found \(tree.shown)")
            return ([], nil)
        }
        var silence: TimeSpan?
        let guards = items.enumerated().compactMap { index, item -> PriceGuard? in
            let own = Fields(item, "\(path).\(index)", Self.guardEntrySection, self)
            return item.entries == nil ? nil : priceGuard(own, &silence)
        }
        return (guards, silence)
    }

    private func priceGuard(_ own: Fields, _ silence: inout TimeSpan?) -> PriceGuard? {
        let forms = [
            "max_age", "max_confidence", "max_deviation", "anchor", "divergence",
            "sequencer_grace", "bounds", "validity",
        ]
        let written = forms.filter { own.has($0) }
        guard written.count == 1, let form = written.first else {
            problem(
                own.tree.position,
                "\(own.path): expected one of \(forms.joined(separator: ", ")), found "
                    + (written.isEmpty ? "none" : written.joined(separator: " and ")))
            return nil
        }
        for (key, takers) in Self.guardOptions where !takers.contains(form) {
            own.refuse(key, "has a meaning only with \(takers.joined(separator: ", "))")
        }
        guard let rule = rule(form, own, &silence) else { return nil }
        var blocks: Actions = [.deposit, .withdraw, .open, .reduce, .liquidate]
        if let tree = own.value("blocks") {
            blocks = actions(tree, own.path("blocks"), Self.guardActions)
        } else if form != "validity" {
            problem(own.tree.position, "missing key 'blocks' in \(own.path): list of actions")
        }
        var feeds: [FeedID]?
        if let tree = own.value("feeds"), tree.scalar != "all" {
            setting(own.path("feeds"), YAMLWriter.flow(tree))
            feeds = list(tree).compactMap {
                index(of: $0, among: assetNames, own.path("feeds"), a: "an asset")
                    .map { FeedID(index: $0) }
            }
        }
        // A price that never changes needs no reporter, and does not grow old.
        if feeds == nil, form == "max_age" || form == "validity" { feeds = writtenFeeds }
        return PriceGuard(
            rule, blocks: blocks, feeds: feeds,
            bypassBelow: own.readIfPresent("unless_health_below", .multiple))
    }

    /// The feeds that the scenario writes; nil where those are all.
    private var writtenFeeds: [FeedID]? {
        let written = assetNames.indices.filter { tree["oracles"]?[assetNames[$0]] != nil }
        return written.count == assetNames.count ? nil : written.map { FeedID(index: $0) }
    }

    /// Which forms an option belongs to.
    private static let guardOptions: [(key: String, forms: [String])] = [
        ("from", ["max_deviation"]),
        ("window", ["max_deviation", "anchor", "divergence", "validity"]),
        ("at_limit", ["max_age", "sequencer_grace", "bounds"]), ("slot", ["validity"]),
        ("stablecoin", ["validity"]), ("silence", ["sequencer_grace"]),
    ]

    private static let tiers: [(word: String, value: ContractTier)] = [
        ("a", .a), ("b", .b), ("c", .c), ("speculative", .speculative),
        ("highly_speculative", .highlySpeculative), ("isolated", .isolated),
    ]

    private func rule(
        _ form: String, _ own: Fields, _ silence: inout TimeSpan?
    ) -> PriceGuard.Rule? {
        let limits: [(word: String, value: LimitRule)] = [
            ("fresh", .inclusive), ("stale", .exclusive),
        ]
        let limit = own.readIfPresent("at_limit", Kind.choice(limits))
        let window = own.readIfPresent("window", .positiveDuration) ?? TimeSpan(seconds: 300)
        switch form {
        case "max_age":
            return .check(
                .maximumAge(own.read("max_age", .positiveDuration), limit ?? .inclusive),
                against: .nothing)
        case "max_confidence":
            return .check(
                .maximumConfidence(own.read("max_confidence", .positiveRatio)), against: .nothing)
        case "max_deviation":
            let choices: [(word: String, value: Bool)] = [("previous", false), ("average", true)]
            let isAverage = own.readIfPresent("from", Kind.choice(choices)) ?? false
            return .check(
                .maximumDeviation(own.read("max_deviation", .positiveRatio)),
                against: isAverage ? .average(window) : .previous)
        case "anchor":
            return .check(
                .anchorBand(tolerance: own.read("anchor", .positiveRatio)),
                against: .average(window))
        case "divergence":
            let least = Ratio(percent: 50)
            return .divergence(
                OracleDivergence(
                    liquidationLimit: own.read(
                        "divergence", .ratio.limited("50% or more") { $0 >= least })),
                average: window)
        case "sequencer_grace":
            silence = own.readIfPresent("silence", .positiveDuration) ?? TimeSpan(seconds: 60)
            return .check(
                .sequencerUp(grace: own.read("sequencer_grace", .duration), limit ?? .exclusive),
                against: .nothing)
        case "bounds": return boundsRule(own, limit ?? .inclusive)
        default:
            return .validity(
                OracleGuardRails(),
                slot: own.readIfPresent("slot", .positiveDuration) ?? TimeSpan(milliseconds: 400),
                average: window, tier: own.read("validity", Kind.choice(Self.tiers)),
                isStablecoin: own.readIfPresent("stablecoin", .yesOrNo) ?? false)
        }
    }

    private func boundsRule(_ own: Fields, _ limit: LimitRule) -> PriceGuard.Rule? {
        guard let tree = own.value("bounds") else { return nil }
        let path = own.path("bounds")
        guard let items = tree.items, items.count == 2 else {
            problem(tree.position, "\(path): expected [lowest, highest], found \(tree.shown)")
            return nil
        }
        setting(path, YAMLWriter.flow(tree))
        guard let low = scalar(items[0], .price, nil), let high = scalar(items[1], .price, nil)
        else { return nil }
        guard low <= high else {
            problem(tree.position, "\(path): expected the lower price first")
            return nil
        }
        return .check(.bounds(minimum: low, maximum: high, limit), against: .nothing)
    }
}
