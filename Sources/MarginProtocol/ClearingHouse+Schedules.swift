import ExactMath

extension ClearingHouse {
    /// What is wrong with a set of parameters, in words; empty when they can be run.
    public static func problems(in parameters: ProtocolParameters) -> [String] {
        var found: [String] = []
        func check(_ holds: Bool, _ message: @autoclosure () -> String) {
            if !holds { found.append(message()) }
        }
        let feeds = 0..<parameters.feeds.count
        check((1...64).contains(parameters.assets.count), "between 1 and 64 assets are possible")
        check(parameters.markets.count <= 64, "at most 64 markets are possible")
        check((1...64).contains(parameters.feeds.count), "between 1 and 64 feeds are possible")
        check(
            parameters.assets.indices.contains(parameters.settlementAsset.index),
            "the settlement asset is not one of the assets")
        for feed in parameters.feeds {
            check(
                feed.maxAge ?? .zero >= .zero && feed.maxDeviation ?? .zero >= .zero
                    && feed.maxConfidence ?? .zero >= .zero,
                "feed \(feed.name): age, deviation and confidence are not negative")
            check(
                feed.maxLead >= .zero && feed.delay.map { $0 > .zero } ?? true,
                "feed \(feed.name): a lead is not negative, and a delay longer than zero")
            check(
                (.zero ... .one).contains(feed.spreadReduction ?? .zero),
                "feed \(feed.name): a spread is narrowed by 0 to all of it")
            check(
                feed.delay == nil || !feed.isPulled,
                "feed \(feed.name): a delayed price cannot be attached")
        }
        for (index, entry) in parameters.guards.enumerated() {
            let problem = entry.problem
            check(problem == nil, "guard \(index): \(problem ?? "")")
            check(
                (entry.feeds ?? []).allSatisfy { feeds.contains($0.index) },
                "guard \(index) names a feed that does not exist")
            check(
                entry.bypassBelow ?? .zero >= .zero, "guard \(index): a health is not negative")
        }
        check(
            parameters.attachedSpread ?? .zero >= .zero, "the spread of prices is not negative")
        found += parameters.twoStep?.problems ?? []
        if case .deleveraged(let perBlock) = parameters.windingUp {
            check(perBlock > 0, "a block of a settled market tries at least one account")
        }
        for asset in parameters.assets {
            check(feeds.contains(asset.feed.index), "asset \(asset.name) has no price feed")
            check(
                weightRange.contains(asset.liabilityWeight),
                "asset \(asset.name): a liability weight is between 0 and 10")
            check(
                asset.depositCap ?? .zero >= .zero,
                "asset \(asset.name): a deposit cap is not negative")
            for schedule in [asset.collateral, asset.initialCollateral].compactMap(\.self) {
                found += collateralProblems(schedule).map { "asset \(asset.name): \($0)" }
            }
            check(
                weightRange.contains(asset.initialLiabilityWeight ?? .one),
                "asset \(asset.name): a liability weight is between 0 and 10")
            found += (asset.weightRamp?.problems ?? []).map { "asset \(asset.name): \($0)" }
            if case .incentiveFactor = parameters.liquidation.bonusRule {
                check(
                    WeightBounds(asset, ratio: .zero).holding == scaleE8,
                    "asset \(asset.name): under an incentive factor a collateral weight is at most 1"
                )
            }
            check(
                (.zero ..< .one).contains(asset.liquidationBonus ?? .zero),
                "asset \(asset.name): a liquidation bonus is between 0 and 1")
            check(
                (.zero ... .one).contains(asset.liquidationFee ?? .zero),
                "asset \(asset.name): a liquidation fee is between 0 and 1")
            check(
                asset.borrowCap ?? .zero >= .zero,
                "asset \(asset.name): a borrow cap is not negative")
            if let interest = asset.interest {
                found += interest.problems.map { "asset \(asset.name): \($0)" }
            }
        }
        for category in parameters.categories {
            check(
                category.assets.allSatisfy { parameters.assets.indices.contains($0.index) },
                "category \(category.name): one of its assets does not exist")
            check(
                (.zero ... .one).contains(category.maintenanceWeight)
                    && (.zero...category.maintenanceWeight).contains(category.initialWeight)
                    && (.zero ..< .one).contains(category.liquidationBonus),
                "category \(category.name): 0 ≤ initial ≤ maintenance weight ≤ 1, and a bonus in 0…1"
            )
        }
        check(parameters.categories.count <= 100, "at most 100 categories are possible")
        for market in parameters.markets {
            check(feeds.contains(market.feed.index), "market \(market.name) has no price feed")
            check(
                (.zero ... .one).contains(market.profitWeight),
                "market \(market.name): a profit weight is between 0 and 1")
            check(
                (.zero ... .one).contains(market.poolFeeShare),
                "market \(market.name): the pool's fee share is between 0 and 1")
            check(
                (.zero ... .one).contains(market.takerFee) && market.makerFee <= .one
                    && market.makerFee >= -market.takerFee,
                "market \(market.name): fees are at most 1, a rebate at most the taker fee")
            check(
                market.openInterestCap ?? .zero >= .zero,
                "market \(market.name): an open interest cap is not negative")
            check(
                (.zero ... .one).contains(market.initialProfitWeight ?? .zero)
                    && market.initialProfitCap ?? .zero >= .zero,
                "market \(market.name): an initial profit weight is between 0 and 1, a cap not negative"
            )
            found += marginProblems(market.margin).map { "market \(market.name): \($0)" }
            switch market.funding {
            case .velocity, .spread, .impactMid:
                check(
                    market.contract == .linear,
                    "market \(market.name): this funding is one of linear contracts")
            case .none, .skew, .premium, .pool: break
            }
            found += fundingProblems(market.funding).map { "market \(market.name): \($0)" }
            if let pool = market.pool {
                check(
                    (.zero ... .one).contains(pool.spread) && pool.impactAtDepth >= .zero
                        && pool.impactDepth >= .zero,
                    "market \(market.name): a spread is in 0…1, an impact not negative")
            }
            found += market.markProblems.map { "market \(market.name): \($0)" }
            found += market.poolInterestProblems.map { "market \(market.name): \($0)" }
            found += poolProblems(market, parameters).map { "market \(market.name): \($0)" }
        }
        check(
            parameters.feeds.count + parameters.markets.count(where: \.hasOwnMark) <= 64,
            "at most 64 feeds and marks together are possible")
        found += liquidationProblems(parameters.liquidation)
        if let auctions = parameters.auctions {
            found += auctions.problems(
                assets: parameters.assets.count, settlement: parameters.settlementAsset)
        }
        found += courseProblems(parameters)
        found += parameters.poolShares?.problems(parameters) ?? []
        found += parameters.openOrderProblems
        found += spotProblems(parameters)
        if let stress = parameters.stress {
            found += stressProblems(stress, feeds: parameters.feeds.count)
            check(
                parameters.liquidation.taker == .pool,
                "stress: a liquidator cannot take positions over, whose margin is the account's")
        }
        check(
            !parameters.hasMarginRatios
                || parameters.stress == nil && parameters.positionResults == .separate,
            "a chosen margin ratio is one of positions with a requirement each: no stress, and separate results"
        )
        found += staleMarginProblems(parameters) + missingPriceProblems(parameters)
        check(
            parameters.lossWaterfall.last == .badDebt,
            "the loss waterfall ends with bad debt: somebody takes the rest")
        check(
            Set(parameters.lossWaterfall.map(\.rawValue)).count == parameters.lossWaterfall.count,
            "a layer stands twice in the loss waterfall")
        if case .fillable = parameters.liquidation.closingPrice {
            check(
                parameters.markets.allSatisfy { $0.contract == .linear },
                "a fillable price is one of linear contracts")
        }
        if let backstop = parameters.backstop {
            check(
                backstop.below > .zero && backstop.below <= .one && backstop.cap ?? .zero >= .zero,
                "a backstop takes over below a share in 0…1, up to a cap that is not negative")
            check(
                backstop.deleverageBelow ?? .zero >= .zero,
                "a backstop is deleveraged below a worth that is not negative")
        } else {
            check(
                !parameters.lossWaterfall.contains(.backstop),
                "the loss waterfall names a backstop that there is not")
        }
        check(
            parameters.withdrawalMargin >= .zero && parameters.withdrawalMargin <= .one,
            "what a withdrawal leaves is a share in 0…1")
        return found
    }

    static func collateralProblems(_ schedule: CollateralSchedule) -> [String] {
        var found: [String] = []
        if schedule.tiers.first?.floor != 0 {
            found.append("the first collateral tier begins at 0")
        }
        if !zip(schedule.tiers, schedule.tiers.dropFirst()).allSatisfy({ $0.floor < $1.floor }) {
            found.append("collateral tiers ascend")
        }
        if !schedule.tiers.allSatisfy({ weightRange.contains($0.weight) }) {
            found.append("a collateral weight is between 0 and 10")
        }
        // Where a weight may exceed one, what the tiers below have given or taken is up to ten times the floor.
        let most =
            schedule.tiers.contains { $0.weight > .one }
            ? Self.exposureLimit / 10 : Self.exposureLimit
        if !schedule.tiers.allSatisfy({ $0.floor <= most }) {
            found.append("a collateral tier begins below the largest exposure")
        }
        switch schedule.sizeDiscount {
        case .none: break
        case .squareRoot(let factor):
            if factor.isNegative { found.append("a size discount is not negative") }
        case .linear(let scale, let factor, let lower, let upper):
            if !scale.isPositive || factor.isNegative || lower.isNegative || lower > upper
                || upper > .one
            {
                found.append("a linear discount needs a scale > 0 and 0 ≤ lower ≤ upper ≤ 1")
            }
        }
        if let start = schedule.depositScale, !start.isPositive {
            found.append("a deposit scale is greater than zero")
        }
        return found
    }

    static func marginProblems(_ schedule: MarginSchedule) -> [String] {
        var found: [String] = []
        if schedule.brackets.first?.floor != .zero {
            found.append("the first margin bracket begins at 0")
        }
        if !zip(schedule.brackets, schedule.brackets.dropFirst())
            .allSatisfy({
                $0.floor < $1.floor && $0.initialRate <= $1.initialRate
                    && $0.maintenanceRate <= $1.maintenanceRate
            })
        {
            found.append("margin brackets ascend in floor and rates")
        }
        if !schedule.brackets.allSatisfy({
            $0.maintenanceRate > .zero && $0.maintenanceRate <= $0.initialRate
                && $0.initialRate <= .one
        }) {
            found.append("0 < maintenance rate ≤ initial rate ≤ 1")
        }
        if schedule.fixed.isNegative || schedule.minimum.isNegative
            || !(.zero ... .one).contains(schedule.closingFee.rate)
        {
            found.append("fixed and minimum margins are not negative, a closing fee is in 0…1")
        }
        if let scaling = schedule.openInterestScaling,
            !(scaling.lower >= .zero && scaling.lower < scaling.upper)
        {
            found.append("open interest scales the margin between a lower and a higher cap")
        }
        switch schedule.sizePremium {
        case .none: break
        case .squareRoot(let factor):
            if factor.isNegative { found.append("a size premium is not negative") }
        case .linear(let scale, let fraction, let share):
            if !scale.isPositive || fraction.isNegative || !(.zero ... .one).contains(share) {
                found.append(
                    "a linear size premium needs a scale > 0, a fraction ≥ 0 and a share in 0…1")
            }
        }
        return found
    }

    static func liquidationProblems(_ policy: LiquidationPolicy) -> [String] {
        var found: [String] = []
        let unit: ClosedRange<Ratio> = .zero ... .one
        switch policy.size {
        case .closeFactor(let factor, let fullBelow, let dust):
            if !(factor > .zero && factor <= .one) { found.append("0 < close factor ≤ 1") }
            if !unit.contains(fullBelow) { found.append("full-below is between 0 and 1") }
            if dust.isNegative { found.append("dust is not negative") }
        case .debtShare(let share, let fullBelow, let small, let leftover):
            if !(share > .zero && share <= .one) { found.append("0 < share of the debt ≤ 1") }
            if !unit.contains(fullBelow) { found.append("full-below is between 0 and 1") }
            if small.isNegative || leftover.isNegative { found.append("dust is not negative") }
        case .targetHealth(let target, _, let buffer):
            if target < .one { found.append("a target health is at least 1") }
            if !unit.contains(buffer) { found.append("a buffer is between 0 and 1") }
        case .portion(let share, let minimum):
            if !(share > .zero && share <= .one) { found.append("0 < portion ≤ 1") }
            if minimum.isNegative { found.append("a portion's minimum is not negative") }
        case .firstShare(let share, let above, let window):
            if !(share > .zero && share <= .one) { found.append("0 < first share ≤ 1") }
            if above.isNegative || window < .zero {
                found.append("a first share's threshold and window are not negative")
            }
        case .bracketSteps(let steps, _):
            if steps < 1 { found.append("bracket steps are at least 1") }
        // Checked with the course.
        case .creditAccount(let fee):
            if !unit.contains(fee) { found.append("a credit account's fee is between 0 and 1") }
        case .wholePosition, .wholeAccount, .absorb, .shortage, .zeroHealth, .flag: break
        }
        switch policy.closingPrice {
        case .mark, .bankruptcy: break
        case .takeover(let share):
            if !unit.contains(share) { found.append("a takeover's share is between 0 and 1") }
        case .pool:
            if policy.taker != .pool {
                found.append("a pool's closing price needs the pool as taker")
            }
            if policy.size != .wholePosition, policy.size != .wholeAccount {
                found.append("a pool's closing price is one for whole positions")
            }
        case .fillable(let adjustment, let spread, let fee):
            if adjustment < .one || !spread.isPositive || fee <= .zero || fee > .one {
                found.append(
                    "a fillable price's adjustment is at least 1, its spread > 0, 0 < fee ≤ 1")
            }
        }
        found += bookProblems(policy)
        if let limits = policy.blockLimits,
            !limits.notional.isPositive || !limits.insuranceLoss.isPositive
        {
            found.append("a block's limits are greater than zero")
        }
        switch policy.bonusRule {
        case .fixed: break
        case .healthProportional(let maximum):
            if !(maximum >= .zero && maximum < .one) { found.append("0 ≤ maximum discount < 1") }
        case .incentiveFactor(let cursor, let maximum):
            if !unit.contains(cursor) || cursor == .one
                || !(.one...Ratio(whole: 2)).contains(maximum)
            {
                found.append("an incentive factor's cursor is in 0…1, its maximum in 1…2")
            }
        case .soft(let terms):
            if !unit.contains(terms.fee) || !unit.contains(terms.maximumBoost)
                || !(terms.maximum >= terms.fee && terms.maximum < .one)
                || !(.one...Ratio(whole: 10)).contains(terms.booster)
            {
                found.append("a soft discount has fee ≤ maximum < 1, and a booster of 1 to 10")
            }
        case .takeover(let share):
            if !unit.contains(share) { found.append("a takeover's share is between 0 and 1") }
        }
        if case .ratio(let share) = policy.seizure, !unit.contains(share) {
            found.append("the insurance fund's share of a seizure is between 0 and 1")
        }
        if policy.seizure != .value, policy.bonusRule != .fixed {
            found.append("a rule of seizure needs a fixed bonus")
        }
        for (name, share) in [
            ("penalty", policy.penalty), ("liquidator share", policy.liquidatorShare),
            ("collateral bonus", policy.collateralBonus),
            ("insurance share of the bonus", policy.collateralBonusInsuranceShare),
        ] where !unit.contains(share) {
            found.append("liquidation: \(name) is between 0 and 1")
        }
        return found
    }

    /// Flattens the schedules into the rows that the hot path reads.
    mutating func rebuildSchedules() {
        isPlain = Self.isPlain(parameters) && !hasChosenLeverage
        isPlainMaintenance = Self.isPlainMaintenance(parameters)
        isMonotone = Self.isMonotone(parameters)
        countsOrders = parameters.openOrders != .none
        countsOrdersInMaintenance = parameters.openOrders.countsInMaintenance
        hasBounds = parameters.hasPriceBounds
        hasInverse = parameters.markets.contains { $0.contract == .inverse }
        let ratio = parameters.highestMarginRatio
        weightBounds = parameters.assets.enumerated().map { asset, terms in
            WeightBounds(terms, ratio: asset == settlement ? .zero : ratio)
        }
        highestWeight = weightBounds.reduce(scaleE8) { max($0, $1.holding, $1.debt) }
        brackets.removeAll()
        tiers.removeAll()
        for (index, market) in parameters.markets.enumerated() {
            marketRows[index].firstBracket = brackets.count
            marketRows[index].bracketCount = market.margin.brackets.count
            marketRows[index].poolPricing = PoolPricingKind(market.pool)
            if marketRows[index].poolPricing == .atOracle,
                parameters.feeds[market.feed.index].spreadReduction != nil
            {
                marketRows[index].poolPricing = .priced
            }
            marketRows[index].highestRate =
                market.margin.brackets.map(\.maintenanceRate.raw).max() ?? 0
            var deduction: (initial: Int64, maintenance: Int64) = (0, 0)
            var last: (initial: Int64, maintenance: Int64) = (0, 0)
            for bracket in market.margin.brackets {
                // A deduction is what makes the margin continuous at the floor; rounded down, which
                // never lowers the requirement below the exact one.
                let rates = (bracket.initialRate.raw, bracket.maintenanceRate.raw)
                deduction.initial += scaled(
                    bracket.floor.raw, rates.0 - last.initial, .down)
                deduction.maintenance += scaled(
                    bracket.floor.raw, rates.1 - last.maintenance, .down)
                last = rates
                brackets.append(
                    BracketRow(floor: bracket.floor.raw, rate: rates, deduction: deduction))
            }
        }
        for (index, asset) in parameters.assets.enumerated() {
            assetRows[index].firstTier = tiers.count
            assetRows[index].tierCount = asset.collateral.tiers.count
            assetRows[index].isPlain =
                asset.collateral.isPlain && asset.collateral.tiers.count == 1
                && asset.debtFactor.isZero
                && parameters.feeds[asset.feed.index].spreadReduction == nil
            assetRows[index].byQuantity = asset.collateral.basis == .quantity
            assetRows[index].liabilityWeight = asset.liabilityWeight.raw
            var constant: Int64 = 0
            var last: Int64 = 0
            for tier in asset.collateral.tiers {
                constant += scaled(tier.floor, last - tier.weight.raw, .down)
                last = tier.weight.raw
                tiers.append(TierRow(floor: tier.floor, weight: last, constant: constant))
            }
        }
    }
}
