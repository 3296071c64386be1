public import ExactMath

/// Whether the value at a limit still passes. Protocols differ in nothing as often as in this.
public enum LimitRule: Hashable, Sendable {
    /// Exactly the limit passes.
    case inclusive
    /// Exactly the limit is refused.
    case exclusive

    /// Whether a value is within an upper limit.
    func permits<Value: Comparable>(_ value: Value, upTo limit: Value) -> Bool {
        switch self {
        case .inclusive: value <= limit
        case .exclusive: value < limit
        }
    }
}

/// A price as an oracle gives it.
public struct OracleAnswer: Hashable, Sendable {
    public var price: Price
    /// Half the width of the interval that the oracle is confident of; zero where it names none.
    public var confidence: Price
    /// When it was observed or published, by the oracle's clock.
    public var observedAt: Timestamp
    public init(price: Price, confidence: Price, observedAt: Timestamp) {
        self.price = price
        self.confidence = confidence
        self.observedAt = observedAt
    }
}

/// What a rollup's uptime feed says of its sequencer.
public struct SequencerStatus: Hashable, Sendable {
    public var isUp: Bool
    /// Since when.
    public var since: Timestamp
    public init(isUp: Bool, since: Timestamp) {
        self.isUp = isUp
        self.since = since
    }
}

/// What a consumer knows beside the answer it judges.
public struct OracleContext: Hashable, Sendable {
    public var now: Timestamp
    /// Nil on a chain without a sequencer, where its guard passes.
    public var sequencer: SequencerStatus?
    /// A second opinion: a time-weighted average, a reference feed, the price before. Nil where
    /// there is none.
    public var reference: Price?
    /// The oldest and the newest time among all prices of the same transaction; nil where the
    /// answer stands alone.
    public var batch: ClosedRange<Timestamp>?
    /// When what the price is for was asked: an order's last update, the flag of a deleveraging.
    public var requestedAt: Timestamp?

    public init(
        now: Timestamp, sequencer: SequencerStatus? = nil, reference: Price? = nil,
        batch: ClosedRange<Timestamp>? = nil, requestedAt: Timestamp? = nil
    ) {
        self.now = now
        self.sequencer = sequencer
        self.reference = reference
        self.batch = batch
        self.requestedAt = requestedAt
    }
}

/// Why a consumer refuses an oracle's answer.
public enum OracleViolation: Error, Hashable, Sendable {
    case priceNotPositive
    case tooOld
    case tooFarAhead
    case tooUncertain
    case sequencerDown
    case sequencerGracePeriod
    case outsideAnchorBand
    case deviatesFromReference
    case outsideBounds
    case batchSpreadTooWide
    case olderThanRequest
    case afterRequestExpired
}

/// One check that a consumer makes of an oracle's answer before it uses the price.
///
/// Protocols are lists of these. What a violation blocks, and whether an older price is kept
/// instead, is the protocol's own matter.
public enum OracleGuard: Hashable, Sendable {
    /// The price is above zero. Everyone's first check.
    case positivePrice
    /// The answer's age is within a limit. Inclusive in Euler's adapters
    /// (euler-xyz/euler-price-oracle src/adapter) and GMX (gmx-io/gmx-synthetics
    /// contracts/oracle/Oracle.sol); exclusive in Gearbox (Gearbox-protocol/core-v3
    /// contracts/traits/PriceFeedValidationTrait.sol). An answer from the future has no age.
    case maximumAge(TimeSpan, LimitRule)
    /// The answer is no further ahead of the chain's clock than a limit. Inclusive, 60 s, in
    /// Euler's PythOracle.
    case maximumLead(TimeSpan, LimitRule)
    /// The confidence is within a share of the price, that limit rounded down; equality passes.
    /// Euler's PythOracle: 0.1 … 5 %.
    case maximumConfidence(Ratio)
    /// The sequencer is up, and has been for more than a grace period. `inclusive` says that it is
    /// enough to have been up for exactly that; GMX, Aave and Chainlink's documentation are
    /// exclusive.
    case sequencerUp(grace: TimeSpan, LimitRule)
    /// The reference over the price, rounded down to 1e-18, is within 1 ± tolerance, both
    /// inclusive: Compound v2 (compound-finance/open-oracle
    /// contracts/Uniswap/UniswapAnchoredView.sol `isWithinAnchor`). Without a reference it refuses.
    case anchorBand(tolerance: Ratio)
    /// The price's distance from the reference is within a share of the reference; equality passes:
    /// GMX `_validateRefPrice`. Without a reference it passes.
    case maximumDeviation(Ratio)
    /// The price is between two bounds. An aggregator accepts its own bounds (inclusive); a
    /// consumer that wants to notice a price stuck at one refuses them (exclusive).
    case bounds(minimum: Price, maximum: Price, LimitRule)
    /// A price beyond a bound is replaced by the bound: never refuses.
    case clamp(minimum: Price, maximum: Price)
    /// The oldest and the newest price of a transaction are no further apart; equality passes: GMX
    /// `_setPrices`.
    case maximumBatchSpread(TimeSpan)
    /// Every price is from the request or later: GMX orders.
    case noneOlderThanRequest
    /// The newest price is from the request or later: GMX deleveraging
    /// (contracts/adl/AdlUtils.sol `validateAdl`).
    case newestNotOlderThanRequest
    /// The newest price is from no later than a time after the request; equality passes: GMX market
    /// orders.
    case requestExpiration(TimeSpan)

    /// The price to use, or why the answer is refused.
    ///
    /// - Throws: ``ArithmeticOverflow`` when a limit does not fit.
    public func check(_ answer: OracleAnswer, in context: OracleContext)
        throws(ArithmeticOverflow) -> Result<Price, OracleViolation>
    {
        if case .clamp(let minimum, let maximum) = self {
            precondition(minimum <= maximum, "bounds in the wrong order")
            return .success(min(max(answer.price, minimum), maximum))
        }
        if let violation = try violation(of: answer, in: context) { return .failure(violation) }
        return .success(answer.price)
    }

    /// The price that passes all guards in order, or the first violation.
    public static func check(
        _ answer: OracleAnswer, in context: OracleContext, by guards: [OracleGuard]
    ) throws(ArithmeticOverflow) -> Result<Price, OracleViolation> {
        var current = answer
        for rule in guards {
            switch try rule.check(current, in: context) {
            case .success(let price): current.price = price
            case .failure(let violation): return .failure(violation)
            }
        }
        return .success(current.price)
    }
}
