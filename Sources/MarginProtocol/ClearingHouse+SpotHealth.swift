public import ExactMath
import MarginRules

/// What open spot orders count.
extension ClearingHouse {
    /// What all accounts' open orders have set aside of an asset. [1e-8 units]
    public func spotReserved(_ asset: AssetID) -> Quantity {
        guard let escrow = spot.escrow else { return .zero }
        return Quantity(raw: balances[escrow.index * assetCount + asset.index])
    }

    /// What all open orders together may bring of an asset, or give back. [1e-8 units]
    func potential(_ asset: AssetID) -> Int128 {
        parameters.countsSpotOrders && !spot.potential.isEmpty
            ? spot.potential[asset.index] : 0
    }

    /// The same with what all margin accounts hold. [1e-8 units]
    func potentialDeposits(_ asset: AssetID) -> Int128 {
        Int128(deposited(asset).raw) + potential(asset)
    }

    /// What scales an asset's weight: what all margin accounts hold, and where the protocol says so what open orders may bring.
    /// [1e-8 USD]
    ///
    /// More than there can be a price for leaves no weight worth speaking of, as the largest sum does.
    func scalingDeposits(_ asset: AssetID, at price: Price) throws(ArithmeticOverflow) -> Money {
        guard potential(asset) != 0 else {
            return try deposited(asset).value(at: price, rounding: .up)
        }
        let all = Quantity(raw: Int64(clamping: potentialDeposits(asset)))
        return (try? all.value(at: price, rounding: .up)) ?? Money(raw: .max)
    }

    /// Adds what an account's open orders count to its statement: of each market the smaller effect of the two outcomes, as if
    /// it came last after what all others may bring.
    ///
    /// - Parameter joined: what positions' results add to the balance of the settlement asset. [1e-8 units]
    @inline(never)
    func countSpotOrders(
        _ account: Int, _ prices: [Price], _ kind: MarginKind, _ hypothesis: Hypothesis,
        joined: Int64, _ result: inout MarginStatement
    ) {
        // Where an asset is left out for want of a price, so are the orders that may end in it.
        let reserves = spot.reserves(of: Int32(account)).filter {
            let terms = parameters.spotMarkets[$0.market.index]
            return prices[assetRows[terms.base.index].feed].isPositive
                && prices[assetRows[terms.quote.index].feed].isPositive
        }
        let outcomes = reserves.map { outcome($0, prices, kind) }
        var most: [(asset: Int, amount: Fixed18)] = []
        func add(_ amount: Fixed18, to asset: AssetID) {
            if let place = most.firstIndex(where: { $0.asset == asset.index }) {
                most[place].amount += amount
                return
            }
            var held = holding(account, asset.index)
            if asset.index == hypothesis.asset { held += hypothesis.delta }
            if asset.index == settlement { held += hypothesis.settlement + joined }
            most.append((asset.index, Fixed18(Quantity(raw: held)) + amount))
        }
        for (reserve, outcome) in zip(reserves, outcomes) {
            add(outcome.base, to: parameters.spotMarkets[reserve.market.index].base)
            add(outcome.quote, to: parameters.spotMarkets[reserve.market.index].quote)
        }
        for (reserve, outcome) in zip(reserves, outcomes) {
            let terms = parameters.spotMarkets[reserve.market.index]
            let counted = unbounded { () throws(ArithmeticOverflow) in
                func effect(_ amount: Fixed18, _ asset: AssetID)
                    throws(ArithmeticOverflow) -> Fixed18
                {
                    let all = most.first { $0.asset == asset.index }?.amount ?? .zero
                    return try SpotOrderReserves.effect(of: amount, upTo: all) {
                        amount throws(ArithmeticOverflow) in
                        let held = try amount.rounded(to: Quantity.self, .down)
                        return held.isZero
                            ? .zero
                            : Fixed18(line(held.raw, account, asset.index, prices, kind).weighted)
                    }
                }
                guard outcome.base != .zero, outcome.quote != .zero else { return Money.zero }
                return try min(effect(outcome.base, terms.base), effect(outcome.quote, terms.quote))
                    .rounded(to: Money.self, .down)
            }
            result.collateral += counted
            result.spotOrders.append(
                MarginStatement.SpotLine(
                    market: reserve.market, base: reserve.base, quote: reserve.quote,
                    value: Money(raw: value(reserve, prices)), weighted: counted))
        }
    }

    /// What a market's reserves become if all end on one side.
    private func outcome(_ reserve: SpotReserve, _ prices: [Price], _ kind: MarginKind)
        -> SpotOrderReserves.Outcome
    {
        let terms = parameters.spotMarkets[reserve.market.index]
        func pair(_ asset: AssetID) -> SpotOrderReserves.Prices {
            let feed = assetRows[asset.index].feed
            return SpotOrderReserves.Prices(
                asset: conservative(feed, prices, kind, owned: true),
                liability: conservative(feed, prices, kind, owned: false))
        }
        return unbounded { () throws(ArithmeticOverflow) in
            try reserve.rule.converted(base: pair(terms.base), quote: pair(terms.quote))
        }
    }

    /// What an account's open orders have set aside is worth, unweighted, rounded down. [1e-8 USD]
    @inline(never)
    func reservedValue(_ account: Int, _ prices: [Price]) -> Int64 {
        spot.reserves(of: Int32(account)).reduce(0) { $0 + value($1, prices) }
    }

    private func value(_ reserve: SpotReserve, _ prices: [Price]) -> Int64 {
        let terms = parameters.spotMarkets[reserve.market.index]
        return scaled(reserve.base.raw, prices[assetRows[terms.base.index].feed].raw, .down)
            + scaled(reserve.quote.raw, prices[assetRows[terms.quote.index].feed].raw, .down)
    }

    /// The assets of which an account's open orders have set something aside, as bits: a liquidation brings them back first.
    public func spotAssets(of id: AccountID) -> UInt64 {
        spotReserves(of: id).reduce(0) { mask, reserve in
            let terms = parameters.spotMarkets[reserve.market.index]
            return mask | (reserve.base.isZero ? 0 : 1 << UInt64(terms.base.raw))
                | (reserve.quote.isZero ? 0 : 1 << UInt64(terms.quote.raw))
        }
    }

    /// Both assets of every market in which an account has open orders, as bits.
    @inline(never)
    func spotPairs(of account: Int) -> UInt64 {
        Bits(mask: accounts[account].spotMarkets).reduce(0) { mask, place in
            let terms = parameters.spotMarkets[place]
            return mask | 1 << UInt64(terms.base.raw) | 1 << UInt64(terms.quote.raw)
        }
    }

    /// The feeds that an account's open orders depend on.
    @inline(never)
    func spotFeeds(of account: Int) -> [Int] {
        Bits(mask: spotPairs(of: account)).map { assetRows[$0].feed }
    }

    /// What is wrong with the spot markets of a protocol, in words.
    static func spotProblems(_ parameters: ProtocolParameters) -> [String] {
        var found: [String] = []
        let markets = parameters.spotMarkets
        if markets.count > 64 { found.append("at most 64 spot markets are possible") }
        for (index, market) in markets.enumerated() {
            let assets = parameters.assets.indices
            guard assets.contains(market.base.index), assets.contains(market.quote.index),
                market.base != market.quote
            else {
                found.append("spot market \(market.name) exchanges two different assets")
                continue
            }
            if !(.zero ..< .one).contains(market.takerFee)
                || !(-market.takerFee ..< .one).contains(market.makerFee)
            {
                found.append(
                    "spot market \(market.name): a taker's fee is in 0…1, a maker's too or a rebate of at most the taker's fee"
                )
            }
            if markets[..<index].contains(where: { $0.name == market.name }) {
                found.append("two spot markets are called \(market.name)")
            }
        }
        if !markets.isEmpty, parameters.auctions != nil {
            found.append("spot orders cannot stand beside auctions of collateral")
        }
        return found
    }
}

extension SpotReserve {
    /// As the rule reads it.
    var rule: SpotOrderReserves {
        SpotOrderReserves(base: base, quote: quote, lowestAsk: lowestAsk, highestBid: highestBid)
    }
}
