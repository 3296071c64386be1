public import ExactMath

/// An oracle price beside a slower one; each side of an account is valued at the worse of the two.
///
/// Drift compares with the five-minute time-weighted average for initial margin ("strict"), Mango v4 with
/// its rate-limited stable price. Without a second price both sides use the oracle. Sources:
/// drift-labs/protocol-v2 programs/drift/src/state/oracle.rs (`StrictOraclePrice`);
/// blockworks-foundation/mango-v4 programs/mango-v4/src/health/cache.rs (`Prices`).
public struct ConservativePrice: Hashable, Sendable {
    /// [1e-8 USD per unit]
    public let oracle: Price
    /// [1e-8 USD per unit]
    public let slow: Price?

    public init(oracle: Price, slow: Price?) {
        self.oracle = oracle
        self.slow = slow
    }

    /// The lower price, for what the account owns.
    public var asset: Price { slow.map { min(oracle, $0) } ?? oracle }

    /// The higher price, for what the account owes.
    public var liability: Price { slow.map { max(oracle, $0) } ?? oracle }

    /// The value of a balance: truncated for an asset, away from zero for a debt. [1e-8 USD]
    ///
    /// Source: drift-labs/protocol-v2 programs/drift/src/math/spot_balance.rs
    /// (`get_strict_token_value`).
    public func value(of amount: Quantity) throws(ArithmeticOverflow) -> Money {
        try amount.value(at: amount.isPositive ? asset : liability, rounding: .down)
    }
}
