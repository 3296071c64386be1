public import ExactMath

/// A margin table of notional tiers, each with a maximum leverage.
///
/// Maintenance margin is half the initial margin at the tier's maximum leverage, less a deduction that
/// makes it continuous at the bounds; in other words each slice of the notional pays its own tier's
/// rate. Source: Hyperliquid docs, trading/margin-tiers and trading/margining.
public struct LeverageTiers: Hashable, Sendable {
    /// One tier.
    public struct Tier: Hashable, Sendable {
        /// The notional from which the tier applies, itself included. [1e-8 USD]
        public let lowerBound: Money
        /// The largest leverage in the tier. [times]
        public let maximumLeverage: Int64

        public init(lowerBound: Money, maximumLeverage: Int64) {
            self.lowerBound = lowerBound
            self.maximumLeverage = maximumLeverage
        }

        /// Maintenance margin per notional: 1 / (2 · maximum leverage).
        public var maintenanceRate: ExactFraction { ExactFraction(1, over: 2 * maximumLeverage) }
    }

    /// From the lowest bound, which is zero, upwards.
    public let tiers: [Tier]

    /// - Parameter tiers: one or more; the first from zero on, bounds rising, leverages positive and
    ///   falling.
    public init(_ tiers: [Tier]) {
        precondition(tiers.first?.lowerBound == .zero, "the first tier starts at zero")
        precondition(tiers.allSatisfy { (1...1_000_000).contains($0.maximumLeverage) })
        for (lower, upper) in zip(tiers, tiers.dropFirst()) {
            precondition(
                lower.lowerBound < upper.lowerBound
                    && lower.maximumLeverage > upper.maximumLeverage,
                "bounds rise and leverages fall")
        }
        self.tiers = tiers
    }

    /// The tier of a position: the highest whose bound its notional reaches, long or short alike.
    public func tier(notional: Money) -> Tier {
        tiers[index(notional.raw.magnitude)]
    }

    /// The margin to open a position at a chosen leverage. [1e-8 USD]
    /// - Parameter leverage: above zero, at most the tier's maximum.
    public func initialMargin(notional: Money, leverage: Int64, rounding: Rounding)
        throws(ArithmeticOverflow) -> Money
    {
        precondition(leverage > 0 && leverage <= tier(notional: notional).maximumLeverage)
        return try notional.magnitude.scaled(by: 1, over: leverage, rounding: rounding)
    }

    /// The maintenance margin of a position, exact and rounded once. [1e-8 USD]
    public func maintenanceMargin(notional: Money, rounding: Rounding)
        throws(ArithmeticOverflow) -> Money
    {
        let last = index(notional.raw.magnitude)
        let denominator = try commonDenominator(through: last)
        let rate = tiers[last].maintenanceRate.denominator
        let gross = try CheckedInt128.product(
            Int128(notional.raw.magnitude), Int128(denominator / rate))
        let margin = gross - (try deduction(at: last, denominator: denominator))
        return Money(raw: try divide(margin, by: denominator, rounding: rounding))
    }

    /// What a tier deducts from notional times rate. [1e-8 USD]
    ///
    /// Zero in the first tier; each further tier adds its bound times the rise of the rate.
    public func deduction(notional: Money, rounding: Rounding)
        throws(ArithmeticOverflow) -> Money
    {
        let last = index(notional.raw.magnitude)
        let denominator = try commonDenominator(through: last)
        return Money(
            raw: try divide(
                try deduction(at: last, denominator: denominator), by: denominator,
                rounding: rounding))
    }

    /// The price at which an account just meets its maintenance margin, in the tier that the position
    /// has at that price. [1e-8 USD per unit]
    /// - Parameters:
    ///   - size: the signed size.
    ///   - price: the price at which the equity is measured.
    ///   - otherRequirement: the maintenance margin of the account's other positions.
    /// - Returns: nil where no price of zero or more liquidates the account.
    public func liquidationPrice(
        size: Quantity, price: Price, equity: Money, otherRequirement: Money, rounding: Rounding
    ) throws(ArithmeticOverflow) -> Price? {
        for (index, tier) in tiers.enumerated() {
            let denominator = try commonDenominator(through: index)
            let deducted = try divide(
                try deduction(at: index, denominator: denominator), by: denominator,
                rounding: .nearest)
            let candidate = try CrossLiquidationPrice.price(
                size: size, price: price, equity: equity, maintenanceRate: tier.maintenanceRate,
                otherRequirement: try otherRequirement.adding(Money(raw: -deducted)),
                rounding: rounding)
            guard let candidate else { continue }
            let notional = product(size.raw, candidate.raw).magnitude / UInt128(scaleE8)
            if self.index(UInt64(clamping: notional)) == index { return candidate }
        }
        return nil
    }

    private func index(_ notional: UInt64) -> Int {
        let next = tiers.firstIndex { $0.lowerBound.raw.magnitude > notional }
        return (next ?? tiers.count) - 1
    }

    /// Σ boundₙ · (rateₙ − rateₙ₋₁), over a denominator that all the rates divide.
    private func deduction(at last: Int, denominator: Int64) throws(ArithmeticOverflow) -> Int128 {
        var sum: Int128 = 0
        for index in 0..<last {
            let rise =
                denominator / tiers[index + 1].maintenanceRate.denominator
                - denominator / tiers[index].maintenanceRate.denominator
            let step = product(tiers[index + 1].lowerBound.raw, rise)
            sum = try CheckedInt128.sum(sum, step)
        }
        return sum
    }

    private func commonDenominator(through last: Int) throws(ArithmeticOverflow) -> Int64 {
        var common: Int64 = 1
        for tier in tiers[...last] {
            let rate = tier.maintenanceRate.denominator
            var (a, b) = (common, rate)
            while b != 0 { (a, b) = (b, a % b) }
            let (next, overflow) = (common / a).multipliedReportingOverflow(by: rate)
            guard !overflow else { throw ArithmeticOverflow() }
            common = next
        }
        return common
    }
}
