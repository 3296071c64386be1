public import ExactMath

/// How Compound v2 pays a liquidator: in cTokens of the borrower, of which reserves keep a share.
public struct CompoundSeizure: Hashable, Sendable {
    /// Value seized per value repaid: 1.08 for a bonus of 8 %. [1e-8]
    public var liquidationIncentive: Ratio
    /// The share of the seized cTokens that goes to reserves. [1e-8]
    public var protocolShare: Ratio

    /// - Precondition: neither is negative, and the share is at most one.
    public init(liquidationIncentive: Ratio, protocolShare: Ratio) {
        precondition(!liquidationIncentive.isNegative, "a negative incentive")
        precondition(!protocolShare.isNegative && protocolShare <= .one, "a share is at most one")
        self.liquidationIncentive = liquidationIncentive
        self.protocolShare = protocolShare
    }

    /// The values of mainnet: an incentive of 1.08, of which reserves keep 2.8 % of what is seized.
    public static let mainnet = CompoundSeizure(
        liquidationIncentive: Ratio(percent: 108), protocolShare: Ratio(basisPoints: 280))

    /// The two assets of a liquidation. Their decimals set where the ratio of the two prices is cut off.
    public struct Market: Hashable, Sendable {
        /// [1e-8 USD per unit]
        public var borrowedPrice: Price
        /// Of the underlying asset of the seized cToken. [1e-8 USD per unit]
        public var collateralPrice: Price
        /// Units of the underlying asset per seized cToken. [1e-18]
        public var exchangeRate: Fixed18
        public var borrowedDecimals: Int
        public var tokenDecimals: Int

        /// - Parameter tokenDecimals: of the cToken: eight for all that Compound listed.
        /// - Precondition: prices and exchange rate are above zero.
        public init(
            borrowedPrice: Price, collateralPrice: Price, exchangeRate: Fixed18,
            borrowedDecimals: Int, tokenDecimals: Int
        ) {
            precondition(borrowedPrice.isPositive && collateralPrice.isPositive, "no price")
            precondition(exchangeRate > .zero, "no exchange rate")
            self.borrowedPrice = borrowedPrice
            self.collateralPrice = collateralPrice
            self.exchangeRate = exchangeRate
            self.borrowedDecimals = borrowedDecimals
            self.tokenDecimals = tokenDecimals
        }
    }

    /// How many cTokens are seized for a repayment; the call fails where the borrower has fewer.
    /// [1e-8 cTokens]
    ///
    /// `(incentive · borrowed price) / (collateral price · exchange rate) · repaid`, each step cut off;
    /// the ratio keeps 18 decimals of the smallest units, hence for a borrowed asset of 18 decimals only
    /// eight.
    /// Source: compound-finance/compound-protocol `Comptroller.liquidateCalculateSeizeTokens`.
    /// - Parameter repaid: what the pool received, after any fee on the transfer. [1e-8 units]
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit, or the collateral's value per
    ///   cToken rounds to nothing.
    public func seizeTokens(repaying repaid: Quantity, in market: Market)
        throws(ArithmeticOverflow) -> Quantity
    {
        let numerator = try Fixed18(liquidationIncentive)
            .multiplied(by: Fixed18(market.borrowedPrice), rounding: .down)
        let denominator = try Fixed18(market.collateralPrice)
            .multiplied(by: market.exchangeRate, rounding: .down)
        guard denominator > .zero else { throw ArithmeticOverflow() }
        let ratio = try numerator.divided(by: denominator, rounding: .down)
            .truncated(toDecimals: 18 + market.tokenDecimals - market.borrowedDecimals)
        return try repaid.multiplied(by: ratio, rounding: .down)
    }

    /// How seized cTokens are split.
    public struct Split: Hashable, Sendable {
        /// [1e-8 cTokens]
        public var toLiquidator: Quantity
        /// These are burned. [1e-8 cTokens]
        public var toReserves: Quantity
        /// What reserves gain. [1e-8 units of the underlying asset]
        public var addedReserves: Quantity
    }

    /// Splits seized cTokens; the share of reserves is rounded down, and so is what it is worth.
    ///
    /// Source: compound-finance/compound-protocol `CToken.seizeInternal`.
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public func split(_ seizeTokens: Quantity, exchangeRate: Fixed18)
        throws(ArithmeticOverflow) -> Split
    {
        let toReserves = try seizeTokens.scaled(by: protocolShare, rounding: .down)
        return Split(
            toLiquidator: seizeTokens - toReserves,
            toReserves: toReserves,
            addedReserves: try toReserves.multiplied(by: exchangeRate, rounding: .down))
    }
}
