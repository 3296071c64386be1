public import ExactMath

/// When an order that was committed earlier settles, and at the price of which moment.
///
/// Every bound may be met exactly. Source: Synthetixio/synthetix-v3 @23585f7
/// markets/perps-market/contracts/storage/AsyncOrder.sol `checkWithinSettlementWindow`, `expired`;
/// modules/AsyncOrderSettlementPythModule.sol `settleOrder`.
public struct SettlementWindow: Sendable, Hashable {
    /// How long after the commitment the window opens.
    public var delay: TimeSpan
    /// How long it is open.
    public var duration: TimeSpan
    /// The price is that of the commitment and so much later.
    public var priceDelay: TimeSpan
    /// How much later than that moment the price may have been observed.
    public var priceTolerance: TimeSpan

    public init(
        delay: TimeSpan, duration: TimeSpan, priceDelay: TimeSpan, priceTolerance: TimeSpan
    ) {
        self.delay = delay
        self.duration = duration
        self.priceDelay = priceDelay
        self.priceTolerance = priceTolerance
    }

    /// Why an order may not settle now, in the order of the checks.
    public enum Refusal: Sendable, Hashable, CaseIterable {
        /// The window is not open yet.
        case notOpen
        /// The window is over.
        case expired
        /// A price is older than the moment whose price counts.
        case priceTooEarly
        /// A price is from too long after it.
        case priceTooLate
    }

    /// Why prices observed between two moments may not settle an order now, or nil.
    public func refusal(
        committedAt: Timestamp, oldestPrice: Timestamp, newestPrice: Timestamp, now: Timestamp
    ) -> Refusal? {
        if now < opens(committedAt: committedAt) { return .notOpen }
        if isExpired(committedAt: committedAt, now: now) { return .expired }
        let moment = priceMoment(committedAt: committedAt)
        if oldestPrice < moment { return .priceTooEarly }
        return newestPrice > moment + priceTolerance ? .priceTooLate : nil
    }

    /// When an order may settle first.
    public func opens(committedAt: Timestamp) -> Timestamp { committedAt + delay }

    /// The moment whose price counts.
    public func priceMoment(committedAt: Timestamp) -> Timestamp { committedAt + priceDelay }

    /// Whether an order can no longer settle, so that another may take its place.
    public func isExpired(committedAt: Timestamp, now: Timestamp) -> Bool {
        now > opens(committedAt: committedAt) + duration
    }
}
