import ExactMath
import MarginRules

extension ClearingHouse {
    /// Which collateral pays which debt: the liquidator's choice, else the most valuable of each, of debts that count if any.
    ///
    /// nil when there is nothing to seize.
    func collateralPair(_ id: AccountID, _ target: LiquidationTarget)
        throws(Rejection) -> (seize: Int, repay: Int)?
    {
        // A holding worth less than a unit of money is a holding still: what is left is seized too.
        var best: (asset: Int, value: Int64) = (-1, -1)
        var worst: (asset: Int, value: Int64) = (-1, 0)
        var weightless = worst
        for asset in Bits(mask: accounts[id.index].assets) {
            let value = scaled(
                holding(id.index, asset), prices[assetRows[asset].feed].raw, .down)
            if value > best.value { best = (asset, value) }
            if isWeightless(asset) {
                if value < weightless.value { weightless = (asset, value) }
            } else if value < worst.value {
                worst = (asset, value)
            }
        }
        if worst.asset < 0 { worst = weightless }
        guard best.asset >= 0, worst.asset >= 0 else { return nil }
        switch target {
        case .next: return (best.asset, worst.asset)
        case .position, .result: throw .nothingToLiquidate
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

    /// Does a debt in an asset count nothing, however large it is?
    private func isWeightless(_ asset: Int) -> Bool {
        let terms = parameters.assets[asset]
        return terms.liabilityWeight.isZero && terms.debtFactor.isZero
    }

    /// The seizure that repaying part of a debt buys: repaid value · (1 + bonus), in collateral.
    func quoteCollateral(
        _ id: AccountID, _ payer: AccountID, _ pair: (seize: Int, repay: Int),
        _ target: LiquidationTarget, _ health: Health, _ advance: Quantity
    ) throws(Rejection) -> LiquidationQuote {
        let held = holding(id.index, pair.seize)
        let debt = -holding(id.index, pair.repay)
        var most = debt
        if case .collateral(_, _, let atMost?) = target { most = min(debt, atMost.raw) }
        switch parameters.liquidation.size {
        case .shortage(let terms):
            return try exchangeQuote(
                id, payer, pair, health, try shortageExchange(id, pair, Quantity(raw: most), terms))
        case .zeroHealth(let fee):
            return try exchangeQuote(
                id, payer, pair, health, try zeroHealthExchange(id, pair, Quantity(raw: most), fee))
        default: break
        }
        let repaid = try repayable(id.index, pair, debt, held, most)
        let part = seizure(id.index, pair, repaid: repaid, held: held)
        let repayPrice = prices[assetRows[pair.repay].feed]
        let paidValue = scaled(part.paid, repayPrice.raw, .up)
        if parameters.liquidation.refusesToWorsen, worsens(id.index, pair.seize, part, paidValue) {
            throw .wouldWorsen(id)
        }
        // Whoever repays must have what is repaid, and a fee on it.
        let asset = AssetID(index: pair.repay)
        let fee = try repaymentFee(on: part.paid)
        let charged = Quantity(raw: part.paid) + fee
        try requireFunds(payer, asset, charged, advance)
        try requireRoom(payer, pair.seize, for: part.seized)
        try requireRoom(Self.insuranceFund, pair.seize, for: part.toInsurance)
        if !fee.isZero { try requireRoom(Self.insuranceFund, pair.repay, for: fee.raw) }
        var quoted = LiquidationQuote.CollateralPart(
            seize: AssetID(index: pair.seize), repay: asset,
            seized: Quantity(raw: part.seized), repaid: charged,
            toInsurance: Quantity(raw: part.toInsurance), bonus: Money(raw: part.bonus))
        quoted.repaidToInsurance = fee
        return LiquidationQuote(
            account: id, step: .collateral(quoted), healthBefore: health,
            value: Money(raw: paidValue))
    }

    /// What a liquidator pays beyond a repaid debt, to the insurance fund. [1e-8 units of the debt]
    private func repaymentFee(on paid: Int64) throws(Rejection) -> Quantity {
        guard case .soft(let terms) = parameters.liquidation.bonusRule else { return .zero }
        let fee = scaled(paid, terms.fee.raw, .down)
        guard paid <= .max - fee else { throw .overflow }
        return Quantity(raw: fee)
    }

    /// Whoever pays must have it.
    ///
    /// - Parameter advance: what it will have more when it pays.
    func requireFunds(
        _ payer: AccountID, _ asset: AssetID, _ amount: Quantity, _ advance: Quantity
    ) throws(Rejection) {
        if accounts[payer.index].role == .wallet {
            try requireBalance(payer, asset, amount - advance)
        } else {
            try requireMayLeave(amount, of: asset, from: payer)
        }
    }

    /// Would debts fall by a smaller share than collateral does? Both unweighted; a doubt in the last unit is for the
    /// liquidation.
    @inline(never)
    private func worsens(_ account: Int, _ seize: Int, _ part: Seizure, _ paidValue: Int64) -> Bool
    {
        var collateral: Int64 = 0
        var debt: Int64 = 0
        for asset in Bits(mask: accounts[account].assets) {
            let amount = holding(account, asset)
            let price = prices[assetRows[asset].feed].raw
            if amount > 0 {
                collateral += scaled(amount, price, .up)
            } else {
                debt += scaled(-amount, price, .down)
            }
        }
        let seizedValue = scaled(part.seized, prices[assetRows[seize].feed].raw, .down)
        return product(seizedValue, debt) > product(paidValue, collateral)
    }

    /// How much of a debt one step may repay, no more than is asked for.
    private func repayable(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ debt: Int64, _ held: Int64,
        _ asked: Int64
    ) throws(Rejection) -> Int64 {
        if case .debtShare(let share, let fullBelow, let small, let leftover) = parameters
            .liquidation.size
        {
            let rule = CloseFactor.ofAccount(
                share: share, wholeAtOrBelow: Fixed18(fullBelow), wholeBelow: small)
            return try debtShare(account, pair, debt, held, asked, rule, leftover)
        }
        return min(asked, repayable(account, pair, debt, held))
    }

    private func repayable(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ debt: Int64, _ held: Int64
    ) -> Int64 {
        switch parameters.liquidation.size {
        case .wholePosition, .wholeAccount, .absorb, .creditAccount, .firstShare, .bracketSteps,
            .debtShare, .shortage, .zeroHealth, .flag:
            return debt
        case .portion(let share, let minimum):
            let price = prices[assetRows[pair.repay].feed].raw
            let least = exact(minimum.raw, scaleE8, over: price, .up)
            return min(debt, max(1, least, scaled(debt, share.raw, .up)))
        case .closeFactor(let factor, let fullBelow, let dust):
            if isDeep(account, fullBelow) { return debt }
            let part = max(1, scaled(debt, factor.raw, .up))
            let left = scaled(
                debt - part, prices[assetRows[pair.repay].feed].raw, .down)
            return left < dust.raw ? debt : part
        case .targetHealth(let target, let kind, _):
            // Without positions the requirement is zero; the target scales the debts instead.
            let bends = repaymentBends(account, pair, debt, held)
            return least(ofBends: bends) { repaid in
                let part = seizure(account, pair, repaid: repaid, held: held)
                return collateralRatioReaches(
                    target, account, (pair.seize, -part.seized), (pair.repay, part.paid), kind)
            } ?? debt
        }
    }

    /// Repayments at which collateral or debt changes its slope: where what is held of the collateral
    /// leaves a tier, or ends.
    private func repaymentBends(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ debt: Int64, _ held: Int64
    ) -> [Int64] {
        var bends = [debt]
        for floor in tierFloors(of: pair.seize) where floor < held {
            let part = seizure(account, pair, repaid: debt, held: held - floor)
            if part.seized == held - floor, part.paid < debt { bends.append(max(1, part.paid)) }
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
            var amount = holding(account, asset)
            if asset == first.asset { amount += first.delta }
            if asset == second.asset { amount += second.delta }
            guard amount != 0 else { continue }
            let value = line(amount, account, asset, prices, kind).weighted.raw
            if value < 0 { debt -= value } else { collateral += value }
        }
        return product(collateral, scaleE8) >= product(debt, target.raw)
    }

    /// Aave's close factor: half of all debt, or the whole of this one; and no dust left behind.
    ///
    /// Where as much as is asked for would leave dust, the most is taken that does not.
    private func debtShare(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ debt: Int64, _ held: Int64,
        _ asked: Int64, _ rule: CloseFactor, _ leftover: Money
    ) throws(Rejection) -> Int64 {
        var total = Money.zero
        for asset in Bits(mask: accounts[account].assets) {
            let amount = holding(account, asset)
            guard amount < 0 else { continue }
            total += Money(raw: scaled(-amount, prices[assetRows[asset].feed].raw, .up))
        }
        let statement = statement(account, prices, .maintenance, .nothing)
        let sides = liquidationPair(pair, debt: debt, held: held)
        let terms = LiquidationTerms(
            bonus: bonus(of: pair.seize, account), protocolFee: liquidationFee(of: pair.seize))
        let repaid: Quantity? = try orOverflow { () throws(ArithmeticOverflow) in
            let factor =
                statement.debt.isPositive
                ? try Fixed18(statement.collateral)
                    .divided(by: Fixed18(statement.debt), rounding: .down) : nil
            let largest = try rule.largestRepayment(
                of: sides, totalDebt: total, healthFactor: factor, rounding: .explicit)
            let limit = max(Quantity(raw: 1), min(largest, Quantity(raw: asked)))
            guard leftover.isPositive else { return limit }
            let permitted = try MinimumLeftover(value: leftover).permittedRepayments(
                of: sides, upTo: limit, on: terms, rounding: .explicit)
            // What takes all below the limit does so at the limit itself.
            return permitted.whole == nil ? permitted.partial : limit
        }
        guard let repaid else { throw .leavesDust }
        return repaid.raw
    }

    /// The protocol takes all an account holds at a credit, and pays all it owes.
    func quoteAbsorption(_ id: AccountID, _ target: LiquidationTarget, _ health: Health)
        throws(Rejection) -> LiquidationQuote
    {
        guard target == .next else { throw .targetNotAllowed }
        let unit = prices[assetRows[settlement].feed]
        var seized: [AssetChange] = []
        var repaid: [AssetChange] = []
        var collateral: [CometCollateral] = []
        var value: Int64 = 0
        var owed: Int64 = 0
        var base: Int64 = 0
        for asset in Bits(mask: accounts[id.index].assets) {
            let amount = holding(id.index, asset)
            let price = prices[assetRows[asset].feed]
            let worth = scaled(amount, price.raw, .down)
            let name = AssetID(index: asset)
            if amount < 0 {
                owed -= worth
                repaid.append(AssetChange(asset: name, delta: Quantity(raw: -amount)))
                // A debt in another asset counts as one in the base asset.
                base -= asset == settlement ? -amount : exact(-worth, scaleE8, over: unit.raw, .up)
            } else if asset != settlement {
                value += worth
                seized.append(AssetChange(asset: name, delta: Quantity(raw: amount)))
                let weight = parameters.assets[asset].collateral.tiers[0].weight
                collateral.append(
                    CometCollateral(
                        balance: Quantity(raw: amount), price: price,
                        borrowCollateralFactor: weight, liquidateCollateralFactor: weight,
                        liquidationFactor: .one - bonus(of: asset, id.index)))
                try requireRoom(Self.treasury, asset, for: amount)
            }
        }
        guard !seized.isEmpty else {
            return LiquidationQuote(
                account: id, step: .deficit, healthBefore: health, value: .zero)
        }
        let result = try orOverflow { () throws(ArithmeticOverflow) in
            try CometAbsorption(
                absorbing: CometAccount(
                    baseBalance: Quantity(raw: base), basePrice: unit, collateral: collateral))
        }
        let credit = collateral.reduce(0) { sum, item in
            sum
                + scaled(
                    scaled(item.balance.raw, item.price.raw, .down), item.liquidationFactor.raw,
                    .down)
        }
        return LiquidationQuote(
            account: id,
            step: .absorption(
                LiquidationQuote.Absorption(
                    seized: seized, repaid: repaid, credited: result.newBalance,
                    value: Money(raw: value), creditedValue: Money(raw: credit),
                    owed: Money(raw: owed))),
            healthBefore: health, value: Money(raw: owed))
    }
}
