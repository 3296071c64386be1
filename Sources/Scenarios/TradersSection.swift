import Agents
import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let traderSection = Section(
        path: "agents.traders.GROUP", sentence: "Traders with the same habits.",
        keys: [
            Key(
                "name", "name", rule: "the map's key, or traders-1, …", "What the group is called."),
            Key(
                "twin_of", "group", rule: "none",
                "Draws exactly the numbers of this other group, so that the two differ only in what is set differently."
            ),
            Key("count", "whole number", required: true, "How many there are."),
            Key(
                "mode", "cross or isolated", default: "cross",
                "Whether one account backs all positions."),
            Key(
                "collateral", "asset or map of percentages", rule: "the settlement asset",
                "What their collateral is held in; the shares make 100%."),
            Key(
                "equity", "money, range or distribution", default: "$10k",
                "What each begins with: `$1k..$50k`, or a map of one distribution."),
            Key(
                "markets", "market, list or map of weights", rule: "all markets alike",
                "What they trade."),
            Key(
                "loans", "asset, list or map of weights", rule: "none",
                "What they hold, or owe, with borrowed money, in place of positions in markets; for lending protocols."
            ),
            Key(
                "positions", "whole number or range", default: "1",
                "In how many markets one trader holds positions at the start."),
            Key(
                "leverage", "number, range or distribution", required: true,
                "Gross notional over equity at the start, capped by what initial margin allows."),
            Key("long_bias", "percentage", default: "50%", "The chance that a position is long."),
            Key(
                "hedged", "percentage", default: "0%",
                "The share who hold the underlying and are short the same amount."),
            Key("trades_per_hour", "frequency", default: "0/hour", "New trades per trader."),
            Key(
                "on_margin_call", "map", rule: "nothing",
                "What they do when their health comes close to its limit."),
            Key("fee", "fee", default: "1.25x", "What they bid."),
            Key("poll", "duration", default: "1m", "How often a trader looks at its account."),
            Key(
                "book", "true or false", default: "false",
                "Whether trades go to the order book instead of the pool."),
            Key(
                "style",
                "noise, {momentum: map}, {mean_reversion: map}, {basis: map} or {copy: map}",
                rule: "noise", "Which way they go when they trade."),
        ])

    static let marginCallSection = Section(
        path: "agents.traders.GROUP.on_margin_call",
        sentence: "What traders do before they are liquidated.",
        keys: [
            Key(
                "threshold", "multiple", default: "1.2",
                "They act when equity falls below this multiple of the maintenance requirement."),
            Key(
                "top_up", "percentage", default: "0%",
                "The share who deposit enough to meet their initial margin again."),
            Key("panic", "percentage", default: "0%", "The share who close everything."),
            Key("delay", "duration", default: "1m", "From noticing to sending."),
            Key(
                "deleverage", "percentage", rule: "0%",
                "The share who reduce all positions alike, to `to_leverage`."),
            Key("to_leverage", "number", rule: "2", "Gross notional over equity after that."),
        ])

    static let distributionSection = Section(
        path: "DISTRIBUTION",
        sentence: "How a number differs from member to member: exactly one of the keys.",
        keys: [
            Key("fixed", "number", rule: "none", "The same for all."),
            Key(
                "uniform", "range", rule: "none", "Evenly between two numbers, as the range alone."),
            Key(
                "pareto", "{minimum, shape, maximum}", rule: "none",
                "A power law, cut off at the maximum where there is one."),
            Key(
                "lognormal", "{median, sigma, maximum}", rule: "none",
                "Its logarithm is normal; capped at the maximum where there is one."),
        ])

    static let paretoSection = Section(
        path: "DISTRIBUTION.pareto", sentence: "A power law.",
        keys: [
            Key("minimum", "number", required: true, "The smallest value."),
            Key(
                "shape", "number", required: true,
                "The exponent, 0.1 to 20; the smaller, the heavier the tail."),
            Key("maximum", "number", rule: "none", "The largest value."),
        ])

    static let lognormalSection = Section(
        path: "DISTRIBUTION.lognormal", sentence: "A lognormal distribution.",
        keys: [
            Key("median", "number", required: true, "Half the values are larger."),
            Key(
                "sigma", "number", required: true,
                "The standard deviation of the logarithm, 0 to 4."),
            Key("maximum", "number", rule: "none", "The largest value."),
        ])

    func trader(_ fields: Fields, _ name: String, of groups: [String]) -> TraderGroup {
        var twin: String?
        if let tree = fields.value("twin_of") {
            let others = groups.filter { $0 != name }
            twin = index(of: tree, among: others, fields.path("twin_of"), a: "another trader group")
                .map { others[$0] }
            if let twin { setting(fields.path("twin_of"), twin) }
        }
        let modes: [(word: String, value: TraderGroup.Mode)] = [
            ("cross", .cross), ("isolated", .isolated),
        ]
        let loans = borrowedAssets(fields)
        let shares = loans.isEmpty ? tradedMarkets(fields) : []
        let usesBook = fields.read("book", .yesOrNo)
        if !usesBook, let market = shares.first(where: { markets[$0.id.index].pool == nil }) {
            fields.problem(
                "book",
                "\(marketNames[market.id.index]) has no pool, so these traders need 'book: true'")
        }
        return TraderGroup(
            name: name, twinOf: twin, count: fields.read("count", Self.counts),
            mode: fields.read("mode", Kind.choice(modes)), collateral: heldCollateral(fields),
            equity: distribution(fields, "equity", .dollars, "an amount of money such as '$10k'"),
            markets: shares, loans: loans, positions: positions(fields, shares.count),
            leverage: distribution(fields, "leverage", .multipleNumber, "a number such as '2.5'"),
            longBias: fields.read("long_bias", .share), hedged: fields.read("hedged", .share),
            tradesPerHour: fields.read("trades_per_hour", .hourly),
            onMarginCall: marginCall(fields), fee: fee(fields),
            poll: fields.read("poll", .positiveDuration), usesBook: usesBook,
            style: style(fields, among: groups.filter { $0 != name }))
    }

    private func marginCall(_ fields: Fields) -> MarginCallPolicy {
        let tree =
            fields.value("on_margin_call")
            ?? Tree(content: .mapping([]), position: fields.tree.position)
        let own = Fields(tree, fields.path("on_margin_call"), Self.marginCallSection, self)
        let policy = MarginCallPolicy(
            threshold: own.read(
                "threshold", .multiple.limited("1 to 100") { $0 >= .one && $0 <= Ratio(whole: 100) }
            ),
            topUp: own.read("top_up", .share), panic: own.read("panic", .share),
            delay: own.read("delay", .duration),
            deleverage: own.readIfPresent("deleverage", .share) ?? .zero,
            targetLeverage: own.readIfPresent(
                "to_leverage",
                .multiple.limited("0 to 100") { $0 >= .zero && $0 <= Ratio(whole: 100) })
                ?? Ratio(whole: 2))
        if policy.topUp + policy.panic + policy.deleverage > .one {
            let names =
                policy.deleverage.isZero
                ? "top_up and panic are" : "top_up, panic and deleverage are"
            problem(tree.position, "\(own.path): \(names) more than 100% together")
        }
        return policy
    }

    private func heldCollateral(_ fields: Fields) -> [TraderGroup.Share<AssetID>] {
        let path = fields.path("collateral")
        guard let tree = fields.value("collateral") else {
            if assetNames.indices.contains(settlement.index) {
                setting(path, assetNames[settlement.index])
            }
            return [.init(id: settlement, share: .one)]
        }
        guard tree.entries != nil else {
            guard let index = index(of: tree, among: assetNames, path, a: "an asset") else {
                return []
            }
            checkCounts(index, tree.position, path)
            setting(path, assetNames[index])
            return [.init(id: AssetID(index: index), share: .one)]
        }
        var shares: [TraderGroup.Share<AssetID>] = []
        var total: Int128 = 0
        let known = problems.count
        for entry in named(tree, path, of: "shares") {
            guard
                let index = index(
                    of: entry.key, at: entry.position, among: assetNames, path, a: "an asset"),
                let share = scalar(entry.value, .share, path + "." + entry.key)
            else { continue }
            if share.isPositive { checkCounts(index, entry.position, path) }
            total += Int128(share.raw)
            shares.append(.init(id: AssetID(index: index), share: share))
        }
        if known == problems.count, total != Int128(scaleE8) {
            let shown = Int64(exactly: total).map { Written.percent(Ratio(raw: $0)) } ?? "more"
            problem(tree.position, "\(path): expected shares that make 100%, found \(shown)")
        }
        return shares
    }

    /// Collateral that counts nothing is a mistake.
    private func checkCounts(_ index: Int, _ position: Position, _ path: String) {
        guard assets[index].collateral.tiers.allSatisfy(\.weight.isZero) else { return }
        problem(
            position, "\(path): \(assetNames[index]) does not count as collateral",
            hint: "set assets.\(assetNames[index]).collateral")
    }

    private func borrowedAssets(_ fields: Fields) -> [TraderGroup.Share<AssetID>] {
        let path = fields.path("loans")
        guard let tree = fields.value("loans"), tree.scalar != "none" else { return [] }
        for key in ["markets", "mode", "hedged", "trades_per_hour"] {
            fields.refuse(key, "has no meaning for borrowers")
        }
        let shares: [TraderGroup.Share<AssetID>]
        if tree.entries == nil {
            setting(path, YAMLWriter.flow(tree))
            shares = list(tree).compactMap { item in
                index(of: item, among: assetNames, path, a: "an asset")
                    .map { .init(id: AssetID(index: $0), share: .one) }
            }
        } else {
            shares = named(tree, path, of: "weights").compactMap { entry in
                guard
                    let index = index(
                        of: entry.key, at: entry.position, among: assetNames, path, a: "an asset"),
                    let weight = scalar(entry.value, .positiveRatio, path + "." + entry.key)
                else { return nil }
                return .init(id: AssetID(index: index), share: weight)
            }
        }
        if shares.contains(where: { $0.id == settlement }) {
            fields.problem("loans", "expected another asset than the one that settles")
        }
        return shares
    }

    private func tradedMarkets(_ fields: Fields) -> [TraderGroup.Share<MarketID>] {
        let path = fields.path("markets")
        guard let tree = fields.value("markets") else {
            setting(path, "[\(marketNames.joined(separator: ", "))]")
            if marketNames.isEmpty, fields.tree.entries != nil {
                problem(
                    fields.tree.position, "\(fields.path): the scenario has no markets to trade")
            }
            return marketNames.indices.map { .init(id: MarketID(index: $0), share: .one) }
        }
        guard tree.entries != nil else {
            setting(path, YAMLWriter.flow(tree))
            return list(tree).compactMap { item in
                index(of: item, among: marketNames, path, a: "a market")
                    .map { .init(id: MarketID(index: $0), share: .one) }
            }
        }
        return named(tree, path, of: "weights").compactMap { entry in
            guard
                let index = index(
                    of: entry.key, at: entry.position, among: marketNames, path, a: "a market"),
                let weight = scalar(
                    entry.value,
                    .ratio.limited("more than 0") { $0 > .zero && $0 <= Ratio(whole: 1000) },
                    path + "." + entry.key)
            else { return nil }
            return .init(id: MarketID(index: index), share: weight)
        }
    }

    private func positions(_ fields: Fields, _ most: Int) -> ClosedRange<Int> {
        let count = Kind<Int>.count(1...64)
        let range = Kind<ClosedRange<Int>>(
            "a whole number or a range such as '1..3'", placeholder: 1...1
        ) { text in
            let (lower, upper) = Self.halves(text) ?? (text, text)
            switch (count.parse(lower), count.parse(upper)) {
            case (.value(let a), .value(let b)):
                return a <= b
                    ? .value(a...b) : .refused(expected: "a range from the smaller to the larger")
            case (.refused(let rule), _), (_, .refused(let rule)): return .refused(expected: rule)
            default: return .mismatch
            }
        }
        let positions = fields.read("positions", range)
        if positions.upperBound > most, most > 0 {
            fields.problem(
                "positions", "these traders have only \(most) \(most == 1 ? "market" : "markets")")
        }
        return positions
    }

    // MARK: Distributions

    private func distribution(
        _ fields: Fields, _ key: String, _ kind: Kind<Fixed18>, _ expected: String
    ) -> Distribution {
        guard let tree = fields.value(key) else { return .fixed(.one) }
        let path = fields.path(key)
        let range = Self.range(kind, expected)
        if tree.scalar != nil { return scalar(tree, range, path) ?? .fixed(.one) }
        let own = Fields(tree, path, Self.distributionSection, self)
        guard let entries = tree.entries else { return .fixed(.one) }
        guard entries.count == 1, let entry = entries.first else {
            problem(
                tree.position,
                "\(path): expected exactly one of \(Self.distributionSection.names.joined(separator: ", "))"
            )
            return .fixed(.one)
        }
        let inner = path + "." + entry.key
        switch entry.key {
        case "fixed": return .fixed(own.read("fixed", kind))
        case "uniform": return own.read("uniform", range)
        case "pareto":
            let map = Fields(entry.value, inner, Self.paretoSection, self)
            let minimum = map.read("minimum", kind)
            let shape = map.read(
                "shape", Kind<Fixed18>.number.limited("0.1 to 20") { Self.shapes.contains($0) })
            return .pareto(
                minimum: minimum, shape: shape, maximum: maximum(map, kind, atLeast: minimum))
        case "lognormal":
            let map = Fields(entry.value, inner, Self.lognormalSection, self)
            let median = map.read("median", kind)
            let sigma = map.read(
                "sigma",
                Kind<Fixed18>.number.limited("0 to 4") { $0 >= .zero && $0 <= Fixed18(whole: 4) })
            return .lognormal(
                median: median, sigma: sigma, maximum: maximum(map, kind, atLeast: .zero))
        default: return .fixed(.one)
        }
    }

    private static let shapes = Fixed18(Ratio(percent: 10))...Fixed18(whole: 20)

    private func maximum(_ map: Fields, _ kind: Kind<Fixed18>, atLeast minimum: Fixed18) -> Fixed18?
    {
        let maximum = map.readIfPresent("maximum", kind)
        if let maximum, maximum < minimum {
            map.problem("maximum", "expected at least the minimum")
        }
        return maximum
    }

    /// A number, or two with `..` between.
    private static func range(_ kind: Kind<Fixed18>, _ expected: String) -> Kind<Distribution> {
        Kind(
            "\(expected), a range or a distribution", placeholder: .fixed(.one),
            repairs: kind.repairs
        ) { text in
            guard let (lower, upper) = halves(text) else {
                switch kind.parse(text) {
                case .value(let value): return .value(.fixed(value))
                case .mismatch: return .mismatch
                case .refused(let rule): return .refused(expected: rule)
                }
            }
            switch (kind.parse(lower), kind.parse(upper)) {
            case (.value(let a), .value(let b)):
                return a <= b
                    ? .value(.uniform(a, b))
                    : .refused(expected: "a range from the smaller to the larger")
            case (.refused(let rule), _), (_, .refused(let rule)): return .refused(expected: rule)
            default: return .mismatch
            }
        }
    }
}
