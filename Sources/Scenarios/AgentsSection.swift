import Agents
import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let agentsSection = Section(
        path: "agents",
        sentence:
            "Who takes part. Groups are a map by name, a list, or a single group written out; the reporters of the feeds come from `oracles`.",
        keys: [
            Key("traders", "groups", rule: "none", "Populations of traders."),
            Key("liquidators", "groups", rule: "none", "Groups of competing liquidators."),
            Key("keepers", "groups", rule: "none", "Groups of competing auction keepers."),
            Key(
                "order_keepers", "groups or none", rule: "one of the venue's",
                "Groups of competing order keepers, where trades go in two steps or a pool closes its winners."
            ),
            Key("market_makers", "groups", rule: "none", "Those who quote in the order book."),
            Key(
                "pool_hedger", "map or none", default: "none",
                "The pool's own desk, which offsets outside what the pool is exposed to."),
            Key(
                "adversaries", "groups", rule: "none",
                "Those who take what the parameters leave open; one each."),
            Key(
                "scripted", "map", rule: "none",
                "Agents that do given things at given times, by name."),
        ])

    static let liquidatorSection = Section(
        path: "agents.liquidators.GROUP", sentence: "Liquidators with the same means.",
        keys: [
            Key(
                "name", "name", rule: "the map's key, or liquidators-1, …",
                "What the group is called."),
            Key("count", "whole number", required: true, "How many there are."),
            Key("capital", "money", required: true, "What each may have tied up."),
            Key(
                "lag", "blocks", default: "0 blocks",
                "How many blocks after what it saw its transaction arrives."),
            Key("poll_every", "blocks", default: "1 block", "It looks only every so many blocks."),
            Key("fee", "fee", default: "1.25x", "What it bids."),
            Key(
                "minimum_profit", "money", default: "$0",
                "It acts only for at least this, after gas and slippage."),
            Key(
                "unwind", "immediate, hold, {work_out: percentage}, {work: map} or {hedge: map}",
                default: "immediate",
                "What it does with what it seizes: sells at once, keeps it, sells a share each block or slice by slice, or is short as much on a perpetual until it is sold."
            ),
            Key(
                "bump_after", "blocks", default: "0",
                "After how many blocks it raises its own waiting fee; 0 is never."),
            Key(
                "timing", "polling or mempool", rule: "polling",
                "What sets it off: the committed state, or also price reports in the mempool, behind which it stands in the same block, at the report's price but for no more than a fixed fee."
            ),
            Key(
                "financing", "own, {credit: map} or {flash: map}", rule: "own",
                "Whose money repays the debts."),
            Key(
                "sizing", "full, two_step or {partial: percentage}", rule: "full",
                "How much it takes of what the protocol allows: all, a share, or first what leaves the account just liquidatable and then what is allowed of the rest."
            ),
            Key("failures", "map", rule: "nothing fails", "What goes wrong with its machines."),
            Key(
                "stock", "map of amounts", rule: "none",
                "What each holds of other assets, to repay debts in them; it buys back outside what it has spent."
            ),
        ] + competitionKeys)

    private static let competitionKeys: [Key] = [
        Key(
            "send", "mempool or bundles", rule: "mempool",
            "Where its transactions go: bundles are unseen, and free when they fail."),
        Key(
            "counterbid", "percentage", rule: "none",
            "It raises its waiting bids by this beyond rivals' in the public mempool, while that pays."
        ),
        Key(
            "reaction", "duration", rule: "500ms",
            "How long after a rival's bid it can raise its own; only with counterbid."),
        Key(
            "auction_bid", "percentage", rule: "none",
            "The share of what it expects to earn that it bids for the place behind an oracle report."
        ),
        Key(
            "express_bid", "money", rule: "none",
            "What it bids for each round of the chain's express lane."),
    ]

    static let keeperSection = Section(
        path: "agents.keepers.GROUP",
        sentence:
            "Keepers with the same means: they start auctions of collateral, buy in Dutch ones and bid in English ones, and buy what the protocol's storefront sells.",
        keys: [
            Key(
                "name", "name", rule: "the map's key, or keepers-1, …", "What the group is called."),
            Key("count", "whole number", required: true, "How many there are."),
            Key(
                "capital", "money", required: true,
                "What each begins with, in the settlement asset; bids tie it up."),
            Key(
                "margin", "percentage", default: "5%",
                "What it wants to earn at least, as a share of what a lot would sell for outside."),
            Key(
                "opening", "percentage", default: "100%",
                "Where nobody has bid, it bids this share of the most it would pay; at 0% the smallest bid there is."
            ),
            Key(
                "outbids", "true or false", default: "true",
                "Whether it bids where another's bid stands."),
            Key("starts", "true or false", default: "true", "Whether it starts auctions."),
            Key(
                "bids", "true or false", default: "true",
                "Whether it buys or bids, in auctions and from the storefront."),
            Key(
                "lag", "blocks", default: "0 blocks",
                "How many blocks after what it saw its transaction arrives."),
            Key("poll_every", "blocks", default: "1 block", "It looks only every so many blocks."),
            Key("fee", "fee", default: "1.25x", "What it offers for gas."),
            Key(
                "minimum_profit", "money", default: "$0",
                "It acts only for at least this beyond its margin, after gas."),
            Key(
                "unwind", "immediate, hold or {work_out: percentage}", default: "immediate",
                "What it does with what it wins, as liquidators."),
            Key(
                "bump_after", "blocks", default: "0",
                "After how many blocks it raises its own waiting fee; 0 is never."),
        ])

    static let marketMakerSection = Section(
        path: "agents.market_makers.GROUP", sentence: "Market makers with the same habits.",
        keys: [
            Key(
                "name", "name", rule: "the map's key, or market_makers-1, …",
                "What the group is called."),
            Key("count", "whole number", required: true, "How many there are."),
            Key("capital", "money", required: true, "What each begins with."),
            Key("markets", "market or list of markets", rule: "all markets", "Where they quote."),
            Key(
                "half_spread", "percentage", default: "0.1%",
                "From the outside price to the best quote."),
            Key(
                "levels", "whole number", default: "3",
                "How many quotes on each side, each a half-spread further away."),
            Key("size", "money", required: true, "The notional at each level."),
            Key(
                "requote", "percentage", default: "0.1%",
                "They quote anew when the outside price has moved by this."),
            Key(
                "inventory_limit", "money", required: true,
                "The largest notional in a market before they quote one side only."),
            Key(
                "joint_limit", "money", rule: "none",
                "The largest notional in all their markets together, signs aside, before they quote only what reduces it."
            ),
            Key(
                "hedges", "true or false", default: "true",
                "Whether they offset their fills outside."),
            Key(
                "financing_rate", "percentage", rule: "none",
                "What holding the outside asset costs them a year: they quote around the price at which that and funding by premium cancel out. Without it they quote around the outside price."
            ),
            Key("fee", "fee", default: "1.25x", "What they bid."),
        ])

    static let hedgerSection = Section(
        path: "agents.pool_hedger", sentence: "The pool's desk.",
        keys: [
            Key(
                "share", "percentage", default: "100%",
                "The share of the pool's position that it offsets."),
            Key("threshold", "money", default: "$10k", "It does nothing below this difference."),
        ])

    static let feeSection = Section(
        path: "FEE",
        sentence:
            "How somebody bids: a gas price (`20 gwei`), a multiple (`1.25x`), or exactly one of these keys.",
        keys: [
            Key("fixed", "gas price", rule: "none", "Always this much."),
            Key(
                "multiple_of_base", "multiple", rule: "none",
                "A multiple of the price that last got in."),
            Key(
                "share_of_profit", "percentage", rule: "none",
                "This share of the expected profit, never less than the base fee asks."),
            Key(
                "recent_percentile", "whole number", rule: "none",
                "A percentile of what got into the last 20 blocks, 0 to 100: it lags."),
            Key(
                "waiting_percentile", "whole number", rule: "none",
                "A percentile of what waits in the backlog, 0 to 100: bids too low to get in bias it."
            ),
            Key(
                "escalating", "{start, factor, every, cap}", rule: "none",
                "A bid that grows while it waits; for liquidators."),
            Key(
                "learning", "{shares, explore}", rule: "none",
                "A share of the profit that is learned from winning and losing; for liquidators."),
        ])

    static let counts = Kind<Int>.count(1...1_000_000)

    func agents(_ root: Fields, funds law: DecodedLaw) -> AgentsConfiguration {
        let tree = root.value("agents") ?? Tree(content: .mapping([]), position: root.tree.position)
        let fields = Fields(tree, "agents", Self.agentsSection, self)
        var agents = AgentsConfiguration()
        let traders = groups(fields, "traders", Self.traderSection)
        let names = traders.map(\.name)
        agents.traders = traders.map { trader($0.fields, $0.name, of: names) }
        agents.liquidators = groups(fields, "liquidators", Self.liquidatorSection)
            .map { liquidator($0.fields, $0.name) }
        agents.keepers = groups(fields, "keepers", Self.keeperSection)
            .map { keeper($0.fields, $0.name) }
        if !agents.keepers.isEmpty, law.auctions == nil, law.storefront == nil {
            fields.problem(
                "keepers",
                "there are no auctions: 'protocol.auctions' says how they go, 'protocol.storefront' sells without"
            )
        }
        agents.marketMakers = groups(fields, "market_makers", Self.marketMakerSection)
            .map { marketMaker($0.fields, $0.name) }
        if let hedger = fields.value("pool_hedger"), hedger.scalar != "none" {
            let own = Fields(hedger, "agents.pool_hedger", Self.hedgerSection, self)
            agents.poolHedger = PoolHedger(
                share: own.read("share", .share), threshold: own.read("threshold", .notNegative))
        }
        agents.adversaries = groups(fields, "adversaries", Self.adversarySection)
            .compactMap { adversary($0.fields, $0.name) }
        agents.scripts = scripts(fields)
        agents.orderKeepers = orderKeepers(fields, law)
        for script in agents.scripts where names.contains(script.name) {
            fields.problem("scripted", "a group of traders is called '\(script.name)' already")
        }
        let total = agents.traders.reduce(0) { $0 + $1.count }
        if total > 1_000_000 {
            problem(
                tree.position, "agents.traders: expected at most 1000000 traders, found \(total)")
        }
        return agents
    }

    /// The groups of a kind, however they are written, each with its name.
    func groups(_ fields: Fields, _ key: String, _ section: Section)
        -> [(name: String, fields: Fields)]
    {
        guard let tree = fields.value(key), tree.scalar != "none" else { return [] }
        let path = fields.path(key)
        var groups: [(name: String, fields: Fields)] = []
        if let items = tree.items {
            for (index, item) in items.enumerated() {
                let own = Fields(item, "\(path).\(index)", section, self)
                let name = own.has("name") ? own.read("name", .name) : "\(key)-\(index + 1)"
                add(name, own, item.position, path, &groups)
            }
        } else if tree.entries != nil, tree["count"] != nil || tree["capital"] != nil {
            let own = Fields(tree, path, section, self)
            add(own.has("name") ? own.read("name", .name) : key, own, tree.position, path, &groups)
        } else {
            for entry in named(tree, path, of: "groups") {
                let own = Fields(entry.value, "\(path).\(entry.key)", section, self)
                if own.has("name") {
                    own.problem("name", "the group is already called '\(entry.key)'")
                }
                add(entry.key, own, entry.position, path, &groups)
            }
        }
        return groups
    }

    private func add(
        _ name: String, _ fields: Fields, _ position: Position, _ path: String,
        _ groups: inout [(name: String, fields: Fields)]
    ) {
        guard groups.count < 1000 else {
            problem(position, "\(path): expected at most 1000 groups")
            return
        }
        if groups.contains(where: { $0.name == name }) {
            problem(position, "\(path): two groups are named '\(name)'")
        }
        groups.append((name, fields))
    }

    // MARK: Groups

    private func liquidator(_ fields: Fields, _ name: String) -> LiquidatorGroup {
        let financing = financing(fields)
        let needsNone = if case .flash = financing { true } else { false }
        var group = LiquidatorGroup(
            name: name, count: fields.read("count", .count(1...10_000)),
            capital: fields.read("capital", needsNone ? .notNegative : .positive),
            lag: fields.read("lag", .blocks(0...100_000)),
            pollEvery: fields.read("poll_every", .blocks(1...1_000_000)),
            fee: fee(fields, ofLiquidators: true),
            minimumProfit: fields.read("minimum_profit", .money),
            inventory: inventory(fields),
            bumpAfter: fields.read("bump_after", .blocks(0...1_000_000)), timing: timing(fields),
            financing: financing, sizing: sizing(fields), failures: failures(fields),
            stock: stock(fields))
        decodeCompetition(fields, &group)
        return group
    }

    private func keeper(_ fields: Fields, _ name: String) -> KeeperGroup {
        KeeperGroup(
            name: name, count: fields.read("count", .count(1...10_000)),
            capital: fields.read("capital", .positive), margin: fields.read("margin", .share),
            opening: fields.read("opening", .share), outbids: fields.read("outbids", .yesOrNo),
            starts: fields.read("starts", .yesOrNo), bids: fields.read("bids", .yesOrNo),
            lag: fields.read("lag", .blocks(0...100_000)),
            pollEvery: fields.read("poll_every", .blocks(1...1_000_000)), fee: fee(fields),
            minimumProfit: fields.read("minimum_profit", .money), inventory: inventory(fields),
            bumpAfter: fields.read("bump_after", .blocks(0...1_000_000)))
    }

    private func decodeCompetition(_ fields: Fields, _ group: inout LiquidatorGroup) {
        let routes: [(word: String, value: Bool)] = [("mempool", false), ("bundles", true)]
        group.isPrivate = fields.readIfPresent("send", Kind.choice(routes)) ?? false
        group.counterbid = fields.readIfPresent(
            "counterbid", .ratio.limited("0% to 1000%") { $0 >= .zero && $0 <= Ratio(whole: 10) })
        if group.counterbid == nil {
            fields.refuse("reaction", "has a meaning only with counterbid")
        }
        if group.isPrivate { fields.refuse("counterbid", "nobody sees a bundle") }
        group.reaction =
            fields.readIfPresent("reaction", .positiveDuration) ?? TimeSpan(milliseconds: 500)
        group.auctionShare = fields.readIfPresent("auction_bid", .share)
        group.expressBid = fields.readIfPresent("express_bid", .positive) ?? .zero
        if group.isPrivate, let chain = bundleProblem { fields.problem("send", chain) }
        if group.expressBid.isPositive, !hasExpressLane {
            fields.problem("express_bid", "the chain has no express lane")
        }
    }

    private func stock(_ fields: Fields) -> [Holding] {
        guard let tree = fields.value("stock"), tree.scalar != "none" else { return [] }
        guard tree.entries != nil else {
            fields.problem("stock", "expected a map of amounts, found \(tree.shown)")
            return []
        }
        return amounts(fields, "stock").compactMap { asset, quantity in
            if asset == settlement {
                fields.problem("stock", "what is held of the settlement asset is 'capital'")
                return nil
            }
            return Holding(asset: asset, quantity: quantity)
        }
    }

    private func inventory(_ fields: Fields) -> LiquidatorGroup.Inventory {
        guard let tree = fields.value("unwind") else { return .sellAtOnce }
        if tree.entries != nil { return slowly(tree, fields) }
        return fields.read(
            "unwind",
            Kind.choice([("immediate", LiquidatorGroup.Inventory.sellAtOnce), ("hold", .hold)]))
    }

    private func marketMaker(_ fields: Fields, _ name: String) -> MarketMakerGroup {
        MarketMakerGroup(
            name: name, count: fields.read("count", .count(1...1000)),
            capital: fields.read("capital", .positive), markets: markets(of: fields),
            halfSpread: fields.read("half_spread", .positiveShare),
            levels: fields.read("levels", .count(1...100)), size: fields.read("size", .positive),
            requote: fields.read("requote", .positiveShare),
            inventoryLimit: fields.read("inventory_limit", .positive),
            hedges: fields.read("hedges", .yesOrNo), fee: fee(fields),
            jointLimit: fields.readIfPresent("joint_limit", .positive),
            financingRate: fields.readIfPresent(
                "financing_rate", .ratio.limited("-100% to 100%") { $0.magnitude <= .one }))
    }

    /// The markets a maker names, or all.
    private func markets(of fields: Fields) -> [MarketID] {
        let path = fields.path("markets")
        guard let tree = fields.value("markets") else {
            if marketNames.isEmpty, fields.tree.entries != nil {
                problem(
                    fields.tree.position, "\(fields.path): the scenario has no markets to quote")
            }
            setting(path, "[\(marketNames.joined(separator: ", "))]")
            return marketNames.indices.map { MarketID(index: $0) }
        }
        setting(path, YAMLWriter.flow(tree))
        return list(tree).compactMap { item in
            index(of: item, among: marketNames, path, a: "a market").map { MarketID(index: $0) }
        }
    }

    // MARK: Fees

    func fee(_ fields: Fields, ofLiquidators: Bool = false) -> FeePolicy {
        guard let tree = fields.value("fee") else { return .multipleOfBase(.one) }
        let path = fields.path("fee")
        if tree.scalar != nil { return scalar(tree, Self.fee, path) ?? .fixed(1) }
        let own = Fields(tree, path, Self.feeSection, self)
        guard let entries = tree.entries else { return .fixed(1) }
        guard entries.count == 1 else {
            problem(
                tree.position,
                "\(path): expected exactly one of \(Self.feeSection.names.joined(separator: ", "))")
            return .fixed(1)
        }
        switch entries[0].key {
        case "multiple_of_base":
            return .multipleOfBase(own.read("multiple_of_base", Self.feeMultiple))
        case "share_of_profit": return .shareOfProfit(own.read("share_of_profit", .share))
        case "fixed": return .fixed(own.read("fixed", .gasPrice))
        case "escalating", "learning":
            guard ofLiquidators else {
                own.problem(entries[0].key, "only liquidators bid so")
                return .fixed(1)
            }
            return entries[0].key == "learning" ? learning(own) : escalating(own)
        case "recent_percentile":
            return .recentPercentile(own.read("recent_percentile", .count(0...100)))
        case "waiting_percentile":
            return .waitingPercentile(own.read("waiting_percentile", .count(0...100)))
        default: return .fixed(1)
        }
    }

    static let feeMultiple = Kind<Ratio>.multiple.limited("more than 0 and at most 1000") {
        $0 > .zero && $0 <= Ratio(whole: 1000)
    }

    private static let fee = Kind<FeePolicy>(
        "a fee such as '20 gwei', '1.25x' or {share_of_profit: 60%}", placeholder: .fixed(1),
        repairs: [("", " gwei")]
    ) { text in
        if text.hasSuffix("x") {
            switch feeMultiple.parse(text) {
            case .value(let multiple): return .value(.multipleOfBase(multiple))
            case .mismatch: return .mismatch
            case .refused(let rule): return .refused(expected: rule)
            }
        }
        switch Kind<Int64>.gasPrice.parse(text) {
        case .value(let price): return .value(.fixed(price))
        case .mismatch: return .mismatch
        case .refused(let rule): return .refused(expected: rule)
        }
    }
}
