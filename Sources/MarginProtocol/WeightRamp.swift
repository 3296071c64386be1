public import ExactMath
public import MarginRules

/// Weights of an asset on their way to others, so that a change liquidates nobody at once.
///
/// Sources: blockworks-foundation/mango-v4, state/bank.rs (`maint_weights`), any weight from zero on; euler-xyz/euler-vault-kit,
/// shared/types/LTVConfig.sol, in whole basis points.
public struct WeightRamp: Hashable, Sendable {
    /// A holding's and a debt's, against the maintenance requirement, and where there is no other the initial one.
    public struct Weights: Hashable, Sendable {
        public var collateral: CollateralSchedule
        public var liability: Ratio
        public init(collateral: CollateralSchedule, liability: Ratio) {
            self.collateral = collateral
            self.liability = liability
        }
    }
    public var span: ParameterRamp
    public var from: Weights
    /// Of the same tiers as `from`.
    public var to: Weights
    /// On the way, weights of holdings are rounded down to this, those of debts up.
    public var step: RateStep
    public init(
        span: ParameterRamp, from: Weights, to: Weights, step: RateStep = .exact
    ) {
        self.span = span
        self.from = from
        self.to = to
        self.step = step
    }

    /// The weights at a moment.
    func weights(at now: Timestamp) -> Weights {
        // The distance of two weights always fits.
        unbounded { () throws(ArithmeticOverflow) in
            var weights = from
            for tier in weights.collateral.tiers.indices {
                weights.collateral.tiers[tier].weight = try span.value(
                    at: now, from: from.collateral.tiers[tier].weight,
                    to: to.collateral.tiers[tier].weight, step: step, rounding: .down)
            }
            weights.liability = try span.value(
                at: now, from: from.liability, to: to.liability, step: step, rounding: .up)
            return weights
        }
    }

    /// What is wrong with it, in words; empty when it can be run.
    var problems: [String] {
        var found: [String] = []
        var shape = to.collateral
        guard shape.tiers.count == from.collateral.tiers.count else {
            return ["a ramp keeps the tiers of the collateral"]
        }
        for tier in shape.tiers.indices {
            shape.tiers[tier].weight = from.collateral.tiers[tier].weight
        }
        if shape != from.collateral {
            found.append("a ramp keeps the tiers of the collateral, and its discounts")
        }
        for weights in [from, to] {
            found += ClearingHouse.collateralProblems(weights.collateral)
            if !ClearingHouse.weightRange.contains(weights.liability) {
                found.append("a liability weight is between 0 and 10")
            }
        }
        return found
    }
}

/// Weights that governance sets for an asset, at once or little by little.
public struct WeightChange: Hashable, Sendable {
    /// What a holding counts in the end; nil for as now. Of the same tiers as now, unless at once.
    public var collateral: CollateralSchedule?
    /// What a debt counts in the end; nil for as now.
    public var liability: Ratio?
    /// Before it begins, at most a year.
    public var notice: TimeSpan
    /// From the beginning to the end, at most a year.
    public var duration: TimeSpan
    public var step: RateStep
    public init(
        collateral: CollateralSchedule? = nil, liability: Ratio? = nil, notice: TimeSpan = .zero,
        duration: TimeSpan = .zero, step: RateStep = .exact
    ) {
        self.collateral = collateral
        self.liability = liability
        self.notice = notice
        self.duration = duration
        self.step = step
    }
}
