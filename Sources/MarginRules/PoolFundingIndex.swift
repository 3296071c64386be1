public import ExactMath

/// One amount for each token that may be collateral of a market.
///
/// A market whose long and short token are the same uses the long one only.
public struct PoolTokenPair<Value: Sendable & Hashable>: Sendable, Hashable {
    public var longToken: Value
    public var shortToken: Value

    public init(longToken: Value, shortToken: Value) {
        self.longToken = longToken
        self.shortToken = shortToken
    }
}

/// How much the funding indexes of a market grew.
public struct PoolFundingGrowth: Sendable, Hashable {
    /// The side that pays.
    public var payer: PoolSide
    /// What a payer owes in the token of its collateral, rounded up. [1e-18 tokens per USD of size]
    public var fee: PoolTokenPair<Fixed18>
    /// What a receiver may claim in each token, rounded down. [1e-18 tokens per USD of size]
    public var claimable: PoolTokenPair<Fixed18>
}

extension PoolFundingRate {
    /// The growth of the indexes over a span of time at this rate.
    ///
    /// Each payer pays in the token of its collateral, each receiver gets a share of both; so what
    /// is paid in one token is spread over the payers holding it and over all receivers. Rounding
    /// up for payers and down for receivers keeps the pool from owing more than it collects.
    /// Source: gmx-io/gmx-synthetics contracts/market/MarketUtils.sol
    /// `getNextFundingAmountPerSize`.
    /// - Parameters:
    ///   - long: long open interest by collateral token. [1e-8 USD]
    ///   - short: short open interest by collateral token. [1e-8 USD]
    ///   - prices: of the collateral tokens; their maximum counts.
    public func growth(
        long: PoolTokenPair<Money>, short: PoolTokenPair<Money>,
        prices: PoolTokenPair<PriceRange>, over span: TimeSpan
    ) throws(ArithmeticOverflow) -> PoolFundingGrowth {
        let paying = payer == .long ? long : short
        let receiving = payer == .long ? short : long
        let payingSize = paying.longToken + paying.shortToken
        let receivingSize = receiving.longToken + receiving.shortToken
        guard payingSize.isPositive, receivingSize.isPositive else {
            let none = PoolTokenPair(longToken: Fixed18.zero, shortToken: Fixed18.zero)
            return PoolFundingGrowth(payer: payer, fee: none, claimable: none)
        }
        // What the paying side owes per dollar of its size; the same for each of its tokens.
        let owed = try Fixed18(payingSize)
            .multiplied(by: effective.accrued(over: span, rounding: .down), rounding: .down)
        let inLong = try owed.scaled(
            by: Int128(paying.longToken.raw), over: Int128(payingSize.raw), rounding: .down)
        let inShort = try owed.scaled(
            by: Int128(paying.shortToken.raw), over: Int128(payingSize.raw), rounding: .down)
        return PoolFundingGrowth(
            payer: payer,
            fee: PoolTokenPair(
                longToken: try perSize(
                    inLong, paying.longToken, prices.longToken.maximum, .up),
                shortToken: try perSize(
                    inShort, paying.shortToken, prices.shortToken.maximum, .up)),
            claimable: PoolTokenPair(
                longToken: try perSize(
                    inLong, receivingSize, prices.longToken.maximum, .down),
                shortToken: try perSize(
                    inShort, receivingSize, prices.shortToken.maximum, .down)))
    }

    /// `value / size / price`, rounded the same way twice. [1e-18 tokens per USD]
    private func perSize(_ value: Fixed18, _ size: Money, _ price: Price, _ rounding: Rounding)
        throws(ArithmeticOverflow) -> Fixed18
    {
        guard value > .zero, size.isPositive else { return .zero }
        return try value.divided(by: Fixed18(size), rounding: rounding)
            .divided(by: Fixed18(price), rounding: rounding)
    }
}

/// What a position has paid or earned since it last settled its funding.
public enum PoolFundingIndex {
    /// The fee of a payer, rounded up. [1e-8 tokens]
    /// - Parameters:
    ///   - from: the index at the position's last settlement. [1e-18 tokens per USD of size]
    ///   - to: the index now, at least `from`.
    public static func fee(size: Money, from: Fixed18, to: Fixed18)
        throws(ArithmeticOverflow) -> Quantity
    {
        try amount(size: size, from: from, to: to, rounding: .up)
    }

    /// What a receiver may claim, rounded down. [1e-8 tokens]
    public static func claimable(size: Money, from: Fixed18, to: Fixed18)
        throws(ArithmeticOverflow) -> Quantity
    {
        try amount(size: size, from: from, to: to, rounding: .down)
    }

    private static func amount(size: Money, from: Fixed18, to: Fixed18, rounding: Rounding)
        throws(ArithmeticOverflow) -> Quantity
    {
        precondition(to >= from, "a funding index only grows")
        return Quantity(raw: try size.scaled(by: to - from, rounding: rounding).raw)
    }
}
