import ExactMath

/// An unsigned 256-bit integer, for products that do not fit 128 bits before they are divided.
///
/// A liquidation price is a quotient of products of four 64-bit quantities; rounding any of them
/// early could move the result across a tick.
struct WideMagnitude {
    var high: UInt128
    var low: UInt128

    init(_ value: UInt128) {
        self.init(high: 0, low: value)
    }

    /// `a · b`; it cannot overflow.
    init(_ a: UInt128, times b: UInt128) {
        let (high, low) = a.multipliedFullWidth(by: b)
        self.init(high: high, low: low)
    }

    private init(high: UInt128, low: UInt128) {
        self.high = high
        self.low = low
    }

    var isZero: Bool { high == 0 && low == 0 }

    /// `self + other`, or an error where the sum does not fit 256 bits.
    func adding(_ other: WideMagnitude) throws(ArithmeticOverflow) -> WideMagnitude {
        let (low, carry) = self.low.addingReportingOverflow(other.low)
        let (sum, overflow) = high.addingReportingOverflow(other.high)
        let (upper, again) = sum.addingReportingOverflow(carry ? 1 : 0)
        guard !overflow, !again else { throw ArithmeticOverflow() }
        return WideMagnitude(high: upper, low: low)
    }

    /// `self − other`, or nil where the difference is negative.
    func subtracting(_ other: WideMagnitude) -> WideMagnitude? {
        guard high > other.high || (high == other.high && low >= other.low) else { return nil }
        let (low, borrow) = self.low.subtractingReportingOverflow(other.low)
        return WideMagnitude(high: high - other.high - (borrow ? 1 : 0), low: low)
    }

    /// `self · factor`, or an error where the product does not fit 256 bits.
    func multiplied(by factor: UInt64) throws(ArithmeticOverflow) -> WideMagnitude {
        let lower = low.multipliedFullWidth(by: UInt128(factor))
        let (upper, overflow) = high.multipliedReportingOverflow(by: UInt128(factor))
        let (sum, carry) = upper.addingReportingOverflow(lower.high)
        guard !overflow, !carry else { throw ArithmeticOverflow() }
        return WideMagnitude(high: sum, low: lower.low)
    }

    /// `self / divisor`, down, or up where asked; dividing twice by a and b is dividing once by a · b.
    /// - Parameter divisor: greater than zero.
    func divided(by divisor: UInt128, roundingUp: Bool) -> WideMagnitude {
        let (upper, rest) = high.quotientAndRemainder(dividingBy: divisor)
        let (lower, remainder) =
            rest == 0
            ? low.quotientAndRemainder(dividingBy: divisor)
            : divisor.dividingFullWidth((rest, low))
        let quotient = WideMagnitude(high: upper, low: lower)
        guard roundingUp, remainder != 0 else { return quotient }
        // A quotient that was rounded down is below the largest value: its divisor is above one.
        let (next, carry) = lower.addingReportingOverflow(1)
        return WideMagnitude(high: upper + (carry ? 1 : 0), low: next)
    }

    /// The value as a 64-bit integer; nil above `Int64.max`.
    var int64: Int64? {
        guard high == 0, low <= UInt128(Int64.max.magnitude) else { return nil }
        return Int64(low)
    }
}
