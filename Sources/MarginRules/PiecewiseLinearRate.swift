public import ExactMath

/// An interest rate that is linear between given points of utilisation, and constant beyond them.
///
/// Mango's curve has four points: 0, two kinks and 1, all moved together by one scaling factor.
/// Source: blockworks-foundation/mango-v4 `programs/mango-v4/src/state/bank.rs`
/// (`interest_rate_curve_calculator`).
public struct PiecewiseLinearRate: Hashable, Sendable {
    /// A rate at a utilisation.
    public struct Point: Hashable, Sendable {
        public var utilization: Fixed18
        public var rate: Fixed18

        public init(utilization: Fixed18, rate: Fixed18) {
            self.utilization = utilization
            self.rate = rate
        }
    }

    /// In order of utilisation, each above the one before.
    public let points: [Point]
    /// What every rate is multiplied by; one changes nothing.
    public let scaling: Fixed18

    /// - Parameter points: one or more, in strictly increasing order of utilisation.
    public init(points: [Point], scaling: Fixed18 = .one) {
        precondition(!points.isEmpty, "a curve has a point")
        for (before, after) in zip(points, points.dropFirst()) {
            precondition(before.utilization < after.utilization, "points are in order")
        }
        self.points = points
        self.scaling = scaling
    }

    /// The rate at a utilisation, between points to the nearest 1e-18. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when the rate does not fit.
    public func rate(utilization: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        try unscaledRate(utilization).multiplied(by: scaling, rounding: .nearest)
    }

    private func unscaledRate(_ utilization: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        var before = points[0]
        guard utilization > before.utilization else { return before.rate }
        for after in points.dropFirst() {
            if utilization <= after.utilization {
                let share = try (utilization - before.utilization).divided(
                    by: after.utilization - before.utilization, rounding: .nearest)
                let rise = try RateArithmetic.difference(after.rate, before.rate)
                return try RateArithmetic.sum(
                    before.rate, try share.multiplied(by: rise, rounding: .nearest))
            }
            before = after
        }
        return before.rate
    }
}
