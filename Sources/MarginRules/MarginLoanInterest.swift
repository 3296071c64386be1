public import ExactMath

/// Interest on a borrowed asset as exchanges charge it: whole periods, simple, never compounded.
///
/// `borrowed · rate · periods`, rounded up.
public struct MarginLoanInterest: Hashable, Sendable {
    /// Which periods of a loan are charged.
    public enum Counting: Hashable, Sendable {
        /// Each period that has started since the loan began, plus a number of periods on opening.
        ///
        /// freqtrade/freqtrade `freqtrade/leverage/interest.py` counts Binance in hours without an
        /// opening charge, and Kraken in four hours with one.
        case started(opening: Int64)
        /// One when the loan begins and one at each full hour of the clock until it is repaid, that
        /// moment included: 13:20 to 14:15 is two hours.
        ///
        /// Binance "Cross Margin Trading Guide" (360041505471).
        case clock
    }

    /// The rate for one ``ratePeriod``, zero or more.
    public var rate: Fixed18
    /// The time that the rate is for: a day or an hour, greater than zero.
    public var ratePeriod: TimeSpan
    /// The shortest time that is charged, greater than zero.
    public var billingPeriod: TimeSpan
    public var counting: Counting

    public init(
        rate: Fixed18, ratePeriod: TimeSpan, billingPeriod: TimeSpan = TimeSpan(seconds: 3600),
        counting: Counting
    ) {
        precondition(rate.raw >= 0, "an interest rate is not negative")
        precondition(ratePeriod > .zero && billingPeriod > .zero, "a period is positive")
        self.rate = rate
        self.ratePeriod = ratePeriod
        self.billingPeriod = billingPeriod
        self.counting = counting
    }

    /// The periods charged for a loan.
    /// - Parameter repaid: not before `borrowed`.
    public func periods(borrowed: Timestamp, repaid: Timestamp) -> Int64 {
        precondition(borrowed <= repaid, "a loan is repaid after it begins")
        let length = billingPeriod.milliseconds
        switch counting {
        case .started(let opening):
            let elapsed = (repaid - borrowed).milliseconds
            let (whole, rest) = elapsed.quotientAndRemainder(dividingBy: length)
            return opening + whole + (rest == 0 ? 0 : 1)
        case .clock:
            return 1 + hour(repaid, length) - hour(borrowed, length)
        }
    }

    /// The interest on an amount for a number of periods, in the asset that was borrowed.
    /// - Parameter amount: zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the interest does not fit.
    public func interest<S: Scaled>(
        on amount: S, periods: Int64
    ) throws(ArithmeticOverflow) -> S {
        precondition(!amount.isNegative, "a loan is not negative")
        let whole = try Fixed18(amount).multiplied(by: rate, rounding: .up)
        let (time, overflow) = periods.multipliedReportingOverflow(by: billingPeriod.milliseconds)
        guard !overflow else { throw ArithmeticOverflow() }
        let charged = try RateArithmetic.scale(
            whole, by: time, over: ratePeriod.milliseconds, rounding: .up)
        return try charged.rounded(to: S.self, .up)
    }

    /// The number of the clock's period that a moment lies in.
    private func hour(_ moment: Timestamp, _ length: Int64) -> Int64 {
        let (whole, rest) = moment.milliseconds.quotientAndRemainder(dividingBy: length)
        return rest < 0 ? whole - 1 : whole
    }
}
