public import ExactMath

/// A fee that falls for what brings a token nearer to its target weight and rises for what does
/// not.
///
/// Whole basis points, as in the contract. Source: gmx-io/gmx-contracts
/// contracts/core/VaultUtils.sol `getFeeBasisPoints`.
public struct GLPDynamicFee: Sendable, Hashable {
    /// The fee at the target. [basis points]
    public var base: Int64
    /// The most that is added, and the slope of both. [basis points]
    public var tax: Int64
    /// Whether the fee is dynamic at all.
    public var isDynamic: Bool

    public init(base: Int64, tax: Int64, isDynamic: Bool = true) {
        self.base = base
        self.tax = tax
        self.isDynamic = isDynamic
    }

    /// The token's target: its weight's share of the pool's dollars, rounded down. [1e-8 USD]
    ///
    /// Source: Vault.sol `getTargetUsdgAmount`.
    /// - Parameters:
    ///   - weight: the token's. [parts]
    ///   - totalWeight: of all tokens, greater than zero. [parts]
    ///   - supply: the dollars that the pool counts in all. [1e-8 USD]
    public static func target(weight: Int64, totalWeight: Int64, supply: Money)
        throws(ArithmeticOverflow) -> Money
    {
        try supply.scaled(by: weight, over: totalWeight, rounding: .down)
    }

    /// The fee of a change of the token's dollars. [basis points]
    ///
    /// Nearer: `base − tax · distance before / target`, at least zero. Otherwise:
    /// `base + tax · mean distance / target`, the mean at most the target. Both quotients rounded
    /// down.
    /// - Parameters:
    ///   - amount: the token's dollars before, zero or more. [1e-8 USD]
    ///   - change: negative for a decrease, which stops at zero. [1e-8 USD]
    ///   - target: see ``target(weight:totalWeight:supply:)``. [1e-8 USD]
    public func basisPoints(amount: Money, change: Money, target: Money)
        throws(ArithmeticOverflow) -> Int64
    {
        guard isDynamic, target.isPositive else { return base }
        let next = max(try amount.adding(change), .zero)
        let before = (amount - target).magnitude
        let after = (next - target).magnitude
        if after < before {
            let rebate = try multiply(
                tax, before.raw, dividingBy: target.raw, rounding: .down)
            return max(base - rebate, 0)
        }
        let mean = Money(raw: try sum(before.raw, after.raw) / 2)
        return base
            + (try multiply(
                tax, min(mean, target).raw, dividingBy: target.raw, rounding: .down))
    }

    /// The fee of a swap: the higher of what it costs to bring the one token and to take the other.
    /// [basis points]
    ///
    /// Source: `getSwapFeeBasisPoints`.
    /// - Parameter value: of the swap. [1e-8 USD]
    public func basisPoints(
        swapping value: Money, into incoming: (amount: Money, target: Money),
        outOf outgoing: (amount: Money, target: Money)
    ) throws(ArithmeticOverflow) -> Int64 {
        try max(
            basisPoints(amount: incoming.amount, change: value, target: incoming.target),
            basisPoints(amount: outgoing.amount, change: -value, target: outgoing.target))
    }
}
