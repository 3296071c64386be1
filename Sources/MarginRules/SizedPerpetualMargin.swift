public import ExactMath

/// The margin schedule of a perpetual whose ratio grows with the square root of the position.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/state/perp_market.rs (`get_margin_ratio`) and
/// math/margin.rs (`calculate_perp_position_value_and_pnl`).
public struct SizedPerpetualMargin: Hashable, Sendable {
    /// Before the size counts, in whole basis points. [1e-8]
    public let initialRatio: Ratio
    /// Before the size counts, in whole basis points. [1e-8]
    public let maintenanceRatio: Ratio
    /// The growth with size, of both ratios.
    public let premium: SizePremium
    /// A fixed requirement for each open order. [1e-8 USD]
    public let openOrderRequirement: Money
    public let payoff: ContractPayoff

    public init(
        initialRatio: Ratio, maintenanceRatio: Ratio, premium: SizePremium,
        openOrderRequirement: Money, payoff: ContractPayoff
    ) {
        precondition(!initialRatio.isNegative && !maintenanceRatio.isNegative)
        precondition(!openOrderRequirement.isNegative)
        self.initialRatio = initialRatio
        self.maintenanceRatio = maintenanceRatio
        self.premium = premium
        self.openOrderRequirement = openOrderRequirement
        self.payoff = payoff
    }

    /// The margin ratio of a position. [1e-8, whole basis points]
    /// - Parameters:
    ///   - size: without sign.
    ///   - custom: a ratio that the owner has chosen or a stale oracle imposes; the higher one holds.
    public func ratio(size: Quantity, for kind: RequirementKind, custom: Ratio?)
        throws(ArithmeticOverflow) -> Ratio
    {
        let ratio = kind.select(initial: initialRatio, maintenance: maintenanceRatio)
        return max(try premium.liabilityWeight(ratio, size: size), custom ?? .zero)
    }

    /// A requirement and the value at risk behind it. [1e-8 USD]
    public struct Requirement: Hashable, Sendable {
        public let margin: Money
        public let liability: Money
    }

    /// The requirement of a position with its open orders, truncated at each step.
    /// - Parameters:
    ///   - bids: the sum of open bids, zero or more.
    ///   - asks: the sum of open asks, zero or more.
    ///   - openOrders: how many orders are open.
    ///   - quote: the price of the settlement asset; the higher of its two prices counts.
    public func requirement(
        position: Quantity, bids: Quantity, asks: Quantity, openOrders: Int64, price: Price,
        quote: ConservativePrice, for kind: RequirementKind, custom: Ratio?
    ) throws(ArithmeticOverflow) -> Requirement {
        let exposure = try OpenOrderExposure(
            position: position, bids: bids, asks: asks, price: price, payoff: payoff)
        let liability = try exposure.liability.scaled(
            by: quote.liability.raw, over: scaleE8, rounding: .down)
        let ratio = try ratio(size: exposure.size.magnitude, for: kind, custom: custom)
        let margin = try liability.scaled(by: ratio, rounding: .down)
        let orders = try openOrderRequirement.scaled(by: openOrders, over: 1, rounding: .down)
        return Requirement(margin: try margin.adding(orders), liability: liability)
    }

    /// The profit of a position at a price: its value, truncated, and the quote amount. [1e-8 USD]
    /// - Parameter quoteAmount: what was received for the position, negative where it was paid.
    public static func profit(position: Quantity, quoteAmount: Money, price: Price)
        throws(ArithmeticOverflow) -> Money
    {
        try position.value(at: max(price, .zero), rounding: .towardZero).adding(quoteAmount)
    }
}
