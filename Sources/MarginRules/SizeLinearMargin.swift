public import ExactMath

/// A margin rate that grows with the size of a position, applied to all of it: `base + perUnit ·
/// size`.
///
/// Deribit's standard margin: for bitcoin 2 % initial and 1 % maintenance plus 0.005 % per coin,
/// for ether plus 0.0004 % (support.deribit.com 25944826427293, 11 January 2022).
public struct SizeLinearMargin: Hashable, Sendable {
    /// The rate of an infinitely small position, zero or more.
    public var base: Ratio
    /// What each unit of size adds, zero or more.
    public var perUnit: Ratio

    public init(base: Ratio, perUnit: Ratio) {
        precondition(!base.isNegative && !perUnit.isNegative, "a margin rate is not negative")
        self.base = base
        self.perUnit = perUnit
    }

    /// The rate for a size of either sign, rounded up.
    /// - Throws: ``ArithmeticOverflow`` when the rate does not fit.
    public func rate(size: Quantity) throws(ArithmeticOverflow) -> Ratio {
        let growth = try multiplyScaled(size.magnitude.raw, perUnit.raw, rounding: .up)
        return try base.adding(Ratio(raw: growth))
    }

    /// The requirement for a size at a price, rounded up. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when the requirement does not fit.
    public func requirement(
        size: Quantity, price: Price
    ) throws(ArithmeticOverflow) -> Money {
        let notional = try size.magnitude.value(at: price, rounding: .up)
        return try notional.scaled(by: try rate(size: size), rounding: .up)
    }
}
