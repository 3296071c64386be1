import Agents
import ExactMath
import MarginProtocol
import OrderBook

extension ScenarioDecoder {
    /// The most steps that a script may come to, repetitions counted.
    private static var maximumSteps: Int { 100_000 }

    func scripts(_ fields: Fields) -> [Script] {
        guard let tree = fields.value("scripted"), tree.scalar != "none" else { return [] }
        return named(tree, fields.path("scripted"), of: "scripted agents").map { entry in
            let path = "\(fields.path("scripted")).\(entry.key)"
            return script(Fields(entry.value, path, Self.scriptSection, self), entry.key)
        }
    }

    private func script(_ fields: Fields, _ name: String) -> Script {
        var accounts = ["main"]
        if let tree = fields.value("accounts") {
            accounts = list(tree).compactMap { scalar($0, .name, nil) }
            setting(fields.path("accounts"), YAMLWriter.flow(tree))
            if accounts.isEmpty { fields.problem("accounts", "expected at least one account") }
            if Set(accounts).count < accounts.count {
                fields.problem("accounts", "two accounts have one name")
            }
        } else {
            setting(fields.path("accounts"), "[main]")
        }
        let funding = funds(fields)
        var steps: [Script.Step] = []
        if let tree = fields.value("steps") {
            guard let items = tree.items else {
                problem(
                    tree.position, "\(fields.path("steps")): expected a list, found \(tree.shown)")
                return Script(name: name, funding: funding, fee: fee(fields), steps: [])
            }
            for (index, item) in items.enumerated() {
                let own = Fields(
                    item, "\(fields.path("steps")).\(index)", Self.scriptStepSection, self)
                if let step = step(own, accounts) { steps.append(step) }
            }
            let total = steps.reduce(0) { $0 + repetitions($1) }
            if total > Self.maximumSteps {
                problem(
                    tree.position,
                    "\(fields.path("steps")): expected at most \(Self.maximumSteps) steps with their repetitions, found \(total)"
                )
            }
        }
        return Script(
            name: name, accounts: accounts, funding: funding, fee: fee(fields), steps: steps)
    }

    private func repetitions(_ step: Script.Step) -> Int {
        guard let every = step.every, step.until > step.at else { return 1 }
        return 1 + Int((step.until - step.at).milliseconds / every.milliseconds)
    }

    /// Money in the settlement asset, or amounts by asset; money there only of the settlement asset.
    private func funds(_ fields: Fields) -> [Holding] {
        guard let tree = fields.value("funding") else { return [] }
        if tree.entries == nil {
            return amounts(fields, "funding").map { Holding(asset: $0.asset, quantity: $0.amount) }
        }
        return portions(fields, "funding").compactMap { portion in
            switch portion.amount {
            case .quantity(let quantity):
                return Holding(asset: portion.asset, quantity: quantity)
            // One unit of the settlement asset is what prices count.
            case .worth(let money) where portion.asset == settlement:
                return Holding(asset: portion.asset, quantity: Quantity(raw: money.raw))
            case .worth, .all:
                fields.problem(
                    "funding",
                    "expected an amount of \(assetNames[portion.asset.index]): money is only the settlement asset"
                )
                return nil
            }
        }
    }

    // MARK: Steps

    private static let actionKeys = [
        "deposit", "withdraw", "borrow", "transfer", "trade", "place", "cancel", "close",
        "leverage", "margin_ratio", "add_liquidity", "remove_liquidity", "place_spot",
        "cancel_spot", "buy_outside", "sell_outside",
    ]

    private func step(_ fields: Fields, _ accounts: [String]) -> Script.Step? {
        guard fields.tree.entries != nil else { return nil }
        let time = fields.read("at", .moment(from: start))
        if fields.has("at"), time < start || time >= end {
            fields.problem("at", "expected a time of the run, \(start) to \(end), found \(time)")
        }
        let every = fields.readIfPresent("every", .positiveDuration)
        var until = time
        if every != nil {
            if fields.has("until") {
                until = fields.read("until", .moment(from: start))
                if until < time { fields.problem("until", "expected a time not before 'at'") }
            } else {
                problem(
                    fields.tree.position,
                    "missing key 'until' in \(fields.path): time, with 'every'")
            }
        } else {
            fields.refuse("until", "has a meaning only with 'every'")
        }
        var account = 0
        if fields.has("account"), let tree = fields.value("account") {
            account =
                index(of: tree, among: accounts, fields.path("account"), a: "an account") ?? 0
            setting(
                fields.path("account"), accounts.indices.contains(account) ? accounts[account] : "")
        }
        let written = Self.actionKeys.filter { fields.has($0) }
        guard written.count == 1, let key = written.first else {
            problem(
                fields.tree.position,
                "\(fields.path): expected one of \(Self.actionKeys.joined(separator: ", ")), found "
                    + (written.isEmpty ? "none" : written.joined(separator: " and ")))
            return nil
        }
        if key != "close" { fields.refuse("share", "has a meaning only with close") }
        return action(fields, key, accounts).map {
            Script.Step(at: time, every: every, until: until, account: account, action: $0)
        }
    }

    private func action(_ fields: Fields, _ key: String, _ accounts: [String]) -> Script.Action? {
        guard let tree = fields.value(key) else { return nil }
        let path = fields.path(key)
        switch key {
        case "deposit": return .deposit(portions(fields, key))
        case "withdraw", "borrow": return .withdraw(portions(fields, key))
        case "transfer":
            let own = Fields(tree, path, Self.scriptTransferSection, self)
            guard let name = own.value("to"),
                let to = index(of: name, among: accounts, path + ".to", a: "an account")
            else { return nil }
            setting(path + ".to", accounts[to])
            return .transfer(portions(own, "amounts"), to: to)
        case "trade":
            let own = Fields(tree, path, Self.scriptTradeSection, self)
            guard let market = market(own) else { return nil }
            return .trade(
                market, size: own.read("size", Self.size),
                limit: own.readIfPresent("limit", .price),
                reduceOnly: own.read("reduce_only", .yesOrNo))
        case "place": return order(Fields(tree, path, Self.scriptOrderSection, self))
        case "cancel": return .cancel(marketList(tree, path))
        case "close":
            return .close(marketList(tree, path), share: fields.read("share", .positiveShare))
        case "leverage":
            let own = Fields(tree, path, Self.scriptLeverageSection, self)
            guard let market = market(own) else { return nil }
            let times = own.readIfPresent(
                "times",
                Kind<Ratio>.multiple.limited("1 to 1000") {
                    $0 >= .one && $0 <= Ratio(whole: 1000)
                })
            return .leverage(market, times)
        case "margin_ratio": return .marginRatio(fields.read(key, .share))
        case "add_liquidity": return .addLiquidity(portions(fields, key))
        case "remove_liquidity":
            let own = Fields(tree, path, Self.scriptLiquiditySection, self)
            let asset = own.value("asset").flatMap {
                $0.scalar == "none"
                    ? nil : index(of: $0, among: assetNames, path + ".asset", a: "an asset")
            }
            if let asset { setting(path + ".asset", assetNames[asset]) }
            return .removeLiquidity(
                share: own.read("share", .positiveShare), asset: asset.map(AssetID.init(index:)))
        case "place_spot": return spotOrder(Fields(tree, path, Self.scriptSpotSection, self))
        case "cancel_spot": return .cancelSpot(spotMarketList(tree, path))
        default: return outside(tree, path, sells: key == "sell_outside")
        }
    }

    private func order(_ fields: Fields) -> Script.Action? {
        guard let market = market(fields) else { return nil }
        var order = request(fields)
        order.reduceOnly = fields.read("reduce_only", .yesOrNo)
        return .place(market, order)
    }

    private func spotOrder(_ fields: Fields) -> Script.Action? {
        guard let tree = fields.value("market"),
            let index = index(
                of: tree, among: spotMarketNames, fields.path("market"), a: "a spot market")
        else { return nil }
        setting(fields.path("market"), spotMarketNames[index])
        return .placeSpot(SpotMarketID(index: index), request(fields))
    }

    private func request(_ fields: Fields) -> OrderRequest {
        let size = fields.read("size", Self.size)
        let price = fields.readIfPresent("price", .price)
        let kinds: [(word: String, value: TimeInForce)] = [
            ("good_till_cancelled", .goodTillCancelled),
            ("immediate_or_cancel", .immediateOrCancel), ("post_only", .postOnly),
        ]
        let kind =
            fields.readIfPresent("kind", Kind.choice(kinds))
            ?? (price == nil ? .immediateOrCancel : .goodTillCancelled)
        if price == nil, kind != .immediateOrCancel {
            fields.problem("kind", "an order without a price is immediate_or_cancel")
        }
        return OrderRequest(
            side: size.isNegative ? .sell : .buy, size: size.magnitude, price: price,
            timeInForce: kind)
    }

    private func outside(_ tree: Tree, _ path: String, sells: Bool) -> Script.Action? {
        let own = Fields(tree, path, Self.scriptOutsideSection, self)
        guard let name = own.value("asset"),
            let asset = index(of: name, among: assetNames, path + ".asset", a: "an asset")
        else { return nil }
        setting(path + ".asset", assetNames[asset])
        if asset == settlement.index {
            own.problem("asset", "it is what everything is bought with")
        }
        guard own.has("quantity") != own.has("worth") else {
            problem(tree.position, "\(path): expected exactly one of quantity and worth")
            return nil
        }
        let amount: Script.Amount
        if own.has("worth") {
            amount = .worth(own.read("worth", .positive))
        } else {
            let quantity = own.read("quantity", Self.amount(of: assetNames[asset]))
            if case .worth = quantity {
                own.problem("quantity", "expected an amount, not money: that is 'worth'")
            }
            amount = quantity
        }
        return .tradeOutside(
            Script.Portion(asset: AssetID(index: asset), amount: amount), sells: sells)
    }

    // MARK: Parts

    private func market(_ fields: Fields) -> MarketID? {
        guard let tree = fields.value("market"),
            let index = index(
                of: tree, among: marketNames, fields.path("market"), a: "a market")
        else { return nil }
        setting(fields.path("market"), marketNames[index])
        return MarketID(index: index)
    }

    private func marketList(_ tree: Tree, _ path: String) -> [MarketID] {
        setting(path, YAMLWriter.flow(tree))
        if tree.scalar == "all" { return marketNames.indices.map { MarketID(index: $0) } }
        return list(tree).compactMap { item in
            index(of: item, among: marketNames, path, a: "a market").map { MarketID(index: $0) }
        }
    }

    private func spotMarketList(_ tree: Tree, _ path: String) -> [SpotMarketID] {
        setting(path, YAMLWriter.flow(tree))
        if tree.scalar == "all" {
            return spotMarketNames.indices.map { SpotMarketID(index: $0) }
        }
        return list(tree).compactMap { item in
            index(of: item, among: spotMarketNames, path, a: "a spot market").map {
                SpotMarketID(index: $0)
            }
        }
    }

    /// Amounts by asset.
    private func portions(_ fields: Fields, _ key: String) -> [Script.Portion] {
        guard let tree = fields.value(key) else { return [] }
        let path = fields.path(key)
        return named(tree, path, of: "amounts").compactMap { entry in
            guard
                let index = index(
                    of: entry.key, at: entry.position, among: assetNames, path, a: "an asset"),
                let amount = scalar(
                    entry.value, Self.amount(of: entry.key), path + "." + entry.key)
            else { return nil }
            return Script.Portion(asset: AssetID(index: index), amount: amount)
        }
    }

    /// `12.5 ETH`, `$5M` or `all`.
    private static func amount(of asset: String) -> Kind<Script.Amount> {
        Kind(
            "an amount such as '12.5 \(asset)', '$250k' or 'all'", placeholder: .all
        ) { text in
            if text == "all" { return .value(.all) }
            if text.hasPrefix("$") {
                switch Kind<Money>.positive.parse(text) {
                case .value(let money): return .value(.worth(money))
                case .mismatch: return .mismatch
                case .refused(let rule): return .refused(expected: rule)
                }
            }
            switch Kind<Quantity>.quantity(of: asset).parse(text) {
            case .value(let quantity) where quantity.isZero:
                return .refused(expected: "more than zero")
            case .value(let quantity): return .value(.quantity(quantity))
            case .mismatch: return .mismatch
            case .refused(let rule): return .refused(expected: rule)
            }
        }
    }

    /// `483M` or `-12.5`: with a sign, and not zero.
    private static let size = Kind<Quantity>(
        "a size such as '12.5' or '-483M'", placeholder: Quantity(whole: 1)
    ) { text in
        guard let number = NumberText(text), number.unit.isEmpty else { return .mismatch }
        return number.scaled(Quantity.self).map { .value($0) }
            ?? .refused(expected: "at most eight decimals and less than 92 billion")
    }.limited("a size that is not zero") { !$0.isZero }
}
