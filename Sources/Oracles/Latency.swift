public import ExactMath
public import SeededRandom

/// How long an observation takes to become a report that is ready to be sent.
///
/// Every kind is the inverse of its distribution function at one uniform number *u* between zero
/// and one, which is one word of the stream. So all kinds use up chance alike, a slow round is slow
/// under every kind, and a larger mean, median or bound lengthens every draw, not only their
/// average.
public enum Latency: Sendable, Hashable {
    /// Always the same, from zero to 365 days.
    case fixed(TimeSpan)
    /// Evenly between the shortest and the longest, from zero to 365 days: a + u · (b − a).
    case uniform(TimeSpan, TimeSpan)
    /// Memoryless, with a mean from zero to 365 days: −ln(1 − u) · mean.
    case exponential(mean: TimeSpan)
    /// Its logarithm is normal: median · exp(sigma · z), where z is the normal quantile of u. The
    /// median lies between zero and 365 days, sigma between 0 and 2.
    case lognormal(median: TimeSpan, sigma: Ratio)
    /// A power law from the minimum L (1 ms or more), cut off at the maximum H (365 days or less):
    /// L / (1 − u · (1 − (L/H)^shape))^(1/shape). The shape lies between 0.1 and 20.
    case pareto(minimum: TimeSpan, shape: Ratio, maximum: TimeSpan)

    /// One latency, to the nearest millisecond; it uses up one word of the stream.
    ///
    /// The parameters are within their limits, which ``Oracles/init(feeds:start:random:)`` checks.
    public func sample(_ draws: inout RandomStream) -> TimeSpan {
        // The next word of the stream, read as a normal number where the other kinds read u.
        var word = draws
        let u = draws.unitInterval()
        return sound { () throws(ArithmeticOverflow) in try quantile(u, word: &word) }
    }

    /// The latency at the quantile u of `word`.
    private func quantile(
        _ u: Fixed18, word: inout RandomStream
    ) throws(ArithmeticOverflow) -> TimeSpan {
        switch self {
        case .fixed(let delay):
            return delay
        case .uniform(let shortest, let longest):
            let excess = try milliseconds(longest - shortest).multiplied(by: u, rounding: .nearest)
            return try shortest + span(excess)
        case .exponential(let mean):
            // The stream's own exponential and Pareto draws fall where the other kinds rise.
            return try span(
                milliseconds(mean).multiplied(by: -ln(.one - u), rounding: .nearest))
        case .lognormal(let median, let sigma):
            guard median > .zero else { return .zero }
            return try span(
                word.lognormal(median: milliseconds(median), sigma: Fixed18(sigma)))
        case .pareto(let minimum, let shape, let maximum):
            let (low, high) = (milliseconds(minimum), milliseconds(maximum))
            let shape = Fixed18(shape)
            // P(X > x) of the whole power law, which falls from 1 to the tail as u rises.
            let tail = try exp((ln(low) - ln(high)).multiplied(by: shape, rounding: .nearest))
            let survival = try .one - u.multiplied(by: .one - tail, rounding: .down)
            let growth = try exp(-ln(survival).divided(by: shape, rounding: .nearest))
            let delay = try span(low.multiplied(by: growth, rounding: .nearest))
            return min(max(delay, minimum), maximum)
        }
    }
}

private func milliseconds(_ span: TimeSpan) -> Fixed18 { Fixed18(whole: span.milliseconds) }

/// A number of milliseconds as a length of time, to the nearest.
private func span(_ milliseconds: Fixed18) throws(ArithmeticOverflow) -> TimeSpan {
    TimeSpan(
        milliseconds: try divide(
            milliseconds.raw, by: 1_000_000_000_000_000_000, rounding: .nearest))
}
