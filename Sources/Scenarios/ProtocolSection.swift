import ExactMath
import MarginProtocol
import MarginRules

/// What every feed must satisfy unless it says otherwise, and what a stale price blocks.
struct OracleGuards {
    var maxAge: TimeSpan?
    var maxDeviation: Ratio?
    var maxConfidence: Ratio?
    var blocks: Actions = []
    var guards: [PriceGuard] = []
    var attachedSpread: TimeSpan?
    var staleMargin: StaleMargin?
    var missingPrices = MissingPricePolicy.refuse
    /// The silence of the chain that a guard takes for an outage of the sequencer.
    var sequencerSilence: TimeSpan?
}

/// What the protocol's section says, assets and markets apart.
struct DecodedLaw {
    var guards = OracleGuards()
    var liquidation = LiquidationPolicy()
    var losses: [LossLayer] = [.insuranceFund, .badDebt]
    var deleveraging = DeleveragingPolicy()
    var backstop: BackstopPolicy?
    var backstopFunds: [(asset: AssetID, amount: Quantity)] = []
    var categories: [CollateralCategory] = []
    var stress: StressSchedule?
    var auctions: AuctionPolicy?
    var marginRatio = MarginRatioConvention.maintenanceOverEquity
    /// Whether a position whose entry price is not given has cost nothing.
    var missingEntryIsZero = false
    var storefront: CometStorefront?
    var withdrawalMargin = Ratio.zero
    var positionResults = PositionResults.separate
    var reductions = ReductionRule.surplus
    var hasAccountMarginRatio = false
    var resultSettlement: ResultSettlement?
    var slowPrice = SlowPricePolicy.none
    var openOrders = OpenOrderPolicy.none
    var keeper: KeeperTerms?
    var twoStep: TwoStepPolicy?
    var windingUp = WindingUpPolicy.atOnce
    var poolShares: PoolShareTerms?
    var spotMarkets: [SpotMarketParameters] = []
    var countsSpotOrders = false
    var insuranceFund: [(asset: AssetID, amount: Quantity)] = []
    var pool: [(asset: AssetID, amount: Quantity)] = []
}

extension ScenarioDecoder {
    static let protocolSection = Section(
        path: "protocol", sentence: "The rules, and what the protocol's funds hold at the start.",
        keys: [
            Key(
                "preset", "preset", rule: "none",
                "The venue whose rules these are, with what differs beside it: \(Preset.names.joined(separator: ", "))."
            ),
            Key("name", "name", rule: "the preset's", "What the rules are called in reports."),
            Key(
                "pool_shares", "map or none", rule: "none",
                "On what terms anybody may deposit into the pool and own a part of it."),
            Key(
                "margin_ratio",
                "maintenance_over_equity, equity_over_maintenance, collateral_over_debt or debt_over_collateral",
                default: "maintenance_over_equity",
                "How the venue writes an account's margin ratio; changes no rule."),
            Key(
                "missing_entry", "mark or zero", default: "mark",
                "What a position without an entry price has cost in an account file: the present price, or nothing, where the balance carries its cost."
            ),
            Key(
                "categories", "map", rule: "none",
                "Groups of correlated assets that an account may enter, by name."),
            Key(
                "stress", "map or none", default: "none",
                "Portfolio margin: an account's margin is what it would lose in the worst of several moves, in place of the markets' margins."
            ),
            Key(
                "settlement", "asset", rule: "the first asset",
                "What profit and loss are paid in; one unit of it is what prices count."),
            Key(
                "oracle_guard", "map", rule: "no guard",
                "What a price must satisfy, and what stops while it does not."),
            Key(
                "liquidation", "map", rule: "its keys' defaults",
                "How an unhealthy account is brought back, or closed."),
            Key(
                "losses",
                "list of insurance_fund, fee_pool, backstop, auto_deleveraging, reserves, pool, socialised_by_funding, socialised, bad_debt",
                default: "insurance_fund, bad_debt",
                "Who pays when an account ends below zero, in order; the last is bad_debt."),
            Key(
                "deleveraging", "map", rule: "its keys' defaults",
                "Who gives a position up where `losses` names auto_deleveraging."),
            Key(
                "winding_up", "map", rule: "at once",
                "How the positions of a market are closed that governance settles."),
            Key(
                "backstop", "map or none", default: "none",
                "A vault that takes over accounts that are too far gone for the market."),
            Key(
                "withdrawal_margin", "percentage", rule: "0%",
                "What is left after a withdrawal is at least this share of the value of all positions, whatever their initial margins."
            ),
            Key(
                "position_results", "separate or in_balance", rule: "separate",
                "Whether margins add up to a requirement, or each position's profit less its margin joins the balance of the settlement asset before that is weighted."
            ),
            Key(
                "reductions", "surplus, initial_surplus or risk", rule: "surplus",
                "When an account without its initial margin may make a position smaller: its equity less its maintenance margin is no lower afterwards; the same of the initial margin; or its maintenance margin is no higher and what it has per unit of that no lower."
            ),
            Key(
                "account_margin_ratio", "true or false", rule: "false",
                "Whether an owner may choose a margin ratio for a whole account: against the initial requirement each position then needs at least that share of its value, an asset other than the settlement asset weighs at most one less it and a debt of one at least one more."
            ),
            Key(
                "spot_markets", "map or none", rule: "none",
                "Order books in which accounts exchange assets with each other, by name."),
            Key(
                "spot_orders_in_deposits", "true or false", rule: "false",
                "Whether what open spot orders may bring counts with all deposits, for weights that fall with these and for deposit caps."
            ),
            Key(
                "result_settlement", "map or none", rule: "none",
                "How results are paid that closing leaves with their positions, until somebody settles a profit against a loss; without it closing pays them."
            ),
            Key(
                "slow_price", "map or none", rule: "none",
                "A slower price beside each feed's, for the initial requirement."),
            Key(
                "open_orders", "map or none", rule: "none",
                "How orders that rest in the books are part of margin; without it an order's margin is looked at when it is placed and when it is filled."
            ),
            Key(
                "keeper", "map or none", rule: "none",
                "What keepers are paid where the pool takes all."),
            Key(
                "execution", "map", rule: "at once",
                "How trades against the pool are executed: at once, or in two steps."),
            Key(
                "storefront", "map", rule: "none",
                "On what terms the protocol sells the collateral that it has absorbed."),
            Key(
                "auctions", "map or none", rule: "none",
                "How collateral is sold by auction for debts in the settlement asset."),
            Key(
                "insurance_fund", "money or map of amounts", default: "$0",
                "What the insurance fund holds at the start."),
            Key(
                "pool", "money or map of amounts", default: "$0",
                "What the liquidity pool holds at the start."),
        ])

    static let guardSection = Section(
        path: "protocol.oracle_guard",
        sentence: "What every feed must satisfy; a feed's own keys go first.",
        keys: [
            Key("max_age", "duration or none", default: "none", "An older price is stale."),
            Key(
                "max_deviation", "percentage or none", default: "none",
                "A report further from the last price is refused."),
            Key(
                "max_confidence", "percentage or none", default: "none",
                "A report with a wider confidence is refused."),
            Key(
                "blocks", "list of deposit, withdraw, open, reduce, liquidate, all",
                default: "none",
                "What is refused while a price it needs is stale."),
            Key(
                "guards", "list of maps", rule: "none",
                "More that a price must satisfy, each entry with what it blocks."),
            Key(
                "attached_spread", "duration or none", rule: "none",
                "The prices that one command brings along are no further apart in time."),
            Key(
                "stale_margin", "map or none", rule: "none",
                "What a trade that adds risk asks for while its market's price is old; then a `validity` guard does not stop it for that."
            ),
            Key(
                "missing_prices", "refuse or leave_out_assets", rule: "refuse",
                "What becomes of a holding whose price is missing or stopped by a guard where an account's margin is asked for: nothing goes on, or withdrawals, transfers and trades go on as if it were not there. Debts, positions and liquidations need their prices."
            ),
        ])

    static let staleMarginSection = Section(
        path: "protocol.oracle_guard.stale_margin",
        sentence:
            "At a price that is too old for margin a trade may add risk only where the market's open interest does not grow, and asks for a margin ratio of the whole account.",
        keys: [
            Key("after", "duration", required: true, "A price that is older is too old."),
            Key(
                "ratio", "percentage", required: true,
                "Against the initial requirement each position then needs at least this share of its value, an asset other than the settlement asset weighs at most one less it and a debt of one at least one more."
            ),
        ])

    private func staleMargin(_ fields: Fields) -> StaleMargin? {
        guard let tree = fields.value("stale_margin"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, fields.path("stale_margin"), Self.staleMarginSection, self)
        guard tree.entries != nil else { return nil }
        return StaleMargin(
            after: own.read("after", .positiveDuration),
            ratio: own.read(
                "ratio",
                .ratio.limited("0% to 1000%") { $0 >= .zero && $0 <= Ratio(whole: 10) }))
    }

    static let storefrontSection = Section(
        path: "protocol.storefront",
        sentence:
            "The sale of absorbed collateral, open while the protocol's reserves are below a target.",
        keys: [
            Key(
                "price_factor", "percentage", required: true,
                "The buyer's share of the discount at which collateral was absorbed."),
            Key(
                "target_reserves", "money", required: true,
                "Reserves in the settlement asset at which the sale ends."),
        ])

    private func storefront(_ fields: Fields) -> CometStorefront? {
        guard let tree = fields.value("storefront"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, "protocol.storefront", Self.storefrontSection, self)
        let factor = own.read("price_factor", .share)
        let target: Money = own.read("target_reserves", .notNegative)
        return CometStorefront(
            storeFrontPriceFactor: factor, targetReserves: Quantity(raw: target.raw))
    }

    static let guardActions: [(word: String, value: Actions)] = [
        ("deposit", .deposit), ("withdraw", .withdraw), ("open", .open), ("reduce", .reduce),
        ("liquidate", .liquidate),
        ("all", [.deposit, .withdraw, .open, .reduce, .liquidate]),
    ]

    func law(_ root: Fields) -> DecodedLaw {
        var law = DecodedLaw()
        let tree =
            root.value("protocol") ?? Tree(content: .mapping([]), position: root.tree.position)
        let fields = Fields(tree, "protocol", Self.protocolSection, self)
        if let name = fields.value("settlement"),
            let index = index(of: name, among: assetNames, "protocol.settlement", a: "an asset")
        {
            settlement = AssetID(index: index)
        }
        if assetNames.indices.contains(settlement.index) {
            setting("protocol.settlement", assetNames[settlement.index])
        }
        law.guards = guards(fields)
        law.liquidation = liquidation(
            fields.value("liquidation") ?? Tree(content: .mapping([]), position: tree.position),
            "protocol.liquidation")
        law.losses = losses(fields)
        law.deleveraging = deleveraging(fields)
        law.windingUp = windingUp(fields)
        if let backstop = backstop(fields) {
            law.backstop = backstop.policy
            law.backstopFunds = backstop.funds
        }
        if law.losses.contains(.backstop), law.backstop == nil {
            fields.problem("losses", "backstop stands among them, but there is none")
        }
        law.categories = categories(fields)
        law.storefront = storefront(fields)
        let results: [(word: String, value: PositionResults)] = [
            ("separate", .separate), ("in_balance", .inBalance),
        ]
        law.positionResults =
            fields.readIfPresent("position_results", Kind.choice(results)) ?? .separate
        let reductions: [(word: String, value: ReductionRule)] = [
            ("surplus", .surplus), ("initial_surplus", .initialSurplus), ("risk", .risk),
        ]
        law.reductions = fields.readIfPresent("reductions", Kind.choice(reductions)) ?? .surplus
        law.hasAccountMarginRatio =
            fields.readIfPresent("account_margin_ratio", .yesOrNo) ?? false
        law.resultSettlement = resultSettlement(fields)
        law.slowPrice = slowPrice(fields)
        law.openOrders = openOrders(fields)
        law.keeper = keeper(fields)
        law.twoStep = execution(fields)
        law.poolShares = poolShares(fields)
        law.spotMarkets = spotMarkets(fields)
        spotMarketNames = law.spotMarkets.map(\.name)
        law.countsSpotOrders = fields.readIfPresent("spot_orders_in_deposits", .yesOrNo) ?? false
        law.stress = stress(fields)
        law.auctions = auctions(fields)
        law.withdrawalMargin = fields.readIfPresent("withdrawal_margin", .share) ?? .zero
        law.marginRatio = fields.read(
            "margin_ratio",
            Kind.choice([
                ("maintenance_over_equity", MarginRatioConvention.maintenanceOverEquity),
                ("equity_over_maintenance", .equityOverMaintenance),
                ("collateral_over_debt", .collateralOverDebt),
                ("debt_over_collateral", .debtOverCollateral),
            ]))
        law.missingEntryIsZero = fields.read(
            "missing_entry", Kind.choice([("mark", false), ("zero", true)]))
        _ = fields.readIfPresent("name", .name)
        _ = fields.readIfPresent("preset", .name)
        law.insuranceFund = amounts(fields, "insurance_fund")
        law.pool = amounts(fields, "pool")
        let pooled = markets.first { $0.pool != nil }
        if isWhole, let pooled, law.pool.isEmpty, tree.entries != nil, tree["pool"]?.entries == nil
        {
            fields.problem(
                "pool", "\(pooled.name) trades against the pool, so it must hold something",
                hint: "or give the market 'pool: none'")
        }
        return law
    }

    private func guards(_ fields: Fields) -> OracleGuards {
        let tree =
            fields.value("oracle_guard")
            ?? Tree(content: .mapping([]), position: fields.tree.position)
        let path = "protocol.oracle_guard"
        let own = Fields(tree, path, Self.guardSection, self)
        let more = priceGuards(own)
        let missing: [(word: String, value: MissingPricePolicy)] = [
            ("refuse", .refuse), ("leave_out_assets", .leaveOutAssets),
        ]
        return OracleGuards(
            maxAge: own.readIfPresent("max_age", .positiveDuration),
            maxDeviation: own.readIfPresent("max_deviation", .positiveRatio),
            maxConfidence: own.readIfPresent("max_confidence", .positiveRatio),
            blocks: own.value("blocks").map { actions($0, path + ".blocks", Self.guardActions) }
                ?? [],
            guards: more.guards,
            attachedSpread: own.readIfPresent("attached_spread", .duration),
            staleMargin: staleMargin(own),
            missingPrices: own.readIfPresent("missing_prices", Kind.choice(missing)) ?? .refuse,
            sequencerSilence: more.silence)
    }

    private func losses(_ fields: Fields) -> [LossLayer] {
        let words: [(word: String, value: LossLayer)] = [
            ("insurance_fund", .insuranceFund), ("socialised", .socialised),
            ("reserves", .reserves), ("auto_deleveraging", .autoDeleveraging),
            ("backstop", .backstop), ("pool", .pool), ("bad_debt", .badDebt),
            ("fee_pool", .feePool), ("socialised_by_funding", .socialisedByFunding),
        ]
        guard fields.has("losses"), let tree = fields.value("losses") else {
            setting("protocol.losses", "[insurance_fund, bad_debt]")
            return [.insuranceFund, .badDebt]
        }
        let layers = list(tree).compactMap { scalar($0, Kind.choice(words), nil) }
        setting("protocol.losses", YAMLWriter.flow(tree))
        if layers.last != .badDebt, layers.count == list(tree).count {
            fields.problem("losses", "expected bad_debt as the last: somebody takes the rest")
        }
        for (index, layer) in layers.enumerated() where layers[..<index].contains(layer) {
            fields.problem("losses", "a layer stands twice")
        }
        return layers
    }

    /// Money in the settlement asset, or amounts by asset; nothing that is zero.
    func amounts(_ fields: Fields, _ key: String) -> [(asset: AssetID, amount: Quantity)] {
        guard let tree = fields.value(key) else { return [] }
        let path = fields.path(key)
        guard tree.entries != nil else {
            // One unit of the settlement asset is what prices count.
            let money = scalar(tree, .notNegative, path) ?? Money(whole: 1)
            return money.isZero ? [] : [(settlement, Quantity(raw: money.raw))]
        }
        var amounts: [(asset: AssetID, amount: Quantity)] = []
        for entry in named(tree, path, of: "amounts") {
            guard
                let index = index(
                    of: entry.key, at: entry.position, among: assetNames, path, a: "an asset"),
                let amount = scalar(entry.value, .quantity(of: entry.key), path + "." + entry.key),
                amount.isPositive
            else { continue }
            amounts.append((AssetID(index: index), amount))
        }
        return amounts
    }
}
