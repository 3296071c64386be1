public import ExactMath

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
        let bonus = bonus(of: pair.seize, id.index)
        let (seized, paid) = seizure(pair, repaid: repaid, held: held, bonus)
        let seizePrice = prices[assetRows[pair.seize].feed]
        let repayPrice = prices[assetRows[pair.repay].feed]
        let seizedValue = scaled(seized, seizePrice.raw, .down)
        let paidValue = scaled(paid, repayPrice.raw, .up)
        let discount = max(0, seizedValue - paidValue)
        let fundShare = scaled(
            discount, policy.collateralBonusInsuranceShare.raw, .down)
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
                    bonus: Money(raw: discount - fundShare))),
            healthBefore: health, value: Money(raw: paidValue))
    }

    /// What a repayment seizes, and what is really paid when the collateral does not suffice.
    ///
    /// Seized rounds down and paid rounds up: against the liquidator, in favour of the account.
    private func seizure(
        _ pair: (seize: Int, repay: Int), repaid: Int64, held: Int64, _ discount: Ratio
    ) -> (seized: Int64, paid: Int64) {
        let bonus = scaleE8 + discount.raw
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
        let discount = bonus(of: pair.seize, account)
        switch parameters.liquidation.size {
        case .wholePosition, .wholeAccount, .absorb, .firstShare, .bracketSteps: return debt
        case .portion(let share, let minimum):
            let price = prices[assetRows[pair.repay].feed].raw
            let least = exact(minimum.raw, scaleE8, over: price, .up)
            return min(debt, max(1, least, scaled(debt, share.raw, .up)))
        case .debtShare(let share, let fullBelow, let small, let leftover):
            return debtShare(account, pair, debt, held, (share, fullBelow, small, leftover))
        case .closeFactor(let factor, let fullBelow, let dust):
            if isDeep(account, fullBelow) { return debt }
            let part = max(1, scaled(debt, factor.raw, .up))
            let left = scaled(
                debt - part, prices[assetRows[pair.repay].feed].raw, .down)
            return left < dust.raw ? debt : part
        case .targetHealth(let target, let kind, _):
            // Without positions the requirement is zero; the target scales the debts instead.
            let bends = repaymentBends(pair, debt, held, discount)
            return least(ofBends: bends) { repaid in
                let (seized, paid) = seizure(pair, repaid: repaid, held: held, discount)
                return collateralRatioReaches(
                    target, account, (pair.seize, -seized), (pair.repay, paid), kind)
            } ?? debt
        }
    }

    /// Repayments at which collateral or debt changes its slope: where what is held of the collateral
    /// leaves a tier, or ends.
    private func repaymentBends(
        _ pair: (seize: Int, repay: Int), _ debt: Int64, _ held: Int64, _ discount: Ratio
    ) -> [Int64] {
        var bends = [debt]
        for floor in tierFloors(of: pair.seize) where floor < held {
            let (seized, paid) = seizure(pair, repaid: debt, held: held - floor, discount)
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
        _ second: (asset: Int, delta: Int64), _ kind: MarginKind = .maintenance
    ) -> Bool {
        var collateral: Int64 = 0
        var debt: Int64 = 0
        for asset in Bits(mask: accounts[account].assets) {
            var amount = balances[account * assetCount + asset]
            if asset == first.asset { amount += first.delta }
            if asset == second.asset { amount += second.delta }
            guard amount != 0 else { continue }
            let value = line(amount, account, asset, prices, kind).weighted.raw
            if value < 0 { debt -= value } else { collateral += value }
        }
        return product(collateral, scaleE8) >= product(debt, target.raw)
    }

    /// Aave's close factor: half of all debt, or the whole of this one; and no dust left behind.
    private func debtShare(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ debt: Int64, _ held: Int64,
        _ rule: (share: Ratio, fullBelow: Ratio, small: Money, leftover: Money)
    ) -> Int64 {
        let price = prices[assetRows[pair.repay].feed].raw
        let debtValue = scaled(debt, price, .up)
        let heldValue = scaled(held, prices[assetRows[pair.seize].feed].raw, .down)
        if debtValue < rule.small.raw || heldValue < rule.small.raw
            || !collateralRatioExceeds(rule.fullBelow, account)
        {
            return debt
        }
        var all: Int64 = 0
        for asset in Bits(mask: accounts[account].assets) {
            let amount = balances[account * assetCount + asset]
            guard amount < 0 else { continue }
            all += scaled(-amount, prices[assetRows[asset].feed].raw, .up)
        }
        let most = exact(scaled(all, rule.share.raw, .down), scaleE8, over: price, .down)
        let part = max(1, min(debt, most))
        guard rule.leftover.isPositive, part < debt else { return part }
        // Leftovers of both sides are worth that much or nothing: less is taken where less is too little.
        let discount = bonus(of: pair.seize, account)
        let (seized, _) = seizure(pair, repaid: part, held: held, discount)
        let seizePrice = prices[assetRows[pair.seize].feed].raw
        if seized < held, scaled(held - seized, seizePrice, .down) < rule.leftover.raw {
            let kept = exact(rule.leftover.raw, scaleE8, over: seizePrice, .up)
            let value = scaled(max(0, held - kept), seizePrice, .down)
            let worth = exact(value, scaleE8, over: scaleE8 + discount.raw, .down)
            return max(1, min(part, exact(worth, scaleE8, over: price, .down)))
        }
        if scaled(debt - part, price, .down) < rule.leftover.raw {
            let kept = exact(rule.leftover.raw, scaleE8, over: price, .up)
            return max(1, min(part, debt - kept))
        }
        return part
    }

    /// Is weighted collateral > share · weighted debt?
    private func collateralRatioExceeds(_ share: Ratio, _ account: Int) -> Bool {
        let statement = statement(account, prices, .maintenance, .nothing)
        return product(statement.collateral.raw, scaleE8) > product(statement.debt.raw, share.raw)
    }

    /// The discount at which an asset of this account would be seized now.
    public func liquidationBonus(of asset: AssetID, in account: AccountID) -> Ratio {
        bonus(of: asset.index, account.index)
    }

    /// The discount at which an asset of this account is seized.
    func bonus(of asset: Int, _ account: Int) -> Ratio {
        let policy = parameters.liquidation
        switch policy.bonusRule {
        case .fixed:
            if let category = category(of: account),
                category.assets.contains(AssetID(index: asset))
            {
                return category.liquidationBonus
            }
            return parameters.assets[asset].liquidationBonus ?? policy.collateralBonus
        case .healthProportional(let maximum):
            let statement = statement(account, prices, .maintenance, .nothing)
            guard statement.debt.isPositive else { return .zero }
            let health = exact(
                statement.collateral.raw, scaleE8, over: statement.debt.raw, .down)
            let factor = max(1, min(scaleE8, max(health, scaleE8 - maximum.raw)))
            return Ratio(raw: exact(scaleE8, scaleE8, over: factor, .down) - scaleE8)
        case .incentiveFactor(let cursor, let maximum):
            let weight = parameters.assets[asset].collateral.tiers[0].weight
            let divisor = scaleE8 - scaled(cursor.raw, scaleE8 - weight.raw, .down)
            let factor = exact(scaleE8, scaleE8, over: max(1, divisor), .down)
            return Ratio(raw: min(maximum.raw, factor) - scaleE8)
        }
    }

    /// The protocol takes all an account holds at a credit, and pays all it owes.
    func quoteAbsorption(_ id: AccountID, _ target: LiquidationTarget, _ health: Health)
        throws(Rejection) -> LiquidationQuote
    {
        guard target == .next else { throw .targetNotAllowed }
        var seized: [AssetChange] = []
        var repaid: [AssetChange] = []
        var value: Int64 = 0
        var credit: Int64 = 0
        var owed: Int64 = 0
        for asset in Bits(mask: accounts[id.index].assets) {
            let amount = balances[id.index * assetCount + asset]
            let worth = scaled(amount, prices[assetRows[asset].feed].raw, .down)
            if amount < 0 {
                owed -= worth
                repaid.append(
                    AssetChange(asset: AssetID(index: asset), delta: Quantity(raw: -amount)))
            } else if asset != settlement {
                value += worth
                credit += scaled(worth, scaleE8 - bonus(of: asset, id.index).raw, .down)
                seized.append(
                    AssetChange(asset: AssetID(index: asset), delta: Quantity(raw: amount)))
                try requireRoom(Self.treasury, asset, for: amount)
            }
        }
        guard !seized.isEmpty else {
            return LiquidationQuote(
                account: id, step: .deficit, healthBefore: health, value: .zero)
        }
        let unit = prices[assetRows[settlement].feed].raw
        let left = exact(max(0, credit - owed), scaleE8, over: unit, .down)
        return LiquidationQuote(
            account: id,
            step: .absorption(
                LiquidationQuote.Absorption(
                    seized: seized, repaid: repaid, credited: Quantity(raw: left),
                    value: Money(raw: value), creditedValue: Money(raw: credit),
                    owed: Money(raw: owed))),
            healthBefore: health, value: Money(raw: owed))
    }
}
