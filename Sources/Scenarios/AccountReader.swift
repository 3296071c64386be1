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

    // MARK: The rules

    private func rules(
        _ named: Tree, _ fields: Fields, _ prices: [Tree.Entry], _ account: Tree,
        _ positions: [(market: Tree, body: Tree)]
    ) -> Tree {
        let place = tree.position
        func map(_ entries: [Tree.Entry]) -> Tree {
            Tree(content: .mapping(entries), position: place)
        }
        func entry(_ key: String, _ value: Tree) -> Tree.Entry {
            Tree.Entry(key: key, position: place, value: value)
        }
        let settlement =
            tree["parameters"]?["protocol"]?["settlement"]?.scalar
            ?? named.scalar.flatMap { Preset.named($0)?.settlement(problems) }
        var names: [String] = settlement.map { [$0] } ?? []
        names += prices.map(\.key)
        names += account["balances"]?.entries?.map(\.key) ?? []
        let priced = names
        func asset(of market: String) -> String { Self.asset(of: market, among: priced) }
        names += positions.map { asset(of: $0.market.scalar ?? "") }
        var assets: [Tree.Entry] = []
        for name in names where !assets.contains(where: { $0.key == name }) {
            assets.append(entry(name, map([entry("price", .text("1", at: place))])))
        }
        var markets: [Tree.Entry] = []
        for position in positions {
            let name = position.market.scalar ?? ""
            guard !markets.contains(where: { $0.key == name }) else { continue }
            markets.append(
                entry(
                    name,
                    map([
                        entry("underlying", .text(asset(of: name), at: position.market.position))
                    ])))
        }
        var result = map([
            entry("assets", map(assets)), entry("markets", map(markets)),
            entry("protocol", map([entry("preset", named)])),
        ])
        if let parameters = fields.value("parameters") {
            var own = parameters
            // A market is called by its asset, too.
            if let written = parameters["markets"]?.entries {
                let renamed = written.map { change in
                    let name =
                        markets.first {
                            $0.key == change.key || asset(of: $0.key) == change.key
                        }
                    return Tree.Entry(
                        key: name?.key ?? change.key, position: change.position, value: change.value
                    )
                }
                own = own.replacing(
                    entry(
                        "markets",
                        map(
                            renamed.filter { change in
                                markets.contains { $0.key == change.key }
                            })), under: "")
            }
            for key in own.entries ?? [] where !["assets", "markets", "protocol"].contains(key.key)
            {
                problems.add(
                    key.position, "unknown key '\(key.key)' in parameters",
                    hint: Nearest.hint(key.key, among: ["assets", "markets", "protocol"])
                        ?? "known keys: assets, markets, protocol")
            }
            result = Preset.expanded(result, problems).overlaid(with: own)
        } else {
            result = Preset.expanded(result, problems)
        }
        return result
    }

    /// What the preset and the account's balances call assets and markets.
    private func knownAssets(_ named: Tree, _ account: Tree) -> [String] {
        let preset = named.scalar.flatMap { Preset.named($0)?.tree(problems) }
        let trees = [preset?["assets"], preset?["markets"], account["balances"]]
        return trees.flatMap { $0?.entries?.map(\.key) ?? [] }
    }

    /// Prices under the names of their assets, where the venue's name of a pair was written: `BTC` for `BTCUSDT`.
    private static func byAsset(_ prices: [Tree.Entry], known: [String]) -> [Tree.Entry] {
        prices.map { price in
            let asset = asset(of: price.key, among: known)
            guard known.contains(asset), !prices.contains(where: { $0.key == asset }) else {
                return price
            }
            return Tree.Entry(key: asset, position: price.position, value: price.value)
        }
    }

    /// `BTC` of `BTC-PERP`, `BTC-USDT-SWAP` and, where it is one of the assets, of `BTCUSDT`.
    static func asset(of market: String, among assets: [String]) -> String {
        let name = String(market.prefix { $0 != "-" })
        guard !assets.contains(name) else { return name }
        let ends = ["USDT", "USDC", "USD", "PERP"].filter { name.hasSuffix($0) }
        return ends.map { String(name.dropLast($0.count)) }.first { assets.contains($0) } ?? name
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

    private static let poolStateKeys = [
        "long_open_interest", "short_open_interest", "pool", "impact_pool",
    ]

    private static let bookKeys = [
        "bids", "asks", "last_trade", "average_basis", "average_book_price", "funding_rate",
    ]

    /// What is said of a market's book; nil where nothing is.
    private func book(_ own: Fields, unit: String, _ decoder: ScenarioDecoder)
        -> AccountFile.BookState?
    {
        guard Self.bookKeys.contains(where: { own.has($0) }) else { return nil }
        let positive = Kind<Price>.average.limited("a price above $0") { $0.isPositive }
        var state = AccountFile.BookState()
        func levels(_ key: String) -> [AccountFile.BookState.Level] {
            guard let tree = own.value(key) else { return [] }
            let path = own.path(key)
            return decoder.rows(tree, path, columns: "price, amount", count: 2...2).compactMap {
                guard let price = decoder.scalar($0.cells[0], positive, nil),
                    let size = decoder.scalar(
                        $0.cells[1],
                        .quantity(of: unit).limited("more than zero") { $0.isPositive }, nil)
                else { return nil }
                return AccountFile.BookState.Level(price: price, size: size)
            }
        }
        state.bids = levels("bids")
        state.asks = levels("asks")
        if let bid = state.bids.map(\.price).max(), let ask = state.asks.map(\.price).min(),
            bid >= ask
        {
            own.problem("asks", "expected all of them above the bids")
            state.asks = []
        }
        state.lastTrade = own.readIfPresent("last_trade", positive)
        state.averageBasis = own.readIfPresent(
            "average_basis",
            Kind<Fixed18>.number.map(Price.zero) {
                (try? $0.rounded(to: Price.self, .nearest)) ?? .zero
            })
        state.averageBookPrice = own.readIfPresent("average_book_price", positive)
        state.fundingRate = own.readIfPresent(
            "funding_rate", .ratio.limited("-100% to 100%") { $0 >= -.one && $0 <= .one })
        return state
    }

    /// What backs both sides alike, or each of them.
    private func poolBacking(_ own: Fields, _ decoder: ScenarioDecoder)
        -> AccountFile.PoolBacking?
    {
        let kind = Kind<Price>.average.map(Money.zero) { Money(raw: $0.raw) }
            .limited("$0 or more") { !$0.isNegative }
        guard let items = own.value("pool")?.items else {
            return own.readIfPresent("pool", kind).map {
                AccountFile.PoolBacking(long: $0, short: $0)
            }
        }
        guard items.count == 2, let long = decoder.scalar(items[0], kind, nil),
            let short = decoder.scalar(items[1], kind, nil)
        else {
            if items.count != 2 { own.problem("pool", "expected two [of longs, of shorts]") }
            return nil
        }
        return AccountFile.PoolBacking(long: long, short: short)
    }

    private static let fundingStateKeys = ["saved_rate", "fees_collected", "fees_left"]

    /// What a market's funding remembers.
    private func fundingState(
        _ own: Fields, _ funding: FundingPolicy, _ market: Int,
        _ result: inout AccountFile.Surroundings
    ) {
        let bounded = Kind<Fixed18>.number.limited("a rate between -1000000 and 1000000") {
            $0 >= -Fixed18(whole: 1_000_000) && $0 <= Fixed18(whole: 1_000_000)
        }
        switch funding {
        case .pool: result.savedRates[market] = own.readIfPresent("saved_rate", bounded)
        case .velocity:
            result.savedRates[market] = own.readIfPresent(
                "saved_rate",
                Kind<Fixed18>.number.limited("a rate between -100 and 100") {
                    $0 >= -Fixed18(whole: 100) && $0 <= Fixed18(whole: 100)
                })
        default: own.refuse("saved_rate", "the market's funding remembers no rate")
        }
        guard case .spread = funding else {
            for key in ["fees_collected", "fees_left"] {
                own.refuse(key, "the pool's fees take no part in the market's funding")
            }
            return
        }
        let fees = Kind<Money>.money.limited("$0 to $1B") {
            $0 >= .zero && $0 <= Money(whole: 1_000_000_000)
        }
        result.feesCollected[market] = own.readIfPresent("fees_collected", fees)
        result.feesLeft[market] = own.readIfPresent("fees_left", fees)
    }

    private func surroundings(_ fields: Fields, _ decoder: ScenarioDecoder)
        -> AccountFile.Surroundings
    {
        var result = AccountFile.Surroundings(
            openInterest: Array(repeating: nil, count: decoder.marketNames.count),
            longOpenInterest: Array(repeating: nil, count: decoder.marketNames.count),
            shortOpenInterest: Array(repeating: nil, count: decoder.marketNames.count),
            pool: Array(repeating: nil, count: decoder.marketNames.count),
            impactPool: Array(repeating: nil, count: decoder.marketNames.count),
            books: Array(repeating: nil, count: decoder.marketNames.count),
            savedRates: Array(repeating: nil, count: decoder.marketNames.count),
            feesCollected: Array(repeating: nil, count: decoder.marketNames.count),
            feesLeft: Array(repeating: nil, count: decoder.marketNames.count),
            deposits: Array(repeating: nil, count: decoder.assetNames.count),
            debts: Array(repeating: nil, count: decoder.assetNames.count),
            badDebts: Array(repeating: nil, count: decoder.assetNames.count),
            slowPrices: Array(repeating: nil, count: decoder.assetNames.count))
        guard let tree = fields.value("market"), tree.scalar != "none" else { return result }
        for entry in decoder.named(tree, "market", of: "markets and assets") {
            let own = Fields(
                entry.value, "market.\(entry.key)", AccountFile.marketStateSection, decoder)
            let asset = Self.asset(of: entry.key, among: decoder.assetNames)
            if let index = decoder.marketNames.firstIndex(where: {
                $0 == entry.key || Self.asset(of: $0, among: decoder.assetNames) == entry.key
            }) {
                let isInverse = decoder.markets[index].contract == .inverse
                result.books[index] = book(own, unit: isInverse ? "USD" : asset, decoder)
                fundingState(own, decoder.markets[index].funding, index, &result)
                result.openInterest[index] = own.readIfPresent(
                    "open_interest", .quantity(of: isInverse ? "USD" : asset))
                var hasSides = decoder.markets[index].pool?.terms != nil
                if case .spread = decoder.markets[index].funding {
                    hasSides = true
                    own.refuse("pool", "the market's pool has no terms")
                }
                if hasSides {
                    result.longOpenInterest[index] = own.readIfPresent(
                        "long_open_interest", .quantity(of: asset))
                    result.shortOpenInterest[index] = own.readIfPresent(
                        "short_open_interest", .quantity(of: asset))
                    result.pool[index] = poolBacking(own, decoder)
                    result.impactPool[index] = own.readIfPresent(
                        "impact_pool", .quantity(of: asset))
                    if decoder.markets[index].pool?.terms?.impactPool == nil {
                        own.refuse("impact_pool", "the market's pool keeps no impact apart")
                    }
                    if decoder.markets[index].pool?.terms != nil {
                        own.refuse("open_interest", "each side of this market has its own")
                    }
                } else {
                    for key in Self.poolStateKeys {
                        own.refuse(key, "the market's pool has no terms")
                    }
                }
            } else {
                let keys = Self.poolStateKeys + Self.bookKeys + Self.fundingStateKeys
                for key in ["open_interest"] + keys {
                    own.refuse(key, "there is no market of this name")
                }
            }
            if let index = decoder.assetNames.firstIndex(of: entry.key) {
                result.deposits[index] = own.readIfPresent("deposits", .quantity(of: entry.key))
                result.debts[index] = own.readIfPresent("debts", .quantity(of: entry.key))
                result.badDebts[index] = own.readIfPresent("bad_debt", .quantity(of: entry.key))
                result.slowPrices[index] = own.readIfPresent(
                    "slow_price",
                    Kind<Price>.average.limited("a price above $0") { $0.isPositive })
            } else {
                for key in ["deposits", "debts", "bad_debt", "slow_price"] {
                    own.refuse(key, "there is no asset of this name")
                }
            }
        }
        return result
    }
}

/// What an account file needs of a tree of rules.
struct DecodedRules {
    var parameters: ProtocolParameters
    var insuranceFund: [(asset: AssetID, amount: Quantity)]
    var backstopFunds: [(asset: AssetID, amount: Quantity)]
    var missingEntryIsZero: Bool
}

extension ScenarioDecoder {
    /// The law alone of a tree that has no more than assets, markets and a protocol.
    func rules() -> DecodedRules {
        isWhole = false
        let fields = Fields(tree, "", Self.section, self)
        decodeAssets(fields)
        decodeMarkets(fields)
        let law = self.law(fields)
        var parameters = ProtocolParameters(
            assets: assets, categories: law.categories, markets: markets,
            feeds: bounded(assetNames.map { FeedParameters(name: $0, reporters: [.system]) }),
            settlementAsset: settlement, staleBlocks: [], liquidation: law.liquidation,
            lossWaterfall: law.losses, deleveraging: law.deleveraging, backstop: law.backstop,
            storefront: law.storefront, stress: law.stress, marginRatio: law.marginRatio,
            auctions: law.auctions)
        parameters.positionResults = law.positionResults
        parameters.reductions = law.reductions
        parameters.hasAccountMarginRatio = law.hasAccountMarginRatio
        parameters.staleMargin = law.guards.staleMargin
        parameters.missingPrices = law.guards.missingPrices
        parameters.resultSettlement = law.resultSettlement
        parameters.slowPrice = law.slowPrice
        parameters.openOrders = law.openOrders
        parameters.keeper = law.keeper
        parameters.windingUp = law.windingUp
        parameters.poolShares = law.poolShares
        parameters.spotMarkets = law.spotMarkets
        parameters.countsSpotOrders = law.countsSpotOrders
        return DecodedRules(
            parameters: parameters, insuranceFund: law.insuranceFund,
            backstopFunds: law.backstopFunds,
            missingEntryIsZero: law.missingEntryIsZero)
    }
}

extension Preset {
    /// The asset that the preset's profits are paid in; nil where it names none.
    func settlement(_ problems: ProblemList) -> String? {
        tree(problems)?["protocol"]?["settlement"]?.scalar
    }

    func tree(_ problems: ProblemList) -> Tree? {
        let source = problems.source(named: "preset \(name)")
        return YAMLReader(problems: problems, source: source).tree(of: text)
    }
}
