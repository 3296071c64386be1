public import ExactMath

/// What positions pay GMX v1's pool for the tokens that they reserve, once per interval.
///
/// Rates are whole millionths, as in the contract: rounding to them is part of the rule.
/// Source: gmx-io/gmx-contracts contracts/core/Vault.sol `updateCumulativeFundingRate`,
/// `getNextFundingRate`; VaultUtils.sol `getFundingFee`.
public struct GLPFunding: Sendable, Hashable {
    /// The rate per interval of a pool that is reserved whole. [1e-8]
    public var factor: Ratio
    /// The interval, to whose multiples since the epoch updates are aligned.
    public var interval: TimeSpan

    public init(factor: Ratio, interval: TimeSpan) {
        precondition(interval > .zero, "an interval takes time")
        self.factor = factor
        self.interval = interval
    }

    /// The rate of a number of intervals: `factor · reserved · intervals / pool`, rounded down to a
    /// millionth; nought of an empty pool. [1e-8]
    /// - Parameters:
    ///   - reserved: the tokens that positions reserve. [1e-8 units]
    ///   - pool: the tokens of the pool. [1e-8 units]
    public func rate(reserved: Quantity, pool: Quantity, intervals: Int64)
        throws(ArithmeticOverflow) -> Ratio
    {
        precondition(intervals >= 0, "time does not run backwards")
        guard pool.isPositive else { return .zero }
        let millionths = try multiplyWide(
            product(factor.raw, intervals), Int128(reserved.raw),
            dividingBy: Int128(pool.raw) * 100, rounding: .down)
        return try Ratio(millionths, times: 100, over: 1, rounding: .down)
    }

    /// The cumulative rate and the time to which it is up to date.
    public struct Index: Sendable, Hashable {
        /// [1e-8 of a position's size]
        public var cumulative: Ratio
        /// A multiple of the interval; nil before the first update.
        public var updatedAt: Timestamp?

        public init(cumulative: Ratio = .zero, updatedAt: Timestamp? = nil) {
            self.cumulative = cumulative
            self.updatedAt = updatedAt
        }
    }

    /// The index now: unchanged until a whole interval has passed.
    ///
    /// The intervals since the last update all count at the use of the pool as it is now.
    public func updated(_ index: Index, reserved: Quantity, pool: Quantity, now: Timestamp)
        throws(ArithmeticOverflow) -> Index
    {
        let length = interval.milliseconds
        let aligned = Timestamp(milliseconds: now.milliseconds / length * length)
        guard let last = index.updatedAt else {
            return Index(cumulative: index.cumulative, updatedAt: aligned)
        }
        guard last + interval <= now else { return index }
        let intervals = (now - last).milliseconds / length
        let rate = try rate(reserved: reserved, pool: pool, intervals: intervals)
        return Index(cumulative: try index.cumulative.adding(rate), updatedAt: aligned)
    }

    /// The fee of a position since its entry, rounded down. [1e-8 USD]
    /// - Parameters:
    ///   - entry: the cumulative rate when it last paid. [1e-8]
    ///   - cumulative: the cumulative rate now, at least `entry`. [1e-8]
    public static func fee(size: Money, entry: Ratio, cumulative: Ratio)
        throws(ArithmeticOverflow) -> Money
    {
        precondition(cumulative >= entry, "a cumulative rate only grows")
        return try size.scaled(by: cumulative - entry, rounding: .down)
    }
}
