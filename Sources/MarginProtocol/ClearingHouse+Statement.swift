public import ExactMath
import MarginRules

/// The valuation of any account under any schedule, line by line.
///
/// The fast valuation is the same for plain schedules: flat haircuts, brackets by notional, linear contracts.
extension ClearingHouse {
    /// An account's margin, line by line.
    ///
    /// - Parameter prices: one for each feed; nil for the protocol's own.
    public func statement(
        of id: AccountID, _ kind: MarginKind, at prices: [Price]? = nil
    ) -> MarginStatement {
        statement(id.index, prices.map(valuationPrices) ?? self.prices, kind, .nothing)
    }

    /// What an account's positions and debts come to at the protocol's prices. [1e-8 USD]
    ///
    /// Notional of positions, whichever side they are on, and the value of negative balances; nothing is netted.
    public func exposure(of id: AccountID) -> Money {
        let lines = statement(of: id, .maintenance)
        var notional = lines.positions.reduce(Money.zero) { $0 + $1.notional }
        let unit = prices[assetRows[settlement].feed].raw
        if unit != scaleE8 { notional = Money(raw: scaled(notional.raw, unit, .up)) }
        return lines.assets.reduce(notional) { $1.value.isNegative ? $0 - $1.value : $0 }
    }

    func statement(
        _ account: Int, _ prices: [Price], _ kind: MarginKind, _ hypothesis: Hypothesis
    ) -> MarginStatement {
        var result = MarginStatement()
        let markets = marketsAtRisk(account, kind, hypothesis)
        let unit = prices[assetRows[settlement].feed].raw
        var profit: Int64 = 0
        for market in Bits(mask: markets) {
            let position =
                market == hypothesis.market
                ? hypothesis.position : positions[account * marketCount + market]
            let open = openOrders(account, market, prices, kind, hypothesis)
            guard position.size.raw != 0 || position.cost.raw != 0 || open != nil else { continue }
            let line = self.line(position, account, market, prices, kind, open)
            profit += line.weightedProfit.raw
            result.requirement += line.requirement
            result.positions.append(line)
        }
        if let stress = parameters.stress {
            charge(stress, account, prices, kind, hypothesis, &result)
        }
        let joins = parameters.positionResults == .inBalance
        var assets = accounts[account].assets | (1 << UInt64(settlement))
        if hypothesis.asset >= 0 { assets |= 1 << UInt64(hypothesis.asset) }
        for asset in Bits(mask: assets) {
            var amount = holding(account, asset)
            if asset == hypothesis.asset { amount += hypothesis.delta }
            if asset == settlement { amount += hypothesis.settlement + (joins ? profit : 0) }
            guard amount != 0 else { continue }
            let line = self.line(amount, account, asset, prices, kind)
            if amount > 0 {
                result.collateral += line.weighted
            } else {
                result.debt -= line.weighted
            }
            result.assets.append(line)
        }
        if accounts[account].spotMarkets != 0 {
            countSpotOrders(
                account, prices, kind, hypothesis, joined: joins ? profit : 0, &result)
        }
        result.profit = Money(raw: unit == scaleE8 ? profit : scaled(profit, unit, .down))
        if unit != scaleE8 {
            // A contract's margin is counted in the asset that it settles in, as its profit is.
            result.requirement = Money(raw: scaled(result.requirement.raw, unit, .up))
        }
        if joins {
            // Every margin is in a result that has been weighted with the balance.
            result.profit = .zero
            result.requirement = .zero
        }
        if parameters.keeper != nil { chargeKeeper(account, prices, &result) }
        return result
    }

    func line(
        _ position: Position, _ account: Int, _ market: Int, _ prices: [Price], _ kind: MarginKind
    ) -> MarginStatement.PositionLine {
        line(
            position, account, market, prices, kind,
            openOrders(account, market, prices, kind, .nothing))
    }

    /// A position's line with the orders beside it.
    func line(
        _ position: Position, _ account: Int, _ market: Int, _ prices: [Price], _ kind: MarginKind,
        _ orders: OpenOrders?
    ) -> MarginStatement.PositionLine {
        let row = marketRows[market]
        let price = conservative(row.feed, prices, kind, owned: !position.size.isNegative).raw
        let value = row.value(position.size.raw, price, .down)
        let charges = pendingCharges(account, position, market)
        var gain = value - position.cost.raw
        if row.hasPoolTerms, let pool = poolTerms(market) {
            gain = payableProfit(gain, position.side, market, pool, prices)
        }
        gain -= charges
        var counted = gain
        if gain > 0 {
            counted = scaled(gain, profitWeight(of: gain, market, kind).raw, .down)
            if kind == .initial, let cap = parameters.markets[market].initialProfitCap {
                counted = min(counted, cap.raw)
            }
        }
        var notional = row.notional(position.size.raw, price)
        if let most = parameters.markets[market].maximumPrice, position.size.isNegative {
            notional = scaled(position.size.magnitude.raw, max(0, most.raw - price), .up)
        }
        let measured =
            parameters.markets[market].margin.basis == .entry
            ? position.cost.magnitude.raw : notional
        let open = row.notional(row.longOpenInterest.raw, prices[row.feed].raw)
        var basis = MarginBasis(
            size: position.size.magnitude, notional: Money(raw: measured),
            chosenLeverage: chosenLeverage(account, market), openInterest: Money(raw: open),
            underlying: row.isInverse ? Quantity(raw: notional) : nil,
            entryValue: Money(raw: abs(position.cost.raw)),
            shrinks: position.size.isNegative == row.isInverse,
            isIsolated: accounts[account].isolatedMarket != nil)
        if kind == .initial { basis.chosenRatio = chosenMarginRatio(account) }
        if row.hasPoolTerms, let pool = poolTerms(market) {
            return line(
                position, account, market, prices, kind, pool,
                PoolLineBasis(
                    margin: basis, notional: notional, profit: gain, counted: counted,
                    charges: charges))
        }
        var orderMargin: Int64 = 0
        if parameters.positionResults == .inBalance {
            counted = joiningResult(position, charges, market, prices, kind, orders)
            if orders != nil {
                orderMargin =
                    joiningResult(position, charges, market, prices, kind, nil) - counted
            }
        }
        var line = MarginStatement.PositionLine(
            market: MarketID(index: market), size: position.size, notional: Money(raw: notional),
            profit: Money(raw: gain), weightedProfit: Money(raw: counted),
            requirement: unbounded { () throws(ArithmeticOverflow) in
                // Under stress the account's margin is not a sum over positions; fees are.
                try parameters.stress == nil
                    ? parameters.markets[market].margin.requirement(basis, kind)
                    : parameters.markets[market].margin.fee(basis, kind)
            }, orderMargin: Money(raw: orderMargin))
        if let orders {
            charge(orders, beside: position, market, prices, kind, basis, &line)
        }
        return line
    }

    func line(
        _ amount: Int64, _ account: Int, _ asset: Int, _ prices: [Price], _ kind: MarginKind
    ) -> MarginStatement.AssetLine {
        let row = assetRows[asset]
        let price = conservative(row.feed, prices, kind, owned: amount > 0).raw
        let value = price == scaleE8 ? amount : scaled(amount, price, .down)
        var weighted: Int64
        if amount < 0 {
            weighted = scaled(value, debtWeight(amount, asset, prices, kind).raw, .down)
        } else if let category = category(of: account),
            category.assets.contains(AssetID(index: asset))
        {
            let weight = kind.isOpening ? category.initialWeight : category.maintenanceWeight
            weighted = scaled(value, weight.raw, .down)
        } else {
            let schedule = kind.isOpening ? parameters.assets[asset].initialCollateral : nil
            let isScaled = (schedule ?? parameters.assets[asset].collateral).depositScale != nil
            weighted =
                unbounded { () throws(ArithmeticOverflow) in
                    try (schedule ?? parameters.assets[asset].collateral).weighted(
                        Quantity(raw: amount), at: Price(raw: price),
                        deposits: isScaled && kind != .liquidationEnd
                            ? try scalingDeposits(
                                AssetID(index: asset),
                                at: conservative(row.feed, prices, kind, owned: false)) : .zero)
                }.raw
        }
        if kind == .initial, parameters.hasMarginRatios, asset != settlement {
            weighted = self.weighted(weighted, ofValue: value, account)
        }
        return MarginStatement.AssetLine(
            asset: AssetID(index: asset), amount: Quantity(raw: amount), value: Money(raw: value),
            weighted: Money(raw: weighted))
    }

    /// The category whose weights an account has chosen, if any.
    func category(of account: Int) -> CollateralCategory? {
        let chosen = Int(accounts[account].category)
        return chosen >= 0 ? parameters.categories[chosen] : nil
    }

    /// The leverage that an account has chosen, if any.
    func chosenLeverage(_ account: Int, _ market: Int) -> Ratio? {
        guard hasChosenLeverage else { return nil }
        let chosen = chosenLeverages[account * marketCount + market]
        return chosen == 0 ? nil : Ratio(raw: chosen)
    }

    /// Everything that the fast valuation reads, and nothing else.
    static func isPlainMaintenance(_ parameters: ProtocolParameters) -> Bool {
        parameters.categories.isEmpty && parameters.spotMarkets.isEmpty && parameters.stress == nil
            && hasPlainCourse(parameters) && !parameters.hasPriceBounds
            && !parameters.openOrders.countsInMaintenance
            && parameters.assets.allSatisfy {
                $0.collateral.isPlain && $0.interest == nil && $0.debtFactor.isZero
            }
            && parameters.markets.allSatisfy {
                $0.contract == .linear && $0.margin.isPlainMaintenance && $0.pool?.hasTerms != true
                    && $0.maximumPrice == nil
            }
    }

    static func isPlain(_ parameters: ProtocolParameters) -> Bool {
        parameters.categories.isEmpty && parameters.spotMarkets.isEmpty && parameters.stress == nil
            && hasPlainCourse(parameters)
            && parameters.slowPrice == .none && !parameters.hasPriceBounds
            && !parameters.hasAccountMarginRatio && parameters.openOrders == .none
            && parameters.assets.allSatisfy {
                $0.collateral.isPlain && $0.initialCollateral == nil
                    && $0.initialLiabilityWeight == nil
                    && $0.interest == nil && $0.debtFactor.isZero && $0.debtScale == nil
            }
            && parameters.markets.allSatisfy {
                $0.contract == .linear && $0.margin.isPlain && $0.initialProfitWeight == nil
                    && $0.initialProfitCap == nil && $0.pool?.hasTerms != true
                    && $0.initialProfitFactor.isZero && $0.maximumPrice == nil
            }
    }

    /// Neither positions, nor what they owe in funding, nor the course of a liquidation know more than the fast valuation.
    static func hasPlainCourse(_ parameters: ProtocolParameters) -> Bool {
        parameters.liquidation.course == nil && parameters.keeper == nil
            && parameters.positionResults == .separate && parameters.resultSettlement == nil
            && !parameters.lossWaterfall.contains(.socialisedByFunding)
            && !parameters.markets.contains(where: \.splitsFunding)
    }
}

/// Runs arithmetic whose overflow the law's limits exclude; one that happens is a bug and traps.
func unbounded<T>(_ body: () throws(ArithmeticOverflow) -> T) -> T {
    do throws(ArithmeticOverflow) { return try body() } catch {
        preconditionFailure("a bounded value overflowed")
    }
}

extension MarketRow {
    /// What a size is worth at a price, in the settlement asset, signed so that value − cost is profit.
    ///
    /// An inverse contract's value is `−size / price`: what a long position of it owes in the underlying.
    @inline(__always)
    func value(_ size: Int64, _ price: Int64, _ rounding: Rounding) -> Int64 {
        isInverse ? exact(-size, scaleE8, over: price, rounding) : scaled(size, price, rounding)
    }

    /// The value without a sign. [1e-8]
    @inline(__always)
    func notional(_ size: Int64, _ price: Int64) -> Int64 { abs(value(size, price, .down)) }
}
