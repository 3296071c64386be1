public import ExactMath

/// What one position receives at a funding time.
///
/// Rounded down, so that a payer pays up and a receiver gets down.
public enum FundingPayment {
    /// `−value · rate`: what a position of a signed value receives, negative where it pays.
    ///
    /// The value and the result have the same unit: USD for a linear contract, coins for an inverse
    /// one (`contracts / price`).
    /// - Throws: ``ArithmeticOverflow`` when the result does not fit.
    public static func received<S: Scaled>(
        value: S, rate: Fixed18
    ) throws(ArithmeticOverflow) -> S {
        let opposite = try RateArithmetic.difference(.zero, rate)
        return try Fixed18(value).multiplied(by: opposite, rounding: .down).rounded(
            to: S.self, .down)
    }

    /// `−size · mark · rate`, and nothing where no mark price was published.
    /// - Parameter size: positive for a long.
    /// - Throws: ``ArithmeticOverflow`` when the result does not fit.
    public static func received(
        size: Quantity, mark: Price?, rate: Fixed18
    ) throws(ArithmeticOverflow) -> Money {
        guard let mark else { return .zero }
        let opposite = try RateArithmetic.difference(.zero, rate)
        return try RateArithmetic.value(size, at: mark).multiplied(by: opposite, rounding: .down)
            .rounded(to: Money.self, .down)
    }

    /// What may be charged of a payment so that the account keeps its requirement.
    ///
    /// OKX cancels the orders of such an account and leaves it with its maintenance margin and the
    /// liquidation fee (okx.com/help/360053909272): funding by itself liquidates nobody there.
    /// - Parameter charge: what is owed, zero or more.
    /// - Throws: ``ArithmeticOverflow`` when `equity − requirement` does not fit.
    public static func limited(
        charge: Money, equity: Money, requirement: Money
    ) throws(ArithmeticOverflow) -> Money {
        precondition(!charge.isNegative, "a charge is not negative")
        return min(charge, max(.zero, try RateArithmetic.difference(equity, requirement)))
    }
}
