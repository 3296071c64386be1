public import ExactMath
import MarginRules

extension ClearingHouse {
    /// The windows of all averages that guards compare with, each once.
    static func averageWindows(_ parameters: ProtocolParameters) -> [TimeSpan] {
        var windows: [TimeSpan] = []
        for entry in parameters.guards {
            if let window = entry.window, !windows.contains(window) { windows.append(window) }
        }
        return windows
    }

    /// Keeps what new guards go on asking for; an average that none has asked for yet begins with the present price.
    mutating func rebuildHistories() {
        let windows = Self.averageWindows(parameters)
        let kept = windows.map { averageWindows.firstIndex(of: $0) }
        averageWindows = windows
        guard !parameters.guards.isEmpty else {
            histories = []
            return
        }
        if histories.isEmpty { histories = Array(repeating: nil, count: reports.count) }
        for feed in reports.indices where reports[feed] != nil {
            var history =
                histories[feed] ?? PriceHistory(first: prices[feed], at: time, windows: 0)
            let averages = history.averages
            history.averages = kept.map { place in
                place.flatMap { averages.indices.contains($0) ? averages[$0] : nil }
                    ?? prices[feed]
            }
            histories[feed] = history
        }
    }

    /// A feed's time-weighted average over a window that one of the guards asks for; nil without a price.
    public func averagePrice(_ feed: FeedID, over window: TimeSpan) -> Price? {
        guard let index = averageWindows.firstIndex(of: window),
            let history = histories[feed.index]
        else { return nil }
        return history.average(index, of: window, with: prices[feed.index], at: time)
    }

    /// A price that an action needs satisfies every guard that could block it.
    ///
    /// - Parameter account: whose liquidation it is; below zero for any other action.
    @inline(never)
    func requireGuards(
        _ feed: Int, _ report: PriceReport, for action: Actions, of account: Int
    ) throws(Rejection) {
        for entry in parameters.guards where !entry.blocks.isDisjoint(with: action) {
            if let feeds = entry.feeds, !feeds.contains(FeedID(index: feed)) { continue }
            guard let refusal = try refusal(of: entry, feed, report, action) else { continue }
            if action == .liquidate, account >= 0, let limit = entry.bypassBelow,
                isCollateral(of: account, below: limit)
            {
                continue
            }
            throw refusal
        }
    }

    private func refusal(
        of entry: PriceGuard, _ feed: Int, _ report: PriceReport, _ action: Actions
    ) throws(Rejection) -> Rejection? {
        let price = prices[feed]
        let id = FeedID(index: feed)
        switch entry.rule {
        case .check(let check, let reference):
            let answer = OracleAnswer(
                price: price, confidence: report.confidence, observedAt: report.observedAt)
            let other: Price? =
                switch reference {
                case .nothing: nil
                case .previous: histories[feed]?.previous
                case .average(let window): averagePrice(id, over: window)
                }
            let context = OracleContext(now: time, sequencer: sequencer, reference: other)
            let result = try orOverflow { () throws(ArithmeticOverflow) in
                try check.check(answer, in: context)
            }
            guard case .failure(let violation) = result else { return nil }
            return rejection(for: violation, id, report, other)
        case .divergence(let band, let window):
            guard let average = averagePrice(id, over: window), !average.isZero,
                band.blocksLiquidation(oracle: price, average: average)
            else { return nil }
            return .priceDiverges(id, from: average, to: price)
        case .validity(let rails, let slot, let window, let tier, let isStablecoin):
            guard let use = use(of: action) else { return nil }
            let age = max(0, (time - report.observedAt).milliseconds)
            let validity = rails.validity(
                of: OracleReading(
                    price: price, confidence: report.confidence, delay: age / slot.milliseconds),
                average: averagePrice(id, over: window) ?? price,
                confidenceMultiplier: tier.confidenceMultiplier, isStablecoin: isStablecoin)
            return use.isAllowed(with: validity)
                ? nil : .priceInvalid(id, severity: validity.severity)
        }
    }

    /// What Drift's table calls an action of ours; nil where it says nothing.
    ///
    /// A trade is a fill between users; one that adds risk also values the account, where an old price does not ask for
    /// more margin instead.
    private func use(of action: Actions) -> OracleAction? {
        switch action {
        case .open where parameters.staleMargin != nil: .fillAgainstOrder
        case .withdraw, .open: .valueAccounts
        case .reduce: .fillAgainstOrder
        case .liquidate: .liquidate
        default: nil
        }
    }

    private func rejection(
        for violation: OracleViolation, _ feed: FeedID, _ report: PriceReport, _ reference: Price?
    ) -> Rejection {
        switch violation {
        case .priceNotPositive: .priceMissing(feed)
        case .tooOld: .priceStale(feed, age: time - report.observedAt)
        case .tooUncertain: .priceUncertain(feed, report.confidence)
        case .sequencerDown: .sequencerDown
        case .sequencerGracePeriod: .sequencerGracePeriod(since: sequencer?.since ?? time)
        case .outsideBounds: .priceOutOfBounds(feed, prices[feed.index])
        case .outsideAnchorBand, .deviatesFromReference:
            .priceDiverges(feed, from: reference ?? .zero, to: prices[feed.index])
        case .tooFarAhead, .batchSpreadTooWide, .olderThanRequest, .afterRequestExpired:
            preconditionFailure("parameters do not hold such a guard")
        }
    }

    /// Whether weighted collateral over weighted debt is below a limit; not without a debt.
    private func isCollateral(of account: Int, below limit: Ratio) -> Bool {
        let sums = statement(account, prices, .maintenance, .nothing)
        return product(sums.collateral.raw, scaleE8) < product(sums.debt.raw, limit.raw)
    }

    /// What the uptime feed says, which starts its grace period anew.
    mutating func reportUptime(_ isUp: Bool, by sender: Address, into journal: inout [Event])
        throws(Rejection)
    {
        guard sender == .system else { throw .senderNotSystem }

        // Nothing below may fail.
        sequencer = SequencerStatus(isUp: isUp, since: time)
        journal.append(.uptimeReported(isUp))
    }
}
