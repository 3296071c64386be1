/// Which prices and weights an account's health is measured with.
///
/// Source: blockworks-foundation/mango-v4 programs/mango-v4/src/health/cache.rs (`HealthType`).
public enum HealthKind: Hashable, Sendable {
    /// To open positions: initial weights, scaled by the market, at the worse of two prices.
    case initial
    /// Where a liquidation starts: maintenance weights at the oracle price.
    case maintenance
    /// Where a liquidation ends: initial weights, not scaled, at the oracle price.
    case liquidationEnd
}
