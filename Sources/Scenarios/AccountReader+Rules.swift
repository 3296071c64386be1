import ExactMath
import MarginProtocol

/// The rules that an account file asks for, as the smallest scenario that has them.
extension AccountReader {
    func rules(
        _ named: Tree, _ fields: Fields, _ prices: [Tree.Entry], _ account: Tree,
        _ positions: [(market: Tree, body: Tree)]
    ) -> Tree {
        let place = tree.position
        func map(_ entries: [Tree.Entry]) -> Tree {
            Tree(content: .mapping(entries), position: place)
        }
        func entry(_ key: String, _ value: Tree) -> Tree.Entry {
            Tree.Entry(key: key, position: place, value: value)
        }
        let settlement =
            tree["parameters"]?["protocol"]?["settlement"]?.scalar
            ?? named.scalar.flatMap { Preset.named($0)?.settlement(problems) }
        var names: [String] = settlement.map { [$0] } ?? []
        names += prices.map(\.key)
        names += account["balances"]?.entries?.map(\.key) ?? []
        let priced = names
        func asset(of market: String) -> String { Self.asset(of: market, among: priced) }
        names += positions.map { asset(of: $0.market.scalar ?? "") }
        var assets: [Tree.Entry] = []
        for name in names where !assets.contains(where: { $0.key == name }) {
            assets.append(entry(name, map([entry("price", .text("1", at: place))])))
        }
        var markets: [Tree.Entry] = []
        for position in positions {
            let name = position.market.scalar ?? ""
            guard !markets.contains(where: { $0.key == name }) else { continue }
            markets.append(
                entry(
                    name,
                    map([
                        entry("underlying", .text(asset(of: name), at: position.market.position))
                    ])))
        }
        var result = map([
            entry("assets", map(assets)), entry("markets", map(markets)),
            entry("protocol", map([entry("preset", named)])),
        ])
        if let parameters = fields.value("parameters") {
            var own = parameters
            // A market is called by its asset, too.
            if let written = parameters["markets"]?.entries {
                let renamed = written.map { change in
                    let name =
                        markets.first {
                            $0.key == change.key || asset(of: $0.key) == change.key
                        }
                    return Tree.Entry(
                        key: name?.key ?? change.key, position: change.position, value: change.value
                    )
                }
                own = own.replacing(
                    entry(
                        "markets",
                        map(
                            renamed.filter { change in
                                markets.contains { $0.key == change.key }
                            })), under: "")
            }
            for key in own.entries ?? [] where !["assets", "markets", "protocol"].contains(key.key)
            {
                problems.add(
                    key.position, "unknown key '\(key.key)' in parameters",
                    hint: Nearest.hint(key.key, among: ["assets", "markets", "protocol"])
                        ?? "known keys: assets, markets, protocol")
            }
            result = Preset.expanded(result, problems).overlaid(with: own)
        } else {
            result = Preset.expanded(result, problems)
        }
        return result
    }

    /// What the preset and the account's balances call assets and markets.
    func knownAssets(_ named: Tree, _ account: Tree) -> [String] {
        let preset = named.scalar.flatMap { Preset.named($0)?.tree(problems) }
        let trees = [preset?["assets"], preset?["markets"], account["balances"]]
        return trees.flatMap { $0?.entries?.map(\.key) ?? [] }
    }

    /// Prices under the names of their assets, where the venue's name of a pair was written: `BTC` for `BTCUSDT`.
    static func byAsset(_ prices: [Tree.Entry], known: [String]) -> [Tree.Entry] {
        prices.map { price in
            let asset = asset(of: price.key, among: known)
            guard known.contains(asset), !prices.contains(where: { $0.key == asset }) else {
                return price
            }
            return Tree.Entry(key: asset, position: price.position, value: price.value)
        }
    }

    /// `BTC` of `BTC-PERP`, `BTC-USDT-SWAP` and, where it is one of the assets, of `BTCUSDT`.
    static func asset(of market: String, among assets: [String]) -> String {
        let name = String(market.prefix { $0 != "-" })
        guard !assets.contains(name) else { return name }
        let ends = ["USDT", "USDC", "USD", "PERP"].filter { name.hasSuffix($0) }
        return ends.map { String(name.dropLast($0.count)) }.first { assets.contains($0) } ?? name
    }
}
