public import ExactMath

/// A loss spread over all positions of a market, or over all its depositors, through an index that
/// every account settles later.
public enum LossSocialisation {
    /// What every unit of open interest pays, up. [1e-8 USD per unit]
    ///
    /// Longs pay it as an increase of their cumulative funding, shorts as a decrease of theirs. Source:
    /// drift-labs/protocol-v2 programs/drift/src/math/liquidation.rs
    /// (`calculate_funding_rate_deltas_to_resolve_bankruptcy`).
    /// - Parameters:
    ///   - loss: zero or more.
    ///   - long: the sum of long sizes, zero or more.
    ///   - short: the sum of short sizes without sign.
    /// - Returns: nil where nobody has a position: the loss cannot be spread.
    public static func fundingIncrease(loss: Money, long: Quantity, short: Quantity)
        throws(ArithmeticOverflow) -> Price?
    {
        precondition(!loss.isNegative && !long.isNegative && !short.isNegative)
        let total = try long.adding(short)
        guard total.isPositive else { return nil }
        return Price(
            raw: try multiply(loss.raw, scaleE8, dividingBy: total.raw, rounding: .up))
    }

    /// What every unit of open interest pays, truncated, at eighteen decimals. [1e-18 USD per unit]
    ///
    /// Longs and shorts of a unit of open interest both pay it. Source:
    /// blockworks-foundation/mango-v4 programs/mango-v4/src/state/perp_market.rs (`socialize_loss`).
    /// - Parameter openInterest: zero or more; without any the loss is borne by whoever settles last.
    public static func fundingIncrease(loss: Quantity, openInterest: Quantity)
        throws(ArithmeticOverflow) -> Fixed18
    {
        precondition(!loss.isNegative && !openInterest.isNegative)
        guard openInterest.isPositive else { return .zero }
        return try Fixed18(loss).divided(by: Fixed18(openInterest), rounding: .down)
    }

    /// By how much the deposit index falls, up. [1e-18]
    ///
    /// Zero where nobody has a deposit. Source: drift-labs/protocol-v2
    /// programs/drift/src/math/liquidation.rs
    /// (`calculate_cumulative_deposit_interest_delta_to_resolve_bankruptcy`).
    /// - Parameters:
    ///   - index: of deposits, zero or more.
    ///   - loss: the debt that nobody repays, zero or more.
    ///   - deposits: of all accounts, zero or more.
    public static func depositIndexDecrease(index: Fixed18, loss: Quantity, deposits: Quantity)
        throws(ArithmeticOverflow) -> Fixed18
    {
        precondition(index >= .zero && !loss.isNegative && !deposits.isNegative)
        guard deposits.isPositive else { return .zero }
        let numerator = WideMagnitude(index.raw.magnitude, times: UInt128(loss.raw.magnitude))
        let quotient = numerator.divided(by: UInt128(deposits.raw.magnitude), roundingUp: true)
        guard quotient.high == 0, let raw = Int128(exactly: quotient.low) else {
            throw ArithmeticOverflow()
        }
        return Fixed18(raw: raw)
    }
}

/// Who pays the loss of a bankrupt account: the insurance fund, then the market's fee pool, then all.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/controller/liquidation.rs
/// (`resolve_perp_bankruptcy`, `resolve_spot_bankruptcy`).
public struct BankruptcyWaterfall: Hashable, Sendable {
    public let insurance: Money
    public let feePool: Money
    public let socialised: Money

    /// - Parameters:
    ///   - loss: zero or more.
    ///   - insuranceFund: the fund's balance, zero or more.
    ///   - reserve: what always stays in the fund.
    ///   - marketAllowance: what the fund may still pay for the market, if limited.
    ///   - feePool: the balance of the market's fee pool, zero or more.
    public init(
        loss: Money, insuranceFund: Money, reserve: Money, marketAllowance: Money?, feePool: Money
    ) {
        precondition(!loss.isNegative && !insuranceFund.isNegative && !reserve.isNegative)
        precondition(!feePool.isNegative && !(marketAllowance?.isNegative ?? false))
        let available = max(.zero, insuranceFund - reserve)
        insurance = min(loss, available, marketAllowance ?? loss)
        self.feePool = min(loss - insurance, feePool)
        socialised = loss - insurance - self.feePool
    }
}
