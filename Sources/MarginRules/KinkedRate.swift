public import ExactMath

/// An interest rate that rises slowly with utilization up to a kink and steeply beyond it.
///
/// One curve for Aave (base and slopes), Compound's jump rates, Comet's two curves and Euler's linear
/// kink; they differ in what a slope is measured along, in the period of the rate, and in rounding.
public struct KinkedRate: Hashable, Sendable {
    /// What the two slopes are measured along.
    public enum Slopes: Hashable, Sendable, CaseIterable {
        /// Both per unit of utilization: `base + lower · u`, then `+ upper · (u − kink)`.
        /// Compound v2's JumpRateModel, Comet, Euler.
        case perUtilization
        /// The lower one is the whole rise up to the kink, the upper one per unit of utilization:
        /// the yearly parameters of Compound v2's JumpRateModelV2.
        case lowerUpToKink
        /// Each is the whole rise along its part: `base + lower · u / kink`, then
        /// `base + lower + upper · (u − kink) / (1 − kink)`. Aave.
        case acrossEachPart
    }

    /// The rate of an idle pool. [1e-18 per period]
    public var base: Fixed18
    /// The utilization at which the slope changes; beyond one it is never reached. [1e-18]
    public var kink: Fixed18
    /// The slope up to the kink. [1e-18 per period]
    public var lowerSlope: Fixed18
    /// The slope beyond the kink. [1e-18 per period]
    public var upperSlope: Fixed18
    public var slopes: Slopes
    /// How each product and quotient is rounded: Aave to the nearest, the others down.
    public var rounding: Rounding

    /// - Precondition: nothing is negative; the kink is above zero where a slope is divided by it, and
    ///   below one where one is divided by the rest.
    public init(
        base: Fixed18, kink: Fixed18, lowerSlope: Fixed18, upperSlope: Fixed18, slopes: Slopes,
        rounding: Rounding
    ) {
        precondition(base >= .zero && lowerSlope >= .zero && upperSlope >= .zero && kink >= .zero)
        if slopes != .perUtilization { precondition(kink > .zero, "a slope up to a kink at zero") }
        if slopes == .acrossEachPart { precondition(kink < .one, "no room beyond the kink") }
        self.base = base
        self.kink = kink
        self.lowerSlope = lowerSlope
        self.upperSlope = upperSlope
        self.slopes = slopes
        self.rounding = rounding
    }

    /// The rate at a utilization; at the kink itself the lower part holds. [1e-18 per period]
    ///
    /// Sources: aave-dao/aave-v3-origin `DefaultReserveInterestRateStrategyV2.sol`;
    /// compound-finance/compound-protocol `JumpRateModel.sol`, `BaseJumpRateModelV2.sol`;
    /// compound-finance/comet `Comet.sol` (getSupplyRate, getBorrowRate);
    /// euler-xyz/euler-vault-kit `IRMLinearKink.sol`.
    /// - Parameter utilization: zero or more; above one where reserves are on loan.
    /// - Throws: ``ArithmeticOverflow`` when the rate does not fit.
    public func rate(at utilization: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        precondition(utilization >= .zero, "a negative utilization")
        let below = utilization <= kink ? utilization : kink
        let rate = try base.adding(try rise(upTo: below))
        guard utilization > kink else { return rate }
        let excess = utilization - kink
        let share =
            slopes == .acrossEachPart
            ? try excess.divided(by: .one - kink, rounding: rounding) : excess
        return try rate.adding(try upperSlope.multiplied(by: share, rounding: rounding))
    }

    /// What the lower slope adds at a utilization not beyond the kink.
    private func rise(upTo utilization: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        switch slopes {
        case .perUtilization:
            return try lowerSlope.multiplied(by: utilization, rounding: rounding)
        case .lowerUpToKink, .acrossEachPart:
            guard utilization != kink else { return lowerSlope }
            return
                try lowerSlope
                .multiplied(by: utilization, rounding: rounding)
                .divided(by: kink, rounding: rounding)
        }
    }

    /// The same curve for one of the `count` periods of a year, each parameter cut off on its own, as
    /// Compound's constructors do: 2,102,400 blocks for v2, 31,536,000 seconds for Comet.
    ///
    /// A curve of `lowerUpToKink` becomes one of `perUtilization`, its lower slope divided by the
    /// kink in the same truncation (`BaseJumpRateModelV2.updateJumpRateModelInternal`).
    /// - Precondition: `count` is greater than zero; the slopes are not `acrossEachPart`, which no
    ///   protocol divides.
    /// - Throws: ``ArithmeticOverflow`` when a parameter does not fit.
    public func divided(intoPeriods count: Int64) throws(ArithmeticOverflow) -> KinkedRate {
        precondition(count > 0, "a year of no periods")
        precondition(slopes != .acrossEachPart, "slopes across each part have no periods")
        var lower = try lowerSlope.scaled(by: 1, over: count, rounding: .down)
        if slopes == .lowerUpToKink {
            let divisor = kink.raw.multipliedReportingOverflow(by: Int128(count))
            guard !divisor.overflow else { throw ArithmeticOverflow() }
            lower = Fixed18(
                raw: try multiplyWide(
                    lowerSlope.raw, Fixed18.one.raw, dividingBy: divisor.partialValue,
                    rounding: .down))
        }
        return KinkedRate(
            base: try base.scaled(by: 1, over: count, rounding: .down),
            kink: kink,
            lowerSlope: lower,
            upperSlope: try upperSlope.scaled(by: 1, over: count, rounding: .down),
            slopes: .perUtilization,
            rounding: .down)
    }

    /// Euler's linear kink from the arguments of its contract. [result per second]
    ///
    /// Source: euler-xyz/euler-vault-kit `IRMLinearKink.sol`; published to 27 decimals, of which
    /// eighteen are kept, to the nearest.
    /// - Parameters:
    ///   - base: the rate of an idle vault. [1e-27 per second]
    ///   - lowerSlope: per step of utilization of 1 / (2^32 − 1). [1e-27 per second]
    ///   - upperSlope: likewise, beyond the kink. [1e-27 per second]
    ///   - kink: in steps of 1 / (2^32 − 1).
    /// - Throws: ``ArithmeticOverflow`` when a slope does not fit.
    public static func eulerLinearKink(
        base: Int64, lowerSlope: Int64, upperSlope: Int64, kink: UInt32
    ) throws(ArithmeticOverflow) -> KinkedRate {
        let steps = Int128(UInt32.max)
        let unit: Int128 = 1_000_000_000
        return KinkedRate(
            base: Fixed18(
                raw: try multiplyWide(Int128(base), 1, dividingBy: unit, rounding: .nearest)),
            kink: Fixed18(
                raw: try multiplyWide(
                    Int128(kink), Fixed18.one.raw, dividingBy: steps, rounding: .down)),
            lowerSlope: Fixed18(
                raw: try multiplyWide(
                    Int128(lowerSlope), steps, dividingBy: unit, rounding: .nearest)),
            upperSlope: Fixed18(
                raw: try multiplyWide(
                    Int128(upperSlope), steps, dividingBy: unit, rounding: .nearest)),
            slopes: .perUtilization,
            rounding: .down)
    }
}
