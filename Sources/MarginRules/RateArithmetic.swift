internal import ExactMath

/// Checked steps that every rate in this target shares.
enum RateArithmetic {
    /// `a + b`, or an error where the sum does not fit.
    static func sum(_ a: Fixed18, _ b: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        let (value, overflow) = a.raw.addingReportingOverflow(b.raw)
        guard !overflow else { throw ArithmeticOverflow() }
        return Fixed18(raw: value)
    }

    /// `a − b`, or an error where the difference does not fit.
    static func difference(_ a: Fixed18, _ b: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        let (value, overflow) = a.raw.subtractingReportingOverflow(b.raw)
        guard !overflow else { throw ArithmeticOverflow() }
        return Fixed18(raw: value)
    }

    /// `a − b`, or an error where the difference does not fit.
    static func difference<S: Scaled>(_ a: S, _ b: S) throws(ArithmeticOverflow) -> S {
        let (value, overflow) = a.raw.subtractingReportingOverflow(b.raw)
        guard !overflow else { throw ArithmeticOverflow() }
        return S(raw: value)
    }

    /// The value nearest to x in [−bound, bound].
    /// - Parameter bound: zero or more.
    static func clamp(_ x: Fixed18, to bound: Fixed18) -> Fixed18 {
        precondition(bound.raw >= 0, "a bound is not negative")
        return min(max(x, -bound), bound)
    }

    /// The multiple of `resolution` next to x on the side of zero; x itself without a resolution.
    /// - Parameter resolution: greater than zero.
    static func truncate(_ x: Fixed18, to resolution: Fixed18?) -> Fixed18 {
        guard let resolution else { return x }
        precondition(resolution.raw > 0, "a resolution is positive")
        return Fixed18(raw: x.raw - x.raw % resolution.raw)
    }

    /// The multiple of `resolution` next to x on the side of zero.
    /// - Parameter resolution: greater than zero.
    static func truncate<S: Scaled>(_ x: S, to resolution: S) -> S {
        precondition(resolution.raw > 0, "a resolution is positive")
        return S(raw: x.raw - x.raw % resolution.raw)
    }

    /// `x · numerator / denominator`, exact in the middle and rounded once.
    /// - Parameter numerator: zero or more.
    /// - Parameter denominator: greater than zero.
    static func scale(
        _ x: Fixed18, by numerator: Int64, over denominator: Int64, rounding: Rounding
    ) throws(ArithmeticOverflow) -> Fixed18 {
        precondition(numerator >= 0 && denominator > 0, "a scale is not negative")
        let product = x.raw.magnitude.multipliedFullWidth(by: UInt128(numerator.magnitude))
        let divisor = UInt128(denominator.magnitude)
        guard product.high < divisor else { throw ArithmeticOverflow() }
        var (quotient, remainder) = divisor.dividingFullWidth(product)
        guard quotient < 1 << 127 else { throw ArithmeticOverflow() }
        let negative = x.raw < 0
        if remainder != 0 {
            switch rounding {
            case .down: if negative { quotient += 1 }
            case .up: if !negative { quotient += 1 }
            case .towardZero: break
            case .nearest: if remainder >= divisor - remainder { quotient += 1 }
            }
        }
        guard quotient < 1 << 127 else { throw ArithmeticOverflow() }
        let bits = Int128(truncatingIfNeeded: quotient)
        return Fixed18(raw: negative ? -bits : bits)
    }

    /// The value of a signed size at a price, exactly. [1e-18 USD]
    static func value(_ size: Quantity, at price: Price) throws(ArithmeticOverflow) -> Fixed18 {
        let (raw, overflow) = product(size.raw, price.raw).multipliedReportingOverflow(by: 100)
        guard !overflow else { throw ArithmeticOverflow() }
        return Fixed18(raw: raw)
    }

    /// `price + offset`, to the nearest 1e-8.
    static func price(_ price: Price, plus offset: Fixed18) throws(ArithmeticOverflow) -> Price {
        try sum(Fixed18(price), offset).rounded(to: Price.self, .nearest)
    }
}
