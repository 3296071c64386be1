import Agents
import ExactMath
import MarginProtocol

/// Those who take what the parameters leave open.
extension ScenarioDecoder {
    static let adversarySection = Section(
        path: "agents.adversaries.NAME", sentence: "One adversary and its scheme.",
        keys: [
            Key("name", "name", rule: "the map's key, or adversaries-1, …", "What it is called."),
            Key(
                "scheme",
                "manipulator, self_liquidator, withdraw_and_dump or decoys", required: true,
                "What it does: pushes the price of its collateral up and borrows against it; liquidates its own account for the bonus; is long and short, withdraws what either gains and pushes the price; or hides a large account behind many small ones."
            ),
            Key("capital", "money", required: true, "What it begins with, in all."),
            Key("asset", "asset", required: true, "Its collateral, and what it trades outside."),
            Key(
                "market", "market", rule: "none",
                "Where it is long and short; for withdraw_and_dump."),
            Key("after", "duration", default: "0s", "From the start to its first step."),
            Key(
                "push", "money", rule: "the capital",
                "What it trades outside, at the price before; for manipulator and withdraw_and_dump."
            ),
            Key(
                "patience", "duration", default: "10m",
                "From the push until it borrows, or trades back."),
            Key("leverage", "number", default: "10", "For withdraw_and_dump."),
            Key("decoys", "whole number", default: "100", "How many small accounts; for decoys."),
            Key("dust", "money", default: "$100", "What each of them begins with."),
            Key("fee", "fee", default: "2x", "What it bids."),
        ])

    private enum SchemeName: Sendable {
        case manipulator, selfLiquidator, withdrawAndDump, decoys
    }

    func adversary(_ fields: Fields, _ name: String) -> AdversaryGroup? {
        let scheme = fields.read(
            "scheme",
            Kind.choice([
                ("manipulator", SchemeName.manipulator), ("self_liquidator", .selfLiquidator),
                ("withdraw_and_dump", .withdrawAndDump), ("decoys", .decoys),
            ]))
        let capital = fields.read("capital", .positive)
        var asset: AssetID?
        if let tree = fields.value("asset"),
            let at = index(of: tree, among: assetNames, fields.path("asset"), a: "an asset")
        {
            asset = AssetID(index: at)
            setting(fields.path("asset"), assetNames[at])
            if asset == settlement {
                fields.problem("asset", "expected another asset than the one that settles")
            }
        }
        var market: MarketID?
        if scheme != .withdrawAndDump {
            fields.refuse("market", "only withdraw_and_dump has a market")
        } else if let tree = fields.value("market") {
            market = index(of: tree, among: marketNames, fields.path("market"), a: "a market")
                .map { MarketID(index: $0) }
            if let market { setting(fields.path("market"), marketNames[market.index]) }
        } else {
            fields.problem("market", "withdraw_and_dump needs a market")
        }
        let push = fields.readIfPresent("push", .positive) ?? capital
        let patience = fields.read("patience", .duration)
        let leverage = fields.read("leverage", .multipleNumber)
        let decoys = fields.read("decoys", .count(0...100_000))
        let dust = fields.read("dust", .positive)
        let after = fields.read("after", .duration)
        let fee = fee(fields)
        guard let asset else { return nil }
        let played: AdversaryGroup.Scheme =
            switch scheme {
            case .manipulator: .manipulator(push: push, patience: patience)
            case .selfLiquidator: .selfLiquidator
            case .withdrawAndDump:
                .withdrawAndDump(leverage: leverage, push: push, patience: patience)
            case .decoys: .decoys(count: decoys, dust: dust)
            }
        return AdversaryGroup(
            name: name, scheme: played, capital: capital, asset: asset, market: market,
            after: after, fee: fee)
    }
}
