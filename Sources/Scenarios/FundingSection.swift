import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let fundingSection = Section(
        path: "markets.MARKET.funding",
        sentence:
            "How the two sides pay each other: `maximum_rate` follows what traders hold net against the pool, `velocity` lets that change the rate, and `premium` pays what the market trades above its index.",
        keys: [
            Key(
                "maximum_rate", "percentage", rule: "none",
                "The largest rate per eight hours, accrued continuously."),
            Key(
                "velocity", "percentage", rule: "none",
                "The largest change of the daily rate in a day, accrued continuously."),
            Key(
                "skew_scale", "amount", rule: "required but with a premium of the book",
                "The net position at which either is reached, or at which the pool's price is twice its index."
            ),
            Key(
                "premium", "book or skew", rule: "none",
                "Whether the premium is that of the order book or of the pool's price at the traders' net position."
            ),
            Key(
                "pool", "map", rule: "none",
                "How the larger side pays the smaller one where the pool has terms."),
            Key(
                "impact_notional", "money", default: "$0",
                "What is bought and sold to price the book; $0 is the middle of the best prices."),
            Key("interest", "percentage", default: "0%", "Per eight hours."),
            Key(
                "dampener", "percentage or none", default: "none",
                "How far the interest may pull the rate from the premium; none adds it whole."),
            Key("cap", "percentage or none", default: "none", "The largest rate of one interval."),
            Key(
                "margin_share", "percentage or none", default: "none",
                "The largest rate per eight hours, as a share of initial less maintenance margin."),
            Key("interval", "duration", default: "8h", "From one payment to the next."),
            Key(
                "sampling", "duration", default: "1m",
                "From one sample of the premium to the next, but at most one a block."),
            Key(
                "minimum_samples", "whole number", default: "0",
                "Fewer samples are filled up with zeros."),
            Key(
                "average", "mean or linearly_weighted", default: "mean",
                "Whether late samples weigh more."),
            Key(
                "premium_bound", "percentage", default: "100%",
                "The largest premium of one sample."),
            Key(
                "paid_at", "mark or index", rule: "mark",
                "At which price a position is valued that pays."),
            Key(
                "charge_limit", "maintenance or none", rule: "none",
                "Whether nobody is charged below its maintenance margin; those who receive then share what is collected."
            ),
        ])

    /// Which keys belong to which form of funding.
    private static let fundingForms: [(form: String, keys: [String])] = [
        ("maximum_rate", ["skew_scale"]), ("velocity", ["skew_scale"]), ("pool", []),
        (
            "premium",
            [
                "skew_scale", "impact_notional", "interest", "dampener", "cap", "margin_share",
                "interval", "sampling", "minimum_samples", "average", "premium_bound",
                "paid_at", "charge_limit",
            ]
        ),
    ]

    func funding(_ fields: Fields, _ asset: String) -> FundingPolicy {
        let path = fields.path("funding")
        guard let tree = fields.value("funding"), tree.scalar != "none" else {
            setting(path, "none")
            return .none
        }
        let own = Fields(tree, path, Self.fundingSection, self)
        let written = Self.fundingForms.map(\.form).filter { own.has($0) }
        guard written.count == 1, let form = written.first else {
            problem(
                tree.position,
                "\(path): expected one of maximum_rate, velocity, premium and pool, found "
                    + (written.isEmpty ? "none" : written.joined(separator: " and ")))
            return .none
        }
        let allowed = Self.fundingForms.first { $0.form == form }?.keys ?? []
        for key in Self.fundingForms[3].keys where !allowed.contains(key) {
            own.refuse(key, "has a meaning only with premium")
        }
        switch form {
        case "maximum_rate":
            return .skew(
                maximumRate: own.read("maximum_rate", .share), skewScale: skewScale(own, asset))
        case "velocity":
            return .velocity(
                maximum: own.read(
                    "velocity",
                    .ratio.limited("0% to 10000%") {
                        $0 >= .zero && $0 <= Ratio(whole: 100)
                    }), skewScale: skewScale(own, asset))
        case "pool":
            guard let inner = own.value("pool") else { return .none }
            return .pool(poolFunding(inner, path + ".pool"))
        default: return .premium(premiumFunding(own, asset))
        }
    }

    private func skewScale(_ own: Fields, _ asset: String) -> Quantity {
        guard own.has("skew_scale") else {
            own.problem("skew_scale", "expected the net position at which this is reached")
            return Quantity(raw: 1)
        }
        return own.read(
            "skew_scale", .quantity(of: asset).limited("more than zero") { $0 > .zero })
    }

    private func premiumFunding(_ own: Fields, _ asset: String) -> PremiumFunding {
        let isSkew = own.read("premium", Kind.choice([("book", false), ("skew", true)]))
        let source: PremiumFunding.Source
        if isSkew {
            own.refuse("impact_notional", "has a meaning only with the book's premium")
            source = .skew(scale: skewScale(own, asset))
        } else {
            own.refuse("skew_scale", "has a meaning only with the skew's premium")
            source = .book(impact: own.read("impact_notional", .notNegative))
        }
        let wide = Kind<Ratio>.ratio.limited("0% to 10000%") {
            $0 >= .zero && $0 <= Ratio(whole: 100)
        }
        let interval = own.read(
            "interval",
            .duration.limited("1m to 7d") {
                $0 >= TimeSpan(seconds: 60) && $0 <= TimeSpan(seconds: 604_800)
            })
        var sampling = own.read("sampling", .duration)
        if sampling > interval {
            own.problem("sampling", "expected at most the interval")
            sampling = interval
        }
        var policy = PremiumFunding(
            source: source,
            interest: own.read(
                "interest", .ratio.limited("-100% to 100%") { $0 >= -.one && $0 <= .one }),
            dampener: own.readIfPresent("dampener", .share), cap: own.readIfPresent("cap", .share),
            marginShare: own.readIfPresent("margin_share", wide), interval: interval,
            sampling: sampling,
            minimumSamples: Int(own.read("minimum_samples", .count(0...10_000))),
            average: own.read(
                "average",
                Kind.choice([
                    ("mean", PremiumFunding.Average.mean), ("linearly_weighted", .linearlyWeighted),
                ])), premiumBound: own.read("premium_bound", wide))
        policy.paysAtIndex =
            own.readIfPresent("paid_at", Kind.choice([("mark", false), ("index", true)])) ?? false
        policy.limitsCharges =
            own.readIfPresent("charge_limit", Kind.choice([("maintenance", true)])) ?? false
        return policy
    }
}
