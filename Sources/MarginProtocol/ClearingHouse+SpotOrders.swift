public import ExactMath
import MarginRules
public import OrderBook

/// Orders in spot markets, which exchange an account's own assets.
extension ClearingHouse {
    public func spotBook(_ market: SpotMarketID) -> LimitOrderBook { spot.books[market.index] }
    /// What an account's open spot orders have set aside, in order of the markets.
    public func spotReserves(of id: AccountID) -> [SpotReserve] {
        accounts[id.index].spotMarkets == 0 ? [] : spot.reserves(of: id.raw)
    }
    /// Holds what open spot orders have set aside; nil where there is no spot market.
    public var spotEscrow: AccountID? { spot.escrow }

    mutating func prepareSpotMarkets() {
        guard !parameters.spotMarkets.isEmpty else { return }
        spot.books = Array(repeating: LimitOrderBook(), count: parameters.spotMarkets.count)
        spot.potential = Array(repeating: 0, count: assetCount)
        spot.escrow = addAccount(owner: .system, role: .spotEscrow)
    }

    func requireSpotMarket(_ id: SpotMarketID) throws(Rejection) {
        guard parameters.spotMarkets.indices.contains(id.index) else {
            throw .unknownSpotMarket(id)
        }
    }

    /// Trades an order against a spot market's book, and lets the rest of a limit order rest.
    ///
    /// Guards in order: size and price, account, market, role, owner, isolation, kind of order, pause, liquidation under way,
    /// prices, room in the book, post-only, what all own orders of the side come to, the fills; then of what it leaves, for the
    /// base and for the quote: what may be borrowed, caps, liquidity; then margin. An account under its initial margin may still
    /// do what leaves it no worse against it.
    @inline(never)
    mutating func placeSpot(
        _ order: OrderRequest, _ id: AccountID, _ market: SpotMarketID, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        try requireSpotOrder(order, id, market, by: sender)
        // What an order comes to depends, fill by fill, on what it meets: it runs on a copy.
        var trial = self
        var events: [Event] = []
        try trial.matchSpot(order, id, market, into: &events)
        try requireSpotFunds(id, market, trial)

        // Nothing below may fail.
        self = trial
        journal += events
    }

    private func requireSpotOrder(
        _ order: OrderRequest, _ id: AccountID, _ market: SpotMarketID, by sender: Address
    ) throws(Rejection) {
        guard order.size > .zero, order.price.map({ $0 > .zero }) ?? true else {
            throw .amountNotPositive
        }
        try requireAccount(id)
        try requireSpotMarket(market)
        try requireRole(id, .margin)
        try requireOwner(id, sender)
        guard accounts[id.index].isolatedMarket == nil else { throw .isolatedHasNoSpot(id) }
        let rests = order.timeInForce != .immediateOrCancel
        guard order.price != nil || !rests, !order.reduceOnly else { throw .parameterInvalid }
        try requireNotPaused(.open)
        if !proceedings.isEmpty { try requireNoProceeding(id, unlessFlagged: false) }
        let terms = parameters.spotMarkets[market.index]
        try requirePrice(assetRows[terms.base.index].feed, for: .open)
        try requirePrice(assetRows[terms.quote.index].feed, for: .open)
        try requirePrices(of: id.index, for: .open)
        let book = spot.books[market.index]
        guard book.hasRoom(for: order.size, order.side) else { throw .overflow }
        if order.timeInForce == .postOnly, let price = order.price,
            book.crosses(order.side, limit: price)
        {
            throw .postOnlyWouldCross(
                book.resting(order.side.opposite).first(where: { _ in true })?.id)
        }
        guard rests, let price = order.price else { return }
        // All of an account's orders on a side, at their own prices, stay within what sums can carry.
        let limit = Quantity(raw: Self.exposureLimit / Int64(parameters.spotMarkets.count))
        try orOverflow { () throws(ArithmeticOverflow) in
            var total = Quantity.zero
            for own in book.orders(of: id.raw) where own.side == order.side {
                total = try total.adding(try Self.larger(own.remaining, at: own.price))
            }
            total = try total.adding(try Self.larger(order.size, at: price))
            guard total <= limit else { throw ArithmeticOverflow() }
        }
    }

    /// The larger of a size and what it costs. [1e-8 units]
    private static func larger(_ size: Quantity, at price: Price)
        throws(ArithmeticOverflow) -> Quantity
    {
        max(size, Quantity(raw: try size.value(at: price, rounding: .up).raw))
    }

    // MARK: Matching

    /// Fills as much of an order as the book has, oldest orders of the best price first. An own order that it would meet is
    /// cancelled.
    private mutating func matchSpot(
        _ order: OrderRequest, _ id: AccountID, _ market: SpotMarketID, into events: inout [Event]
    ) throws(Rejection) {
        let place = market.index
        var left = order.size
        var hasTraded = false
        while left.isPositive,
            let maker = spot.books[place].resting(order.side.opposite)
                .first(where: { _ in true }),
            order.price.map({ order.side.crosses(maker.price, limit: $0) }) ?? true
        {
            if maker.owner == id.raw {
                cancelSpot(maker.id, market, into: &events)
                continue
            }
            let size = min(left, maker.remaining)
            try fillSpot(maker, size, id, market, into: &events)
            left -= size
            hasTraded = true
        }
        let rests = order.timeInForce != .immediateOrCancel
        guard hasTraded || rests else { throw .nothingToMatchInSpot(market) }
        guard rests, left.isPositive, let price = order.price, let escrow = spot.escrow else {
            return
        }
        let terms = parameters.spotMarkets[place]
        let reserved = try orOverflow { () throws(ArithmeticOverflow) in
            try terms.reserve(order.side, left, at: price)
        }
        let asset = terms.given(order.side)
        try pay(reserved, asset, from: id, to: escrow, .spotReserved, &events)
        let resting = spot.books[place].rest(
            owner: id.raw, side: order.side, price: price, size: left, reduceOnly: false)
        noteReserve(of: id, market)
        events.append(
            .spotOrderChanged(
                SpotOrderChange(
                    kind: .placed, market: market, order: resting, asset: asset, reserved: reserved)
            ))
    }

    /// Exchanges a part of a resting order with whoever takes it: the maker's side out of what it has set aside, the taker's out
    /// of its balance.
    private mutating func fillSpot(
        _ maker: Order, _ size: Quantity, _ taker: AccountID, _ market: SpotMarketID,
        into events: inout [Event]
    ) throws(Rejection) {
        guard let escrow = spot.escrow else { return }
        let terms = parameters.spotMarkets[market.index]
        let owner = AccountID(maker.owner)
        let buys = maker.side == .sell
        let amounts = try orOverflow { () throws(ArithmeticOverflow) in
            let cost = Quantity(
                raw: try size.value(at: maker.price, rounding: buys ? .up : .down).raw)
            let before = try terms.reserve(maker.side, maker.remaining, at: maker.price)
            let after =
                size == maker.remaining
                ? .zero
                : try terms.reserve(maker.side, maker.remaining - size, at: maker.price)
            // A buyer's fee is at most what its order has set aside for it.
            let most = buys ? cost : before - after - cost
            return (
                cost: cost, released: before - after,
                takerFee: try cost.scaled(by: terms.takerFee, rounding: .up),
                makerFee: min(try cost.scaled(by: terms.makerFee, rounding: .up), most)
            )
        }
        _ = spot.books[market.index].reduce(maker.id, by: size)
        if buys {
            try pay(size, terms.base, from: escrow, to: taker, .spotTraded, &events)
            try pay(amounts.cost, terms.quote, from: taker, to: owner, .spotTraded, &events)
        } else {
            try pay(size, terms.base, from: taker, to: owner, .spotTraded, &events)
            try pay(amounts.cost, terms.quote, from: escrow, to: taker, .spotTraded, &events)
            try pay(
                amounts.released - amounts.cost - max(.zero, amounts.makerFee), terms.quote,
                from: escrow, to: owner, .spotReleased, &events)
        }
        try pay(amounts.takerFee, terms.quote, from: taker, to: Self.treasury, .takerFee, &events)
        if amounts.makerFee.isNegative {
            try pay(
                -amounts.makerFee, terms.quote, from: Self.treasury, to: owner, .makerFee, &events)
        } else {
            try pay(
                amounts.makerFee, terms.quote, from: buys ? owner : escrow, to: Self.treasury,
                .makerFee, &events)
        }
        noteReserve(of: owner, market)
        events.append(
            .spotFilled(
                SpotFill(
                    market: market, base: terms.base, quote: terms.quote, taker: taker,
                    maker: owner, makerOrder: maker.id, size: buys ? size : -size,
                    price: maker.price, cost: amounts.cost, takerFee: amounts.takerFee,
                    makerFee: amounts.makerFee, released: amounts.released)))
    }

    /// Moves what fits beside what either side has.
    private mutating func pay(
        _ amount: Quantity, _ asset: AssetID, from: AccountID, to: AccountID,
        _ reason: BalanceReason, _ events: inout [Event]
    ) throws(Rejection) {
        guard amount.isPositive else { return }
        guard amount.raw <= Self.exposureLimit,
            balances[from.index * assetCount + asset.index] >= -Self.balanceLimit
        else { throw .exposureTooLarge }
        try requireRoom(to, asset.index, for: amount.raw)
        move(amount, of: asset.index, from: from, to: to, reason, &events)
    }

    // MARK: Guards of what it leaves

    /// What an order has left may be so: whatever either asset is short of may be borrowed, and the margin is met.
    private func requireSpotFunds(_ id: AccountID, _ market: SpotMarketID, _ after: ClearingHouse)
        throws(Rejection)
    {
        let terms = parameters.spotMarkets[market.index]
        for asset in [terms.base, terms.quote] {
            let (has, left) = (balance(id, asset), after.balance(id, asset))
            if left < has, left.isNegative {
                guard parameters.assets[asset.index].borrowable else {
                    guard has.isPositive else { throw .assetNotBorrowable(asset) }
                    throw .insufficientBalance(asset, has: has, needs: has - left)
                }
                if let cap = parameters.assets[asset.index].borrowCap, after.owed(asset) > cap {
                    throw .borrowCapExceeded(asset)
                }
                try after.requireDebtSize(left, of: asset)
            }
            try after.requireDebts(adding: .zero, of: asset.index)
            try after.requireDeposits(adding: .zero, of: asset.index)
            if let cap = parameters.assets[asset.index].depositCap,
                after.potential(asset) > potential(asset),
                after.potentialDeposits(asset) > Int128(cap.raw)
            {
                throw .depositCapExceeded(asset)
            }
            if after.spotReserved(asset) > spotReserved(asset) {
                try after.requireLiquidity(.zero, of: asset)
            }
        }
        let margin = after.evaluate(id.index, prices, .initial, .nothing)
        guard
            margin.isMet
                || margin.surplus >= evaluate(id.index, prices, .initial, .nothing).surplus
        else { throw .insufficientMargin(shortBy: -margin.surplus) }
    }

    // MARK: Taking back

    /// Takes an order back, with all that it has set aside.
    ///
    /// Guards in order: account, market, owner, order.
    mutating func cancelSpotOrder(
        _ order: OrderID, _ id: AccountID, _ market: SpotMarketID, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        try requireAccount(id)
        try requireSpotMarket(market)
        try requireOwner(id, sender)
        guard let resting = spot.books[market.index].order(order), resting.owner == id.raw else {
            throw .unknownOrder(order)
        }
        try requireRoom(
            id, parameters.spotMarkets[market.index].given(resting.side).index, for: 0)

        // Nothing below may fail.
        cancelSpot(order, market, into: &journal)
    }

    private mutating func cancelSpot(
        _ order: OrderID, _ market: SpotMarketID, into journal: inout [Event]
    ) {
        guard let cancelled = spot.books[market.index].cancel(order) else {
            preconditionFailure("a resting order can be cancelled")
        }
        giveBack(cancelled, market, into: &journal)
        noteReserve(of: AccountID(cancelled.owner), market)
    }

    /// Takes every spot order of an account out of all books: part of the first act of its liquidation.
    mutating func cancelSpotOrders(of id: AccountID, into journal: inout [Event]) {
        for place in Bits(mask: accounts[id.index].spotMarkets) {
            let market = SpotMarketID(index: place)
            for order in spot.books[place].cancelAll(owner: id.raw) {
                giveBack(order, market, into: &journal)
            }
            noteReserve(of: id, market)
        }
    }

    private mutating func giveBack(
        _ order: Order, _ market: SpotMarketID, into journal: inout [Event]
    ) {
        guard let escrow = spot.escrow else { return }
        let terms = parameters.spotMarkets[market.index]
        let asset = terms.given(order.side)
        let reserved = unbounded { () throws(ArithmeticOverflow) in
            try terms.reserve(order.side, order.remaining, at: order.price)
        }
        move(
            reserved, of: asset.index, from: escrow, to: AccountID(order.owner), .spotReleased,
            &journal)
        journal.append(
            .spotOrderChanged(
                SpotOrderChange(
                    kind: .cancelled, market: market, order: order, asset: asset,
                    reserved: reserved)))
    }

    /// Makes an order rest before the first block, with tokens of its own that it sets aside.
    ///
    /// - Precondition: it does not cross the book, and its value fits.
    public mutating func seedSpotOrder(
        _ id: AccountID, _ market: SpotMarketID, _ side: Side, price: Price, size: Quantity,
        into journal: inout [Event]
    ) {
        guard let escrow = spot.escrow else { preconditionFailure("there are no spot markets") }
        let terms = parameters.spotMarkets[market.index]
        let asset = terms.given(side)
        let reserved = unbounded { () throws(ArithmeticOverflow) in
            try terms.reserve(side, size, at: price)
        }
        let order = spot.books[market.index].rest(
            owner: id.raw, side: side, price: price, size: size, reduceOnly: false)
        move(reserved, of: asset.index, from: Self.outside, to: escrow, .genesis, &journal)
        noteReserve(of: id, market)
        journal.append(
            .spotOrderChanged(
                SpotOrderChange(
                    kind: .placed, market: market, order: order, asset: asset, reserved: reserved)))
    }

    // MARK: What is set aside

    /// Notes what an account's orders in a market have set aside, as its book has them.
    mutating func noteReserve(of id: AccountID, _ market: SpotMarketID) {
        let reserve = bookedReserve(of: id, market)
        let terms = parameters.spotMarkets[market.index]
        let first = spot.start(of: id.raw)
        let place =
            spot.entries[first...].firstIndex {
                $0.account != id.raw || $0.reserve.market >= market
            } ?? spot.entries.endIndex
        let isThere =
            place < spot.entries.endIndex && spot.entries[place].account == id.raw
            && spot.entries[place].reserve.market == market
        if isThere {
            let old = spot.entries.remove(at: place).reserve
            spot.potential[terms.base.index] -= Int128(old.potentialBase.raw)
            spot.potential[terms.quote.index] -= Int128(old.potentialQuote.raw)
        }
        touch(id)
        guard let reserve else {
            accounts[id.index].spotMarkets &= ~(1 << UInt64(market.raw))
            return
        }
        accounts[id.index].spotMarkets |= 1 << UInt64(market.raw)
        spot.entries.insert(SpotState.Entry(account: id.raw, reserve: reserve), at: place)
        spot.potential[terms.base.index] += Int128(reserve.potentialBase.raw)
        spot.potential[terms.quote.index] += Int128(reserve.potentialQuote.raw)
    }

    /// What a market's book says that an account's orders in it have set aside; nil where it has none.
    func bookedReserve(of id: AccountID, _ market: SpotMarketID) -> SpotReserve? {
        let orders = spot.books[market.index].orders(of: id.raw)
        guard !orders.isEmpty else { return nil }
        let terms = parameters.spotMarkets[market.index]
        var reserve = SpotReserve(market: market)
        for order in orders {
            let own = unbounded { () throws(ArithmeticOverflow) in
                try terms.reserve(order.side, order.remaining, at: order.price)
            }
            switch order.side {
            case .buy:
                reserve.quote += own
                reserve.highestBid = max(reserve.highestBid ?? order.price, order.price)
            case .sell:
                reserve.base += own
                reserve.lowestAsk = min(reserve.lowestAsk ?? order.price, order.price)
            }
        }
        let most = unbounded { () throws(ArithmeticOverflow) in
            let all = try reserve.rule.convertedAtOrders()
            return (
                base: try all.base.rounded(to: Quantity.self, .down),
                quote: try all.quote.rounded(to: Quantity.self, .down)
            )
        }
        reserve.potentialBase = most.base
        reserve.potentialQuote = most.quote
        return reserve
    }
}
