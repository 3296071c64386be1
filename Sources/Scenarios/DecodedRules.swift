import ExactMath
import MarginProtocol

/// What an account file needs of a tree of rules.
struct DecodedRules {
    var parameters: ProtocolParameters
    var insuranceFund: [(asset: AssetID, amount: Quantity)]
    var backstopFunds: [(asset: AssetID, amount: Quantity)]
    var missingEntryIsZero: Bool
}

extension ScenarioDecoder {
    /// The law alone of a tree that has no more than assets, markets and a protocol.
    func rules() -> DecodedRules {
        isWhole = false
        let fields = Fields(tree, "", Self.section, self)
        decodeAssets(fields)
        decodeMarkets(fields)
        let law = self.law(fields)
        var parameters = ProtocolParameters(
            assets: assets, categories: law.categories, markets: markets,
            feeds: bounded(assetNames.map { FeedParameters(name: $0, reporters: [.system]) }),
            settlementAsset: settlement, staleBlocks: [], liquidation: law.liquidation,
            lossWaterfall: law.losses, deleveraging: law.deleveraging, backstop: law.backstop,
            storefront: law.storefront, stress: law.stress, marginRatio: law.marginRatio,
            auctions: law.auctions)
        parameters.positionResults = law.positionResults
        parameters.reductions = law.reductions
        parameters.hasAccountMarginRatio = law.hasAccountMarginRatio
        parameters.staleMargin = law.guards.staleMargin
        parameters.missingPrices = law.guards.missingPrices
        parameters.resultSettlement = law.resultSettlement
        parameters.slowPrice = law.slowPrice
        parameters.openOrders = law.openOrders
        parameters.keeper = law.keeper
        parameters.windingUp = law.windingUp
        parameters.poolShares = law.poolShares
        parameters.spotMarkets = law.spotMarkets
        parameters.countsSpotOrders = law.countsSpotOrders
        return DecodedRules(
            parameters: parameters, insuranceFund: law.insuranceFund,
            backstopFunds: law.backstopFunds,
            missingEntryIsZero: law.missingEntryIsZero)
    }
}

extension Preset {
    /// The asset that the preset's profits are paid in; nil where it names none.
    func settlement(_ problems: ProblemList) -> String? {
        tree(problems)?["protocol"]?["settlement"]?.scalar
    }

    func tree(_ problems: ProblemList) -> Tree? {
        let source = problems.source(named: "preset \(name)")
        return YAMLReader(problems: problems, source: source).tree(of: text)
    }
}
