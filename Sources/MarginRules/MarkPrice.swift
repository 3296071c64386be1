public import ExactMath

/// What a mark price is made of at one moment; a venue uses some of it.
public struct MarkPriceInputs: Hashable, Sendable {
    /// The index, or oracle, price.
    public var index: Price
    /// The best prices and the last trade on the venue's own book, where there are any.
    public var bestBid: Price?
    public var bestAsk: Price?
    public var lastTrade: Price?
    /// The last funding rate, for a whole ``fundingInterval``.
    public var fundingRate: Fixed18
    public var timeUntilFunding: TimeSpan
    public var fundingInterval: TimeSpan
    /// The average of `mid − index` (Binance: of 30 seconds; Bybit: 5 minutes; Hyperliquid: 150 s
    /// exponential), where there is one. [1e-18 USD per unit]
    public var averageBasis: Fixed18?
    /// The average of the median of bid, ask and last trade (Hyperliquid: 30 s exponential).
    public var averageBookPrice: Price?
    /// The same perpetual's mid price elsewhere.
    public var externalPrices: [WeightedPrice]

    public init(
        index: Price, bestBid: Price? = nil, bestAsk: Price? = nil, lastTrade: Price? = nil,
        fundingRate: Fixed18 = .zero, timeUntilFunding: TimeSpan = .zero,
        fundingInterval: TimeSpan = TimeSpan(seconds: 28_800), averageBasis: Fixed18? = nil,
        averageBookPrice: Price? = nil, externalPrices: [WeightedPrice] = []
    ) {
        self.index = index
        self.bestBid = bestBid
        self.bestAsk = bestAsk
        self.lastTrade = lastTrade
        self.fundingRate = fundingRate
        self.timeUntilFunding = timeUntilFunding
        self.fundingInterval = fundingInterval
        self.averageBasis = averageBasis
        self.averageBookPrice = averageBookPrice
        self.externalPrices = externalPrices
    }

    /// The median of those of bid, ask and last trade that exist.
    public var bookPrice: Price? {
        PriceMedian.median([bestBid, bestAsk, lastTrade].compactMap(\.self))
    }
}

/// The price at which a venue values positions and triggers liquidations.
public enum MarkPriceRule: Hashable, Sendable {
    /// The index itself: protocols without a book of their own.
    case index
    /// The middle of the venue's own book; none where a side is empty.
    case mid
    /// The index with the funding that is still to come, `index · (1 + rate · time left /
    /// interval)`: BitMEX. The basis decays to zero at each funding time.
    case fairBasis
    /// The index plus the average basis: OKX. The index where there is no average yet.
    case averageBasis
    /// The median of the fair price, of the index plus the average basis, and of the last trade:
    /// Binance, Bybit. Of fewer, where some do not exist yet.
    case medianOfThree
    /// The median of the oracle plus the average basis, of the book's median and of the weighted
    /// median elsewhere: Hyperliquid. Where exactly two exist, with the average of the book's
    /// median.
    case robustMedian

    /// The mark price, to the nearest 1e-8; nil where the rule has nothing to go by.
    ///
    /// - Throws: ``ArithmeticOverflow`` when a price does not fit.
    ///
    /// Source: BitMEX "Fair Price Marking"; Binance support faq 360033525071 (window: notice of
    /// 2025-09-16); Bybit help "Mark Price Calculation (Perpetual Contract)", 2024-10-16; OKX "Mark
    /// price and index price of margined contracts"; Hyperliquid docs "Robust price indices".
    public func markPrice(_ inputs: MarkPriceInputs) throws(ArithmeticOverflow) -> Price? {
        switch self {
        case .index: return inputs.index
        case .mid:
            guard let bid = inputs.bestBid, let ask = inputs.bestAsk else { return nil }
            return PriceMedian.mean(bid, ask)
        case .fairBasis: return try MarkPriceRule.fairPrice(inputs)
        case .averageBasis:
            return try MarkPriceRule.basisPrice(inputs) ?? inputs.index
        case .medianOfThree:
            let prices: [Price?] = [
                try MarkPriceRule.fairPrice(inputs), try MarkPriceRule.basisPrice(inputs),
                inputs.lastTrade,
            ]
            return PriceMedian.median(prices.compactMap(\.self))
        case .robustMedian: return try MarkPriceRule.robustPrice(inputs)
        }
    }

    /// The basis that is left of a funding rate: `rate · time left / interval`, to the nearest
    /// 1e-18.
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public static func fundingBasis(
        rate: Fixed18, timeLeft: TimeSpan, interval: TimeSpan
    ) throws(ArithmeticOverflow) -> Fixed18 {
        try FundingRate.prorated(rate, from: interval, to: timeLeft, rounding: .nearest)
    }

    private static func fairPrice(_ inputs: MarkPriceInputs) throws(ArithmeticOverflow) -> Price {
        let basis = try fundingBasis(
            rate: inputs.fundingRate, timeLeft: inputs.timeUntilFunding,
            interval: inputs.fundingInterval)
        return try RateArithmetic.price(
            inputs.index,
            plus: try Fixed18(inputs.index).multiplied(by: basis, rounding: .nearest))
    }

    private static func basisPrice(_ inputs: MarkPriceInputs) throws(ArithmeticOverflow) -> Price? {
        guard let basis = inputs.averageBasis else { return nil }
        return try RateArithmetic.price(inputs.index, plus: basis)
    }

    private static func robustPrice(_ inputs: MarkPriceInputs) throws(ArithmeticOverflow) -> Price?
    {
        let candidates: [Price?] = [
            try basisPrice(inputs), inputs.bookPrice,
            try PriceMedian.weighted(inputs.externalPrices),
        ]
        var prices = candidates.compactMap(\.self)
        if prices.count == 2, let average = inputs.averageBookPrice { prices.append(average) }
        return PriceMedian.median(prices)
    }
}
