public import ExactMath

/// How a rate becomes the growth of an index between two updates.
///
/// All but `everyPeriod` compound no more often than someone touches the pool.
public enum InterestCompounding: Hashable, Sendable, CaseIterable {
    /// `1 + x`. Aave's supply side, Compound v2, Comet, Gearbox.
    case linear
    /// `1 + n·r + n(n−1)/2 · r² + n(n−1)(n−2)/6 · r³` over n seconds: Aave's debt up to v3.3.
    ///
    /// The powers of the rate per second keep 27 decimals, as in the contract, where the third loses
    /// much of its value to truncation, and at low rates all of it.
    /// Source: aave-dao/aave-v3-origin, tag v3.3.0, `MathUtils.calculateCompoundedInterest`.
    case binomial
    /// `1 + x + x²/2 + x³/6`, the head of the exponential series: Aave's debt from v3.4 on.
    ///
    /// Source: aave-dao/aave-v3-origin, `MathUtils.calculateCompoundedInterest`.
    case exponentialSeries
    /// `(1 + r)^n` over n periods, by squaring, each product to the nearest: Euler, every second.
    /// A rest shorter than the period grows linearly.
    ///
    /// Source: euler-xyz/euler-vault-kit `Cache.initVaultCache`, `RPow.rpow`. Eighteen decimals
    /// instead of 27: the factor's error stays below 1e-10 after a year of seconds.
    case everyPeriod

    /// The factor by which a balance grows. [1e-18]
    /// - Parameters:
    ///   - rate: zero or more. [1e-18 per period]
    ///   - period: what the rate is per: a year, a block, a second; whole seconds for `binomial`.
    ///   - elapsed: zero or more; `binomial` compounds the whole seconds in it.
    /// - Throws: ``ArithmeticOverflow`` when the factor does not fit.
    public func growth(at rate: Fixed18, per period: TimeSpan, over elapsed: TimeSpan)
        throws(ArithmeticOverflow) -> Fixed18
    {
        precondition(rate >= .zero, "a negative rate")
        precondition(period > .zero && elapsed >= .zero, "time runs forward")
        switch self {
        case .linear:
            return try Fixed18.one.adding(try simple(rate, period, elapsed))
        case .binomial:
            return try binomialGrowth(rate, period, elapsed)
        case .exponentialSeries:
            let x = try simple(rate, period, elapsed)
            let third = try x.multiplied(by: Fixed18(raw: x.raw / 6), rounding: .nearest)
            let second = try x.multiplied(
                by: try Fixed18(raw: x.raw / 2).adding(third), rounding: .nearest)
            return try Fixed18.one.adding(x).adding(second)
        case .everyPeriod:
            let (count, rest) = elapsed.milliseconds.quotientAndRemainder(
                dividingBy: period.milliseconds)
            let whole = try raised(try Fixed18.one.adding(rate), to: count)
            guard rest > 0 else { return whole }
            let part = try Fixed18.one.adding(
                try simple(rate, period, TimeSpan(milliseconds: rest)))
            return try whole.multiplied(by: part, rounding: .nearest)
        }
    }
}

/// `rate · elapsed / period`, rounded down.
private func simple(_ rate: Fixed18, _ period: TimeSpan, _ elapsed: TimeSpan)
    throws(ArithmeticOverflow) -> Fixed18
{
    try rate.scaled(by: elapsed.milliseconds, over: period.milliseconds, rounding: .down)
}

/// `base^exponent` by squaring, each product to the nearest.
private func raised(_ base: Fixed18, to exponent: Int64) throws(ArithmeticOverflow) -> Fixed18 {
    var result = Fixed18.one
    var square = base
    var left = exponent
    while left > 0 {
        if left & 1 == 1 { result = try result.multiplied(by: square, rounding: .nearest) }
        left >>= 1
        if left > 0 { square = try square.multiplied(by: square, rounding: .nearest) }
    }
    return result
}

private func binomialGrowth(_ rate: Fixed18, _ period: TimeSpan, _ elapsed: TimeSpan)
    throws(ArithmeticOverflow) -> Fixed18
{
    precondition(period.milliseconds % 1000 == 0, "a period of whole seconds")
    let year = Int128(period.milliseconds / 1000)
    let seconds = Int128(elapsed.milliseconds / 1000)
    let ray: Int128 = 1_000_000_000_000_000_000_000_000_000
    let toRay: Int128 = 1_000_000_000

    let (rateRay, overflow) = rate.raw.multipliedReportingOverflow(by: toRay)
    guard !overflow else { throw ArithmeticOverflow() }
    let first = try multiplyWide(
        rateRay, Int128(elapsed.milliseconds), dividingBy: Int128(period.milliseconds),
        rounding: .down)
    let square =
        try multiplyWide(rateRay, rateRay, dividingBy: ray, rounding: .nearest) / (year * year)
    let cube = try multiplyWide(square, rateRay, dividingBy: ray, rounding: .nearest) / year
    let pairs = try multiplyWide(
        seconds, seconds > 0 ? seconds - 1 : 0, dividingBy: 1, rounding: .down)
    let triples = try multiplyWide(
        pairs, seconds > 2 ? seconds - 2 : 0, dividingBy: 1, rounding: .down)
    let second = try multiplyWide(pairs, square, dividingBy: 2, rounding: .down)
    let third = try multiplyWide(triples, cube, dividingBy: 6, rounding: .down)

    return try Fixed18.one
        .adding(Fixed18(raw: first / toRay))
        .adding(Fixed18(raw: second / toRay))
        .adding(Fixed18(raw: third / toRay))
}
