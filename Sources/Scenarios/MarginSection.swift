import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    /// A market's margin schedule with all that may stand beside its rates.
    func margin(_ fields: Fields, _ asset: String, _ contract: ContractKind) -> MarginSchedule {
        let bases: [(word: String, value: MarginSchedule.Basis)] = [
            ("notional", .notional), ("size", .size), ("entry", .entry),
        ]
        let forms: [(word: String, value: MarginSchedule.Form)] = [
            ("marginal", .marginal), ("whole", .whole),
        ]
        let basis = fields.read("bracket_by", Kind.choice(bases))
        // A linear contract's value is money; anything else is an amount of an asset.
        let unit: String? =
            basis == .size
            ? (contract == .inverse ? "USD" : asset)
            : contract == .inverse ? assetNames[settlement.index] : nil
        let floor =
            unit.map { unit in
                Kind<Quantity>.quantity(of: unit).map(Money.zero) { Money(raw: $0.raw) }
            }
            ?? Self.floor
        var schedule: MarginSchedule
        if tree["protocol"]?["stress"].map({ !$0.isNull && $0.scalar != "none" }) == true {
            // The account's margin is the stress; of the market's own keys the fee alone has a meaning.
            for key in Self.scheduleKeys { fields.refuse(key, "cannot stand beside stress") }
            schedule = .flat(initial: .one, maintenance: .one)
            schedule.closingFee = closingFee(fields)
            return schedule
        }
        if let tree = fields.value("risk_limit") {
            for key in ["brackets", "initial_margin", "maintenance_margin"] {
                fields.refuse(key, "cannot stand beside risk_limit")
            }
            schedule = riskLimit(tree, fields.path("risk_limit"), floor)
        } else {
            schedule = margin(fields, floor: floor)
            schedule.initialForm = fields.read("initial_form", Kind.choice(forms))
            schedule.maintenanceForm = fields.read("maintenance_form", Kind.choice(forms))
        }
        schedule.basis = basis
        schedule.edge = fields.read("edge", Kind.choice([("lower", .lower), ("upper", .upper)]))
        schedule.valuedAt = fields.read(
            "valued_at",
            Kind.choice([
                ("mark", .mark), ("entry", .entry), ("entry_when_isolated", .entryWhenIsolated),
            ]))
        if let tree = fields.value("size_premium") {
            schedule.sizePremium = sizePremium(tree, fields.path("size_premium"), asset)
        }
        if let tree = fields.value("open_interest_scaling"), tree.scalar != "none" {
            schedule.openInterestScaling = scaling(tree, fields.path("open_interest_scaling"))
        }
        schedule.fixed = fields.read("fixed_margin", .notNegative)
        schedule.minimum = fields.read("minimum_margin", .notNegative)
        schedule.closingFee = closingFee(fields)
        return schedule
    }

    /// Keys of a market that say what its margin is.
    private static let scheduleKeys = [
        "initial_margin", "maintenance_margin", "brackets", "bracket_by", "initial_form",
        "maintenance_form", "edge", "valued_at", "risk_limit", "size_premium",
        "open_interest_scaling", "fixed_margin", "minimum_margin",
    ]

    private func closingFee(_ fields: Fields) -> MarginSchedule.ClosingFee {
        let rate = fields.read("closing_fee", .share)
        let kinds: [(word: String, value: MarginKind?)] = [
            ("both", nil), ("initial", .initial), ("maintenance", .maintenance),
        ]
        return MarginSchedule.ClosingFee(
            rate: rate,
            price: fields.read(
                "closing_fee_at", Kind.choice([("mark", .mark), ("bankruptcy", .bankruptcy)])),
            kind: fields.read("closing_fee_in", Kind.choice(kinds)))
    }

    /// A margin rate: a percentage, or `1/75` where a venue publishes the leverage.
    private func marginRate(_ tree: Tree) -> (rate: Ratio, leverage: Ratio?)? {
        guard let text = tree.scalar, text.hasPrefix("1/") else {
            return scalar(tree, .positiveShare, nil).map { ($0, nil) }
        }
        let leverage = Tree.text(String(text.dropFirst(2)), at: tree.position)
        return scalar(
            leverage, .multiple.limited("1 to 1000") { $0 >= .one && $0 <= Ratio(whole: 1000) }, nil
        ).map { (Ratio(raw: (scaleE8 * scaleE8 + $0.raw - 1) / $0.raw), $0) }
    }

    private func riskLimit(_ tree: Tree, _ path: String, _ amount: Kind<Money>) -> MarginSchedule {
        let fields = Fields(tree, path, Self.riskLimitSection, self)
        let positive = amount.limited("more than zero") { $0.isPositive }
        let base = fields.read("base", positive)
        let step = fields.read("step", positive)
        let initial = fields.read("initial", .positiveShare)
        let maintenance = fields.read("maintenance", .positiveShare)
        let increment = fields.read("increment", .share)
        let steps = fields.read("steps", .count(0...200))
        var brackets: [MarginSchedule.Bracket] = []
        for index in 0...max(0, steps) {
            let floor = index == 0 ? Money.zero : base + Money(raw: step.raw * Int64(index - 1))
            let extra = Ratio(raw: increment.raw * Int64(index))
            brackets.append(
                .init(
                    floor: floor, initialRate: min(.one, initial + extra),
                    maintenanceRate: min(.one, maintenance + extra)))
        }
        return MarginSchedule(brackets: brackets, initialForm: .whole, maintenanceForm: .whole)
    }

    private func sizePremium(_ tree: Tree, _ path: String, _ asset: String)
        -> MarginSchedule.SizePremium
    {
        let fields = Fields(tree, path, Self.sizePremiumSection, self)
        guard tree.entries != nil else { return .none }
        if fields.has("square_root") {
            for key in ["scale", "fraction", "maintenance_share"] {
                fields.refuse(key, "cannot stand beside square_root")
            }
            return .squareRoot(factor: fields.read("square_root", .multiple))
        }
        for key in ["scale", "fraction", "maintenance_share"] where !fields.has(key) {
            problem(tree.position, "missing key '\(key)' in \(path)")
            return .none
        }
        return .linear(
            scale: fields.read("scale", .quantity(of: asset)),
            fraction: fields.read("fraction", .multiple),
            maintenanceShare: fields.read("maintenance_share", .share))
    }

    private func scaling(_ tree: Tree, _ path: String) -> MarginSchedule.OpenInterestScaling? {
        guard let items = tree.items, items.count == 2,
            let lower = scalar(items[0], .notNegative, nil),
            let upper = scalar(items[1], .positive, nil)
        else {
            if tree.items?.count != 2 {
                problem(tree.position, "\(path): expected two amounts of money [from, to]")
            }
            return nil
        }
        if lower >= upper { problem(tree.position, "\(path): expected the second above the first") }
        setting(path, YAMLWriter.flow(tree))
        return .init(lower: lower, upper: upper)
    }

    /// A margin schedule as a market or a change of parameters writes it.
    ///
    /// - Parameter floor: how a bracket's floor is written.
    func margin(_ fields: Fields, floor: Kind<Money> = ScenarioDecoder.floor) -> MarginSchedule {
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
            guard let floor = scalar(row.cells[0], floor, nil),
                let (initial, initialLeverage) = marginRate(row.cells[1]),
                let (maintenance, maintenanceLeverage) = marginRate(row.cells[2])
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
                .init(
                    floor: floor, initialRate: initial, maintenanceRate: maintenance,
                    initialLeverage: initialLeverage, maintenanceLeverage: maintenanceLeverage))
        }
        setting(path, YAMLWriter.flow(list))
        return brackets.isEmpty ? flat : MarginSchedule(brackets: brackets)
    }
}
