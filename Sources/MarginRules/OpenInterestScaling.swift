public import ExactMath

/// An initial margin fraction that grows with the open interest of the whole market.
///
/// The base fraction up to the lower cap, 100 % from the upper cap on, and linear in between, in whole
/// parts per million, truncated. Maintenance margin never scales: nobody is liquidated because others
/// trade. Source: dydxprotocol/v4-chain protocol/x/perpetuals/types/liquidity_tier.go
/// (`GetAdjustedInitialMarginPpm`).
public struct OpenInterestScaling: Hashable, Sendable {
    /// The open interest up to which the base fraction holds. [1e-8 USD]
    public let lowerCap: Money
    /// The open interest from which a position must be fully collateralised. [1e-8 USD]
    public let upperCap: Money

    /// - Parameters:
    ///   - lowerCap: zero or more, and not above the upper cap.
    ///   - upperCap: greater than zero; a market without scaling has no `OpenInterestScaling`.
    public init(lowerCap: Money, upperCap: Money) {
        precondition(!lowerCap.isNegative && upperCap.isPositive && lowerCap <= upperCap)
        self.lowerCap = lowerCap
        self.upperCap = upperCap
    }

    /// The fraction of notional required to open a position. [1e-8]
    ///
    /// An open interest equal to the lower cap still has the base fraction, also where both caps are
    /// equal.
    /// - Parameters:
    ///   - base: from zero to one.
    ///   - openInterest: of one side of the market, at the oracle price. [1e-8 USD]
    public func initialMarginFraction(base: Ratio, openInterest: Money)
        throws(ArithmeticOverflow) -> Ratio
    {
        precondition(!base.isNegative && base <= .one, "a margin fraction is at most one")
        guard openInterest > lowerCap else { return base }
        guard openInterest < upperCap else { return .one }
        let share = product((Ratio.one - base).raw, (openInterest - lowerCap).raw)
        let increase = try divide(share, by: (upperCap - lowerCap).raw, rounding: .down)
        return base + RateStep.partPerMillion.floor(Ratio(raw: increase))
    }
}
