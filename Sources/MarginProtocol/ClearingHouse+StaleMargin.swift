public import ExactMath

/// What a trade that adds risk asks for at an old price.
///
/// Source: drift-labs/protocol-v2, controller/orders.rs (`oracle_stale_for_margin`) and math/margin.rs
/// (`margin_ratio_override`).
public struct StaleMargin: Hashable, Sendable {
    /// A price is stale for margin once its observation is further back than this.
    public var after: TimeSpan
    /// What every position, asset and debt of whoever adds risk is then asked for at least, 0…10; see ``ChosenMarginRatio``.
    public var ratio: Ratio
    public init(after: TimeSpan, ratio: Ratio) {
        self.after = after
        self.ratio = ratio
    }
}

extension ClearingHouse {
    /// How old a market's price is, where that is too old for margin; nil where it is not.
    func ageStaleForMargin(_ market: Int) -> TimeSpan? {
        guard let terms = parameters.staleMargin, let report = reports[marketRows[market].indexFeed]
        else { return nil }
        let age = time - report.observedAt
        return age > terms.after ? age : nil
    }

    /// At a price that is stale for margin risk changes hands, but open interest does not grow.
    @inline(never)
    func requireFreshMargin(_ parts: FillParts) throws(Rejection) {
        guard let age = ageStaleForMargin(parts.market),
            parts.longOpenInterest > marketRows[parts.market].longOpenInterest
        else { return }
        throw .priceStaleForMargin(
            FeedID(index: marketRows[parts.market].indexFeed), age: age)
    }

    /// The house as it looks at whoever adds risk at such a price: no margin ratio is below the one it asks for.
    @inline(never)
    func askingStaleMargin(_ market: Int) -> ClearingHouse? {
        guard let terms = parameters.staleMargin, ageStaleForMargin(market) != nil else {
            return nil
        }
        var asking = self
        asking.leastMarginRatio = terms.ratio
        asking.isPlain = false
        return asking
    }

    static func staleMarginProblems(_ parameters: ProtocolParameters) -> [String] {
        guard let terms = parameters.staleMargin else { return [] }
        return terms.after > .zero && weightRange.contains(terms.ratio)
            ? [] : ["a price is stale for margin after some time, at a ratio in 0…10"]
    }
}
