public import ExactMath

/// Which end of what is uncertain a valuation takes.
public enum PoolValuation: Sendable, Hashable, CaseIterable {
    /// The lower end.
    case minimum
    /// The upper end.
    case maximum

    /// The other end.
    public var opposite: PoolValuation { self == .minimum ? .maximum : .minimum }
}

/// The lowest and the highest price at which an oracle says an asset trades: bid and ask.
///
/// A pool values each thing at the end that favours its depositors: collateral at the minimum, an
/// opening long at the maximum. Source: gmx-io/gmx-synthetics contracts/price/Price.sol.
public struct PriceRange: Sendable, Hashable {
    /// The bid. [1e-8 USD per unit]
    public var minimum: Price
    /// The ask, at least the minimum. [1e-8 USD per unit]
    public var maximum: Price

    /// A range.
    /// - Precondition: `0 < minimum ≤ maximum`; an oracle report that is not so is refused earlier.
    public init(minimum: Price, maximum: Price) {
        precondition(minimum > .zero && minimum <= maximum, "a price range is positive and ordered")
        self.minimum = minimum
        self.maximum = maximum
    }

    /// A range without a spread.
    public init(_ price: Price) { self.init(minimum: price, maximum: price) }

    /// The lowest and the highest of the last rounds of a feed; nil without a round.
    ///
    /// GMX v1 prices this way (three rounds in its tests, one in production), so that a trader
    /// cannot pick the better side of a round that is about to change.
    /// Source: gmx-io/gmx-contracts contracts/core/VaultPriceFeed.sol `getPrimaryPrice`.
    public init?(samples: [Price]) {
        guard let minimum = samples.min(), let maximum = samples.max(), minimum > .zero else {
            return nil
        }
        self.init(minimum: minimum, maximum: maximum)
    }

    /// Halfway, rounded down. [1e-8 USD per unit]
    public var middle: Price {
        Price(raw: minimum.raw + (maximum.raw - minimum.raw) / 2)
    }

    /// The minimum or the maximum.
    public func picked(_ end: PoolValuation) -> Price { end == .maximum ? maximum : minimum }

    /// The end that makes the profit of a position on that side smallest or largest.
    public func picked(forProfitOf side: PoolSide, _ end: PoolValuation) -> Price {
        picked(side == .long ? end : end.opposite)
    }

    /// The price at which a position is opened: the worse end for the trader.
    public func opening(_ side: PoolSide) -> Price { side == .long ? maximum : minimum }

    /// The price at which a position is closed: the worse end for the trader.
    public func closing(_ side: PoolSide) -> Price { side == .long ? minimum : maximum }

    /// The range with a part of its spread taken away on both sides, by the same whole amount.
    ///
    /// Source: gmx-io/gmx-synthetics contracts/oracle/ChainlinkDataStreamProvider.sol: the half
    /// spread and the cut are rounded down; a full reduction gives the middle twice.
    /// - Parameter reduction: between zero and one; more is refused by the contract.
    public func narrowed(by reduction: Ratio) throws(ArithmeticOverflow) -> PriceRange {
        precondition(reduction >= .zero && reduction <= .one, "a reduction is at most all of it")
        guard reduction != .one else { return PriceRange(middle) }
        let half = Price(raw: (maximum.raw - minimum.raw) / 2)
        let cut = try half.scaled(by: reduction, rounding: .down)
        return PriceRange(minimum: minimum + cut, maximum: maximum - cut)
    }

    /// The range widened by a share of each end, both rounded down.
    ///
    /// Source: gmx-io/gmx-contracts contracts/core/VaultPriceFeed.sol `getPriceV2`, spread basis
    /// points.
    /// - Parameter spread: at least zero and below one.
    public func widened(by spread: Ratio) throws(ArithmeticOverflow) -> PriceRange {
        precondition(spread >= .zero && spread < .one, "a spread leaves a positive price")
        return PriceRange(
            minimum: try minimum.scaled(by: .one - spread, rounding: .down),
            maximum: try maximum.scaled(by: .one + spread, rounding: .down))
    }

    /// The range of a stablecoin that is held at one dollar unless it leaves a band around it.
    ///
    /// Above the band only the maximum moves, below it only the minimum: a depeg is priced against
    /// whoever trades on it. A deviation equal to the band is still one dollar.
    /// Source: gmx-io/gmx-contracts contracts/core/VaultPriceFeed.sol, strict stable tokens.
    public func heldAtOneDollar(within band: Price) -> PriceRange {
        let dollar = Price(whole: 1)
        let high = maximum - dollar > band ? maximum : dollar
        let low = dollar - minimum > band ? minimum : dollar
        return PriceRange(minimum: low, maximum: high)
    }
}
