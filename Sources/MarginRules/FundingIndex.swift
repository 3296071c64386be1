public import ExactMath

/// Funding as a growing index per market, settled when an account is next touched.
///
/// The index is money per unit of size, what one unit of a long has paid since the start. A block
/// then moves one number and not every account.
///
/// Source: dydxprotocol/v4-chain `x/perpetuals/funding/funding.go` (`GetFundingIndexDelta`),
/// `x/perpetuals/lib/lib.go` (`GetSettlementPpmWithPerpetual`).
public struct FundingIndex: Hashable, Sendable {
    /// The step the index moves in, greater than zero; nil for 1e-18. [1e-18 USD per unit]
    ///
    /// dYdX counts in millionths of 1e-6 USDC per base quantum of 10^r coins: 1e-12 / 10^r USDC per
    /// coin, which is 0.01 for its bitcoin (r = −10).
    public var resolution: Fixed18?

    public init(resolution: Fixed18? = nil) { self.resolution = resolution }

    /// By how much the index moves: `rate · elapsed / period · price`, toward zero.
    ///
    /// [1e-18 USD per unit]
    /// - Parameter rate: for a whole `period`.
    /// - Parameter price: the index (oracle) price.
    /// - Throws: ``ArithmeticOverflow`` when the movement does not fit.
    public func delta(
        rate: Fixed18, elapsed: TimeSpan, period: TimeSpan = TimeSpan(seconds: 28_800), price: Price
    ) throws(ArithmeticOverflow) -> Fixed18 {
        let whole = try Fixed18(price).multiplied(by: rate, rounding: .towardZero)
        let part = try RateArithmetic.scale(
            whole, by: elapsed.milliseconds, over: period.milliseconds, rounding: .towardZero)
        return RateArithmetic.truncate(part, to: resolution)
    }

    /// What a position has received since it was last settled, negative where it has paid: the
    /// exact `−size · (index − entry)`, rounded down to 1e-18. [1e-18 USD]
    /// - Throws: ``ArithmeticOverflow`` when the amount does not fit.
    public static func accrued(
        size: Quantity, entry: Fixed18, index: Fixed18
    ) throws(ArithmeticOverflow) -> Fixed18 {
        try Fixed18(size).multiplied(
            by: try RateArithmetic.difference(entry, index), rounding: .down)
    }

    /// One account's settlement: the sum of what its positions accrued, rounded down once.
    ///
    /// dYdX rounds here once per account and not per position; it rounds to 1e-6 USDC, this to
    /// 1e-8.
    /// - Throws: ``ArithmeticOverflow`` when the sum does not fit.
    public static func settlement(
        of accrued: some Sequence<Fixed18>
    ) throws(ArithmeticOverflow) -> Money {
        var sum = Fixed18.zero
        for amount in accrued { sum = try RateArithmetic.sum(sum, amount) }
        return try sum.rounded(to: Money.self, .down)
    }
}
