import ExactMath

extension Fixed18 {
    /// The natural logarithm of two.
    static var ln2: Fixed18 { Fixed18(raw: 693_147_180_559_945_309) }

    /// `self · other`, to the nearest; both are bounded by what a ``Markets`` accepts, so this
    /// traps where the product does not fit.
    func times(_ other: Fixed18) -> Fixed18 {
        bounded { () throws(ArithmeticOverflow) in
            try multiplied(by: other, rounding: .nearest)
        }
    }

    /// A ratio of two spans of time, towards zero; the divisor is greater than zero.
    init(_ span: TimeSpan, over divisor: TimeSpan) {
        let scaled = Int128(span.milliseconds) * 1_000_000_000_000_000_000
        self.init(raw: scaled / Int128(divisor.milliseconds))
    }

    /// A span of time in years of 365 days.
    init(years span: TimeSpan) { self.init(span, over: .year) }
}

/// The result of arithmetic that validated input cannot make overflow.
func bounded<Value>(_ body: () throws(ArithmeticOverflow) -> Value) -> Value {
    do { return try body() } catch {
        preconditionFailure("a validated market stays within 128 bits")
    }
}

extension Price {
    static var highest: Price { Price(raw: .max) }
    static var lowest: Price { Price(raw: 1) }

    /// `self · factor`, to the nearest and held within the prices that can be shown.
    func moved(by factor: Fixed18) -> Price {
        let (scaled, overflow) = Int128(raw).multipliedReportingOverflow(by: factor.raw)
        guard !overflow else { return .highest }
        let unit = Fixed18.one.raw
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: unit)
        let rounded = whole + (rest >= unit / 2 ? 1 : 0)
        guard rounded < Int128(Int64.max) else { return .highest }
        return Price(raw: max(1, Int64(rounded)))
    }

    /// `self · exp(log)`, held within the prices that can be shown.
    func moved(byLog log: Fixed18) -> Price {
        // exp(46) lifts even the lowest price above the highest.
        guard log.raw < Fixed18(whole: 46).raw else { return .highest }
        return moved(by: bounded { () throws(ArithmeticOverflow) in try exp(log) })
    }
}
