public import ExactMath
import MarginRules

/// What changes hands when part of a debt is repaid out of collateral.
struct Seizure {
    /// What the account loses. [1e-8 units of the collateral]
    var seized: Int64
    /// What is paid, which is less than asked where the collateral does not suffice. [1e-8 units of the debt]
    var paid: Int64
    /// The insurance fund's part of what is seized. [1e-8 units of the collateral]
    var toInsurance: Int64
    /// What the rest is worth beyond what is paid. [1e-8 USD]
    var bonus: Int64
}

extension ClearingHouse {
    /// What a repayment seizes, and what is really paid when the collateral does not suffice.
    ///
    /// - Parameter repaid: zero or more, at most the debt. [1e-8 units of the debt]
    func seizure(_ account: Int, _ pair: (seize: Int, repay: Int), repaid: Int64, held: Int64)
        -> Seizure
    {
        switch parameters.liquidation.bonusRule {
        case .fixed:
            switch parameters.liquidation.seizure {
            case .value:
                return seizureByValue(pair, repaid, held, bonus: bonus(of: pair.seize, account))
            case .amount: return seizureByAmount(account, pair, repaid, held)
            case .ratio(let share): return seizureByRatio(account, pair, repaid, held, share)
            }
        case .healthProportional(let maximum):
            return proportionalSeizure(account, pair, repaid, held, maximum)
        case .incentiveFactor(let cursor, let maximum):
            let rule = SharePoolLiquidation(
                loanToValue: parameters.assets[pair.seize].collateral.tiers[0].weight,
                incentive: LiquidationIncentiveFactor(cursor: cursor, maximum: maximum))
            return incentiveSeizure(account, pair, repaid, held, rule)
        case .soft: return softSeizure(account, pair, repaid, held)
        case .takeover(let share):
            return seizureByValue(pair, repaid, held, bonus: takeoverBonus(pair, share))
        }
    }

    /// The debt and the collateral as rules of liquidation read them.
    ///
    /// - Precondition: both have a price.
    func liquidationPair(_ pair: (seize: Int, repay: Int), debt: Int64, held: Int64)
        -> LiquidationPair
    {
        LiquidationPair(
            collateral: Quantity(raw: held), collateralPrice: prices[assetRows[pair.seize].feed],
            debt: Quantity(raw: debt), debtPrice: prices[assetRows[pair.repay].feed])
    }

    /// The insurance fund's share of the bonus on an asset.
    func liquidationFee(of asset: Int) -> Ratio {
        parameters.assets[asset].liquidationFee
            ?? parameters.liquidation.collateralBonusInsuranceShare
    }

    /// Seized rounds down and paid rounds up: against the liquidator, in favour of the account.
    private func seizureByValue(
        _ pair: (seize: Int, repay: Int), _ repaid: Int64, _ held: Int64, bonus: Ratio
    ) -> Seizure {
        let bonus = scaleE8 + bonus.raw
        let seizePrice = prices[assetRows[pair.seize].feed].raw
        let repayPrice = prices[assetRows[pair.repay].feed].raw
        let value = scaled(repaid, repayPrice, .down)
        // What does not fit is more than is held.
        let wanted = try? multiply(
            scaled(value, bonus, .down), scaleE8, dividingBy: seizePrice, rounding: .down)
        if let wanted, wanted <= held { return shared(pair, wanted, repaid) }
        let heldValue = scaled(held, seizePrice, .up)
        let worth = exact(heldValue, scaleE8, over: bonus, .up)
        let paid = min(repaid, exact(worth, scaleE8, over: repayPrice, .up))
        return shared(pair, held, paid)
    }

    /// With the fund's share taken from what the seizure is worth beyond the payment.
    private func shared(_ pair: (seize: Int, repay: Int), _ seized: Int64, _ paid: Int64)
        -> Seizure
    {
        let price = prices[assetRows[pair.seize].feed].raw
        let discount = discount(pair, seized, paid)
        let fund = scaled(discount, liquidationFee(of: pair.seize).raw, .down)
        return Seizure(
            seized: seized, paid: paid,
            toInsurance: min(seized, exact(fund, scaleE8, over: price, .down)),
            bonus: discount - fund)
    }

    /// What an amount is worth beyond a payment; zero where it is worth less. [1e-8 USD]
    private func discount(_ pair: (seize: Int, repay: Int), _ seized: Int64, _ paid: Int64)
        -> Int64
    {
        let seizedValue = scaled(seized, prices[assetRows[pair.seize].feed].raw, .down)
        return max(0, seizedValue - scaled(paid, prices[assetRows[pair.repay].feed].raw, .up))
    }

    private func seizureByAmount(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ repaid: Int64, _ held: Int64
    ) -> Seizure {
        let terms = LiquidationTerms(
            bonus: bonus(of: pair.seize, account), protocolFee: liquidationFee(of: pair.seize))
        // Neither side exceeds what the account has, so every amount fits.
        let result = unbounded { () throws(ArithmeticOverflow) in
            try terms.seizure(
                repaying: Quantity(raw: repaid),
                of: liquidationPair(pair, debt: repaid, held: held), rounding: .explicit)
        }
        // Rounded up, what is needed for all of the collateral may be a unit more than was offered.
        let paid = min(repaid, result.repaid.raw)
        return Seizure(
            seized: result.seized.raw, paid: paid, toInsurance: result.protocolFee.raw,
            bonus: discount(pair, result.toLiquidator.raw, paid))
    }

    private func seizureByRatio(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ repaid: Int64, _ held: Int64,
        _ share: Ratio
    ) -> Seizure {
        let rule = CompoundSeizure(
            liquidationIncentive: .one + bonus(of: pair.seize, account), protocolShare: share)
        let market = CompoundSeizure.Market(
            borrowedPrice: prices[assetRows[pair.repay].feed],
            collateralPrice: prices[assetRows[pair.seize].feed], exchangeRate: .one,
            borrowedDecimals: 8, tokenDecimals: 8)
        var (seized, paid) = (held, repaid)
        // What does not fit is more than is held.
        if let wanted = try? rule.seizeTokens(repaying: Quantity(raw: repaid), in: market),
            wanted.raw <= held
        {
            seized = wanted.raw
        } else {
            paid =
                seizureByValue(
                    pair, repaid, held, bonus: bonus(of: pair.seize, account)
                ).paid
        }
        let split = unbounded { () throws(ArithmeticOverflow) in
            try rule.split(Quantity(raw: seized), exchangeRate: .one)
        }
        return Seizure(
            seized: seized, paid: paid, toInsurance: split.toReserves.raw,
            bonus: discount(pair, split.toLiquidator.raw, paid))
    }

    private func proportionalSeizure(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ repaid: Int64, _ held: Int64,
        _ maximum: Ratio
    ) -> Seizure {
        let rule = HealthProportionalDiscount(
            maximumDiscount: maximum, minimumSocialisedLiability: .zero, isDebtSocialised: false,
            coolOff: .zero)
        let statement = statement(account, prices, .maintenance, .nothing)
        let debt = -holding(account, pair.repay)
        let liability = -line(-debt, account, pair.repay, prices, .maintenance).weighted.raw
        guard liability > 0, debt > 0 else { return shared(pair, 0, 0) }
        // Of several debts each has its part of what the collateral counts.
        let adjusted = exact(
            statement.collateral.raw, liability, over: statement.debt.raw, .down)
        let quote = unbounded { () throws(ArithmeticOverflow) in
            let whole = try rule.quote(
                .init(
                    adjustedCollateral: Money(raw: min(adjusted, liability)),
                    liability: Money(raw: liability), debt: Quantity(raw: debt),
                    collateralValue: try Quantity(raw: held).value(
                        at: prices[assetRows[pair.seize].feed], rounding: .down),
                    collateral: Quantity(raw: held)))
            guard let whole, whole.repay.raw > repaid else { return whole }
            return try whole.reduced(toRepay: Quantity(raw: repaid))
        }
        guard let quote else { return shared(pair, 0, 0) }
        return shared(pair, quote.seized.raw, min(repaid, quote.repay.raw))
    }

    private func incentiveSeizure(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ repaid: Int64, _ held: Int64,
        _ rule: SharePoolLiquidation
    ) -> Seizure {
        let price = unbounded { () throws(ArithmeticOverflow) in
            try SharePoolLiquidation.price(
                ofCollateral: prices[assetRows[pair.seize].feed],
                inLoanAssetAt: prices[assetRows[pair.repay].feed])
        }
        guard price > .zero else { return shared(pair, held, 0) }
        // What does not fit is more than is held.
        if let wanted = try? rule.seized(forRepaying: Quantity(raw: repaid), price: price),
            wanted.raw <= held
        {
            return shared(pair, wanted.raw, repaid)
        }
        let needed = try? rule.repaid(forSeizing: Quantity(raw: held), price: price)
        return shared(pair, held, min(repaid, needed?.raw ?? repaid))
    }

    /// The discount at which an account of so low a health is liquidated; nil for a healthy one. [1e-18]
    @inline(never)
    private func softDiscount(_ account: Int, _ terms: SoftLiquidationTerms) -> Fixed18? {
        let statement = statement(account, prices, .maintenance, .nothing)
        let rule = SoftLiquidation(
            reservesFee: terms.fee, maximumDiscount: terms.maximum, boosterSlope: terms.booster,
            maximumBoosterDiscount: terms.maximumBoost, targetHealth: .one,
            averagingPeriod: TimeSpan(seconds: 86_400))
        return unbounded { () throws(ArithmeticOverflow) in
            guard
                let health = try SoftLiquidation.healthScore(
                    adjustedCollateral: statement.collateral, adjustedLiability: statement.debt),
                health < .one
            else { return nil }
            return try rule.discount(healthScore: health, booster: Fixed18(terms.booster))
        }
    }

    /// Collateral at a discount, without the rounding of a bonus.
    @inline(never)
    private func softSeizure(
        _ account: Int, _ pair: (seize: Int, repay: Int), _ repaid: Int64, _ held: Int64
    ) -> Seizure {
        guard case .soft(let terms) = parameters.liquidation.bonusRule,
            let discount = softDiscount(account, terms)
        else { return shared(pair, 0, 0) }
        let kept = Fixed18.one - discount
        let seizePrice = prices[assetRows[pair.seize].feed]
        let repayPrice = prices[assetRows[pair.repay].feed]
        guard seizePrice.isPositive else { return shared(pair, held, 0) }
        // What does not fit is more than is held.
        if let rate = try? Fixed18(repayPrice).divided(by: Fixed18(seizePrice), rounding: .down)
            .divided(by: kept, rounding: .down),
            let wanted = try? Fixed18(Quantity(raw: repaid)).multiplied(by: rate, rounding: .down)
                .rounded(to: Quantity.self, .down), wanted.raw <= held
        {
            return shared(pair, wanted.raw, repaid)
        }
        let worth = unbounded { () throws(ArithmeticOverflow) in
            try Quantity(raw: held).value(at: seizePrice, rounding: .up)
        }
        let paid = try? Fixed18(worth).multiplied(by: kept, rounding: .up)
            .divided(by: Fixed18(repayPrice), rounding: .up).rounded(to: Quantity.self, .up)
        return shared(pair, held, min(repaid, paid?.raw ?? repaid))
    }

    /// What is seized beyond the value repaid, where both assets are priced between the protocol's price and their
    /// maintenance weight's; rounded down.
    @inline(never)
    private func takeoverBonus(_ pair: (seize: Int, repay: Int), _ share: Ratio) -> Ratio {
        let rule = TakeoverPrice(discountShare: share, insuranceShare: .zero)
        let seized = parameters.assets[pair.seize].collateral.tiers[0].weight
        let repaid = parameters.assets[pair.repay].liabilityWeight
        return unbounded { () throws(ArithmeticOverflow) in
            let unit = Price(whole: 1)
            let sold = try rule.price(oracle: unit, maintenanceWeight: seized)
            let bought = try rule.price(oracle: unit, maintenanceWeight: repaid)
            guard sold.isPositive else { return .zero }
            // Where a debt counts less than what pays for it, it is exchanged at the protocol's prices.
            return max(
                .zero,
                try Ratio.one.scaled(by: bought.raw, over: sold.raw, rounding: .down) - .one)
        }
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
            let rule = HealthProportionalDiscount(
                maximumDiscount: maximum, minimumSocialisedLiability: .zero,
                isDebtSocialised: false, coolOff: .zero)
            let statement = statement(account, prices, .maintenance, .nothing)
            guard statement.debt.isPositive, statement.collateral <= statement.debt else {
                return .zero
            }
            return unbounded { () throws(ArithmeticOverflow) in
                let score = try HealthProportionalDiscount.healthScore(
                    adjustedCollateral: statement.collateral, liability: statement.debt)
                return try Fixed18.one.divided(
                    by: rule.discountFactor(healthScore: score), rounding: .down
                ).rounded(to: Ratio.self, .down) - .one
            }
        case .incentiveFactor(let cursor, let maximum):
            let factor = LiquidationIncentiveFactor(cursor: cursor, maximum: maximum)
                .factor(loanToValue: parameters.assets[asset].collateral.tiers[0].weight)
            return unbounded { () throws(ArithmeticOverflow) in
                try factor.rounded(to: Ratio.self, .down) - .one
            }
        case .soft(let terms):
            guard let discount = softDiscount(account, terms) else { return .zero }
            return unbounded { () throws(ArithmeticOverflow) in
                try Fixed18.one.divided(by: .one - discount, rounding: .down)
                    .rounded(to: Ratio.self, .down) - .one
            }
        case .takeover(let share): return takeoverBonus((asset, settlement), share)
        }
    }
}
