import ExactMath
import MarginProtocol
import OrderBook

/// Turns an account file's tree into an account.
///
/// The rules come from the scenario decoder: what the file names of assets and markets becomes the smallest
/// scenario that has them, so that a preset means the same in both.
struct AccountReader {
    let tree: Tree
    let problems: ProblemList
    let protocolName: String?

    init(_ tree: Tree, _ problems: ProblemList, _ protocolName: String?) {
        self.tree = tree
        self.problems = problems
        self.protocolName = protocolName
    }

    func file() throws(ScenarioProblems) -> AccountFile {
        let blank = ScenarioDecoder(tree, problems)
        let fields = Fields(tree, "", AccountFile.section, blank)
        let account =
            fields.value("account") ?? Tree(content: .mapping([]), position: tree.position)
        let accountFields = Fields(account, "account", AccountFile.accountSection, blank)
        let prices = fields.value("prices")
        let written = positions(accountFields)
        let resting = orders(accountFields)
        let named = preset(fields)
        let listed = Self.byAsset(
            prices.map { blank.named($0, "prices", of: "prices") } ?? [],
            known: knownAssets(named, account))
        guard problems.isEmpty else { throw ScenarioProblems(problems.sorted) }
        let scenario = rules(named, fields, listed, account, written + resting)
        let decoder = ScenarioDecoder(scenario, problems)
        let law = decoder.rules()
        guard problems.isEmpty else { throw ScenarioProblems(problems.sorted) }
        let faults = ClearingHouse.problems(in: law.parameters)
        for fault in faults { problems.add(tree.position, fault) }
        guard problems.isEmpty else { throw ScenarioProblems(problems.sorted) }
        var file = AccountFile(
            name: named.scalar ?? "", parameters: law.parameters,
            prices: [], halfSpreads: [], time: fields.read("time", .timestamp),
            balances: balances(accountFields, decoder), positions: [], category: nil,
            surroundings: surroundings(fields, decoder), insuranceFund: law.insuranceFund,
            backstopFunds: law.backstopFunds)
        for (price, half) in feedPrices(listed, decoder, leavingOut: leftOut(law, file)) {
            file.prices.append(price)
            file.halfSpreads.append(half)
        }
        file.category = category(accountFields, law.parameters)
        if law.parameters.hasAccountMarginRatio {
            file.marginRatio = accountFields.readIfPresent("margin_ratio", .share)
        } else {
            accountFields.refuse(
                "margin_ratio", "has a meaning only with protocol.account_margin_ratio")
        }
        file.positions = written.compactMap {
            position($0, accountFields, decoder, law, file.prices, alone: written.count == 1)
        }
        file.orders = resting.compactMap { order($0, decoder) }
        file.spotOrders = spotOrders(accountFields, decoder, law.parameters)
        guard problems.isEmpty else { throw ScenarioProblems(problems.sorted) }
        return file
    }

    private func preset(_ fields: Fields) -> Tree {
        if let protocolName { return .text(protocolName, at: tree.position) }
        return fields.value("protocol") ?? .text("", at: tree.position)
    }

    // MARK: What the account holds

    private func positions(_ fields: Fields) -> [(market: Tree, body: Tree)] {
        guard let tree = fields.value("positions"), tree.scalar != "none" else { return [] }
        if let items = tree.items {
            return items.compactMap { item in
                guard let market = item["market"], market.scalar != nil else {
                    fields.decoder.problem(
                        item.position, "account.positions: expected a position with its market")
                    return nil
                }
                return (market, item)
            }
        }
        return fields.decoder.named(tree, "account.positions", of: "positions").map {
            (.text($0.key, at: $0.position), $0.value)
        }
    }

    private func orders(_ fields: Fields) -> [(market: Tree, body: Tree)] {
        guard let tree = fields.value("orders"), tree.scalar != "none" else { return [] }
        return fields.decoder.list(tree).compactMap { item in
            guard let market = item["market"], market.scalar != nil else {
                fields.decoder.problem(
                    item.position, "account.orders: expected an order with its market")
                return nil
            }
            return (market, item)
        }
    }

    private func order(_ written: (market: Tree, body: Tree), _ decoder: ScenarioDecoder)
        -> AccountFile.RestingOrder?
    {
        guard let name = written.market.scalar,
            let index = decoder.marketNames.firstIndex(of: name)
        else { return nil }
        let fields = Fields(written.body, "account.orders", AccountFile.orderSection, decoder)
        _ = fields.read("market", .name)
        let terms = decoder.markets[index]
        let unit = terms.contract == .inverse ? "USD" : decoder.assetNames[terms.feed.index]
        return AccountFile.RestingOrder(
            market: MarketID(index: index),
            side: fields.read("side", Kind.choice([("buy", Side.buy), ("sell", .sell)])),
            size: fields.read(
                "size",
                Kind<Quantity>.quantity(of: unit).limited("more than zero") { $0.isPositive }),
            price: fields.read(
                "price", Kind<Price>.average.limited("a price above $0") { $0.isPositive }),
            reduceOnly: fields.read("reduce_only", .yesOrNo))
    }

    /// Which assets may be without a price: those that margin can do without, which are neither owed nor a market's.
    private func leftOut(_ law: DecodedRules, _ file: AccountFile) -> [Bool] {
        law.parameters.assets.indices.map { asset in
            law.parameters.missingPrices == .leaveOutAssets
                && !file.balances.contains { $0.asset.index == asset && $0.amount.isNegative }
                && !law.parameters.markets.contains { $0.feed.index == asset }
                && (asset != law.parameters.settlementAsset.index || law.parameters.markets.isEmpty)
        }
    }

    /// The price of each feed, and half of its spread; zero for one that is left out.
    private func feedPrices(
        _ listed: [Tree.Entry], _ decoder: ScenarioDecoder, leavingOut: [Bool]
    ) -> [(price: Price, half: Price)] {
        let kind = Kind<Price>.average.limited("a price above $0") { $0.isPositive }
        return decoder.assetNames.enumerated().map { index, name in
            let entry = listed.first { $0.key == name }
            let isLeftOut = leavingOut.indices.contains(index) && leavingOut[index]
            if isLeftOut, entry?.value.scalar == "none" { return (.zero, .zero) }
            guard let entry else {
                if index == decoder.settlement.index { return (Price(whole: 1), .zero) }
                if isLeftOut { return (.zero, .zero) }
                problems.add(
                    tree["prices"]?.position ?? tree.position, "prices: no price for \(name)")
                return (Price(whole: 1), .zero)
            }
            let path = "prices.\(name)"
            guard entry.value.entries != nil else {
                return (decoder.scalar(entry.value, kind, path) ?? Price(whole: 1), .zero)
            }
            let own = Fields(entry.value, path, AccountFile.priceRangeSection, decoder)
            let low = own.read("min", kind)
            let high = own.read("max", kind)
            guard decoder.spreadReductions[index] != nil else {
                problems.add(
                    entry.position, "\(path): the protocol takes one price for all",
                    hint: "assets.\(name).spread_reduction makes it two")
                return (Price(whole: 1), .zero)
            }
            guard low <= high, high.raw - low.raw < low.raw else {
                own.problem("max", "expected at least the lower bound, and less than twice it")
                return (Price(whole: 1), .zero)
            }
            // Of an odd spread the lower bound is a unit lower.
            let half = Price(raw: (high.raw - low.raw + 1) / 2)
            return (high - half, half)
        }
    }

    private func balances(_ fields: Fields, _ decoder: ScenarioDecoder)
        -> [(asset: AssetID, amount: Quantity)]
    {
        guard let tree = fields.value("balances"), tree.scalar != "none" else { return [] }
        return decoder.named(tree, "account.balances", of: "balances").compactMap { entry in
            guard
                let index = decoder.assetNames.firstIndex(of: entry.key),
                let amount = decoder.scalar(
                    entry.value, .held(of: entry.key), "account.balances.\(entry.key)")
            else { return nil }
            return (AssetID(index: index), amount)
        }
    }

    private func category(_ fields: Fields, _ parameters: ProtocolParameters) -> Int? {
        guard let tree = fields.value("category"), tree.scalar != "none" else { return nil }
        let names = parameters.categories.map(\.name)
        return fields.decoder.index(of: tree, among: names, "account.category", a: "a category")
    }

    private func position(
        _ written: (market: Tree, body: Tree), _ account: Fields, _ decoder: ScenarioDecoder,
        _ law: DecodedRules, _ prices: [Price], alone: Bool
    ) -> AccountFile.Position? {
        guard let name = written.market.scalar,
            let index = decoder.marketNames.firstIndex(of: name)
        else { return nil }
        let fields = Fields(
            written.body, "account.positions.\(name)", AccountFile.positionSection, decoder)
        let terms = law.parameters.markets[index]
        let underlying = decoder.assetNames[terms.feed.index]
        let unit = terms.contract == .inverse ? "USD" : underlying
        var size = fields.read("size", .held(of: unit))
        if fields.has("side") {
            let isShort = fields.read("side", Kind.choice([("long", false), ("short", true)]))
            if size.isNegative {
                fields.problem("side", "expected a size without a sign beside it")
            }
            if isShort { size = -size }
        }
        let settlement = decoder.assetNames[decoder.settlement.index]
        let quote = fields.readIfPresent("quote", .held(of: settlement))
        if quote != nil {
            fields.refuse("entry", "the quote says what the position has cost")
            if terms.contract == .inverse {
                fields.problem("quote", "an inverse contract has an entry price")
            }
            if size.isZero, law.parameters.resultSettlement == nil {
                fields.problem("quote", "closing pays results here: see protocol.result_settlement")
            }
        }
        let allowance = fields.readIfPresent(
            "settle_allowance", .quantity(of: settlement))
        if allowance != nil {
            guard case .allowance? = law.parameters.resultSettlement?.limit else {
                fields.problem("settle_allowance", "has a meaning only with limit: allowance")
                return nil
            }
        }
        let entry =
            quote != nil
            ? Price.zero
            : fields.readIfPresent("entry", .average)
                ?? (law.missingEntryIsZero ? .zero : prices[terms.feed.index])
        if entry.isZero, terms.contract == .inverse {
            fields.problem("entry", "an inverse contract has an entry price above zero")
        }
        let modes: [(word: String, value: Bool)] = [("cross", false), ("isolated", true)]
        let isIsolated =
            fields.has("mode")
            ? fields.read("mode", Kind.choice(modes)) : account.read("mode", Kind.choice(modes))
        let leverages = Kind<Ratio>.multiple.limited("1 or more") { $0 >= .one }
        let leverage =
            fields.readIfPresent("leverage", leverages)
            ?? account.readIfPresent("leverage", leverages)
        var margin: Quantity?
        if isIsolated {
            margin = fields.readIfPresent("margin", .held(of: settlement))
            if margin == nil, let leverage {
                margin = entryValue(size, entry, terms.contract).flatMap {
                    try? Quantity(raw: $0).scaled(by: scaleE8, over: leverage.raw, rounding: .up)
                }
            }
            // A single isolated position of an account has what the account has.
            if margin == nil, !alone {
                fields.problem("mode", "an isolated position needs a margin or a leverage")
            }
        } else if fields.has("margin") {
            fields.problem("margin", "has a meaning only in isolated mode")
        }
        let pending = fields.readIfPresent("pending_impact", .held(of: underlying))
        if pending != nil, terms.pool?.terms?.impactPool == nil {
            fields.problem("pending_impact", "the market's pool keeps no impact apart")
        }
        return AccountFile.Position(
            market: MarketID(index: index), size: size, entry: entry, quote: quote,
            settleAllowance: allowance, leverage: leverage,
            isolatedMargin: isIsolated ? margin ?? .zero : nil, pendingImpact: pending)
    }

    private func entryValue(_ size: Quantity, _ entry: Price, _ contract: ContractKind) -> Int64? {
        contract == .inverse
            ? try? multiply(size.magnitude.raw, scaleE8, dividingBy: entry.raw, rounding: .up)
            : (try? size.magnitude.value(at: entry, rounding: .up))?.raw
    }
}
