import ExactMath
import OrderBook

extension ClearingHouse {
    /// Trades an order against the book, fill by fill, and lets the rest of a limit order rest.
    ///
    /// Every fill is a transition of its own: a maker that no longer meets its margin is cancelled instead
    /// of matched, and matching stops where the taker's margin ends. Refused before anything is written:
    /// an order of which nothing can trade or rest.
    mutating func place(
        _ order: OrderRequest, _ id: AccountID, _ market: MarketID, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        guard order.size > .zero, order.price.map({ $0 > .zero }) ?? true else {
            throw .amountNotPositive
        }
        try requireAccount(id)
        try requireMarket(market)
        try requireRole(id, .margin)
        try requireOwner(id, sender)
        if let only = accounts[id.index].isolatedMarket, only != market {
            throw .marketNotAllowed(market)
        }
        let rests = order.timeInForce != .immediateOrCancel
        guard order.price != nil || !rests else { throw .parameterInvalid }
        let delta = order.side == .buy ? order.size : -order.size
        let held = position(id, market).size
        let reduces = reducesOnly(held, by: delta)
        let action: Actions = reduces ? .reduce : .open
        try requireNotPaused(action)
        if !windingUp.isEmpty { try requireOpenMarket(market, reduces: reduces) }
        if !proceedings.isEmpty { try requireNoProceeding(id, unlessFlagged: reduces) }
        try requirePrice(marketRows[market.index].indexFeed, for: action)
        try requirePrice(assetRows[settlement].feed, for: action)
        let valued = reduces ? nil : try marginPrices(of: id.index, for: .open)
        if order.reduceOnly, !reduces { throw .wouldIncrease(market) }
        guard books[market.index].hasRoom(for: order.size, order.side) else { throw .overflow }
        if order.timeInForce == .postOnly, let price = order.price,
            books[market.index].crosses(order.side, limit: price)
        {
            throw .postOnlyWouldCross(
                books[market.index].resting(order.side.opposite)
                    .first(where: { _ in true })?.id)
        }
        if rests, let price = order.price {
            // As if all of it were filled at its limit: what an open order may come to.
            try requireMarginAsFilled(id.index, market.index, delta, price, reduces, valued)
            if countsOrders {
                try requireMarginForOrder(
                    Order(
                        id: OrderID(raw: 0), owner: id.raw, side: order.side, price: price,
                        remaining: order.size, reduceOnly: order.reduceOnly), id.index,
                    market.index, at: valued)
            }
        }
        var matching = Matching(side: order.side, limit: order.price, left: order.size)
        matching.valued = valued
        try match(&matching, id, market, rests: rests, &journal)

        // Nothing below may fail.
        for maker in matching.refused { cancelResting(maker, market, &journal) }
        if rests, matching.left.isPositive, !matching.stopped, let price = order.price {
            let resting = books[market.index].rest(
                owner: id.raw, side: order.side, price: price, size: matching.left,
                reduceOnly: order.reduceOnly)
            noteOrders(of: id.raw, market.index)
            journal.append(.orderPlaced(market, resting))
        }
    }

    /// The progress of one incoming order through the book.
    private struct Matching {
        var side: Side
        var limit: Price?
        var left: Quantity
        /// Resting orders that may not trade: to be cancelled.
        var refused: [OrderID] = []
        var traded = false
        /// The taker's margin ended before its order did.
        var stopped = false
        /// The prices for the taker's initial margin where these are not the protocol's own.
        var valued: [Price]?
    }

    /// Fills as much of the order as book and margins allow.
    private mutating func match(
        _ matching: inout Matching, _ id: AccountID, _ market: MarketID, rests: Bool,
        _ journal: inout [Event]
    ) throws(Rejection) {
        while matching.left.isPositive, !matching.stopped {
            let refused = matching.refused
            guard
                let maker = books[market.index].resting(matching.side.opposite)
                    .first(where: { !refused.contains($0.id) }),
                matching.limit.map({ matching.side.crosses(maker.price, limit: $0) }) ?? true
            else { break }
            let size = tradable(maker, with: id, market, atMost: matching.left)
            guard size.isPositive else {
                matching.refused.append(maker.id)
                continue
            }
            let candidate: Candidate
            do throws(Rejection) {
                candidate = try self.candidate(
                    maker, id, market, matching.side == .buy ? size : -size)
                try requireFill(
                    candidate.parts.taker, candidate.parts, candidate.takerFee, at: matching.valued)
            } catch {
                // What has traded stays; an order that never traded is refused as a whole.
                guard matching.traded else { throw error }
                matching.stopped = true
                continue
            }
            let parts = candidate.parts
            guard
                (try? requireFill(
                    parts.maker, parts, candidate.makerFee, leaving: maker.filled(by: size)))
                    != nil
            else {
                matching.refused.append(maker.id)
                continue
            }

            // Nothing below may fail.
            write(candidate, maker, size, &journal)
            matching.left -= size
            matching.traded = true
        }
        guard matching.traded || rests else { throw .nothingToMatch(market) }
    }

    /// How much of a resting order may trade: nothing with its own account, no more than a reduce-only
    /// order can reduce.
    func tradable(
        _ maker: Order, with taker: AccountID, _ market: MarketID, atMost left: Quantity
    ) -> Quantity {
        guard maker.owner != taker.raw else { return .zero }
        let size = min(left, maker.remaining)
        guard maker.reduceOnly else { return size }
        let open = position(AccountID(maker.owner), market).size
        let closes = open.raw != 0 && (maker.side == .buy) == open.isNegative
        return closes ? min(size, open.magnitude) : .zero
    }

    /// - Parameters:
    ///   - valued: the prices for the initial margin where these are not the protocol's own.
    ///   - order: what the fill leaves of the side's own order; nil where that does not rest.
    func requireFill(
        _ side: FillParts.Side, _ parts: FillParts, _ fee: Money, at valued: [Price]? = nil,
        leaving order: Order? = nil
    ) throws(Rejection) {
        let delta = side.after.size - side.before.size
        let reduces = reducesOnly(side.before.size, by: delta)
        try requireOpenInterest(parts, reduces: reduces)
        if parameters.staleMargin != nil { try requireFreshMargin(parts) }
        try requireMargin(
            for: side, market: parts.market, fee: fee, reduces: reduces, at: valued,
            leaving: order)
    }

    /// A match that has been computed and not yet been allowed.
    private struct Candidate {
        var parts: FillParts
        var takerFee: Money
        var makerFee: Money
    }

    private func candidate(_ maker: Order, _ taker: AccountID, _ market: MarketID, _ size: Quantity)
        throws(Rejection) -> Candidate
    {
        let rates = parameters.markets[market.index]
        var candidate = Candidate(
            parts: try fillParts(
                taker: taker.index, maker: Int(maker.owner), market: market.index, size: size,
                price: maker.price),
            takerFee: try fee(rates.takerFee, market, size: size, price: maker.price),
            makerFee: try fee(rates.makerFee, market, size: size, price: maker.price))
        if keepsResults {
            candidate.parts = try charged(
                candidate.parts, taker: candidate.takerFee.raw, maker: candidate.makerFee.raw)
        }
        return candidate
    }

    private mutating func write(
        _ candidate: Candidate, _ maker: Order, _ size: Quantity, _ journal: inout [Event]
    ) {
        let parts = candidate.parts
        let taker = AccountID(index: parts.taker.account)
        let owner = AccountID(maker.owner)
        _ = books[parts.market].reduce(maker.id, by: size)
        noteOrders(of: maker.owner, parts.market)
        if !marks.isEmpty { noteTrade(parts.market, at: maker.price) }
        write(parts, reason: .orderMatch, into: &journal)
        move(
            Quantity(raw: candidate.takerFee.raw), of: settlement, from: taker, to: Self.treasury,
            .takerFee, &journal)
        move(
            Quantity(raw: candidate.makerFee.raw), of: settlement, from: owner, to: Self.treasury,
            .makerFee, &journal)
        journal.append(
            .filled(
                Fill(
                    market: MarketID(index: parts.market), taker: taker, maker: owner,
                    makerOrder: maker.id, size: parts.size, price: maker.price,
                    takerFee: candidate.takerFee, makerFee: candidate.makerFee)))
    }

    /// The account would meet its initial margin if the whole order were filled at its limit.
    private func requireMarginAsFilled(
        _ account: Int, _ market: Int, _ delta: Quantity, _ price: Price, _ reduces: Bool,
        _ valued: [Price]?
    ) throws(Rejection) {
        guard !reduces || countsOrders else { return }
        var parts = try fillParts(
            taker: account, maker: Self.liquidityPool.index, market: market, size: delta,
            price: price)
        let fee = try fee(
            parameters.markets[market].takerFee, MarketID(index: market), size: delta, price: price)
        if keepsResults { parts = try charged(parts, taker: fee.raw, maker: 0) }
        // The cap is for what trades; here only what the oracle says the order is worth must fit.
        try requireOpenInterest(parts, reduces: true)
        // Where open orders count, so does this one, beside all others.
        guard !countsOrders else { return }
        try requireMargin(
            for: parts.taker, market: market, fee: fee, reduces: false, at: valued, placing: true)
    }

    mutating func cancel(
        _ order: OrderID, _ id: AccountID, _ market: MarketID, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        try requireAccount(id)
        try requireMarket(market)
        try requireOwner(id, sender)
        guard let resting = books[market.index].order(order), resting.owner == id.raw else {
            throw .unknownOrder(order)
        }

        // Nothing below may fail.
        cancelResting(order, market, &journal)
    }

    mutating func cancelResting(
        _ order: OrderID, _ market: MarketID, _ journal: inout [Event]
    ) {
        guard let cancelled = books[market.index].cancel(order) else {
            preconditionFailure("a resting order can be cancelled")
        }
        noteOrders(of: cancelled.owner, market.index)
        journal.append(.orderCancelled(market, cancelled))
    }

    /// Takes every order of an account out of all books: the first act of its liquidation.
    mutating func cancelOrders(of id: AccountID, into journal: inout [Event]) {
        for market in books.indices where books[market].count(of: id.raw) > 0 {
            for order in books[market].cancelAll(owner: id.raw) {
                journal.append(.orderCancelled(MarketID(index: market), order))
            }
            noteOrders(of: id.raw, market)
        }
    }
}
