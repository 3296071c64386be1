public import ExactMath

/// What an order that increases a position does to it.
public struct PoolIncrease: Sendable, Hashable {
    /// The impact, its gain capped; not charged now but kept with the position.
    public var impact: PriceImpact
    /// The tokens added to the position: at the oracle's price, without the impact; rounded down
    /// for a long, up for a short. [1e-8 index tokens]
    public var sizeInTokens: Quantity
    /// The impact added to the position's pending impact, rounded down. [1e-8 index tokens]
    public var pendingImpact: Quantity
    /// The price with the impact, which the order's acceptable price bounds; nil where the impact
    /// takes all of the order or more, for which the order is cancelled. [1e-8 USD per index token]
    public var executionPrice: Price?
}

/// What an order that decreases a position does, before its settlement.
public struct PoolDecrease: Sendable, Hashable {
    /// The impact of this decrease, its gain capped at a share of the size.
    public var impact: PriceImpact
    /// The tokens that it closes. [1e-8 index tokens]
    public var sizeInTokens: Quantity
    /// The price with the impact, which the order's acceptable price bounds; nil where the impact
    /// takes more than the order, for which the order is cancelled. [1e-8 USD per index token]
    public var executionPrice: Price?
}

extension PoolPriceImpact {
    /// The quote of an increase.
    ///
    /// `price = size / (size / oracle price ± impact / oracle price)`, in eighteen decimals and
    /// rounded down. Source: gmx-io/gmx-synthetics contracts/position/PositionUtils.sol
    /// `getExecutionPriceForIncrease`.
    /// - Parameters:
    ///   - size: zero or more; zero only adds collateral. [1e-8 USD]
    ///   - openInterest: in this rule's ``measure``.
    ///   - virtualInventory: in dollars, positive when shorts outweigh longs; nil without one.
    public func increase(
        by size: Money, on side: PoolSide, openInterest: PoolOpenInterest,
        indexPrice: PriceRange, virtualInventory: Money? = nil
    ) throws(ArithmeticOverflow) -> PoolIncrease {
        precondition(size >= .zero, "an increase is not negative")
        let price = indexPrice.opening(side)
        guard size.isPositive else {
            return PoolIncrease(
                impact: .none, sizeInTokens: .zero, pendingImpact: .zero, executionPrice: price)
        }
        let against: Rounding = side == .long ? .down : .up
        let tokens = try size.quantity(at: price, rounding: against)
        let change = try measured(size: size, tokens: tokens, indexPrice: indexPrice)
        var impact = try impact(
            of: change, on: side, openInterest: openInterest, virtualInventory: virtualInventory)
        impact.amount = try cappingGain(impact.amount, size: size)

        // A gain is turned into tokens at the maximum price and a charge at the minimum: both fewer
        // for the trader.
        let impactPrice = impact.amount.isPositive ? indexPrice.maximum : indexPrice.minimum
        let exact = try Fixed18(size).divided(by: Fixed18(price), rounding: against)
        let shift = try Fixed18(impact.amount).divided(by: Fixed18(impactPrice), rounding: .down)
        let filled = side == .long ? exact + shift : exact - shift
        return PoolIncrease(
            impact: impact, sizeInTokens: tokens,
            pendingImpact: try impact.amount.quantity(at: impactPrice, rounding: .down),
            executionPrice: filled > .zero
                ? try Fixed18(size).divided(by: filled, rounding: .down)
                    .rounded(to: Price.self, .down) : nil)
    }

    /// The quote of a decrease.
    ///
    /// `price = oracle price ± impact · position size / position tokens / size`, the shift rounded
    /// toward zero. Source: contracts/position/PositionUtils.sol `getExecutionPriceForDecrease` and
    /// contracts/order/BaseOrderUtils.sol.
    /// - Parameters:
    ///   - size: at most the position's; zero only withdraws collateral. [1e-8 USD]
    ///   - openInterest: in this rule's ``measure``.
    public func decrease(
        by size: Money, of position: PoolPosition, openInterest: PoolOpenInterest,
        indexPrice: PriceRange, virtualInventory: Money? = nil
    ) throws(ArithmeticOverflow) -> PoolDecrease {
        let price = indexPrice.closing(position.side)
        guard size.isPositive else {
            return PoolDecrease(impact: .none, sizeInTokens: .zero, executionPrice: price)
        }
        let tokens = try position.tokens(closing: size)
        let change = try measured(size: size, tokens: tokens, indexPrice: indexPrice)
        var impact = try impact(
            of: -change, on: position.side, openInterest: openInterest,
            virtualInventory: virtualInventory)
        impact.amount = try cappingGain(impact.amount, size: size)
        return PoolDecrease(
            impact: impact, sizeInTokens: tokens,
            executionPrice: try executionPrice(
                decreasing: position, by: size, impact: impact.amount, at: price))
    }

    /// The price of a decrease with an impact, the shift rounded toward zero; nil where the impact takes more than
    /// the order. [1e-8 USD per index token]
    public func executionPrice(
        decreasing position: PoolPosition, by size: Money, impact: Money, at price: Price
    ) throws(ArithmeticOverflow) -> Price? {
        guard position.sizeInTokens.isPositive else { return price }
        let signed = position.side == .long ? impact : -impact
        guard signed >= -size else { return nil }
        let shift = try Price(
            product(position.size.raw, signed.raw), times: Int128(scaleE8),
            over: product(position.sizeInTokens.raw, size.raw), rounding: .towardZero)
        let result = try price.adding(shift)
        return result.isNegative ? nil : result
    }
}
