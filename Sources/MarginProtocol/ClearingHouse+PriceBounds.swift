import ExactMath
public import MarginRules

/// Prices with a lower and an upper bound.
///
/// A report's confidence is half of the spread that its feed has seen between bid and ask. Where a feed's prices have
/// bounds, what is held is valued at the lower and what is owed at the upper one, and trades against a pool buy at the
/// upper and sell at the lower. Source: gmx-io/gmx-synthetics @a5c0c88 contracts/price/Price.sol,
/// contracts/oracle/ChainlinkDataStreamProvider.sol.
extension ClearingHouse {
    /// The bounds of an asset's price, twice the same where it has none; nil before its first report.
    public func priceRange(of asset: AssetID) -> PriceRange? {
        let feed = assetRows[asset.index].feed
        return prices[feed].isPositive ? range(feed, prices) : nil
    }

    /// The bounds of a price among others, at least one unit; a mark is one price.
    @inline(never)
    func range(_ feed: Int, _ prices: [Price]) -> PriceRange {
        let price = max(prices[feed], Price(raw: 1))
        guard hasBounds else { return PriceRange(price) }
        let half = halfSpread(feed)
        return PriceRange(minimum: max(price - half, Price(raw: 1)), maximum: price + half)
    }

    /// The bound that is worse for whoever owns something, or for whoever owes it; zero before the first report.
    @inline(never)
    func bounded(_ feed: Int, _ prices: [Price], owned: Bool) -> Price {
        guard prices[feed].isPositive else { return prices[feed] }
        let range = range(feed, prices)
        return owned ? range.minimum : range.maximum
    }

    /// Half of what is left of the last report's spread once it is narrowed.
    private func halfSpread(_ feed: Int) -> Price {
        guard parameters.feeds.indices.contains(feed),
            let reduction = parameters.feeds[feed].spreadReduction, let report = reports[feed],
            report.confidence.isPositive
        else { return .zero }
        // Reports with a wider spread are refused.
        let seen = PriceRange(
            minimum: report.price - report.confidence, maximum: report.price + report.confidence)
        let left = unbounded { () throws(ArithmeticOverflow) in try seen.narrowed(by: reduction) }
        return Price(raw: (left.maximum.raw - left.minimum.raw) / 2)
    }

    /// The lower bound is above zero, and the upper fits.
    func requireBounds(_ report: PriceReport, _ rules: FeedParameters) throws(Rejection) {
        guard rules.spreadReduction != nil else { return }
        guard report.confidence < report.price, report.price.raw <= .max / 2 else {
            throw .confidenceTooWide(report.confidence)
        }
    }

    /// The highest price at which a report may value anything.
    func upper(_ report: PriceReport, _ feed: Int) -> Price {
        parameters.feeds[feed].spreadReduction == nil
            ? report.price : report.price + report.confidence
    }

    /// What the lower bounds take off an account's holdings, and the upper ones add to its debts. [1e-8 USD]
    func boundsLoss(_ account: Int) -> Int64 {
        guard hasBounds else { return 0 }
        var loss: Int64 = 0
        for asset in Bits(mask: accounts[account].assets) {
            let amount = holding(account, asset)
            let feed = assetRows[asset].feed
            loss +=
                scaled(amount, prices[feed].raw, .down)
                - scaled(amount, bounded(feed, prices, owned: amount > 0).raw, .down)
        }
        return loss
    }
}
