import ExactMath
import MarginRules

/// How much of a position one step of a liquidation closes.
extension ClearingHouse {
    /// How much of a position one step closes. [1e-8 units], greater than zero.
    ///
    /// - Parameter allowed: what the block's limits leave; nil for no limit.
    func closingSize(
        _ account: Int, _ market: Int, _ health: Health, allowed: Money?
    ) -> Int64 {
        let wanted = closingSize(account, market, health)
        guard let allowed else { return wanted }
        let row = marketRows[market]
        let limits = PositionLiquidationLimits(minimumNotional: .zero, maximumPortion: .one)
        let whole = positions[account * marketCount + market].size
        let most = unbounded { () throws(ArithmeticOverflow) in
            try limits.sizeDelta(
                of: whole, at: prices[row.feed], step: Quantity(raw: 1), accountLimit: allowed)
        }
        return min(wanted, most.magnitude.raw)
    }

    private func closingSize(_ account: Int, _ market: Int, _ health: Health) -> Int64 {
        let position = positions[account * marketCount + market]
        let whole = position.size.magnitude.raw
        let row = marketRows[market]
        let price = prices[row.feed].raw
        switch parameters.liquidation.size {
        // The last two have parts of their own.
        case .wholePosition, .wholeAccount, .absorb, .creditAccount, .flag, .shortage: return whole
        case .zeroHealth:
            return smallestClosing(account, market, .one, .liquidationEnd, .zero) ?? whole
        case .closeFactor(let factor, let fullBelow, let dust),
            .debtShare(let factor, let fullBelow, let dust, _):
            let part = max(1, scaled(whole, factor.raw, .up))
            if isBelow(health, fullBelow) { return whole }
            return row.notional(whole - part, price) < dust.raw ? whole : part
        case .targetHealth(let target, let kind, let buffer):
            return smallestClosing(account, market, target, kind, buffer) ?? whole
        case .portion(let share, let minimum):
            let part = max(1, scaled(whole, share.raw, .up))
            let notional = row.notional(whole, price)
            guard minimum.isPositive, notional > 0 else { return part }
            if notional <= minimum.raw { return whole }
            return max(part, exact(whole, minimum.raw, over: notional, .up))
        case .firstShare(let share, let above, let window):
            let last = accounts[account].lastLiquidatedAt
            let isSecond = last != .min && time.milliseconds - last <= window.milliseconds
            guard !isSecond, row.notional(whole, price) > above.raw else { return whole }
            return max(1, scaled(whole, share.raw, .up))
        case .bracketSteps(let steps, let fullBelowFirst):
            if parameters.liquidation.reducesAtMark, !health.equity.isPositive { return whole }
            if fullBelowFirst, isBelowFirstBracket(account, health) { return whole }
            return steppedClosing(market, whole, price, steps)
        }
    }

    /// Would an account be liquidatable if all its positions were in their first bracket?
    private func isBelowFirstBracket(_ account: Int, _ health: Health) -> Bool {
        var required: Int64 = 0
        for market in Bits(mask: accounts[account].markets) {
            let row = marketRows[market]
            let value = row.notional(
                positions[account * marketCount + market].size.raw, prices[row.feed].raw)
            let margin = parameters.markets[market].margin
            let rate = (margin.brackets.first?.maintenanceRate ?? .zero) + margin.closingFee.rate
            required += scaled(value, rate.raw, .up)
        }
        let unit = prices[assetRows[settlement].feed].raw
        if unit != scaleE8 { required = scaled(required, unit, .up) }
        return isBelowTrigger(
            Health(equity: health.equity, requirement: Money(raw: required)), account)
    }

    /// What brings a position to the top of the bracket so many below its own.
    private func steppedClosing(_ market: Int, _ whole: Int64, _ price: Int64, _ steps: Int)
        -> Int64
    {
        let schedule = parameters.markets[market].margin
        let row = marketRows[market]
        let measure = schedule.basis == .size ? whole : row.notional(whole, price)
        let bracket =
            schedule.brackets.lastIndex { schedule.isWithin(measure, $0.floor.raw) } ?? 0
        guard bracket >= steps, steps > 0 else { return whole }
        // A floor that belongs to the bracket above is not to be kept.
        let floor = schedule.brackets[bracket - steps + 1].floor.raw
        let top = schedule.edge == .lower ? floor : floor - 1
        let kept = schedule.basis == .size ? top : exact(whole, top, over: measure, .down)
        return max(1, whole - kept)
    }

    /// Is equity under this share of the requirement?
    func isBelow(_ health: Health, _ share: Ratio) -> Bool {
        share.isPositive
            && product(health.equity.raw, scaleE8) < product(health.requirement.raw, share.raw)
    }

    /// The least closed size after which equity reaches `target` times the requirement, and so much of the
    /// notional more; nil where none does.
    private func smallestClosing(
        _ account: Int, _ market: Int, _ target: Ratio, _ kind: MarginKind, _ buffer: Ratio
    ) -> Int64? {
        least(ofBends: closingBends(account, market)) { closed in
            guard let change = closing(account, market, closed) else { return false }
            let after = valuation(account, prices, kind, change)
            let notional = worth(Money(raw: after.notional), prices)
            let kept = buffer.isZero ? 0 : product(notional.raw, buffer.raw)
            return product(after.health.equity.raw, scaleE8)
                >= product(after.health.requirement.raw, target.raw) + kept
        }
    }

    /// The least number from 1 that reaches a goal, or nil.
    ///
    /// Between two neighbouring bends what is compared runs straight, so the first bend that reaches bounds
    /// the answer from above, the bend before it from below, and bisection finds it.
    func least(ofBends bends: [Int64], where reaches: (Int64) -> Bool) -> Int64? {
        var low: Int64 = 0
        for bend in bends.sorted() where bend > low {
            guard reaches(bend) else {
                low = bend
                continue
            }
            var high = bend
            while high - low > 1 {
                let middle = low + (high - low) / 2
                if reaches(middle) { high = middle } else { low = middle }
            }
            return high
        }
        return nil
    }

    /// Closed sizes at which equity or requirement changes its slope: where the rest of the position
    /// leaves a margin bracket, and where the settlement balance leaves a collateral tier or turns to debt.
    private func closingBends(_ account: Int, _ market: Int) -> [Int64] {
        let row = marketRows[market]
        let whole = positions[account * marketCount + market].size.magnitude.raw
        // Funding is settled by the first unit; the balance runs straight from there.
        var bends = [1, whole]
        let schedule = parameters.markets[market].margin
        let notional = row.notional(whole, prices[row.feed].raw)
        for bracket in schedule.brackets where notional > 0 {
            // A floor that no size reaches at this price bends nothing; where the margin jumps, both sides of it.
            let floor =
                schedule.basis == .size
                ? bracket.floor.raw
                : try? multiply(bracket.floor.raw, whole, dividingBy: notional, rounding: .up)
            guard let floor, floor < whole else { continue }
            bends.append(whole - floor)
            if !isPlain { bends += [whole - floor - 1, whole - floor + 1] }
        }
        // A premium for size is curved: the straight pieces between many points.
        if schedule.sizePremium != .none {
            bends += (1..<64).map { exact(whole, $0, over: 64, .down) }
        }
        let balance = holding(account, settlement)
        guard let first = closing(account, market, 1), let last = closing(account, market, whole)
        else { return bends }
        let start = balance + first.settlement
        let change = balance + last.settlement - start
        for level in tierFloors(of: settlement) {
            let distance = change < 0 ? start - level : level - start
            guard distance > 0, distance < abs(change),
                let bend = try? multiply(whole, distance, dividingBy: abs(change), rounding: .down)
            else { continue }
            bends += [bend, bend + 1]
        }
        return bends.filter { $0 > 0 && $0 <= whole }
    }

    /// Holdings of an asset at which its weight changes; the first is zero. [1e-8 units]
    func tierFloors(of asset: Int) -> [Int64] {
        let row = assetRows[asset]
        let price = prices[row.feed].raw
        return tiers[row.firstTier..<(row.firstTier + row.tierCount)].compactMap { tier in
            row.byQuantity || tier.floor == 0
                ? tier.floor
                : try? multiply(tier.floor, scaleE8, dividingBy: price, rounding: .up)
        }
    }

    /// What closing this much of a position at the oracle price and paying the penalty changes.
    private func closing(_ account: Int, _ market: Int, _ closed: Int64) -> Hypothesis? {
        let position = positions[account * marketCount + market]
        let policy = parameters.liquidation.closing(closed, of: position.size)
        let row = marketRows[market]
        let mark = prices[row.feed]
        let delta = position.size.isNegative ? closed : -closed
        let share = positionShare(account, market, closing: closed)
        let price = closingPrice(
            policy.closingPrice, share, mark, isLong: !position.size.isNegative)
        guard
            let fill = try? fillParts(
                taker: account, maker: Self.liquidityPool.index, market: market,
                size: Quantity(raw: delta), price: price)
        else { return nil }
        let charges = closingCharges(
            policy, share, price, Quantity(raw: delta), row, isWholeLoss: 0)
        let fee = venueFee(policy, row.notional(closed, price.raw), .max)
        return Hypothesis(
            settlement: fill.taker.realized - fill.taker.funding - charges.toLiquidator
                - charges.toInsurance - fee, market: market, position: fill.taker.after)
    }
}
