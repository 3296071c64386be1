import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let fundingSection = Section(
        path: "markets.MARKET.funding",
        sentence:
            "How the two sides pay each other: `maximum_rate` follows what traders hold net against the pool, `velocity` lets that change the rate, `premium` pays what the market trades above its index, `spread` the distance of two averages with the pool's fees, and `impact_mid` what a quantity would meet in the book. A book that is empty has no premium: of a market that trades with a pool there is left the interest.",
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
                "premium", "book, skew or mark", rule: "none",
                "Whether the premium is that of the order book, of the pool's price at the traders' net position, or of the mark."
            ),
            Key(
                "spread", "book or skew", rule: "none",
                "The average of the middle of the best prices, or of the pool's price at the traders' net position, less the oracle's average, by the part of a day that an interval is. Where the pool would pay more than a third of what its fees allow, receivers get less (Drift)."
            ),
            Key(
                "spread_divisor", "whole number", rule: "required with spread",
                "The distance counts at most as the oracle's price over this."),
            Key(
                "offset_divisor", "whole number or none", rule: "none",
                "The oracle's price over this is added to the distance; only with spread."),
            Key(
                "impact_mid", "amount", rule: "none",
                "What is bought and sold to price the book, whose middle over the oracle's price is the rate per day; where one side holds less, the rate is at its limit (Mango)."
            ),
            Key(
                "minimum", "percentage", rule: "required with impact_mid",
                "The least rate per day, which may be negative."),
            Key(
                "maximum", "percentage", rule: "required with impact_mid",
                "The largest rate per day."),
            Key(
                "longest_step", "duration", rule: "1h with impact_mid",
                "The longest time that one look at the book is charged for."),
            Key(
                "pool", "map", rule: "none",
                "How the larger side pays the smaller one where the pool has terms."),
            Key(
                "impact_notional", "money", default: "$0",
                "What is bought and sold to price the book; $0 is the middle of the best prices."),
            Key("interest", "percentage", default: "0%", "Per period."),
            Key(
                "period", "duration", rule: "8h",
                "What the premium and the interest are rates of, by which a payment is its part."),
            Key(
                "phase", "duration", rule: "0s",
                "How long after midnight UTC the first of the payments is."),
            Key(
                "applies", "at_once or next_interval", rule: "at_once",
                "Whether an interval's premium makes the rate that is paid at its end, or at the end of the next."
            ),
            Key(
                "reference", "index or mark", rule: "index",
                "What the book is compared with; the mark's own basis is added to what it differs from the mark."
            ),
            Key(
                "dampener", "percentage or none", default: "none",
                "How far the interest may pull the rate from the premium; none adds it whole."),
            Key("cap", "percentage or none", default: "none", "The largest rate of one interval."),
            Key(
                "margin_share", "percentage or none", default: "none",
                "The largest rate per period, as a share of initial less maintenance margin."),
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
                "tails", "percentage", rule: "0%",
                "The share of the lowest samples, and of the highest, that is left out of their mean."
            ),
            Key(
                "grace", "duration", rule: "0s",
                "How long after a payment whoever enters still has it, and whoever leaves has not."
            ),
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
                "paid_at", "charge_limit", "period", "phase", "applies", "reference", "tails",
                "grace",
            ]
        ), ("spread", ["skew_scale", "spread_divisor", "offset_divisor", "interval", "sampling"]),
        ("impact_mid", ["minimum", "maximum", "longest_step"]),
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
                "\(path): expected one of "
                    + Self.fundingForms.map(\.form).joined(separator: ", ") + ", found "
                    + (written.isEmpty ? "none" : written.joined(separator: " and ")))
            return .none
        }
        let allowed = Self.fundingForms.first { $0.form == form }?.keys ?? []
        var refused: [String] = []
        for (other, keys) in Self.fundingForms {
            for key in keys where !allowed.contains(key) && !refused.contains(key) {
                refused.append(key)
                own.refuse(key, "has a meaning only with \(other)")
            }
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
        case "spread": return .spread(spreadFunding(own, asset))
        case "impact_mid": return .impactMid(impactMid(own, asset))
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
        let word = own.read(
            "premium", Kind.choice([("book", "book"), ("skew", "skew"), ("mark", "mark")]))
        var source = PremiumFunding.Source.mark
        if word == "skew" {
            source = .skew(scale: skewScale(own, asset))
        } else {
            own.refuse("skew_scale", "has a meaning only with the skew's premium")
        }
        if word == "book" {
            source = .book(impact: own.read("impact_notional", .notNegative))
        } else {
            for key in ["impact_notional", "reference"] {
                own.refuse(key, "has a meaning only with the book's premium")
            }
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
        policy.period =
            own.readIfPresent(
                "period",
                .duration.limited("1m to 7d") {
                    $0 >= TimeSpan(seconds: 60) && $0 <= TimeSpan(seconds: 604_800)
                }) ?? policy.period
        policy.phase = own.readIfPresent("phase", .duration) ?? .zero
        if policy.phase < .zero || policy.phase >= interval {
            own.problem("phase", "expected less than the interval")
            policy.phase = .zero
        }
        policy.tails =
            own.readIfPresent(
                "tails",
                .ratio.limited("0% to below 50%") { $0 >= .zero && $0 < Ratio(percent: 50) })
            ?? .zero
        if policy.tails.isPositive, policy.average != .mean {
            own.problem("tails", "has a meaning only with the mean")
            policy.tails = .zero
        }
        policy.grace = own.readIfPresent("grace", .duration) ?? .zero
        if policy.grace < .zero || policy.grace > interval {
            own.problem("grace", "expected at most the interval")
            policy.grace = .zero
        }
        policy.paysNext =
            own.readIfPresent(
                "applies", Kind.choice([("at_once", false), ("next_interval", true)])) ?? false
        policy.isAgainstMark =
            own.readIfPresent("reference", Kind.choice([("index", false), ("mark", true)]))
            ?? false
        policy.paysAtIndex =
            own.readIfPresent("paid_at", Kind.choice([("mark", false), ("index", true)])) ?? false
        policy.limitsCharges =
            own.readIfPresent("charge_limit", Kind.choice([("maintenance", true)])) ?? false
        return policy
    }

    private func spreadFunding(_ own: Fields, _ asset: String) -> SpreadFunding {
        let isSkew = own.read("spread", Kind.choice([("book", false), ("skew", true)]))
        if !isSkew { own.refuse("skew_scale", "has a meaning only with the skew's spread") }
        if !own.has("spread_divisor") { own.problem("spread_divisor", "expected the divisor") }
        let interval = own.read(
            "interval",
            .duration.limited("1h to 24h") {
                $0 >= TimeSpan(seconds: 3600) && $0 <= TimeSpan(seconds: 86_400)
            })
        var sampling = own.read("sampling", .duration)
        if sampling > interval {
            own.problem("sampling", "expected at most the interval")
            sampling = interval
        }
        return SpreadFunding(
            source: isSkew ? .skew(scale: skewScale(own, asset)) : .book,
            offsetDivisor: own.readIfPresent("offset_divisor", .count(1...1_000_000))
                .map(Int64.init),
            spreadDivisor: Int64(
                own.readIfPresent("spread_divisor", .count(1...1_000_000)) ?? 1),
            interval: interval, sampling: sampling)
    }

    private func impactMid(_ own: Fields, _ asset: String) -> ImpactMidPolicy {
        let limit = Kind<Ratio>.ratio.limited("-100% to 100%") { $0 >= -.one && $0 <= .one }
        for key in ["minimum", "maximum"] where !own.has(key) {
            own.problem(key, "expected a limit of the daily rate")
        }
        let minimum = own.readIfPresent("minimum", limit) ?? .zero
        var maximum = own.readIfPresent("maximum", limit) ?? .zero
        if minimum > maximum {
            own.problem("maximum", "expected at least the minimum")
            maximum = minimum
        }
        return ImpactMidPolicy(
            impact: own.read(
                "impact_mid", .quantity(of: asset).limited("more than zero") { $0 > .zero }),
            minimum: minimum, maximum: maximum,
            longestStep: own.readIfPresent("longest_step", .positiveDuration)
                ?? TimeSpan(seconds: 3600))
    }
}
