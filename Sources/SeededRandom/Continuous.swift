public import ExactMath

extension RandomStream {
    /// An exponentially distributed number of mean 1: −ln u. [1e-18]
    ///
    /// u is (w + ½) / 2^64 of a word w, and the result is rounded once; it lies in [0, 45.06)
    /// and falls as the word rises. One word.
    public mutating func exponential() -> Fixed18 {
        Fixed18(rounding: RandomStream.negativeLogarithm(ofUnit: next()))
    }

    /// A lognormally distributed number: median · exp(sigma · z) of a standard normal z. [1e-18]
    ///
    /// One word. Traps where the draw exceeds 1.7e20; as |z| < 9.3, a median below
    /// 1.7e20 · exp(−9.3 · sigma) never does.
    /// - Parameters:
    ///   - median: greater than zero.
    ///   - sigma: the standard deviation of the logarithm, zero or more.
    public mutating func lognormal(median: Fixed18, sigma: Fixed18) -> Fixed18 {
        precondition(median > .zero, "a median that is not positive")
        precondition(sigma >= .zero, "a negative standard deviation")
        let z = normal()
        guard let argument = Binary120(z)?.multiplied(by: sigma) else {
            // e^−128 makes nothing of any median.
            precondition(z < .zero, "a lognormal draw beyond 1.7e20")
            return .zero
        }
        return median.scaled(byExpOf: argument)
    }

    /// A Pareto distributed number: P(X > x) = (minimum / x)^shape for x ≥ minimum. [1e-18]
    ///
    /// With a maximum the distribution is truncated there, that is conditioned on X ≤ maximum, by
    /// inversion of its distribution function; a draw falls as its word rises. One word. Traps where a draw without a maximum exceeds
    /// 1.7e20; as the exponential behind it is below 45.06, a minimum below 1.7e20 · exp(−45.06 / shape)
    /// never does.
    /// - Parameters:
    ///   - minimum: greater than zero.
    ///   - shape: the tail index, greater than zero.
    ///   - maximum: not below the minimum, or nil.
    public mutating func pareto(minimum: Fixed18, shape: Fixed18, maximum: Fixed18?) -> Fixed18 {
        precondition(minimum > .zero, "a minimum that is not positive")
        precondition(shape > .zero, "a tail index that is not positive")
        let word = next()
        // ln(X / minimum) is exponential with mean 1 / shape.
        guard let maximum else {
            let exponential = RandomStream.negativeLogarithm(ofUnit: word)
            guard let argument = exponential.divided(by: shape) else {
                preconditionFailure("a Pareto draw beyond 1.7e20")
            }
            return minimum.scaled(byExpOf: argument)
        }
        precondition(maximum >= minimum, "a maximum below the minimum")
        let width = Binary120(lnOf: maximum) - Binary120(lnOf: minimum)
        // The tail beyond the maximum; nothing where its exponent exceeds 128.
        let one: UInt128 = 1 << 120
        let tail = width.multiplied(by: shape).flatMap {
            Binary120(bits: -$0.bits).exp(scaling: one)
        }
        // P(X > x) of the draw, which falls from 1 to the tail as x rises; with no tail it is u.
        let unit = (UInt128(word) << 1 | 1) << 55
        let beyond = tail ?? 0
        let survival = beyond + product120(unit, one - beyond)
        let logarithm = RandomStream.lnOf2To120 - Binary120(lnOfInteger: survival)
        guard let argument = logarithm.divided(by: shape) else { return maximum }
        return max(minimum, min(maximum, minimum.scaled(byExpOf: argument)))
    }
}

extension RandomStream {
    /// −ln((w + ½) / 2^64) of a word w: from 2^-65 to 45.06.
    static func negativeLogarithm(ofUnit word: UInt64) -> Binary120 {
        lnOf2To65 - Binary120(lnOfInteger: UInt128(word) << 1 | 1)
    }

    private static let lnOf2To65 = Binary120(bits: 65 * Binary120.ln2.bits)
    private static let lnOf2To120 = Binary120(bits: 120 * Binary120.ln2.bits)
}

extension Fixed18 {
    /// `self · e^argument`, rounded to the nearest 1e-18; traps where it does not fit.
    fileprivate func scaled(byExpOf argument: Binary120) -> Fixed18 {
        guard let result = argument.exp(scaling: raw.magnitude), result < 1 << 127 else {
            preconditionFailure("a random draw beyond 1.7e20")
        }
        return Fixed18(raw: Int128(truncatingIfNeeded: result))
    }
}
