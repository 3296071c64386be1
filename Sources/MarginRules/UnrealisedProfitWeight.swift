public import ExactMath

/// How much of an unrealised profit counts as collateral. Losses count in full.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/state/perp_market.rs
/// (`get_unrealized_asset_weight`) and math/margin.rs (`calculate_perp_position_value_and_pnl`).
public struct UnrealisedProfitWeight: Hashable, Sendable {
    /// The weight for initial margin and fills, in whole basis points. [1e-8]
    public let initial: Ratio
    /// The weight for maintenance margin. [1e-8]
    public let maintenance: Ratio
    /// How the initial weight falls with the square root of the profit in USD.
    public let premium: SizePremium
    /// The net profit of all users of the market above which the initial weight shrinks, if any.
    public let imbalanceCap: Money?
    /// The most that a profit may add to initial collateral, if limited. [1e-8 USD]
    public let initialCap: Money?

    public init(
        initial: Ratio, maintenance: Ratio, premium: SizePremium, imbalanceCap: Money?,
        initialCap: Money?
    ) {
        precondition(!initial.isNegative && !maintenance.isNegative)
        precondition(imbalanceCap?.isPositive ?? true, "a cap on the imbalance is positive")
        self.initial = initial
        self.maintenance = maintenance
        self.premium = premium
        self.imbalanceCap = imbalanceCap
        self.initialCap = initialCap
    }

    /// The weight of a profit or loss. [1e-8]
    /// - Parameters:
    ///   - profit: the unrealised profit with funding, negative for a loss.
    ///   - marketProfit: the net unsettled profit of all users of the market.
    public func weight(of profit: Money, marketProfit: Money, for kind: RequirementKind)
        throws(ArithmeticOverflow) -> Ratio
    {
        guard profit.isPositive else { return .one }
        guard kind != .maintenance else { return maintenance }
        var weight = initial
        if let cap = imbalanceCap, marketProfit > cap {
            let scaled = try weight.scaled(by: cap.raw, over: marketProfit.raw, rounding: .down)
            weight = RateStep.basisPoint.floor(scaled)
        }
        guard weight.isPositive else { return .zero }
        return try premium.assetWeight(weight, size: Quantity(raw: profit.raw))
    }

    /// What a profit or loss adds to collateral, truncated toward zero at each step. [1e-8 USD]
    /// - Parameter quote: the price of the settlement asset; a profit is worth the lower and a loss the
    ///   higher of its two prices.
    public func collateral(
        of profit: Money, marketProfit: Money, quote: ConservativePrice, for kind: RequirementKind
    ) throws(ArithmeticOverflow) -> Money {
        let weight = try weight(of: profit, marketProfit: marketProfit, for: kind)
        let weighted = try profit.scaled(by: weight, rounding: .towardZero)
        let price = profit.isPositive ? quote.asset : quote.liability
        let value = try weighted.scaled(by: price.raw, over: scaleE8, rounding: .towardZero)
        guard kind == .initial, let initialCap else { return value }
        return min(value, initialCap)
    }
}
