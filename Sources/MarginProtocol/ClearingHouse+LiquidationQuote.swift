public import ExactMath
import MarginRules

extension ClearingHouse {
    /// What a liquidation of this account by this payer would do now.
    ///
    /// Guards in order: accounts and roles, pause, prices, trigger, once per block, target, then size.
    /// The protocol runs the very same function; a quote that succeeds executes as quoted. The backstop vault has
    /// a trigger of its own.
    ///
    /// - Parameter advance: what the payer will have of the repaid asset, beside its balance, when it runs; zero
    ///   for what the protocol itself runs. [1e-8 units]
    public func quoteLiquidation(
        of id: AccountID, payer: AccountID, target: LiquidationTarget = .next,
        advance: Quantity = .zero
    ) throws(Rejection) -> LiquidationQuote {
        try requireAccount(id)
        try requireAccount(payer)
        if accounts[id.index].role == .backstop { return try quoteVaultDeleveraging(id, target) }
        try requireRole(id, .margin)
        guard id != payer else { throw .sameAccount }
        let payerRole = accounts[payer.index].role
        let isVenue = parameters.liquidation.caller == .venue && payer == Self.treasury
        guard payerRole == .wallet || payerRole == .margin || isVenue else {
            throw .wrongRole(payer, payerRole)
        }
        try requireNotPaused(.liquidate)
        try requirePrices(of: id.index, for: .liquidate)
        try requirePrice(assetRows[settlement].feed, for: .liquidate, of: id.index)
        let health = evaluate(id.index, prices, .maintenance, .nothing)
        guard isDue(id.index, health, prices) else {
            throw .accountHealthy(surplus: health.surplus)
        }
        try requireRoomForLosses()
        let policy = parameters.liquidation
        if policy.oncePerBlock, accounts[id.index].lastLiquidatedAt == time.milliseconds {
            throw .oncePerBlock(id)
        }
        if hasOrdersInMaintenance(id.index) || sizesByInitialMargin(id.index) {
            return try quoteAfterOrders(id, payer, target, health, advance)
        }
        return try quoteStep(id, payer, target, health, advance)
    }

    /// What is taken from an account that is due, once it has no order that counts.
    func quoteStep(
        _ id: AccountID, _ payer: AccountID, _ target: LiquidationTarget, _ health: Health,
        _ advance: Quantity
    ) throws(Rejection) -> LiquidationQuote {
        let policy = parameters.liquidation
        if policy.size == .flag { return try quoteFlagged(id, payer, target, health) }
        if keepsResults { return try quoteKept(id, payer, target, health, advance) }
        if case .result = target { throw .settledOnClosing }
        if accounts[id.index].markets != 0, !choosesCollateral(target, policy) {
            return try quotePositions(id, payer, target, health)
        }
        if policy.size == .absorb { return try quoteAbsorption(id, target, health) }
        if case .creditAccount(let fee) = policy.size, hasCollateral(id.index) {
            return try quoteCreditAccount(id, payer, target, health, fee, advance)
        }
        if let pair = try collateralPair(id, target) {
            if parameters.auctions != nil, pair.repay == settlement { throw .soldByAuction(id) }
            try requireGraceOver(pair.seize)
            try requireGraceOver(pair.repay)
            return try quoteCollateral(id, payer, pair, target, health, advance)
        }
        // Nothing can be chosen where nothing is left.
        guard target == .next, hasDebt(id.index) else { throw .nothingToLiquidate }
        return LiquidationQuote(account: id, step: .deficit, healthBefore: health, value: .zero)
    }

    func quotePositions(
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
        if let quote = try takeover(id, health) { return quote }
        var markets: [Int]
        if case .wholeAccount = policy.size {
            markets = Array(Bits(mask: accounts[id.index].markets))
        } else if let chosen {
            markets = [chosen.index]
        } else {
            markets = [try firstMarket(id)]
        }
        if !windingUp.isEmpty { markets = try openMarkets(markets) }
        if policy.taker == .liquidator, accounts[payer.index].role != .margin {
            throw .wrongRole(payer, accounts[payer.index].role)
        }
        if policy.book != nil, markets.contains(where: { liquidatesInBook($0) }) {
            return try quoteIntoBooks(id, payer, markets, limit, health)
        }
        var available = plainEquity(id.index, prices).raw
        var capacity = lossCapacity(of: id)
        var parts: [LiquidationQuote.PositionPart] = []
        var value: Money = .zero
        for market in markets {
            let part = try positionPart(
                id, payer, market, limit, health, &available, &capacity)
            value += Money(
                raw: marketRows[market].notional(part.size.magnitude.raw, part.price.raw))
            parts.append(part)
        }
        if policy.taker == .liquidator { try requirePayerCanTake(payer, parts) }
        return LiquidationQuote(
            account: id, step: .positions(parts), healthBefore: health, value: value)
    }

    /// The position that the policy's order takes first; ties go to the lower market number.
    ///
    /// - Throws: ``Rejection/oncePerBlock(_:)`` where the block allows no further one.
    func firstMarket(_ id: AccountID) throws(Rejection) -> Int {
        let account = id.index
        var best = -1
        var bestKey: Int64 = .min
        let used = blockUsage.first { $0.account == id }?.markets ?? 0
        let settled = windingUp.isEmpty ? 0 : settledMarkets
        for market in Bits(mask: accounts[account].markets & ~used & ~settled) {
            let position = positions[account * marketCount + market]
            let row = marketRows[market]
            let value = row.value(position.size.raw, prices[row.feed].raw, .down)
            let key: Int64
            switch parameters.liquidation.order {
            case .mostUnprofitableFirst, .liquidatorsChoice:
                key =
                    position.cost.raw + pendingCharges(account, position, market) - value
            case .largestFirst: key = abs(value)
            }
            if best < 0 || key > bestKey { (best, bestKey) = (market, key) }
        }
        guard best < 0 else { return best }
        if let market = Bits(mask: accounts[account].markets & settled).first(where: { _ in true })
        {
            throw .marketSettled(MarketID(index: market))
        }
        throw .oncePerBlock(id)
    }

    /// Those of some markets that are not settled: what is left there closes of itself.
    private func openMarkets(_ markets: [Int]) throws(Rejection) -> [Int] {
        let open = markets.filter { settledMarkets & 1 << UInt64($0) == 0 }
        if open.isEmpty, let first = markets.first {
            throw .marketSettled(MarketID(index: first))
        }
        return open
    }

    func positionPart(
        _ id: AccountID, _ payer: AccountID, _ market: Int, _ limit: Quantity?, _ health: Health,
        _ available: inout Int64, _ capacity: inout LossCapacity
    ) throws(Rejection) -> LiquidationQuote.PositionPart {
        var policy = parameters.liquidation
        if policy.closingPrice == .pool, let terms = poolTerms(market) {
            return try poolPart(id, payer, market, terms)
        }
        if case .shortage(let terms) = policy.size {
            return try shortagePart(id, payer, market, limit, terms)
        }
        let row = marketRows[market]
        let held = positions[id.index * marketCount + market].size
        let mark = prices[row.feed]
        var amount = closingSize(
            id.index, market, health, allowed: try allowance(of: id, market))
        if let limit { amount = min(amount, limit.raw) }
        policy = policy.closing(amount, of: held)
        let delta = Quantity(raw: held.isNegative ? amount : -amount)
        let maker = policy.taker == .pool ? Self.liquidityPool.index : payer.index
        let share = positionShare(id.index, market, closing: amount)
        let bankruptcy = bankruptcyPrice(share, mark, isLong: !held.isNegative, row)
        var price = closingPrice(policy.closingPrice, share, mark, isLong: !held.isNegative)
        var charges = closingCharges(
            policy, share, price, delta, row, isWholeLoss: capacity.deficit)
        if case .fillable = policy.closingPrice, charges.loss > capacity.insurance,
            capacity.deficit == 0, let bankruptcy
        {
            // What the fund cannot make good is no fill: the account is not bankrupt yet.
            price = bankruptcy
            charges = (0, 0, 0)
        }
        let (toLiquidator, wanted, loss) = charges
        let givenUp = parameters.deleveraging.isWhole ? held.magnitude.raw : amount
        if let part = try deleveragedPart(id, market, givenUp, &capacity, loss: loss) {
            return part
        }
        let fill = try fillParts(
            taker: id.index, maker: maker, market: market, size: delta, price: price)
        var fromInsurance: Int64 = 0
        if case .fillable = policy.closingPrice, loss > 0 {
            fromInsurance = min(loss, capacity.insurance)
            capacity.insurance -= fromInsurance
            capacity.deficit = max(0, capacity.deficit - fromInsurance)
        }
        // The liquidator is always paid; venue and fund take their share only of what the account still has.
        var toVenue: Int64 = 0
        if !policy.fee.isZero, policy.closingPrice == .mark {
            toVenue = venueFee(
                policy, row.notional(amount, price.raw), available - toLiquidator)
            try requireRoom(Self.treasury, settlement, for: toVenue)
        }
        let toInsurance = max(0, min(wanted, available - toLiquidator - toVenue))
        available -= toLiquidator + toVenue + toInsurance
        try requireRoom(payer, settlement, for: toLiquidator)
        try requireRoom(Self.insuranceFund, settlement, for: toInsurance)
        var part = LiquidationQuote.PositionPart(
            market: MarketID(index: market), size: delta, price: price,
            bankruptcyPrice: bankruptcy,
            penalty: Money(raw: toLiquidator + toInsurance),
            toLiquidator: Money(raw: toLiquidator), toInsurance: Money(raw: toInsurance),
            fromInsurance: Money(raw: fromInsurance),
            taker: policy.taker == .pool ? .pool : .liquidator, counterparties: [], fills: [fill])
        part.fee = Money(raw: toVenue)
        part.toTreasury = part.fee
        return part
    }

    /// What the venue has of a closing at the mark, at most what is left. [1e-8 of the settlement asset]
    func venueFee(_ policy: LiquidationPolicy, _ value: Int64, _ left: Int64) -> Int64 {
        guard !policy.fee.isZero, policy.closingPrice == .mark else { return 0 }
        return max(0, min(scaled(value, policy.fee.raw, .up), left))
    }

    /// What the block's limits leave of an account's notional; nil where there are none.
    func allowance(of id: AccountID, _ market: Int) throws(Rejection) -> Money? {
        guard let limits = parameters.liquidation.blockLimits else { return nil }
        let used = blockUsage.first { $0.account == id } ?? BlockUsage(account: id)
        let allowance = AccountBlockLimits(
            maximumNotional: limits.notional, maximumInsuranceLoss: limits.insuranceLoss
        ).allowance(
            after: AccountBlockLimits.Usage(
                notional: used.notional, insuranceLoss: used.insuranceLoss,
                markets: Array(Bits(mask: used.markets))), market: market)
        guard let allowance, allowance.notional.isPositive else { throw .oncePerBlock(id) }
        return allowance.notional
    }

    /// What a closing pays the liquidator, what the insurance fund would have of it, and the loss that somebody has to
    /// bear with it: of a fill below bankruptcy that alone, else all that the account is worth below zero.
    func closingCharges(
        _ policy: LiquidationPolicy, _ share: PositionShare, _ price: Price, _ delta: Quantity,
        _ row: MarketRow, isWholeLoss deficit: Int64
    ) -> (toLiquidator: Int64, toInsurance: Int64, loss: Int64) {
        let amount = delta.magnitude.raw
        switch policy.closingPrice {
        case .mark:
            let value =
                row.isInverse ? row.notional(amount, price.raw) : scaled(amount, price.raw, .up)
            let wanted = scaled(value, policy.penalty.raw, .up)
            let toLiquidator = scaled(wanted, policy.liquidatorShare.raw, .down)
            return (
                toLiquidator, wanted - toLiquidator, deficit > 0 ? deficit + toLiquidator : 0
            )
        case .takeover(let part):
            let wanted = scaled(share.maintenance, part.raw, .up)
            let toLiquidator = scaled(wanted, policy.liquidatorShare.raw, .down)
            return (
                toLiquidator, wanted - toLiquidator, deficit > 0 ? deficit + toLiquidator : 0
            )
        case .bankruptcy: return (0, max(0, share.equity), deficit)
        case .pool: return (0, 0, 0)
        case .fillable(_, _, let maximumFee):
            let quote =
                delta.isNegative ? share.value - share.equity : -(share.value + share.equity)
            let change =
                unbounded { () throws(ArithmeticOverflow) in
                    try CappedLiquidationFee(maximum: maximumFee).insuranceFundDelta(
                        delta: delta, at: price, bankruptcyQuote: Money(raw: quote))
                } ?? .zero
            return (0, max(0, change.raw), max(0, -change.raw))
        }
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
        if !proceedings.isEmpty { try requireNoProceeding(payer, unlessFlagged: false) }
        try requirePrices(of: payer.index, for: .open)
        let after = initialHealth(of: payer.index, taking: parts)
        guard after.isMet else { throw .payerCannotTakePosition(payer) }
    }

    /// A payer's initial health once it has every part and its reward: what the new positions count in place of
    /// the old ones.
    private func initialHealth(of payer: Int, taking parts: [LiquidationQuote.PositionPart])
        -> Health
    {
        var settled: Int64 = 0
        var profit: Int64 = 0
        var requirement: Int64 = 0
        for part in parts where part.taker == .liquidator {
            let side = part.fills[0].maker
            let hasOrders =
                countsOrders && accounts[payer].orders & 1 << UInt64(part.market.raw) != 0
            settled += side.realized - side.funding + part.toLiquidator.raw
            for (position, sign) in [(side.after, Int64(1)), (side.before, -1)]
            where position.size.raw != 0 || position.cost.raw != 0 || hasOrders {
                let line = line(position, payer, part.market.index, prices, .initial)
                profit += sign * line.weightedProfit.raw
                requirement += sign * line.requirement.raw
            }
        }
        if parameters.positionResults == .inBalance {
            return evaluate(payer, prices, .initial, Hypothesis(settlement: settled + profit))
        }
        var health = evaluate(payer, prices, .initial, Hypothesis(settlement: settled))
        let unit = prices[assetRows[settlement].feed].raw
        health.equity += Money(raw: scaled(profit, unit, .down))
        health.requirement += Money(raw: scaled(requirement, unit, .up))
        return health
    }
}
