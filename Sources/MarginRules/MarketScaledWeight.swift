public import ExactMath

/// Weights that worsen when the deposits or borrows of a whole market outgrow a threshold.
///
/// Assets weigh `w · start / deposits` above the start, liabilities `w · borrows / start`; only initial
/// margin uses them. Sources: drift-labs/protocol-v2 programs/drift/src/state/spot_market.rs
/// (`get_scaled_initial_asset_weight`, in whole basis points); blockworks-foundation/mango-v4
/// programs/mango-v4/src/state/bank.rs (`scaled_init_asset_weight`, `scaled_init_liab_weight`).
public struct MarketScaledWeight: Hashable, Sendable {
    /// The market-wide value from which scaling begins. [1e-8 USD]
    public let start: Money
    /// The grid of the weights.
    public let step: RateStep

    /// - Parameter start: zero or more; a market without scaling has no `MarketScaledWeight`.
    public init(start: Money, step: RateStep) {
        precondition(!start.isNegative)
        self.start = start
        self.step = step
    }

    /// The weight of an asset, truncated. [1e-8]
    /// - Parameter deposits: the value of all deposits; up to the start, itself included, nothing scales.
    public func assetWeight(_ weight: Ratio, deposits: Money) throws(ArithmeticOverflow) -> Ratio {
        guard deposits > start else { return weight }
        let scaled = try multiply(
            weight.raw, start.raw, dividingBy: deposits.raw, rounding: .down)
        return step.floor(Ratio(raw: scaled))
    }

    /// The weight of a liability, up. [1e-8]
    /// - Parameter borrows: the value of all borrows.
    /// - Throws: ``ArithmeticOverflow`` where the weight does not fit, as it does from the first borrow
    ///   on where the start is zero: nothing may be borrowed.
    public func liabilityWeight(_ weight: Ratio, borrows: Money)
        throws(ArithmeticOverflow) -> Ratio
    {
        guard borrows > start else { return weight }
        guard start.isPositive else { throw ArithmeticOverflow() }
        return Ratio(
            raw: try multiply(weight.raw, borrows.raw, dividingBy: start.raw, rounding: .up))
    }
}
