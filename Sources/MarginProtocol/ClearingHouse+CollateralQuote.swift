import ExactMath

extension ClearingHouse {
    /// Which collateral pays which debt: the liquidator's choice, else the most valuable of each.
    ///
    /// nil when there is nothing to seize.
    func collateralPair(_ id: AccountID, _ target: LiquidationTarget)
        throws(Rejection) -> (seize: Int, repay: Int)?
    {
        // A holding worth less than a unit of money is a holding still: what is left is seized too.
        var best: (asset: Int, value: Int64) = (-1, -1)
        var worst: (asset: Int, value: Int64) = (-1, 0)
        for asset in Bits(mask: accounts[id.index].assets) {
            let value = scaled(
                balances[id.index * assetCount + asset], prices[assetRows[asset].feed].raw, .down)
            if value > best.value { best = (asset, value) }
            if value < worst.value { worst = (asset, value) }
        }
        guard best.asset >= 0, worst.asset >= 0 else { return nil }
        switch target {
        case .next: return (best.asset, worst.asset)
        case .position: throw .nothingToLiquidate
        case .collateral(let seize, let repay, let atMost):
            try requireAsset(seize)
            try requireAsset(repay)
            if let atMost, atMost <= .zero { throw .amountNotPositive }
            guard balance(id, seize).isPositive, balance(id, repay).isNegative else {
                throw .nothingToLiquidate
            }
            return (seize.index, repay.index)
        }
    }

    /// The seizure that repaying part of a debt buys: repaid value · (1 + bonus), in collateral.
    func quoteCollateral(
        _ id: AccountID, _ payer: AccountID, _ pair: (seize: Int, repay: Int),
        _ target: LiquidationTarget, _ health: Health
    ) throws(Rejection) -> LiquidationQuote {
        let policy = parameters.liquidation
        let held = balances[id.index * assetCount + pair.seize]
        let debt = -balances[id.index * assetCount + pair.repay]
        var repaid = repayable(id.index, pair, debt, held, health)
        if case .collateral(_, _, let atMost?) = target { repaid = min(repaid, atMost.raw) }
        let (seized, paid) = seizure(pair, repaid: repaid, held: held)
        let seizePrice = prices[assetRows[pair.seize].feed]
        let repayPrice = prices[assetRows[pair.repay].feed]
        let seizedValue = scaled(seized, seizePrice.raw, .down)
        let paidValue = scaled(paid, repayPrice.raw, .up)
        let bonus = max(0, seizedValue - paidValue)
        let fundShare = scaled(
            bonus, policy.collateralBonusInsuranceShare.raw, .down)
        let toInsurance = min(
            seized, exact(fundShare, scaleE8, over: seizePrice.raw, .down))
        // Whoever repays must have what is repaid.
        let asset = AssetID(index: pair.repay)
        if accounts[payer.index].role == .wallet {
            try requireBalance(payer, asset, Quantity(raw: paid))
        } else {
            try requireMayLeave(Quantity(raw: paid), of: asset, from: payer)
        }
        try requireRoom(payer, pair.seize, for: seized)
        try requireRoom(Self.insuranceFund, pair.seize, for: toInsurance)
        return LiquidationQuote(
            account: id,
            step: .collateral(
                LiquidationQuote.CollateralPart(
                    seize: AssetID(index: pair.seize), repay: asset,
                    seized: Quantity(raw: seized), repaid: Quantity(raw: paid),
                    toInsurance: Quantity(raw: toInsurance),
                    bonus: Money(raw: bonus - fundShare))),
            healthBefore: health, value: Money(raw: paidValue))
    }

    /// What a repayment seizes, and what is really paid when the collateral does not suffice.
    ///
    /// Seized rounds down and paid rounds up: against the liquidator, in favour of the account.
    private func seizure(_ pair: (seize: Int, repay: Int), repaid: Int64, held: Int64)
        -> (seized: Int64, paid: Int64)
    {
        let bonus = scaleE8 + parameters.liquidation.collateralBonus.raw
        let seizePrice = prices[assetRows[pair.seize].feed].raw
        let repayPrice = prices[assetRows[pair.repay].feed].raw
        let value = scaled(repaid, repayPrice, .down)
        // What does not fit is more than is held.
        let wanted = try? multiply(
            scaled(value, bonus, .down), scaleE8, dividingBy: seizePrice, rounding: .down)
        if let wanted, wanted <= held { return (wanted, repaid) }
        let heldValue = scaled(held, seizePrice, .up)
        let worth = exact(heldValue, scaleE8, over: bonus, .up)
        return (held, min(repaid, exact(worth, scaleE8, over: repayPrice, .up)))
    }

    /// How much of a debt one step may repay.
    private func repayable(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ debt: Int64, _ held: Int64,
        _ health: Health
    ) -> Int64 {
        switch parameters.liquidation.size {
        case .wholePosition, .wholeAccount: return debt
        case .closeFactor(let factor, let fullBelow, let dust):
            if isDeep(account, fullBelow) { return debt }
            let part = max(1, scaled(debt, factor.raw, .up))
            let left = scaled(
                debt - part, prices[assetRows[pair.repay].feed].raw, .down)
            return left < dust.raw ? debt : part
        case .targetHealth(let target):
            // Without positions the requirement is zero; the target scales the debts instead.
            let bends = repaymentBends(pair, debt, held)
            return least(ofBends: bends) { repaid in
                let (seized, paid) = seizure(pair, repaid: repaid, held: held)
                return collateralRatioReaches(
                    target, account, (pair.seize, -seized), (pair.repay, paid))
            } ?? debt
        }
    }

    /// Repayments at which collateral or debt changes its slope: where what is held of the collateral
    /// leaves a tier, or ends.
    private func repaymentBends(_ pair: (seize: Int, repay: Int), _ debt: Int64, _ held: Int64)
        -> [Int64]
    {
        var bends = [debt]
        for floor in tierFloors(of: pair.seize) where floor < held {
            let (seized, paid) = seizure(pair, repaid: debt, held: held - floor)
            if seized == held - floor, paid < debt { bends.append(max(1, paid)) }
        }
        return bends
    }

    /// Is weighted collateral under `share` of weighted debt? The lending form of deep insolvency.
    private func isDeep(_ account: Int, _ share: Ratio) -> Bool {
        share.isPositive && !collateralRatioReaches(share, account, (-1, 0), (-1, 0))
    }

    /// Is weighted collateral ≥ target · weighted debt, with two balances changed?
    private func collateralRatioReaches(
        _ target: Ratio, _ account: Int, _ first: (asset: Int, delta: Int64),
        _ second: (asset: Int, delta: Int64)
    ) -> Bool {
        var collateral: Int64 = 0
        var debt: Int64 = 0
        for asset in Bits(mask: accounts[account].assets) {
            var amount = balances[account * assetCount + asset]
            if asset == first.asset { amount += first.delta }
            if asset == second.asset { amount += second.delta }
            let value = weighted(asset, amount, prices)
            if value < 0 { debt -= value } else { collateral += value }
        }
        return product(collateral, scaleE8) >= product(debt, target.raw)
    }
}
