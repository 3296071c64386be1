public import ExactMath

/// The price of one market at which a cross-margined account just meets its maintenance margin, all
/// other prices unchanged.
///
/// `p′ = (E − S·p − R) / (|S|·m − S)`, with the equity E at the price p, the signed size S, the
/// maintenance rate m, and R the maintenance margin of everything else, less any deduction of the
/// market's own tier. Sources: dydxprotocol/v4-documentation concepts/trading/liquidations.mdx; the same
/// as Hyperliquid's `price − side · margin_available / size / (1 − l · side)` (Hyperliquid docs,
/// trading/liquidations).
public enum CrossLiquidationPrice {
    /// The liquidation price. [1e-8 USD per unit]
    /// - Parameters:
    ///   - size: the signed size; nil is returned for zero.
    ///   - price: the price at which the equity is measured.
    ///   - equity: of the whole account.
    ///   - otherRequirement: maintenance margin that does not depend on this price; negative where a
    ///     tier's deduction exceeds it.
    ///   - rounding: `up` for a long and `down` for a short names the last safe price.
    /// - Returns: nil where no price of zero or more liquidates the account.
    public static func price(
        size: Quantity, price: Price, equity: Money, maintenanceRate: ExactFraction,
        otherRequirement: Money, rounding: Rounding
    ) throws(ArithmeticOverflow) -> Price? {
        guard !size.isZero else { return nil }
        // In 1e-16 USD: what the account would have at a price of zero, less what it must have.
        let cash = try CheckedInt128.sum(
            product(equity.raw, scaleE8) - product(otherRequirement.raw, scaleE8),
            -product(size.raw, price.raw))
        let slope =
            product(Int64(bitPattern: size.raw.magnitude), maintenanceRate.numerator)
            - product(size.raw, maintenanceRate.denominator)
        // At a rate of one, a long's surplus does not depend on its price.
        guard slope != 0 else { return nil }
        let negative = (cash < 0) != (slope < 0)
        guard !negative || cash == 0 else { return nil }
        let numerator = WideMagnitude(
            cash.magnitude, times: UInt128(maintenanceRate.denominator.magnitude))
        let quotient = numerator.divided(by: slope.magnitude, roundingUp: rounding == .up)
        let isExact =
            numerator.divided(by: slope.magnitude, roundingUp: true).int64 == quotient.int64
        guard let raw = quotient.int64 else { throw ArithmeticOverflow() }
        guard rounding == .nearest, !isExact else { return Price(raw: raw) }
        let doubled = try numerator.multiplied(by: 2)
            .divided(by: slope.magnitude, roundingUp: false)
        guard let halves = doubled.int64 else { throw ArithmeticOverflow() }
        return Price(raw: raw + (halves & 1))
    }
}
