public import ExactMath

/// The state of an oracle price, from the worst to the best.
///
/// The first that applies is the state. Source: drift-labs/protocol-v2
/// `programs/drift/src/math/oracle.rs` (`oracle_validity`).
public enum OracleValidity: Hashable, Sendable {
    /// The price is zero or less.
    case nonPositive
    /// It is a multiple, or a fraction, of its own average.
    case tooVolatile
    /// Its confidence interval is too wide.
    case tooUncertain
    /// It is too old to value accounts.
    case staleForMargin
    /// Too few publishers took part.
    case insufficientDataPoints
    /// It is too old for the market maker to trade on, at once or with low risk.
    case staleForMarketMaker(immediate: Bool, lowRisk: Bool)
    /// Nothing is wrong with it.
    case valid
}

/// What an oracle published, and how long ago.
public struct OracleReading: Hashable, Sendable {
    public var price: Price
    /// Half the width of the confidence interval, zero or more.
    public var confidence: Price
    /// The age of the price. [slots]
    public var delay: Int64
    public var hasSufficientDataPoints: Bool

    public init(
        price: Price, confidence: Price = .zero, delay: Int64 = 0,
        hasSufficientDataPoints: Bool = true
    ) {
        precondition(!confidence.isNegative, "a confidence interval is not negative")
        self.price = price
        self.confidence = confidence
        self.delay = delay
        self.hasSufficientDataPoints = hasSufficientDataPoints
    }
}

/// The limits beyond which an oracle price counts as wrong, uncertain or stale.
///
/// Defaults are Drift's (`programs/drift/src/state/state.rs`).
public struct OracleGuardRails: Hashable, Sendable {
    /// The largest ratio of price and average, compared as a whole number: 5, so 6 is too much.
    public var tooVolatileRatio: Int64
    /// The widest confidence interval over the price, for the safest markets: 2 %.
    public var maximumConfidence: Ratio
    /// [slots] 120, about a minute.
    public var staleForMargin: Int64
    /// [slots] 10, about five seconds.
    public var staleForMarketMaker: Int64

    public init(
        tooVolatileRatio: Int64 = 5, maximumConfidence: Ratio = Ratio(percent: 2),
        staleForMargin: Int64 = 120, staleForMarketMaker: Int64 = 10
    ) {
        self.tooVolatileRatio = tooVolatileRatio
        self.maximumConfidence = maximumConfidence
        self.staleForMargin = staleForMargin
        self.staleForMarketMaker = staleForMarketMaker
    }

    /// Ages that override the market's limits for the market maker.
    public struct DelayOverride: Hashable, Sendable {
        /// For a fill at once: the limit in slots, below zero as zero; nil makes every price stale.
        public var immediate: Int64?
        /// For a fill with low risk: the limit in slots; nil keeps ``staleForMarketMaker``.
        public var lowRisk: Int64?

        public init(immediate: Int64?, lowRisk: Int64?) {
            self.immediate = immediate
            self.lowRisk = lowRisk
        }
    }

    /// The state of a reading.
    /// - Parameter average: the oracle's time-weighted average price.
    /// - Parameter confidenceMultiplier: what a riskier market may be more uncertain by, see
    ///   ``ContractTier/confidenceMultiplier``.
    /// - Parameter isStablecoin: pull oracles of stablecoins may be three times as old for margin.
    /// - Parameter delayOverride: nil applies ``staleForMarketMaker`` to both kinds of fill.
    public func validity(
        of reading: OracleReading, average: Price, confidenceMultiplier: Int64,
        isStablecoin: Bool = false, delayOverride: DelayOverride? = nil
    ) -> OracleValidity {
        guard reading.price.isPositive else { return .nonPositive }
        let high = max(reading.price, average)
        let low = max(1, min(reading.price, average).raw)
        if high.raw / low > tooVolatileRatio { return .tooVolatile }
        // In whole millionths of the price, as on chain.
        let confidence =
            product(reading.confidence.raw, 1_000_000) / Int128(reading.price.raw) * 100
        if confidence > product(maximumConfidence.raw, confidenceMultiplier) {
            return .tooUncertain
        }
        let marginLimit = Int128(staleForMargin) * (isStablecoin ? 3 : 1)
        if Int128(reading.delay) > marginLimit { return .staleForMargin }
        if !reading.hasSufficientDataPoints { return .insufficientDataPoints }
        let isStale = reading.delay > staleForMarketMaker
        var immediate = isStale
        var lowRisk = isStale
        if let delayOverride {
            immediate = delayOverride.immediate.map { reading.delay > max(0, $0) } ?? true
            lowRisk = delayOverride.lowRisk.map { reading.delay > max(0, $0) } ?? isStale
        }
        return immediate || lowRisk
            ? .staleForMarketMaker(immediate: immediate, lowRisk: lowRisk) : .valid
    }
}

/// What someone wants to do with an oracle price.
///
/// The table is Drift's own: liquidations go on with a stale or uncertain price, since waiting
/// costs more than a slightly wrong price, while valuing accounts for new risk does not. Source:
/// `programs/drift/src/math/oracle.rs` (`is_oracle_valid_for_action`).
public enum OracleAction: Hashable, Sendable, CaseIterable {
    case updateFunding
    case settleProfit
    case triggerOrder
    case fillAgainstOrder
    case fillAgainstMarketMakerLowRisk
    case fillAgainstMarketMakerImmediate
    case liquidate
    case valueAccounts
    case updateAverage
    case updateMarketMakerCurve
    case priceOracleOrder
    case useMarketMakerOracle
    case updateMarketMakerCache
    case valueLiquidityPool
    case swapLiquidityPool
    /// Anything else: only with a valid price.
    case other

    /// Whether the action may go on with a price in that state.
    public func isAllowed(with validity: OracleValidity) -> Bool {
        switch self {
        case .other, .fillAgainstMarketMakerImmediate:
            return validity == .valid
        case .fillAgainstMarketMakerLowRisk:
            if case .staleForMarketMaker(_, lowRisk: false) = validity { return true }
            return validity == .valid
        case .priceOracleOrder, .valueAccounts:
            return validity.severity < OracleValidity.staleForMargin.severity
        case .updateFunding, .settleProfit, .fillAgainstOrder, .updateMarketMakerCache,
            .valueLiquidityPool, .swapLiquidityPool:
            return validity.severity < OracleValidity.tooUncertain.severity
        case .triggerOrder, .liquidate, .useMarketMakerOracle:
            return validity.severity < OracleValidity.tooVolatile.severity
        case .updateAverage, .updateMarketMakerCurve:
            return validity.severity < OracleValidity.nonPositive.severity
        }
    }
}

extension OracleValidity {
    /// How bad it is: zero for a valid price, more for each state before it in the list.
    public var severity: Int {
        switch self {
        case .valid: 0
        case .staleForMarketMaker: 1
        case .insufficientDataPoints: 2
        case .staleForMargin: 3
        case .tooUncertain: 4
        case .tooVolatile: 5
        case .nonPositive: 6
        }
    }
}

/// How safe a Drift market is, from the safest on.
public enum ContractTier: Hashable, Sendable, CaseIterable {
    case a, b, c, speculative, highlySpeculative, isolated

    /// How many times the confidence interval of the safest markets is accepted.
    public var confidenceMultiplier: Int64 {
        switch self {
        case .a, .b: 1
        case .c: 2
        case .speculative: 10
        case .highlySpeculative, .isolated: 50
        }
    }

    /// The oracle price over this is the largest spread in a funding rate: 3 %, 5 % or 10 %.
    public var fundingSpreadDivisor: Int64 {
        switch self {
        case .a, .b: 33
        case .c: 20
        case .speculative, .highlySpeculative, .isolated: 10
        }
    }
}
