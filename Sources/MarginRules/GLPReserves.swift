public import ExactMath

/// What GMX v1's pool holds of one token, and what positions reserve of it.
///
/// Source: gmx-io/gmx-contracts contracts/core/Vault.sol.
public struct GLPReserves: Sendable, Hashable {
    /// Tokens of the pool. [1e-8 units]
    public var pool: Quantity
    /// Tokens that pay the positions if they win. [1e-8 units]
    public var reserved: Quantity
    /// What longs owe the pool of their size: size less collateral. [1e-8 USD]
    public var guaranteed: Money

    public init(pool: Quantity, reserved: Quantity = .zero, guaranteed: Money = .zero) {
        self.pool = pool
        self.reserved = reserved
        self.guaranteed = guaranteed
    }

    /// The tokens that a size reserves, at the minimum price, rounded down. [1e-8 units]
    public static func reserve(for size: Money, price: PriceRange)
        throws(ArithmeticOverflow) -> Quantity
    {
        try size.quantity(at: price.minimum, rounding: .down)
    }

    /// The part of a position's reserve that a decrease frees, rounded down. [1e-8 units]
    /// - Parameter size: of the position before, greater than zero. [1e-8 USD]
    public static func release(of reserve: Quantity, decrease: Money, size: Money)
        throws(ArithmeticOverflow) -> Quantity
    {
        try reserve.scaled(by: decrease.raw, over: size.raw, rounding: .down)
    }

    /// Whether the pool covers all reserves; equality does.
    public var isCovered: Bool { reserved <= pool }

    /// The reserved share of the pool, rounded down to a millionth; zero of an empty pool. [1e-8]
    public func utilisation() throws(ArithmeticOverflow) -> Ratio {
        guard pool.isPositive else { return .zero }
        let millionths = try multiply(
            reserved.raw, 1_000_000, dividingBy: pool.raw, rounding: .down)
        return try Ratio(checked: product(millionths, 100))
    }

    /// The reserves after a long was opened or increased with its own token as collateral.
    ///
    /// - Parameters:
    ///   - size: of the increase. [1e-8 USD]
    ///   - collateral: that was brought. [1e-8 units]
    ///   - fee: in dollars, out of the collateral. [1e-8 USD]
    public func addingLong(size: Money, collateral: Quantity, fee: Money, price: PriceRange)
        throws(ArithmeticOverflow) -> GLPReserves
    {
        let value = try collateral.value(at: price.minimum, rounding: .down)
        let paid = try fee.quantity(at: price.maximum, rounding: .down)
        return GLPReserves(
            pool: pool + collateral - paid,
            reserved: reserved + (try Self.reserve(for: size, price: price)),
            guaranteed: try guaranteed.adding(size).adding(fee).adding(-value))
    }

    /// The reserves after a short was opened or increased; its collateral stays outside the pool.
    public func addingShort(size: Money, price: PriceRange)
        throws(ArithmeticOverflow) -> GLPReserves
    {
        var next = self
        next.reserved += try Self.reserve(for: size, price: price)
        return next
    }

    /// The tokens that back redemptions: what is not reserved, and what longs owe. [1e-8 units]
    public func redeemable(isStable: Bool, price: PriceRange)
        throws(ArithmeticOverflow) -> Quantity
    {
        guard !isStable else { return pool }
        return try guaranteed.quantity(at: price.maximum, rounding: .down) + pool - reserved
    }
}

/// What GMX v1's pool is worth to its depositors, token by token.
///
/// Source: gmx-io/gmx-contracts contracts/core/GlpManager.sol `getAum`.
public enum GLPAssets {
    /// The value of one token's part, negative where its shorts have won more than it holds. [1e-8
    /// USD]
    /// - Parameters:
    ///   - shorts: all shorts of the token, whose loss is the pool's gain.
    ///   - end: the minimum for those who withdraw, the maximum for those who deposit.
    public static func value(
        of reserves: GLPReserves, isStable: Bool, shorts: GLPGlobalShort, price: PriceRange,
        _ end: PoolValuation
    ) throws(ArithmeticOverflow) -> Money {
        let price = price.picked(end)
        if isStable { return try reserves.pool.value(at: price, rounding: .down) }
        let free = reserves.pool - reserves.reserved
        return try free.value(at: price, rounding: .down)
            .adding(reserves.guaranteed)
            .adding(-shorts.profit(at: price))
    }

    /// All tokens together, at least zero. [1e-8 USD]
    public static func total(_ values: [Money]) throws(ArithmeticOverflow) -> Money {
        var total = Money.zero
        for value in values { total = try total.adding(value) }
        return max(total, .zero)
    }
}
