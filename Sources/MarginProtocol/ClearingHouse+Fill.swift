import ExactMath

/// Both sides of a fill, computed and not yet written.
struct FillParts {
    struct Side {
        var account: Int
        var before: Position
        var after: Position
        var realized: Int64
        var funding: Int64
    }
    var market: Int
    var price: Price
    var size: Quantity
    var taker: Side
    var maker: Side
    /// Σ of long sizes after the fill.
    var longOpenInterest: Quantity
    /// Σ of open cost after the fill, in absolute value.
    var openCost: Money
}

extension ClearingHouse {
    /// Computes both sides of a fill; writes nothing.
    ///
    /// The notional is rounded once, against the taker, and both sides carry the same figure: so the sum
    /// of costs changes by exactly what is realised.
    ///
    /// - Parameter earlier: a fill of the same maker in the same market that goes before this one.
    func fillParts(
        taker: Int, maker: Int, market: Int, size: Quantity, price: Price, after earlier: FillParts?
    ) throws(Rejection) -> FillParts {
        guard let earlier else {
            return try fillParts(
                taker: taker, maker: maker, market: market, size: size, price: price)
        }
        return try fillParts(
            taker: taker, maker: maker, market: market, size: size, price: price,
            makerHolds: earlier.maker.after, longOpenInterest: earlier.longOpenInterest,
            openCost: earlier.openCost)
    }

    /// The same for a fill that nothing goes before.
    func fillParts(taker: Int, maker: Int, market: Int, size: Quantity, price: Price)
        throws(Rejection) -> FillParts
    {
        try fillParts(
            taker: taker, maker: maker, market: market, size: size, price: price,
            makerHolds: positions[maker * marketCount + market],
            longOpenInterest: marketRows[market].longOpenInterest,
            openCost: marketRows[market].openCost)
    }

    private func fillParts(
        taker: Int, maker: Int, market: Int, size: Quantity, price: Price,
        makerHolds makerBefore: Position, longOpenInterest: Quantity, openCost: Money
    ) throws(Rejection) -> FillParts {
        let notional = try tradedValue(market, size, price)
        guard notional.magnitude <= UInt64(Self.exposureLimit) else { throw .exposureTooLarge }
        let takerSide = try side(
            taker, market, size.raw, notional, positions[taker * marketCount + market])
        let makerSide = try side(maker, market, -size.raw, -notional, makerBefore)
        // Each term is within the limit, a quarter of what fits, and what closes comes off first.
        let longs =
            longOpenInterest.raw
            - max(0, takerSide.before.size.raw)
            - max(0, makerSide.before.size.raw) + max(0, takerSide.after.size.raw)
            + max(0, makerSide.after.size.raw)
        let cost =
            openCost.raw - takerSide.before.cost.magnitude.raw
            - makerSide.before.cost.magnitude.raw + takerSide.after.cost.magnitude.raw
            + makerSide.after.cost.magnitude.raw
        let parts = FillParts(
            market: market, price: price, size: size, taker: takerSide, maker: makerSide,
            longOpenInterest: Quantity(raw: longs), openCost: Money(raw: cost))
        try requireRoom(for: parts)
        return parts
    }

    /// What a size costs at a price, in the settlement asset: rounded up, against the taker.
    func tradedValue(_ market: Int, _ size: Quantity, _ price: Price) throws(Rejection)
        -> Int64
    {
        guard marketRows[market].isInverse else { return try boundedValue(size, at: price).raw }
        guard price.isPositive else { throw .priceNotPositive }
        return try orOverflow { () throws(ArithmeticOverflow) in
            try multiply(-size.raw, scaleE8, dividingBy: price.raw, rounding: .up)
        }
    }

    /// One side of a fill: what its position becomes, what it realises, what funding it settles.
    @inline(__always)
    private func side(
        _ account: Int, _ market: Int, _ delta: Int64, _ notional: Int64, _ before: Position
    ) throws(Rejection) -> FillParts.Side {
        if keepsResults { return try keptSide(account, market, delta, notional, before) }
        var funding = before.size.raw == 0 ? 0 : pendingCharges(account, before, market)
        if !lastSteps.isEmpty { funding += lateFunding(delta, market) }
        let (size, sizeOverflow) = before.size.raw.addingReportingOverflow(delta)
        guard !sizeOverflow, size.magnitude <= UInt64(Self.exposureLimit) else {
            throw .exposureTooLarge
        }
        var cost: Int64
        var realized: Int64 = 0
        if before.size.raw == 0 || (before.size.raw ^ delta) >= 0 {
            let (sum, overflow) = before.cost.raw.addingReportingOverflow(notional)
            guard !overflow else { throw .exposureTooLarge }
            cost = sum
        } else if delta.magnitude <= before.size.raw.magnitude {
            // A part of the cost leaves with the part that is closed, rounded against the account.
            let part =
                size == 0
                ? before.cost.raw
                : exact(
                    before.cost.raw, Int64(delta.magnitude),
                    over: Int64(before.size.raw.magnitude), .up)
            realized = -notional - part
            cost = before.cost.raw - part
        } else {
            // Through zero: the notional is split between what closes and what opens.
            let closing = exact(
                notional, Int64(before.size.raw.magnitude), over: Int64(delta.magnitude), .up)
            realized = -closing - before.cost.raw
            cost = notional - closing
        }
        guard cost.magnitude <= UInt64(Self.exposureLimit) else { throw .exposureTooLarge }
        return FillParts.Side(
            account: account, before: before,
            after: Position(
                size: Quantity(raw: size), cost: Money(raw: cost),
                fundingIndex: size == 0 ? .zero : chargeIndex(market, ofLong: size > 0, account)),
            realized: realized, funding: funding)
    }

    /// Writes both sides of a computed fill and settles what they realise and owe in funding.
    mutating func write(_ parts: FillParts, reason: PositionReason, into journal: inout [Event]) {
        marketRows[parts.market].longOpenInterest = parts.longOpenInterest
        marketRows[parts.market].openCost = parts.openCost
        write(parts.taker, parts, reason, &journal)
        write(parts.maker, parts, reason, &journal)
        if tracksResults { noteResults(parts, reason) }
    }

    /// Writes the taker's side alone: of what nobody takes on.
    mutating func writeAlone(
        _ parts: FillParts, reason: PositionReason, into journal: inout [Event]
    ) {
        marketRows[parts.market].openCost = parts.openCost
        write(parts.taker, parts, reason, &journal)
        let lost = parts.taker.after.cost - parts.taker.before.cost
        if tracksResults { noteSettlement(parts.taker, parts.market, lost.raw) }
    }

    private mutating func write(
        _ side: FillParts.Side, _ parts: FillParts, _ reason: PositionReason,
        _ journal: inout [Event]
    ) {
        let id = AccountID(index: side.account)
        let market = MarketID(index: parts.market)
        positions[side.account * marketCount + parts.market] = side.after
        if !sides.isEmpty, side.account != Self.liquidityPool.index {
            sides[parts.market].replace(side.before, with: side.after)
            // Whoever trades with the pool settles it; a market that is settled does not ask.
            if !impacts.isEmpty,
                reason == .settlement || parts.maker.account != Self.liquidityPool.index
            {
                shrinkImpact(side, parts.market, into: &journal)
            }
        }
        let bit: UInt64 = 1 << UInt64(parts.market)
        if side.after.size.raw == 0, side.after.cost.raw == 0 {
            accounts[side.account].markets &= ~bit
        } else {
            accounts[side.account].markets |= bit
        }
        touch(id)
        journal.append(
            .positionChanged(
                PositionChange(
                    account: id, market: market, sizeBefore: side.before.size,
                    sizeAfter: side.after.size, costBefore: side.before.cost,
                    costAfter: side.after.cost, price: parts.price,
                    realized: Money(raw: side.realized), funding: Money(raw: side.funding),
                    reason: reason)))
        move(
            Quantity(raw: side.realized), of: settlement, from: Self.clearing(market), to: id,
            .realizedProfit, &journal)
        move(
            Quantity(raw: side.funding), of: settlement, from: id, to: Self.funding(market),
            .funding, &journal)
    }
}
