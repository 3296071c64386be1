public import ExactMath

/// The worst price at which a liquidation order may be filled: between the oracle price and well
/// beyond bankruptcy, the further the closer the account is to bankruptcy.
///
/// `(N − a · s · M) / S`, with the signed notional N, size S and maintenance margin M of the position,
/// s the spread, and a = b · (1 − C/ΣM) clamped to [0, 1], for the account's net collateral C and
/// maintenance margin ΣM. Source: dydxprotocol/v4-chain protocol/x/clob/keeper/liquidations.go
/// (`GetFillablePrice`, `ConvertFillablePriceToSubticks`).
public struct FillablePrice: Hashable, Sendable {
    /// How fast the spread grows as the account approaches bankruptcy: b. [1e-8]
    public let bankruptcyAdjustment: Ratio
    /// The largest spread as a share of the position's maintenance margin: s. [1e-8]
    public let spreadToMaintenanceMargin: Ratio

    /// - Parameters:
    ///   - bankruptcyAdjustment: one or more.
    ///   - spreadToMaintenanceMargin: greater than zero.
    public init(bankruptcyAdjustment: Ratio, spreadToMaintenanceMargin: Ratio) {
        precondition(bankruptcyAdjustment >= .one && spreadToMaintenanceMargin.isPositive)
        self.bankruptcyAdjustment = bankruptcyAdjustment
        self.spreadToMaintenanceMargin = spreadToMaintenanceMargin
    }

    /// The limit price of an order that reduces a position, on a tick. [1e-8 USD per unit]
    ///
    /// Exact until it is rounded once: up for the sale that closes a long, down for the purchase that
    /// closes a short, never in disfavour of the liquidated account. At least one tick, and at most the
    /// largest multiple of a tick that fits.
    /// - Parameters:
    ///   - delta: the change of size that the order intends.
    ///   - tick: greater than zero; `Price(raw: 1)` for the price itself.
    /// - Returns: nil where the change does not reduce the position, the account has no maintenance
    ///   margin, or the spread exceeds the whole value of a long.
    public func limitPrice(of position: PositionReduction, delta: Quantity, tick: Price)
        throws(ArithmeticOverflow) -> Price?
    {
        precondition(tick.isPositive, "a tick is positive")
        let account = position.account
        guard position.isReduced(by: delta), account.maintenanceMargin.isPositive else {
            return nil
        }
        let spread = fraction(of: position)
        let size = UInt128(position.size.raw.magnitude)
        let value = WideMagnitude(
            UInt128(position.notional.raw.magnitude), times: spread.denominator)
        let isLong = position.size.isPositive
        guard
            let quote = isLong
                ? value.subtracting(spread.numerator) : try value.adding(spread.numerator)
        else { return nil }

        let ticks = try quote.multiplied(by: UInt64(scaleE8))
            .divided(by: spread.denominator, roundingUp: isLong)
            .divided(by: size, roundingUp: isLong)
            .divided(by: UInt128(tick.raw.magnitude), roundingUp: isLong)
        let most = Int64.max / tick.raw
        return Price(raw: min(max(ticks.int64 ?? most, 1), most) * tick.raw)
    }

    /// The spread below or above the notional, as an exact fraction. [1e-8 USD]
    private func fraction(of position: PositionReduction) -> (
        numerator: WideMagnitude, denominator: UInt128
    ) {
        let requirement = Int128(position.account.maintenanceMargin.raw)
        let missing = requirement - Int128(position.account.netCollateral.raw)
        let most =
            UInt128(position.maintenanceMargin.raw.magnitude)
            * UInt128(spreadToMaintenanceMargin.raw.magnitude)
        let unit = UInt128(scaleE8)
        guard missing > 0 else { return (WideMagnitude(0), 1) }
        let rating = missing.magnitude * UInt128(bankruptcyAdjustment.raw.magnitude)
        guard rating < requirement.magnitude * unit else { return (WideMagnitude(most), unit) }
        return (WideMagnitude(most, times: rating), requirement.magnitude * unit * unit)
    }
}
