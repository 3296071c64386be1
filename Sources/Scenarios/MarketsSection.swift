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
                "The part of the notional above each floor is charged that row's rates; the first floor is $0."
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
                "profit_weight", "percentage", default: "100%",
                "How much of an unrealised profit counts as equity."),
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
        ])

    static let fundingSection = Section(
        path: "markets.MARKET.funding",
        sentence: "Funding in proportion to what traders hold net against the pool.",
        keys: [
            Key("maximum_rate", "percentage", required: true, "The largest rate per eight hours."),
            Key("skew_scale", "amount", required: true, "The net position at which it is reached."),
        ])

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
            markets.append(
                MarketParameters(
                    name: entry.key, feed: FeedID(index: underlying), margin: margin(fields),
                    takerFee: taker, makerFee: maker,
                    poolFeeShare: fields.read("pool_fee_share", .share),
                    pool: poolPricing(fields),
                    openInterestCap: fields.readIfPresent("open_interest_cap", .positive),
                    funding: funding(fields, asset),
                    profitWeight: fields.read("profit_weight", .share)))
        }
    }

    /// A margin schedule as a market or a change of parameters writes it.
    func margin(_ fields: Fields) -> MarginSchedule {
        let flat = MarginSchedule.flat(initial: .one, maintenance: .one)
        guard let list = fields.tree["brackets"] else {
            let missing = ["initial_margin", "maintenance_margin"].filter { !fields.has($0) }
            guard missing.isEmpty else {
                for key in missing where fields.tree.entries != nil {
                    problem(
                        fields.tree.position, "missing key '\(key)' in \(fields.path): percentage")
                }
                return flat
            }
            let initial = fields.read("initial_margin", .positiveShare)
            let maintenance = fields.read("maintenance_margin", .positiveShare)
            if maintenance > initial, initial.isPositive {
                fields.problem("maintenance_margin", "expected at most the initial margin")
            }
            return .flat(initial: initial, maintenance: maintenance)
        }
        for key in ["initial_margin", "maintenance_margin"] {
            fields.refuse(key, "cannot stand beside brackets")
        }
        let path = fields.path("brackets")
        var brackets: [MarginSchedule.Bracket] = []
        for row in rows(list, path, columns: "from, initial, maintenance", count: 3...3) {
            guard let floor = scalar(row.cells[0], Self.floor, nil),
                let initial = scalar(row.cells[1], .positiveShare, nil),
                let maintenance = scalar(row.cells[2], .positiveShare, nil)
            else { continue }
            checkFloor(floor.raw, after: brackets.last?.floor.raw, row.position, path)
            if maintenance > initial {
                problem(row.cells[2].position, "\(path): expected at most the initial rate")
            }
            if let last = brackets.last,
                initial < last.initialRate || maintenance < last.maintenanceRate
            {
                problem(row.position, "\(path): expected rates no lower than in the row before")
            }
            brackets.append(
                .init(floor: floor, initialRate: initial, maintenanceRate: maintenance))
        }
        setting(path, YAMLWriter.flow(list))
        return brackets.isEmpty ? flat : MarginSchedule(brackets: brackets)
    }

    private func poolPricing(_ fields: Fields) -> PoolPricing? {
        let path = fields.path("pool")
        guard let tree = fields.value("pool") else {
            setting(path, "{}")
            return .atOracle
        }
        if tree.scalar == "none" {
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
        return PoolPricing(
            spread: own.read("spread", .share), impactDepth: depth, impactAtDepth: impact)
    }

    private func funding(_ fields: Fields, _ asset: String) -> FundingPolicy {
        let path = fields.path("funding")
        guard let tree = fields.value("funding"), tree.scalar != "none" else {
            setting(path, "none")
            return .none
        }
        let own = Fields(tree, path, Self.fundingSection, self)
        return .skew(
            maximumRate: own.read("maximum_rate", .share),
            skewScale: own.read(
                "skew_scale", .quantity(of: asset).limited("more than zero") { $0 > .zero }))
    }
}
