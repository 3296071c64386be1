import ExactMath

/// Products and quotients of 128-bit integers that refuse instead of trapping.
enum CheckedInt128 {
    /// `a · b`, or an error where it does not fit.
    static func product(_ a: Int128, _ b: Int128) throws(ArithmeticOverflow) -> Int128 {
        let (value, overflow) = a.multipliedReportingOverflow(by: b)
        guard !overflow else { throw ArithmeticOverflow() }
        return value
    }

    /// `a + b`, or an error where it does not fit.
    static func sum(_ a: Int128, _ b: Int128) throws(ArithmeticOverflow) -> Int128 {
        let (value, overflow) = a.addingReportingOverflow(b)
        guard !overflow else { throw ArithmeticOverflow() }
        return value
    }

    /// `numerator / divisor`, rounded once.
    /// - Parameter divisor: greater than zero.
    static func quotient(_ numerator: Int128, _ divisor: Int128, _ rounding: Rounding) -> Int128 {
        precondition(divisor > 0, "a divisor is positive")
        let (truncated, remainder) = numerator.quotientAndRemainder(dividingBy: divisor)
        guard remainder != 0 else { return truncated }
        let away: Bool
        switch rounding {
        case .down: away = remainder < 0
        case .up: away = remainder > 0
        case .towardZero: away = false
        case .nearest: away = remainder.magnitude >= divisor.magnitude - remainder.magnitude
        }
        return away ? truncated + (numerator < 0 ? -1 : 1) : truncated
    }

    /// The value as a 64-bit integer, or an error where it does not fit.
    static func narrow(_ value: Int128) throws(ArithmeticOverflow) -> Int64 {
        guard let narrow = Int64(exactly: value) else { throw ArithmeticOverflow() }
        return narrow
    }

    /// `a · b / divisor` of a 128-bit, a 64-bit and a positive 128-bit integer, rounded once.
    static func multiply(
        _ a: Int128, _ b: Int64, over divisor: Int128, _ rounding: Rounding
    ) throws(ArithmeticOverflow) -> Int64 {
        try narrow(quotient(try product(a, Int128(b)), divisor, rounding))
    }
}
