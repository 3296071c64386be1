import ExactMath
import MarginProtocol

extension ClearingHouse {
    /// Health records of the margin accounts touched since the block began, or of all of them.
    func healthRecords(of everyone: Bool, truth: [Price]) -> [AccountHealthRecord] {
        let ids: [AccountID]
        if everyone {
            ids = accountIDs.map { AccountID($0) }
        } else {
            var seen = touched.sorted()
            var last: AccountID?
            seen.removeAll { id in
                defer { last = id }
                return id == last
            }
            ids = seen
        }
        return ids.compactMap { id in
            guard account(id).role == .margin else { return nil }
            return AccountHealthRecord(
                account: id, equity: plainEquity(of: id, at: prices),
                initial: health(of: id, .initial), maintenance: health(of: id, .maintenance),
                trueMaintenance: health(of: id, .maintenance, at: truth))
        }
    }

    /// One line about the whole protocol.
    ///
    /// - Parameter inTruth: the accounts liquidatable at the outside prices: nobody else can be insolvent.
    func metric(
        onChain: Int, inTruth: [AccountID], truth: [Price], newly: NewlyLiquidatable
    ) -> ProtocolMetric {
        var openInterest: Money = .zero
        for market in parameters.markets.indices.map(MarketID.init(index:)) {
            openInterest += worth(self.openInterest(market), at: price(of: market))
        }
        var collateral: Money = .zero
        var fund: Money = .zero
        var debt: Money = .zero
        for asset in parameters.assets.indices.map(AssetID.init(index:)) {
            collateral += worth(deposited(asset) + spotReserved(asset), at: price(of: asset))
            fund += worth(balance(Self.insuranceFund, asset), at: price(of: asset))
            debt -= worth(balance(Self.badDebt, asset), at: price(of: asset))
        }
        var underwater: Money = .zero
        for id in inTruth {
            underwater += max(.zero, -plainEquity(of: id, at: truth))
        }
        let stale = parameters.feeds.indices.count { feed in
            guard let maxAge = parameters.feeds[feed].maxAge,
                let report = report(FeedID(index: feed))
            else { return false }
            return time - report.observedAt > maxAge
        }
        return ProtocolMetric(
            openInterest: openInterest, collateral: collateral, insuranceFund: fund, badDebt: debt,
            poolEquity: plainEquity(of: Self.liquidityPool, at: prices), underwater: underwater,
            liquidatableOnChain: onChain, liquidatableInTruth: inTruth.count, staleFeeds: stale,
            newlyLiquidatable: newly)
    }

    private func worth(_ quantity: Quantity, at price: Price) -> Money {
        guard let value = try? quantity.value(at: price, rounding: .down) else {
            preconditionFailure("the protocol's exposures are bounded")
        }
        return value
    }
}
