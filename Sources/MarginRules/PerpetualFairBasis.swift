public import ExactMath

/// The price of a perpetual over its index that leaves no arbitrage.
///
/// The longs pay the shorts `κ·(F − S) + ι·S` per year, so holding the perpetual against the index
/// breaks even at `F/S = (κ − ι) / (κ + y − r)`. Where a payment's rate is `P + clamp(I − P, ± d)` it
/// breaks even at `κ · (1 ± d) / (κ + y − r)`, above the index where holding costs more than the
/// interest. Ackerer, Hugonnier, Jermann, "Perpetual Futures
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

    /// How far the interest may pull the rate of one payment from its premium; nil adds it whole. [1e-18]
    public var dampener: Fixed18?

    public init(
        premiumIntensity: Fixed18, interest: Fixed18, financingRate: Fixed18, assetYield: Fixed18,
        dampener: Fixed18? = nil
    ) {
        self.premiumIntensity = premiumIntensity
        self.interest = interest
        self.financingRate = financingRate
        self.assetYield = assetYield
        self.dampener = dampener
    }

    /// Fair perpetual price over index price, to the nearest; nil where funding is too weak to tie
    /// the two (κ + y ≤ r). [1e-18]
    public func ratio() throws(ArithmeticOverflow) -> Fixed18? {
        let tie = premiumIntensity + assetYield - financingRate
        guard tie > .zero else { return nil }
        guard let dampener else {
            return try (premiumIntensity - interest).divided(by: tie, rounding: .nearest)
        }
        // Within the dampener the rate is the interest, whatever the premium: unless that is just what holding costs,
        // the premium is driven to where the rate follows it again.
        let carry = financingRate - assetYield
        guard carry != interest else { return .one }
        let edge = Fixed18.one + (carry > interest ? dampener : -dampener)
        return try premiumIntensity.multiplied(by: edge, rounding: .nearest)
            .divided(by: tie, rounding: .nearest)
    }
}
