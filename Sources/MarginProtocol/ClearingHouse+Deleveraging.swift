import ExactMath
public import MarginRules

/// What the layers of the loss waterfall can still pay while a liquidation step is computed.
struct LossCapacity {
    /// What the account is worth below zero, and no part has covered. [1e-8 of the settlement asset]
    var deficit: Int64
    /// What the insurance fund has left for this account. [1e-8 of the settlement asset]
    var insurance: Int64
    /// What stands above auto-deleveraging beside the insurance fund; nil where that is without limit, or where
    /// nobody is deleveraged.
    var others: Int64?
    /// Whether the insurance fund stands above auto-deleveraging.
    var insuranceFirst: Bool

    /// Can what stands above auto-deleveraging not pay a loss?
    func isExceeded(by loss: Int64) -> Bool {
        guard let others else { return false }
        return (insuranceFirst ? insurance : 0) + others < loss
    }
}

extension ClearingHouse {
    /// What may pay the losses of an account in this step.
    func lossCapacity(of id: AccountID) -> LossCapacity {
        let limit = parameters.liquidation.blockLimits.map { limits in
            let used = blockUsage.first { $0.account == id }?.insuranceLoss ?? .zero
            return max(0, (limits.insuranceLoss - used).raw)
        }
        let pays = parameters.lossWaterfall.contains(.insuranceFund)
        let fund =
            pays ? max(0, balances[Self.insuranceFund.index * assetCount + settlement]) : 0
        var result = LossCapacity(
            deficit: max(0, -settlementValue(plainEquity(id.index, prices).raw)),
            insurance: min(fund, limit ?? .max), others: nil, insuranceFirst: false)
        guard let place = parameters.lossWaterfall.firstIndex(of: .autoDeleveraging) else {
            return result
        }
        var others: Int64? = 0
        for layer in parameters.lossWaterfall[..<place] {
            switch layer {
            case .insuranceFund: result.insuranceFirst = true
            case .backstop: others = others.map { $0 + backstopCash() }
            case .socialised, .reserves, .pool, .badDebt, .feePool, .socialisedByFunding:
                others = nil
            case .autoDeleveraging: break
            }
        }
        result.others = others
        return result
    }

    /// The part of a position that others have to give up to, or nil where none has to or none can.
    ///
    /// The price is the one at which the account ends with nothing; nobody is paid and nobody pays a fee. What
    /// finds no counterparty stays for the next step.
    func deleveragedPart(
        _ id: AccountID, _ market: Int, _ amount: Int64, _ capacity: inout LossCapacity,
        loss: Int64
    ) throws(Rejection) -> LiquidationQuote.PositionPart? {
        guard capacity.deficit > 0, loss > 0, capacity.isExceeded(by: loss) else { return nil }
        return try partAtBankruptcy(id, market, amount, &capacity)
    }

    /// The same for what an order has left of an account that is still worth something, where the policy says so and
    /// the fund has nothing: the price is worse than the protocol's, so that nobody but the account gives anything up.
    func unfilledPart(
        _ id: AccountID, _ market: Int, _ amount: Int64, _ capacity: inout LossCapacity
    ) throws(Rejection) -> LiquidationQuote.PositionPart? {
        guard parameters.deleveraging.takesUnfilled, capacity.insuranceFirst,
            capacity.insurance == 0
        else { return nil }
        return try partAtBankruptcy(id, market, amount, &capacity)
    }

    private func partAtBankruptcy(
        _ id: AccountID, _ market: Int, _ amount: Int64, _ capacity: inout LossCapacity
    ) throws(Rejection) -> LiquidationQuote.PositionPart? {
        let row = marketRows[market]
        let held = positions[id.index * marketCount + market].size
        let mark = prices[row.feed]
        let equity = plainEquity(id.index, prices)
        let share = positionShare(id.index, market, closing: amount, equity: equity)
        let bankruptcy = bankruptcyPrice(share, mark, isLong: !held.isNegative, row)
        guard let bankruptcy, bankruptcy.isPositive else { return nil }
        let price = parameters.deleveraging.price == .bankruptcy ? bankruptcy : mark
        let part = try partGivenUp(id, market, amount, at: price, bankruptcy)
        guard let part else { return nil }
        capacity.deficit = max(
            0, capacity.deficit - part.counterparties.reduce(0) { $0 + $1.profitGivenUp.raw })
        return part
    }

    /// What of a position its counterparties take at a price; nil where there are none.
    func partGivenUp(
        _ id: AccountID, _ market: Int, _ amount: Int64, at price: Price, _ bankruptcy: Price?
    ) throws(Rejection) -> LiquidationQuote.PositionPart? {
        let row = marketRows[market]
        let held = positions[id.index * marketCount + market].size
        let mark = prices[row.feed]
        let chosen = counterparties(of: id, market, Quantity(raw: amount), at: price)
        var fills: [FillParts] = []
        var others: [LiquidationQuote.Counterparty] = []
        var closed: Int64 = 0
        for (account, quantity) in chosen {
            // Whoever gives up takes, so that a rounding leaves nothing behind on the liquidated side.
            let delta = held.isNegative ? -quantity : quantity
            let fill = try fillParts(
                taker: account, maker: id.index, market: market, size: delta, price: price,
                after: fills.last)
            let given =
                row.value(delta.raw, price.raw, .up) - row.value(delta.raw, mark.raw, .up)
            fills.append(fill)
            others.append(
                LiquidationQuote.Counterparty(
                    account: AccountID(index: account), size: delta,
                    profitGivenUp: Money(raw: max(0, given))))
            closed += quantity.raw
        }
        guard closed > 0 else { return nil }
        return LiquidationQuote.PositionPart(
            market: MarketID(index: market),
            size: Quantity(raw: held.isNegative ? closed : -closed), price: price,
            bankruptcyPrice: bankruptcy, penalty: .zero, toLiquidator: .zero, toInsurance: .zero,
            fromInsurance: .zero, taker: .deleveraged, counterparties: others, fills: fills)
    }

    /// Who closes how much of the other side, in order; without sign.
    private func counterparties(
        of id: AccountID, _ market: Int, _ amount: Quantity, at price: Price
    ) -> [(account: Int, quantity: Quantity)] {
        let policy = parameters.deleveraging
        let isLong = !positions[id.index * marketCount + market].size.isNegative
        var holders: [Int] = []
        var sizes: [Quantity] = []
        for index in accounts.indices where accounts[index].role == .margin && index != id.index {
            let size = positions[index * marketCount + market].size
            guard !size.isZero, size.isNegative == isLong else { continue }
            holders.append(index)
            sizes.append(size)
        }
        var left = amount
        var result: [(account: Int, quantity: Quantity)] = []
        let pool = positions[Self.liquidityPool.index * marketCount + market].size
        let poolPart = !pool.isZero && pool.isNegative == isLong ? pool.magnitude : .zero
        if policy.pool == .first, poolPart.isPositive {
            let part = min(left, poolPart)
            result.append((Self.liquidityPool.index, part))
            left -= part
        }
        for fill in queue(of: id, market, left, holders, sizes, at: price) {
            result.append((holders[fill.candidate], fill.quantity))
            left -= fill.quantity
        }
        if policy.pool == .last, left.isPositive, poolPart.isPositive {
            result.append((Self.liquidityPool.index, min(left, poolPart)))
        }
        return result
    }

    private func queue(
        of id: AccountID, _ market: Int, _ amount: Quantity, _ holders: [Int],
        _ sizes: [Quantity], at price: Price
    ) -> [DeleveragingFill] {
        guard amount.isPositive, !holders.isEmpty else { return [] }
        switch parameters.deleveraging.order {
        case .ranked(let rank):
            let scores = holders.map { holder in
                // A score that does not fit is one of a position beyond all measure: no counterparty.
                canDeleverage(holder, market, at: price)
                    ? (try? rank.score(candidate(holder, market))) ?? nil : nil
            }
            return DeleveragingQueue.allocate(
                amount, among: sizes, order: DeleveragingRank.order(scores)
            ).fills
        case .proRata:
            let willing = holders.indices.map {
                canDeleverage(holders[$0], market, at: price) ? sizes[$0] : .zero
            }
            return unbounded { () throws(ArithmeticOverflow) in
                try DeleveragingQueue.proRata(amount, among: willing)
            }.fills
        case .unranked:
            let isLong = sizes[0].isNegative
            let found = DeleveragingQueue.walk(
                isLong ? -amount : amount, among: sizes,
                start: start(id, among: holders.count), limit: Self.deleveragingLimit
            ) { candidate, delta in
                mayUpdate(holders[candidate], market, closing: delta.magnitude, at: price)
            }
            return found.fills
        }
    }

    /// The most holders that are looked at; source: dydxprotocol/v4-chain, x/clob/keeper/deleveraging.go.
    private static var deleveragingLimit: Int { 500 }

    /// Where an unranked queue begins: a mixing of the block's time and the account's number (splitmix64), modulo the
    /// number of holders.
    func start(_ id: AccountID, among count: Int) -> Int {
        var mixed = UInt64(bitPattern: time.milliseconds)
        mixed ^= UInt64(UInt32(bitPattern: id.raw)) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(count))
    }

    /// May a holder lose its whole position at a price without ending below zero? Otherwise one deficit would
    /// be covered by another.
    private func canDeleverage(_ holder: Int, _ market: Int, at price: Price) -> Bool {
        let size = positions[holder * marketCount + market].size
        let row = marketRows[market]
        let mark = prices[row.feed]
        let lost = row.value(-size.raw, price.raw, .up) - row.value(-size.raw, mark.raw, .down)
        return settlementValue(plainEquity(holder, prices).raw) >= lost
    }

    /// Would a holder's update by this fill be accepted? See ``CollateralState/update(to:)``.
    private func mayUpdate(_ holder: Int, _ market: Int, closing size: Quantity, at price: Price)
        -> Bool
    {
        let held = positions[holder * marketCount + market].size
        let delta = held.isNegative ? size : -size
        guard
            let fill = try? fillParts(
                taker: holder, maker: Self.liquidityPool.index, market: market, size: delta,
                price: price)
        else { return false }
        let change = Hypothesis(
            settlement: fill.taker.realized - fill.taker.funding, market: market,
            position: fill.taker.after)
        return state(holder, .nothing).update(to: state(holder, change)) == .accepted
    }

    private func state(_ account: Int, _ hypothesis: Hypothesis) -> CollateralState {
        let initial = evaluate(account, prices, .initial, hypothesis)
        let maintenance = evaluate(account, prices, .maintenance, hypothesis)
        return CollateralState(
            netCollateral: maintenance.equity, initialMargin: initial.requirement,
            maintenanceMargin: maintenance.requirement)
    }

    /// An account's net collateral and margins, by which accounts are ordered. [1e-8 USD]
    public func risk(of id: AccountID) -> AccountRisk {
        let state = state(id.index, .nothing)
        return AccountRisk(
            netCollateral: state.netCollateral, initialMargin: state.initialMargin,
            maintenanceMargin: state.maintenanceMargin)
    }

    /// What the rank of a holder's position is made of.
    private func candidate(_ holder: Int, _ market: Int) -> DeleveragingCandidate {
        let position = positions[holder * marketCount + market]
        let row = marketRows[market]
        let mark = row.value(position.size.raw, prices[row.feed].raw, .down)
        let equity = settlementValue(plainEquity(holder, prices).raw)
        let health = evaluate(holder, prices, .maintenance, .nothing)
        var profit: Int64 = 0
        for other in Bits(mask: accounts[holder].markets) {
            let id = MarketID(index: other)
            profit += unrealizedProfit(AccountID(index: holder), id, at: price(of: id)).raw
        }
        let share = positionShare(
            holder, market, closing: position.size.magnitude.raw, equity: Money(raw: equity))
        let ratio =
            health.requirement.isPositive && equity > 0
            ? try? Fixed18(Money(raw: equity)).divided(
                by: Fixed18(health.requirement), rounding: .down) : .zero
        return DeleveragingCandidate(
            markValue: Money(raw: mark), entryValue: position.cost,
            bankruptcyValue: Money(raw: mark - share.equity),
            walletBalance: Money(raw: equity - profit), unrealizedProfit: Money(raw: profit),
            maintenanceMargin: health.requirement, accountValue: Money(raw: equity),
            marginRatio: ratio ?? .zero)
    }
}
