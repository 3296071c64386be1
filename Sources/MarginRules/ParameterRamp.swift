public import ExactMath

/// A parameter that moves linearly from one value to another between two moments.
///
/// A lower maintenance weight that came at once would liquidate accounts that were healthy a block
/// before; a ramp gives them time.
/// Sources: blockworks-foundation/mango-v4 `programs/mango-v4/src/state/bank.rs` (`maint_weights`);
/// euler-xyz/euler-vault-kit `src/EVault/shared/types/LTVConfig.sol`, in whole basis points.
public struct ParameterRamp: Hashable, Sendable {
    public var start: Timestamp
    public var end: Timestamp

    /// - Parameter end: not before `start`.
    public init(start: Timestamp, end: Timestamp) {
        precondition(start <= end, "a ramp ends after it starts")
        self.start = start
        self.end = end
    }

    /// The value at a moment: `from` up to the start, `to` from the end on.
    /// - Throws: ``ArithmeticOverflow`` when the distance of the two does not fit.
    public func value<S: Scaled>(
        at now: Timestamp, from: S, to: S, rounding: Rounding
    ) throws(ArithmeticOverflow) -> S {
        guard now > start else { return from }
        guard now < end else { return to }
        let distance = try RateArithmetic.difference(to, from)
        let part = try distance.scaled(
            by: (now - start).milliseconds, over: (end - start).milliseconds, rounding: rounding)
        return try from.adding(part)
    }

    /// The same on the way in whole steps, and never beyond either end.
    /// - Parameters:
    ///   - from: zero or more, as `to`.
    ///   - rounding: down or up, to the step.
    public func value(
        at now: Timestamp, from: Ratio, to: Ratio, step: RateStep, rounding: Rounding
    ) throws(ArithmeticOverflow) -> Ratio {
        precondition(rounding == .down || rounding == .up, "to a step below or above")
        let exact = try value(at: now, from: from, to: to, rounding: rounding)
        guard exact != from, exact != to else { return exact }
        let below = step.floor(exact)
        let whole = rounding == .down || below == exact ? below : below + Ratio(raw: step.rawValue)
        return min(max(whole, min(from, to)), max(from, to))
    }
}
