public import ExactMath

/// The side of a position against a pool.
public enum PoolSide: Int8, Sendable, Hashable, CaseIterable {
    case long, short

    /// The other side.
    public var opposite: PoolSide { self == .long ? .short : .long }
}

/// The long and the short open interest of one market, in dollars.
///
/// Either the sum of the sizes at entry, or tokens at the middle price, whichever the pool balances
/// by.
public struct PoolOpenInterest: Sendable, Hashable {
    /// Long open interest, zero or more. [1e-8 USD]
    public var long: Money
    /// Short open interest, zero or more. [1e-8 USD]
    public var short: Money

    public init(long: Money, short: Money) {
        self.long = long
        self.short = short
    }

    /// Open interest counted in tokens, at the middle of the index price, rounded down.
    ///
    /// Source: gmx-io/gmx-synthetics contracts/market/MarketUtils.sol
    /// `getOpenInterestInTokensInUsd`.
    public init(longTokens: Quantity, shortTokens: Quantity, at price: PriceRange)
        throws(ArithmeticOverflow)
    {
        self.init(
            long: try longTokens.value(at: price.middle, rounding: .down),
            short: try shortTokens.value(at: price.middle, rounding: .down))
    }

    /// Open interest that stands for an inventory shared by several markets, before a change.
    ///
    /// A decrease is added to both sides first, so that it can be taken from either.
    /// Source: gmx-io/gmx-synthetics contracts/pricing/PositionPricingUtils.sol
    /// `getNextOpenInterestForVirtualInventory`.
    /// - Parameter virtualInventory: positive when shorts outweigh longs over all of them. [1e-8
    ///   USD]
    /// - Parameter change: the change in size that follows, negative for a decrease. [1e-8 USD]
    public init(virtualInventory: Money, before change: Money) {
        let offset = change.isNegative ? -change : .zero
        self.init(
            long: (virtualInventory.isPositive ? .zero : -virtualInventory) + offset,
            short: (virtualInventory.isPositive ? virtualInventory : .zero) + offset)
    }

    /// The open interest of one side. [1e-8 USD]
    public subscript(side: PoolSide) -> Money {
        get { side == .long ? long : short }
        set { if side == .long { long = newValue } else { short = newValue } }
    }

    /// The absolute difference of the sides. [1e-8 USD]
    public var imbalance: Money { (long - short).magnitude }

    /// Both sides together. [1e-8 USD]
    public var total: Money { long + short }

    /// Open interest after a change of one side, at least zero.
    ///
    /// Halves of a single-token market are rounded down, so a decrease may exceed what is counted;
    /// the true open interest is checked elsewhere. Source: PositionPricingUtils.sol
    /// `getNextOpenInterestParams`.
    public func changed(by change: Money, on side: PoolSide) -> PoolOpenInterest {
        var next = self
        next[side] = max(next[side] + change, .zero)
        return next
    }
}
