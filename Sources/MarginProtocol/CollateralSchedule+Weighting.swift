public import ExactMath
import MarginRules

extension CollateralSchedule {
    /// What a holding counts, rounded down. [1e-8 USD]
    ///
    /// - Parameters:
    ///   - amount: zero or more. [1e-8 units]
    ///   - price: of the asset. [1e-8 USD]
    ///   - deposits: what all margin accounts together hold of it. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` beyond $92 billion.
    public func weighted(_ amount: Quantity, at price: Price, deposits: Money)
        throws(ArithmeticOverflow) -> Money
    {
        let value = try amount.value(at: price, rounding: .down)
        var counted: Money
        switch sizeDiscount {
        case .none: counted = try tiered(amount, value, price)
        case .squareRoot(let factor):
            counted = try tiered(amount, value, price)
            let weight = try SizePremium(factor: factor).assetWeight(.one, size: amount)
            counted = min(counted, try value.scaled(by: weight, rounding: .down))
        case .linear(let scale, let factor, let lower, let upper):
            counted = try SkewCollateralDiscount(
                skewScale: scale, scalar: factor, lower: lower, upper: upper
            ).value(amount: amount, price: price)
        }
        if let start = depositScale, deposits > start {
            counted = try counted.scaled(by: start.raw, over: deposits.raw, rounding: .down)
        }
        return counted
    }

    private func tiered(_ amount: Quantity, _ value: Money, _ price: Price)
        throws(ArithmeticOverflow) -> Money
    {
        let measure = basis == .value ? value.raw : amount.raw
        var total: Int64 = 0
        for (index, tier) in tiers.enumerated() where measure > tier.floor {
            let end = index + 1 < tiers.count ? min(measure, tiers[index + 1].floor) : measure
            let part = try Money(raw: end - tier.floor).scaled(by: tier.weight, rounding: .down)
            total = try sum(total, part.raw)
        }
        guard basis == .quantity else { return Money(raw: total) }
        return try Quantity(raw: total).value(at: price, rounding: .down)
    }
}
