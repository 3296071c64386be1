public import ExactMath

/// How much of a market may be liquidated in a rolling window, all accounts together.
///
/// The amount that arbitrage is expected to absorb: (maker + taker fee) · skew scale · multiplier per
/// second. Source: Synthetixio/synthetix-v3 markets/perps-market/contracts/storage/PerpsMarket.sol
/// (`maxLiquidatableAmount`, `currentLiquidationCapacity`) and PerpsMarketConfiguration.sol.
public struct LiquidationWindow: Hashable, Sendable {
    /// [1e-8]
    public let makerFee: Ratio
    /// [1e-8]
    public let takerFee: Ratio
    /// [1e-8 units]
    public let skewScale: Quantity
    /// [1e-8]
    public let multiplier: Ratio
    /// The length of the window, in whole seconds. [milliseconds]
    public let length: TimeSpan
    /// The share of skew in the skew scale below which an exhausted window still allows one more
    /// liquidation per block; zero for never. [1e-8]
    public let maximumPremium: Ratio

    public init(
        makerFee: Ratio, takerFee: Ratio, skewScale: Quantity, multiplier: Ratio,
        length: TimeSpan, maximumPremium: Ratio
    ) {
        precondition(!makerFee.isNegative && !takerFee.isNegative && !skewScale.isNegative)
        precondition(!multiplier.isNegative && length >= .zero && !maximumPremium.isNegative)
        self.makerFee = makerFee
        self.takerFee = takerFee
        self.skewScale = skewScale
        self.multiplier = multiplier
        self.length = length
        self.maximumPremium = maximumPremium
    }

    /// What was liquidated at one time.
    public struct Record: Hashable, Sendable {
        public let time: Timestamp
        /// Without sign. [1e-8 units]
        public let amount: Quantity

        public init(time: Timestamp, amount: Quantity) {
            self.time = time
            self.amount = amount
        }
    }

    /// The most that one window allows, down; zero where the market is not configured. [1e-8 units]
    public func maximumAmount() throws(ArithmeticOverflow) -> Quantity {
        let perSecond = try Fixed18(makerFee + takerFee)
            .multiplied(by: Fixed18(skewScale), rounding: .down)
            .multiplied(by: Fixed18(multiplier), rounding: .down)
        let amount = Fixed18(
            raw: try CheckedInt128.product(perSecond.raw, Int128(length.milliseconds / 1_000)))
        return try amount.rounded(to: Quantity.self, .down)
    }

    /// How many windows a position needs, up; zero where the market is not configured.
    /// - Parameter size: the signed size.
    public func windows(for size: Quantity) throws(ArithmeticOverflow) -> Int64 {
        let most = try maximumAmount()
        guard most.isPositive else { return 0 }
        return try divide(Int128(size.raw.magnitude), by: most.raw, rounding: .up)
    }

    /// What the window still allows. [1e-8 units]
    /// - Parameter history: past liquidations of the market, oldest first; those younger than the window
    ///   count, one exactly its length ago does not.
    public func capacity(after history: [Record], now: Timestamp)
        throws(ArithmeticOverflow) -> Quantity
    {
        var used = Quantity.zero
        for record in history.reversed() {
            guard record.time > now - length else { break }
            used = try used.adding(record.amount)
        }
        return max(.zero, try maximumAmount() - used)
    }

    /// How much of a requested liquidation is allowed. [1e-8 units]
    ///
    /// Everything where the market is not configured. With an exhausted window and a skew below the
    /// maximum premium, one window's amount, once per block.
    /// - Parameters:
    ///   - requested: the size without sign.
    ///   - skew: longs less shorts of the market before the liquidation.
    ///   - now: the time of the block: liquidations of the same block have the same time.
    public func allowed(
        _ requested: Quantity, after history: [Record], skew: Quantity, now: Timestamp
    ) throws(ArithmeticOverflow) -> Quantity {
        precondition(!requested.isNegative, "a size has no sign here")
        let most = try maximumAmount()
        guard most.isPositive else { return requested }
        let capacity = try capacity(after: history, now: now)
        if capacity.isPositive { return min(capacity, requested) }
        guard maximumPremium.isPositive, history.last?.time != now else { return .zero }
        let premium = try Fixed18(skew.magnitude).divided(by: Fixed18(skewScale), rounding: .down)
        return premium < Fixed18(maximumPremium) ? min(most, requested) : .zero
    }

    /// The history with one more liquidation; those of the same time are one record.
    public static func recording(_ amount: Quantity, at now: Timestamp, in history: [Record])
        throws(ArithmeticOverflow) -> [Record]
    {
        guard amount.isPositive else { return history }
        var history = history
        if let last = history.last, last.time == now {
            history[history.count - 1] = Record(time: now, amount: try last.amount.adding(amount))
        } else {
            history.append(Record(time: now, amount: amount))
        }
        return history
    }
}
