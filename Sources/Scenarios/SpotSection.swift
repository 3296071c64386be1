import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let spotMarketSection = Section(
        path: "protocol.spot_markets.NAME",
        sentence:
            "An order book in which accounts exchange two assets. What an open order may have to give is set aside: an ask's base, a bid's quote with the maker's fee; it counts as the worse of all orders filled and none, and a liquidation takes it back first.",
        keys: [
            Key("base", "asset", required: true, "What is bought and sold."),
            Key("quote", "asset", required: true, "What it is paid in, and fees too."),
            Key(
                "taker_fee", "percentage", default: "0%",
                "Charged on what is paid to whoever takes."),
            Key(
                "maker_fee", "percentage", default: "0%",
                "Charged to a resting order; negative is a rebate."),
        ])

    func spotMarkets(_ root: Fields) -> [SpotMarketParameters] {
        guard let tree = root.value("spot_markets"), tree.scalar != "none" else { return [] }
        let path = "protocol.spot_markets"
        let entries = named(tree, path, of: "spot markets")
        if entries.count > 64 {
            problem(tree.position, "\(path): expected at most 64 markets, found \(entries.count)")
        }
        return entries.prefix(64).compactMap { entry in
            let own = Fields(entry.value, "\(path).\(entry.key)", Self.spotMarketSection, self)
            let (base, quote) = (spotAsset(own, "base"), spotAsset(own, "quote"))
            let taker = own.read("taker_fee", .share.limited("less than 100%") { $0 < .one })
            let maker = own.read(
                "maker_fee",
                .ratio.limited("more than -100%, less than 100%") { $0.magnitude < .one })
            if (taker + maker).isNegative {
                own.problem("maker_fee", "expected a rebate of at most the taker fee")
            }
            guard let base, let quote else { return nil }
            if base == quote { own.problem("quote", "expected another asset than the base") }
            return SpotMarketParameters(
                name: entry.key, base: base, quote: quote, takerFee: taker, makerFee: maker)
        }
    }

    private func spotAsset(_ own: Fields, _ key: String) -> AssetID? {
        guard let tree = own.value(key),
            let index = index(of: tree, among: assetNames, own.path(key), a: "an asset")
        else { return nil }
        setting(own.path(key), assetNames[index])
        return AssetID(index: index)
    }
}
