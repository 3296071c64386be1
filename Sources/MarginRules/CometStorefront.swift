public import ExactMath

/// Comet's sale of absorbed collateral: anyone buys it for the base asset, below the oracle's price,
/// until reserves are full again.
public struct CometStorefront: Hashable, Sendable {
    /// The share of the liquidation penalty that buyers get. [1e-8]
    public var storeFrontPriceFactor: Ratio
    /// Reserves at which the shop closes. [1e-8 units of the base asset]
    public var targetReserves: Quantity

    /// - Precondition: the factor is between zero and one.
    public init(storeFrontPriceFactor: Ratio, targetReserves: Quantity) {
        precondition(!storeFrontPriceFactor.isNegative && storeFrontPriceFactor <= .one)
        self.storeFrontPriceFactor = storeFrontPriceFactor
        self.targetReserves = targetReserves
    }

    /// Whether collateral is for sale: while reserves are negative or below the target.
    ///
    /// Source: compound-finance/comet `Comet.buyCollateral`.
    public func isOpen(reserves: Quantity) -> Bool {
        reserves.isNegative || reserves < targetReserves
    }

    /// The discount on the oracle's price: `factor · (1 − liquidation factor)`. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func discount(liquidationFactor: Ratio) throws(ArithmeticOverflow) -> Fixed18 {
        try Fixed18(storeFrontPriceFactor)
            .multiplied(by: Fixed18(Ratio.one - liquidationFactor), rounding: .down)
    }

    /// How much collateral an amount of the base asset buys, rounded down.
    /// [1e-8 units of the collateral asset]
    ///
    /// Source: compound-finance/comet `Comet.quoteCollateral`.
    /// - Precondition: prices are above zero.
    /// - Throws: ``ArithmeticOverflow`` when it does not fit, or the discount leaves no price.
    public func quoteCollateral(
        for baseAmount: Quantity, basePrice: Price, collateralPrice: Price,
        liquidationFactor: Ratio
    ) throws(ArithmeticOverflow) -> Quantity {
        precondition(basePrice.isPositive && collateralPrice.isPositive, "prices are positive")
        let kept = Fixed18.one - (try discount(liquidationFactor: liquidationFactor))
        let discounted = try collateralPrice.multiplied(by: kept, rounding: .down)
        guard discounted.isPositive else { throw ArithmeticOverflow() }
        return Quantity(
            raw: try multiply(
                baseAmount.raw, basePrice.raw, dividingBy: discounted.raw, rounding: .down))
    }
}
