import ExactMath
import MarginRules

/// What a trade against a pool with terms gets.
struct PoolFill {
    /// What the position is counted at.
    var price: Price
    /// The price with the impact, which a limit bounds: the same unless the pool keeps impact apart.
    var execution: Price
    /// Whether the two sides are closer to each other afterwards.
    var improvesBalance: Bool
    /// The trade's size as fees count it: at the pool's price where it opens, at entry where it closes. [1e-8]
    var size: Money
    /// What becomes of the impact where the pool keeps it apart; else nil.
    var impact: PoolImpact?
}

extension ClearingHouse {
    /// The price and the fee basis of a trade against a pool with terms.
    ///
    /// An increase is filled at the price of its impact, a decrease at the price of its impact and of the profit
    /// that the pool pays; a trade through zero at their average. Where the pool keeps impact apart it is no part of
    /// these prices: it waits with the position, and a decrease settles its share of it together with its own.
    ///
    /// - Parameter pending: what waits with the position. [1e-8 units of the underlying]
    func poolFill(
        _ market: Int, _ held: Position, size: Quantity, _ terms: PoolTerms, _ state: PoolSides,
        pending: Quantity
    ) throws(Rejection) -> PoolFill {
        let feed = marketRows[market].feed
        guard prices[feed].isPositive else { throw .priceMissing(FeedID(index: feed)) }
        let spread = parameters.markets[market].pool?.spread ?? .zero
        let range = try orOverflow { () throws(ArithmeticOverflow) in
            try self.range(feed, prices).widened(by: spread)
        }
        guard held.size.raw != 0, (held.size.raw ^ size.raw) < 0 else {
            return try increase(size, terms, state, range, pending)
        }
        guard size.magnitude > held.size.magnitude else {
            return try decrease(held, by: size.magnitude, market, terms, state, range, pending)
        }
        let closed = try decrease(
            held, by: held.size.magnitude, market, terms, state, range, pending)
        var rest = state
        rest.replace(held, with: .none)
        let opened = try increase(size + held.size, terms, rest, range, .zero)
        var impact = closed.impact
        impact?.pending = opened.impact?.pending ?? .zero
        return try orOverflow { () throws(ArithmeticOverflow) in
            let against: Rounding = size.isNegative ? .down : .up
            func average(_ first: Price, _ second: Price) throws(ArithmeticOverflow) -> Price {
                let value = try held.size.magnitude.value(at: first, rounding: against)
                    .adding((size + held.size).magnitude.value(at: second, rounding: against))
                return Price(
                    raw: try multiply(
                        value.raw, scaleE8, dividingBy: size.magnitude.raw, rounding: against))
            }
            return PoolFill(
                price: try average(closed.price, opened.price),
                execution: try average(closed.execution, opened.execution),
                improvesBalance: closed.improvesBalance && opened.improvesBalance,
                size: try closed.size.adding(opened.size), impact: impact)
        }
    }

    private func increase(
        _ size: Quantity, _ terms: PoolTerms, _ state: PoolSides, _ range: PriceRange,
        _ pending: Quantity
    ) throws(Rejection) -> PoolFill {
        let side: PoolSide = size.isNegative ? .short : .long
        let quote = try orOverflow { () throws(ArithmeticOverflow) -> PoolFill? in
            let value = try size.magnitude.value(at: range.opening(side), rounding: .down)
            guard let rule = terms.impact else {
                return PoolFill(
                    price: range.opening(side), execution: range.opening(side),
                    improvesBalance: improves(state.openInterest, by: value, side), size: value)
            }
            let quote = try rule.increase(
                by: value, on: side, openInterest: balance(state, rule, range), indexPrice: range)
            guard let execution = quote.executionPrice.map({ max($0, Price(raw: 1)) }) else {
                return nil
            }
            var fill = PoolFill(
                price: execution, execution: execution,
                improvesBalance: quote.impact.improvesBalance, size: value)
            if terms.impactPool != nil {
                fill.price = range.opening(side)
                fill.impact = PoolImpact(pending: try pending.adding(quote.pendingImpact))
            }
            return fill
        }
        // The impact takes all of the order.
        guard let quote else { throw .exposureTooLarge }
        return quote
    }

    private func decrease(
        _ held: Position, by tokens: Quantity, _ market: Int, _ terms: PoolTerms,
        _ state: PoolSides, _ range: PriceRange, _ pending: Quantity
    ) throws(Rejection) -> PoolFill {
        let side = held.side
        let whole = held.size.magnitude
        return try orOverflow { () throws(ArithmeticOverflow) in
            let size =
                tokens == whole
                ? held.cost.magnitude
                : try held.cost.magnitude.scaled(
                    by: tokens.raw, over: whole.raw, rounding: .down)
            let price = try payablePrice(held, market, terms, range.closing(side))
            guard let rule = terms.impact else {
                return PoolFill(
                    price: price, execution: price,
                    improvesBalance: improves(state.openInterest, by: -size, side), size: size)
            }
            let position = PoolPosition(
                side: side, size: held.cost.magnitude, sizeInTokens: whole, collateral: .zero)
            let balance = try self.balance(state, rule, range)
            guard size.isPositive else {
                return PoolFill(
                    price: price, execution: price, improvesBalance: false, size: size,
                    impact: terms.impactPool == nil ? nil : PoolImpact(pending: pending))
            }
            let impact = closingImpact(position, by: size, rule, balance, range)
            if let apart = try settledImpact(
                position, by: size, closing: impact.amount, pending: pending, market, terms, range)
            {
                let shown = try rule.executionPrice(
                    decreasing: position, by: size, impact: impact.amount, at: range.closing(side))
                return PoolFill(
                    price: price, execution: max(shown ?? .zero, Price(raw: 1)),
                    improvesBalance: impact.improvesBalance, size: size, impact: apart)
            }
            let settled = try rule.settled(closing: impact.amount, pending: .zero, size: size)
            let filled = max(
                try rule.executionPrice(
                    decreasing: position, by: size, impact: settled.amount, at: price) ?? .zero,
                Price(raw: 1))
            return PoolFill(
                price: filled, execution: filled, improvesBalance: impact.improvesBalance,
                size: size)
        }
    }

    /// The impact of a closing, its gain capped; where it does not fit it is beyond any cap.
    func closingImpact(
        _ position: PoolPosition, by size: Money, _ rule: PoolPriceImpact,
        _ balance: PoolOpenInterest, _ range: PriceRange
    ) -> PriceImpact {
        do throws(ArithmeticOverflow) {
            return try rule.decrease(
                by: size, of: position, openInterest: balance, indexPrice: range
            ).impact
        } catch {
            let improves = self.improves(balance, by: -size, position.side)
            return PriceImpact(
                amount: improves ? .zero : -position.size, improvesBalance: improves)
        }
    }

    /// Open interest in the measure that the impact counts.
    func balance(_ state: PoolSides, _ rule: PoolPriceImpact, _ range: PriceRange)
        throws(ArithmeticOverflow) -> PoolOpenInterest
    {
        rule.measure == .openInterest
            ? state.openInterest
            : try PoolOpenInterest(
                longTokens: state.long.size, shortTokens: state.short.size, at: range)
    }

    func improves(_ balance: PoolOpenInterest, by change: Money, _ side: PoolSide) -> Bool {
        balance.changed(by: change, on: side).imbalance < balance.imbalance
    }

    /// The price at which a position's profit is what the pool pays of it; rounded against the trader.
    private func payablePrice(
        _ held: Position, _ market: Int, _ terms: PoolTerms, _ price: Price
    ) throws(ArithmeticOverflow) -> Price {
        let value = try held.size.value(at: price, rounding: .down)
        let gain = value.raw - held.cost.raw
        let paid = payableProfit(gain, held.side, market, terms, prices)
        guard paid < gain else { return price }
        // Cost and size have the same sign, and so have their ratio's terms.
        let worth = held.cost.raw + paid
        return Price(
            raw: try multiply(
                abs(worth), scaleE8, dividingBy: held.size.magnitude.raw,
                rounding: held.side == .long ? .down : .up))
    }

    /// The fee of a trade against a pool with terms. [1e-8]
    func poolFee(_ fill: PoolFill, _ market: Int, _ terms: PoolTerms) throws(Rejection) -> Money {
        try orOverflow { () throws(ArithmeticOverflow) in
            Money(
                raw: try feeSchedule(market, terms)
                    .fees(
                        size: fill.size, improvesBalance: fill.improvesBalance, borrowing: .zero,
                        funding: .zero, collateralPrice: PriceRange(Price(whole: 1))
                    ).position.raw)
        }
    }

    /// A side of the pool backs what its traders hold after a fill.
    func requireBacking(_ parts: FillParts) throws(Rejection) {
        guard marketRows[parts.market].hasPoolTerms, let terms = poolTerms(parts.market) else {
            return
        }
        let before = sides[parts.market]
        var after = before
        after.replace(parts.taker.before, with: parts.taker.after)
        let side = parts.taker.after.side
        guard after[side].cost > before[side].cost else { return }
        let refused = MarketID(index: parts.market)
        let cap = side == .long ? terms.longCap : terms.shortCap
        if let cap, after[side].cost > cap { throw .openInterestCapExceeded(refused) }
        guard var rule = terms.reserves else { return }
        rule.maximumOpenInterest = cap ?? Money(raw: .max)
        let range = range(marketRows[parts.market].feed, prices)
        let refusal = try orOverflow { () throws(ArithmeticOverflow) in
            try rule.refusal(
                openInterest: after[side].cost,
                reserved: PoolReserves.reserved(
                    side, openInterest: after[side].cost, tokens: after[side].size,
                    indexPrice: range),
                pool: min(poolValue(terms, side, prices), Money(raw: Self.exposureLimit)))
        }
        guard refusal == nil else { throw .openInterestCapExceeded(refused) }
    }
}
