import ExactMath

extension ClearingHouse {
    mutating func post(
        _ report: PriceReport, to feed: FeedID, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        guard parameters.feeds.indices.contains(feed.index) else { throw .unknownFeed(feed) }
        let rules = parameters.feeds[feed.index]
        guard rules.reporters.contains(sender) else { throw .senderNotReporter(feed) }
        try requireNotPaused(.post)
        guard report.price > .zero, !report.confidence.isNegative else { throw .priceNotPositive }
        guard report.observedAt <= time else {
            throw .reportFromFuture(observedAt: report.observedAt)
        }
        // The age of a price is a difference of two moments and must fit.
        guard report.observedAt.milliseconds > Int64.min / 2 else { throw .overflow }
        if let last = reports[feed.index] {
            // Rounds may arrive out of order; the older observation is no news.
            guard report.observedAt > last.observedAt else {
                throw .reportOutdated(last: last.observedAt)
            }
            if let limit = rules.maxDeviation {
                let allowed = product(last.price.raw, limit.raw)
                let moved = product((report.price - last.price).magnitude.raw, scaleE8)
                guard moved <= allowed else {
                    throw .priceDeviates(from: last.price, to: report.price)
                }
            }
        }
        if let limit = rules.maxConfidence {
            let width = product(report.confidence.raw, scaleE8)
            guard width <= product(report.price.raw, limit.raw) else {
                throw .confidenceTooWide(report.confidence)
            }
        }
        try requireExposure(at: report.price, feed: feed.index)

        // Nothing below may fail.
        prices[feed.index] = report.price
        if !slowPrices.isEmpty { startSlowPrice(feed.index) }
        reports[feed.index] = report
        journal.append(.pricePosted(feed, report))
    }
}
