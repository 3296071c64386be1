public import ExactMath

/// Drift's funding rate: the clamped distance of two averages, paid an hour at a time.
///
/// `clamp(mark − oracle + |oracle|/offset, ±oracle/divisor) / (24 h / period)`, each quotient
/// truncated toward zero: money per unit of size, not a fraction of a price.
///
/// Source: drift-labs/protocol-v2 `programs/drift/src/controller/funding.rs`
/// (`update_funding_rate`), `state/perp_market.rs` (`get_max_price_divergence_for_funding_rate`).
public struct DriftFundingRate: Hashable, Sendable {
    /// 5000 adds 0.02 % of the oracle a day (7.3 % a year), which longs pay shorts; nil adds
    /// nothing.
    public var offsetDivisor: Int64?
    /// The spread is limited to the oracle price over this, greater than zero.
    public var spreadDivisor: Int64
    /// Between two updates; a shorter one than an hour counts as an hour.
    public var period: TimeSpan
    /// The step of a price on chain: 1e-6.
    public var priceResolution: Price
    /// The step of a rate on chain: 1e-9.
    public var rateResolution: Fixed18

    public init(
        offsetDivisor: Int64? = 5000, spreadDivisor: Int64,
        period: TimeSpan = TimeSpan(seconds: 3600),
        priceResolution: Price = Price(raw: 100),
        rateResolution: Fixed18 = Fixed18(raw: 1_000_000_000)
    ) {
        precondition(spreadDivisor > 0 && (offsetDivisor ?? 1) > 0, "a divisor is positive")
        precondition(period > .zero, "a funding period is positive")
        self.offsetDivisor = offsetDivisor
        self.spreadDivisor = spreadDivisor
        self.period = period
        self.priceResolution = priceResolution
        self.rateResolution = rateResolution
    }

    /// The largest spread that counts. [1e-8 USD per unit]
    public func maximumSpread(oracleAverage: Price) -> Price {
        RateArithmetic.truncate(
            Price(raw: oracleAverage.raw / spreadDivisor), to: priceResolution)
    }

    /// What a unit of a long pays in one period. [1e-18 USD per unit]
    /// - Parameter markAverage: the market's time-weighted average mid price.
    /// - Parameter oracleAverage: the oracle's average over the same time.
    /// - Throws: ``ArithmeticOverflow`` when the spread does not fit.
    public func rate(
        markAverage: Price, oracleAverage: Price
    ) throws(ArithmeticOverflow) -> Fixed18 {
        precondition(!oracleAverage.isNegative, "a price is not negative")
        var spread = try RateArithmetic.difference(markAverage, oracleAverage)
        if let offsetDivisor {
            let offset = Price(raw: oracleAverage.magnitude.raw / offsetDivisor)
            spread = try spread.adding(RateArithmetic.truncate(offset, to: priceResolution))
        }
        let limit = maximumSpread(oracleAverage: oracleAverage)
        let clamped = min(max(spread, -limit), limit)
        let hour: Int64 = 3_600_000
        let periodsPerDay = 24 * hour / max(hour, period.milliseconds)
        // A period longer than a day divides by zero on chain.
        precondition(periodsPerDay > 0, "a funding period is at most a day")
        return RateArithmetic.truncate(
            Fixed18(raw: Fixed18(clamped).raw / Int128(periodsPerDay)), to: rateResolution)
    }
}

/// Which funding rate each side gets when the protocol itself is the counterparty of the imbalance.
///
/// When longs and shorts differ in size, the protocol receives or pays for the rest. It pays at
/// most a third of its fee pool in a period; beyond that the receiving side gets a lower rate,
/// which together with what the other side pays uses up exactly that third.
///
/// Source: drift-labs/protocol-v2 `programs/drift/src/math/funding.rs`
/// (`calculate_funding_rate_long_short`).
public struct DriftFundingSplit: Hashable, Sendable {
    /// The step of money on chain: 1e-6 USDC.
    public var quoteResolution: Money
    /// The step of a rate on chain: 1e-9.
    public var rateResolution: Fixed18

    public init(
        quoteResolution: Money = Money(raw: 100),
        rateResolution: Fixed18 = Fixed18(raw: 1_000_000_000)
    ) {
        precondition(quoteResolution.isPositive, "a resolution is positive")
        self.quoteResolution = quoteResolution
        self.rateResolution = rateResolution
    }

    /// The rates of one period.
    public struct Rates: Hashable, Sendable {
        /// What a unit of a long pays. [1e-18 USD per unit]
        public let long: Fixed18
        /// What a unit of a short receives. [1e-18 USD per unit]
        public let short: Fixed18
        /// What the protocol would receive at equal rates, negative where it would pay. [1e-8 USD]
        public let uncappedProtocolPayment: Money
        /// What its fees change by. [1e-8 USD]
        public let protocolPayment: Money
    }

    /// What a position receives at a rate, negative where it pays, toward zero. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when the payment does not fit.
    public func payment(rate: Fixed18, size: Quantity) throws(ArithmeticOverflow) -> Money {
        let opposite = try RateArithmetic.difference(.zero, rate)
        let exact = try Fixed18(size).multiplied(by: opposite, rounding: .towardZero)
        return RateArithmetic.truncate(
            try exact.rounded(to: Money.self, .towardZero), to: quoteResolution)
    }

    /// The rates for both sides.
    /// - Parameter rate: what longs would pay shorts were both equal. [1e-18 USD per unit]
    /// - Parameter net: longs and shorts together, which the protocol stands against.
    /// - Parameter longs: the size of all longs, zero or more.
    /// - Parameter shorts: the size of all shorts, zero or less.
    /// - Parameter feePool: what the protocol may spend, see
    ///   ``feePool(fees:exchangeFees:reserved:)``.
    /// - Throws: ``ArithmeticOverflow`` when a payment or a rate does not fit.
    public func rates(
        rate: Fixed18, net: Quantity, longs: Quantity, shorts: Quantity, feePool: Money
    ) throws(ArithmeticOverflow) -> Rates {
        precondition(!feePool.isNegative, "a fee pool is not negative")
        let uncapped = try RateArithmetic.difference(.zero, try payment(rate: rate, size: net))
        let limit = -RateArithmetic.truncate(Money(raw: feePool.raw / 3), to: quoteResolution)
        guard uncapped < limit else {
            return Rates(
                long: rate, short: rate, uncappedProtocolPayment: uncapped,
                protocolPayment: uncapped)
        }
        let longsPay = rate.raw > 0
        let paid = try payment(rate: rate, size: longsPay ? longs : shorts).magnitude
        let total = try RateArithmetic.difference(limit, paid)
        let capped = try cappedRate(spending: total, size: longsPay ? shorts : longs)
        return Rates(
            long: longsPay ? rate : capped, short: longsPay ? capped : rate,
            uncappedProtocolPayment: uncapped, protocolPayment: limit)
    }

    /// What of the fees the protocol may spend: all beyond half of the exchange fees and a reserve.
    /// - Parameter fees: collected less distributed; may be negative.
    /// - Parameter exchangeFees: all trading fees ever, zero or more; half of them are kept.
    /// - Parameter reserved: liquidation fees less what was withdrawn.
    /// - Throws: ``ArithmeticOverflow`` when a sum does not fit.
    ///
    /// Source: `programs/drift/src/math/repeg.rs` (`calculate_fee_pool`).
    public func feePool(
        fees: Money, exchangeFees: Money, reserved: Money
    ) throws(ArithmeticOverflow) -> Money {
        let half = RateArithmetic.truncate(Money(raw: exchangeFees.raw / 2), to: quoteResolution)
        let kept = try half.adding(reserved)
        return max(.zero, try RateArithmetic.difference(fees, max(.zero, kept)))
    }

    /// False where the update is refused, because paying would take fees below the half that is
    /// kept.
    ///
    /// Only a negative reserve can lead there.
    /// - Throws: ``ArithmeticOverflow`` when a sum does not fit.
    public func isPayable(
        _ protocolPayment: Money, fees: Money, exchangeFees: Money
    ) throws(ArithmeticOverflow) -> Bool {
        guard protocolPayment.isNegative else { return true }
        let half = RateArithmetic.truncate(Money(raw: exchangeFees.raw / 2), to: quoteResolution)
        return try fees.adding(protocolPayment) >= half
    }

    /// The rate at which a side receives an amount.
    private func cappedRate(
        spending amount: Money, size: Quantity
    ) throws(ArithmeticOverflow) -> Fixed18 {
        guard !size.isZero else { return .zero }
        // One step less, so that what rounding leaves stays with the protocol.
        let spent = amount.isNegative ? amount + quoteResolution : amount
        return RateArithmetic.truncate(
            try Fixed18(spent).divided(by: Fixed18(size), rounding: .towardZero),
            to: rateResolution)
    }
}
