public import ExactMath

/// The margin schedule of a dYdX v4 market.
///
/// Source: dydxprotocol/v4-chain protocol/x/perpetuals/types/liquidity_tier.go and
/// protocol/x/perpetuals/lib/lib.go (`GetMarginRequirementsInQuoteQuantums`).
public struct LiquidityTier: Hashable, Sendable {
    /// The base initial margin as a share of notional. [1e-8]
    public let initialMarginFraction: Ratio
    /// Maintenance margin as a share of the **base** initial margin. [1e-8]
    public let maintenanceShare: Ratio
    /// How the initial margin grows with the market's open interest, if it does.
    public let openInterestScaling: OpenInterestScaling?

    /// - Parameters:
    ///   - initialMarginFraction: from zero to one.
    ///   - maintenanceShare: from zero to one.
    public init(
        initialMarginFraction: Ratio, maintenanceShare: Ratio,
        openInterestScaling: OpenInterestScaling?
    ) {
        precondition(!initialMarginFraction.isNegative && initialMarginFraction <= .one)
        precondition(!maintenanceShare.isNegative && maintenanceShare <= .one)
        self.initialMarginFraction = initialMarginFraction
        self.maintenanceShare = maintenanceShare
        self.openInterestScaling = openInterestScaling
    }

    /// Maintenance margin as a share of notional, truncated to parts per million; for display and for
    /// the funding clamp only, because requirements round each step of their own. [1e-8]
    public var maintenanceMarginFraction: Ratio {
        let raw = initialMarginFraction.raw * maintenanceShare.raw / scaleE8
        return RateStep.partPerMillion.floor(Ratio(raw: raw))
    }

    /// The initial margin of a position, up. [1e-8 USD]
    /// - Parameters:
    ///   - notional: the signed value of the position.
    ///   - openInterest: of the market at the oracle price.
    ///   - custom: a higher fraction that the account's owner has chosen; a lower one has no effect.
    public func initialMargin(notional: Money, openInterest: Money, custom: Ratio?)
        throws(ArithmeticOverflow) -> Money
    {
        var fraction = initialMarginFraction
        if let scaling = openInterestScaling {
            fraction = try scaling.initialMarginFraction(base: fraction, openInterest: openInterest)
        }
        if let custom { fraction = max(fraction, custom) }
        return try notional.magnitude.scaled(by: fraction, rounding: .up)
    }

    /// The maintenance margin of a position: the ceiling of a share of the ceiling of the base
    /// initial margin, whatever the open interest and the owner's choice. [1e-8 USD]
    public func maintenanceMargin(notional: Money) throws(ArithmeticOverflow) -> Money {
        try notional.magnitude.scaled(by: initialMarginFraction, rounding: .up)
            .scaled(by: maintenanceShare, rounding: .up)
    }
}
