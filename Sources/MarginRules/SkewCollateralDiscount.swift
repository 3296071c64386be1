public import ExactMath

/// A haircut that grows with how much of the spot market's skew scale a collateral would sell.
///
/// `clamp(amount / scale · scalar, lower, upper)`. Source: Synthetixio/synthetix-v3
/// markets/perps-market/contracts/storage/PerpsCollateralConfiguration.sol (`valueInUsd`).
public struct SkewCollateralDiscount: Hashable, Sendable {
    /// Of the spot market; zero for no haircut at all. [1e-8 units]
    public let skewScale: Quantity
    /// [1e-8]
    public let scalar: Ratio
    /// [1e-8]
    public let lower: Ratio
    /// The upper bound prevails over the lower one. [1e-8]
    public let upper: Ratio

    public init(skewScale: Quantity, scalar: Ratio, lower: Ratio, upper: Ratio) {
        precondition(!skewScale.isNegative && !scalar.isNegative)
        precondition(!lower.isNegative && !upper.isNegative && upper <= .one)
        self.skewScale = skewScale
        self.scalar = scalar
        self.lower = lower
        self.upper = upper
    }

    /// The haircut on an amount, zero or more. [1e-18]
    public func discount(amount: Quantity) throws(ArithmeticOverflow) -> Fixed18 {
        precondition(!amount.isNegative, "collateral is not negative")
        guard skewScale.isPositive else { return .zero }
        let impact = try Fixed18(amount).divided(by: Fixed18(skewScale), rounding: .down)
            .multiplied(by: Fixed18(scalar), rounding: .down)
        return min(max(impact, Fixed18(lower)), Fixed18(upper))
    }

    /// The value of an amount after the haircut, down. [1e-8 USD]
    public func value(amount: Quantity, price: Price) throws(ArithmeticOverflow) -> Money {
        let kept = Fixed18.one - (try discount(amount: amount))
        return try Fixed18(amount).multiplied(by: Fixed18(price), rounding: .down)
            .multiplied(by: kept, rounding: .down).rounded(to: Money.self, .down)
    }
}
