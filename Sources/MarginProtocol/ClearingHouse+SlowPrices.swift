public import ExactMath
import MarginRules

/// Prices that follow the feeds' slowly, and weights that follow what all accounts hold and owe.
extension ClearingHouse {
    mutating func prepareSlowPrices() {
        guard parameters.slowPrice != .none else { return }
        slowPrices = prices
        if case .stable(let model) = parameters.slowPrice {
            stablePrices = prices.map { model.start(at: $0, now: time) }
        }
    }

    /// At a feed's first price there is nothing slower yet.
    mutating func startSlowPrice(_ feed: Int) {
        guard slowPrices[feed].isZero else { return }
        slowPrices[feed] = prices[feed]
        if case .stable(let model) = parameters.slowPrice {
            stablePrices[feed] = model.start(at: prices[feed], now: time)
        }
    }

    /// Moves each slow price on by the time since the last block, in which the feed's price stood.
    mutating func updateSlowPrices(until now: Timestamp) {
        for feed in prices.indices where prices[feed].isPositive {
            switch parameters.slowPrice {
            case .none: return
            case .average(let period):
                slowPrices[feed] = TimeWeightedAverage(period: period).updated(
                    slowPrices[feed], with: prices[feed], elapsed: now - time)
            case .stable(let model):
                // The hours of a day are counted from 1970 on.
                guard now.milliseconds >= 0, time.milliseconds >= 0 else { continue }
                let last = stablePrices[feed]
                stablePrices[feed] = unbounded { () throws(ArithmeticOverflow) in
                    try model.update(last, oracle: prices[feed], now: now)
                }
                slowPrices[feed] = unbounded { () throws(ArithmeticOverflow) in
                    try stablePrices[feed].price.rounded(to: Price.self, .nearest)
                }
            }
        }
    }

    /// Sets a feed's slow price before the first block.
    public mutating func seedSlowPrice(_ feed: FeedID, _ price: Price) {
        guard !slowPrices.isEmpty else { return }
        slowPrices[feed.index] = price
        if case .stable(let model) = parameters.slowPrice {
            stablePrices[feed.index] = model.start(at: price, now: time)
        }
    }

    /// The price against a requirement of this kind: the worse bound, and the worse of two where there is a slow one.
    @inline(__always)
    func conservative(_ feed: Int, _ prices: [Price], _ kind: MarginKind, owned: Bool) -> Price {
        let own = hasBounds ? bounded(feed, prices, owned: owned) : prices[feed]
        guard kind == .initial, !slowPrices.isEmpty else { return own }
        let price = ConservativePrice(oracle: own, slow: slow(feed))
        return owned ? price.asset : price.liability
    }

    /// The slow price of a feed; nil before its first report.
    func slow(_ feed: Int) -> Price? {
        slowPrices.isEmpty || slowPrices[feed].isZero ? nil : slowPrices[feed]
    }

    /// The highest price at which anything of a feed is valued.
    func highest(_ feed: Int, _ price: Price? = nil) -> Price {
        let own = price ?? (hasBounds ? bounded(feed, prices, owned: false) : prices[feed])
        return slowPrices.isEmpty ? own : max(own, slowPrices[feed])
    }

    // MARK: Weights

    /// No debt counts more than twenty times its value.
    static var debtWeightLimit: Ratio { Ratio(whole: 20) }

    /// What a debt counts, per unit of its value.
    ///
    /// - Parameter amount: negative. [1e-8 units]
    func debtWeight(_ amount: Int64, _ asset: Int, _ prices: [Price], _ kind: MarginKind) -> Ratio {
        // Field by field: a copy of all terms for each line would cost more than the line.
        let base =
            (kind.isOpening ? parameters.assets[asset].initialLiabilityWeight : nil)
            ?? parameters.assets[asset].liabilityWeight
        let factor = parameters.assets[asset].debtFactor
        let scale = parameters.assets[asset].debtScale
        guard !factor.isZero || scale != nil else { return base }
        return unbounded { () throws(ArithmeticOverflow) in
            var weight = base
            if !factor.isZero {
                weight = try SizePremium(factor: factor).liabilityWeight(
                    weight, size: Quantity(raw: Int64(clamping: amount.magnitude)))
            }
            if kind == .initial, let start = scale {
                let borrows = try owed(AssetID(index: asset)).value(
                    at: conservative(assetRows[asset].feed, prices, kind, owned: false),
                    rounding: .up)
                // A weight that does not fit is above the limit.
                weight =
                    (try? MarketScaledWeight(start: start, step: .exact)
                        .liabilityWeight(weight, borrows: borrows)) ?? Self.debtWeightLimit
            }
            return min(weight, max(base, Self.debtWeightLimit))
        }
    }

    /// How much of an unrealised profit counts.
    func profitWeight(of gain: Int64, _ market: Int, _ kind: MarginKind) -> Ratio {
        let maintenance = parameters.markets[market].profitWeight
        guard kind.isOpening else { return maintenance }
        let weight = parameters.markets[market].initialProfitWeight ?? maintenance
        let factor = parameters.markets[market].initialProfitFactor
        guard kind == .initial, !factor.isZero else { return weight }
        return unbounded { () throws(ArithmeticOverflow) in
            try UnrealisedProfitWeight(
                initial: weight, maintenance: maintenance, premium: SizePremium(factor: factor),
                imbalanceCap: nil, initialCap: nil
            ).weight(of: Money(raw: gain), marketProfit: .zero, for: .initial)
        }
    }

    /// Are sums of lines enough for a valuation, with nothing that belongs to the whole account?
    var isSumOfLines: Bool { parameters.keeper == nil && parameters.positionResults == .separate }
}
