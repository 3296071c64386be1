public import ExactMath

/// How much open interest one side of a pool may back.
///
/// A factor above one lets a pool back more than it holds, in the trust that longs and shorts do
/// not win at once. Source: gmx-io/gmx-synthetics contracts/market/MarketUtils.sol
/// `validateReserve`.
public struct PoolReserves: Sendable, Hashable {
    /// What may be reserved at all, as a share of the pool side. [1e-8]
    public var reserve: Ratio
    /// What open interest may reserve, as a share of the pool side. [1e-8]
    public var openInterestReserve: Ratio
    /// The most open interest of a side. [1e-8 USD]
    public var maximumOpenInterest: Money

    public init(reserve: Ratio, openInterestReserve: Ratio, maximumOpenInterest: Money) {
        self.reserve = reserve
        self.openInterestReserve = openInterestReserve
        self.maximumOpenInterest = maximumOpenInterest
    }

    /// Why an increase is refused, in the order of the checks.
    public enum Refusal: Sendable, Hashable, CaseIterable {
        case maximumOpenInterest
        case reserve
        case openInterestReserve
    }

    /// What one side reserves: longs what their tokens are worth, shorts their size. [1e-8 USD]
    ///
    /// The gain of a long has no bound in dollars, but is at most its tokens; that of a short is at
    /// most its size. Tokens are valued at the maximum price, rounded up.
    /// - Parameters:
    ///   - openInterest: the side's. [1e-8 USD]
    ///   - tokens: the side's. [1e-8 index tokens]
    public static func reserved(
        _ side: PoolSide, openInterest: Money, tokens: Quantity, indexPrice: PriceRange
    ) throws(ArithmeticOverflow) -> Money {
        switch side {
        case .long: try tokens.value(at: indexPrice.maximum, rounding: .up)
        case .short: openInterest
        }
    }

    /// Why open interest after an increase is too much, or nil; equality is allowed.
    /// - Parameters:
    ///   - openInterest: the side's, after the increase. [1e-8 USD]
    ///   - reserved: the side's, after the increase. [1e-8 USD]
    ///   - pool: the side of the pool at its minimum price, without profits. [1e-8 USD]
    public func refusal(openInterest: Money, reserved: Money, pool: Money)
        throws(ArithmeticOverflow) -> Refusal?
    {
        if openInterest > maximumOpenInterest { return .maximumOpenInterest }
        if reserved > (try pool.scaled(by: reserve, rounding: .down)) { return .reserve }
        if reserved > (try pool.scaled(by: openInterestReserve, rounding: .down)) {
            return .openInterestReserve
        }
        return nil
    }

    /// What is reserved, as a share of what open interest may reserve, rounded down. [1e-18]
    ///
    /// Source: `getUsageFactor`.
    /// - Throws: ``ArithmeticOverflow`` also where the pool may reserve nothing.
    public func usage(reserved: Money, pool: Money) throws(ArithmeticOverflow) -> Fixed18 {
        guard reserved.isPositive else { return .zero }
        let most = try pool.scaled(by: openInterestReserve, rounding: .down)
        guard most.isPositive else { throw ArithmeticOverflow() }
        return try Fixed18(reserved).divided(by: Fixed18(most), rounding: .down)
    }
}
