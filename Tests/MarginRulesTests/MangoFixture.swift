import ExactMath
import MarginRules

// Mango v4 counts native units of tokens, of which one is a whole unit here.

func decimal<S: Scaled>(_ value: Double, _ type: S.Type = S.self) -> S {
    S(raw: Int64((value * 1e8).rounded()))
}

/// A bank of the protocol's tests: maintenance and initial weights at a distance from one.
func mangoBank(
    _ price: Double, init distance: Double, maint: Double, balance: Double, stable: Double? = nil,
    deposits: Double = 0, depositStart: Double? = nil, borrows: Double = 0,
    borrowStart: Double? = nil
) throws -> TokenHealth {
    try TokenHealth(
        weights: TokenHealth.Weights(
            initialAsset: decimal(1 - distance), maintenanceAsset: decimal(1 - maint),
            initialLiability: decimal(1 + distance), maintenanceLiability: decimal(1 + maint)),
        price: ConservativePrice(
            oracle: decimal(price), slow: stable.map { decimal($0) } ?? decimal(price)),
        balance: decimal(balance), deposits: decimal(deposits), borrows: decimal(borrows),
        depositScaling: depositStart.map {
            MarketScaledWeight(start: decimal($0), step: .exact)
        },
        borrowScaling: borrowStart.map { MarketScaledWeight(start: decimal($0), step: .exact) })
}

func mangoPerpetual(
    _ price: Double, size: Double, quote: Double, bids: Double = 0, asks: Double = 0,
    base: Double = 0.2, overall: Double = 0.95, settle: Int = 0, stable: Double? = nil
) -> PerpetualHealth {
    PerpetualHealth(
        weights: PerpetualHealth.Weights(
            initialAsset: decimal(1 - base), maintenanceAsset: decimal(0.9),
            initialLiability: decimal(1 + base), maintenanceLiability: decimal(1.1),
            initialOverall: decimal(overall), maintenanceOverall: decimal(0.98)),
        settleToken: settle,
        price: ConservativePrice(
            oracle: decimal(price), slow: stable.map { decimal($0) } ?? decimal(price)),
        size: decimal(size), quote: decimal(quote), bids: decimal(bids), asks: decimal(asks))
}

func isClose<S: Scaled>(_ value: S, _ expected: Double, within tolerance: Double) -> Bool {
    abs(Double(value.raw) / 1e8 - expected) <= tolerance
}
