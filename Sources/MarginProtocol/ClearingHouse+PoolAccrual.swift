import ExactMath
import MarginRules

extension ClearingHouse {
    /// No position is charged more for borrowing. [1e-18 per year]
    ///
    /// A pool that is nearly empty has no bound of its own; ten times the size in a year is beyond any use.
    private static var highestBorrowing: Fixed18 { Fixed18(whole: 10) }

    /// Borrowing and funding of a market whose pool has terms, for the time since the last block.
    ///
    /// The pool and the treasury have what is borrowed at once, out of the account where funding waits for its
    /// payers: payers are charged up and receivers paid down, so that what is held and still to come never falls
    /// short.
    mutating func accruePool(_ market: Int, over span: TimeSpan, into journal: inout [Event]) {
        let price = prices[marketRows[market].feed]
        guard let terms = poolTerms(market), price.isPositive else { return }
        let before = sides[market]
        guard before.openInterest.total.isPositive else { return }
        var after = before
        var borrowed: Int64 = 0
        if let law = terms.borrowing {
            for side in PoolSide.allCases {
                let range = range(marketRows[market].feed, prices)
                borrowed += borrow(law, side, terms, before, &after, range, span)
            }
        }
        if let law = terms.intervalBorrowing {
            for side in PoolSide.allCases {
                borrowed += borrow(law, side, terms, before, &after, PriceRange(price), span)
            }
        }
        var rate = PoolFundingRate.none
        if case .pool(let law) = parameters.markets[market].funding {
            rate = fund(law, before, &after, span)
        }
        sides[market] = after
        marketRows[market].fundingIndex = after.long.index
        let id = MarketID(index: market)
        let pooled = scaled(borrowed, parameters.markets[market].poolFeeShare.raw, .down)
        move(
            Quantity(raw: pooled), of: settlement, from: Self.funding(id), to: Self.liquidityPool,
            .funding, &journal)
        move(
            Quantity(raw: borrowed - pooled), of: settlement, from: Self.funding(id),
            to: Self.treasury, .funding, &journal)
        guard after != before else { return }
        // Per year [1e-18] to per eight hours [1e-8]: 365 · 3 times eight hours.
        let perEightHours = Int64(clamping: rate.effective.raw / 10_000_000_000 / 1095)
        journal.append(
            .fundingAccrued(
                id, index: after.long.index,
                ratePer8Hours: Ratio(raw: rate.payer == .long ? perEightHours : -perEightHours)))
    }

    /// Charges one side; returns what all of it owes, rounded down. [1e-8]
    private func borrow(
        _ law: PoolBorrowing, _ side: PoolSide, _ terms: PoolTerms, _ before: PoolSides,
        _ after: inout PoolSides, _ price: PriceRange, _ span: TimeSpan
    ) -> Int64 {
        let row = before[side]
        let pool = min(poolValue(terms, side, prices), Money(raw: Self.exposureLimit))
        guard row.cost.isPositive, pool.isPositive else { return 0 }
        let reserves =
            terms.reserves
            ?? PoolReserves(reserve: .one, openInterestReserve: .one, maximumOpenInterest: .zero)
        var rate = Self.highestBorrowing
        // A rate that does not fit is above the highest.
        if let law = try? law.rate(
            side,
            reserved: PoolReserves.reserved(
                side, openInterest: row.cost, tokens: row.size, indexPrice: price),
            pool: pool, reserves: reserves, balance: before.openInterest)
        {
            rate = min(rate, law)
        }
        return unbounded { () throws(ArithmeticOverflow) in
            let index = try PoolBorrowingIndex().grown(at: rate, over: span)
            after[side].index += index.cumulative
            return try index.fee(size: row.cost, entry: .zero).raw
        }
    }

    /// The same for the intervals that have begun since the last block.
    private func borrow(
        _ law: GLPFunding, _ side: PoolSide, _ terms: PoolTerms, _ before: PoolSides,
        _ after: inout PoolSides, _ price: PriceRange, _ span: TimeSpan
    ) -> Int64 {
        let row = before[side]
        let begun =
            Self.intervals(time + span, law.interval.milliseconds)
            - Self.intervals(time, law.interval.milliseconds)
        let pool = min(poolValue(terms, side, prices), Money(raw: Self.exposureLimit))
        guard begun > 0, row.cost.isPositive, pool.isPositive else { return 0 }
        let reserved = try? PoolReserves.reserved(
            side, openInterest: row.cost, tokens: row.size, indexPrice: price)
        // A rate that does not fit is above the highest, of all the time that may have passed.
        let most = Fixed18(
            raw: Self.highestBorrowing.raw * Int128(law.interval.milliseconds) * Int128(begun)
                / Int128(TimeSpan.year.milliseconds))
        var rate = most
        if let reserved,
            let law = try? law.rate(
                reserved: Quantity(raw: reserved.raw), pool: Quantity(raw: pool.raw),
                intervals: begun)
        {
            rate = min(rate, Fixed18(law))
        }
        return unbounded { () throws(ArithmeticOverflow) in
            after[side].index += rate
            return try PoolBorrowingIndex(cumulative: rate).fee(size: row.cost, entry: .zero).raw
        }
    }

    private func fund(
        _ law: PoolFunding, _ before: PoolSides, _ after: inout PoolSides, _ span: TimeSpan
    ) -> PoolFundingRate {
        let dollar = PriceRange(Price(whole: 1))
        return unbounded { () throws(ArithmeticOverflow) in
            let rate = try law.rate(
                saved: before.savedFunding, balance: before.openInterest, over: span)
            // All collateral counts in the settlement asset.
            let growth = try rate.growth(
                long: PoolTokenPair(longToken: .zero, shortToken: before.long.cost),
                short: PoolTokenPair(longToken: .zero, shortToken: before.short.cost),
                prices: PoolTokenPair(longToken: dollar, shortToken: dollar), over: span)
            after[growth.payer].index += growth.fee.shortToken
            after[growth.payer.opposite].index -= growth.claimable.shortToken
            after.savedFunding = rate.saved
            return rate
        }
    }
}
