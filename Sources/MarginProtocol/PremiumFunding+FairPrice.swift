public import ExactMath
import MarginRules

extension PremiumFunding {
    /// The contract's price over its index at which holding the outside asset against a short position, or the other way
    /// round, earns nothing: funding pays what holding costs. [1e-18]
    ///
    /// A year has 365 days. Limits of the rate are left out: where one binds, no price does.
    ///
    /// - Parameter financingRate: what holding the outside asset costs a year, less what it yields.
    /// - Returns: nil where a year's financing is more than a premium of the whole price pays in it.
    /// - Throws: ``ArithmeticOverflow`` where a rate of a year does not fit.
    public func fairRatio(financingRate: Ratio) throws(ArithmeticOverflow) -> Fixed18? {
        let year = TimeSpan.year.milliseconds
        let intensity = try Fixed18(whole: year)
            .divided(by: Fixed18(whole: period.milliseconds), rounding: .nearest)
        return try PerpetualFairBasis(
            premiumIntensity: intensity,
            interest: try Fixed18(interest).multiplied(by: intensity, rounding: .nearest),
            financingRate: Fixed18(financingRate), assetYield: .zero,
            dampener: dampener.map { Fixed18($0) }
        ).ratio()
    }
}
