public import ExactMath
import MarginRules

/// Results that stay with their positions until they are settled.
extension ClearingHouse {
    /// One side of a fill where closing pays nothing: what is received and paid changes what the position has cost, and so does
    /// the funding that is due, which the clearing account pays for it.
    @inline(never)
    func keptSide(
        _ account: Int, _ market: Int, _ delta: Int64, _ notional: Int64, _ before: Position
    ) throws(Rejection) -> FillParts.Side {
        var funding = before.size.raw == 0 ? 0 : pendingCharges(account, before, market)
        if !lastSteps.isEmpty { funding += lateFunding(delta, market) }
        let (size, sizeOverflow) = before.size.raw.addingReportingOverflow(delta)
        let (paid, overflow) = before.cost.raw.addingReportingOverflow(notional)
        let (cost, again) = paid.addingReportingOverflow(funding)
        guard !sizeOverflow, size.magnitude <= UInt64(Self.exposureLimit), !overflow, !again,
            cost.magnitude <= UInt64(Self.exposureLimit)
        else { throw .exposureTooLarge }
        return FillParts.Side(
            account: account, before: before,
            after: Position(
                size: Quantity(raw: size), cost: Money(raw: cost),
                fundingIndex: size == 0 ? .zero : chargeIndex(market, ofLong: size > 0, account)),
            realized: funding, funding: funding)
    }

    /// The same fill with what its sides pay beside it taken from their results; the balances that pay it have it back.
    ///
    /// - Parameters: what each pays, or with a minus gets. [1e-8 of the settlement asset]
    @inline(never)
    func charged(_ fill: FillParts, taker: Int64, maker: Int64) throws(Rejection) -> FillParts {
        var parts = fill
        parts.taker.pay(taker)
        parts.maker.pay(maker)
        let cost =
            fill.openCost.raw - fill.taker.after.cost.magnitude.raw
            - fill.maker.after.cost.magnitude.raw + parts.taker.after.cost.magnitude.raw
            + parts.maker.after.cost.magnitude.raw
        parts.openCost = Money(raw: cost)
        try requireRoom(for: parts)
        return parts
    }

    /// Both sides of a result that one account gives up and another takes on, without a trade.
    ///
    /// - Parameters:
    ///   - moved: what leaves the first one's result; a loss is negative. [1e-8 of the settlement asset]
    ///   - paid: what of it the clearing account pays out, and the other pays in.
    ///   - earlier: a fill between the two that goes before.
    func resultParts(
        from account: Int, to other: Int, _ market: Int, moved: Int64, paid: Int64,
        after earlier: FillParts? = nil
    ) throws(Rejection) -> FillParts {
        let row = marketRows[market]
        var taker = try keptSide(
            account, market, 0, 0,
            earlier?.taker.after ?? positions[account * marketCount + market])
        var maker = try keptSide(
            other, market, 0, 0, earlier?.maker.after ?? positions[other * marketCount + market])
        let before = taker.before.cost.magnitude.raw + maker.before.cost.magnitude.raw
        taker.after.cost.raw += moved
        maker.after.cost.raw -= moved
        taker.realized += paid
        maker.realized -= paid
        let limit = UInt64(Self.exposureLimit)
        guard moved.magnitude <= limit, taker.after.cost.magnitude.raw.magnitude <= limit,
            maker.after.cost.magnitude.raw.magnitude <= limit
        else { throw .exposureTooLarge }
        let cost =
            (earlier?.openCost ?? row.openCost).raw - before + taker.after.cost.magnitude.raw
            + maker.after.cost.magnitude.raw
        let parts = FillParts(
            market: market, price: prices[row.feed], size: .zero, taker: taker, maker: maker,
            longOpenInterest: earlier?.longOpenInterest ?? row.longOpenInterest,
            openCost: Money(raw: cost))
        try requireRoom(for: parts)
        return parts
    }

    /// What a position has won, or with a minus lost, at the protocol's price, charges included, rounded down. [1e-8]
    func result(_ account: Int, _ market: Int) -> Int64 {
        let position = positions[account * marketCount + market]
        let row = marketRows[market]
        return row.value(position.size.raw, prices[row.feed].raw, .down) - position.cost.raw
            - pendingCharges(account, position, market)
    }

    // MARK: What may be settled

    /// The terms of allowances; nil where there are none.
    private var allowanceTerms: SettlementAllowance.Terms? {
        guard case .allowance(let share, let window)? = parameters.resultSettlement?.limit else {
            return nil
        }
        return SettlementAllowance.Terms(share: share, window: window)
    }

    private func allowed(_ position: Position, _ market: Int) -> SettlementAllowance.Position {
        let feed = marketRows[market].feed
        return SettlementAllowance.Position(
            size: position.size, quote: Quantity(raw: -position.cost.raw),
            price: slow(feed) ?? prices[feed])
    }

    /// The least and the most of a result that its limit lets be settled now. [1e-8]
    func settleable(_ account: Int, _ market: Int) -> ClosedRange<Int64> {
        let all = Int64.min / 2...Int64.max / 2
        guard tracksResults, account != Self.liquidityPool.index else { return all }
        let slot = account * marketCount + market
        guard let terms = allowanceTerms else {
            let realised = resultStates[slot].entry - positions[slot].cost.raw
            return all.lowerBound...max(0, realised)
        }
        let range = unbounded { () throws(ArithmeticOverflow) in
            try resultStates[slot].allowance.limits(
                allowed(positions[slot], market), terms, now: time)
        }
        return range.lowerBound.raw...range.upperBound.raw
    }

    /// Sets what may be settled of a result in each window beside the share of its value, before the first block.
    public mutating func seedSettlementAllowance(
        _ account: AccountID, _ market: MarketID, recurring: Quantity
    ) {
        guard tracksResults else { return }
        resultStates[account.index * marketCount + market.index].allowance =
            SettlementAllowance(recurring: recurring)
    }

    /// Notes what a movement of positions has done to what may be settled.
    @inline(never)
    mutating func noteResults(_ parts: FillParts, _ reason: PositionReason) {
        let moved = parts.taker.after.cost.raw - parts.taker.before.cost.raw - parts.taker.funding
        guard parts.size.isZero else {
            noteTrade(parts.taker, parts.market)
            noteTrade(parts.maker, parts.market)
            return
        }
        // What an account begins with may be settled.
        guard reason != .trade else {
            noteChange(parts.taker, parts.market, -moved)
            noteChange(parts.maker, parts.market, moved)
            return
        }
        noteSettlement(parts.taker, parts.market, moved)
        if reason == .resultSettlement {
            noteSettlement(parts.maker, parts.market, -moved)
        } else {
            noteChange(parts.maker, parts.market, moved - parts.maker.funding)
        }
    }

    private mutating func noteTrade(_ side: FillParts.Side, _ market: Int) {
        let slot = side.account * marketCount + market
        let (before, after) = (side.before.size.raw, side.after.size.raw)
        let delta = after - before
        let notional = side.after.cost.raw - side.before.cost.raw - side.realized
        if after == 0 {
            resultStates[slot].entry = 0
        } else if before == 0 || (before ^ delta) >= 0 {
            resultStates[slot].entry += notional
        } else if (before ^ after) >= 0 {
            resultStates[slot].entry = exact(
                resultStates[slot].entry, abs(after), over: abs(before), .nearest)
        } else {
            resultStates[slot].entry = exact(notional, abs(after), over: abs(delta), .nearest)
        }
        guard let terms = allowanceTerms else { return }
        let position = allowed(side.after, market)
        unbounded { () throws(ArithmeticOverflow) in
            try resultStates[slot].allowance.recordTrade(
                from: side.before.size, to: position, terms)
        }
        noteChange(side, market, -side.realized)
    }

    mutating func noteSettlement(_ side: FillParts.Side, _ market: Int, _ settled: Int64) {
        guard let terms = allowanceTerms else { return }
        noteChange(side, market, -side.funding)
        let slot = side.account * marketCount + market
        let position = allowed(side.after, market)
        let now = time
        unbounded { () throws(ArithmeticOverflow) in
            try resultStates[slot].allowance.recordSettlement(
                Quantity(raw: settled), leaving: position, terms, now: now)
        }
    }

    private mutating func noteChange(_ side: FillParts.Side, _ market: Int, _ change: Int64) {
        guard allowanceTerms != nil, change != 0 else { return }
        let slot = side.account * marketCount + market
        unbounded { () throws(ArithmeticOverflow) in
            try resultStates[slot].allowance.recordChange(Quantity(raw: change))
        }
    }
}

extension FillParts.Side {
    /// Takes what is paid from the result in place of the balance.
    mutating func pay(_ amount: Int64) {
        after.cost.raw += amount
        realized += amount
    }
}
