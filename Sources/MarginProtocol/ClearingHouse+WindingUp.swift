import ExactMath
import OrderBook

/// Winding up a market: what governance decides, and what follows from it block by block.
extension ClearingHouse {
    /// How far a market has been wound up; nil where it trades as ever.
    public func stage(of market: MarketID) -> MarketStage? {
        windingUp.first { $0.market == market.index }?.stage
    }

    /// Lets a market's positions only become smaller, or settles it.
    ///
    /// Guards in order: governance, market, stage, price. Orders that could open a position are cancelled, in a settled
    /// market all. With a price every position is closed at it at once, whoever holds it; without one as the
    /// policy says. What accounts then owe is covered as after a liquidation.
    ///
    /// - Throws: ``Rejection/marketReduceOnly(_:)`` or ``Rejection/marketSettled(_:)`` where that has happened already;
    ///   ``Rejection/overflow`` and ``Rejection/exposureTooLarge`` for a price at which positions cannot be closed.
    @inline(never)
    mutating func windUp(
        _ market: MarketID, _ stage: MarketStage, at stated: Price?, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        guard sender == .governance else { throw .senderNotGovernance }
        try requireMarket(market)
        let present = self.stage(of: market)
        if present == .settled { throw .marketSettled(market) }
        if present == stage { throw .marketReduceOnly(market) }
        guard stated == nil || stage == .settled else { throw .parameterInvalid }
        if let stated, !stated.isPositive { throw .priceNotPositive }
        if stage == .settled, stated == nil {
            let feed = marketRows[market.index].feed
            guard prices[feed].isPositive else { throw .priceMissing(FeedID(index: feed)) }
        }
        var after = self
        var events: [Event] = []
        try after.begin(stage, market, at: stated, into: &events)

        // Nothing below may fail.
        self = after
        journal += events
    }

    private mutating func begin(
        _ stage: MarketStage, _ market: MarketID, at stated: Price?, into journal: inout [Event]
    ) throws(Rejection) {
        var entry = WindingUp(
            market: market.index, stage: stage, openInterest: openInterest(market))
        if stage == .settled, stated == nil, case .deleveraged = parameters.windingUp {
            entry.isDeleveraged = true
        }
        windingUp.removeAll { $0.market == market.index }
        windingUp.append(entry)
        journal.append(.marketWoundUp(market, stage, price: stated))
        for side in Side.allCases {
            let resting = Array(books[market.index].resting(side))
            for order in resting where stage == .settled || !order.reduceOnly {
                cancelResting(order.id, market, &journal)
            }
        }
        guard stage == .settled else { return }
        if entry.isDeleveraged {
            deleverageSettled(market, into: &journal)
        } else {
            try closeAll(market, at: stated ?? price(of: market), into: &journal)
        }
    }

    /// Longs against shorts, each in order of account number, all at one price.
    private mutating func closeAll(
        _ market: MarketID, at price: Price, into journal: inout [Event]
    ) throws(Rejection) {
        let held = accounts.indices.filter { !size($0, market).isZero }
        let longs = held.filter { !size($0, market).isNegative }
        let shorts = held.filter { size($0, market).isNegative }
        var next = 0
        for long in longs {
            while size(long, market).isPositive, next < shorts.count {
                let part = min(size(long, market), size(shorts[next], market).magnitude)
                let fill = try fillParts(
                    taker: long, maker: shorts[next], market: market.index, size: -part,
                    price: price)
                write(fill, reason: .settlement, into: &journal)
                if size(shorts[next], market).isZero { next += 1 }
            }
        }
        for account in held where accounts[account].role == .margin {
            _ = coverDeficit(of: AccountID(index: account), into: &journal)
        }
    }

    private func size(_ account: Int, _ market: MarketID) -> Quantity {
        positions[account * marketCount + market.index].size
    }

    /// Goes on with what is left of settled markets, as a block begins.
    @inline(never)
    mutating func continueWindingUp(into journal: inout [Event]) {
        for entry in windingUp where entry.isDeleveraged {
            deleverageSettled(MarketID(index: entry.market), into: &journal)
        }
    }

    /// Tries so many accounts of a settled market as a block allows: from one on that the block's time chooses, longs before
    /// shorts. Who finds nobody whose update would be accepted waits.
    private mutating func deleverageSettled(_ market: MarketID, into journal: inout [Event]) {
        guard case .deleveraged(let most) = parameters.windingUp,
            marketRows[market.index].longOpenInterest.isPositive
        else { return }
        let held = accounts.indices.filter {
            accounts[$0].role == .margin && !size($0, market).isZero
        }
        let order =
            held.filter { !size($0, market).isNegative }
            + held.filter { size($0, market).isNegative }
        guard !order.isEmpty else { return }
        let first = start(Self.liquidityPool, among: order.count)
        for step in 0..<min(most, order.count) {
            let id = AccountID(index: order[(first + step) % order.count])
            // A part that does not fit is one that nobody takes.
            guard let part = try? settlementPart(id, market) else { continue }
            take(part, from: id, payer: Self.treasury, into: &journal)
            for account in [id] + part.counterparties.map(\.account) {
                _ = coverDeficit(of: account, into: &journal)
            }
        }
    }

    /// What of an account's position in a settled market others would take now, and at what price; nil where it has none, or
    /// nobody does.
    ///
    /// Source: dydxprotocol/v4-chain, x/clob/keeper/deleveraging.go, `CanDeleverageSubaccount`.
    func settlementPart(_ id: AccountID, _ market: MarketID) throws(Rejection)
        -> LiquidationQuote.PositionPart?
    {
        let held = size(id.index, market)
        guard !held.isZero else { return nil }
        let row = marketRows[market.index]
        let mark = prices[row.feed]
        let equity = plainEquity(id.index, prices)
        let share = positionShare(
            id.index, market.index, closing: held.magnitude.raw, equity: equity)
        let bankruptcy = bankruptcyPrice(share, mark, isLong: !held.isNegative, row)
        guard equity.isNegative else {
            return try partGivenUp(id, market.index, held.magnitude.raw, at: mark, bankruptcy)
        }
        guard let bankruptcy, bankruptcy.isPositive else { return nil }
        return try partGivenUp(
            id, market.index, held.magnitude.raw, at: bankruptcy, bankruptcy)
    }

    /// A market that is being wound up takes what only reduces, and none once it is settled.
    @inline(never)
    func requireOpenMarket(_ market: MarketID, reduces: Bool) throws(Rejection) {
        switch stage(of: market) {
        case .settled: throw .marketSettled(market)
        case .reducing where !reduces: throw .marketReduceOnly(market)
        case .reducing, nil: return
        }
    }

    /// Bit i is set where market i is settled.
    var settledMarkets: UInt64 {
        windingUp.reduce(0) { $1.stage == .settled ? $0 | 1 << UInt64($1.market) : $0 }
    }

    func checkWindingUp(_ found: inout [Breach]) {
        for entry in windingUp {
            let name = parameters.markets[entry.market].name
            let open = marketRows[entry.market].longOpenInterest
            if open > entry.openInterest {
                found.append(
                    Breach(
                        invariant: .woundUpMarketsShrink,
                        detail: "\(name): \(open), after \(entry.openInterest)"))
            }
            guard entry.stage == .settled else { continue }
            let orders = Side.allCases.contains { side in
                books[entry.market].resting(side).contains { _ in true }
            }
            if orders || !entry.isDeleveraged && !open.isZero {
                found.append(
                    Breach(
                        invariant: .settledMarketsAreClosed,
                        detail: "\(name): \(open) open\(orders ? ", with orders" : "")"))
            }
        }
    }
}
