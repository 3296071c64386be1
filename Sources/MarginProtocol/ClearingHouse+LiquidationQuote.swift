import ExactMath

extension ClearingHouse {
    /// What a liquidation of this account by this payer would do now.
    ///
    /// Guards in order: accounts and roles, pause, prices, trigger, once per block, target, then size.
    /// The protocol runs the very same function; a quote that succeeds executes as quoted.
    public func quoteLiquidation(
        of id: AccountID, payer: AccountID, target: LiquidationTarget = .next
    ) throws(Rejection) -> LiquidationQuote {
        try requireAccount(id)
        try requireAccount(payer)
        try requireRole(id, .margin)
        guard id != payer else { throw .sameAccount }
        let payerRole = accounts[payer.index].role
        guard payerRole == .wallet || payerRole == .margin else {
            throw .wrongRole(payer, payerRole)
        }
        try requireNotPaused(.liquidate)
        try requirePrices(of: id.index, for: .liquidate)
        try requirePrice(assetRows[settlement].feed, for: .liquidate)
        let health = evaluate(id.index, prices, .maintenance, .nothing)
        guard isBelowTrigger(health) else { throw .accountHealthy(surplus: health.surplus) }
        try requireRoomForLosses()
        let policy = parameters.liquidation
        if policy.oncePerBlock, accounts[id.index].lastLiquidatedAt == time.milliseconds {
            throw .oncePerBlock(id)
        }
        if accounts[id.index].markets != 0 {
            return try quotePositions(id, payer, target, health)
        }
        if let pair = try collateralPair(id, target) {
            return try quoteCollateral(id, payer, pair, target, health)
        }
        // Nothing can be chosen where nothing is left.
        guard target == .next, hasDebt(id.index) else { throw .nothingToLiquidate }
        return LiquidationQuote(account: id, step: .deficit, healthBefore: health, value: .zero)
    }

    private func quotePositions(
        _ id: AccountID, _ payer: AccountID, _ target: LiquidationTarget, _ health: Health
    ) throws(Rejection) -> LiquidationQuote {
        let policy = parameters.liquidation
        var chosen: MarketID?
        var limit: Quantity?
        if case .position(let market, let atMost) = target {
            guard policy.order == .liquidatorsChoice else { throw .targetNotAllowed }
            try requireMarket(market)
            guard position(id, market).size.raw != 0 else { throw .nothingToLiquidate }
            if let atMost, atMost <= .zero { throw .amountNotPositive }
            chosen = market
            limit = atMost
        } else if case .collateral = target {
            throw .targetNotAllowed
        }
        let markets: [Int]
        if case .wholeAccount = policy.size {
            markets = Array(Bits(mask: accounts[id.index].markets))
        } else {
            markets = [chosen?.index ?? firstMarket(id.index)]
        }
        if policy.taker == .liquidator, accounts[payer.index].role != .margin {
            throw .wrongRole(payer, accounts[payer.index].role)
        }
        var available = plainEquity(id.index, prices).raw
        var parts: [LiquidationQuote.PositionPart] = []
        var value: Money = .zero
        for market in markets {
            let part = try positionPart(id, payer, market, limit, health, &available)
            value += Money(
                raw: scaled(part.size.magnitude.raw, part.price.raw, .down))
            parts.append(part)
        }
        if policy.taker == .liquidator { try requirePayerCanTake(payer, parts) }
        return LiquidationQuote(
            account: id, step: .positions(parts), healthBefore: health, value: value)
    }

    /// The position that the policy's order takes first; ties go to the lower market number.
    private func firstMarket(_ account: Int) -> Int {
        var best = -1
        var bestKey: Int64 = .min
        for market in Bits(mask: accounts[account].markets) {
            let position = positions[account * marketCount + market]
            let value = scaled(
                position.size.raw, prices[marketRows[market].feed].raw, .down)
            let key: Int64
            switch parameters.liquidation.order {
            case .mostUnprofitableFirst, .liquidatorsChoice:
                key =
                    position.cost.raw + pendingFunding(position, marketRows[market].fundingIndex)
                    - value
            case .largestFirst: key = abs(value)
            }
            if best < 0 || key > bestKey { (best, bestKey) = (market, key) }
        }
        return best
    }

    private func positionPart(
        _ id: AccountID, _ payer: AccountID, _ market: Int, _ limit: Quantity?, _ health: Health,
        _ available: inout Int64
    ) throws(Rejection) -> LiquidationQuote.PositionPart {
        let policy = parameters.liquidation
        let held = positions[id.index * marketCount + market].size
        let price = prices[marketRows[market].feed]
        var amount = closingSize(id.index, market, health)
        if let limit { amount = min(amount, limit.raw) }
        let delta = Quantity(raw: held.isNegative ? amount : -amount)
        let maker = policy.taker == .pool ? Self.liquidityPool.index : payer.index
        let fill = try fillParts(
            taker: id.index, maker: maker, market: market, size: delta, price: price)
        let wanted = scaled(
            scaled(amount, price.raw, .up), policy.penalty.raw, .up)
        let toLiquidator = scaled(wanted, policy.liquidatorShare.raw, .down)
        // The liquidator is always paid; the fund takes its share only of what the account still has.
        let toInsurance = max(0, min(wanted - toLiquidator, available - toLiquidator))
        available -= toLiquidator + toInsurance
        try requireRoom(payer, settlement, for: toLiquidator)
        try requireRoom(Self.insuranceFund, settlement, for: toInsurance)
        return LiquidationQuote.PositionPart(
            market: MarketID(index: market), size: delta, price: price,
            penalty: Money(raw: toLiquidator + toInsurance),
            toLiquidator: Money(raw: toLiquidator), toInsurance: Money(raw: toInsurance),
            parts: fill)
    }

    /// How much of a position one step closes. [1e-8 units], greater than zero.
    private func closingSize(_ account: Int, _ market: Int, _ health: Health) -> Int64 {
        let position = positions[account * marketCount + market]
        let whole = position.size.magnitude.raw
        switch parameters.liquidation.size {
        case .wholePosition, .wholeAccount: return whole
        case .closeFactor(let factor, let fullBelow, let dust):
            let part = max(1, scaled(whole, factor.raw, .up))
            if isBelow(health, fullBelow) { return whole }
            let price = prices[marketRows[market].feed].raw
            let left = scaled(whole - part, price, .down)
            return left < dust.raw ? whole : part
        case .targetHealth(let target):
            return smallestClosing(account, market, target) ?? whole
        }
    }

    /// Is equity under this share of the requirement?
    func isBelow(_ health: Health, _ share: Ratio) -> Bool {
        share.isPositive
            && product(health.equity.raw, scaleE8) < product(health.requirement.raw, share.raw)
    }

    /// The least closed size after which equity reaches `target` times the requirement, or nil.
    private func smallestClosing(_ account: Int, _ market: Int, _ target: Ratio) -> Int64? {
        least(ofBends: closingBends(account, market)) { closed in
            guard let change = closing(account, market, closed) else { return false }
            let after = evaluate(account, prices, .maintenance, change)
            return product(after.equity.raw, scaleE8)
                >= product(after.requirement.raw, target.raw)
        }
    }

    /// The least number from 1 that reaches a goal, or nil.
    ///
    /// Between two neighbouring bends what is compared runs straight, so the first bend that reaches bounds
    /// the answer from above, the bend before it from below, and bisection finds it.
    func least(ofBends bends: [Int64], where reaches: (Int64) -> Bool) -> Int64? {
        var low: Int64 = 0
        for bend in bends.sorted() where bend > low {
            guard reaches(bend) else {
                low = bend
                continue
            }
            var high = bend
            while high - low > 1 {
                let middle = low + (high - low) / 2
                if reaches(middle) { high = middle } else { low = middle }
            }
            return high
        }
        return nil
    }

    /// Closed sizes at which equity or requirement changes its slope: where the rest of the position
    /// leaves a margin bracket, and where the settlement balance leaves a collateral tier or turns to debt.
    private func closingBends(_ account: Int, _ market: Int) -> [Int64] {
        let row = marketRows[market]
        let whole = positions[account * marketCount + market].size.magnitude.raw
        // Funding is settled by the first unit; the balance runs straight from there.
        var bends = [1, whole]
        for bracket in brackets[row.firstBracket..<(row.firstBracket + row.bracketCount)] {
            // A floor that no size reaches at this price bends nothing.
            let floor = try? multiply(
                bracket.floor, scaleE8, dividingBy: prices[row.feed].raw, rounding: .up)
            if let floor, floor < whole { bends.append(whole - floor) }
        }
        let balance = balances[account * assetCount + settlement]
        guard let first = closing(account, market, 1), let last = closing(account, market, whole)
        else { return bends }
        let start = balance + first.settlement
        let change = balance + last.settlement - start
        for level in tierFloors(of: settlement) {
            let distance = change < 0 ? start - level : level - start
            guard distance > 0, distance < abs(change),
                let bend = try? multiply(whole, distance, dividingBy: abs(change), rounding: .down)
            else { continue }
            bends += [bend, bend + 1]
        }
        return bends.filter { $0 <= whole }
    }

    /// Holdings of an asset at which its weight changes; the first is zero. [1e-8 units]
    func tierFloors(of asset: Int) -> [Int64] {
        let row = assetRows[asset]
        let price = prices[row.feed].raw
        return tiers[row.firstTier..<(row.firstTier + row.tierCount)].compactMap { tier in
            row.byQuantity || tier.floor == 0
                ? tier.floor
                : try? multiply(tier.floor, scaleE8, dividingBy: price, rounding: .up)
        }
    }

    /// What closing this much of a position at the oracle price and paying the penalty changes.
    private func closing(_ account: Int, _ market: Int, _ closed: Int64) -> Hypothesis? {
        let position = positions[account * marketCount + market]
        let price = prices[marketRows[market].feed]
        let delta = position.size.isNegative ? closed : -closed
        guard
            let fill = try? fillParts(
                taker: account, maker: Self.liquidityPool.index, market: market,
                size: Quantity(raw: delta), price: price)
        else { return nil }
        let penalty = scaled(
            scaled(closed, price.raw, .up), parameters.liquidation.penalty.raw, .up)
        return Hypothesis(
            settlement: fill.taker.realized - fill.taker.funding - penalty, market: market,
            position: fill.taker.after)
    }

    /// Whoever takes a position over must have the initial margin for it afterwards.
    private func requirePayerCanTake(
        _ payer: AccountID, _ parts: [LiquidationQuote.PositionPart]
    ) throws(Rejection) {
        if let only = accounts[payer.index].isolatedMarket,
            let other = parts.first(where: { $0.market != only })
        {
            throw .marketNotAllowed(other.market)
        }
        try requirePrices(of: payer.index, for: .open)
        let after = initialHealth(of: payer.index, taking: parts)
        guard after.isMet else { throw .payerCannotTakePosition(payer) }
    }

    /// A payer's initial health once it has every part and its reward; the sums of `evaluate`, with
    /// several positions changed at once.
    private func initialHealth(of payer: Int, taking parts: [LiquidationQuote.PositionPart])
        -> Health
    {
        var taken = accounts[payer].markets
        var settled: Int64 = 0
        for part in parts {
            taken |= 1 << UInt64(part.market.raw)
            let side = part.parts.maker
            settled += side.realized - side.funding + part.toLiquidator.raw
        }
        var profit: Int64 = 0
        var requirement: Int64 = 0
        for market in Bits(mask: taken) {
            let position =
                parts.first { $0.market.index == market }?.parts.maker.after
                ?? positions[payer * marketCount + market]
            guard position.size.raw != 0 else { continue }
            let row = marketRows[market]
            let value = scaled(position.size.raw, prices[row.feed].raw, .down)
            let gain = value - position.cost.raw - pendingFunding(position, row.fundingIndex)
            profit += gain > 0 ? scaled(gain, row.profitWeight, .down) : gain
            requirement += margin(row, abs(value), .initial)
        }
        var equity = scaled(profit, prices[assetRows[settlement].feed].raw, .down)
        for asset in Bits(mask: accounts[payer].assets | (1 << UInt64(settlement))) {
            let balance = balances[payer * assetCount + asset]
            equity += weighted(asset, asset == settlement ? balance + settled : balance, prices)
        }
        return Health(equity: Money(raw: equity), requirement: Money(raw: requirement))
    }
}
