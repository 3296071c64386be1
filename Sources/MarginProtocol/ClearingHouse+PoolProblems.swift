import ExactMath
import MarginRules

extension ClearingHouse {
    /// What is wrong with a market's pool beyond its spread and its linear impact.
    static func poolProblems(_ market: MarketParameters, _ parameters: ProtocolParameters)
        -> [String]
    {
        var found: [String] = []
        guard let terms = market.pool?.terms else {
            if case .pool = market.funding { found.append("this funding needs a pool with terms") }
            if parameters.liquidation.closingPrice == .pool {
                found.append("the pool's closing price needs a pool with terms")
            }
            return found
        }
        if market.contract != .linear { found.append("a pool with terms trades linear contracts") }
        switch market.funding {
        case .none, .pool, .premium, .velocity: break
        case .skew, .spread, .impactMid:
            found.append("a pool with terms has funding of its own")
        }
        if market.funding.hasGrace {
            found.append("a payment with a grace needs a pool without terms")
        }
        if market.pool?.spread == .one || market.pool?.impactDepth != .zero {
            found.append("a pool with terms has a spread below 1 and no linear impact")
        }
        for asset in [terms.longBacking, terms.shortBacking]
        where !parameters.assets.indices.contains(asset.index) {
            found.append("what backs the pool is not one of the assets")
        }
        for money in [terms.longCap, terms.shortCap, terms.liquidationFee].compactMap(\.self)
        where money.isNegative {
            found.append("caps and the liquidation fee are not negative")
        }
        if !(Ratio.zero ... .one).contains(terms.improvingFee ?? .zero) {
            found.append("an improving fee is between 0 and 1")
        }
        if let cap = terms.profitCap, !cap.isPositive || cap > Ratio(whole: 100) {
            found.append("a cap on profit is above 0 and at most 100")
        }
        if let rule = terms.deleveraging,
            !rule.threshold.isPositive || rule.threshold > Ratio(whole: 100)
                || rule.minimumAfter.isNegative || rule.minimumAfter > rule.threshold
        {
            found.append("winners are closed above a share of at most 100, and not below zero")
        }
        if terms.openInterestMultiplier < .zero || terms.openInterestMultiplier > .one {
            found.append("open interest multiplies the rate by 0 to 1 per dollar")
        }
        if let rule = terms.impact {
            if rule.maximumNegative > .one || rule.maximumForLiquidation > .one
                || rule.maximumPositive.isNegative || rule.maximumForLiquidation.isNegative
            {
                found.append("caps on the impact are between 0 and 1")
            }
            if rule.negative.exponent > Ratio(whole: 3) { found.append("an exponent is at most 3") }
        }
        if let rule = terms.reserves {
            for share in [rule.reserve, rule.openInterestReserve]
            where !share.isPositive || share > Ratio(whole: 100) {
                found.append("reserves are above 0 and at most 100")
            }
        }
        if case .pool(let law) = market.funding { found += fundingProblems(law) }
        if let law = terms.intervalBorrowing {
            if terms.borrowing != nil { found.append("a pool has one law of borrowing") }
            if !(.zero ... .one).contains(law.factor) || law.interval < TimeSpan(seconds: 60)
                || law.interval > TimeSpan(seconds: 604_800)
            {
                found.append(
                    "borrowing by intervals has a factor within 1, and intervals of a minute to a week"
                )
            }
        }
        if let own = terms.impactPool { found += own.problems(market, parameters) }
        return found
    }

    private static func fundingProblems(_ law: PoolFunding) -> [String] {
        // A rate of 100 % a block and more; what it charges still fits.
        let limit = Fixed18(whole: 10_000_000)
        var rates = [law.maximum]
        switch law.law {
        case .proportional(let factor): rates.append(factor)
        case .adaptive(let rule):
            rates += [rule.increase, rule.decrease, rule.minimum]
            if rule.increase <= .zero { return ["an adaptive rate can rise"] }
        }
        return rates.allSatisfy { $0 >= .zero && $0 <= limit } && law.exponent <= Ratio(whole: 2)
            ? [] : ["funding rates are not negative and bounded, with an exponent of at most 2"]
    }
}
