public import ExactMath

/// A price and how much it counts.
public struct WeightedPrice: Hashable, Sendable {
    public var price: Price
    /// Zero or more, in any unit that the others share.
    public var weight: Int64

    public init(price: Price, weight: Int64) {
        precondition(weight >= 0, "a weight is not negative")
        self.price = price
        self.weight = weight
    }
}

/// Middle values of prices, which one wrong source cannot move far.
public enum PriceMedian {
    /// The middle price; of an even number the mean of the middle two, to the nearest 1e-8. Nil of
    /// none.
    public static func median(_ prices: [Price]) -> Price? {
        guard !prices.isEmpty else { return nil }
        let sorted = prices.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2)
            ? mean(sorted[middle - 1], sorted[middle]) : sorted[middle]
    }

    /// The lowest price that with all below it holds more than half of the weight; where some hold
    /// exactly half, the mean of it and the next. Nil without any weight.
    ///
    /// Hyperliquid's oracle is the weighted median of spot prices on Binance (3), OKX and Bybit (2
    /// each), Kraken, Kucoin, Gate and MEXC (1 each), and then of the validators by stake
    /// (Hyperliquid docs, "Oracle").
    /// - Throws: ``ArithmeticOverflow`` when the sum of the weights does not fit.
    public static func weighted(_ prices: [WeightedPrice]) throws(ArithmeticOverflow) -> Price? {
        var sorted = prices.filter { $0.weight > 0 }
        // Equal prices are interchangeable, so an unstable sort cannot change the result.
        sorted.sort { $0.price < $1.price }
        var total: Int64 = 0
        for entry in sorted { total = try sum(total, entry.weight) }
        var below: Int64 = 0
        for (index, entry) in sorted.enumerated() {
            below += entry.weight
            let rest = total - below
            if below > rest { return entry.price }
            if below == rest { return mean(entry.price, sorted[index + 1].price) }
        }
        return nil
    }

    /// The mean of two prices to the nearest 1e-8, a tie away from zero.
    static func mean(_ a: Price, _ b: Price) -> Price {
        let sum = Int128(a.raw) + Int128(b.raw)
        return Price(raw: Int64(sum / 2 + sum % 2))
    }
}
