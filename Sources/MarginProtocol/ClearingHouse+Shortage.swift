import ExactMath
import MarginRules

/// Liquidation by as much as ends a shortage of margin, as Drift does it.
extension ClearingHouse {
    /// What the course allows now of what would cover a shortage.
    func allowedShare(of id: AccountID, _ shortage: Money) -> Ratio {
        guard let ramp = parameters.liquidation.course?.ramp else { return .one }
        let begun = proceeding(of: id)
        let elapsed = time - Timestamp(milliseconds: begun?.since ?? time.milliseconds)
        return unbounded { () throws(ArithmeticOverflow) in
            try ramp.share(shortage: shortage, freed: begun?.freed ?? .zero, elapsed: elapsed)
        }
    }

    var buffer: Ratio {
        guard case .buffered(let buffer)? = parameters.liquidation.course?.end else { return .zero }
        return buffer
    }

    /// The part of a position whose closing makes good what is missing, as far as the time since the beginning and the
    /// liquidator allow.
    func shortagePart(
        _ id: AccountID, _ payer: AccountID, _ market: Int, _ limit: Quantity?,
        _ terms: ShortageTerms
    ) throws(Rejection) -> LiquidationQuote.PositionPart {
        let policy = parameters.liquidation
        let row = marketRows[market]
        let held = positions[id.index * marketCount + market]
        let size = held.size.magnitude
        let margin = buffered(id.index, buffer, prices)
        let line = line(held, id.index, market, prices, .maintenance)
        let fee = try liquidatorFee(of: id, market, terms)
        let transfer: PerpetualTransfer? = try orOverflow { () throws(ArithmeticOverflow) in
            let shortage = try margin.shortage()
            let basis = MarginBasis(size: size, notional: line.notional)
            let cover = PerpetualShortageCover(
                shortage: shortage,
                marginRatio: try parameters.markets[market].margin
                    .wholeRate(basis, .maintenance).adding(buffer),
                liquidatorFee: fee, price: prices[row.feed],
                quotePrice: prices[assetRows[settlement].feed])
            let insurance = try cover.insuranceFee(
                marketShortage: try margin.shortage(
                    shortage, ofMarket: worth(line.requirement, prices)),
                position: size, maximum: terms.insuranceFee,
                kept: ExactFraction(terms.insuranceKept.raw, over: scaleE8))
            return try PerpetualTransfer(
                position: size, wanted: limit ?? (size + terms.step),
                toCover: cover.needed(insuranceFee: insurance),
                share: allowedShare(of: id, shortage), price: prices[row.feed],
                liquidatorFee: fee, insuranceFee: insurance, smallPosition: terms.smallPosition,
                step: terms.step)
        }
        guard let transfer else { throw .nothingAllowedYet(id) }
        // What a step of size would take beyond the position is not there.
        let closed = min(transfer.size, size)
        func charged(_ fee: Money) -> Money {
            Money(raw: exact(fee.raw, closed.raw, over: transfer.size.raw, .down))
        }
        let toLiquidator = charged(transfer.liquidatorFee)
        let toInsurance = charged(transfer.insuranceFee)
        let delta = held.size.isNegative ? closed : -closed
        let maker = policy.taker == .pool ? Self.liquidityPool.index : payer.index
        var fill = try fillParts(
            taker: id.index, maker: maker, market: market, size: delta, price: prices[row.feed])
        if keepsResults {
            fill = try self.charged(
                fill, taker: (toLiquidator + toInsurance).raw, maker: -toLiquidator.raw)
        }
        try requireRoom(payer, settlement, for: toLiquidator.raw)
        try requireRoom(Self.insuranceFund, settlement, for: toInsurance.raw)
        let share = positionShare(id.index, market, closing: closed.raw)
        var part = LiquidationQuote.PositionPart(
            market: MarketID(index: market), size: delta, price: prices[row.feed],
            bankruptcyPrice: bankruptcyPrice(
                share, prices[row.feed], isLong: !held.size.isNegative, row),
            penalty: toLiquidator + toInsurance, toLiquidator: toLiquidator,
            toInsurance: toInsurance,
            fromInsurance: .zero, taker: policy.taker == .pool ? .pool : .liquidator,
            counterparties: [], fills: [fill])
        part.coversShortage = transfer.coversShortage
        return part
    }

    /// The liquidator's fee on a position, grown with the time since the liquidation began.
    private func liquidatorFee(of id: AccountID, _ market: Int, _ terms: ShortageTerms)
        throws(Rejection) -> Ratio
    {
        let base = parameters.liquidation.penalty
        guard let ramp = terms.feeRamp, let begun = proceeding(of: id) else { return base }
        let margin = parameters.markets[market].margin
        return try orOverflow { () throws(ArithmeticOverflow) in
            try ramp.fee(
                base: base,
                maximum: try ramp.maximum(
                    base: base, maintenanceRatio: margin.brackets[0].maintenanceRate),
                elapsed: time - Timestamp(milliseconds: begun.since))
        }
    }

    /// What an exchange of a debt against collateral moves.
    struct DebtExchange {
        var repaid: Quantity
        /// What of it stays a debt, and goes to the insurance fund.
        var repaidToInsurance: Quantity
        var seized: Quantity
        /// What of it goes to the insurance fund.
        var seizedToInsurance: Quantity
        var coversShortage: Bool
    }

    /// The exchange that makes good what is missing, as far as the time since the beginning and the liquidator allow.
    func shortageExchange(
        _ id: AccountID, _ pair: (seize: Int, repay: Int), _ most: Quantity, _ terms: ShortageTerms
    ) throws(Rejection) -> DebtExchange {
        let account = id.index
        let held = holding(account, pair.seize)
        let owed = -holding(account, pair.repay)
        let margin = buffered(account, buffer, prices)
        let weighted = -line(-owed, account, pair.repay, prices, .maintenance).weighted
        let cover = SpotShortageCover(
            asset: .init(
                amount: Quantity(raw: held), price: prices[assetRows[pair.seize].feed],
                weight: holdingWeight(held, pair.seize), fee: bonus(of: pair.seize, account)),
            liability: .init(
                amount: Quantity(raw: owed), price: prices[assetRows[pair.repay].feed],
                weight: debtWeight(-owed, pair.repay, prices, .maintenance) + buffer,
                fee: bonus(of: pair.repay, account)))
        let transfer: SpotShortageCover.Transfer? = try orOverflow {
            () throws(ArithmeticOverflow) in
            let shortage = try margin.shortage()
            let insurance = try cover.insuranceFee(
                marketShortage: try margin.shortage(shortage, ofMarket: weighted),
                maximum: terms.debtInsuranceFee)
            return try cover.transfer(
                wanted: most, toCover: cover.needed(shortage, insuranceFee: insurance),
                share: allowedShare(of: id, shortage), insuranceFee: insurance,
                smallDebt: terms.smallDebt, dust: terms.dust)
        }
        guard let transfer else { throw .nothingAllowedYet(id) }
        return DebtExchange(
            repaid: transfer.liability, repaidToInsurance: transfer.insuranceFee,
            seized: min(transfer.asset, Quantity(raw: held)), seizedToInsurance: .zero,
            coversShortage: transfer.coversShortage)
    }

    /// The weight of a holding against the maintenance requirement, that of its first tier with its size.
    func holdingWeight(_ amount: Int64, _ asset: Int) -> Ratio {
        let schedule = parameters.assets[asset].collateral
        guard case .squareRoot(let factor) = schedule.sizeDiscount else {
            return schedule.tiers[0].weight
        }
        return unbounded { () throws(ArithmeticOverflow) in
            try SizePremium(factor: factor).assetWeight(
                schedule.tiers[0].weight, size: Quantity(raw: amount))
        }
    }

    /// A quote of an exchange, with the guards of one.
    func exchangeQuote(
        _ id: AccountID, _ payer: AccountID, _ pair: (seize: Int, repay: Int), _ health: Health,
        _ exchange: DebtExchange
    ) throws(Rejection) -> LiquidationQuote {
        guard exchange.repaid.isPositive else { throw .nothingToLiquidate }
        let asset = AssetID(index: pair.repay)
        if accounts[payer.index].role == .wallet {
            try requireBalance(payer, asset, exchange.repaid)
        } else {
            try requireMayLeave(exchange.repaid, of: asset, from: payer)
        }
        try requireRoom(payer, pair.seize, for: exchange.seized.raw)
        try requireRoom(Self.insuranceFund, pair.seize, for: exchange.seizedToInsurance.raw)
        try requireRoom(Self.insuranceFund, pair.repay, for: exchange.repaidToInsurance.raw)
        let paid = scaled(exchange.repaid.raw, prices[assetRows[pair.repay].feed].raw, .up)
        let got = exchange.seized - exchange.seizedToInsurance
        let worth = scaled(got.raw, prices[assetRows[pair.seize].feed].raw, .down)
        var part = LiquidationQuote.CollateralPart(
            seize: AssetID(index: pair.seize), repay: asset, seized: exchange.seized,
            repaid: exchange.repaid, toInsurance: exchange.seizedToInsurance,
            bonus: Money(raw: max(0, worth - paid)))
        part.repaidToInsurance = exchange.repaidToInsurance
        part.coversShortage = exchange.coversShortage
        return LiquidationQuote(
            account: id, step: .collateral(part), healthBefore: health, value: Money(raw: paid))
    }
}

extension PerpetualShortageCover {
    /// The size that covers the shortage, at least one unit; nil where none does.
    fileprivate func needed(insuranceFee: Ratio) -> Quantity? {
        (try? size(insuranceFee: insuranceFee)).flatMap { $0.map { max(Quantity(raw: 1), $0) } }
    }
}

extension SpotShortageCover {
    /// The repayment that covers the shortage; nil where none does.
    func needed(_ shortage: Money, insuranceFee: Ratio) -> Quantity? {
        (try? amountToCover(shortage, insuranceFee: insuranceFee)) ?? nil
    }
}
