import ExactMath
import MarginRules
import OrderBook

/// What an account has resting in one market, for its margin.
struct OpenOrders {
    /// Those that may do more than reduce.
    private(set) var bids = OpenOrderNotional.Side(size: .zero, value: .zero)
    private(set) var asks = OpenOrderNotional.Side(size: .zero, value: .zero)
    /// What they would lose at once against the mark. [1e-8 of the settlement asset]
    private(set) var loss: Int64 = 0
    /// All of them.
    private(set) var count: Int64 = 0

    fileprivate mutating func add(_ order: Order, _ row: MarketRow, _ mark: Int64) {
        guard order.remaining.isPositive else { return }
        count += 1
        guard !order.reduceOnly else { return }
        let isBid = order.side == .buy
        let size = isBid ? order.remaining.raw : -order.remaining.raw
        let worth = row.orderValue(order.remaining, order.price)
        let side = isBid ? bids : asks
        let sum = OpenOrderNotional.Side(
            size: side.size + order.remaining, value: side.value + worth)
        if isBid { bids = sum } else { asks = sum }
        loss += max(
            0, row.value(size, order.price.raw, .up) - row.value(size, mark, .down))
    }
}

extension MarketRow {
    /// What an order comes to at its price, without a sign, rounded up.
    func orderValue(_ size: Quantity, _ price: Price) -> Money {
        Money(
            raw: isInverse
                ? -value(size.raw, price.raw, .down) : value(size.raw, price.raw, .up))
    }
}

/// Open orders as part of margin.
extension ClearingHouse {
    /// Do orders that rest count against a requirement of this kind?
    @inline(__always)
    func countsOrders(_ kind: MarginKind) -> Bool {
        kind == .initial ? countsOrders : countsOrdersInMaintenance
    }

    /// The markets in which an account has a position, with a change that has not happened, or orders that count.
    @inline(__always)
    func marketsAtRisk(_ account: Int, _ kind: MarginKind, _ hypothesis: Hypothesis) -> UInt64 {
        var markets = accounts[account].markets
        if hypothesis.market >= 0 { markets |= 1 << UInt64(hypothesis.market) }
        guard countsOrders(kind) else { return markets }
        markets |= accounts[account].orders
        if let order = hypothesis.order { markets |= 1 << UInt64(order.market) }
        return markets
    }

    /// The markets that an account's margin of either kind depends on.
    @inline(__always)
    func marketsAtRisk(_ account: Int) -> UInt64 {
        countsOrders
            ? accounts[account].markets | accounts[account].orders : accounts[account].markets
    }

    /// What an account's orders in a market are for a margin of this kind; nil for nothing.
    @inline(__always)
    func openOrders(
        _ account: Int, _ market: Int, _ prices: [Price], _ kind: MarginKind,
        _ hypothesis: Hypothesis
    ) -> OpenOrders? {
        guard countsOrders(kind) else { return nil }
        return sumOfOrders(account, market, prices, hypothesis)
    }

    // Never inlined: it would make valuations, the hot path, too big.
    @inline(never)
    private func sumOfOrders(
        _ account: Int, _ market: Int, _ prices: [Price], _ hypothesis: Hypothesis
    ) -> OpenOrders? {
        var changed = hypothesis.order.flatMap { $0.market == market ? $0.order : nil }
        guard changed != nil || accounts[account].orders & 1 << UInt64(market) != 0 else {
            return nil
        }
        let row = marketRows[market]
        let mark = prices[row.feed].raw
        var sums = OpenOrders()
        for order in books[market].orders(of: Int32(account)) {
            if let other = changed, other.id == order.id {
                sums.add(other, row, mark)
                changed = nil
            } else {
                sums.add(order, row, mark)
            }
        }
        if let changed { sums.add(changed, row, mark) }
        return sums.count > 0 ? sums : nil
    }

    /// Charges a position's line for the orders beside it; what a result that joins the balance is charged is in it already.
    @inline(never)
    func charge(
        _ open: OpenOrders, beside position: Position, _ market: Int, _ prices: [Price],
        _ kind: MarginKind, _ basis: MarginBasis, _ line: inout MarginStatement.PositionLine
    ) {
        let row = marketRows[market]
        var own = basis
        var more: Int64 = 0
        var beside: Int64 = 0
        switch parameters.openOrders {
        case .none, .worstResult: return
        case .worstLiability(let perOrder):
            let worst = worstSize(open, beside: position, market, prices)
            let price = conservative(row.feed, prices, kind, owned: !worst.isNegative)
            more = liability(of: worst, market, price) - line.notional.raw
            own.size = worst.magnitude
            own.underlying = own.size
            own.shrinks = !worst.isNegative
            beside = perOrder.raw * open.count
        case .atOrderPrices(let terms):
            let all = unbounded { () throws(ArithmeticOverflow) in
                try OpenOrderNotional(
                    position: position.size, value: line.notional, bids: open.bids,
                    asks: open.asks, netting: terms.netting)
            }
            more = (all.value - line.notional).raw
            own.size = all.size.magnitude
            own.underlying = row.isInverse ? Quantity(raw: all.value.raw) : own.size
            own.shrinks = all.size.isNegative == row.isInverse
            beside = open.loss
            if terms.reservesFee {
                beside += scaled(all.ordered.raw, parameters.markets[market].takerFee.raw, .up)
            }
        }
        more = max(0, more)
        own.notional += Money(raw: more)
        own.entryValue += Money(raw: more)
        // Where there is neither a position nor an order that may open one, nothing but the orders is charged.
        let alone = position == .none ? Money.zero : line.requirement
        let margin =
            own.notional.isZero
            ? alone
            : unbounded { () throws(ArithmeticOverflow) in
                try parameters.markets[market].margin.requirement(own, kind)
            }
        // Beside an order on the other side a position is never asked for less.
        let required = max(alone, margin) + Money(raw: beside)
        line.ordered = Money(raw: more)
        line.orderMargin = required - alone
        line.requirement = required
    }

    /// A position with its orders where these count most, at the protocol's price.
    private func worstSize(
        _ open: OpenOrders, beside position: Position, _ market: Int, _ prices: [Price]
    ) -> Quantity {
        let payoff = parameters.markets[market].maximumPrice.map(ContractPayoff.bounded) ?? .linear
        return unbounded { () throws(ArithmeticOverflow) in
            try OpenOrderExposure(
                position: position.size, bids: open.bids.size, asks: open.asks.size,
                price: prices[marketRows[market].feed], payoff: payoff)
        }.size
    }

    /// What a size may come to cost its holder at a price, without a sign.
    func liability(of size: Quantity, _ market: Int, _ price: Price) -> Int64 {
        if size.isNegative, let most = parameters.markets[market].maximumPrice {
            return scaled(size.magnitude.raw, max(0, most.raw - price.raw), .up)
        }
        return marketRows[market].notional(size.raw, price.raw)
    }

    // MARK: Placing

    /// The account meets its initial margin with one more order beside all others, or is no worse off with it.
    ///
    /// An order that with all others of its side only brings the position nearer to zero needs no margin but what every order
    /// is charged, of which the maintenance margin has to have room.
    /// - Parameter valued: the prices for the initial margin where these are not the protocol's own.
    @inline(never)
    func requireMarginForOrder(
        _ order: Order, _ account: Int, _ market: Int, at valued: [Price]?
    ) throws(Rejection) {
        let prices = valued ?? self.prices
        try requireOrderRoom(order, account, market)
        let delta = order.side == .buy ? order.remaining : -order.remaining
        let resting = openOrders(account, market, prices, .initial, .nothing)
        let same = (order.side == .buy ? resting?.bids.size : resting?.asks.size) ?? .zero
        let held = positions[account * marketCount + market].size
        let reduces = reducesOnly(held, by: order.side == .buy ? delta + same : delta - same)
        var change = Hypothesis.nothing
        change.order = ChangedOrder(market: market, order: order)
        guard !order.reduceOnly, !reduces else {
            // What each order is charged for itself makes nobody liquidatable.
            if case .worstLiability(let perOrder) = parameters.openOrders, perOrder.isPositive {
                let after = evaluate(account, prices, .maintenance, change)
                guard after.isMet else { throw .insufficientMargin(shortBy: -after.surplus) }
            }
            return
        }
        let after = evaluate(account, prices, .initial, change)
        if after.isMet { return }
        let before = evaluate(account, prices, .initial, .nothing)
        if after.surplus >= before.surplus { return }
        throw .insufficientMargin(shortBy: -after.surplus)
    }

    /// What rests in a market, and what an account's orders come to at their own prices, fits into what sums can carry.
    private func requireOrderRoom(_ order: Order, _ account: Int, _ market: Int)
        throws(Rejection)
    {
        let row = marketRows[market]
        let unit = max(prices[assetRows[settlement].feed], Price(raw: scaleE8))
        let size = try orOverflow { () throws(ArithmeticOverflow) in
            try resting(market).adding(order.remaining)
        }
        let value = try openValue(size, highest(row.feed), row)
        try requireExposure(adding: Quantity(raw: value.raw), at: unit, limit: marketLimit)
        guard !order.reduceOnly else { return }
        // Of one order this has been looked at before; all that rest are within the limit.
        var own = row.orderValue(order.remaining, order.price)
        if let open = openOrders(account, market, prices, .initial, .nothing) {
            own = try orOverflow { () throws(ArithmeticOverflow) in
                try own.adding(open.bids.value).adding(open.asks.value)
            }
        }
        try requireExposure(adding: Quantity(raw: own.raw), at: unit, limit: marketLimit)
    }

    /// What rests in a market's book, both sides together. [1e-8 units]
    private func resting(_ market: Int) throws(ArithmeticOverflow) -> Quantity {
        try books[market].restingSize(.buy).adding(books[market].restingSize(.sell))
    }

    /// The larger side of what rests in a market and may count; at least what any one account has there. [1e-8 units]
    func countedSize(in market: Int) -> Int64 {
        guard countsOrders else { return 0 }
        return max(books[market].restingSize(.buy), books[market].restingSize(.sell)).raw
    }

    /// A price of a feed under which everything that rests still fits.
    @inline(never)
    func requireOrderExposure(at price: Price, feed: Int) throws(Rejection) {
        let settlementFeed = assetRows[settlement].feed
        for market in 0..<marketCount where !books[market].isEmpty {
            let row = marketRows[market]
            guard row.feed == feed || feed == settlementFeed else { continue }
            let mark = row.feed == feed ? highest(feed, price) : highest(row.feed)
            let unit = max(
                feed == settlementFeed ? price : prices[settlementFeed], Price(raw: scaleE8))
            let size = try orOverflow { () throws(ArithmeticOverflow) in try resting(market) }
            let value = try openValue(size, mark, row)
            try requireExposure(adding: Quantity(raw: value.raw), at: unit, limit: marketLimit)
        }
    }

    // MARK: The books

    /// Keeps the bit that says whether an account has orders in a market, and has it looked at again where they count.
    mutating func noteOrders(of owner: Int32, _ market: Int) {
        let bit: UInt64 = 1 << UInt64(market)
        if books[market].count(of: owner) > 0 {
            accounts[Int(owner)].orders |= bit
        } else {
            accounts[Int(owner)].orders &= ~bit
        }
        if countsOrders { touch(AccountID(owner)) }
    }

    func checkOrderBits(_ found: inout [Breach]) {
        for (index, account) in accounts.enumerated() {
            var orders: UInt64 = 0
            for market in 0..<marketCount where books[market].count(of: Int32(index)) > 0 {
                orders |= 1 << UInt64(market)
            }
            if orders != account.orders {
                found.append(Breach(invariant: .orderBitsAgree, detail: "account \(index)"))
            }
        }
    }

    // MARK: Liquidation

    /// Does an account have open orders that its maintenance health depends on?
    @inline(__always)
    func hasOrdersInMaintenance(_ account: Int) -> Bool {
        countsOrdersInMaintenance && accounts[account].orders != 0
            || accounts[account].spotMarkets != 0
    }

    /// Is what a liquidation takes measured by the initial requirement, of which open orders are part until they are gone?
    private func sizesByInitialMarginAlone() -> Bool {
        if case .targetHealth(_, .initial, _) = parameters.liquidation.size { true } else { false }
    }

    @inline(__always)
    func sizesByInitialMargin(_ account: Int) -> Bool {
        countsOrders && accounts[account].orders != 0 && sizesByInitialMarginAlone()
    }

    /// Takes every order of an account out of all books and brings back what they have set aside: the first act of its
    /// liquidation.
    mutating func cancelAllOrders(of id: AccountID, into journal: inout [Event]) {
        cancelOrders(of: id, into: &journal)
        if accounts[id.index].spotMarkets != 0 { cancelSpotOrders(of: id, into: &journal) }
    }

    /// What a liquidation of an account does whose orders count: they go first, and where that ends it nothing is taken.
    ///
    /// Source for spot orders: mango-v4, programs/mango-v4/src/instructions/serum3_liq_force_cancel_orders.rs.
    @inline(never)
    func quoteAfterOrders(
        _ id: AccountID, _ payer: AccountID, _ target: LiquidationTarget, _ health: Health,
        _ advance: Quantity
    ) throws(Rejection) -> LiquidationQuote {
        var rest = self
        var journal: [Event] = []
        let course = parameters.liquidation.course
        let missing = course == nil ? .zero : shortage(of: id.index)
        rest.cancelAllOrders(of: id, into: &journal)
        let freed = rest.evaluate(id.index, prices, .maintenance, .nothing)
        let isOver: Bool
        if let course {
            let index = rest.beginProceeding(of: id, into: &journal)
            rest.proceedings[index].freed += max(.zero, missing - rest.shortage(of: id.index))
            isOver = rest.ends(id.index, course, prices)
        } else {
            isOver = hasOrdersInMaintenance(id.index) && !rest.isBelowTrigger(freed, id.index)
        }
        guard !isOver else {
            return LiquidationQuote(account: id, step: .orders, healthBefore: health, value: .zero)
        }
        var quote = try rest.quoteStep(id, payer, target, freed, advance)
        quote.healthBefore = health
        return quote
    }
}

extension Order {
    /// The same once so much more of it has been traded.
    func filled(by size: Quantity) -> Order {
        Order(
            id: id, owner: owner, side: side, price: price, remaining: remaining - size,
            reduceOnly: reduceOnly)
    }
}
