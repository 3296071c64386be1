import ExactMath
import MarginRules

/// Trades in two steps.
extension ClearingHouse {
    /// Requests that wait, in the order in which they were asked for.
    public var openRequests: [OpenRequest] { requests.open }

    /// A request that waits; nil for any other.
    public func request(_ id: RequestID) -> TradeRequest? {
        requests.index(of: id).map { requests.open[$0].request }
    }

    /// Asks for a trade, and sets the fee of its execution aside.
    ///
    /// Guards in order: mode, size, account, market, role, owner, kind, the account's own market, pause,
    /// liquidation under way, pool, margin. An account that opens must meet its initial margin without the fee, one
    /// that only reduces its maintenance margin; whether the trade itself is possible shows when it is executed.
    @inline(never)
    mutating func requestTrade(
        _ id: AccountID, _ market: MarketID, size: Quantity, limit: Price?, reduceOnly: Bool,
        kind: TradeRequest.Kind, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        guard let escrow = requests.escrow else { throw .noRequests }
        let request = try planRequest(
            id, market, size: size, limit: limit, reduceOnly: reduceOnly, kind: kind, by: sender)

        // Nothing below may fail.
        let number = RequestID(requests.next)
        requests.next += 1
        requests.open.append(OpenRequest(id: number, request: request))
        move(request.fee, of: settlement, from: id, to: escrow, .executionFeeHeld, &journal)
        journal.append(
            .requestChanged(
                RequestChange(
                    id: number, fate: .created, request: request, keeper: nil, fee: request.fee,
                    price: nil, oraclePrice: nil, observedAt: nil, delay: .zero, reason: nil)))
    }

    // Never inlined: see `planTrade`.
    @inline(never)
    private func planRequest(
        _ id: AccountID, _ market: MarketID, size: Quantity, limit: Price?, reduceOnly: Bool,
        kind: TradeRequest.Kind, by sender: Address
    ) throws(Rejection) -> TradeRequest {
        guard let policy = parameters.twoStep else { throw .noRequests }
        guard size.raw != 0, size.raw != .min else { throw .amountNotPositive }
        try requireAccount(id)
        try requireMarket(market)
        try requireRole(id, .margin)
        try requireOwner(id, sender)
        if kind == .limit {
            guard case .afterRequest = policy.timing, let limit, limit.isPositive else {
                throw .parameterInvalid
            }
        }
        if let only = accounts[id.index].isolatedMarket, only != market {
            throw .marketNotAllowed(market)
        }
        let held = positions[id.index * marketCount + market.index].size
        let reduces = reducesOnly(held, by: size)
        try requireNotPaused(reduces ? .reduce : .open)
        if !proceedings.isEmpty { try requireNoProceeding(id, unlessFlagged: reduces) }
        guard parameters.markets[market.index].pool != nil else { throw .noPool(market) }
        guard requests.next < .max else { throw .overflow }
        if let escrow = requests.escrow { try requireRoom(escrow, settlement, for: policy.fee.raw) }
        if policy.fee.isPositive {
            var change = Hypothesis.nothing
            change.settlement = -policy.fee.raw
            let after = evaluate(
                id.index, prices, reduces ? .maintenance : .initial, change)
            guard after.isMet else { throw .insufficientMargin(shortBy: -after.surplus) }
        }
        return TradeRequest(
            account: id, market: market, size: size, limit: limit, reduceOnly: reduceOnly,
            kind: kind, createdAt: time, fee: policy.fee)
    }

    /// Executes a request at the prices that stand, which the command has usually brought along.
    ///
    /// Guards in order: mode, keeper, its role and owner, request, frozen, time and prices, trigger, and those of
    /// the prices that a trade needs. What else stands in the way of the trade is the request's end, for which the
    /// keeper is paid too: a market order is cancelled, a limit order frozen (gmx-synthetics,
    /// contracts/exchange/OrderHandler.sol, `_handleOrderError`).
    @inline(never)
    mutating func executeRequest(
        _ id: RequestID, keeper: AccountID, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        guard let escrow = requests.escrow else { throw .noRequests }
        let plan = try planExecution(id, keeper, by: sender)

        // Nothing below may fail.
        let request = plan.request
        if let trade = plan.trade { write(trade, of: request.account, into: &journal) }
        if plan.fate == .frozen {
            requests.open[plan.place].request.isFrozen = true
            requests.open[plan.place].request.fee = .zero
        } else {
            requests.open.remove(at: plan.place)
        }
        move(request.fee, of: settlement, from: escrow, to: keeper, .executionFeePaid, &journal)
        let feed = marketRows[request.market.index].feed
        journal.append(
            .requestChanged(
                RequestChange(
                    id: id, fate: plan.fate, request: request, keeper: keeper, fee: request.fee,
                    price: plan.trade?.parts.price, oraclePrice: prices[feed],
                    observedAt: reports[feed]?.observedAt, delay: time - request.createdAt,
                    reason: plan.reason)))
    }

    private struct Execution {
        var place: Int
        var request: TradeRequest
        var trade: PlannedTrade?
        var fate: RequestFate
        var reason: Rejection?
    }

    @inline(never)
    private func planExecution(_ id: RequestID, _ keeper: AccountID, by sender: Address)
        throws(Rejection) -> Execution
    {
        guard let policy = parameters.twoStep else { throw .noRequests }
        try requireAccount(keeper)
        try requireRole(keeper, .wallet)
        try requireOwner(keeper, sender)
        guard let place = requests.index(of: id) else { throw .unknownRequest(id) }
        let request = requests.open[place].request
        if request.isFrozen { throw .requestFrozen(id) }
        try requireTiming(id, request, policy)
        try requireTrigger(id, request)
        try requireRoom(keeper, settlement, for: request.fee.raw)
        var plan = Execution(
            place: place, request: request, trade: nil, fate: .executed, reason: nil)
        do throws(Rejection) {
            plan.trade = try planTrade(
                request.account, request.market, size: request.size, limit: request.limit,
                reduceOnly: request.reduceOnly, by: accounts[request.account.index].owner)
        } catch {
            // A pause or a price that is not good enough says nothing about the order.
            if (300..<360).contains(error.code) { throw error }
            plan.fate = request.kind == .limit ? .frozen : .cancelled
            plan.reason = error
        }
        return plan
    }

    /// The time has come, and the prices are of the time that the request asks for.
    private func requireTiming(_ id: RequestID, _ request: TradeRequest, _ policy: TwoStepPolicy)
        throws(Rejection)
    {
        let feeds = executionFeeds(of: request)
        guard let first = feeds.first, let report = reports[first] else {
            throw .priceMissing(FeedID(index: feeds.first ?? 0))
        }
        var oldest = (feed: first, time: report.observedAt)
        var newest = oldest
        for feed in feeds.dropFirst() {
            guard let report = reports[feed] else { throw .priceMissing(FeedID(index: feed)) }
            if report.observedAt < oldest.time { oldest = (feed, report.observedAt) }
            if report.observedAt > newest.time { newest = (feed, report.observedAt) }
        }
        let early = Rejection.priceOutsideWindow(
            FeedID(index: oldest.feed), observedAt: oldest.time)
        switch policy.timing {
        case .afterRequest(let rule):
            let kind: TwoStepExecution.Request =
                request.kind == .limit
                ? .limit(validSince: request.createdAt) : .market(updatedAt: request.createdAt)
            switch rule.refusal(
                of: kind, oldestPrice: oldest.time, newestPrice: newest.time, now: time)
            {
            case .priceTooOld:
                throw .priceStale(FeedID(index: oldest.feed), age: time - oldest.time)
            case .timestampsTooFarApart: throw .attachedSpreadTooWide(newest.time - oldest.time)
            case .priceBeforeRequest: throw early
            case .requestExpired: throw .requestExpired(id)
            case nil: return
            }
        case .window(let window):
            switch window.refusal(
                committedAt: request.createdAt, oldestPrice: oldest.time,
                newestPrice: newest.time, now: time)
            {
            case .notOpen: throw .requestNotDue(id)
            case .expired: throw .requestExpired(id)
            case .priceTooEarly: throw early
            case .priceTooLate:
                throw .priceOutsideWindow(FeedID(index: newest.feed), observedAt: newest.time)
            case nil: return
            }
        }
    }

    /// The feeds whose time counts: the market's own, and of those that the account depends on all that can be
    /// brought along. Others are as old as they are.
    private func executionFeeds(of request: TradeRequest) -> [Int] {
        var feeds = [marketRows[request.market.index].feed]
        func add(_ feed: Int) {
            if parameters.feeds[feed].isPulled, !feeds.contains(feed) { feeds.append(feed) }
        }
        let account = accounts[request.account.index]
        for asset in Bits(mask: account.assets) { add(assetRows[asset].feed) }
        for market in Bits(mask: account.markets) { add(marketRows[market].feed) }
        add(assetRows[settlement].feed)
        return feeds
    }

    /// A limit order waits for the protocol's price.
    private func requireTrigger(_ id: RequestID, _ request: TradeRequest) throws(Rejection) {
        guard request.kind == .limit, let limit = request.limit else { return }
        let price = prices[marketRows[request.market.index].feed]
        guard request.size.isPositive ? price <= limit : price >= limit else {
            throw .requestNotDue(id)
        }
    }

    /// Takes a request back, with what it has set aside.
    ///
    /// Guards in order: mode, request, owner, time.
    @inline(never)
    mutating func cancelRequest(
        _ id: RequestID, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        guard let policy = parameters.twoStep, let escrow = requests.escrow else {
            throw .noRequests
        }
        guard let place = requests.index(of: id) else { throw .unknownRequest(id) }
        let request = requests.open[place].request
        try requireOwner(request.account, sender)
        guard policy.isCancellable(request, at: time) else { throw .requestNotExpired(id) }
        try requireRoom(request.account, settlement, for: request.fee.raw)

        // Nothing below may fail.
        requests.open.remove(at: place)
        move(
            request.fee, of: settlement, from: escrow, to: request.account, .executionFeeReturned,
            &journal)
        let isLate = request.kind == .market && !request.isFrozen
        journal.append(
            .requestChanged(
                RequestChange(
                    id: id, fate: isLate ? .expired : .cancelled, request: request, keeper: nil,
                    fee: request.fee, price: nil, oraclePrice: nil, observedAt: nil,
                    delay: time - request.createdAt, reason: nil)))
    }
}
