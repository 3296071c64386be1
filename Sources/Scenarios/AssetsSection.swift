import ExactMath
import MarginProtocol
import Markets

extension ScenarioDecoder {
    static let assetSection = Section(
        path: "assets.ASSET",
        sentence: "An asset: how its price moves outside, and how it counts inside.",
        keys: [
            Key(
                "price", "price or map", required: true,
                "Its price in USD: a number that never changes, or one of `points`, `bars`, `gbm`, `mean_reverting`."
            ),
            Key(
                "liquidity", "map or none", default: "none",
                "What selling it outside does to its price; `none` is unlimited."),
            Key(
                "collateral",
                "percentage, {haircut: percentage} or {tiers: rows, by: value or quantity}",
                rule: "100% for the settlement asset, else 0%",
                "How much of a holding counts: a percentage, or a map."),
            Key(
                "initial_collateral",
                "percentage, {haircut: percentage} or {tiers: rows, by: value or quantity}",
                rule: "as `collateral`",
                "The same against the initial requirement: what may be borrowed or opened on it."),
            Key(
                "liability_weight", "multiple", default: "1",
                "How much a debt in it counts, 0 to 10."),
            Key(
                "initial_liability_weight", "multiple", rule: "as `liability_weight`",
                "The same against the initial requirement."),
            Key(
                "weight_ramp", "map or none", rule: "none",
                "`collateral` and `liability_weight` are on their way to others, which they reach little by little."
            ),
            Key(
                "liquidation_bonus", "percentage", rule: "the protocol's `bonus`",
                "How much more of it than the debt's worth is seized, as a share; the discount at which it is credited where accounts are absorbed."
            ),
            Key(
                "liquidation_fee", "percentage", rule: "the protocol's `insurance_share`",
                "The protocol's share of that bonus: the insurance fund's, which stands for a treasury where there is one."
            ),
            Key(
                "borrowable", "true or false", default: "false",
                "Whether a withdrawal may leave a debt."),
            Key(
                "deposit_cap", "amount or none", default: "none",
                "The most that all margin accounts together may hold."),
            Key(
                "borrow_cap", "amount or none", rule: "none",
                "The most that all margin accounts together may owe."),
            Key(
                "debt_factor", "number", rule: "none",
                "A debt in it counts at least 0.8 · weight + factor · √size, in either requirement."
            ),
            Key(
                "debt_scale", "money or none", rule: "none",
                "Once all accounts together owe more than this, a debt's initial weight grows with what they owe."
            ),
            Key(
                "spread_reduction", "percentage or none", rule: "none",
                "How much of the spread of its price is taken off before the price has a lower and an upper bound, of which the confidence of the feed's reports is half; `none` is one price, whatever the confidence."
            ),
            Key(
                "interest", "map or none", rule: "none",
                "What borrowers pay and suppliers earn; then no more is borrowed than is supplied."
            ),
        ])

    static let collateralSection = Section(
        path: "assets.ASSET.collateral",
        sentence: "How much of a holding counts: exactly one of `haircut`, `weight` and `tiers`.",
        keys: [
            Key("haircut", "percentage", rule: "none", "What is taken off, whatever the size."),
            Key(
                "weight", "multiple", rule: "none",
                "How much counts, whatever the size, 0 to 10: above 1 a holding counts more than it is worth."
            ),
            Key(
                "tiers", "rows [from, weight]", rule: "none",
                "The part of a holding above each floor counts with that row's weight; the first floor is 0."
            ),
            Key(
                "by", "value or quantity", default: "value",
                "Whether the floors are money or amounts; only with tiers."),
            Key(
                "size_discount",
                "{square_root: factor} or {scale: amount, factor: multiple, lower: percentage, upper: percentage}",
                rule: "none",
                "What a large holding loses: a weight of at most 1.1 / (1 + factor · √size), or one of 1 − size / scale · factor within bounds."
            ),
            Key(
                "deposit_scale", "money or none", default: "none",
                "Once all accounts together hold more than this, the weight is scaled by this over what they hold."
            ),
        ])

    static let sizeDiscountSection = Section(
        path: "assets.ASSET.collateral.size_discount",
        sentence: "What a large holding loses: either `square_root`, or the other keys.",
        keys: [
            Key(
                "square_root", "number", rule: "none", "The factor of the square root of the size."),
            Key("scale", "amount", rule: "required without square_root", "The size of the market."),
            Key(
                "factor", "number", rule: "required without square_root",
                "The discount at that size."),
            Key("lower", "percentage", default: "0%", "The least discount."),
            Key("upper", "percentage", default: "100%", "The largest discount."),
        ])

    static let liquiditySection = Section(
        path: "assets.ASSET.liquidity",
        sentence: "The depth of the outside market, and how it refills.",
        keys: [
            Key(
                "impact", "square_root, linear or constant_product", default: "square_root",
                "How the price moves with the value traded."),
            Key(
                "reserve", "money", rule: "required with constant_product",
                "What each side of a pool of constant product is worth at rest; in place of depth and move."
            ),
            Key(
                "depth_2pct", "money", rule: "none",
                "Selling this much moves the price by 2%; stands for depth and move."),
            Key(
                "depth", "money", rule: "required without depth_2pct and reserve",
                "Selling this much moves the price by `move`."),
            Key("move", "percentage", default: "2%", "The move at the depth, at most 95%."),
            Key(
                "permanent", "percentage", default: "0%",
                "The part of an impact that never recovers."),
            Key("recovery", "duration", default: "20m", "The half-life of the rest."),
            Key("spread", "percentage", default: "0%", "Half the spread, which every trade pays."),
        ])

    func decodeAssets(_ root: Fields) {
        guard let tree = root.value("assets") else { return }
        var entries = named(tree, "assets", of: "assets")
        if entries.isEmpty, tree.entries != nil {
            problem(tree.position, "assets: expected at least one asset")
        }
        if entries.count > 64 {
            problem(tree.position, "assets: expected at most 64 assets, found \(entries.count)")
        }
        entries = Array(entries.prefix(64))
        assetNames = entries.map(\.key)
        let settlement = settlementIndex()
        self.settlement = AssetID(index: settlement)
        for (index, entry) in entries.enumerated() {
            let path = "assets.\(entry.key)"
            let fields = Fields(entry.value, path, Self.assetSection, self)
            let price = fields.value("price").map { process($0, path + ".price") }
            let liquidity = fields.value("liquidity").flatMap {
                self.liquidity($0, path + ".liquidity")
            }
            referenceAssets.append(
                ReferenceAsset(
                    name: entry.key, process: price ?? .constant(Price(whole: 1)),
                    liquidity: liquidity))
            assets.append(
                AssetParameters(
                    name: entry.key, feed: FeedID(index: index),
                    collateral: collateral(fields, entry.key, isSettlement: index == settlement),
                    initialCollateral: fields.tree["initial_collateral"].map {
                        collateral($0, path + ".initial_collateral", entry.key)
                    },
                    liabilityWeight: fields.read("liability_weight", Self.liabilityWeight),
                    initialLiabilityWeight: fields.readIfPresent(
                        "initial_liability_weight", Self.liabilityWeight),
                    liquidationBonus: fields.readIfPresent("liquidation_bonus", .share),
                    liquidationFee: fields.readIfPresent("liquidation_fee", .share),
                    borrowable: fields.read("borrowable", .yesOrNo),
                    depositCap: fields.readIfPresent("deposit_cap", .quantity(of: entry.key)),
                    borrowCap: fields.readIfPresent("borrow_cap", .quantity(of: entry.key)),
                    interest: interest(fields)))
            assets[index].debtFactor = fields.readIfPresent("debt_factor", .multiple) ?? .zero
            assets[index].debtScale = fields.readIfPresent("debt_scale", .positive)
            if let ramp = fields.value("weight_ramp"), ramp.scalar != "none" {
                assets[index].weightRamp = weightRamp(
                    ramp, path + ".weight_ramp", from: assets[index])
            }
            spreadReductions.append(fields.readIfPresent("spread_reduction", .share))
        }
    }

    static let liabilityWeight = Kind<Ratio>.multiple.limited("0 to 10") {
        $0 >= .zero && $0 <= Ratio(whole: 10)
    }

    /// What `protocol.settlement` says, before the protocol is decoded; the first asset without it.
    private func settlementIndex() -> Int {
        tree["protocol"]?["settlement"]?.scalar.flatMap { assetNames.firstIndex(of: $0) } ?? 0
    }

    // MARK: Collateral

    private func collateral(_ fields: Fields, _ asset: String, isSettlement: Bool)
        -> CollateralSchedule
    {
        guard let tree = fields.value("collateral") else {
            setting(fields.path("collateral"), isSettlement ? "100%" : "0%")
            return .flat(isSettlement ? .one : .zero)
        }
        return collateral(tree, fields.path("collateral"), asset)
    }

    /// A collateral schedule as an asset or a change of parameters writes it.
    func collateral(_ tree: Tree, _ path: String, _ asset: String) -> CollateralSchedule {
        if tree.scalar != nil { return .flat(scalar(tree, .share, path) ?? .one) }
        let fields = Fields(tree, path, Self.collateralSection, self)
        guard tree.entries != nil else { return .flat(.one) }
        var schedule = weights(fields, path, asset)
        if let discount = fields.value("size_discount") {
            schedule.sizeDiscount = sizeDiscount(discount, path + ".size_discount", asset)
        }
        schedule.depositScale = fields.readIfPresent("deposit_scale", .positive)
        return schedule
    }

    private func weights(_ fields: Fields, _ path: String, _ asset: String) -> CollateralSchedule {
        let forms = ["haircut", "weight", "tiers"].filter { fields.has($0) }
        guard forms.count == 1 else {
            // A discount by size alone begins at the whole value.
            if forms.isEmpty, fields.has("size_discount") { return .flat(.one) }
            problem(
                fields.tree.position, "\(path): expected exactly one of haircut, weight and tiers")
            return .flat(.one)
        }
        if forms != ["tiers"] {
            fields.refuse("by", "has a meaning only with tiers")
            return .flat(
                forms == ["weight"]
                    ? fields.read("weight", Self.liabilityWeight)
                    : .one - fields.read("haircut", .share))
        }
        let bases: [(word: String, value: CollateralSchedule.Basis)] = [
            ("value", .value), ("quantity", .quantity),
        ]
        let basis = fields.read("by", Kind.choice(bases))
        guard let list = fields.value("tiers") else { return .flat(.one) }
        var tiers: [CollateralSchedule.Tier] = []
        for row in rows(list, path + ".tiers", columns: "from, weight", count: 2...2) {
            let floor: Int64? =
                switch basis {
                case .value: scalar(row.cells[0], Self.floor, nil)?.raw
                case .quantity: scalar(row.cells[0], .quantity(of: asset), nil)?.raw
                }
            guard let floor, let weight = scalar(row.cells[1], .share, nil) else { continue }
            checkFloor(floor, after: tiers.last?.floor, row.position, path + ".tiers")
            tiers.append(.init(floor: floor, weight: weight))
        }
        setting(path + ".tiers", YAMLWriter.flow(list))
        return tiers.isEmpty ? .flat(.one) : CollateralSchedule(basis: basis, tiers: tiers)
    }

    private func sizeDiscount(_ tree: Tree, _ path: String, _ asset: String)
        -> CollateralSchedule.SizeDiscount
    {
        let fields = Fields(tree, path, Self.sizeDiscountSection, self)
        guard tree.entries != nil else { return .none }
        if fields.has("square_root") {
            for key in ["scale", "factor", "lower", "upper"] {
                fields.refuse(key, "cannot stand beside square_root")
            }
            return .squareRoot(factor: fields.read("square_root", .multiple))
        }
        for key in ["scale", "factor"] where !fields.has(key) {
            problem(tree.position, "missing key '\(key)' in \(path)")
            return .none
        }
        return .linear(
            scale: fields.read("scale", .quantity(of: asset)),
            factor: fields.read("factor", .multiple), lower: fields.read("lower", .share),
            upper: fields.read("upper", .share))
    }

    /// A floor in money, of which the first may be a bare 0.
    static let floor = Kind<Money>(
        "an amount of money such as '$250k'", placeholder: .zero, repairs: [("$", "")]
    ) {
        $0 == "0" ? .value(.zero) : Kind<Money>.notNegative.parse($0)
    }

    /// Floors begin at zero and ascend.
    func checkFloor(_ floor: Int64, after last: Int64?, _ position: Position, _ path: String) {
        if let last, floor <= last {
            problem(position, "\(path): expected a row above the one before it")
        } else if last == nil, floor != 0 {
            problem(position, "\(path): expected the first row to begin at 0")
        }
    }

    // MARK: Liquidity

    private func liquidity(_ tree: Tree, _ path: String) -> Liquidity? {
        if tree.scalar == "none" {
            setting(path, "none")
            return nil
        }
        let fields = Fields(tree, path, Self.liquiditySection, self)
        guard tree.entries != nil else { return nil }
        let laws: [(word: String, value: ImpactLaw)] = [
            ("square_root", .squareRoot), ("linear", .linear),
            ("constant_product", .constantProduct),
        ]
        let law = fields.read("impact", Kind.choice(laws))
        var depth = Money(whole: 1)
        var move = Ratio(percent: 2)
        if law == .constantProduct {
            for key in ["depth", "move", "depth_2pct"] {
                fields.refuse(key, "has no meaning with constant_product: see 'reserve'")
            }
            depth = fields.read("reserve", .positive)
        } else if fields.has("depth_2pct") {
            fields.refuse("depth", "cannot stand beside depth_2pct")
            fields.refuse("move", "cannot stand beside depth_2pct")
            depth = fields.read("depth_2pct", .positive)
        } else if fields.has("depth") {
            depth = fields.read("depth", .positive)
            move = fields.read(
                "move",
                .ratio.limited("more than 0% and at most 95%") {
                    $0 > .zero && $0 <= Ratio(percent: 95)
                })
        } else {
            problem(tree.position, "missing key 'depth_2pct' in \(path): money")
        }
        if law != .constantProduct {
            fields.refuse("reserve", "has a meaning only with impact: constant_product")
        }
        return Liquidity(
            law: law, depth: depth, depthMove: move,
            permanentShare: fields.read("permanent", .share),
            recovery: fields.read("recovery", .duration),
            spread: fields.read(
                "spread", .ratio.limited("0% to less than 100%") { $0 >= .zero && $0 < .one }))
    }
}
