public import ExactMath

/// A position against the GLP pool of GMX v1, whose collateral is a sum in dollars.
///
/// Source: gmx-io/gmx-contracts contracts/core/Vault.sol `getDelta`, `getNextAveragePrice`.
public struct GLPPosition: Sendable, Hashable {
    public var side: PoolSide
    /// The size, zero or more. [1e-8 USD]
    public var size: Money
    /// The collateral, fixed in dollars when it was deposited. [1e-8 USD]
    public var collateral: Money
    /// The price from which profit counts. [1e-8 USD per index token]
    public var averagePrice: Price

    public init(side: PoolSide, size: Money, collateral: Money, averagePrice: Price) {
        self.side = side
        self.size = size
        self.collateral = collateral
        self.averagePrice = averagePrice
    }

    /// A small profit made quickly does not count: it may come from knowing the next price.
    public struct MinimumProfit: Sendable, Hashable {
        /// The largest profit that does not count, as a share of the size. [1e-8]
        public var share: Ratio
        /// For how long after the last increase; at exactly this time it does not count yet.
        public var span: TimeSpan

        public init(share: Ratio, span: TimeSpan) {
            self.share = share
            self.span = span
        }

        /// Every profit counts.
        public static let none = MinimumProfit(share: .zero, span: .zero)
    }

    /// The profit of the whole position at its closing price, its magnitude rounded down. [1e-8
    /// USD]
    /// - Parameter held: the time since the last increase.
    public func profit(
        at price: PriceRange, held: TimeSpan = .zero, minimum: MinimumProfit = .none
    ) throws(ArithmeticOverflow) -> Money {
        let profit = try glpProfit(
            side, size: size, averagePrice: averagePrice, price: price.closing(side))
        guard profit.isPositive, held <= minimum.span,
            product(profit.raw, scaleE8) <= product(size.raw, minimum.share.raw)
        else { return profit }
        return .zero
    }

    /// The average price after an increase, rounded down, which keeps the profit as it is.
    /// [1e-8 USD per index token]
    ///
    /// `next price · next size / (next size ± profit)`.
    /// - Parameters:
    ///   - increase: zero or more. [1e-8 USD]
    ///   - price: the opening price of the increase. [1e-8 USD per index token]
    ///   - profit: the position's before the increase, at its closing price. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` also where the profit leaves nothing to divide by.
    public func averagePrice(increasedBy increase: Money, at price: Price, profit: Money)
        throws(ArithmeticOverflow) -> Price
    {
        guard size.isPositive else { return price }
        return try nextAveragePrice(
            side, size: size, increase: increase, price: price, profit: profit)
    }

    /// The size as a multiple of the collateral, rounded down to a basis point. [1e-8]
    ///
    /// Source: `getPositionLeverage`.
    /// - Precondition: some collateral.
    public func leverage() throws(ArithmeticOverflow) -> Ratio {
        precondition(collateral.isPositive, "the leverage of no collateral")
        let points = try multiply(size.raw, 10_000, dividingBy: collateral.raw, rounding: .down)
        return try Ratio(checked: product(points, 10_000))
    }
}

/// All shorts of one index token, as if they were one position.
///
/// The vault keeps no sum of tokens; it moves an average price with each increase and leaves it as
/// it is at each decrease. The pool's value rests on it, so it was what the exploit of July 2025
/// distorted.
/// Source: gmx-io/gmx-contracts contracts/core/Vault.sol `getNextGlobalShortAveragePrice`.
public struct GLPGlobalShort: Sendable, Hashable {
    /// The sum of the sizes. [1e-8 USD]
    public var size: Money
    /// Their average price. [1e-8 USD per index token]
    public var averagePrice: Price

    public init(size: Money = .zero, averagePrice: Price = .zero) {
        self.size = size
        self.averagePrice = averagePrice
    }

    /// Their profit at a price, its magnitude rounded down. [1e-8 USD]
    public func profit(at price: Price) throws(ArithmeticOverflow) -> Money {
        guard size.isPositive else { return .zero }
        return try glpProfit(.short, size: size, averagePrice: averagePrice, price: price)
    }

    /// The shorts after an increase at a price.
    public func increased(by increase: Money, at price: Price)
        throws(ArithmeticOverflow) -> GLPGlobalShort
    {
        guard size.isPositive else { return GLPGlobalShort(size: increase, averagePrice: price) }
        return GLPGlobalShort(
            size: size + increase,
            averagePrice: try nextAveragePrice(
                .short, size: size, increase: increase, price: price,
                profit: profit(at: price)))
    }

    /// The shorts after a decrease; never below zero.
    public func decreased(by decrease: Money) -> GLPGlobalShort {
        GLPGlobalShort(size: max(size - decrease, .zero), averagePrice: averagePrice)
    }
}

/// `size · (price − average) / average`, its magnitude rounded down; the opposite for a short.
private func glpProfit(_ side: PoolSide, size: Money, averagePrice: Price, price: Price)
    throws(ArithmeticOverflow) -> Money
{
    precondition(averagePrice.isPositive, "a position has a price")
    let move = side == .long ? price - averagePrice : averagePrice - price
    return try size.scaled(by: move.raw, over: averagePrice.raw, rounding: .towardZero)
}

private func nextAveragePrice(
    _ side: PoolSide, size: Money, increase: Money, price: Price, profit: Money
) throws(ArithmeticOverflow) -> Price {
    let next = size + increase
    let divisor = side == .long ? next + profit : next - profit
    guard divisor.isPositive else { throw ArithmeticOverflow() }
    return try price.scaled(by: next.raw, over: divisor.raw, rounding: .down)
}
