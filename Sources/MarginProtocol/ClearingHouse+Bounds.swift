import ExactMath

/// How low an account's surplus can be while each price stays within a band.
extension ClearingHouse {
    /// Does each term of every account's maintenance health move one way with each price, all else as it is?
    ///
    /// Then its least value within bands is at their ends. It does under every schedule but stress tests, which
    /// look at the whole account, the terms of a pool, which change with what others hold, and weights that fall
    /// with what all together have deposited; nor where liquidations have a course, whose end has terms of its own,
    /// nor where prices have bounds, which change while the price between them stays.
    static func isMonotone(_ parameters: ProtocolParameters) -> Bool {
        parameters.stress == nil && hasPlainCourse(parameters) && !parameters.hasPriceBounds
            && parameters.markets.allSatisfy { $0.pool?.hasTerms != true }
            && parameters.assets.allSatisfy { $0.collateral.depositScale == nil }
    }

    /// The least that an account's maintenance surplus can be while each price is from `lows` to `highs`, and the
    /// indexes within their drift. [1e-8 USD]
    ///
    /// Every term takes its worse end by itself, so that the bound is below what any one set of prices gives. Where no
    /// such bound is known it is the smallest number.
    func leastSurplus(
        of account: Int, from lows: [Price], to highs: [Price], _ drift: Drift
    ) -> Int128 {
        var surplus: Int128 = 0
        var profit: Int128 = 0
        var requirement: Int128 = 0
        for market in Bits(mask: accounts[account].markets) {
            let position = positions[account * marketCount + market]
            let feed = marketRows[market].feed
            // An inverse contract has no value at a price of nothing.
            guard lows[feed].isPositive else { return .min }
            let low = line(position, account, market, lows, .maintenance)
            let high = line(position, account, market, highs, .maintenance)
            profit += Int128(min(low.weightedProfit, high.weightedProfit).raw)
            profit -= Int128(drift.charge(on: position.size.raw, market))
            requirement += Int128(max(low.requirement, high.requirement).raw)
        }
        for asset in Bits(mask: accounts[account].assets) {
            let amount = drift.grown(holding(account, asset), asset)
            let prices = amount > 0 ? lows : highs
            surplus += Int128(line(amount, account, asset, prices, .maintenance).weighted.raw)
        }
        // Profit is paid in the settlement asset, and what a contract requires is counted in it.
        let feed = assetRows[settlement].feed
        surplus += worth(profit, profit > 0 ? lows[feed] : highs[feed], .down)
        surplus -= worth(requirement, highs[feed], .up)
        return surplus
    }

    /// What the roundings of all terms of a valuation may come to: some units, each of which counts as much as the settlement
    /// asset is worth, or as the heaviest weight. [1e-8 USD]
    func roundings(at prices: [Price]) -> Int64 {
        let unit = prices[assetRows[settlement].feed].raw
        let most = max(unit, highestWeight)
        return most <= scaleE8 ? 512 : 512 * min(1 << 32, most / scaleE8 + 1)
    }

    private func worth(_ amount: Int128, _ price: Price, _ rounding: Rounding) -> Int128 {
        let value = amount * Int128(price.raw)
        let scale = Int128(scaleE8)
        let quotient = value / scale
        let remainder = value % scale
        if rounding == .up { return remainder > 0 ? quotient + 1 : quotient }
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// The prices that an account's surplus depends on, and how much of everything it has. [1e-8 USD]
    func dependence(of account: Int, at prices: [Price]) -> (Dependence, gross: UInt64) {
        var dependence = Dependence()
        var gross: UInt64 = 0
        let unit = prices[assetRows[settlement].feed].raw
        for market in Bits(mask: accounts[account].markets) {
            let row = marketRows[market]
            let notional = row.notional(
                positions[account * marketCount + market].size.raw, prices[row.feed].raw)
            gross &+= UInt64(bitPattern: unit == scaleE8 ? notional : scaled(notional, unit, .up))
            dependence.falling |= 1 << UInt64(row.feed)
            dependence.rising |= 1 << UInt64(row.feed)
        }
        for asset in Bits(mask: accounts[account].assets) {
            let row = assetRows[asset]
            let amount = holding(account, asset)
            gross &+= scaled(amount, prices[row.feed].raw, .down).magnitude
            if amount > 0 {
                dependence.falling |= 1 << UInt64(row.feed)
            } else {
                dependence.rising |= 1 << UInt64(row.feed)
            }
        }
        if accounts[account].markets != 0 {
            dependence.falling |= 1 << UInt64(assetRows[settlement].feed)
            dependence.rising |= 1 << UInt64(assetRows[settlement].feed)
        }
        return (dependence, gross)
    }
}
