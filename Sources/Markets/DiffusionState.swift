import ExactMath
import SeededRandom

/// A geometric Brownian motion under way: the log of the price over its start, exact per step.
struct GeometricBrownianState: Sendable {
    let law: GeometricBrownian
    private var logReturn = Fixed18.zero
    private var jumpDraws: RandomStream
    private var step: Step

    /// What a step of one length does; kept, because blocks are mostly equally long.
    private struct Step: Sendable {
        var span: TimeSpan
        var drift: Fixed18
        var deviation: Fixed18
        var expectedJumps: Fixed18

        init(_ span: TimeSpan, _ law: GeometricBrownian) {
            let years = Fixed18(years: span)
            let volatility = Fixed18(law.volatility)
            let halfVariance = Fixed18(raw: volatility.times(volatility).raw / 2)
            self.span = span
            drift = (Fixed18(law.drift) - halfVariance).times(years)
            deviation = volatility.times(squareRoot(years))
            expectedJumps = law.jumps.map { Fixed18($0.perYear).times(years) } ?? .zero
        }
    }

    init(_ law: GeometricBrownian, jumpDraws: RandomStream) {
        self.law = law
        self.jumpDraws = jumpDraws
        step = Step(.zero, law)
    }

    var drawn: UInt64 { jumpDraws.position }

    mutating func advance(by span: TimeSpan, normal: Fixed18) -> Price {
        if step.span != span { step = Step(span, law) }
        logReturn += step.drift + step.deviation.times(normal)
        if let jumps = law.jumps {
            // Both are drawn at every step, so that each step has its place in the stream.
            let count = Fixed18(whole: jumpDraws.poisson(mean: step.expectedJumps))
            let normal = jumpDraws.normal()
            // A sum of n normal jumps is normal with n times the mean and the variance.
            let deviation = Fixed18(jumps.deviation).times(squareRoot(count))
            logReturn += Fixed18(jumps.mean).times(count) + deviation.times(normal)
        }
        return law.start.moved(byLog: logReturn)
    }
}

/// An Ornstein-Uhlenbeck log price under way: its distance from the start, exact per step.
struct MeanRevertingState: Sendable {
    let law: MeanReverting
    /// ln(mean / start).
    private let level: Fixed18
    private var logReturn = Fixed18.zero
    private var step: Step

    private struct Step: Sendable {
        var span: TimeSpan
        /// exp(−κ·dt), the share of the distance to the level that is left.
        var kept: Fixed18
        /// volatility·√((1 − exp(−2κ·dt)) / 2κ).
        var deviation: Fixed18

        init(_ span: TimeSpan, _ law: MeanReverting) {
            self.span = span
            kept = halved(over: span, halfLife: law.halfLife)
            // The half-life in years over ln 2 is 1/κ; the squared distance halves twice as fast.
            let lost = Fixed18.one - kept.times(kept)
            let variance = bounded { () throws(ArithmeticOverflow) in
                try lost.times(Fixed18(years: law.halfLife))
                    .divided(by: Fixed18(raw: 2 * Fixed18.ln2.raw), rounding: .nearest)
            }
            deviation = Fixed18(law.volatility).times(squareRoot(variance))
        }
    }

    init(_ law: MeanReverting) {
        self.law = law
        level = ln(Fixed18(law.mean)) - ln(Fixed18(law.start))
        step = Step(.zero, law)
    }

    mutating func advance(by span: TimeSpan, normal: Fixed18) -> Price {
        if step.span != span { step = Step(span, law) }
        logReturn =
            level + step.kept.times(logReturn - level) + step.deviation.times(normal)
        return law.start.moved(byLog: logReturn)
    }
}

/// What is left of one after a span of time in which it halves every half-life; 0 far out.
func halved(over span: TimeSpan, halfLife: TimeSpan) -> Fixed18 {
    guard halfLife > .zero else { return span > .zero ? .zero : .one }
    let lives = Fixed18(span, over: halfLife)
    // 2^-64 is below one unit of Fixed18.
    guard lives < Fixed18(whole: 64) else { return .zero }
    return bounded { () throws(ArithmeticOverflow) in
        try exp(-lives.times(.ln2))
    }
}
