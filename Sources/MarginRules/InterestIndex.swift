public import ExactMath

/// What one unit, supplied or borrowed when the pool opened, has grown to. [1e-18]
///
/// Balances are stored divided by it (scaled), so that interest for everyone is one multiplication.
public struct InterestIndex: Hashable, Sendable {
    /// Greater than zero. [1e-18]
    public var value: Fixed18

    /// - Parameter value: greater than zero.
    public init(value: Fixed18) {
        precondition(value > .zero, "an index is positive")
        self.value = value
    }

    /// The index of a pool that has just opened: one.
    public static let initial = InterestIndex(value: .one)

    /// The index after some time at a rate.
    ///
    /// - Parameters:
    ///   - rate: [1e-18 per period]
    ///   - rounding: of the product: Aave to the nearest; Compound v2, Comet and Euler down.
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func accrued(
        _ compounding: InterestCompounding, at rate: Fixed18, per period: TimeSpan,
        over elapsed: TimeSpan, rounding: Rounding
    ) throws(ArithmeticOverflow) -> InterestIndex {
        let growth = try compounding.growth(at: rate, per: period, over: elapsed)
        return InterestIndex(value: try value.multiplied(by: growth, rounding: rounding))
    }

    /// What a scaled balance is worth now. [1e-8 units]
    ///
    /// Aave rounds claims down and, from v3.5 on, debts up; Comet rounds both down.
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func balance(ofScaled scaled: Quantity, rounding: Rounding)
        throws(ArithmeticOverflow) -> Quantity
    {
        try scaled.multiplied(by: value, rounding: rounding)
    }

    /// The scaled balance that is worth so much now. [1e-8 units]
    ///
    /// Aave and Comet round new claims down and new debts up.
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func scaled(balance: Quantity, rounding: Rounding)
        throws(ArithmeticOverflow) -> Quantity
    {
        try balance.divided(by: value, rounding: rounding)
    }
}
