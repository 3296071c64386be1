import ExactMath

extension Fixed18 {
    /// `self · numerator / denominator`, rounded once.
    /// - Parameter denominator: greater than zero.
    func scaled(
        by numerator: some BinaryInteger, over denominator: some BinaryInteger, rounding: Rounding
    ) throws(ArithmeticOverflow) -> Fixed18 {
        Fixed18(
            raw: try multiplyWide(
                raw, Int128(numerator), dividingBy: Int128(denominator), rounding: rounding))
    }

    /// What an annual rate amounts to over a span of time. [1e-18]
    func accrued(over span: TimeSpan, rounding: Rounding) throws(ArithmeticOverflow) -> Fixed18 {
        try scaled(
            by: Int128(span.milliseconds), over: Int128(TimeSpan.year.milliseconds),
            rounding: rounding)
    }
}

extension Scaled {
    /// `self · factor` for a factor of eighteen decimals, rounded once.
    /// - Throws: ``ArithmeticOverflow`` when the product does not fit.
    func scaled(by factor: Fixed18, rounding: Rounding) throws(ArithmeticOverflow) -> Self {
        try Self(
            checked: multiplyWide(
                Int128(raw), factor.raw, dividingBy: Fixed18.one.raw, rounding: rounding))
    }

    /// `a · b / divisor` in raw units, rounded once.
    /// - Parameter divisor: greater than zero.
    init(
        _ a: Int128, times b: Int128, over divisor: Int128, rounding: Rounding
    ) throws(ArithmeticOverflow) {
        try self.init(
            checked: multiplyWide(a, b, dividingBy: divisor, rounding: rounding))
    }

    /// A raw value that may be too large for 64 bits.
    init(checked raw: Int128) throws(ArithmeticOverflow) {
        guard let narrow = Int64(exactly: raw) else { throw ArithmeticOverflow() }
        self.init(raw: narrow)
    }
}
