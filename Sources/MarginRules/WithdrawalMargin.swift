public import ExactMath

/// What must remain in an account from which margin or unrealised profit is withdrawn.
///
/// Source: Hyperliquid docs, trading/margining: the larger of the initial margin and a tenth of the
/// total notional; added after March 2025, when a trader withdrew margin and left the backstop vault
/// with the position.
public struct WithdrawalMargin: Hashable, Sendable {
    /// The least margin that remains, as a share of the notional of all positions. [1e-8]
    public let minimumShareOfNotional: Ratio

    /// - Parameter minimumShareOfNotional: zero or more.
    public init(minimumShareOfNotional: Ratio) {
        precondition(!minimumShareOfNotional.isNegative)
        self.minimumShareOfNotional = minimumShareOfNotional
    }

    /// The margin that must remain, up. [1e-8 USD]
    /// - Parameter notional: the sum of the positions' absolute values.
    public func required(initialMargin: Money, notional: Money)
        throws(ArithmeticOverflow) -> Money
    {
        max(initialMargin, try notional.scaled(by: minimumShareOfNotional, rounding: .up))
    }

    /// What may be withdrawn, zero or more. [1e-8 USD]
    public func withdrawable(equity: Money, initialMargin: Money, notional: Money)
        throws(ArithmeticOverflow) -> Money
    {
        let required = try required(initialMargin: initialMargin, notional: notional)
        return max(.zero, try equity.adding(-required))
    }
}
