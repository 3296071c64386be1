import ExactMath
import MarginRules

/// Liquidation by the pool, which seizes all collateral at once and closes positions as its market's window allows,
/// as Synthetix does it.
extension ClearingHouse {
    func quoteFlagged(
        _ id: AccountID, _ payer: AccountID, _ target: LiquidationTarget, _ health: Health
    ) throws(Rejection) -> LiquidationQuote {
        guard target == .next else { throw .targetNotAllowed }
        guard let proceeding = proceeding(of: id), proceeding.isFlagged else {
            return try quoteFlag(id, payer, health)
        }
        guard accounts[id.index].markets != 0 else { throw .nothingToLiquidate }
        let market = try firstMarket(id)
        let row = marketRows[market]
        let held = positions[id.index * marketCount + market].size
        let closed = try allowed(held.magnitude, market)
        guard closed.isPositive else { throw .windowExhausted(MarketID(index: market)) }
        let delta = held.isNegative ? closed : -closed
        let fill = try fillParts(
            taker: id.index, maker: Self.liquidityPool.index, market: market, size: delta,
            price: prices[row.feed])
        let part = LiquidationQuote.PositionPart(
            market: MarketID(index: market), size: delta, price: prices[row.feed],
            bankruptcyPrice: nil, penalty: .zero, toLiquidator: .zero, toInsurance: .zero,
            fromInsurance: .zero, taker: .pool, counterparties: [], fills: [fill])
        var quote = LiquidationQuote(
            account: id, step: .positions([part]), healthBefore: health,
            value: Money(raw: row.notional(closed.raw, prices[row.feed].raw)))
        if let keeper = parameters.keeper {
            quote.keeperReward = unbounded { () throws(ArithmeticOverflow) in
                try keeper.reward.reward(
                    rewards: .zero, cost: keeper.liquidationCost, collateral: .zero)
            }
            try requireRoom(payer, settlement, for: settlementValue(quote.keeperReward.raw))
        }
        try requirePoolRoom(settlement, fill.taker.realized, fill.taker.funding)
        return quote
    }

    /// All collateral to the pool, all debts paid by it, and the keeper's reward.
    private func quoteFlag(_ id: AccountID, _ payer: AccountID, _ health: Health)
        throws(Rejection) -> LiquidationQuote
    {
        var flag = LiquidationQuote.Flag(seized: [], repaid: [], reward: .zero, balance: .zero)
        var held: Int64 = 0
        var owed: Int64 = 0
        for asset in Bits(mask: accounts[id.index].assets) {
            let amount = holding(id.index, asset)
            let price = prices[assetRows[asset].feed].raw
            let name = AssetID(index: asset)
            if amount > 0 {
                held += scaled(amount, price, .down)
                flag.seized.append(AssetChange(asset: name, delta: Quantity(raw: amount)))
            } else if amount < 0 {
                owed += scaled(-amount, price, .up)
                flag.repaid.append(AssetChange(asset: name, delta: Quantity(raw: -amount)))
            }
            try requirePoolRoom(asset, amount, 0)
        }
        if let keeper = parameters.keeper {
            flag.reward = unbounded { () throws(ArithmeticOverflow) in
                try keeper.reward.reward(
                    rewards: try rewards(id.index, keeper, collateral: Money(raw: held)),
                    cost: keeper.flagCost, collateral: Money(raw: held))
            }
            try requireRoom(payer, settlement, for: settlementValue(flag.reward.raw))
        }
        flag.balance = Money(raw: settlementValue(held - owed - flag.reward.raw))
        return LiquidationQuote(
            account: id, step: .flag(flag), healthBefore: health, value: Money(raw: owed))
    }

    private func requirePoolRoom(_ asset: Int, _ first: Int64, _ second: Int64) throws(Rejection) {
        let has = balances[Self.liquidityPool.index * assetCount + asset].magnitude
        guard has <= UInt64(Self.balanceLimit),
            first.magnitude + second.magnitude <= UInt64(Self.exposureLimit)
        else { throw .exposureTooLarge }
    }

    /// How much of a size the market's window allows now.
    private func allowed(_ size: Quantity, _ market: Int) throws(Rejection) -> Quantity {
        guard let window = parameters.markets[market].liquidationWindow else { return size }
        let skew = -positions[Self.liquidityPool.index * marketCount + market].size
        return try orOverflow { () throws(ArithmeticOverflow) in
            try window.allowed(
                size, after: windowRecords.isEmpty ? [] : windowRecords[market], skew: skew,
                now: time)
        }
    }

    /// Adds what a step has closed to what the markets' windows count.
    mutating func noteWindow(_ parts: [LiquidationQuote.PositionPart]) {
        for part in parts {
            let market = part.market.index
            guard let window = parameters.markets[market].liquidationWindow else { continue }
            if windowRecords.isEmpty {
                windowRecords = Array(repeating: [], count: marketCount)
            }
            let young = windowRecords[market].filter { $0.time > time - window.length }
            windowRecords[market] = unbounded { () throws(ArithmeticOverflow) in
                try LiquidationWindow.recording(part.size.magnitude, at: time, in: young)
            }
        }
    }

    mutating func take(
        _ part: LiquidationQuote.Flag, from id: AccountID, payer: AccountID,
        into journal: inout [Event]
    ) {
        for change in part.repaid {
            move(
                change.delta, of: change.asset.index, from: Self.liquidityPool, to: id,
                .debtRepaid, &journal)
        }
        for change in part.seized {
            move(
                change.delta, of: change.asset.index, from: id, to: Self.liquidityPool,
                .collateralSeized, &journal)
        }
        move(
            Quantity(raw: settlementValue(part.reward.raw)), of: settlement,
            from: Self.liquidityPool, to: payer, .liquidationPenalty, &journal)
        // What the pool paid beyond what it has seized is the deficit, and its own.
        let short = -part.balance
        if short.isPositive {
            journal.append(
                .lossCovered(
                    LossCover(
                        account: id, layer: .pool, payer: Self.liquidityPool,
                        asset: AssetID(index: settlement), amount: Quantity(raw: short.raw))))
        }
    }

    /// Takes what positions of a flagged account have brought, pays the keeper, and in the end makes good what they
    /// have lost, as far as what was seized reaches; the rest is for the loss waterfall.
    mutating func sweep(
        _ index: Int, paying reward: Money, to payer: AccountID, into journal: inout [Event]
    ) {
        let id = proceedings[index].account
        let paid = settlementValue(reward.raw)
        move(
            Quantity(raw: paid), of: settlement, from: Self.liquidityPool, to: payer,
            .liquidationPenalty, &journal)
        var credit = proceedings[index].credit - paid
        let balance = holding(id.index, settlement)
        if balance > 0 {
            credit += balance
            move(
                Quantity(raw: balance), of: settlement, from: id, to: Self.liquidityPool,
                .collateralSeized, &journal)
        } else if balance < 0, accounts[id.index].markets == 0 {
            let repaid = min(-balance, max(0, credit))
            credit -= repaid
            move(
                Quantity(raw: repaid), of: settlement, from: Self.liquidityPool, to: id,
                .debtRepaid, &journal)
        }
        proceedings[index].credit = credit
    }

    // MARK: What is held back for keepers

    /// What keepers are due for flagging an account: for its positions or for its collateral, the larger. [1e-8 USD]
    private func rewards(_ account: Int, _ keeper: KeeperTerms, collateral: Money)
        throws(ArithmeticOverflow) -> Money
    {
        var sum = Money.zero
        for market in Bits(mask: accounts[account].markets) {
            let size = positions[account * marketCount + market].size.magnitude
            let value = try size.value(at: prices[marketRows[market].feed], rounding: .down)
            sum = try sum.adding(
                try value.scaled(by: parameters.markets[market].flagReward, rounding: .down))
        }
        return max(
            worth(sum, prices), try collateral.scaled(by: keeper.collateralShare, rounding: .down))
    }

    /// A position that needs more windows than this counts as if it needed as many.
    private static var mostWindows: Int64 { 10_000 }

    /// Adds what the liquidation of an account with positions may cost to a statement's requirement.
    func chargeKeeper(_ account: Int, _ prices: [Price], _ statement: inout MarginStatement) {
        guard let keeper = parameters.keeper, !statement.positions.isEmpty else { return }
        let collateral = statement.assets.reduce(Money.zero) { $0 + max(.zero, $1.value) }
        let cost = unbounded { () throws(ArithmeticOverflow) in
            var flagged = Money.zero
            var windows: Int64 = 0
            for line in statement.positions {
                let terms = parameters.markets[line.market.index]
                flagged = try flagged.adding(
                    try worth(line.notional, prices).scaled(
                        by: terms.flagReward, rounding: .down))
                if let window = terms.liquidationWindow {
                    windows = max(windows, try window.windows(for: line.size))
                }
            }
            let share = try collateral.scaled(by: keeper.collateralShare, rounding: .down)
            return try keeper.reward.possibleLiquidationReward(
                rewards: max(flagged, share), flagCost: keeper.flagCost,
                liquidationCost: keeper.liquidationCost, collateral: collateral,
                windows: min(windows, Self.mostWindows))
        }
        statement.requirement += cost
    }
}
