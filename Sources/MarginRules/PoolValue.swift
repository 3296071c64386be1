public import ExactMath

/// One side of a pool: the tokens that back it and the positions that it backs.
public struct PoolSideState: Sendable, Hashable {
    /// Tokens of the pool. [1e-8 units]
    public var amount: Quantity
    /// The price of the token.
    public var price: PriceRange
    /// The sum of the sizes at entry. [1e-8 USD]
    public var openInterest: Money
    /// The sum of the sizes in tokens. [1e-8 index tokens]
    public var openInterestInTokens: Quantity
    /// What its positions owe for borrowing. [1e-8 USD]
    public var pendingBorrowing: Money

    public init(
        amount: Quantity, price: PriceRange, openInterest: Money = .zero,
        openInterestInTokens: Quantity = .zero, pendingBorrowing: Money = .zero
    ) {
        self.amount = amount
        self.price = price
        self.openInterest = openInterest
        self.openInterestInTokens = openInterestInTokens
        self.pendingBorrowing = pendingBorrowing
    }

    /// The value of the tokens, rounded down. [1e-8 USD]
    public func value(_ end: PoolValuation) throws(ArithmeticOverflow) -> Money {
        try amount.value(at: price.picked(end), rounding: .down)
    }
}

/// What a pool is worth to its depositors.
///
/// `long + short + borrowing owed to the pool − capped profits of traders − impact pool + lent`.
/// Source: gmx-io/gmx-synthetics contracts/market/MarketUtils.sol `getPoolValueInfo`.
public struct PoolValue: Sendable, Hashable {
    public var long: PoolSideState
    public var short: PoolSideState
    public var indexPrice: PriceRange
    public var impactPool: PositionImpactPool
    /// The share of borrowing fees that goes elsewhere. [1e-8]
    public var borrowingFeeReceiver: Ratio

    public init(
        long: PoolSideState, short: PoolSideState, indexPrice: PriceRange,
        impactPool: PositionImpactPool = PositionImpactPool(amount: .zero),
        borrowingFeeReceiver: Ratio = .zero
    ) {
        self.long = long
        self.short = short
        self.indexPrice = indexPrice
        self.impactPool = impactPool
        self.borrowingFeeReceiver = borrowingFeeReceiver
    }

    /// The value at an end: what the pool owes is taken at the other end. [1e-8 USD]
    ///
    /// May be negative. With the cap of a deposit the pool must not look cheaper than with the cap
    /// of traders, nor with the cap of a withdrawal dearer.
    /// - Parameter maximumProfit: how much of each side traders' profit counts, as a share. [1e-8]
    public func value(_ end: PoolValuation, maximumProfit: (long: Ratio, short: Ratio))
        throws(ArithmeticOverflow) -> Money
    {
        try long.value(end) + short.value(end) - owed(end, maximumProfit: maximumProfit)
    }

    /// What the tokens of a pool valued at an end owe beyond themselves: traders' profits and the impact pool, less what
    /// is owed to the pool for borrowing and for what it has lent. [1e-8 USD]
    ///
    /// Negative where the pool is owed more.
    public func owed(_ end: PoolValuation, maximumProfit: (long: Ratio, short: Ratio))
        throws(ArithmeticOverflow) -> Money
    {
        let borrowing = try (long.pendingBorrowing + short.pendingBorrowing)
            .scaled(by: .one - borrowingFeeReceiver, rounding: .down)
        let profits =
            try profit(.long, end.opposite, end, maximumProfit.long)
            + profit(.short, end.opposite, end, maximumProfit.short)
        let impact = try impactPool.amount
            .value(at: indexPrice.picked(end.opposite), rounding: .up)
        let lent = try impactPool.lent.value(at: indexPrice.picked(end), rounding: .down)
        return profits + impact - borrowing - lent
    }

    private func profit(
        _ side: PoolSide, _ end: PoolValuation, _ poolEnd: PoolValuation, _ cap: Ratio
    ) throws(ArithmeticOverflow) -> Money {
        let state = side == .long ? long : short
        return try PoolProfit(
            side, openInterest: state.openInterest, tokens: state.openInterestInTokens,
            indexPrice: indexPrice, end
        ).capped(at: cap, ofPool: state.value(poolEnd)).amount
    }

    /// The price of a share in the pool, rounded toward zero; one dollar before there are shares.
    /// [1e-8 USD per share]
    ///
    /// Source: `getMarketTokenPrice`.
    /// - Parameter supply: the shares that exist. [1e-8 shares]
    public static func sharePrice(value: Money, supply: Quantity)
        throws(ArithmeticOverflow) -> Price
    {
        guard supply.isPositive else { return Price(whole: 1) }
        return try Price(
            Int128(value.raw), times: Int128(scaleE8), over: Int128(supply.raw),
            rounding: .towardZero)
    }

    /// The shares that a deposit buys, rounded down; at one dollar while there are none, the value
    /// already in the pool included. [1e-8 shares]
    ///
    /// Source: `usdToMarketTokenAmount`.
    /// - Parameter value: greater than zero once there are shares; a deposit is refused before.
    public static func shares(for deposit: Money, value: Money, supply: Quantity)
        throws(ArithmeticOverflow) -> Quantity
    {
        guard supply.isPositive else {
            return Quantity(raw: try deposit.adding(max(value, .zero)).raw)
        }
        precondition(value.isPositive, "a share of nothing has no price")
        return try supply.scaled(by: deposit.raw, over: value.raw, rounding: .down)
    }
}
