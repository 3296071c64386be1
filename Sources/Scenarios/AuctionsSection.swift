import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    static let auctionsSection = Section(
        path: "protocol.auctions",
        sentence:
            "Sale of collateral by auction for debts in the settlement asset, in place of its seizure: Dutch auctions, whose price falls until somebody buys, or English ones, in which bids raise the payment up to the debt and then lower the lot.",
        keys: [
            Key("kind", "dutch or english", required: true, "Which kind of auction."),
            Key(
                "penalty", "percentage", default: "0%",
                "What is to be raised beyond the debt, as a share of it."),
            Key(
                "minimum_debt", "money", default: "$0",
                "The least that an account with debt may owe, and that an auction in parts may leave."
            ),
            Key(
                "tip", "money", default: "$0",
                "What the protocol pays whoever starts an auction, or restarts a Dutch one."),
            Key(
                "chip", "percentage", default: "0%",
                "What it pays beside that, of the debt with the penalty."),
            Key(
                "curve", "stair_step, linear or exponential", default: "stair_step",
                "How the price falls: by a factor each step, in a line to zero within `fall`, or by a factor each second; only Dutch."
            ),
            Key(
                "cut", "percentage", default: "99%",
                "The factor by which the price falls; not with a linear curve."),
            Key("step", "duration", default: "90s", "How long a stair is; only with stair_step."),
            Key("fall", "duration", default: "6h", "Only with a linear curve."),
            Key(
                "start", "percentage", default: "120%",
                "The price at the start, of the protocol's; only Dutch."),
            Key(
                "restart_after", "duration", default: "6h",
                "An older auction can only be restarted; only Dutch."),
            Key(
                "restart_below", "percentage", default: "40%",
                "So can one whose price has fallen below this share of its start; only Dutch."),
            Key(
                "limit", "money", default: "$1B",
                "The most debt, penalty included, in auctions of one asset at once; only Dutch."),
            Key(
                "global_limit", "money", default: "$1B",
                "The most in all auctions at once; only Dutch, or with lot_debt."),
            Key(
                "lots", "map of amounts", rule: "all that an account has",
                "How much of an asset one auction sells at most; only English."),
            Key(
                "lot_debt", "money", rule: "none",
                "How much debt, penalty included, one auction is to raise at most; only English, in place of lots."
            ),
            Key(
                "improvement", "percentage", default: "5%",
                "By how much a bid must beat the one that stands; only English."),
            Key(
                "bid_lifetime", "duration", default: "3h",
                "How long a bid stands before it wins; only English."),
            Key(
                "duration", "duration", default: "48h",
                "How long an auction runs at most; only English."),
        ])

    private static let dutchKeys = [
        "curve", "cut", "step", "fall", "start", "restart_after", "restart_below", "limit",
    ]
    private static let englishKeys = [
        "lots", "lot_debt", "improvement", "bid_lifetime", "duration",
    ]

    func auctions(_ fields: Fields) -> AuctionPolicy? {
        guard let tree = fields.value("auctions"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, "protocol.auctions", Self.auctionsSection, self)
        let isDutch = own.read("kind", Kind.choice([("dutch", true), ("english", false)]))
        for key in isDutch ? Self.englishKeys : Self.dutchKeys {
            own.refuse(key, "has a meaning only with kind: \(isDutch ? "english" : "dutch")")
        }
        return AuctionPolicy(
            form: isDutch ? .dutch(dutch(own)) : .english(english(own)),
            penalty: own.read("penalty", .share),
            minimumDebt: own.read("minimum_debt", .notNegative),
            reward: KeeperReward(
                flat: own.read("tip", .notNegative), share: own.read("chip", .share)))
    }

    private func dutch(_ own: Fields) -> AuctionPolicy.Dutch {
        enum Shape { case stairStep, linear, exponential }
        let shape = own.read(
            "curve",
            Kind.choice([
                ("stair_step", Shape.stairStep), ("linear", .linear),
                ("exponential", .exponential),
            ]))
        let curve: AuctionPriceCurve
        switch shape {
        case .stairStep:
            curve = .stairStepExponential(
                cut: Fixed18(own.read("cut", .share)), step: own.read("step", .positiveDuration))
            own.refuse("fall", "has a meaning only with curve: linear")
        case .linear:
            curve = .linear(duration: own.read("fall", .positiveDuration))
            own.refuse("cut", "has no meaning with curve: linear")
            own.refuse("step", "has a meaning only with curve: stair_step")
        case .exponential:
            curve = .exponential(cut: Fixed18(own.read("cut", .share)))
            own.refuse("fall", "has a meaning only with curve: linear")
            own.refuse("step", "has a meaning only with curve: stair_step")
        }
        return AuctionPolicy.Dutch(
            terms: DutchAuction(
                curve: curve, startingFactor: own.read("start", Self.startingFactor),
                maximumDuration: own.read("restart_after", .positiveDuration),
                restartRatio: own.read("restart_below", .share)),
            limit: own.read("limit", .positive), globalLimit: own.read("global_limit", .positive))
    }

    private static let startingFactor = Kind<Ratio>.ratio.limited("more than 0% and at most 1000%")
    {
        $0 > .zero && $0 <= Ratio(percent: 1000)
    }
    private static let improvement = Kind<Ratio>.ratio.limited("0% to 900%") {
        $0 >= .zero && $0 <= Ratio(percent: 900)
    }

    private func english(_ own: Fields) -> AuctionPolicy.English {
        let terms = EnglishAuction(
            minimumImprovement: .one + own.read("improvement", Self.improvement),
            bidLifetime: own.read("bid_lifetime", .positiveDuration),
            duration: own.read("duration", .positiveDuration))
        if let debt = own.readIfPresent("lot_debt", .positive) {
            own.refuse("lots", "cannot stand beside lot_debt")
            return AuctionPolicy.English(
                terms: terms,
                lots: .debt(debt, globalLimit: own.read("global_limit", .positive)))
        }
        own.refuse("global_limit", "has a meaning only with kind: dutch or with lot_debt")
        let lots = amounts(own, "lots").map {
            AuctionPolicy.AssetAmount(asset: $0.asset, amount: $0.amount)
        }
        return AuctionPolicy.English(terms: terms, lots: .collateral(lots))
    }
}
