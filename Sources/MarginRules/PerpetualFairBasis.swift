public import ExactMath

/// The price of a perpetual over its index that leaves no arbitrage.
///
/// The longs pay the shorts `κ·(F − S) + ι·S` per year, so holding the perpetual against the index
/// breaks even at `F/S = (κ − ι) / (κ + y − r)`. Ackerer, Hugonnier, Jermann, "Perpetual Futures
/// Pricing", arXiv 2310.11771; He, Manela, Ross, von Wachter, arXiv 2212.06888.
public struct PerpetualFairBasis: Hashable, Sendable {
    /// How often a year the premium is paid in full: 1095 for funding every 8 hours. [1e-18 per
    /// year]
    public var premiumIntensity: Fixed18
    /// The interest component of funding. [1e-18 per year]
    public var interest: Fixed18
    /// The rate at which the quote currency is financed. [1e-18 per year]
    public var financingRate: Fixed18
    /// What the base asset yields while it is held. [1e-18 per year]
    public var assetYield: Fixed18

    public init(
        premiumIntensity: Fixed18, interest: Fixed18, financingRate: Fixed18, assetYield: Fixed18
    ) {
        self.premiumIntensity = premiumIntensity
        self.interest = interest
        self.financingRate = financingRate
        self.assetYield = assetYield
    }

    /// Fair perpetual price over index price, to the nearest; nil where funding is too weak to tie
    /// the two (κ + y ≤ r). [1e-18]
    public func ratio() throws(ArithmeticOverflow) -> Fixed18? {
        let tie = premiumIntensity + assetYield - financingRate
        guard tie > .zero else { return nil }
        return try (premiumIntensity - interest).divided(by: tie, rounding: .nearest)
    }
}
