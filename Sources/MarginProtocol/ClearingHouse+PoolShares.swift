public import ExactMath
public import MarginRules

/// Deposits into the liquidity pool and withdrawals from it, at the price of its token.
extension ClearingHouse {
    /// What an account owns of the pool. [1e-8 shares]
    public func poolShares(_ account: AccountID) -> Quantity {
        poolShareBook.held.isEmpty
            ? .zero : Quantity(raw: poolShareBook.held[account.index])
    }

    /// How many shares of the pool there are. [1e-8 shares]
    public var poolShareSupply: Quantity { Quantity(raw: poolShareBook.supply) }

    /// What the pool is worth to its depositors, with profits up to a share of what backs each side. [1e-8 USD]
    ///
    /// - Parameter end: the highest value, or the lowest.
    /// - Throws: ``Rejection/overflow``.
    public func poolShareValue(_ end: PoolValuation, maximumProfit: Ratio) throws(Rejection)
        -> Money
    {
        try orOverflow { () throws(ArithmeticOverflow) in
            var value = Money.zero
            for asset in poolAssets { value = try value.adding(pooled(asset, end)) }
            for market in parameters.markets.indices {
                guard let terms = poolTerms(market) else { continue }
                value = try value.adding(
                    -poolState(market, terms).owed(
                        end, maximumProfit: (maximumProfit, maximumProfit)))
            }
            return value
        }
    }

    /// The price of a share of the pool, one dollar before there are any.
    ///
    /// - Throws: ``Rejection/overflow``.
    public func poolSharePrice(_ end: PoolValuation, maximumProfit: Ratio) throws(Rejection)
        -> Price
    {
        let value = try poolShareValue(end, maximumProfit: maximumProfit)
        return try orOverflow { () throws(ArithmeticOverflow) in
            try PoolValue.sharePrice(value: value, supply: poolShareSupply)
        }
    }

    /// Gives somebody, before the first block, what nobody owns of the pool as it stands, at one dollar a share.
    public mutating func seedPoolShares(to owner: AccountID = outside) {
        guard parameters.poolShares != nil else { return }
        for asset in poolAssets where !poolShareBook.counted.isEmpty {
            poolShareBook.counted[asset] = (try? pooled(asset, .minimum).raw) ?? 0
        }
        let value = (try? poolShareValue(.maximum, maximumProfit: .one)) ?? .zero
        let shares = max(0, value.raw) - poolShareBook.supply
        guard shares > 0 else { return }
        poolShareBook.supply += shares
        poolShareBook.held[owner.index] += shares
    }

    /// What the pool holds to back positions, in order.
    private var poolAssets: [Int] {
        var assets: UInt64 = 0
        for market in parameters.markets.indices {
            guard let terms = poolTerms(market) else { continue }
            assets |= 1 << UInt64(terms.longBacking.index) | 1 << UInt64(terms.shortBacking.index)
        }
        return Array(Bits(mask: assets))
    }

    /// What the pool has of an asset, what impact pools hold of it included. [1e-8 units] At least zero.
    private func pooledAmount(_ asset: Int) -> Quantity {
        let held = balances[Self.liquidityPool.index * assetCount + asset] + heldForImpact(asset)
        return Quantity(raw: max(0, held))
    }

    private func pooled(_ asset: Int, _ end: PoolValuation) throws(ArithmeticOverflow) -> Money {
        try pooledAmount(asset).value(
            at: range(assetRows[asset].feed, prices).picked(end), rounding: .down)
    }

    /// One market's pool as the rule of its value reads it; borrowing is with the pool already.
    private func poolState(_ market: Int, _ terms: PoolTerms) -> PoolValue {
        let halved = terms.longBacking == terms.shortBacking
        func side(_ side: PoolSide, _ asset: Int) -> PoolSideState {
            let amount = pooledAmount(asset)
            return PoolSideState(
                amount: halved ? Quantity(raw: amount.raw / 2) : amount,
                price: range(assetRows[asset].feed, prices),
                openInterest: sides[market][side].cost,
                openInterestInTokens: sides[market][side].size)
        }
        var impact = PositionImpactPool(amount: .zero)
        if let own = terms.impactPool, let account = impacts.pools[market] {
            impact = impactPoolState(account, own)
        }
        return PoolValue(
            long: side(.long, terms.longBacking.index),
            short: side(.short, terms.shortBacking.index),
            indexPrice: range(marketRows[market].feed, prices), impactPool: impact)
    }

    // MARK: Deposits

    /// Brings an asset into the pool for shares of it.
    ///
    /// Guards in order: amount, shares, asset, account, role, owner, pause, what backs positions, balance, prices,
    /// traders' profit, the pool's worth, its cap, what is received, room.
    @inline(never)
    mutating func addLiquidity(
        _ id: AccountID, _ asset: AssetID, amount: Quantity, atLeast: Quantity,
        by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        let plan = try planDeposit(id, asset, amount, atLeast, by: sender)

        // Nothing below may fail.
        write(plan, .liquidityAdded, into: &journal)
    }

    /// What a deposit into the pool would bring; see ``Command/addLiquidity(wallet:asset:amount:atLeast:)``.
    public func quoteDeposit(_ id: AccountID, _ asset: AssetID, amount: Quantity)
        throws(Rejection) -> PoolShareChange
    {
        try planDeposit(id, asset, amount, .zero, by: accounts[id.index].owner).change
    }

    @inline(never)
    private func planDeposit(
        _ id: AccountID, _ asset: AssetID, _ amount: Quantity, _ atLeast: Quantity,
        by sender: Address
    ) throws(Rejection) -> PoolSharePlan {
        guard amount.isPositive else { throw .amountNotPositive }
        guard let terms = parameters.poolShares else { throw .noPoolShares }
        try requireAsset(asset)
        try requireShareholder(id, sender, .deposit)
        guard poolAssets.contains(asset.index) else { throw .assetNotInPool(asset) }
        try requireBalance(id, asset, amount)
        try requirePoolPrices(for: .deposit)
        try requireProfits(below: terms.depositProfit)
        let value = try poolShareValue(.maximum, maximumProfit: terms.depositProfit)
        let supply = poolShareSupply
        guard value.isPositive || supply.isZero else { throw .poolWorthless }
        let range = range(assetRows[asset.index].feed, prices)
        let plan = try orOverflow { () throws(ArithmeticOverflow) in
            let brought = try amount.value(at: range.minimum, rounding: .down)
            let rate = try depositFee(terms, asset.index, amount, range)
            let fee = try amount.scaled(by: rate, rounding: .down)
            let counted = try (amount - fee).value(at: range.minimum, rounding: .down)
            let shares = try PoolValue.shares(for: counted, value: value, supply: supply)
            return PoolSharePlan(
                parts: [
                    .init(
                        asset: asset.index, paid: amount.raw,
                        toTreasury: try fee.scaled(by: terms.outsideShare, rounding: .down).raw,
                        counted: counted.raw)
                ],
                change: PoolShareChange(
                    account: id, shares: shares, supplyAfter: try supply.adding(shares),
                    poolValue: value, value: brought,
                    fee: try fee.value(at: range.minimum, rounding: .down)))
        }
        if let most = terms.maximumValue {
            let after = try orOverflow { () throws(ArithmeticOverflow) in
                try pooledAmount(asset.index).adding(amount)
                    .value(at: range.maximum, rounding: .up)
            }
            guard after <= most else { throw .poolCapExceeded(asset) }
        }
        guard plan.change.shares >= atLeast, plan.change.shares.isPositive else {
            throw .receivedTooLittle(plan.change.shares)
        }
        guard plan.change.supplyAfter.raw <= Self.balanceLimit else { throw .exposureTooLarge }
        try requireRoom(Self.liquidityPool, asset.index, for: amount.raw)
        try requireRoom(Self.treasury, asset.index, for: amount.raw)
        return plan
    }

    private func depositFee(
        _ terms: PoolShareTerms, _ asset: Int, _ amount: Quantity, _ range: PriceRange
    ) throws(ArithmeticOverflow) -> Ratio {
        switch terms.fee {
        case .byBalance(let improving, let worsening):
            let value = try amount.value(at: range.middle, rounding: .down)
            let before = try spread(adding: .zero, to: asset)
            return try spread(adding: value, to: asset) < before ? improving : worsening
        case .byWeights(let rule, let weights):
            let value = try amount.value(at: range.minimum, rounding: .down)
            return try weightedFee(rule, weights, asset, change: value)
        }
    }

    /// How far apart the values of what the pool holds are, the middle of prices taken. [1e-8 USD]
    private func spread(adding value: Money, to changed: Int) throws(ArithmeticOverflow) -> Money {
        var low = Money(raw: .max)
        var high = Money.zero
        for asset in poolAssets {
            var own = try pooledAmount(asset).value(
                at: range(assetRows[asset].feed, prices).middle, rounding: .down)
            if asset == changed { own = try own.adding(value) }
            low = min(low, own)
            high = max(high, own)
        }
        return high - low
    }

    private func weightedFee(
        _ rule: GLPDynamicFee, _ weights: [Int64], _ asset: Int, change: Money
    ) throws(ArithmeticOverflow) -> Ratio {
        var supply = Money.zero
        for counted in poolShareBook.counted { supply = try supply.adding(Money(raw: counted)) }
        let target = try GLPDynamicFee.target(
            weight: weights[asset], totalWeight: weights.reduce(0, +), supply: supply)
        let points = try rule.basisPoints(
            amount: Money(raw: poolShareBook.counted[asset]), change: change, target: target)
        return Ratio(basisPoints: points)
    }

    // MARK: Withdrawals

    /// Gives shares back for what they are worth.
    ///
    /// - Parameter asset: what is wanted, where the terms leave the choice.
    ///
    /// Guards in order: shares, terms, account, role, owner, pause, holding, asset, prices, the pool's worth, what it
    /// has, its reserves, traders' profit, what is received, room.
    @inline(never)
    mutating func removeLiquidity(
        _ id: AccountID, shares: Quantity, asset: AssetID?, atLeast: Money, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        let plan = try planWithdrawal(id, shares, asset, atLeast, by: sender)

        // Nothing below may fail.
        write(plan, .liquidityRemoved, into: &journal)
    }

    @inline(never)
    private func planWithdrawal(
        _ id: AccountID, _ shares: Quantity, _ asset: AssetID?, _ atLeast: Money,
        by sender: Address
    ) throws(Rejection) -> PoolSharePlan {
        guard shares.isPositive else { throw .amountNotPositive }
        guard let terms = parameters.poolShares else { throw .noPoolShares }
        try requireShareholder(id, sender, .withdraw)
        let has = poolShares(id)
        guard has >= shares else { throw .insufficientShares(has: has, needs: shares) }
        if let asset { try requireAsset(asset) }
        guard (asset != nil) == terms.choosesAsset else { throw .parameterInvalid }
        if let asset, !poolAssets.contains(asset.index) { throw .assetNotInPool(asset) }
        try requirePoolPrices(for: .withdraw)
        let value = try poolShareValue(.minimum, maximumProfit: terms.withdrawalProfit)
        guard value.isPositive else { throw .poolWorthless }
        let supply = poolShareSupply
        let plan = try orOverflow { () throws(ArithmeticOverflow) in
            let worth = try value.scaled(by: shares.raw, over: supply.raw, rounding: .down)
            var plan = PoolSharePlan(
                change: PoolShareChange(
                    account: id, shares: -shares, supplyAfter: supply - shares, poolValue: value,
                    value: worth, fee: .zero))
            var total = Money.zero
            for asset in poolAssets { total = try total.adding(pooled(asset, .maximum)) }
            for each in poolAssets where asset == nil || asset?.index == each {
                let part =
                    asset == nil
                    ? try worth.scaled(
                        by: pooled(each, .maximum).raw, over: max(1, total.raw), rounding: .down)
                    : worth
                let range = range(assetRows[each].feed, prices)
                let amount = try part.quantity(at: range.maximum, rounding: .down)
                let rate: Ratio =
                    switch terms.fee {
                    case .byBalance(_, let worsening): worsening
                    case .byWeights(let rule, let weights):
                        try weightedFee(rule, weights, each, change: -part)
                    }
                let fee = try amount.scaled(by: rate, rounding: .down)
                plan.change.fee = try plan.change.fee.adding(
                    fee.value(at: range.maximum, rounding: .down))
                plan.parts.append(
                    .init(
                        asset: each, paid: -(amount - fee).raw,
                        toTreasury: try fee.scaled(by: terms.outsideShare, rounding: .down).raw,
                        counted: -part.raw))
            }
            return plan
        }
        for part in plan.parts {
            let held = balances[Self.liquidityPool.index * assetCount + part.asset]
            guard part.toTreasury - part.paid <= max(0, held) else {
                throw .insufficientLiquidity(AssetID(index: part.asset))
            }
            try requireRoom(id, part.asset, for: -part.paid)
            try requireRoom(Self.treasury, part.asset, for: part.toTreasury)
        }
        var after = self
        var scratch: [Event] = []
        after.write(plan, .liquidityRemoved, into: &scratch)
        try after.requireReserves()
        try after.requireProfits(below: terms.withdrawalProfit)
        guard plan.change.value - plan.change.fee >= atLeast else {
            throw .receivedTooLittle(Quantity(raw: (plan.change.value - plan.change.fee).raw))
        }
        return plan
    }

    // MARK: Both

    private func requireShareholder(_ id: AccountID, _ sender: Address, _ action: Actions)
        throws(Rejection)
    {
        try requireAccount(id)
        try requireRole(id, .wallet)
        try requireOwner(id, sender)
        try requireNotPaused(action)
    }

    private func requirePoolPrices(for action: Actions) throws(Rejection) {
        for asset in poolAssets { try requirePrice(assetRows[asset].feed, for: action) }
        for market in parameters.markets.indices where marketRows[market].hasPoolTerms {
            try requirePrice(marketRows[market].indexFeed, for: action)
        }
    }

    /// Traders' profit on no side is above a share of what backs it; source: gmx-synthetics, MarketUtils.sol,
    /// validateMaxPnl.
    private func requireProfits(below cap: Ratio) throws(Rejection) {
        for market in parameters.markets.indices {
            guard let terms = poolTerms(market) else { continue }
            for side in PoolSide.allCases {
                let row = sides[market][side]
                let share = try orOverflow { () throws(ArithmeticOverflow) in
                    try PoolProfit(
                        side, openInterest: row.cost, tokens: row.size,
                        indexPrice: range(marketRows[market].feed, prices), .maximum
                    ).share(ofPool: poolValue(terms, side, prices))
                }
                guard share <= Fixed18(cap) else {
                    throw .poolProfitTooHigh(MarketID(index: market))
                }
            }
        }
    }

    /// What positions reserve is still there; source: gmx-synthetics, MarketUtils.sol, validateReserve.
    private func requireReserves() throws(Rejection) {
        for market in parameters.markets.indices {
            guard let terms = poolTerms(market), let rule = terms.reserves else { continue }
            for side in PoolSide.allCases {
                let row = sides[market][side]
                let holds = try orOverflow { () throws(ArithmeticOverflow) in
                    try PoolReserves.reserved(
                        side, openInterest: row.cost, tokens: row.size,
                        indexPrice: range(marketRows[market].feed, prices))
                        <= min(poolValue(terms, side, prices), Money(raw: Self.exposureLimit))
                        .scaled(by: rule.reserve, rounding: .down)
                }
                guard holds else { throw .poolReserveExceeded(MarketID(index: market)) }
            }
        }
    }

    private mutating func write(
        _ plan: PoolSharePlan, _ reason: BalanceReason, into journal: inout [Event]
    ) {
        let id = plan.change.account
        for part in plan.parts {
            let toPool = part.paid - part.toTreasury
            move(
                Quantity(raw: part.paid > 0 ? toPool : part.paid), of: part.asset, from: id,
                to: Self.liquidityPool, reason, &journal)
            move(
                Quantity(raw: part.toTreasury), of: part.asset,
                from: part.paid > 0 ? id : Self.liquidityPool, to: Self.treasury, reason, &journal)
            if !poolShareBook.counted.isEmpty {
                poolShareBook.counted[part.asset] = max(
                    0, poolShareBook.counted[part.asset] + part.counted)
            }
        }
        poolShareBook.held[id.index] += plan.change.shares.raw
        poolShareBook.supply += plan.change.shares.raw
        journal.append(.poolSharesChanged(plan.change))
    }
}
