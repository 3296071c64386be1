import ExactMath
import MarginProtocol
import OrderBook

/// What an account file says of what is around the account: books, pools, funding, and what everybody has.
extension AccountReader {
    private static let bookKeys = [
        "bids", "asks", "last_trade", "average_basis", "average_book_price", "funding_rate",
    ]

    /// What is said of a market's book; nil where nothing is.
    func book(_ own: Fields, unit: String, _ decoder: ScenarioDecoder)
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
    func poolBacking(_ own: Fields, _ decoder: ScenarioDecoder)
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
    func fundingState(
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

    func surroundings(_ fields: Fields, _ decoder: ScenarioDecoder)
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

    private static let poolStateKeys = [
        "long_open_interest", "short_open_interest", "pool", "impact_pool",
    ]
}
