public import ExactMath

/// How much of a margin shortage may be liquidated, growing with time since the liquidation began.
///
/// Gives the owner and the market time: half the accounts at risk may recover. Source:
/// drift-labs/protocol-v2 programs/drift/src/math/liquidation.rs (`calculate_max_pct_to_liquidate`).
public struct LiquidationRamp: Hashable, Sendable {
    /// The share that may be liquidated at once. [1e-8]
    public let initialShare: Ratio
    /// The time over which one hundred per cent are added; zero for everything at once.
    public let duration: TimeSpan
    /// The shortage below which everything may be liquidated at once. [1e-8 USD]
    public let smallShortage: Money

    public init(initialShare: Ratio, duration: TimeSpan, smallShortage: Money) {
        precondition(!initialShare.isNegative && duration >= .zero && !smallShortage.isNegative)
        self.initialShare = initialShare
        self.duration = duration
        self.smallShortage = smallShortage
    }

    /// The share of what would cover the remaining shortage that may be taken now, in whole basis
    /// points. [1e-8]
    ///
    /// The ramp applies to the shortage as it was, so what was freed already counts against it.
    /// - Parameters:
    ///   - shortage: what is still missing.
    ///   - freed: the margin that earlier steps of this liquidation have freed.
    ///   - elapsed: since the account was last active, which is when its liquidation began.
    public func share(shortage: Money, freed: Money, elapsed: TimeSpan)
        throws(ArithmeticOverflow) -> Ratio
    {
        precondition(!shortage.isNegative && !freed.isNegative && elapsed >= .zero)
        guard shortage >= smallShortage, shortage.isPositive else { return .one }
        var reached = Ratio.one
        if duration > .zero {
            let steps = try RateStep.basisPoint.truncate(
                Int128(elapsed.milliseconds), Int128(duration.milliseconds))
            reached = min(.one, try steps.adding(initialShare))
        }
        let total = try shortage.adding(freed)
        let most = try total.scaled(by: reached, rounding: .down)
        let freeable = max(.zero, most - freed)
        return try RateStep.basisPoint.truncate(Int128(freeable.raw), Int128(shortage.raw))
    }
}

/// A liquidator's fee that grows while an account stays inactive.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/math/liquidation.rs (`get_liquidation_fee`) and
/// state/perp_market.rs (`get_max_liquidation_fee`).
public struct InactivityFeeRamp: Hashable, Sendable {
    /// How long the fee stays at its base.
    public let grace: TimeSpan
    /// The time in which the fee grows by one step.
    public let interval: TimeSpan
    /// What each interval of inactivity adds, those of the grace period included. [1e-8]
    public let increase: Ratio
    /// The largest multiple of the base fee.
    public let maximumMultiple: Int64

    public init(grace: TimeSpan, interval: TimeSpan, increase: Ratio, maximumMultiple: Int64) {
        precondition(grace >= .zero && interval > .zero && !increase.isNegative)
        precondition(maximumMultiple >= 1)
        self.grace = grace
        self.interval = interval
        self.increase = increase
        self.maximumMultiple = maximumMultiple
    }

    /// The most the fee can become: a multiple of its base, within the maintenance ratio. [1e-8]
    public func maximum(base: Ratio, maintenanceRatio: Ratio) throws(ArithmeticOverflow) -> Ratio {
        min(
            try base.scaled(by: maximumMultiple, over: 1, rounding: .down), maintenanceRatio)
    }

    /// The fee after a time of inactivity. [1e-8]
    /// - Parameter maximum: caps the grown fee; within the grace period the base is charged as it is.
    public func fee(base: Ratio, maximum: Ratio, elapsed: TimeSpan)
        throws(ArithmeticOverflow) -> Ratio
    {
        precondition(elapsed >= .zero)
        guard elapsed >= grace else { return base }
        let intervals = elapsed.milliseconds / interval.milliseconds
        let growth = try CheckedInt128.sum(
            product(intervals, increase.raw), Int128(base.raw))
        return min(maximum, Ratio(raw: Int64(clamping: growth)))
    }
}
