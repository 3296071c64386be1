public import ExactMath

/// The loan-to-values of one collateral, of which the liquidation one is lowered over time.
///
/// A lowered liquidation loan-to-value would liquidate accounts at once; it falls linearly instead.
/// euler-xyz/euler-vault-kit LTVConfig.sol.
public struct LoanToValueRamp: Hashable, Sendable {
    /// The most that may be borrowed against the collateral.
    public var borrow: Ratio
    /// Where liquidations begin once the ramp is over.
    public var liquidation: Ratio
    /// Where liquidations began before the ramp.
    public var initialLiquidation: Ratio
    /// When the ramp is over.
    public var end: Timestamp
    /// How long the ramp takes in all.
    public var duration: TimeSpan

    public init(
        borrow: Ratio, liquidation: Ratio, initialLiquidation: Ratio, end: Timestamp,
        duration: TimeSpan
    ) {
        precondition(borrow >= .zero && borrow <= liquidation && liquidation <= .one)
        precondition(initialLiquidation >= .zero && initialLiquidation <= .one)
        precondition(duration >= .zero)
        self.borrow = borrow
        self.liquidation = liquidation
        self.initialLiquidation = initialLiquidation
        self.end = end
        self.duration = duration
    }

    /// The liquidation loan-to-value at a moment, rounded down to a basis point.
    ///
    /// A raised one holds at once. Before the ramp has begun the initial one holds.
    public func liquidation(at now: Timestamp) -> Ratio {
        let isRamping = now < end && duration > .zero && liquidation < initialLiquidation
        guard isRamping else { return liquidation }
        let remaining = min(end - now, duration)
        let basisPoint = Ratio(basisPoints: 1).raw
        let distance = (initialLiquidation.raw - liquidation.raw) / basisPoint
        let left =
            product(distance, remaining.milliseconds) / Int128(duration.milliseconds)
        return liquidation + Ratio(basisPoints: Int64(left))
    }

    /// The terms after a change, whose ramp starts from the loan-to-value in force now.
    public func changed(
        borrow: Ratio, liquidation: Ratio, over duration: TimeSpan, at now: Timestamp
    ) -> LoanToValueRamp {
        LoanToValueRamp(
            borrow: borrow, liquidation: liquidation, initialLiquidation: self.liquidation(at: now),
            end: now + duration, duration: duration)
    }
}
