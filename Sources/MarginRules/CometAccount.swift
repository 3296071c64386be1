public import ExactMath

/// A collateral asset of an account of Comet (Compound III), with its three factors.
public struct CometCollateral: Hashable, Sendable {
    /// [1e-8 units]
    public var balance: Quantity
    /// [1e-8 USD per unit]
    public var price: Price
    /// The share of the value against which one may borrow. [1e-8]
    public var borrowCollateralFactor: Ratio
    /// The share of the value that counts against liquidation. [1e-8]
    public var liquidateCollateralFactor: Ratio
    /// The share of the value that the account is credited when its collateral is absorbed. [1e-8]
    public var liquidationFactor: Ratio

    public init(
        balance: Quantity, price: Price, borrowCollateralFactor: Ratio,
        liquidateCollateralFactor: Ratio, liquidationFactor: Ratio
    ) {
        self.balance = balance
        self.price = price
        self.borrowCollateralFactor = borrowCollateralFactor
        self.liquidateCollateralFactor = liquidateCollateralFactor
        self.liquidationFactor = liquidationFactor
    }

    /// The value at a factor, each of the two products rounded down. [1e-8 USD]
    func value(at factor: Ratio) throws(ArithmeticOverflow) -> Money {
        try balance.value(at: price, rounding: .down).scaled(by: factor, rounding: .down)
    }
}

/// An account of Comet: one signed balance of the base asset, and collateral that is not lent out.
public struct CometAccount: Hashable, Sendable {
    /// Negative where the account owes. [1e-8 units]
    public var baseBalance: Quantity
    /// [1e-8 USD per unit]
    public var basePrice: Price
    public var collateral: [CometCollateral]

    /// - Precondition: the price is above zero.
    public init(baseBalance: Quantity, basePrice: Price, collateral: [CometCollateral]) {
        precondition(basePrice.isPositive, "prices are positive")
        self.baseBalance = baseBalance
        self.basePrice = basePrice
        self.collateral = collateral
    }

    /// Whether the debt is covered at the borrowing factors: the condition of borrowing and withdrawing.
    ///
    /// Source: compound-finance/comet `Comet.isBorrowCollateralized`.
    /// - Throws: ``ArithmeticOverflow`` when a value does not fit.
    public func isBorrowCollateralized() throws(ArithmeticOverflow) -> Bool {
        guard baseBalance.isNegative else { return true }
        var liquidity = try debtValue()
        for item in collateral {
            if !liquidity.isNegative { return true }
            liquidity = try liquidity.adding(try item.value(at: item.borrowCollateralFactor))
        }
        return !liquidity.isNegative
    }

    /// Whether the debt exceeds the collateral at the liquidation factors; at equality the account is
    /// safe.
    ///
    /// Source: compound-finance/comet `Comet.isLiquidatable`.
    /// - Throws: ``ArithmeticOverflow`` when a value does not fit.
    public func isLiquidatable() throws(ArithmeticOverflow) -> Bool {
        guard baseBalance.isNegative else { return false }
        var liquidity = try debtValue()
        for item in collateral {
            if !liquidity.isNegative { return false }
            liquidity = try liquidity.adding(try item.value(at: item.liquidateCollateralFactor))
        }
        return liquidity.isNegative
    }

    /// The debt's value as a negative sum, cut off towards zero. [1e-8 USD]
    private func debtValue() throws(ArithmeticOverflow) -> Money {
        try baseBalance.value(at: basePrice, rounding: .towardZero)
    }
}
