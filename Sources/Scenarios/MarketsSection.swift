import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let marketSection = Section(
        path: "markets.MARKET",
        sentence: "A perpetual market. Its margin is either a pair of rates or brackets.",
        keys: [
            Key("underlying", "asset", required: true, "Whose price it follows."),
            Key(
                "initial_margin", "percentage", rule: "required without brackets",
                "The share of the notional needed to open."),
            Key(
                "maintenance_margin", "percentage", rule: "required without brackets",
                "The share needed to keep."),
            Key(
                "brackets", "rows [from, initial, maintenance]", rule: "none",
                "The part of the notional above each floor is charged that row's rates, percentages or one over a leverage as 1/75, unless `maintenance_form` charges all of it one rate; the first floor is $0."
            ),
            Key(
                "bracket_by", "notional, size or entry", default: "notional",
                "Whether the floors are values, sizes, or values at entry, on which rates are charged then; an inverse contract's value is in the settlement asset."
            ),
            Key(
                "initial_form", "marginal or whole", default: "marginal",
                "Whether a bracket's initial rate is charged on the part of the position in it, or on the whole."
            ),
            Key(
                "maintenance_form", "marginal or whole", default: "marginal",
                "The same for the maintenance rate; `whole` makes the margin jump at each floor."),
            Key(
                "edge", "lower or upper", default: "lower",
                "Which bracket a position exactly at a floor falls into."),
            Key(
                "valued_at", "mark, entry or entry_when_isolated", default: "mark",
                "At which price the value is taken that rates and floors apply to."),
            Key(
                "risk_limit", "map", rule: "none",
                "Brackets in equal steps, each charged on the whole position; in place of brackets."
            ),
            Key(
                "size_premium",
                "{square_root: factor} or {scale: amount, fraction: multiple, maintenance_share: percentage}",
                rule: "none", "What a larger position pays beyond its rate."),
            Key(
                "open_interest_scaling", "[money, money]", rule: "none",
                "The initial rate grows to 100% as open interest goes from the first to the second."
            ),
            Key("fixed_margin", "money", default: "$0", "Added to both margins of every position."),
            Key("minimum_margin", "money", default: "$0", "Neither margin of a position is less."),
            Key(
                "closing_fee", "percentage", default: "0%",
                "The fee for closing, set aside as part of the margin."),
            Key(
                "closing_fee_at", "mark or bankruptcy", default: "mark",
                "Whether it is of the present value, or of the value where the margin at the position's leverage is gone."
            ),
            Key(
                "closing_fee_in", "both, initial or maintenance", default: "both",
                "Which margin it is part of."),
            Key(
                "contract", "linear or inverse", default: "linear",
                "Whether a size is in units of the underlying, or in money and settled in the underlying."
            ),
            Key(
                "taker_fee", "percentage", default: "0%",
                "Charged on the notional of whoever takes."),
            Key(
                "maker_fee", "percentage", default: "0%",
                "Charged to a resting order; negative is a rebate."),
            Key(
                "pool_fee_share", "percentage", default: "100%",
                "The pool's share of the fees of trades against it."),
            Key(
                "pool", "map or none", rule: "at the oracle price",
                "What a trade against the pool costs; `none` leaves the order book."),
            Key(
                "open_interest_cap", "money or none", default: "none",
                "The largest open interest of one side."),
            Key("funding", "map or none", default: "none", "How the two sides pay each other."),
            Key(
                "borrowing", "map or none", default: "none",
                "What positions pay the pool for the reserve that they keep."),
            Key(
                "interest", "map or none", rule: "none",
                "What positions, long or short, pay the pool for what all of them use of it."),
            Key(
                "mark", "name or map", rule: "oracle",
                "What positions are valued at and liquidated by: the name of a rule, or a map."),
            Key(
                "profit_weight", "percentage", default: "100%",
                "How much of an unrealised profit counts as equity."),
            Key(
                "initial_profit_weight", "percentage", rule: "as `profit_weight`",
                "The same against the initial requirement."),
            Key(
                "initial_profit_cap", "money or none", default: "none",
                "The most that an unrealised profit counts against the initial requirement."),
            Key(
                "maximum_price", "price or none", rule: "none",
                "The most that a unit may be worth, where the contract pays that or nothing: a short's margin is on what its price may still rise."
            ),
            Key(
                "initial_profit_factor", "number", rule: "none",
                "An unrealised profit's initial weight is at most 1.1 / (1 + factor · √profit)."),
            Key(
                "flag_reward", "percentage", rule: "none",
                "What a keeper has for flagging an account, of the value of its position."),
            Key(
                "liquidation_window", "map or none", rule: "none",
                "How much may be liquidated in a while, all accounts together."),
        ])

    static let riskLimitSection = Section(
        path: "markets.MARKET.risk_limit",
        sentence: "Brackets in equal steps: each step above the base adds to both rates.",
        keys: [
            Key("base", "amount", required: true, "Up to where the base rates go."),
            Key("step", "amount", required: true, "How much each further step covers."),
            Key("initial", "percentage", required: true, "The initial rate of the base."),
            Key("maintenance", "percentage", required: true, "The maintenance rate of the base."),
            Key("increment", "percentage", required: true, "What each step adds to both rates."),
            Key(
                "steps", "whole number", required: true, "How many steps there are above the base."),
        ])

    static let sizePremiumSection = Section(
        path: "markets.MARKET.size_premium",
        sentence:
            "What a larger position pays beyond its rate: either `square_root`, or the other keys.",
        keys: [
            Key(
                "square_root", "number", rule: "none",
                "The rate is at least 0.8 · rate + factor · √size."),
            Key("scale", "amount", rule: "required without square_root", "The size of the market."),
            Key(
                "fraction", "number", rule: "required without square_root",
                "What is added to the initial rate of a position of that size."),
            Key(
                "maintenance_share", "percentage", rule: "required without square_root",
                "How much of that is added to the maintenance rate."),
        ])

    static let poolPricingSection = Section(
        path: "markets.MARKET.pool",
        sentence: "What a trade against the pool costs beyond the oracle price.",
        keys: [
            Key("spread", "percentage", default: "0%", "Half the spread, which every trade pays."),
            Key(
                "impact", "percentage", default: "0%",
                "What a trade of the size `impact_depth` pays on average."),
            Key(
                "impact_depth", "money", default: "$0",
                "The size at which the impact is reached; linear; $0 is no impact."),
            Key(
                "skew_scale", "amount", rule: "none",
                "What traders hold net moves the price: index · (1 + (skew + size / 2) / scale), in place of an impact."
            ),
        ] + poolTermsKeys)

    func decodeMarkets(_ root: Fields) {
        guard let tree = root.value("markets"), tree.scalar != "none" else { return }
        var entries = named(tree, "markets", of: "markets")
        if entries.count > 64 {
            problem(tree.position, "markets: expected at most 64 markets, found \(entries.count)")
            entries = Array(entries.prefix(64))
        }
        marketNames = entries.map(\.key)
        for entry in entries {
            let path = "markets.\(entry.key)"
            let fields = Fields(entry.value, path, Self.marketSection, self)
            var underlying = 0
            if let name = fields.value("underlying"),
                let index = index(of: name, among: assetNames, path + ".underlying", a: "an asset")
            {
                underlying = index
                setting(path + ".underlying", assetNames[index])
            }
            let taker = fields.read("taker_fee", .share)
            let maker = fields.read(
                "maker_fee", .ratio.limited("-100% to 100%") { $0 >= -.one && $0 <= .one })
            if (taker + maker).isNegative {
                fields.problem("maker_fee", "expected a rebate of at most the taker fee")
            }
            let asset = assetNames.indices.contains(underlying) ? assetNames[underlying] : "units"
            let contracts: [(word: String, value: ContractKind)] = [
                ("linear", .linear), ("inverse", .inverse),
            ]
            let contract = fields.read("contract", Kind.choice(contracts))
            markets.append(
                MarketParameters(
                    name: entry.key, feed: FeedID(index: underlying), contract: contract,
                    margin: margin(fields, asset, contract),
                    takerFee: taker, makerFee: maker,
                    poolFeeShare: fields.read("pool_fee_share", .share),
                    pool: poolPricing(fields, underlying),
                    openInterestCap: fields.readIfPresent("open_interest_cap", .positive),
                    funding: funding(fields, asset),
                    profitWeight: fields.read("profit_weight", .share),
                    initialProfitWeight: fields.readIfPresent("initial_profit_weight", .share),
                    initialProfitCap: fields.readIfPresent("initial_profit_cap", .notNegative)))
            let last = markets.count - 1
            markets[last].maximumPrice = fields.readIfPresent(
                "maximum_price", Kind<Price>.average.limited("a price above $0") { $0.isPositive })
            markets[last].initialProfitFactor =
                fields.readIfPresent("initial_profit_factor", .multiple) ?? .zero
            markets[last].flagReward = fields.readIfPresent("flag_reward", .share) ?? .zero
            markets[last].mark = mark(fields, hasPool: markets[last].pool != nil)
            markets[last].liquidationWindow = liquidationWindow(fields, asset)
            markets[last].poolInterest = poolInterest(fields)
        }
    }

    private func poolPricing(_ fields: Fields, _ underlying: Int) -> PoolPricing? {
        let path = fields.path("pool")
        guard let tree = fields.value("pool") else {
            refuseBorrowing(fields)
            setting(path, "{}")
            return .atOracle
        }
        if tree.scalar == "none" {
            refuseBorrowing(fields)
            setting(path, "none")
            return nil
        }
        let own = Fields(tree, path, Self.poolPricingSection, self)
        let depth = own.read("impact_depth", .notNegative)
        let impact = own.read("impact", .share)
        if depth.isZero != impact.isZero {
            own.problem(
                depth.isZero ? "impact" : "impact_depth", "impact and impact_depth go together")
        }
        var pricing = PoolPricing(
            spread: own.read("spread", .share), impactDepth: depth, impactAtDepth: impact,
            terms: poolTerms(own, fields, underlying))
        let asset = assetNames.indices.contains(underlying) ? assetNames[underlying] : "units"
        pricing.skewScale = own.readIfPresent("skew_scale", .quantity(of: asset)) ?? .zero
        return pricing
    }
}
