import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    /// Keys of a pool that answers for all profit; any of them makes it one.
    static let poolTermsKeys: [Key] = [
        Key(
            "imbalance_impact", "map or none", default: "none",
            "What a trade pays or earns for the balance of longs and shorts that it leaves."),
        Key(
            "impact_pool", "map or none", rule: "none",
            "Keeps price impact apart from the pool's liquidity: it waits with the position and is settled when that is decreased; `none` makes it a part of the price of each trade."
        ),
        Key(
            "improving_fee", "percentage", rule: "the taker fee",
            "The fee of a trade that brings the two sides closer."),
        Key(
            "backing", "[asset, asset]", rule: "the underlying and the settlement asset",
            "What the pool pays winning longs out of, and what winning shorts."),
        Key(
            "payout", "settlement, backing or collateral", rule: "settlement",
            "In what the pool pays a profit: the settlement asset, what backs the position's side, or what the account holds most of beside the settlement asset. With the others, what a closing leaves owed is taken of the account's other assets at once."
        ),
        Key(
            "reserve", "percentage", rule: "no limit",
            "The most of its side of the pool that positions may reserve: longs what they are worth, shorts their size."
        ),
        Key(
            "open_interest_reserve", "percentage", rule: "as `reserve`",
            "The same for what is opened; all of it is full use of the pool."),
        Key(
            "maximum_long", "money or none", default: "none",
            "The most open interest of longs, at entry."),
        Key("maximum_short", "money or none", default: "none", "The same of shorts."),
        Key(
            "profit_cap", "percentage or none", default: "none",
            "The share of its side of the pool that all winners may have together."),
        Key(
            "adl", "{above, down_to} or none", rule: "none",
            "When the pool closes winners: while all of a side win more than the share `above` of what backs it, and not below `down_to`."
        ),
        Key(
            "open_interest_margin", "number", default: "0",
            "The initial rate is at least this for each dollar of the side's open interest."),
        Key(
            "liquidation_fee", "money or none", default: "none",
            "What a liquidator has of a position that cannot pay its fees, which then is forfeited; with it, the margin is compared before fees and they by themselves."
        ),
    ]

    static let poolImpactSection = Section(
        path: "markets.MARKET.pool.imbalance_impact",
        sentence:
            "factor · imbalance^exponent before the trade, less the same after it; an imbalance in dollars.",
        keys: [
            Key("negative", "number", required: true, "The factor where the imbalance grows."),
            Key(
                "positive", "number", required: true,
                "The factor where it shrinks; at most the other counts."),
            Key("negative_exponent", "number", default: "2", "Where the imbalance grows."),
            Key("positive_exponent", "number", default: "2", "Where it shrinks."),
            Key(
                "maximum_negative", "percentage", default: "100%",
                "The most that a decrease pays, of its size."),
            Key(
                "maximum_positive", "percentage", default: "100%",
                "The most that a trade earns, of its size."),
            Key(
                "maximum_in_liquidation", "percentage", default: "0%",
                "The most that counts against a position's margin, of its size."),
            Key(
                "measure", "entry or tokens", default: "entry",
                "Whether sides are compared by what they cost or by what they are worth now."),
        ])

    static let impactPoolSection = Section(
        path: "markets.MARKET.pool.impact_pool",
        sentence:
            "What charges for price impact go into, in units of the underlying, and gains are paid out of.",
        keys: [
            Key(
                "distribution", "amount", default: "0",
                "What depositors have of it each day, while there is more than the minimum."),
            Key("minimum", "amount", default: "0", "What is not given to depositors."),
            Key(
                "lendable", "percentage", default: "0%",
                "The most that the pool lends it for gains, of the pool's value."),
            Key(
                "maximum_lent", "money or none", default: "none",
                "The most that the pool lends it for gains."),
            Key(
                "claim_delay", "duration", default: "5d",
                "After so long what a decrease paid above `maximum_negative` may be claimed back."),
        ])

    static let poolDeleveragingSection = Section(
        path: "markets.MARKET.pool.adl",
        sentence: "When a pool closes winners, before their profit exceeds what it can pay.",
        keys: [
            Key(
                "above", "percentage", required: true,
                "The share of what backs a side, above which its profit is too large."),
            Key(
                "down_to", "percentage", required: true,
                "The share below which no closing may bring it."),
        ])

    static let borrowingSection = Section(
        path: "markets.MARKET.borrowing",
        sentence:
            "The pool's rate on a position's size: `factor · reserved^exponent / pool`, or by the use of the pool with a kink.",
        keys: [
            Key("factor", "percentage/year", rule: "none", "The rate of a pool reserved whole."),
            Key("exponent", "number", default: "1", "Of what is reserved; only with factor."),
            Key(
                "interval_factor", "percentage", rule: "none",
                "The rate of an interval of a pool reserved whole, in whole millionths, charged as each interval begins (GMX v1)."
            ),
            Key(
                "interval", "duration", rule: "1h with interval_factor",
                "From one charge to the next, on multiples of it since midnight UTC."),
            Key(
                "optimal_usage", "percentage", rule: "required without factor",
                "The use of the pool at the kink."),
            Key(
                "base", "percentage/year", rule: "required without factor",
                "The rate at full use without the kink."),
            Key(
                "above", "percentage/year", rule: "required without factor",
                "The rate at full use."),
            Key(
                "skips_smaller_side", "true or false", default: "false",
                "Whether the side with less open interest pays nothing."),
        ])

    static let poolFundingSection = Section(
        path: "markets.MARKET.funding.pool",
        sentence:
            "A rate by the imbalance's share of all open interest: `proportional`, or one that rises while it lasts.",
        keys: [
            Key("maximum", "percentage/year", required: true, "The largest rate, either way."),
            Key("exponent", "number", default: "1", "Of the imbalance."),
            Key(
                "proportional", "percentage/year", rule: "none",
                "The rate of an imbalance of all open interest, at once."),
            Key(
                "rise", "percentage/year", rule: "required without proportional",
                "By how much the rate rises in `rise_time` at an imbalance of all open interest."),
            Key("rise_time", "duration", default: "1s", "The time in which it rises by `rise`."),
            Key("fall", "percentage/year", default: "0%", "By how much it falls in `fall_time`."),
            Key("fall_time", "duration", default: "1s", "The time in which it falls by `fall`."),
            Key("rises_above", "percentage", default: "0%", "The imbalance above which it rises."),
            Key("falls_below", "percentage", default: "0%", "The imbalance below which it falls."),
            Key("minimum", "percentage/year", default: "0%", "The least rate that is paid."),
        ])

    func refuseBorrowing(_ fields: Fields) {
        if fields.has("borrowing"), fields.value("borrowing")?.scalar != "none" {
            fields.problem("borrowing", "needs a pool with terms, such as a reserve")
        }
    }

    /// The terms of a pool; nil where none of their keys is written.
    func poolTerms(_ own: Fields, _ market: Fields, _ underlying: Int) -> PoolTerms? {
        guard Self.poolTermsKeys.contains(where: { own.has($0.name) }) else {
            refuseBorrowing(market)
            return nil
        }
        let backing = backing(own, underlying)
        let notNegative = Kind<Fixed18>.number.limited("0 or more") { $0 >= .zero }
        var terms = PoolTerms(
            impact: own.value("imbalance_impact").flatMap {
                $0.scalar == "none" ? nil : poolImpact($0, own.path("imbalance_impact"))
            },
            improvingFee: own.readIfPresent("improving_fee", .share), longBacking: backing.long,
            shortBacking: backing.short, reserves: reserves(own),
            longCap: own.readIfPresent("maximum_long", .notNegative),
            shortCap: own.readIfPresent("maximum_short", .notNegative),
            profitCap: own.readIfPresent("profit_cap", .positiveRatio),
            borrowing: borrowing(market),
            openInterestMultiplier: own.read("open_interest_margin", notNegative),
            liquidationFee: own.readIfPresent("liquidation_fee", .notNegative))
        terms.deleveraging = poolDeleveraging(own)
        terms.intervalBorrowing = intervalBorrowing(market)
        terms.impactPool = impactPool(own, terms, underlying)
        let payouts: [(word: String, value: PoolPayoutAsset)] = [
            ("settlement", .settlement), ("backing", .backing), ("collateral", .collateral),
        ]
        terms.payout = own.readIfPresent("payout", Kind.choice(payouts)) ?? .settlement
        return terms
    }

    private func intervalBorrowing(_ market: Fields) -> GLPFunding? {
        guard let tree = market.value("borrowing"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, market.path("borrowing"), Self.borrowingSection, self)
        guard own.has("interval_factor") else { return nil }
        for key in ["factor", "exponent", "optimal_usage", "base", "above", "skips_smaller_side"] {
            own.refuse(key, "cannot stand beside interval_factor")
        }
        return GLPFunding(
            factor: max(.zero, own.read("interval_factor", .share)),
            interval: own.readIfPresent(
                "interval",
                .duration.limited("1m to 7d") {
                    $0 >= TimeSpan(seconds: 60) && $0 <= TimeSpan(seconds: 604_800)
                }) ?? TimeSpan(seconds: 3600))
    }

    private func impactPool(_ own: Fields, _ terms: PoolTerms, _ underlying: Int)
        -> ImpactPoolTerms?
    {
        guard let tree = own.value("impact_pool"), tree.scalar != "none" else { return nil }
        guard terms.impact != nil else { return nil }
        let map = Fields(tree, own.path("impact_pool"), Self.impactPoolSection, self)
        let amount = Kind<Quantity>.quantity(of: assetNames[underlying])
        return ImpactPoolTerms(
            asset: AssetID(index: underlying), distributionPerDay: map.read("distribution", amount),
            minimum: map.read("minimum", amount),
            lending: PositionImpactPool.LendingLimit(
                factor: map.read("lendable", .share),
                maximum: map.readIfPresent("maximum_lent", .notNegative) ?? Money(raw: .max)),
            claimDelay: map.read("claim_delay", .duration))
    }

    private func poolDeleveraging(_ own: Fields) -> PoolDeleveraging? {
        guard let tree = own.value("adl"), tree.scalar != "none" else { return nil }
        let map = Fields(tree, own.path("adl"), Self.poolDeleveragingSection, self)
        let rule = PoolDeleveraging(
            threshold: map.read("above", .positiveRatio), minimumAfter: map.read("down_to", .share))
        if rule.minimumAfter > rule.threshold {
            map.problem("down_to", "expected at most `above`")
        }
        return rule
    }

    private func backing(_ own: Fields, _ underlying: Int) -> (long: AssetID, short: AssetID) {
        let path = own.path("backing")
        guard let tree = own.value("backing") else {
            return (AssetID(index: underlying), settlement)
        }
        guard let items = tree.items, items.count == 2,
            let long = index(of: items[0], among: assetNames, path, a: "an asset"),
            let short = index(of: items[1], among: assetNames, path, a: "an asset")
        else {
            if tree.items?.count != 2 {
                own.problem("backing", "expected two assets [of longs, of shorts]")
            }
            return (AssetID(index: underlying), settlement)
        }
        setting(path, YAMLWriter.flow(tree))
        return (AssetID(index: long), AssetID(index: short))
    }

    private func reserves(_ own: Fields) -> PoolReserves? {
        guard let reserve = own.readIfPresent("reserve", .positiveRatio) else {
            own.refuse("open_interest_reserve", "has a meaning only with reserve")
            return nil
        }
        // Each side has its own cap, which is not this rule's.
        return PoolReserves(
            reserve: reserve,
            openInterestReserve: own.readIfPresent("open_interest_reserve", .positiveRatio)
                ?? reserve,
            maximumOpenInterest: .zero)
    }

    private func poolImpact(_ tree: Tree, _ path: String) -> PoolPriceImpact {
        let own = Fields(tree, path, Self.poolImpactSection, self)
        let factor = Kind<Fixed18>.number.limited("0 or more") { $0 >= .zero }
        let exponent = Kind<Ratio>.multiple.limited("0 to 3") {
            $0 >= .zero && $0 <= Ratio(whole: 3)
        }
        let measures: [(word: String, value: PoolPriceImpact.Measure)] = [
            ("entry", .openInterest), ("tokens", .openInterestInTokens),
        ]
        return PoolPriceImpact(
            positive: ExponentFactor(
                factor: max(.zero, own.read("positive", factor)),
                exponent: max(.zero, own.read("positive_exponent", exponent))),
            negative: ExponentFactor(
                factor: max(.zero, own.read("negative", factor)),
                exponent: max(.zero, own.read("negative_exponent", exponent))),
            maximumPositive: own.read("maximum_positive", .share),
            maximumNegative: own.read("maximum_negative", .share),
            maximumForLiquidation: own.read("maximum_in_liquidation", .share),
            measure: own.read("measure", Kind.choice(measures)))
    }

    private func borrowing(_ market: Fields) -> PoolBorrowing? {
        guard let tree = market.value("borrowing"), tree.scalar != "none" else { return nil }
        let path = market.path("borrowing")
        let own = Fields(tree, path, Self.borrowingSection, self)
        guard !own.has("interval_factor") else { return nil }
        own.refuse("interval", "has a meaning only with interval_factor")
        let skips = own.read("skips_smaller_side", .yesOrNo)
        let kink = ["optimal_usage", "base", "above"]
        if own.has("factor") {
            for key in kink { own.refuse(key, "cannot stand beside factor") }
            return PoolBorrowing(
                law: .curve(
                    factor: Fixed18(own.read("factor", .yearlyCharge)),
                    exponent: own.read("exponent", .multiple)), skipsSmallerSide: skips)
        }
        own.refuse("exponent", "has a meaning only with factor")
        let missing = kink.filter { !own.has($0) }
        guard missing.isEmpty else {
            for key in missing where tree.entries != nil {
                problem(tree.position, "missing key '\(key)' in \(path)")
            }
            return nil
        }
        return PoolBorrowing(
            law: .kink(
                optimalUsage: own.read("optimal_usage", .share),
                base: Fixed18(own.read("base", .yearlyCharge)),
                above: Fixed18(own.read("above", .yearlyCharge))), skipsSmallerSide: skips)
    }

    func poolFunding(_ tree: Tree, _ path: String) -> PoolFunding {
        let own = Fields(tree, path, Self.poolFundingSection, self)
        let maximum = Fixed18(own.read("maximum", .yearlyCharge))
        let exponent = own.read("exponent", .multiple)
        if let factor = own.readIfPresent("proportional", .yearlyCharge) {
            for key in [
                "rise", "rise_time", "fall", "fall_time", "rises_above", "falls_below", "minimum",
            ] {
                own.refuse(key, "cannot stand beside proportional")
            }
            return PoolFunding(
                law: .proportional(factor: Fixed18(factor)), exponent: exponent, maximum: maximum)
        }
        guard own.has("rise") else {
            if tree.entries != nil { problem(tree.position, "missing key 'rise' in \(path)") }
            return PoolFunding(law: .proportional(factor: .zero), maximum: maximum)
        }
        return PoolFunding(
            law: .adaptive(
                .init(
                    increase: perSecond(own, "rise"), decrease: perSecond(own, "fall"),
                    stableThreshold: own.read("rises_above", .share),
                    decreaseThreshold: own.read("falls_below", .share),
                    minimum: Fixed18(own.read("minimum", .yearlyCharge)))),
            exponent: exponent, maximum: maximum)
    }

    /// A change of a yearly rate over a time, per second.
    private func perSecond(_ own: Fields, _ name: String) -> Fixed18 {
        let change = Fixed18(own.read(name, .yearlyCharge))
        let time = own.read(name + "_time", .positiveDuration).milliseconds
        return Fixed18(raw: change.raw * 1000 / Int128(max(1, time)))
    }
}

extension Kind where Value == Ratio {
    /// A yearly rate, zero or more.
    fileprivate static var yearlyCharge: Kind { yearly.limited("0% or more") { $0 >= .zero } }
}
