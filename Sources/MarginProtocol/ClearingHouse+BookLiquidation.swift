import ExactMath
import MarginRules
import OrderBook

/// Liquidation orders against the order book.
///
/// What an order would meet depends on what it has met, fill by fill: makers' margins, orders that have to go, funding
/// that settles. So a quote runs the order on a copy of the state and keeps what it did, and the liquidation does the
/// same again.
extension ClearingHouse {
    /// Are this market's positions liquidated against its book?
    func liquidatesInBook(_ market: Int) -> Bool {
        parameters.liquidation.book != nil && parameters.markets[market].pool == nil
    }

    /// - Throws: ``Rejection/noOrderWithinLimit(_:)`` where nothing is filled, taken over or given up.
    @inline(never)
    func quoteIntoBooks(
        _ id: AccountID, _ payer: AccountID, _ markets: [Int], _ limit: Quantity?, _ health: Health
    ) throws(Rejection) -> LiquidationQuote {
        var trial = self
        var journal: [Event] = []
        trial.cancelOrders(of: id, into: &journal)
        var parts: [LiquidationQuote.PositionPart] = []
        for market in markets {
            parts += try trial.closing(id, payer, market, limit, health, into: &journal)
        }
        guard !parts.isEmpty else { throw .noOrderWithinLimit(MarketID(index: markets[0])) }
        let value = parts.reduce(Money.zero) { sum, part in
            let row = marketRows[part.market.index]
            return sum + Money(raw: row.notional(part.size.magnitude.raw, part.price.raw))
        }
        return LiquidationQuote(
            account: id, step: .positions(parts), healthBefore: health, value: value)
    }

    /// Closes what the size rule says of one position and returns how: in the book, and as the policy says of the rest.
    private mutating func closing(
        _ id: AccountID, _ payer: AccountID, _ market: Int, _ limit: Quantity?, _ health: Health,
        into journal: inout [Event]
    ) throws(Rejection) -> [LiquidationQuote.PositionPart] {
        let policy = parameters.liquidation
        let whole = positions[id.index * marketCount + market].size.magnitude.raw
        let amount = min(
            closingSize(id.index, market, health, allowed: try allowance(of: id, market)),
            limit?.raw ?? .max)
        let givenUp = parameters.deleveraging.isWhole ? whole : amount
        var parts: [LiquidationQuote.PositionPart] = []
        func add(_ part: LiquidationQuote.PositionPart, _ journal: inout [Event]) {
            take(part, from: id, payer: payer, into: &journal)
            parts.append(part)
        }
        var capacity = lossCapacity(of: id)
        var rest = amount
        if let book = policy.book, parameters.markets[market].pool == nil {
            // An order at any price would only add to what is missing already.
            if policy.closingPrice == .mark,
                let part = try deleveragedPart(
                    id, market, givenUp, &capacity, loss: capacity.deficit)
            {
                add(part, &journal)
                return parts
            }
            if let part = try order(
                id, payer, market, amount, capacity.insurance, book, into: &journal)
            {
                parts.append(part)
                rest -= part.size.magnitude.raw
            }
            capacity = lossCapacity(of: id)
            if book.rest == .stays {
                guard rest == amount else { return parts }
                if let part = try deleveragedPart(
                    id, market, givenUp, &capacity, loss: capacity.deficit)
                {
                    add(part, &journal)
                } else if let part = try unfilledPart(id, market, givenUp, &capacity) {
                    add(part, &journal)
                }
                return parts
            }
            if rest > 0, let part = try unfilledPart(id, market, rest, &capacity) {
                add(part, &journal)
                return parts
            }
        }
        guard rest > 0 else { return parts }
        var available = plainEquity(id.index, prices).raw
        capacity = lossCapacity(of: id)
        add(
            try positionPart(
                id, payer, market, Quantity(raw: rest), health, &available, &capacity),
            &journal)
        return parts
    }

    /// The worst price at which a liquidation order may trade; nil for any. The second is false where none would do.
    private func orderLimit(
        _ share: PositionShare, _ mark: Price, isLong: Bool, _ row: MarketRow
    ) -> (price: Price?, exists: Bool) {
        switch parameters.liquidation.closingPrice {
        case .mark, .takeover, .pool: return (nil, true)
        case .bankruptcy:
            let price = bankruptcyPrice(share, mark, isLong: isLong, row)
            // A long of a linear contract that outlives a price of nothing, and a short of an inverse one that outlives
            // any; the others without a price owe more than any price could bring.
            return (price, price != nil || isLong != row.isInverse)
        case .fillable:
            return (
                closingPrice(parameters.liquidation.closingPrice, share, mark, isLong: isLong), true
            )
        }
    }

    /// Runs an order for so much of a position, and returns what it did; nil, and nothing has happened, where it
    /// trades nothing.
    ///
    /// - Parameter insurance: what the fund may pay for fills below bankruptcy, where they may be.
    private mutating func order(
        _ id: AccountID, _ payer: AccountID, _ market: Int, _ amount: Int64, _ insurance: Int64,
        _ terms: BookLiquidation, into journal: inout [Event]
    ) throws(Rejection) -> LiquidationQuote.PositionPart? {
        let held = positions[id.index * marketCount + market].size
        let policy = parameters.liquidation.closing(amount, of: held)
        let row = marketRows[market]
        let isLong = !held.isNegative
        let mark = prices[row.feed]
        let whole = positionShare(id.index, market, closing: amount)
        let limit = orderLimit(whole, mark, isLong: isLong, row)
        guard limit.exists else { return nil }
        let before = self
        let journalBefore = journal.count
        var order = LiquidationOrder(
            side: isLong ? .sell : .buy, limit: limit.price, left: amount, insurance: insurance)
        if case .fillable = policy.closingPrice { order.isSettledByFill = true }
        while order.left > 0, try fillNext(&order, id, market, into: &journal) {}
        let filled = amount - order.left
        guard filled > 0, order.left == 0 || !terms.fillsWhole else {
            self = before
            journal.removeSubrange(journalBefore...)
            return nil
        }
        let size = Quantity(raw: isLong ? -filled : filled)
        let share = before.positionShare(id.index, market, closing: filled)
        let available = settlementValue(plainEquity(id.index, prices).raw)
        var toLiquidator: Int64 = 0
        var toInsurance: Int64 = 0
        var toVenue: Int64 = 0
        switch policy.closingPrice {
        case .mark, .takeover, .pool:
            var wanted = scaled(order.value, policy.penalty.raw, .up)
            if case .takeover(let part) = policy.closingPrice {
                wanted = scaled(share.maintenance, part.raw, .up)
            }
            toLiquidator = scaled(wanted, policy.liquidatorShare.raw, .down)
            toInsurance = wanted - toLiquidator
            toVenue = venueFee(policy, order.value, available - toLiquidator)
        case .bankruptcy:
            // What the fills bring beyond the bankruptcy price.
            toInsurance = share.equity + row.value(size.raw, mark.raw, .up) - order.paid
        case .fillable: toInsurance = order.toInsurance
        }
        if !order.isSettledByFill {
            toInsurance = max(0, min(toInsurance, available - toLiquidator - toVenue))
        }
        var part = LiquidationQuote.PositionPart(
            market: MarketID(index: market), size: size,
            price: averagePrice(of: order.value, filled, row) ?? mark,
            bankruptcyPrice: bankruptcyPrice(share, mark, isLong: isLong, row),
            penalty: Money(raw: toLiquidator + toInsurance),
            toLiquidator: Money(raw: toLiquidator), toInsurance: Money(raw: toInsurance),
            fromInsurance: Money(raw: order.fromInsurance), taker: .book, counterparties: [],
            fills: [])
        part.orders = order.done
        part.isSettledByFill = order.isSettledByFill
        part.fee = Money(raw: toVenue)
        part.toTreasury = part.fee
        try before.requireRoom(Self.treasury, settlement, for: toVenue)
        try requireRoom(payer, settlement, for: toLiquidator)
        try before.requireRoom(Self.insuranceFund, settlement, for: toInsurance)
        charge(part, from: id, payer: payer, into: &journal)
        return part
    }

    /// Trades with the best resting order, or cancels it; false where the order ends.
    private mutating func fillNext(
        _ order: inout LiquidationOrder, _ id: AccountID, _ market: Int,
        into journal: inout [Event]
    ) throws(Rejection) -> Bool {
        let resting = books[market].resting(order.side.opposite).first { _ in true }
        guard let maker = resting,
            order.limit.map({ order.side.crosses(maker.price, limit: $0) }) ?? true
        else { return false }
        let place = MarketID(index: market)
        var fill = LiquidationFill(
            order: maker.id, maker: AccountID(maker.owner), price: maker.price, size: .zero,
            makerFee: .zero)
        let most = tradable(maker, with: id, place, atMost: Quantity(raw: order.left))
        if most.isPositive {
            let size = order.side == .sell ? -most : most
            let parts = try fillParts(
                taker: id.index, maker: Int(maker.owner), market: market, size: size,
                price: maker.price)
            let fee = try fee(
                parameters.markets[market].makerFee, place, size: size, price: maker.price)
            if (try? requireFill(parts.maker, parts, fee, leaving: maker.filled(by: most)))
                != nil
            {
                let delta = fundDelta(id, parts, size, maker.price)
                guard order.allows(delta) else { return false }
                fill.fundDelta = Money(raw: delta)
                fill.size = size
                fill.makerFee = fee
                fill.parts = parts
                let paid = marketRows[market].value(size.raw, maker.price.raw, .up)
                order.paid += paid
                order.value += abs(paid)
                order.left -= most.raw
            }
        }
        order.done.append(fill)
        run(fill, of: id, place, into: &journal)
        return true
    }

    /// What a fill pays into the insurance fund, or with a minus is paid out of it, where each fill has its own account:
    /// never more than the account is worth after it.
    private func fundDelta(_ id: AccountID, _ parts: FillParts, _ size: Quantity, _ price: Price)
        -> Int64
    {
        guard case .fillable = parameters.liquidation.closingPrice else { return 0 }
        let row = marketRows[parts.market]
        let share = positionShare(id.index, parts.market, closing: size.magnitude.raw)
        let charges = closingCharges(
            parameters.liquidation, share, price, size, row, isWholeLoss: 0)
        guard charges.toInsurance > 0 else { return -charges.loss }
        // Of what is filled, the mark's value is replaced by the price's.
        let change =
            row.value(size.raw, prices[row.feed].raw, .down) - row.value(size.raw, price.raw, .up)
        let worth = settlementValue(plainEquity(id.index, prices).raw) + change
        return max(0, min(charges.toInsurance, worth))
    }

    private func averagePrice(of value: Int64, _ size: Int64, _ row: MarketRow) -> Price? {
        (row.isInverse
            ? try? multiply(size, scaleE8, dividingBy: max(1, value), rounding: .nearest)
            : try? multiply(value, scaleE8, dividingBy: size, rounding: .nearest))
            .map(Price.init(raw:))
    }

    /// Does to a resting order what a quote says.
    mutating func run(
        _ fill: LiquidationFill, of id: AccountID, _ market: MarketID, into journal: inout [Event]
    ) {
        guard let parts = fill.parts else {
            return cancelResting(fill.order, market, &journal)
        }
        _ = books[market.index].reduce(fill.order, by: fill.size.magnitude)
        noteOrders(of: fill.maker.raw, market.index)
        if !marks.isEmpty { noteTrade(market.index, at: fill.price) }
        write(parts, reason: .liquidation, into: &journal)
        move(
            Quantity(raw: fill.makerFee.raw), of: settlement, from: fill.maker, to: Self.treasury,
            .makerFee, &journal)
        journal.append(
            .filled(
                Fill(
                    market: market, taker: id, maker: fill.maker, makerOrder: fill.order,
                    size: fill.size, price: fill.price, takerFee: .zero, makerFee: fill.makerFee)))
        let delta = Quantity(raw: fill.fundDelta.raw)
        if delta.isPositive {
            move(
                delta, of: settlement, from: id, to: Self.insuranceFund, .liquidationPenalty,
                &journal)
        } else if delta.isNegative {
            move(-delta, of: settlement, from: Self.insuranceFund, to: id, .lossCover, &journal)
            journal.append(
                .lossCovered(
                    LossCover(
                        account: id, layer: .insuranceFund, payer: Self.insuranceFund,
                        asset: AssetID(index: settlement), amount: -delta)))
        }
    }

    static func bookProblems(_ policy: LiquidationPolicy) -> [String] {
        guard policy.book != nil else { return [] }
        var found: [String] = []
        if policy.taker != .pool {
            found.append("a liquidation in the book leaves its rest to the pool")
        }
        if policy.closingPrice == .pool {
            found.append("a pool's closing price has no meaning in a book")
        }
        switch policy.size {
        case .absorb, .creditAccount, .shortage, .zeroHealth, .flag:
            found.append("a liquidation in the book closes positions by their size")
        default: break
        }
        if policy.course != nil { found.append("a liquidation in the book has no course") }
        return found
    }
}

/// The progress of a liquidation order through the book.
private struct LiquidationOrder {
    var side: Side
    var limit: Price?
    /// [1e-8 units]
    var left: Int64
    /// What the fund may still pay. [1e-8 of the settlement asset]
    var insurance: Int64
    var done: [LiquidationFill] = []
    /// Σ of what the account paid for its fills, signed, and without signs.
    var paid: Int64 = 0
    var value: Int64 = 0
    var isSettledByFill = false
    var toInsurance: Int64 = 0
    var fromInsurance: Int64 = 0

    /// Counts what a fill pays the fund, or it pays; false where it may not pay as much.
    mutating func allows(_ delta: Int64) -> Bool {
        guard delta < 0 else {
            toInsurance += delta
            return true
        }
        guard -delta <= insurance else { return false }
        insurance += delta
        fromInsurance -= delta
        return true
    }
}
