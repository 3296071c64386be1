/// A venue's rules, as a file that a person who knows the venue can check line by line.
///
/// A preset is part of a scenario: its `protocol`, and for each asset, market and feed by name, or for all others
/// under `default`, how it counts. What a scenario writes itself goes over it.
public struct Preset: Sendable {
    public var name: String
    /// The file's text.
    public var text: String

    /// Every preset, in the order of their documents.
    public static let all: [Preset] = files.map {
        Preset(name: $0.name, text: String(decoding: $0.bytes, as: UTF8.self))
    }

    public static var names: [String] { all.map(\.name) }

    /// The preset of a name; nil where there is none.
    public static func named(_ name: String) -> Preset? { all.first { $0.name == name } }

    /// The nearest known name, as a question; nil where none is near.
    public static func hint(for name: String) -> String? {
        Nearest.hint(name, among: names)
    }

    /// A tree in which the preset it names stands below what it says itself.
    ///
    /// The name of the preset becomes the name of the rules, so that the tree's text stands alone.
    static func expanded(_ tree: Tree, _ problems: ProblemList) -> Tree {
        guard let own = tree["protocol"], let named = own["preset"], !named.isNull else {
            return tree
        }
        guard let name = named.scalar, let preset = Self.named(name) else {
            problems.add(
                named.position, "protocol.preset: \(named.shown) is not a preset",
                hint: named.scalar.flatMap { hint(for: $0) }
                    ?? "known: \(names.joined(separator: ", "))")
            return tree
        }
        let source = problems.source(named: "preset \(name)")
        guard let base = YAMLReader(problems: problems, source: source).tree(of: preset.text) else {
            return tree
        }
        var result = tree
        for section in ["assets", "markets"] {
            guard let entries = tree[section]?.entries else { continue }
            let laid = entries.map { entry in
                let key = section == "assets" ? entry.key : underlying(of: entry)
                let below = base[section]?[key] ?? base[section]?["default"]
                return Tree.Entry(
                    key: entry.key, position: entry.position,
                    value: below?.overlaid(with: entry.value) ?? entry.value)
            }
            let place = tree[section]?.position ?? tree.position
            result = result.replacing(
                Tree.Entry(
                    key: section, position: place,
                    value: Tree(content: .mapping(laid), position: place)), under: "")
        }
        result = layingFeeds(of: base, under: result)
        let rules = (base["protocol"] ?? Tree(content: .mapping([]), position: base.position))
            .knowing(assets: tree["assets"]?.entries?.map(\.key) ?? [])
            .overlaid(with: own.removing("preset"))
            .replacing(
                Tree.Entry(
                    key: "name", position: named.position,
                    value: own["name"] ?? .text(name, at: named.position)), under: "")
        return result.replacing(
            Tree.Entry(key: "protocol", position: own.position, value: rules), under: "")
    }

    /// A preset's feeds under those that are written: how prices come only where a feed does not say itself.
    private static func layingFeeds(of base: Tree, under tree: Tree) -> Tree {
        guard let feeds = base["oracles"], let entries = tree["oracles"]?.entries else {
            return tree
        }
        let laid = entries.map { entry in
            guard entry.value.entries != nil, var below = feeds[entry.key] ?? feeds["default"]
            else { return entry }
            if ["kind", "deviation", "heartbeat", "mode"].contains(where: { entry.value[$0] != nil }
            ) {
                for key in ["kind", "period"] { below = below.removing(key) }
            }
            if entry.value["venues"] != nil { below = below.removing("venues") }
            return Tree.Entry(
                key: entry.key, position: entry.position, value: below.overlaid(with: entry.value))
        }
        let place = tree["oracles"]?.position ?? tree.position
        return tree.replacing(
            Tree.Entry(
                key: "oracles", position: place,
                value: Tree(content: .mapping(laid), position: place)), under: "")
    }

    /// What a market follows: its key, or the part before a dash, where it does not say.
    private static func underlying(of entry: Tree.Entry) -> String {
        entry.value["underlying"]?.scalar ?? String(entry.key.prefix { $0 != "-" })
    }
}

extension Tree {
    /// A preset's rules without what concerns assets that are not there.
    fileprivate func knowing(assets: [String]) -> Tree {
        var result = knowing(assets: assets, in: "categories")
        if let auctions = self["auctions"], let lots = auctions["lots"]?.entries {
            let kept = lots.filter { assets.contains($0.key) }
            let known =
                kept.isEmpty
                ? auctions.removing("lots")
                : auctions.replacing(
                    Entry(
                        key: "lots", position: auctions.position,
                        value: Tree(content: .mapping(kept), position: auctions.position)),
                    under: "")
            result = result.replacing(
                Entry(key: "auctions", position: auctions.position, value: known), under: "")
        }
        if let spot = self["spot_markets"], let markets = spot.entries {
            let kept = markets.filter { market in
                ["base", "quote"].allSatisfy {
                    assets.contains(market.value[$0]?.scalar ?? "")
                }
            }
            result =
                kept.isEmpty
                ? result.removing("spot_markets")
                : result.replacing(
                    Entry(
                        key: "spot_markets", position: spot.position,
                        value: Tree(content: .mapping(kept), position: spot.position)), under: "")
        }
        if let stress = self["stress"], stress.entries != nil {
            result = result.replacing(
                Entry(
                    key: "stress", position: stress.position,
                    value: stress.knowing(assets: assets, in: "groups")), under: "")
        }
        return result
    }

    private func knowing(assets: [String], in section: String) -> Tree {
        guard let groups = self[section], let entries = groups.entries else { return self }
        let kept = entries.compactMap { entry -> Entry? in
            guard let members = entry.value["assets"] else { return entry }
            let there = (members.items ?? [members]).filter { assets.contains($0.scalar ?? "") }
            guard !there.isEmpty else { return nil }
            let list = Tree(content: .sequence(there), position: members.position)
            return Entry(
                key: entry.key, position: entry.position,
                value: entry.value.replacing(
                    Entry(key: "assets", position: members.position, value: list), under: ""))
        }
        guard !kept.isEmpty else { return removing(section) }
        return replacing(
            Entry(
                key: section, position: groups.position,
                value: Tree(content: .mapping(kept), position: groups.position)), under: "")
    }
}
