public import ExactMath

/// The two sides of a liquidation: what may be seized, and what is to be repaid.
public struct LiquidationPair: Hashable, Sendable {
    /// What the account has of the collateral asset. [1e-8 units]
    public var collateral: Quantity
    /// [1e-8 USD per unit]
    public var collateralPrice: Price
    /// What the account owes of the debt asset. [1e-8 units]
    public var debt: Quantity
    /// [1e-8 USD per unit]
    public var debtPrice: Price

    /// - Precondition: prices are above zero, and quantities zero or more.
    public init(
        collateral: Quantity, collateralPrice: Price, debt: Quantity, debtPrice: Price
    ) {
        precondition(collateralPrice.isPositive && debtPrice.isPositive, "prices are positive")
        precondition(!collateral.isNegative && !debt.isNegative, "quantities are not negative")
        self.collateral = collateral
        self.collateralPrice = collateralPrice
        self.debt = debt
        self.debtPrice = debtPrice
    }

    /// The collateral's value, rounded down. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func collateralValue() throws(ArithmeticOverflow) -> Money {
        try collateral.value(at: collateralPrice, rounding: .down)
    }

    /// The debt's value. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func debtValue(rounding: Rounding) throws(ArithmeticOverflow) -> Money {
        try debt.value(at: debtPrice, rounding: rounding)
    }
}

/// In which direction each step of a liquidation is rounded; it differs by version of Aave.
public enum LiquidationRounding: Int8, Hashable, Sendable, CaseIterable {
    /// Everything half up, values down: v3.0 to v3.4.
    case halfUp
    /// As before, but values of debt and the debt needed up: v3.5 and v3.6.
    case halfUpDebtUp
    /// Each step in the direction that favours the protocol: v3.7.
    ///
    /// Source: aave-dao/aave-v3-origin docs/3.7/liquidation-rounding.md, `LiquidationLogic.sol`.
    case explicit

    /// Of a debt's value.
    public var debtValue: Rounding { self == .halfUp ? .down : .up }
    /// Of the collateral seized, bonus included.
    public var seized: Rounding { self == .explicit ? .down : .nearest }
    /// Of the debt that must be repaid for all of the collateral.
    public var debtNeeded: Rounding { self == .halfUp ? .nearest : .up }
    /// Of the part of what is seized that is not bonus.
    public var withoutBonus: Rounding { self == .explicit ? .down : .nearest }
    /// Of the protocol's fee.
    public var fee: Rounding { self == .explicit ? .up : .nearest }
}
