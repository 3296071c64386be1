public import ExactMath

/// A liquidation that starts at one health and ends at a stricter one, so that an account does not
/// swing between the two.
///
/// Source: blockworks-foundation/mango-v4 programs/mango-v4/src/state/mango_account.rs
/// (`check_liquidatable`, `maybe_recover_from_being_liquidated`).
public struct LiquidationHysteresis: Hashable, Sendable {
    /// How far below zero the end health may stay: dust. [1e-8 USD]
    public let dust: Money

    /// - Parameter dust: zero for an end at exactly zero, itself included.
    public init(dust: Money) {
        precondition(!dust.isNegative)
        self.dust = dust
    }

    /// Whether an account is in liquidation after a look at it.
    ///
    /// It enters with a negative maintenance health; it leaves once the end health is above minus the
    /// dust, or not negative.
    /// - Parameters:
    ///   - wasInLiquidation: before the look.
    ///   - maintenance: the maintenance health.
    ///   - end: the liquidation-end health.
    public func isInLiquidation(wasInLiquidation: Bool, maintenance: Money, end: Money) -> Bool {
        guard wasInLiquidation else { return maintenance.isNegative }
        return end.isNegative && end <= -dust
    }
}
