import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let resultSection = Section(
        path: "protocol.result_settlement",
        sentence:
            "Closing a position leaves its result with it, where it counts like any unrealised one. Anybody may settle a profit against a loss of the same market; a liquidator may take either over.",
        keys: [
            Key(
                "limit", "none, realised or allowance", default: "none",
                "How much of a result may be settled: all; of a profit what closings have realised; or in each window a share of the position's value, and what reducing it has left of that."
            ),
            Key(
                "share", "percentage", rule: "required with limit: allowance",
                "The share of the position's value at the slow price."),
            Key(
                "window", "duration", rule: "required with limit: allowance",
                "Counted from 1970 on."),
            Key(
                "profit_fee", "percentage", default: "0%",
                "The discount at which a liquidator takes a profit over; only with `zero_health`."),
            Key(
                "lot", "amount", default: "0.00000001",
                "The smallest size that a liquidation takes; only with `zero_health`."),
            Key(
                "insurance", "asset", rule: "the settlement asset",
                "What the insurance fund pays with for a loss that a liquidator takes over; only with `zero_health`."
            ),
        ])

    func resultSettlement(_ fields: Fields) -> ResultSettlement? {
        guard let tree = fields.value("result_settlement"), tree.scalar != "none" else {
            return nil
        }
        let own = Fields(tree, "protocol.result_settlement", Self.resultSection, self)
        guard tree.entries != nil else { return nil }
        var result = ResultSettlement()
        let choice = own.read(
            "limit", Kind.choice([("none", 0), ("realised", 1), ("allowance", 2)]))
        if choice == 2 {
            for key in ["share", "window"] where !own.has(key) {
                problem(tree.position, "missing key '\(key)' in \(own.path)")
                return nil
            }
            result.limit = .allowance(
                share: own.read("share", .share), window: own.read("window", .positiveDuration))
        } else {
            result.limit = choice == 1 ? .realised : .none
            for key in ["share", "window"] {
                own.refuse(key, "has a meaning only with limit: allowance")
            }
        }
        result.profitFee = own.read("profit_fee", .share)
        result.lot = own.read(
            "lot", Kind<Quantity>.quantity(of: "units").limited("more than zero") { $0.isPositive })
        if own.has("insurance"), let asset = own.value("insurance") {
            result.insurance = index(
                of: asset, among: assetNames, own.path("insurance"), a: "an asset"
            ).map { AssetID(index: $0) }
        }
        return result
    }
}
