import ExactMath
import MarginRules

/// Liquidation where results stay with their positions: they are taken over like positions and collateral, and what nobody takes of
/// a loss is made good by the loss waterfall.
extension ClearingHouse {
    /// Whether results join the settlement balance, and all goes to zero health.
    private var joins: Bool { parameters.positionResults == .inBalance }

    /// The step that the liquidator asks for, or the first that is possible: positions, profits, what an exchange of assets or a loss
    /// taken over brings, and in the end what nobody takes of losses and debts.
    func quoteKept(
        _ id: AccountID, _ payer: AccountID, _ target: LiquidationTarget, _ health: Health,
        _ advance: Quantity
    ) throws(Rejection) -> LiquidationQuote {
        switch target {
        case .position(let market, let atMost):
            try requireMarket(market)
            if let atMost, atMost <= .zero { throw .amountNotPositive }
            guard !position(id, market).size.isZero else { throw .nothingToLiquidate }
            return joins
                ? try quoteBase(id, payer, ResultTarget(market, size: atMost), health)
                : try quotePositions(id, payer, target, health)
        case .collateral:
            guard let pair = try collateralPair(id, target) else { throw .nothingToLiquidate }
            try requireGraceOver(pair.seize)
            try requireGraceOver(pair.repay)
            return try quoteCollateral(id, payer, pair, target, health, advance)
        case .result(let wanted): return try quoteResult(id, payer, wanted, health)
        case .next: break
        }
        for candidate in candidates(id) {
            do throws(Rejection) {
                return try quoteKept(id, payer, candidate, health, advance)
            } catch {
                guard error == .nothingToLiquidate else { throw error }
            }
        }
        guard accounts[id.index].markets == 0, hasDebt(id.index), !hasHolding(id.index) else {
            throw .nothingToLiquidate
        }
        return LiquidationQuote(account: id, step: .deficit, healthBefore: health, value: .zero)
    }

    private func hasHolding(_ account: Int) -> Bool {
        Bits(mask: accounts[account].assets).contains { holding(account, $0) > 0 }
    }

    /// What may be taken, in the order in which it is tried.
    private func candidates(_ id: AccountID) -> [LiquidationTarget] {
        let account = id.index
        let markets = Array(Bits(mask: accounts[account].markets))
        let isFlat = { positions[account * marketCount + $0].size.isZero }
        let sized = markets.filter { !isFlat($0) }
            .sorted { (result(account, $0), $0) < (result(account, $1), $1) }
        let flat = markets.filter(isFlat)
        let owned = assetsByValue(account)
        let losses = flat.filter { result(account, $0) < 0 }
        var found = sized.map { LiquidationTarget.position(MarketID(index: $0), atMost: nil) }
        found += flat.filter { result(account, $0) > 0 }.map { .result(.init(MarketID(index: $0))) }
        let lost: [LiquidationTarget] = losses.map { .result(.init(MarketID(index: $0))) }
        let exchanges: [LiquidationTarget] = owned.held.flatMap { seize in
            owned.owed.map { .collateral(seize: seize, repay: $0, atMost: nil) }
        }
        return found + (joins ? exchanges + lost : lost + exchanges)
    }

    /// What an account holds and what it owes, the most valuable first.
    private func assetsByValue(_ account: Int) -> (held: [AssetID], owed: [AssetID]) {
        let all = Bits(mask: accounts[account].assets).map { asset in
            (
                id: AssetID(index: asset), amount: holding(account, asset),
                value: abs(
                    scaled(holding(account, asset), prices[assetRows[asset].feed].raw, .down))
            )
        }.sorted { ($1.value, $0.id) < ($0.value, $1.id) }
        return (all.filter { $0.amount > 0 }.map(\.id), all.filter { $0.amount < 0 }.map(\.id))
    }

    private func quoteResult(
        _ id: AccountID, _ payer: AccountID, _ wanted: ResultTarget, _ health: Health
    ) throws(Rejection) -> LiquidationQuote {
        try requireMarket(wanted.market)
        for limit in [wanted.size, wanted.amount].compactMap(\.self) where limit.isNegative {
            throw .amountNotPositive
        }
        let market = wanted.market.index
        let isFlat = position(id, wanted.market).size.isZero
        let result = result(id.index, market)
        if joins {
            guard isFlat, result < 0 else { return try quoteBase(id, payer, wanted, health) }
            return try quoteLoss(id, payer, wanted, loss: -result, health)
        }
        guard isFlat, result != 0, case .shortage(let terms) = parameters.liquidation.size else {
            throw .nothingToLiquidate
        }
        let owned = assetsByValue(id.index)
        let others = result > 0 ? owned.owed : owned.held
        if let asset = wanted.asset {
            try requireAsset(asset)
            guard others.contains(asset) else { throw .nothingToLiquidate }
        }
        if let asset = wanted.asset ?? others.first {
            try requireGraceOver(asset.index)
            return try exchangeResult(
                id, payer, market, asset.index, wanted.amount, result, terms, health)
        }
        guard result < 0, !isWorthSomething(id.index) else { throw .nothingToLiquidate }
        // Nothing is left that could pay for it.
        return LiquidationQuote(
            account: id,
            step: .result(
                LiquidationQuote.ResultPart(
                    market: wanted.market, asset: parameters.settlementAsset,
                    uncovered: Money(raw: -result))), healthBefore: health, value: .zero)
    }

    /// Does an account still have a position, a holding or a profit?
    private func isWorthSomething(_ account: Int) -> Bool {
        hasHolding(account)
            || Bits(mask: accounts[account].markets).contains {
                !positions[account * marketCount + $0].size.isZero || result(account, $0) > 0
            }
    }

    // MARK: To zero health

    /// Reduces a position and takes its profit over, until health under the initial weights is zero; see
    /// ``PerpetualHealthLiquidation``.
    private func quoteBase(
        _ id: AccountID, _ payer: AccountID, _ wanted: ResultTarget, _ health: Health
    ) throws(Rejection) -> LiquidationQuote {
        let policy = parameters.liquidation
        guard let terms = parameters.resultSettlement else { throw .settledOnClosing }
        let market = wanted.market.index
        let row = marketRows[market]
        let place = Array(Bits(mask: accounts[id.index].markets)).firstIndex(of: market)
        guard let place else { throw .nothingToLiquidate }
        let size = positions[id.index * marketCount + market].size
        let toLiquidator = policy.penalty.scaledDown(by: policy.liquidatorShare)
        let rule = PerpetualHealthLiquidation(
            baseFee: toLiquidator, platformFee: policy.penalty - toLiquidator,
            profitFee: terms.profitFee, lot: terms.lot, healthTarget: -healthDust)
        let most = Quantity(raw: Self.exposureLimit)
        let transfer: PerpetualHealthLiquidation.Transfer? = try orOverflow {
            () throws(ArithmeticOverflow) in
            try rule.transfer(
                in: try crossHealth(id.index), perpetual: place,
                maximumBase: min(most, wanted.size ?? most),
                maximumProfit: min(most, wanted.amount ?? most))
        }
        guard let transfer, !transfer.base.isZero || transfer.settledProfit.isPositive else {
            throw .nothingToLiquidate
        }
        try requireMayTake(payer, wanted.market)
        var position: LiquidationQuote.PositionPart?
        if !transfer.base.isZero {
            position = try basePart(id, payer, market, transfer.base, size, rule)
        }
        let value = Money(raw: row.notional(transfer.base.raw, prices[row.feed].raw))
        guard transfer.settledProfit.isPositive else {
            guard let part = position else { throw .nothingToLiquidate }
            try requirePayerCanHold(payer, part.fills[0].maker, market, settled: 0)
            return LiquidationQuote(
                account: id, step: .positions([part]), healthBefore: health, value: value)
        }
        let parts = try resultParts(
            from: id.index, to: payer.index, market, moved: transfer.settledProfit.raw, paid: 0,
            after: position?.fills.first)
        try requireCanGive(transfer.profitPayment, of: settlement, by: payer)
        try requireRoom(id, settlement, for: transfer.profitPayment.raw)
        try requirePayerCanHold(
            payer, parts.maker, market, settled: -transfer.profitPayment.raw)
        var part = LiquidationQuote.ResultPart(
            market: wanted.market, asset: parameters.settlementAsset, uncovered: .zero)
        part.position = position
        part.taken = Money(raw: transfer.settledProfit.raw)
        part.given = transfer.profitPayment
        part.fills = [parts]
        part.bonus = worth(transfer.settledProfit - transfer.profitPayment)
        return LiquidationQuote(
            account: id, step: .result(part), healthBefore: health,
            value: value + worth(transfer.settledProfit))
    }

    private func basePart(
        _ id: AccountID, _ payer: AccountID, _ market: Int, _ delta: Quantity, _ size: Quantity,
        _ rule: PerpetualHealthLiquidation
    ) throws(Rejection) -> LiquidationQuote.PositionPart {
        let row = marketRows[market]
        let mark = prices[row.feed]
        let value = scaled(delta.magnitude.raw, mark.raw, .up)
        let whole = scaled(value, (rule.baseFee + rule.platformFee).raw, .up)
        let reward = scaled(value, rule.baseFee.raw, .down)
        let fill = try charged(
            try fillParts(
                taker: id.index, maker: payer.index, market: market, size: delta, price: mark),
            taker: whole, maker: -reward)
        let share = positionShare(id.index, market, closing: delta.magnitude.raw)
        try requireRoom(Self.insuranceFund, settlement, for: whole - reward)
        return LiquidationQuote.PositionPart(
            market: MarketID(index: market), size: delta, price: mark,
            bankruptcyPrice: bankruptcyPrice(share, mark, isLong: !size.isNegative, row),
            penalty: Money(raw: whole), toLiquidator: Money(raw: reward),
            toInsurance: Money(raw: whole - reward), fromInsurance: .zero, taker: .liquidator,
            counterparties: [], fills: [fill])
    }

    private var healthDust: Money {
        guard case .initialHealth(let dust)? = parameters.liquidation.course?.end else {
            return .zero
        }
        return dust
    }

    /// Takes a loss over for as much of the account's deposit, then for insurance; what brings health to zero beyond that is left
    /// for others to bear. See ``PerpetualHealthBankruptcy``.
    private func quoteLoss(
        _ id: AccountID, _ payer: AccountID, _ wanted: ResultTarget, loss: Int64, _ health: Health
    ) throws(Rejection) -> LiquidationQuote {
        guard let terms = parameters.resultSettlement else { throw .settledOnClosing }
        let market = wanted.market.index
        let policy = parameters.liquidation
        let markets = Array(Bits(mask: accounts[id.index].markets))
        guard let place = markets.firstIndex(of: market), !(try hasSecondPhase(id.index)) else {
            throw .nothingToLiquidate
        }
        let insurance = terms.insurance ?? parameters.settlementAsset
        let fund =
            parameters.lossWaterfall.contains(.insuranceFund)
            ? max(.zero, balance(Self.insuranceFund, insurance)) : .zero
        try requirePrice(assetRows[insurance.index].feed, for: .liquidate)
        let limit = Quantity(raw: max(0, -settleable(id.index, market).lowerBound))
        let most = wanted.amount ?? Quantity(raw: loss)
        let rule = PerpetualHealthBankruptcy(
            fee: policy.penalty.scaledDown(by: policy.liquidatorShare),
            insuranceStep: Quantity(raw: 1))
        let outcome: PerpetualHealthBankruptcy.Outcome? = try orOverflow {
            () throws(ArithmeticOverflow) in
            try rule.outcome(
                in: try crossHealth(id.index), perpetual: place,
                settleLimit: min(limit, Quantity(raw: loss)),
                maximum: min(most, Quantity(raw: loss)), insurancePrice: price(of: insurance),
                insuranceFund: fund)
        }
        guard let outcome else { throw .nothingToLiquidate }
        let taken = outcome.settled + outcome.insuredLoss
        guard taken.isPositive || outcome.socialised.isPositive else { throw .nothingToLiquidate }
        var part = LiquidationQuote.ResultPart(
            market: wanted.market, asset: parameters.settlementAsset,
            uncovered: Money(raw: outcome.socialised.raw))
        if taken.isPositive {
            try requireMayTake(payer, wanted.market)
            let parts = try resultParts(
                from: id.index, to: payer.index, market, moved: -taken.raw, paid: 0)
            try requireCanGive(outcome.settled, of: settlement, by: id)
            try requireRoom(payer, settlement, for: outcome.settled.raw)
            try requireRoom(payer, insurance.index, for: outcome.insurancePayment.raw)
            try requirePayerCanHold(
                payer, parts.maker, market, settled: outcome.settled.raw,
                asset: insurance.index, outcome.insurancePayment.raw)
            part.taken = Money(raw: -taken.raw)
            part.given = -outcome.settled
            part.insuranceAsset = insurance
            part.insurancePaid = outcome.insurancePayment
            part.fills = [parts]
            let paid = scaled(outcome.insurancePayment.raw, price(of: insurance).raw, .down)
            part.bonus = max(.zero, Money(raw: paid) - worth(outcome.insuredLoss))
        }
        return LiquidationQuote(
            account: id, step: .result(part), healthBefore: health, value: worth(taken))
    }

    /// Is there still a position, a profit without one, or an asset that could be exchanged for a debt? Source:
    /// blockworks-foundation/mango-v4, health/cache.rs (`has_phase2_liquidatable`).
    private func hasSecondPhase(_ account: Int) throws(Rejection) -> Bool {
        for market in Bits(mask: accounts[account].markets)
        where !positions[account * marketCount + market].size.isZero || result(account, market) > 0
        {
            return true
        }
        return try orOverflow { () throws(ArithmeticOverflow) in
            let health = try crossHealth(account)
            let effective = try health.effectiveBalances(.liquidationEnd)
            let pairs = zip(health.tokens, effective)
            return pairs.contains { $0.balance.isPositive && $1 > .zero }
                && pairs.contains { $0.balance.isNegative && $1 < .zero }
        }
    }

    // MARK: Who takes it

    func requireMayTake(_ payer: AccountID, _ market: MarketID) throws(Rejection) {
        try requireRole(payer, .margin)
        if let only = accounts[payer.index].isolatedMarket, only != market {
            throw .marketNotAllowed(market)
        }
        if !proceedings.isEmpty { try requireNoProceeding(payer, unlessFlagged: false) }
        try requirePrices(of: payer.index, for: .open)
        try requirePrice(marketRows[market.index].indexFeed, for: .open)
    }

    /// Whoever takes a result over meets its initial margin with it.
    func requirePayerCanHold(
        _ payer: AccountID, _ side: FillParts.Side, _ market: Int, settled: Int64,
        asset: Int = -1, _ delta: Int64 = 0
    ) throws(Rejection) {
        let change = Hypothesis(
            settlement: settled, asset: asset, delta: delta, market: market, position: side.after)
        guard evaluate(payer.index, prices, .initial, change).isMet else {
            throw .payerCannotTakePosition(payer)
        }
    }

    /// An account has so much of an asset, or may owe it.
    func requireCanGive(_ amount: Quantity, of asset: Int, by id: AccountID) throws(Rejection) {
        let name = AssetID(index: asset)
        let has = balance(id, name)
        guard has < amount else { return }
        guard parameters.assets[asset].borrowable else {
            throw .insufficientBalance(name, has: has, needs: amount)
        }
        try requireDebts(adding: amount - max(.zero, has), of: asset)
    }

    /// What an amount of the settlement asset is worth, rounded down. [1e-8 USD]
    func worth(_ amount: Quantity) -> Money {
        Money(raw: scaled(amount.raw, prices[assetRows[settlement].feed].raw, .down))
    }

    // MARK: Writing

    mutating func take(
        _ part: LiquidationQuote.ResultPart, from id: AccountID, payer: AccountID,
        into journal: inout [Event]
    ) {
        if let position = part.position {
            take(position, from: id, payer: payer, into: &journal)
        }
        for fill in part.fills { write(fill, reason: .liquidation, into: &journal) }
        move(part.given, of: part.asset.index, from: payer, to: id, .resultTakenOver, &journal)
        guard part.insurancePaid.isPositive else { return }
        move(
            part.insurancePaid, of: part.insuranceAsset.index, from: Self.insuranceFund, to: payer,
            .lossCover, &journal)
        journal.append(
            .lossCovered(
                LossCover(
                    account: id, layer: .insuranceFund, payer: Self.insuranceFund,
                    asset: part.insuranceAsset, amount: part.insurancePaid)))
    }

    /// Has others bear what nobody takes over of a loss; returns it. [1e-8 USD]
    mutating func coverResult(
        of id: AccountID, _ part: LiquidationQuote.ResultPart, into journal: inout [Event]
    ) -> Money {
        guard part.uncovered.isPositive else { return .zero }
        let market = part.market.index
        let before = positions[id.index * marketCount + market]
        var after = before
        after.cost -= part.uncovered
        let side = FillParts.Side(
            account: id.index, before: before, after: after, realized: 0, funding: 0)
        let row = marketRows[market]
        let parts = FillParts(
            market: market, price: prices[row.feed], size: .zero, taker: side, maker: side,
            longOpenInterest: row.longOpenInterest,
            openCost: row.openCost - before.cost.magnitude + after.cost.magnitude)
        writeAlone(parts, reason: .liquidation, into: &journal)
        cover(
            part.uncovered.raw, of: settlement, for: id, payee: Self.clearing(part.market),
            into: &journal)
        return Money(
            raw: scaled(part.uncovered.raw, prices[assetRows[settlement].feed].raw, .up))
    }
}

extension Ratio {
    /// A share of it, rounded down; both are at most one.
    fileprivate func scaledDown(by share: Ratio) -> Ratio {
        Ratio(raw: MarginProtocol.scaled(raw, share.raw, .down))
    }
}
