public import ExactMath

/// Collateral of an account of Compound v2: cTokens that can be redeemed for a growing amount.
public struct CompoundCollateral: Hashable, Sendable {
    /// [1e-8 cTokens]
    public var tokens: Quantity
    /// Units of the underlying asset per cToken. [1e-18]
    public var exchangeRate: Fixed18
    /// Of the underlying asset. [1e-8 USD per unit]
    public var price: Price
    /// The share of the value that counts. [1e-8]
    public var collateralFactor: Ratio
    /// Decimals of the underlying token: they set where products are cut off.
    public var underlyingDecimals: Int

    public init(
        tokens: Quantity, exchangeRate: Fixed18, price: Price, collateralFactor: Ratio,
        underlyingDecimals: Int
    ) {
        self.tokens = tokens
        self.exchangeRate = exchangeRate
        self.price = price
        self.collateralFactor = collateralFactor
        self.underlyingDecimals = underlyingDecimals
    }

    /// What the collateral lets the account owe. [1e-18 USD]
    ///
    /// `collateral factor · exchange rate` is cut to as many decimals as the contract's mantissa has,
    /// ten more than the underlying token; a cToken has eight.
    fileprivate func borrowingPower() throws(ArithmeticOverflow) -> Fixed18 {
        let perToken =
            try Fixed18(collateralFactor)
            .multiplied(by: exchangeRate, rounding: .down)
            .truncated(toDecimals: underlyingDecimals + 10)
            .multiplied(by: Fixed18(price), rounding: .down)
        return try perToken.multiplied(by: Fixed18(tokens), rounding: .down)
    }
}

/// A debt of an account of Compound v2.
public struct CompoundBorrow: Hashable, Sendable {
    /// With interest. [1e-8 units]
    public var balance: Quantity
    /// [1e-8 USD per unit]
    public var price: Price

    public init(balance: Quantity, price: Price) {
        self.balance = balance
        self.price = price
    }
}

/// By how much the collateral of an account exceeds its debts, or falls short of them.
///
/// At most one of the two is above zero. A debt's value is cut off like everything else here, in the
/// borrower's favour, but at 1e-18 USD.
public struct CompoundLiquidity: Hashable, Sendable {
    /// What the account could still borrow, rounded down. [1e-8 USD]
    public var liquidity: Money
    /// What is missing, rounded up, so that it is zero only where nothing is. [1e-8 USD]
    public var shortfall: Money

    /// Source: compound-finance/compound-protocol
    /// `Comptroller.getHypotheticalAccountLiquidityInternal`.
    /// - Throws: ``ArithmeticOverflow`` when a value does not fit.
    public init(collateral: [CompoundCollateral], borrows: [CompoundBorrow])
        throws(ArithmeticOverflow)
    {
        var power = Fixed18.zero
        var owed = Fixed18.zero
        for item in collateral { power = try power.adding(try item.borrowingPower()) }
        for borrow in borrows {
            owed = try owed.adding(
                try Fixed18(borrow.balance)
                    .multiplied(by: Fixed18(borrow.price), rounding: .down))
        }
        liquidity = power > owed ? try (power - owed).rounded(to: Money.self, .down) : .zero
        shortfall = owed > power ? try (owed - power).rounded(to: Money.self, .up) : .zero
    }

    /// Whether the account may be liquidated: a shortfall above zero.
    public var isLiquidatable: Bool { shortfall.isPositive }

    /// Units of the underlying asset per cToken: what suppliers own over what they hold; the initial
    /// rate where nobody holds any. [1e-18]
    ///
    /// Source: compound-finance/compound-protocol `CToken.exchangeRateStoredInternal`.
    /// - Parameter totalSupply: [1e-8 cTokens]
    /// - Throws: ``ArithmeticOverflow`` when reserves exceed assets, or it does not fit.
    public static func exchangeRate(
        of pool: PoolBalances, totalSupply: Quantity, initial: Fixed18
    ) throws(ArithmeticOverflow) -> Fixed18 {
        guard totalSupply.isPositive else { return initial }
        return try Fixed18(try pool.supplied())
            .divided(by: Fixed18(totalSupply), rounding: .down)
    }
}
