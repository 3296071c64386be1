public import ExactMath
import MarginRules

/// What may be asked of an account as one price moves and all others stay.
public enum CriticalCondition: Hashable, Sendable {
    /// The account becomes liquidatable, by the policy's trigger.
    case liquidatable
    /// The account's weighted equity is used up.
    case bankrupt
}

extension ClearingHouse {
    /// Every price of a feed at which an account passes between meeting a condition and not, ascending.
    ///
    /// Each is the first price, coming from the present one, at which the condition differs. Schedules with
    /// jumps may have several. All else that depends on the feed, collateral included, moves with it. Prices are
    /// looked for up to a thousand times the present one.
    public func criticalPrices(
        of id: AccountID, feed: FeedID, _ condition: CriticalCondition
    ) -> [Price] {
        criticalPrices(of: id, moving: feed.index, condition)
    }

    /// The same of a market's mark, with which its index and all other marks of that move by the same amount.
    public func criticalPrices(
        of id: AccountID, market: MarketID, _ condition: CriticalCondition
    ) -> [Price] {
        criticalPrices(of: id, moving: marketRows[market.index].feed, condition)
    }

    private func criticalPrices(
        of id: AccountID, moving feed: Int, _ condition: CriticalCondition
    ) -> [Price] {
        let present = prices[feed].raw
        guard present > 0 else { return [] }
        let joint = MovingPrices(feed, prices, marks)
        var trial = prices
        func meets(_ price: Int64) -> Bool {
            joint.move(&trial, to: price)
            let health = evaluate(id.index, trial, .maintenance, .nothing)
            switch condition {
            case .liquidatable: return isDue(id.index, health, trial)
            case .bankrupt: return !health.equity.isPositive
            }
        }
        let highest = highestPrice(id.index, joint, present)
        let points = priceBends(id.index, joint, highest, present)
        var found: [Price] = []
        var low = points[0]
        var lowMeets = meets(low)
        for high in points.dropFirst() {
            let highMeets = meets(high)
            if highMeets != lowMeets {
                found.append(crossing(low, high, lowMeets, from: present, meets))
            }
            (low, lowMeets) = (high, highMeets)
        }
        return found
    }

    /// The first price beyond the change, seen from the present one.
    private func crossing(
        _ low: Int64, _ high: Int64, _ lowMeets: Bool, from present: Int64,
        _ meets: (Int64) -> Bool
    ) -> Price {
        var (below, above) = (low, high)
        while above - below > 1 {
            let middle = below + (above - below) / 2
            if meets(middle) == lowMeets { below = middle } else { above = middle }
        }
        return Price(raw: above <= present ? below : above)
    }

    /// Prices between which the account's surplus runs straight, or nearly, ascending.
    private func priceBends(
        _ account: Int, _ joint: MovingPrices, _ highest: Int64, _ present: Int64
    )
        -> [Int64]
    {
        let lowest = lowestPrice(account, joint, present)
        var bends: [Int64] = [lowest, present, highest]
        func add(_ price: Int64?, _ offset: Int64) {
            guard let own = price else { return }
            let price = own - offset
            bends += [price - 1, price, price + 1]
        }
        for market in Bits(mask: marketsAtRisk(account)) {
            guard let offset = joint.offset(marketRows[market].feed) else { continue }
            let held = positions[account * marketCount + market].size
            var sizes = [held.magnitude.raw]
            if let open = openOrders(account, market, prices, .maintenance, .nothing) {
                // Where all bids or all asks count as filled, so do they for the brackets.
                sizes += [held + open.bids.size, held - open.asks.size].map(\.magnitude.raw)
            }
            let terms = parameters.markets[market]
            for size in sizes where size > 0 {
                for bracket in terms.margin.brackets
                where terms.margin.basis == .notional && bracket.floor.isPositive {
                    add(
                        terms.contract == .inverse
                            ? try? multiply(
                                size, scaleE8, dividingBy: bracket.floor.raw, rounding: .up)
                            : try? multiply(
                                bracket.floor.raw, scaleE8, dividingBy: size, rounding: .up), offset
                    )
                }
            }
            // Where profit changes its sign, and with it its weight.
            add(
                positions[account * marketCount + market].entryPrice(terms.contract)?.raw, offset)
        }
        for asset in Bits(mask: accounts[account].assets) {
            guard let offset = joint.offset(assetRows[asset].feed) else { continue }
            let held = abs(holding(account, asset))
            for schedule in [
                parameters.assets[asset].collateral,
                parameters.assets[asset].initialCollateral ?? parameters.assets[asset].collateral,
            ] where schedule.basis == .value {
                for tier in schedule.tiers where tier.floor > 0 {
                    add(
                        try? multiply(tier.floor, scaleE8, dividingBy: held, rounding: .up), offset)
                }
            }
        }
        // Curves, such as a weight that falls with what all hold, are followed in small steps.
        if !isPlain {
            var step = present
            while step > 8 {
                step -= max(1, step / 16)
                bends.append(step)
            }
            step = present
            while step < highest - highest / 16 {
                step += max(1, step / 16)
                bends.append(step)
            }
        }
        return bends.filter { $0 >= lowest && $0 <= highest }.sorted()
    }

    /// The lowest price at which the value of every inverse contract still fits.
    private func lowestPrice(_ account: Int, _ joint: MovingPrices, _ present: Int64) -> Int64 {
        var lowest: Int64 = 1
        for market in Bits(mask: marketsAtRisk(account)) where marketRows[market].isInverse {
            guard let offset = joint.offset(marketRows[market].feed) else { continue }
            let size = max(
                positions[account * marketCount + market].size.magnitude.raw,
                marketRows[market].longOpenInterest.raw, countedSize(in: market))
            var most = Int64.max / 1024
            if case .linear(let scale, let fraction, _) =
                parameters.markets[market].margin.sizePremium, fraction.isPositive
            {
                // A rate that grows with the value is followed to sixteen times the value.
                let bound = try? multiply(
                    16 * scaleE8, scale.raw, dividingBy: fraction.raw, rounding: .up)
                most = min(most, max(1, bound ?? most))
            }
            if let bound = try? multiply(size, scaleE8, dividingBy: most, rounding: .up) {
                lowest = max(lowest, bound - offset)
            } else {
                lowest = present
            }
        }
        return min(present, lowest)
    }

    /// The highest price at which every product of the valuation still fits.
    private func highestPrice(_ account: Int, _ joint: MovingPrices, _ present: Int64) -> Int64 {
        var highest = present > Int64.max / 1000 ? Int64.max / 4 : present * 1000
        // Everything of one account, with any margin and weight on top, within a sixteenth of what fits.
        let limit = Int64.max / 64
        var amounts: [Int64] = []
        for market in Bits(mask: marketsAtRisk(account))
        where joint.offset(marketRows[market].feed) != nil && !marketRows[market].isInverse {
            amounts.append(positions[account * marketCount + market].size.magnitude.raw)
            amounts.append(marketRows[market].longOpenInterest.raw)
            amounts.append(countedSize(in: market))
        }
        for asset in Bits(mask: accounts[account].assets)
        where joint.offset(assetRows[asset].feed) != nil {
            amounts.append(abs(holding(account, asset)))
            amounts.append(deposited(AssetID(index: asset)).raw)
        }
        for reserve in spotReserves(of: AccountID(index: account)) {
            amounts += [reserve.potentialBase.raw, reserve.potentialQuote.raw]
        }
        for amount in amounts where amount > 0 {
            if let bound = try? multiply(limit, scaleE8, dividingBy: amount, rounding: .down) {
                highest = min(highest, bound)
            }
        }
        highest = highestSettled(account, joint, highest, limit)
        // The others of its kind stay as far above it as they are.
        return max(present, highest - joint.highestOffset)
    }
}

extension ClearingHouse {
    /// The same for what contracts come to in the settlement asset, whose own price may be far from a dollar or move too.
    private func highestSettled(
        _ account: Int, _ joint: MovingPrices, _ most: Int64, _ limit: Int64
    ) -> Int64 {
        let feed = assetRows[settlement].feed
        let isMoving = joint.offset(feed) != nil
        guard isMoving || prices[feed].raw > scaleE8 else { return most }
        var highest = most
        for market in Bits(mask: marketsAtRisk(account)) where !marketRows[market].isInverse {
            let row = marketRows[market]
            let size = max(
                positions[account * marketCount + market].size.magnitude.raw,
                row.longOpenInterest.raw)
            func fits(_ price: Int64) -> Bool {
                let own = joint.offset(row.feed) == nil ? prices[row.feed].raw : price
                let unit = isMoving ? price : prices[feed].raw
                guard let value = try? multiply(size, own, dividingBy: scaleE8, rounding: .up),
                    let worth = try? multiply(value, unit, dividingBy: scaleE8, rounding: .up)
                else { return false }
                return worth <= limit
            }
            while highest > 1, !fits(highest) { highest /= 2 }
        }
        return highest
    }
}

/// A price and those that move with it: an index and the marks that follow it.
private struct MovingPrices {
    /// The price itself first, and how far above it each stands. [1e-8]
    private var offsets: [(feed: Int, offset: Int64)]

    init(_ feed: Int, _ prices: [Price], _ marks: [MarkState]) {
        offsets = [(feed, 0)]
        guard !marks.isEmpty else { return }
        let index = marks.first { $0.slot == feed }?.feed ?? feed
        for other in [index] + marks.filter({ $0.feed == index }).map(\.slot) where other != feed {
            offsets.append((other, prices[other].raw - prices[feed].raw))
        }
    }

    /// How far above the price one of those that move with it stands; nil for any other.
    func offset(_ feed: Int) -> Int64? { offsets.first { $0.feed == feed }?.offset }

    var highestOffset: Int64 { offsets.reduce(0) { max($0, $1.offset) } }

    /// Moves all of them so that the first is at a price; none below the smallest.
    func move(_ prices: inout [Price], to price: Int64) {
        for (feed, offset) in offsets { prices[feed] = Price(raw: max(1, price + offset)) }
    }
}

extension Position {
    /// The average entry price of a contract of this kind, rounded to nearest; nil when flat.
    public func entryPrice(_ contract: ContractKind) -> Price? {
        guard contract == .inverse else { return entryPrice }
        guard size.raw != 0, cost.raw != 0 else { return nil }
        return
            (try? multiply(
                size.magnitude.raw, scaleE8, dividingBy: cost.magnitude.raw, rounding: .nearest))
            .map(Price.init(raw:))
    }
}
