public import ExactMath
public import MarginRules

/// What every open position, long or short, pays the pool for what all of them together use of it.
///
/// Source: Synthetixio/synthetix-v3, markets/perps-market/contracts/storage/InterestRate.sol and PerpsMarket.sol; the rate
/// is one a year of a position's value.
public struct PoolInterest: Hashable, Sendable {
    public var gradients: UtilizationGradients
    /// How much of what positions are worth the pool sets aside.
    public var lockedShare: Ratio
    public init(gradients: UtilizationGradients, lockedShare: Ratio = .one) {
        self.gradients = gradients
        self.lockedShare = lockedShare
    }
}

extension MarketParameters {
    /// What is wrong with its interest, in words.
    var poolInterestProblems: [String] {
        guard let rule = poolInterest else { return [] }
        var found: [String] = []
        let most = Fixed18(whole: 1000)
        if rule.gradients.low > most || rule.gradients.high > most
            || rule.gradients.breakpoint > most
            || !(.zero...Ratio(whole: 100)).contains(rule.lockedShare)
        {
            found.append(
                "interest of positions has gradients of at most 1000, a locked share of 100")
        }
        if contract != .linear || pool?.hasTerms == true {
            found.append("interest of positions is one of linear contracts and pools without terms")
        }
        switch funding {
        case .none, .skew, .velocity: break
        case .premium, .pool, .spread, .impactMid:
            found.append("interest of positions stands beside continuous funding by the skew alone")
        }
        return found
    }

    /// Whether longs and shorts are charged by an index each, and the pool has its part at once.
    var splitsFunding: Bool {
        if case .spread = funding { return true }
        return poolInterest != nil
    }
}

extension ClearingHouse {
    /// The most that positions pay in a year, as a share of their value; a pool that is nearly empty has no bound of its
    /// own.
    private static var highestInterest: Fixed18 { Fixed18(whole: 10) }

    /// What open positions of a market pay a year; nil where they pay nothing of the kind. [1e-18]
    public func poolInterestRate(_ market: MarketID) -> Fixed18? {
        guard let rule = parameters.markets[market.index].poolInterest else { return nil }
        let rate = try? rule.gradients.rate(utilization: poolUtilization)
        return min(rate ?? Self.highestInterest, Self.highestInterest)
    }

    /// What the pool has set aside for the positions of all markets with interest, of what it holds of the settlement asset;
    /// at most a thousand, and nought of an empty pool. [1e-18]
    private var poolUtilization: Fixed18 {
        var locked = Int128(0)
        for (market, terms) in parameters.markets.enumerated() {
            guard let share = terms.poolInterest?.lockedShare else { continue }
            let id = MarketID(index: market)
            let size = Int128(openInterest(id, .long).raw) + Int128(openInterest(id, .short).raw)
            let price = Int128(prices[marketRows[market].feed].raw)
            locked += size * price / Int128(scaleE8) * Int128(share.raw) / Int128(scaleE8)
        }
        let most = Fixed18(whole: 1000)
        guard locked > 0 else { return .zero }
        let held = balances[Self.liquidityPool.index * assetCount + settlement]
        let value = scaled(max(0, held), prices[assetRows[settlement].feed].raw, .down)
        guard value > 0 else { return .zero }
        guard locked / Int128(value) < 1000 else { return most }
        return Fixed18(raw: locked * Fixed18.one.raw / Int128(value))
    }

    /// Gives shorts and the pool their part of what the market's index has moved by, and charges both sides interest.
    @inline(never)
    mutating func accruePoolInterest(
        _ market: Int, since before: Fixed18, over elapsed: TimeSpan, into journal: inout [Event]
    ) {
        let moved = marketRows[market].fundingIndex - before
        marketRows[market].fundingIndex = before
        let rate = poolInterestRate(MarketID(index: market)) ?? .zero
        let interest = unbounded { () throws(ArithmeticOverflow) in
            try FundingIndex().delta(
                rate: rate, elapsed: elapsed, period: .year,
                price: prices[marketRows[market].feed])
        }
        let received = moveSplit(market, long: moved + interest, short: moved - interest)
        move(
            Quantity(raw: received), of: settlement, from: Self.funding(MarketID(index: market)),
            to: Self.liquidityPool, .poolFunding, &journal)
        guard moved != .zero || interest != .zero else { return }
        journal.append(
            .fundingSplit(
                FundingSplit(
                    market: MarketID(index: market), shortIndex: splitFunding[market].shortIndex,
                    poolReceived: Money(raw: received), feesLeft: splitFunding[market].left)))
    }

    /// Moves both sides' indexes on; returns what longs pay less what shorts are paid, rounded down. [1e-8]
    ///
    /// Sizes times rates fit as values do.
    mutating func moveSplit(_ market: Int, long: Fixed18, short: Fixed18) -> Int64 {
        let id = MarketID(index: market)
        let exact =
            Int128(openInterest(id, .long).raw) * long.raw
            - Int128(openInterest(id, .short).raw) * short.raw
        marketRows[market].fundingIndex.raw += long.raw
        splitFunding[market].shortIndex.raw += short.raw
        let unit = Fixed18.one.raw
        return Int64(exact / unit - (exact % unit < 0 ? 1 : 0))
    }
}
