public import ExactMath

extension ClearingHouse {
    /// An account's health at the protocol's own prices.
    public func health(of id: AccountID, _ kind: MarginKind) -> Health {
        evaluate(id.index, prices, kind, .nothing)
    }

    /// An account's health at other prices, by feed: "in truth".
    ///
    /// - Precondition: one price for each feed.
    public func health(of id: AccountID, _ kind: MarginKind, at prices: [Price]) -> Health {
        let prices = valuationPrices(prices)
        precondition(prices.count == self.prices.count, "one price for each feed")
        return evaluate(id.index, prices, kind, .nothing)
    }

    /// Is the account liquidatable by the policy's trigger at these prices?
    public func isLiquidatable(_ id: AccountID, at prices: [Price]) -> Bool {
        guard accounts[id.index].role == .margin else { return false }
        let prices = valuationPrices(prices)
        return isDue(id.index, evaluate(id.index, prices, .maintenance, .nothing), prices)
    }

    func isBelowTrigger(_ health: Health, _ account: Int) -> Bool {
        switch parameters.liquidation.trigger {
        case .strict: health.equity < health.requirement
        case .strictWithRequirement:
            health.equity < health.requirement && health.requirement.isPositive
        // An account without risk and without debts is not liquidatable at 0 ≤ 0.
        case .inclusive:
            health.equity <= health.requirement
                && (health.requirement.isPositive || health.equity.isNegative || hasDebt(account))
        }
    }

    /// Weighted equity and requirement, with a change that has not happened.
    ///
    /// Rounded against the account: every term of equity down, every requirement up.
    /// The formula is the general one: haircut collateral, weighted debts, weighted unrealised profit with
    /// pending funding; Σ over markets of the margin schedule.
    func evaluate(
        _ account: Int, _ prices: [Price], _ kind: MarginKind, _ hypothesis: Hypothesis
    ) -> Health {
        valuation(account, prices, kind, hypothesis).health
    }

    /// The same, with the sums that the health index also needs.
    func valuation(
        _ account: Int, _ prices: [Price], _ kind: MarginKind, _ hypothesis: Hypothesis
    ) -> Valuation {
        guard isPlain || (kind == .maintenance && isPlainMaintenance) else {
            return generalValuation(account, prices, kind, hypothesis)
        }
        var equity: Int64 = 0
        var requirement: Int64 = 0
        var profit: Int64 = 0
        var notional: Int64 = 0
        var markets = accounts[account].markets
        if hypothesis.market >= 0 { markets |= 1 << UInt64(hypothesis.market) }
        let positionBase = account * marketCount
        for market in Bits(mask: markets) {
            let position =
                market == hypothesis.market ? hypothesis.position : positions[positionBase + market]
            if position.size.raw == 0 { continue }
            let row = marketRows[market]
            let value = scaled(position.size.raw, prices[row.feed].raw, .down)
            var gain = value - position.cost.raw
            if row.hasFunding { gain -= pendingFunding(position, row.fundingIndex) }
            if row.profitWeight != scaleE8, gain > 0 {
                gain = scaled(gain, row.profitWeight, .down)
            }
            profit += gain
            let sign = value >> 63
            let magnitude = (value ^ sign) - sign
            notional &+= magnitude
            requirement += row.margin(magnitude, kind, brackets)
        }
        var assets = accounts[account].assets | (1 << UInt64(settlement))
        if hypothesis.asset >= 0 { assets |= 1 << UInt64(hypothesis.asset) }
        let balanceBase = account * assetCount
        for asset in Bits(mask: assets) {
            var amount = balances[balanceBase + asset]
            if asset == hypothesis.asset { amount += hypothesis.delta }
            if asset == settlement { amount += hypothesis.settlement }
            let row = assetRows[asset]
            equity += row.weighted(amount, prices[row.feed].raw, tiers)
        }
        let margin = requirement
        // Contracts are counted in what they settle in: their profit and margin are worth what that is worth.
        let unit = prices[assetRows[settlement].feed].raw
        if unit == scaleE8 {
            equity += profit
        } else {
            equity += scaled(profit, unit, .down)
            requirement = scaled(margin, unit, .up)
        }
        return Valuation(
            health: Health(equity: Money(raw: equity), requirement: Money(raw: requirement)),
            profit: profit, margin: margin, notional: notional)
    }

    // Never inlined: it would make its caller, the hot path, too big.
    @inline(never)
    private func generalValuation(
        _ account: Int, _ prices: [Price], _ kind: MarginKind, _ hypothesis: Hypothesis
    ) -> Valuation {
        guard parameters.stress == nil, !hasInverse, isSumOfLines,
            accounts[account].spotMarkets == 0
        else {
            let statement = statement(account, prices, kind, hypothesis)
            return Valuation(
                health: statement.health, profit: statement.profit.raw,
                margin: statement.requirement.raw,
                notional: statement.positions.reduce(0) { $0 + $1.notional.raw })
        }
        // The sums of a statement without its lines; whatever is plain for itself goes the fast way.
        var equity: Int64 = 0
        var requirement: Int64 = 0
        var profit: Int64 = 0
        var notional: Int64 = 0
        for market in Bits(mask: marketsAtRisk(account, kind, hypothesis)) {
            let position =
                market == hypothesis.market
                ? hypothesis.position : positions[account * marketCount + market]
            let open = openOrders(account, market, prices, kind, hypothesis)
            guard position.size.raw != 0 || position.cost.raw != 0 || open != nil else { continue }
            let line = line(position, account, market, prices, kind, open)
            profit += line.weightedProfit.raw
            notional += line.notional.raw
            requirement += line.requirement.raw
        }
        var assets = accounts[account].assets | (1 << UInt64(settlement))
        if hypothesis.asset >= 0 { assets |= 1 << UInt64(hypothesis.asset) }
        let isOrdinary = kind == .maintenance && accounts[account].category < 0
        for asset in Bits(mask: assets) {
            var amount = holding(account, asset)
            if asset == hypothesis.asset { amount += hypothesis.delta }
            if asset == settlement { amount += hypothesis.settlement }
            guard amount != 0 else { continue }
            if isOrdinary, assetRows[asset].isPlain {
                let row = assetRows[asset]
                equity += row.weighted(amount, prices[row.feed].raw, tiers)
            } else {
                equity += line(amount, account, asset, prices, kind).weighted.raw
            }
        }
        let unit = prices[assetRows[settlement].feed].raw
        let margin = requirement
        if unit == scaleE8 {
            equity += profit
        } else {
            equity += scaled(profit, unit, .down)
            requirement = scaled(margin, unit, .up)
        }
        return Valuation(
            health: Health(equity: Money(raw: equity), requirement: Money(raw: requirement)),
            profit: profit, margin: margin, notional: notional)
    }

    /// What a position owes in funding since it last paid, rounded up. [1e-8 USD]
    func pendingFunding(_ position: Position, _ index: Fixed18) -> Int64 {
        let moved = index.raw - position.fundingIndex.raw
        guard moved != 0 else { return 0 }
        // size [1e-8] · index [1e-18 USD] = [1e-26 USD]; the divisor brings it to 1e-8.
        let owed = Int128(position.size.raw) * moved
        let (quotient, remainder) = owed.quotientAndRemainder(
            dividingBy: 1_000_000_000_000_000_000)
        return Int64(quotient) + (remainder > 0 ? 1 : 0)
    }

    /// Equity without weights: what the account would be worth if all were sold at these prices.
    public func plainEquity(of id: AccountID, at prices: [Price]) -> Money {
        plainEquity(id.index, valuationPrices(prices))
    }

    func plainEquity(_ account: Int, _ prices: [Price]) -> Money {
        var total: Int64 = 0
        for asset in Bits(mask: accounts[account].assets) {
            total += scaled(
                holding(account, asset), prices[assetRows[asset].feed].raw, .down)
        }
        var profit: Int64 = 0
        for market in Bits(mask: accounts[account].markets) {
            let position = positions[account * marketCount + market]
            let row = marketRows[market]
            profit +=
                row.value(position.size.raw, prices[row.feed].raw, .down)
                - position.cost.raw - pendingCharges(account, position, market)
        }
        if profit != 0 {
            total += scaled(profit, prices[assetRows[settlement].feed].raw, .down)
        }
        if accounts[account].spotMarkets != 0 { total += reservedValue(account, prices) }
        return Money(raw: total)
    }

    /// The unrealised profit of one position at a price, pending funding included. [1e-8 USD]
    public func unrealizedProfit(_ id: AccountID, _ market: MarketID, at price: Price) -> Money {
        let position = position(id, market)
        return Money(
            raw: marketRows[market.index].value(position.size.raw, price.raw, .down)
                - position.cost.raw
                - pendingCharges(id.index, position, market.index))
    }
}

extension AssetRow {
    /// The weighted value of a balance: haircut when positive, weighted up when a debt.
    @inline(__always)
    func weighted(_ amount: Int64, _ price: Int64, _ tiers: [TierRow]) -> Int64 {
        guard amount != 0 else { return 0 }
        if amount > 0, byQuantity {
            return scaled(tiered(amount, tiers), price, .down)
        }
        let value = price == scaleE8 ? amount : scaled(amount, price, .down)
        if amount > 0 { return tiered(value, tiers) }
        return liabilityWeight == scaleE8 ? value : scaled(value, liabilityWeight, .down)
    }

    @inline(__always)
    private func tiered(_ amount: Int64, _ tiers: [TierRow]) -> Int64 {
        var index = firstTier
        let last = firstTier + tierCount - 1
        while index < last, amount > tiers[index + 1].floor { index += 1 }
        let tier = tiers[index]
        if tier.weight == scaleE8 { return amount + tier.constant }
        return scaled(amount, tier.weight, .down) + tier.constant
    }
}

extension MarketRow {
    /// The margin on a notional: `notional · rate − deduction` of its bracket, rounded up.
    @inline(__always)
    func margin(_ notional: Int64, _ kind: MarginKind, _ brackets: [BracketRow]) -> Int64 {
        var index = firstBracket
        let last = firstBracket + bracketCount - 1
        while index < last, notional > brackets[index + 1].floor { index += 1 }
        let bracket = brackets[index]
        let (rate, deduction) =
            kind == .initial
            ? (bracket.rate.initial, bracket.deduction.initial)
            : (bracket.rate.maintenance, bracket.deduction.maintenance)
        return scaled(notional, rate, .up) - deduction
    }
}
