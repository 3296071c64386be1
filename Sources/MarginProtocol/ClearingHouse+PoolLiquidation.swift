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
            exchanged: exchanges(id.index, market, settlementChange: owed), impact: impact)
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

    /// Assets that the pool takes at their prices for what an account owes once its last position is closed.
    private func exchanges(_ account: Int, _ market: Int, settlementChange: Int64)
        -> [LiquidationQuote.Exchange]
    {
        guard accounts[account].markets == 1 << UInt64(market) else { return [] }
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
        for exchange in part.exchanged {
            move(
                exchange.seized, of: exchange.asset.index, from: id, to: Self.liquidityPool,
                .collateralSeized, &journal)
            move(
                exchange.credited, of: settlement, from: Self.liquidityPool, to: id, .debtRepaid,
                &journal)
        }
    }
}
