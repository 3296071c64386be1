import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    static let poolSharesSection = Section(
        path: "protocol.pool_shares",
        sentence:
            "On what terms anybody may own a part of the pool; what it holds at the start has owners already, at $1 a share.",
        keys: [
            Key(
                "fee", "percentage", default: "0%",
                "What a deposit or a withdrawal costs; with `targets`, of an asset that is at its target."
            ),
            Key(
                "improving_fee", "percentage", rule: "as `fee`",
                "The fee of a deposit that brings the values of what the pool holds closer; not with `targets`."
            ),
            Key(
                "targets", "map of numbers", rule: "none",
                "The weight of each asset in the pool. The fee is then in whole basis points, less for what brings an asset nearer to its target and more for what does not; assets without one have none."
            ),
            Key(
                "tax", "percentage", rule: "0%",
                "The most that is added then, and the slope of both; only with `targets`."),
            Key(
                "outside_share", "percentage", default: "0%",
                "The treasury's share of the fees; the pool keeps the rest."),
            Key(
                "deposit_profit", "percentage", default: "100%",
                "The most that traders' profit on a side may be of what backs it, for a deposit."),
            Key(
                "withdrawal_profit", "percentage", default: "100%",
                "The same for a withdrawal, which values the pool with no more."),
            Key(
                "maximum", "money or none", default: "none",
                "The most that the pool may hold of each asset after a deposit."),
            Key(
                "withdraw", "proportional or chosen", default: "proportional",
                "Whether a withdrawal has every asset in proportion, or one that its sender chooses."
            ),
        ])

    func poolShares(_ fields: Fields) -> PoolShareTerms? {
        guard let tree = fields.value("pool_shares"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, "protocol.pool_shares", Self.poolSharesSection, self)
        let forms: [(word: String, value: Bool)] = [("proportional", false), ("chosen", true)]
        return PoolShareTerms(
            fee: shareFee(own), outsideShare: own.read("outside_share", .share),
            depositProfit: own.read("deposit_profit", .positiveRatio),
            withdrawalProfit: own.read("withdrawal_profit", .positiveRatio),
            maximumValue: own.readIfPresent("maximum", .positive),
            choosesAsset: own.read("withdraw", Kind.choice(forms)))
    }

    private func shareFee(_ own: Fields) -> PoolShareTerms.Fee {
        let fee = own.read("fee", .share)
        guard own.has("targets"), let list = own.value("targets"), list.scalar != "none" else {
            own.refuse("tax", "has a meaning only with targets")
            return .byBalance(
                improving: own.readIfPresent("improving_fee", .share) ?? fee, worsening: fee)
        }
        own.refuse("improving_fee", "cannot stand beside targets")
        var weights = [Int64](repeating: 0, count: assetNames.count)
        let whole = Kind<Int>.count(0...1_000_000_000)
        for entry in named(list, own.path("targets"), of: "weights") {
            // A preset names all assets of its venue.
            let weight = scalar(entry.value, whole, nil)
            if let index = assetNames.firstIndex(of: entry.key) {
                weights[index] = Int64(weight ?? 0)
            }
        }
        setting(own.path("targets"), YAMLWriter.flow(list))
        if weights.allSatisfy({ $0 == 0 }) {
            own.problem("targets", "expected a weight for one of the assets")
            weights[0] = 1
        }
        return .byWeights(
            GLPDynamicFee(
                base: points(own, "fee", fee),
                tax: points(own, "tax", own.readIfPresent("tax", .share) ?? .zero)),
            weights: weights)
    }

    /// A percentage in whole basis points.
    private func points(_ own: Fields, _ key: String, _ share: Ratio) -> Int64 {
        let unit = Ratio(basisPoints: 1).raw
        if share.raw % unit != 0 { own.problem(key, "expected whole basis points with targets") }
        return share.raw / unit
    }
}
