public import ExactMath

/// What a position pays the pool for the reserve that it keeps from other uses.
///
/// Rates are per year of 365 days; a contract's factor per second times 31,536,000 is the rate
/// here.
/// Source: gmx-io/gmx-synthetics contracts/market/MarketUtils.sol `getBorrowingFactorPerSecond`.
public struct PoolBorrowing: Sendable, Hashable {
    /// How the rate follows the use of the pool.
    public enum Law: Sendable, Hashable {
        /// `rate = factor · reserved^exponent / pool`. [1e-18 per year, 1e-8]
        case curve(factor: Fixed18, exponent: Ratio)
        /// `rate = usage · base`, and above the optimal usage also
        /// `(above − base) · (usage − optimal) / (1 − optimal)`. [1e-8, 1e-18 per year]
        case kink(optimalUsage: Ratio, base: Fixed18, above: Fixed18)
    }

    public var law: Law
    /// Whether the side with less open interest pays nothing.
    public var skipsSmallerSide: Bool

    public init(law: Law, skipsSmallerSide: Bool) {
        self.law = law
        self.skipsSmallerSide = skipsSmallerSide
    }

    /// The rate of one side, rounded down. [1e-18 per year]
    /// - Parameters:
    ///   - reserved: see ``PoolReserves/reserved(_:openInterest:tokens:indexPrice:)``. [1e-8 USD]
    ///   - pool: that side of the pool at its minimum price. [1e-8 USD]
    ///   - reserves: whose reserve for open interest is the full use of the pool.
    ///   - balance: open interest in the measure by which the pool balances.
    /// - Throws: ``ArithmeticOverflow`` when the rate does not fit, and where something is reserved
    ///   of a pool that may reserve nothing, for which the contract has no rate either.
    public func rate(
        _ side: PoolSide, reserved: Money, pool: Money, reserves: PoolReserves,
        balance: PoolOpenInterest
    ) throws(ArithmeticOverflow) -> Fixed18 {
        guard reserved.isPositive else { return .zero }
        if skipsSmallerSide, balance[side] < balance[side.opposite] { return .zero }
        guard pool.isPositive else { throw ArithmeticOverflow() }
        switch law {
        case .curve(let factor, let exponent):
            // The power first, so that the factor does not round what it multiplies.
            return try ExponentFactor(factor: .one, exponent: exponent).value(of: reserved)
                .scaled(by: factor.raw, over: Fixed18(pool).raw, rounding: .down)
        case .kink(let optimal, let base, let above):
            return try kinked(
                usage: reserves.usage(reserved: reserved, pool: pool), optimal: optimal,
                base: base, above: above)
        }
    }

    /// The kinked rate at a usage, which prices may push above one. [1e-18 per year]
    private func kinked(usage: Fixed18, optimal: Ratio, base: Fixed18, above: Fixed18)
        throws(ArithmeticOverflow) -> Fixed18
    {
        let rate = try usage.multiplied(by: base, rounding: .down)
        let excess = usage - Fixed18(optimal)
        guard excess > .zero, optimal < .one else { return rate }
        let steeper = max(above - base, .zero)
        return rate
            + (try steeper.scaled(
                by: excess.raw, over: Fixed18(.one - optimal).raw, rounding: .down))
    }
}

/// The borrowing that positions of one side owe, from an index that grows with the rate.
public struct PoolBorrowingIndex: Sendable, Hashable {
    /// The cumulative factor, per dollar of size. [1e-18]
    public var cumulative: Fixed18
    /// The sum over positions of size times the index at which each last settled. [1e-8 USD]
    public var settled: Money

    public init(cumulative: Fixed18 = .zero, settled: Money = .zero) {
        self.cumulative = cumulative
        self.settled = settled
    }

    /// The index after a span of time at an annual rate, rounded down.
    /// - Parameter rate: zero or more. [1e-18 per year]
    public func grown(at rate: Fixed18, over span: TimeSpan)
        throws(ArithmeticOverflow) -> PoolBorrowingIndex
    {
        PoolBorrowingIndex(
            cumulative: cumulative + (try rate.accrued(over: span, rounding: .down)),
            settled: settled)
    }

    /// The fee of a position, rounded down. [1e-8 USD]
    /// - Parameter entry: the index at its last settlement, at most the index now. [1e-18]
    public func fee(size: Money, entry: Fixed18) throws(ArithmeticOverflow) -> Money {
        precondition(entry <= cumulative, "a borrowing index only grows")
        return try size.scaled(by: cumulative - entry, rounding: .down)
    }

    /// What all positions of the side owe, at least zero. [1e-8 USD]
    ///
    /// Source: `getTotalPendingBorrowingFees`.
    public func pendingFees(openInterest: Money) throws(ArithmeticOverflow) -> Money {
        // Each settled share is rounded by itself, so their sum may exceed the whole by some units.
        max(try openInterest.scaled(by: cumulative, rounding: .down) - settled, .zero)
    }

    /// The index after a position settled and changed its size. Source: `getNextTotalBorrowing`.
    /// - Parameters:
    ///   - entry: the index at the position's last settlement. [1e-18]
    ///   - before: its size until now. [1e-8 USD]
    ///   - after: its size from now on. [1e-8 USD]
    public func settling(entry: Fixed18, size before: Money, to after: Money)
        throws(ArithmeticOverflow) -> PoolBorrowingIndex
    {
        let old = try before.scaled(by: entry, rounding: .down)
        let new = try after.scaled(by: cumulative, rounding: .down)
        return PoolBorrowingIndex(cumulative: cumulative, settled: settled - old + new)
    }
}
