import Agents
import Chain
import ExactMath
import MarginProtocol
import Markets
import Oracles

/// Turns the merged tree into a scenario; what it learns on the way is there for the next section.
final class ScenarioDecoder {
    let tree: Tree
    let problems: ProblemList
    var settings: [(key: String, value: String)] = []

    var seed: UInt64 = 0
    // The world, in the order in which the sections are decoded.
    var start = Timestamp(milliseconds: 0)
    var duration = TimeSpan(seconds: 1)
    var step = TimeSpan(seconds: 1)
    var assetNames: [String] = []
    var marketNames: [String] = []
    var spotMarketNames: [String] = []
    var assets: [AssetParameters] = []
    /// By asset, how much of its price's spread is taken off; nil where its price has no bounds.
    var spreadReductions: [Ratio?] = []
    var referenceAssets: [ReferenceAsset] = []
    var markets: [MarketParameters] = []
    var settlement = AssetID(0)
    /// Why bundles have no place on the chain; nil where they have.
    var bundleProblem: String?
    var hasExpressLane = false
    /// The silence of the chain that a guard takes for an outage, now or after a change.
    var sequencerSilence: TimeSpan?
    /// Whether there is more than the rules: funds, prices, people.
    var isWhole = true

    init(_ tree: Tree, _ problems: ProblemList) {
        self.tree = tree
        self.problems = problems
    }

    static let section = Section(
        path: "",
        sentence: "A scenario: a world, a protocol in it, who takes part, and what is expected.",
        keys: [
            Key("name", "name", required: true, "What the scenario is called in reports."),
            Key("question", "text", rule: "empty", "The question the scenario asks."),
            Key(
                "extends", "file", rule: "nothing",
                "Another scenario, relative to this one, that this one changes: maps merge, anything else replaces, `null` removes."
            ),
            Key("seed", "whole number", required: true, "Every random draw follows from it."),
            Key(
                "start", "moment", required: true,
                "When the run begins, in UTC: `2020-03-12T08:00:00Z`."),
            Key("duration", "duration", required: true, "How long it lasts, at most 366 days."),
            Key(
                "step", "duration", rule: "the block time, at most 4s",
                "How often prices move and oracles look inside a block."),
            Key("chain", "preset or map", default: "ethereum", "The chain the protocol runs on."),
            Key("demand", "map", default: "none", "What else wants the block space."),
            Key(
                "native", "asset", rule: "ETH, where there is one",
                "The asset gas is paid in; `none` where gas is free."),
            Key(
                "assets", "map", required: true,
                "The assets, by name, in order; each has a price and can be held."),
            Key(
                "correlations", "list of [asset, asset, correlation]", rule: "none",
                "How the random parts of prices move together, -1 to 1; pairs that are not named do not."
            ),
            Key("markets", "map", rule: "none", "The perpetual markets, by name."),
            Key(
                "oracles", "map", rule: "none",
                "The price feed of each asset, by the asset's name; an asset with a constant price needs none."
            ),
            Key(
                "protocol", "map", rule: "its keys' defaults",
                "The rules of the protocol and what its funds hold."),
            Key("agents", "map", rule: "nobody", "Who takes part."),
            Key(
                "oracle_auction", "map", rule: "none",
                "How the place behind each oracle report is sold to liquidators; needs bundles."),
            Key("faults", "list", rule: "none", "What goes wrong, and what governance does."),
            Key(
                "audit", "map", rule: "its keys' defaults",
                "What is recorded, and what counts as late."),
            Key(
                "expect", "map", rule: "nothing",
                "Conditions on the summary that decide whether the scenario passes."),
        ])

    /// The scenario.
    /// - Throws: everything that is wrong with it, also what was found before.
    func scenario() throws(ScenarioProblems) -> Scenario {
        let fields = Fields(tree, "", Self.section, self)
        let name = fields.read("name", .name)
        let question = fields.read("question", .text, else: "") { $0 }
        seed = fields.read("seed", .seed)
        start = fields.read("start", .timestamp)
        duration = fields.read(
            "duration", .duration("more than 0s and at most 366 days", Self.runs))
        var chain = self.chain(fields)
        if chain.rules.bundles == nil {
            bundleProblem = "the chain has no builders who take bundles: see chain.bundles"
        } else if chain.ordering != .effectiveTip {
            bundleProblem = "bundles have a place of their own only with ordering: effective_tip"
        }
        hasExpressLane = chain.rules.expressLane != nil
        let blockTime = chain.blockTime.mean(at: start)
        step = fields.read(
            "step", .positiveDuration, else: min(blockTime, TimeSpan(seconds: 4)),
            shown: Written.duration)
        if step > duration {
            fields.problem("step", "expected at most the duration of the run")
            step = duration
        }
        decodeAssets(fields)
        let correlation = self.correlation(fields)
        let native = nativeAsset(fields, isFree: chain.feeMarket == .free)
        decodeMarkets(fields)
        let law = self.law(fields)
        var oracles = self.oracles(fields, guards: law.guards)
        var parameters = ProtocolParameters(
            assets: assets, categories: law.categories, markets: markets,
            feeds: bounded(oracles.parameters),
            settlementAsset: settlement, staleBlocks: law.guards.blocks,
            guards: law.guards.guards, attachedSpread: law.guards.attachedSpread,
            liquidation: law.liquidation, lossWaterfall: law.losses,
            deleveraging: law.deleveraging, backstop: law.backstop, storefront: law.storefront,
            stress: law.stress, marginRatio: law.marginRatio, auctions: law.auctions,
            withdrawalMargin: law.withdrawalMargin)
        parameters.positionResults = law.positionResults
        parameters.reductions = law.reductions
        parameters.hasAccountMarginRatio = law.hasAccountMarginRatio
        parameters.staleMargin = law.guards.staleMargin
        parameters.missingPrices = law.guards.missingPrices
        parameters.resultSettlement = law.resultSettlement
        parameters.slowPrice = law.slowPrice
        parameters.openOrders = law.openOrders
        parameters.keeper = law.keeper
        parameters.twoStep = law.twoStep
        parameters.windingUp = law.windingUp
        parameters.poolShares = law.poolShares
        parameters.spotMarkets = law.spotMarkets
        parameters.countsSpotOrders = law.countsSpotOrders
        sequencerSilence = law.guards.sequencerSilence
        var agents = self.agents(fields, funds: law)
        let governance = faults(fields, &oracles, &agents, &chain)
        agents.reporters = oracles.reporters
        let auction = oracleAuction(fields, chain, agents)
        let audit = self.audit(fields)
        let expectations = self.expectations(fields, agents)
        if problems.isEmpty {
            check(parameters, governance, oracles.feeds, chain, correlation)
        }
        guard problems.isEmpty else { throw ScenarioProblems(problems.sorted) }
        var scenario = Scenario(
            name: name, question: question, seed: seed, start: start, duration: duration,
            chain: chain, nativeFeed: native, step: step, referenceAssets: referenceAssets,
            correlation: correlation, priceFeeds: oracles.feeds,
            sequencerSilence: sequencerSilence, parameters: parameters,
            insuranceFund: law.insuranceFund, poolLiquidity: law.pool,
            backstopFunds: law.backstopFunds, agents: agents, oracleAuction: auction,
            governance: governance, healthEvery: audit.healthEvery, lateAfter: audit.lateAfter,
            expectations: expectations, text: YAMLWriter.text(of: tree), settings: settings)
        scenario.recordsDecisions = audit.decisions
        return scenario
    }

    private static let runs = TimeSpan(milliseconds: 1)...TimeSpan(seconds: 366 * 86_400)

    /// The end of the run.
    var end: Timestamp { start + duration }

    private func nativeAsset(_ fields: Fields, isFree: Bool) -> FeedID? {
        if let tree = fields.tree["native"] {
            if tree.scalar == "none" {
                setting("native", "none")
                if !isFree {
                    fields.problem(
                        "native", "gas costs something on this chain, so an asset has to pay for it"
                    )
                }
                return nil
            }
            guard let index = index(of: tree, among: assetNames, "native", a: "an asset") else {
                return nil
            }
            setting("native", assetNames[index])
            return FeedID(index: index)
        }
        if let index = assetNames.firstIndex(of: "ETH") {
            setting("native", "ETH")
            return FeedID(index: index)
        }
        if !isFree, !assetNames.isEmpty {
            problem(
                tree.position, "missing key 'native': the asset that pays for gas on this chain")
        }
        return nil
    }
}

extension ScenarioDecoder {
    /// The feeds of the assets, with bounds where an asset's price has them.
    func bounded(_ feeds: [FeedParameters]) -> [FeedParameters] {
        zip(feeds, spreadReductions).map { feed, reduction in
            var feed = feed
            feed.spreadReduction = reduction
            return feed
        }
    }
}
