public import ExactMath

/// The rule against dust: a liquidation takes the whole debt, or the whole collateral, or leaves enough
/// of both that someone will liquidate the rest.
///
/// Source: aave-dao/aave-v3-origin `LiquidationLogic.sol` (MIN_LEFTOVER_BASE, $1,000; since v3.3).
public struct MinimumLeftover: Hashable, Sendable {
    /// What must be left of each. [1e-8 USD]
    public var value: Money

    public init(value: Money) { self.value = value }

    /// Aave's $1,000: half of the size below which the close factor is 100 %.
    public static let aaveV33 = MinimumLeftover(value: Money(whole: 1000))

    /// Whether a liquidation leaves no dust in either asset.
    /// - Throws: ``ArithmeticOverflow`` when a value does not fit.
    public func permits(
        _ seizure: CollateralSeizure, of pair: LiquidationPair, rounding: LiquidationRounding
    ) throws(ArithmeticOverflow) -> Bool {
        if takesAll(seizure, of: pair) { return true }
        return try leavesEnough(seizure, of: pair, rounding: rounding)
    }

    /// The repayments that the rule permits: from one unit to `partial`, and from `whole` on.
    public struct PermittedRepayments: Hashable, Sendable {
        /// The largest repayment that leaves enough of both; nil where none does. [1e-8 units]
        public var partial: Quantity?
        /// The smallest repayment that takes all of the debt or of the collateral; nil where the limit
        /// is below it. [1e-8 units]
        public var whole: Quantity?
    }

    /// What a repayment may be: even a request for as much as possible is refused where the close
    /// factor stops it between the two bounds.
    /// - Parameter limit: the largest repayment that the close factor allows. [1e-8 units]
    /// - Throws: ``ArithmeticOverflow`` when a value does not fit.
    public func permittedRepayments(
        of pair: LiquidationPair, upTo limit: Quantity, on terms: LiquidationTerms,
        rounding: LiquidationRounding
    ) throws(ArithmeticOverflow) -> PermittedRepayments {
        let largest = min(limit, pair.debt)
        // Both conditions are monotone: once a larger repayment leaves dust, or takes all, so does
        // every larger one.
        var low: Int64 = 0
        var high = largest.raw
        while low < high {
            let middle = low + (high - low + 1) / 2
            let seizure = try terms.seizure(
                repaying: Quantity(raw: middle), of: pair, rounding: rounding)
            let enough = try leavesEnough(seizure, of: pair, rounding: rounding)
            if enough && !takesAll(seizure, of: pair) {
                low = middle
            } else {
                high = middle - 1
            }
        }
        let partial = low > 0 ? Quantity(raw: low) : nil

        guard
            largest.isPositive,
            takesAll(
                try terms.seizure(repaying: largest, of: pair, rounding: rounding), of: pair)
        else { return PermittedRepayments(partial: partial, whole: nil) }
        (low, high) = (1, largest.raw)
        while low < high {
            let middle = low + (high - low) / 2
            let seizure = try terms.seizure(
                repaying: Quantity(raw: middle), of: pair, rounding: rounding)
            if takesAll(seizure, of: pair) { high = middle } else { low = middle + 1 }
        }
        return PermittedRepayments(partial: partial, whole: Quantity(raw: low))
    }

    private func takesAll(_ seizure: CollateralSeizure, of pair: LiquidationPair) -> Bool {
        seizure.repaid >= pair.debt || seizure.seized >= pair.collateral
    }

    private func leavesEnough(
        _ seizure: CollateralSeizure, of pair: LiquidationPair, rounding: LiquidationRounding
    ) throws(ArithmeticOverflow) -> Bool {
        // Rounded up, what is needed for all of the collateral may exceed the debt by a unit.
        let debt = try max(.zero, pair.debt - seizure.repaid)
            .value(at: pair.debtPrice, rounding: rounding.debtValue)
        let collateral = try (pair.collateral - seizure.seized)
            .value(at: pair.collateralPrice, rounding: .down)
        return debt >= value && collateral >= value
    }
}
