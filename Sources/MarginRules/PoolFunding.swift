public import ExactMath

/// The rate at which the larger side of a pool's open interest pays the smaller one.
public struct PoolFundingRate: Sendable, Hashable {
    /// What the adaptive law remembers, positive when longs pay; zero under the proportional law.
    /// [1e-18 per year]
    public var saved: Fixed18
    /// The rate that applies, zero or more. [1e-18 per year of the paying side's size]
    public var effective: Fixed18
    /// The side that pays; the adaptive law may for a while let the smaller side pay.
    public var payer: PoolSide

    public init(saved: Fixed18, effective: Fixed18, payer: PoolSide) {
        self.saved = saved
        self.effective = effective
        self.payer = payer
    }

    /// No funding: while one side is empty.
    public static let none = PoolFundingRate(saved: .zero, effective: .zero, payer: .long)
}

/// How the funding rate of a pool follows its imbalance.
///
/// Rates are per year of 365 days where the contracts store them per second; a contract's factor
/// times 31,536,000 is the rate here. `imbalance = |long − short|^exponent / (long + short)`.
/// Source: gmx-io/gmx-synthetics contracts/market/MarketUtils.sol `getNextFundingFactorPerSecond`.
public struct PoolFunding: Sendable, Hashable {
    /// How the rate follows.
    public enum Law: Sendable, Hashable {
        /// `rate = imbalance · factor`, at once. [1e-18 per year]
        case proportional(factor: Fixed18)
        /// The rate moves over time.
        case adaptive(Adaptive)
    }

    /// A rate that climbs while the imbalance lasts.
    public struct Adaptive: Sendable, Hashable {
        /// The rise per second at an imbalance of one. [1e-18 per year, per second]
        public var increase: Fixed18
        /// The fall per second, whatever the imbalance. [1e-18 per year, per second]
        public var decrease: Fixed18
        /// Above this imbalance the rate rises. [1e-8]
        public var stableThreshold: Ratio
        /// Below this imbalance it falls; in between it stays. [1e-8]
        public var decreaseThreshold: Ratio
        /// The least rate that applies; the saved one may be smaller. [1e-18 per year]
        public var minimum: Fixed18

        public init(
            increase: Fixed18, decrease: Fixed18, stableThreshold: Ratio,
            decreaseThreshold: Ratio, minimum: Fixed18
        ) {
            self.increase = increase
            self.decrease = decrease
            self.stableThreshold = stableThreshold
            self.decreaseThreshold = decreaseThreshold
            self.minimum = minimum
        }
    }

    public var law: Law
    /// The exponent of the imbalance. [1e-8]
    public var exponent: Ratio
    /// The most the rate may be, either way. [1e-18 per year]
    public var maximum: Fixed18

    public init(law: Law, exponent: Ratio = .one, maximum: Fixed18) {
        self.law = law
        self.exponent = exponent
        self.maximum = maximum
    }

    /// The imbalance as a share of all open interest, rounded down; may exceed one with an exponent
    /// above one. [1e-18]
    /// - Precondition: some open interest.
    public func imbalance(of balance: PoolOpenInterest) throws(ArithmeticOverflow) -> Fixed18 {
        try share(of: .one, balance)
    }

    /// The imbalance's share of a rate, rounded once, toward zero. [1e-18]
    private func share(of rate: Fixed18, _ balance: PoolOpenInterest)
        throws(ArithmeticOverflow) -> Fixed18
    {
        precondition(balance.total.isPositive, "an imbalance of no open interest")
        let power = try ExponentFactor(factor: .one, exponent: exponent)
            .value(of: balance.imbalance)
        return try rate.scaled(
            by: power.raw, over: Fixed18(balance.total).raw, rounding: .towardZero)
    }

    /// The rate after a span of time during which the imbalance was as given.
    ///
    /// While either side is empty there is nobody to pay or be paid: the rate is nought, and what
    /// was saved is forgotten (`getNextFundingAmountPerSize` returns zeros, which are then stored).
    /// - Parameters:
    ///   - saved: the saved rate of the last update, positive when longs pay. [1e-18 per year]
    ///   - balance: open interest in the measure by which the pool balances.
    ///   - span: time since the last update.
    /// - Throws: ``ArithmeticOverflow`` when a rate does not fit.
    public func rate(saved: Fixed18, balance: PoolOpenInterest, over span: TimeSpan)
        throws(ArithmeticOverflow) -> PoolFundingRate
    {
        guard balance.long.isPositive, balance.short.isPositive else { return .none }
        switch law {
        case .proportional(let factor):
            guard !balance.imbalance.isZero else { return .none }
            return PoolFundingRate(
                saved: .zero, effective: min(try share(of: factor, balance), maximum),
                payer: balance.long > balance.short ? .long : .short)
        case .adaptive(let adaptive):
            // The contract takes an increase factor of zero for the proportional law.
            precondition(adaptive.increase > .zero, "an adaptive rate can rise")
            let next = try next(saved: saved, adaptive, balance, over: span)
            return adaptive.effective(next.clamped(to: maximum), maximum: maximum)
        }
    }

    /// The saved rate after a span of time, before the maximum.
    private func next(
        saved: Fixed18, _ law: Adaptive, _ balance: PoolOpenInterest, over span: TimeSpan
    ) throws(ArithmeticOverflow) -> Fixed18 {
        switch law.change(saved: saved, imbalance: try imbalance(of: balance), balance) {
        case .none:
            return saved
        case .rise:
            let step = try share(of: law.increase.overSeconds(of: span), balance)
            return balance.long < balance.short ? saved - step : saved + step
        case .fall:
            let step = try law.decrease.overSeconds(of: span)
            // The sign, which says who pays, outlives the rate by the smallest unit.
            let left = max(saved.magnitude - step, Fixed18(raw: 1))
            return saved < .zero ? -left : left
        }
    }
}

extension PoolFunding.Adaptive {
    fileprivate enum Change { case rise, fall, none }

    /// A rate and an imbalance of the same sign rise above one threshold and fall below the other;
    /// a rate against the imbalance, and one of zero, always moves toward the imbalance.
    fileprivate func change(
        saved: Fixed18, imbalance: Fixed18, _ balance: PoolOpenInterest
    ) -> Change {
        let alongLongs = saved > .zero && balance.long > balance.short
        let alongShorts = saved < .zero && balance.long < balance.short
        guard alongLongs || alongShorts else { return .rise }
        if imbalance > Fixed18(stableThreshold) { return .rise }
        if imbalance < Fixed18(decreaseThreshold) { return .fall }
        return .none
    }

    /// The minimum applies to the rate that is paid only; at zero it is the longs who pay it.
    fileprivate func effective(_ saved: Fixed18, maximum: Fixed18) -> PoolFundingRate {
        let rate = min(max(saved.magnitude, minimum), maximum)
        let longsPay = saved >= .zero && rate > .zero
        return PoolFundingRate(saved: saved, effective: rate, payer: longsPay ? .long : .short)
    }
}

extension Fixed18 {
    /// The absolute value.
    fileprivate var magnitude: Fixed18 { raw < 0 ? -self : self }

    /// What a change per second amounts to over a span of time.
    fileprivate func overSeconds(of span: TimeSpan) throws(ArithmeticOverflow) -> Fixed18 {
        try scaled(by: Int128(span.milliseconds), over: 1000, rounding: .down)
    }

    /// The value within ± a limit.
    fileprivate func clamped(to limit: Fixed18) -> Fixed18 { max(-limit, min(limit, self)) }
}
