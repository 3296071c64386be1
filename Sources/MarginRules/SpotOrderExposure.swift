public import ExactMath

/// A spot balance together with its open orders, in the worse of two cases: all bids fill, or all asks.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/state/user.rs (`simulate_fills_both_sides`,
/// `riskier_side`, `apply_user_custom_margin_ratio`).
public struct SpotOrderExposure: Hashable, Sendable {
    /// The balance in that case. [1e-8 units]
    public let amount: Quantity
    /// What the fills bring in the quote asset, negative where they cost. [1e-8 USD]
    public let ordersValue: Money
    /// The value of the balance. [1e-8 USD]
    public let value: Money
    /// Its weighted value. [1e-8 USD]
    public let weightedValue: Money

    /// The worse case; of equal cases, all asks.
    /// - Parameters:
    ///   - balance: the signed amount.
    ///   - bids: the sum of open bids, zero or more.
    ///   - asks: the sum of open asks, zero or more.
    ///   - deposits: the value of all deposits of the market.
    ///   - customRatio: a margin ratio that the owner has chosen, applied once the case is known; zero
    ///     has no effect.
    public init(
        balance: Quantity, bids: Quantity, asks: Quantity, price: ConservativePrice,
        weights: SpotWeights, deposits: Money, for kind: RequirementKind, customRatio: Ratio?
    ) throws(ArithmeticOverflow) {
        precondition(!bids.isNegative && !asks.isNegative, "open orders have no sign")
        let value = try price.value(of: balance)
        let afterBids = try Self(
            balance: balance, value: value, orders: bids, price: price, weights: weights,
            deposits: deposits, kind: kind)
        let afterAsks = try Self(
            balance: balance, value: value, orders: -asks, price: price, weights: weights,
            deposits: deposits, kind: kind)
        let worse =
            try afterAsks.freeCollateral() <= afterBids.freeCollateral() ? afterAsks : afterBids
        self.amount = worse.amount
        self.ordersValue = worse.ordersValue
        self.value = worse.value
        if let customRatio, !customRatio.isZero, !worse.weightedValue.isZero {
            self.weightedValue = try weights.weighted(
                amount: worse.amount, value: worse.value, deposits: deposits, kind: kind,
                customRatio: customRatio)
        } else {
            self.weightedValue = worse.weightedValue
        }
    }

    private init(
        balance: Quantity, value: Money, orders: Quantity, price: ConservativePrice,
        weights: SpotWeights, deposits: Money, kind: RequirementKind
    ) throws(ArithmeticOverflow) {
        // Orders are worth the higher price on both sides.
        self.ordersValue = try (-orders).value(at: price.liability, rounding: .down)
        self.amount = try balance.adding(orders)
        self.value = try value.adding(-ordersValue)
        self.weightedValue = try weights.weighted(
            amount: amount, value: self.value, deposits: deposits, kind: kind, customRatio: nil)
    }

    private func freeCollateral() throws(ArithmeticOverflow) -> Money {
        try weightedValue.adding(ordersValue)
    }
}
