public import ExactMath

/// The impact of a decrease that is settled, and the part of a charge above the cap.
public struct SettledImpact: Sendable, Hashable {
    /// What counts now, positive when the trader earns. [1e-8 USD]
    public var amount: Money
    /// The charge above the cap: still taken from the collateral, but held for the trader to claim
    /// after a delay instead of given to the pool. Zero or more. [1e-8 USD]
    public var excess: Money

    public init(amount: Money, excess: Money) {
        self.amount = amount
        self.excess = excess
    }
}

extension PoolPriceImpact {
    /// An impact of which the gain is capped at a share of the order's size, rounded down. [1e-8
    /// USD]
    ///
    /// Source: gmx-io/gmx-synthetics contracts/market/MarketUtils.sol
    /// `capPositiveImpactUsdByMaxPositionImpact`.
    public func cappingGain(_ impact: Money, size: Money) throws(ArithmeticOverflow) -> Money {
        guard !impact.isNegative else { return impact }
        return min(impact, try size.scaled(by: maximumPositive, rounding: .down))
    }

    /// The impact of a decrease: of closing now, plus the share of what was put off at opening.
    ///
    /// A charge is floored at a share of the size, the rest becoming the excess; a gain is capped
    /// at a share of the size. The impact pool caps a gain once more, see ``PositionImpactPool``.
    /// Source: contracts/position/DecreasePositionCollateralUtils.sol `processCollateral`.
    /// - Parameters:
    ///   - closing: the impact of this decrease, its gain already capped. [1e-8 USD]
    ///   - pending: the share of the pending impact. [1e-8 USD]
    ///   - size: the size of the decrease. [1e-8 USD]
    public func settled(closing: Money, pending: Money, size: Money)
        throws(ArithmeticOverflow) -> SettledImpact
    {
        let total = try closing.adding(pending)
        guard total.isNegative else {
            return SettledImpact(amount: try cappingGain(total, size: size), excess: .zero)
        }
        let floor = try -size.scaled(by: maximumNegative, rounding: .down)
        guard total < floor else { return SettledImpact(amount: total, excess: .zero) }
        return SettledImpact(amount: floor, excess: floor - total)
    }

    /// The impact that counts in the liquidation test: never positive. [1e-8 USD]
    ///
    /// With a maximum of zero, as in production, impact never makes a position liquidatable.
    /// Source: contracts/position/PositionUtils.sol `isPositionLiquidatable`.
    /// - Parameters:
    ///   - closing: the impact of closing the whole position, before any cap. [1e-8 USD]
    ///   - pending: the pending impact's value, see ``PendingImpact``. [1e-8 USD]
    ///   - size: the size of the position. [1e-8 USD]
    public func forLiquidation(closing: Money, pending: Money, size: Money)
        throws(ArithmeticOverflow) -> Money
    {
        let total = try cappingGain(closing, size: size).adding(pending)
        guard total.isNegative else { return .zero }
        return try max(total, -size.scaled(by: maximumForLiquidation, rounding: .down))
    }
}
