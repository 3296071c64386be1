public import ExactMath
import MarginRules
import OrderBook

/// Funding in which the pool takes part with its fees, and funding by impact prices.
extension ClearingHouse {
    /// Moves both averages on, and pays where an hour has begun.
    ///
    /// The pool has its part at once, out of the account where funding waits for its payers: it is charged up and paid
    /// down, so that what is held and still to come never falls short.
    @inline(never)
    mutating func accrue(
        _ market: Int, _ policy: SpreadFunding, until now: Timestamp, into journal: inout [Event]
    ) {
        var state = fundingStates[market]
        let oracle = prices[marketRows[market].indexFeed]
        let seen = spreadPrice(market, policy, oracle)
        if var averages = state.averages {
            let elapsed = now - averages.at
            if elapsed >= policy.sampling {
                let rule = TimeWeightedAverage(period: policy.interval)
                averages.market = rule.updated(averages.market, with: seen, elapsed: elapsed)
                averages.oracle = rule.updated(averages.oracle, with: oracle, elapsed: elapsed)
                averages.at = now
            }
            state.averages = averages
        } else {
            state.averages = SpreadAverages(market: seen, oracle: oracle, at: now)
        }
        let averages = state.averages ?? SpreadAverages(market: seen, oracle: oracle, at: now)
        let last = state.paidAt ?? Self.beginning(of: policy.interval, at: time)
        let isDue = OnTheHourUpdate(period: policy.interval).wait(now: now, last: last) == .zero
        state.paidAt = isDue ? now : last
        fundingStates[market] = state
        guard isDue else { return }
        let rate = unbounded { () throws(ArithmeticOverflow) in
            try DriftFundingRate(
                offsetDivisor: policy.offsetDivisor, spreadDivisor: policy.spreadDivisor,
                period: policy.interval
            ).rate(markAverage: averages.market, oracleAverage: averages.oracle)
        }
        paySplit(market, rate, policy, into: &journal)
    }

    /// Pays both sides, and the pool what is left or what is missing.
    private mutating func paySplit(
        _ market: Int, _ rate: Fixed18, _ policy: SpreadFunding, into journal: inout [Event]
    ) {
        let id = MarketID(index: market)
        let longs = openInterest(id, .long)
        let shorts = -openInterest(id, .short)
        let rule = DriftFundingSplit()
        let fees = splitFunding[market]
        let rates = unbounded { () throws(ArithmeticOverflow) in
            try rule.rates(
                rate: rate, net: longs + shorts, longs: longs, shorts: shorts,
                feePool: try rule.feePool(
                    fees: fees.left, exchangeFees: fees.collected, reserved: .zero))
        }
        let rest = moveSplit(market, long: rates.long, short: rates.short)
        let received = min(rates.protocolPayment.raw, rest)
        splitFunding[market].left += Money(raw: received)
        move(
            Quantity(raw: received), of: settlement, from: Self.funding(id),
            to: Self.liquidityPool, .poolFunding, &journal)
        guard rate != .zero else { return }
        // Per unit and interval [1e-18 USD] to per eight hours of a value [1e-8].
        let perEight =
            rate.raw * 28_800_000 / Int128(policy.interval.milliseconds)
            / (Int128(prices[marketRows[market].indexFeed].raw) * 100)
        journal.append(
            .fundingAccrued(
                id, index: marketRows[market].fundingIndex,
                ratePer8Hours: Ratio(raw: Int64(clamping: perEight))))
        journal.append(
            .fundingSplit(
                FundingSplit(
                    market: id, shortIndex: splitFunding[market].shortIndex,
                    poolReceived: Money(raw: received), feesLeft: splitFunding[market].left)))
    }

    private func spreadPrice(_ market: Int, _ policy: SpreadFunding, _ oracle: Price) -> Price {
        switch policy.source {
        case .book:
            guard let bid = books[market].bestBid, let ask = books[market].bestAsk else {
                return oracle
            }
            return Price(raw: Int64((Int128(bid.raw) + Int128(ask.raw)) / 2))
        case .skew(let scale):
            let skew = -positions[Self.liquidityPool.index * marketCount + market].size
            let price = try? SkewFillPrice(skewScale: scale).price(
                size: .zero, index: oracle, skew: skew, rounding: .nearest)
            return price ?? oracle
        }
    }

    /// The last moment at which an interval began.
    private static func beginning(of interval: TimeSpan, at time: Timestamp) -> Timestamp {
        let rest = time.milliseconds % interval.milliseconds
        return Timestamp(
            milliseconds: time.milliseconds
                - (rest < 0 ? rest + interval.milliseconds : rest))
    }

    /// Charges for the time since the last block at what the book shows now.
    @inline(never)
    mutating func accrue(
        _ market: Int, _ policy: ImpactMidPolicy, over elapsed: TimeSpan,
        into journal: inout [Event]
    ) {
        let oracle = prices[marketRows[market].indexFeed]
        let rule = policy.rule
        let bid = (try? ImpactPrice.marginal(of: policy.impact, in: depth(market, .buy))) ?? nil
        let ask = (try? ImpactPrice.marginal(of: policy.impact, in: depth(market, .sell))) ?? nil
        // A book so far from its oracle that its premium does not fit says nothing.
        let rate = (try? rule.rate(impactBid: bid, impactAsk: ask, oracle: oracle)) ?? .zero
        guard rate != .zero else { return }
        marketRows[market].fundingIndex.raw +=
            unbounded { () throws(ArithmeticOverflow) in
                try rule.delta(rate: rate, elapsed: elapsed, oracle: oracle)
            }.raw
        // Per day [1e-18] to per eight hours [1e-8].
        journal.append(
            .fundingAccrued(
                MarketID(index: market), index: marketRows[market].fundingIndex,
                ratePer8Hours: Ratio(raw: Int64(rate.raw / 30_000_000_000))))
    }

    // MARK: Genesis

    /// Gives a market's funding a past before the first block; what its policy does not remember stays away.
    ///
    /// - Parameters:
    ///   - rate: that moves by itself, per year with a pool's terms, per day with a velocity. [1e-18]
    ///   - fees: what the pool has collected of fees, and what funding has left of them; only funding by a spread.
    public mutating func seedFunding(
        _ market: MarketID, rate: Fixed18? = nil, fees: (collected: Money, left: Money)? = nil
    ) {
        if let rate {
            switch parameters.markets[market.index].funding {
            case .pool where !sides.isEmpty: sides[market.index].savedFunding = rate
            case .velocity: fundingStates[market.index].rate = rate
            default: break
            }
        }
        guard let fees, !splitFunding.isEmpty else { return }
        splitFunding[market.index].collected = fees.collected
        splitFunding[market.index].left = fees.left
    }

    /// The rate that a market's funding remembers and moves on from: per year with a pool's terms, per day with a
    /// velocity; nil with any other funding. [1e-18]
    public func savedFundingRate(_ market: MarketID) -> Fixed18? {
        switch parameters.markets[market.index].funding {
        case .pool: sides.isEmpty ? nil : sides[market.index].savedFunding
        case .velocity: fundingStates[market.index].rate
        default: nil
        }
    }

    /// What a unit of a short has been paid in funding since the start. [1e-18 USD per unit]
    ///
    /// The same as a long has paid, except where the pool's fees limit what one side receives.
    public func shortFundingIndex(_ market: MarketID) -> Fixed18 {
        marketRows[market.index].splitsFunding
            ? splitFunding[market.index].shortIndex : marketRows[market.index].fundingIndex
    }

    /// What funding has left of the pool's fees in a market; zero where it takes no part. [1e-8 USD]
    public func fundingFeesLeft(_ market: MarketID) -> Money {
        splitFunding.isEmpty ? .zero : splitFunding[market.index].left
    }

    /// Counts what a trade has brought the pool in fees.
    @inline(never)
    mutating func noteFee(_ share: Money, _ market: Int) {
        splitFunding[market].collected += share
        splitFunding[market].left += share
    }
}
