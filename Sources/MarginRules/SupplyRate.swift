public import ExactMath

/// What suppliers of a pool earn.
public enum SupplyRate: Hashable, Sendable {
    /// The interest of borrowers, spread over all that is supplied, less the protocol's share:
    /// `borrow rate · (1 − reserve factor) · utilization`. Compound v2 rounds down, Aave to the
    /// nearest (and multiplies in the other order, which moves the last of 27 decimals).
    ///
    /// Sources: compound-finance/compound-protocol `BaseJumpRateModelV2.getSupplyRate`;
    /// aave-dao/aave-v3-origin `DefaultReserveInterestRateStrategyV2.sol`.
    case shareOfInterest(reserveFactor: Ratio, rounding: Rounding)
    /// A curve of its own, and the reserves take (or pay) the difference: Comet's.
    case ownCurve(KinkedRate)

    /// The rate that suppliers earn. [1e-18 per period]
    /// - Parameters:
    ///   - borrowRate: what borrowers pay. [1e-18 per period]
    ///   - utilization: the share of what is supplied that is on loan. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when the rate does not fit.
    public func rate(borrowRate: Fixed18, utilization: Fixed18)
        throws(ArithmeticOverflow) -> Fixed18
    {
        switch self {
        case .shareOfInterest(let reserveFactor, let rounding):
            return
                try borrowRate
                .multiplied(by: Fixed18(Ratio.one - reserveFactor), rounding: rounding)
                .multiplied(by: utilization, rounding: rounding)
        case .ownCurve(let curve):
            return try curve.rate(at: utilization)
        }
    }
}
