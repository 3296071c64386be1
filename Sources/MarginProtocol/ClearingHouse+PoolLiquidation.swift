import ExactMath
import MarginRules

extension ClearingHouse {
    /// A position that a pool with terms takes back whole, and who pays for that.
    ///
    /// The fees of closing and of liquidation are taken of what the account then has; what it owes beyond its
    /// settlement balance is paid with its other assets at their prices.
    func poolPart(_ id: AccountID, _ payer: AccountID, _ market: Int, _ terms: PoolTerms)
        throws(Rejection) -> LiquidationQuote.PositionPart
    {
        let held = positions[id.index * marketCount + market]
        let row = marketRows[market]
        let fill = try poolFill(
            market, held, size: -held.size, terms, sides[market],
            pending: pendingImpact(id, MarketID(index: market)))
        let parts = try fillParts(
            taker: id.index, maker: Self.liquidityPool.index, market: market, size: -held.size,
            price: fill.price)
        let settled = parts.taker.realized - parts.taker.funding
        // A gain comes in before anything is paid.
        let left =
            plainEquity(id.index, prices).raw - boundsLoss(id.index)
            - unrealizedProfit(id, MarketID(index: market), at: prices[row.feed]).raw + settled
            + max(0, fill.impact?.settled.amount.raw ?? 0)
        let charges = try orOverflow { () throws(ArithmeticOverflow) in
            try poolCharges(fill, market, terms, left: left, parts.taker)
        }
        try requireRoom(payer, settlement, for: charges.toLiquidator)
        try requireRoom(Self.liquidityPool, settlement, for: charges.toPool)
        try requireRoom(Self.treasury, settlement, for: charges.toTreasury)
        let paid = charges.toLiquidator + charges.toPool + charges.toTreasury
        var impact: ImpactSettlement?
        if let own = fill.impact {
            let due = try settlement(of: own, market, limit: max(0, left - paid))
            try requireRoom(for: due, of: id, market)
            impact = due
        }
        let share = positionShare(id.index, market, closing: held.size.magnitude.raw)
        let owed = settled - paid - (impact?.cost ?? 0)
        return LiquidationQuote.PositionPart(
            market: MarketID(index: market), size: -held.size, price: fill.price,
            bankruptcyPrice: bankruptcyPrice(
                share, prices[row.feed], isLong: held.size.isPositive, row),
            penalty: Money(raw: charges.toLiquidator),
            toLiquidator: Money(raw: charges.toLiquidator), toInsurance: .zero,
            fromInsurance: .zero, taker: .pool, counterparties: [], fills: [parts],
            fee: Money(raw: charges.toPool + charges.toTreasury),
            toTreasury: Money(raw: charges.toTreasury),
            exchanged: liquidationExchanges(id, market, terms, held.side, change: owed),
            impact: impact)
    }

    private struct PoolCharges {
        var toPool: Int64 = 0
        var toTreasury: Int64 = 0
        var toLiquidator: Int64 = 0
    }

    /// - Parameter left: what the account has once the position is closed, before any fee. [1e-8]
    private func poolCharges(
        _ fill: PoolFill, _ market: Int, _ terms: PoolTerms, left: Int64, _ taker: FillParts.Side
    ) throws(ArithmeticOverflow) -> PoolCharges {
        let isVault = terms.liquidationFee != nil
        let fees = try feeSchedule(market, terms).fees(
            size: fill.size, improvesBalance: fill.improvesBalance, borrowing: .zero,
            funding: .zero, collateralPrice: PriceRange(Price(whole: 1)),
            occasion: isVault ? .order : .liquidation)
        let total = fees.totalExcludingFunding.raw
        let paid = max(0, min(left, total))
        // What falls short is the pool's, and so is what was paid of it.
        var charges = PoolCharges(toPool: paid)
        if paid == total {
            charges.toTreasury = fees.forReceiver.raw
            charges.toPool = fees.forPool.raw
        }
        guard let fixed = terms.liquidationFee else { return charges }
        let position = GLPPosition(
            side: taker.before.side, size: fill.size,
            collateral: Money(raw: left - taker.realized + taker.funding), averagePrice: fill.price)
        let state = try vaultRule(market, fixed).state(
            of: position, profit: Money(raw: taker.realized),
            fundingFee: Money(raw: max(0, taker.funding)), occasion: .liquidation)
        guard state.code == 1 else { return charges }
        // Forfeited: the liquidator is paid by the pool where nothing is left, which has all the rest.
        charges.toLiquidator = fixed.raw
        charges.toPool += max(0, left - paid - fixed.raw)
        return charges
    }

    /// What a liquidation's closing pays out, or takes once the last position is closed; where the pool has too little of
    /// the asset, the settlement asset is left as it is.
    private func liquidationExchanges(
        _ id: AccountID, _ market: Int, _ terms: PoolTerms, _ side: PoolSide, change: Int64
    ) -> [LiquidationQuote.Exchange] {
        if terms.payout != .settlement {
            return (try? payout(id, side, terms, change: change)) ?? []
        }
        guard accounts[id.index].markets == 1 << UInt64(market) else { return [] }
        return exchanges(id.index, settlementChange: change)
    }

    /// What the pool pays of a closing's gain in the asset of its payouts, or takes for what it leaves owed.
    ///
    /// - Parameter change: of the settlement balance. [1e-8]
    /// - Throws: ``Rejection/insufficientLiquidity(_:)`` where the pool has too little of the asset.
    func payout(_ id: AccountID, _ side: PoolSide, _ terms: PoolTerms, change: Int64)
        throws(Rejection) -> [LiquidationQuote.Exchange]
    {
        guard change > 0 else { return exchanges(id.index, settlementChange: change) }
        // What is owed in the settlement asset is paid first.
        let change = min(
            change, balances[id.index * assetCount + settlement] + change)
        guard change > 0 else { return [] }
        var asset = side == .long ? terms.longBacking.index : terms.shortBacking.index
        if terms.payout == .collateral {
            var most: Int64 = 0
            for other in Bits(mask: accounts[id.index].assets) where other != settlement {
                let worth = scaled(
                    holding(id.index, other), prices[assetRows[other].feed].raw, .down)
                if worth > most { (most, asset) = (worth, other) }
            }
        }
        let price = conservative(assetRows[asset].feed, prices, .maintenance, owned: false)
        let unit = prices[assetRows[settlement].feed].raw
        guard asset != settlement, price.isPositive, unit > 0 else { return [] }
        let amount = exact(scaled(change, unit, .down), scaleE8, over: price.raw, .down)
        guard amount <= max(0, balances[Self.liquidityPool.index * assetCount + asset]) else {
            throw .insufficientLiquidity(AssetID(index: asset))
        }
        try requireRoom(id, asset, for: amount)
        try requireRoom(Self.liquidityPool, settlement, for: change)
        try requireDeposits(adding: Quantity(raw: amount), of: asset)
        return [
            .init(
                asset: AssetID(index: asset), seized: Quantity(raw: -amount),
                credited: Quantity(raw: -change))
        ]
    }

    /// Writes what the pool takes at its price, or pays out.
    mutating func write(
        _ exchange: LiquidationQuote.Exchange, of id: AccountID, into journal: inout [Event]
    ) {
        move(
            exchange.seized, of: exchange.asset.index, from: id, to: Self.liquidityPool,
            exchange.seized.isNegative ? .realizedProfit : .collateralSeized, &journal)
        move(
            exchange.credited, of: settlement, from: Self.liquidityPool, to: id,
            exchange.credited.isNegative ? .realizedProfit : .debtRepaid, &journal)
    }

    /// Assets that the pool takes at their prices for what an account owes after a change of its settlement balance.
    private func exchanges(_ account: Int, settlementChange: Int64)
        -> [LiquidationQuote.Exchange]
    {
        let unit = prices[assetRows[settlement].feed].raw
        var owed = -(balances[account * assetCount + settlement] + settlementChange)
        var result: [LiquidationQuote.Exchange] = []
        for asset in Bits(mask: accounts[account].assets)
        where asset != settlement && owed > 0 && unit > 0 {
            let held = balances[account * assetCount + asset]
            let price = conservative(assetRows[asset].feed, prices, .maintenance, owned: true).raw
            guard held > 0, price > 0 else { continue }
            // In units of the settlement asset.
            let worth = exact(scaled(held, price, .down), scaleE8, over: unit, .down)
            guard worth > owed else {
                result.append(
                    .init(
                        asset: AssetID(index: asset), seized: Quantity(raw: held),
                        credited: Quantity(raw: worth)))
                owed -= worth
                continue
            }
            let seized = min(
                held, exact(scaled(owed, unit, .up), scaleE8, over: price, .up))
            result.append(
                .init(
                    asset: AssetID(index: asset), seized: Quantity(raw: seized),
                    credited: Quantity(raw: owed)))
            owed = 0
        }
        return result
    }

    /// What a pool with terms has of a closing beyond the fill.
    mutating func settlePool(
        _ part: LiquidationQuote.PositionPart, from id: AccountID, into journal: inout [Event]
    ) {
        move(
            Quantity(raw: part.fee.raw - part.toTreasury.raw), of: settlement, from: id,
            to: Self.liquidityPool, .takerFee, &journal)
        move(
            Quantity(raw: part.toTreasury.raw), of: settlement, from: id, to: Self.treasury,
            .takerFee, &journal)
        if let impact = part.impact { write(impact, of: id, part.market.index, into: &journal) }
        for exchange in part.exchanged { write(exchange, of: id, into: &journal) }
    }
}
