public import ExactMath

/// The weights of a borrowable asset, worsening with the size of the balance.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/state/spot_market.rs (`get_asset_weight`,
/// `get_liability_weight`).
public struct SpotWeights: Hashable, Sendable {
    /// All in whole basis points. [1e-8]
    public let initialAsset: Ratio
    public let maintenanceAsset: Ratio
    public let initialLiability: Ratio
    public let maintenanceLiability: Ratio
    /// The change with size, of all four.
    public let premium: SizePremium
    /// The change of the initial asset weight with market-wide deposits, if any.
    public let scaling: MarketScaledWeight?

    public init(
        initialAsset: Ratio, maintenanceAsset: Ratio, initialLiability: Ratio,
        maintenanceLiability: Ratio, premium: SizePremium, scaling: MarketScaledWeight?
    ) {
        self.initialAsset = initialAsset
        self.maintenanceAsset = maintenanceAsset
        self.initialLiability = initialLiability
        self.maintenanceLiability = maintenanceLiability
        self.premium = premium
        self.scaling = scaling
    }

    /// The weight of an asset. [1e-8]
    /// - Parameters:
    ///   - size: without sign.
    ///   - deposits: the value of all deposits of the market.
    public func asset(size: Quantity, deposits: Money, for kind: RequirementKind)
        throws(ArithmeticOverflow) -> Ratio
    {
        let initial = try scaling?.assetWeight(initialAsset, deposits: deposits) ?? initialAsset
        let weight = kind.select(initial: initial, maintenance: maintenanceAsset)
        return try premium.assetWeight(weight, size: size)
    }

    /// The weight of a liability. [1e-8]
    /// - Parameter size: without sign.
    public func liability(size: Quantity, for kind: RequirementKind)
        throws(ArithmeticOverflow) -> Ratio
    {
        let weight = kind.select(initial: initialLiability, maintenance: maintenanceLiability)
        return try premium.liabilityWeight(weight, size: size)
    }

    /// A value with its weight, truncated toward zero. [1e-8 USD]
    /// - Parameters:
    ///   - amount: whose size decides the weight.
    ///   - value: whose sign decides the side.
    ///   - customRatio: a margin ratio that the owner has chosen: an asset weighs at most one less it, a
    ///     liability at least one plus it, and weights are then those of initial margin.
    func weighted(
        amount: Quantity, value: Money, deposits: Money, kind: RequirementKind, customRatio: Ratio?
    ) throws(ArithmeticOverflow) -> Money {
        guard !value.isZero else { return .zero }
        let kind = customRatio == nil ? kind : .initial
        let custom = customRatio.map(ChosenMarginRatio.init)
        let weight: Ratio
        if value.isPositive {
            let own = try asset(size: amount.magnitude, deposits: deposits, for: kind)
            weight = min(own, custom?.assetWeight ?? own)
        } else {
            let own = try liability(size: amount.magnitude, for: kind)
            weight = max(own, custom?.liabilityWeight ?? own)
        }
        return try value.scaled(by: weight, rounding: .towardZero)
    }
}
