import ExactMath
import MarginRules

extension ClearingHouse {
    mutating func post(
        _ report: PriceReport, to feed: FeedID, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        guard parameters.feeds.indices.contains(feed.index) else { throw .unknownFeed(feed) }
        let rules = parameters.feeds[feed.index]
        guard rules.reporters.contains(sender) else { throw .senderNotReporter(feed) }
        try requireNotPaused(.post)
        let last = waiting(feed.index)?.next ?? reports[feed.index]
        try requireSound(report, rules)
        if let last {
            // Rounds may arrive out of order; the older observation is no news.
            guard report.observedAt > last.observedAt else {
                throw .reportOutdated(last: last.observedAt)
            }
        }
        try requireLikely(report, after: last, rules)
        if let period = rules.delay {
            return try poke(report, feed, OneHourDelay(period: period), into: &journal)
        }
        try requireExposure(at: upper(report, feed.index), feed: feed.index)

        // Nothing below may fail.
        accept(report, feed, into: &journal)
    }

    /// A price above zero that was seen by now.
    func requireSound(_ report: PriceReport, _ rules: FeedParameters) throws(Rejection) {
        guard report.price > .zero, !report.confidence.isNegative else { throw .priceNotPositive }
        guard report.observedAt <= time + rules.maxLead else {
            throw .reportFromFuture(observedAt: report.observedAt)
        }
        // The age of a price is a difference of two moments and must fit.
        guard report.observedAt.milliseconds > Int64.min / 2 else { throw .overflow }
        if hasBounds { try requireBounds(report, rules) }
    }

    /// A price as near to the last and as certain as its feed asks.
    func requireLikely(
        _ report: PriceReport, after last: PriceReport?, _ rules: FeedParameters
    ) throws(Rejection) {
        if let last, let limit = rules.maxDeviation {
            let allowed = product(last.price.raw, limit.raw)
            let moved = product((report.price - last.price).magnitude.raw, scaleE8)
            guard moved <= allowed else {
                throw .priceDeviates(from: last.price, to: report.price)
            }
        }
        if let limit = rules.maxConfidence {
            let width = product(report.confidence.raw, scaleE8)
            guard width <= product(report.price.raw, limit.raw) else {
                throw .confidenceTooWide(report.confidence)
            }
        }
    }

    /// Makes a report the protocol's price.
    mutating func accept(_ report: PriceReport, _ feed: FeedID, into journal: inout [Event]) {
        if !histories.isEmpty { remember(report.price, feed.index) }
        prices[feed.index] = report.price
        if !slowPrices.isEmpty { startSlowPrice(feed.index) }
        reports[feed.index] = report
        journal.append(.pricePosted(feed, report))
        if !marks.isEmpty { updateMarks(following: feed.index, into: &journal) }
    }

    /// Keeps what guards want to know of the price that is replaced.
    @inline(never)
    private mutating func remember(_ price: Price, _ feed: Int) {
        if histories[feed] == nil {
            histories[feed] = PriceHistory(first: price, at: time, windows: averageWindows.count)
        } else {
            histories[feed]?.replace(prices[feed], at: time, windows: averageWindows)
        }
    }

    // MARK: Delayed prices

    /// The report of a delayed feed that takes effect next; nil for any other feed.
    public func nextReport(_ feed: FeedID) -> PriceReport? { waiting(feed.index)?.next }

    func waiting(_ feed: Int) -> WaitingPrice? {
        waitingPrices.isEmpty ? nil : waitingPrices[feed]
    }

    /// Puts the waiting price into effect and lets a new one wait; the first price does both.
    @inline(never)
    private mutating func poke(
        _ report: PriceReport, _ feed: FeedID, _ delay: OneHourDelay, into journal: inout [Event]
    ) throws(Rejection) {
        let waiting = waitingPrices[feed.index]
        let due = waiting?.next ?? report
        let state = OneHourDelay.State(
            current: reports[feed.index]?.price, next: waiting?.next.price,
            lastUpdate: waiting?.since ?? time - delay.period)
        guard let updated = delay.updated(state, reading: report.price, at: time) else {
            throw .periodNotOver(feed, until: state.lastUpdate + delay.period)
        }
        try requireExposure(at: upper(due, feed.index), feed: feed.index)

        // Nothing below may fail.
        waitingPrices[feed.index] = WaitingPrice(next: report, since: updated.lastUpdate)
        accept(due, feed, into: &journal)
    }
}

/// What a delayed feed holds beside its price.
struct WaitingPrice: Hashable, Sendable {
    /// Takes effect at the next update.
    var next: PriceReport
    /// When the period of the last update began.
    var since: Timestamp
}
