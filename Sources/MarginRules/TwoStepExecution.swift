public import ExactMath

/// Which prices may execute an order that was requested earlier.
///
/// The trader asks first and is executed later at a price that did not exist when it asked, so that
/// an old price cannot be picked. Source: gmx-io/gmx-synthetics contracts/oracle/Oracle.sol,
/// contracts/order/IncreaseOrderUtils.sol, DecreaseOrderUtils.sol; config/oracle.ts,
/// config/general.ts.
public struct TwoStepExecution: Sendable, Hashable {
    /// How long after a market order's request its prices may be; then it may be cancelled.
    public var requestExpiration: TimeSpan
    /// How old a price may be at execution.
    public var maximumPriceAge: TimeSpan
    /// How far apart the prices of one execution may be.
    public var maximumTimestampRange: TimeSpan
    /// How far a price may be from the reference feed, as a share of the latter. [1e-8]
    public var maximumReferenceDeviation: Ratio

    public init(
        requestExpiration: TimeSpan, maximumPriceAge: TimeSpan, maximumTimestampRange: TimeSpan,
        maximumReferenceDeviation: Ratio
    ) {
        self.requestExpiration = requestExpiration
        self.maximumPriceAge = maximumPriceAge
        self.maximumTimestampRange = maximumTimestampRange
        self.maximumReferenceDeviation = maximumReferenceDeviation
    }

    /// Why prices may not execute a request, in the order of the checks.
    public enum Refusal: Sendable, Hashable, CaseIterable {
        /// A price is older than allowed.
        case priceTooOld
        /// The prices were not observed together.
        case timestampsTooFarApart
        /// A price is older than the request.
        case priceBeforeRequest
        /// A price is later than the request's expiration.
        case requestExpired
    }

    /// A request, by what makes it valid.
    public enum Request: Sendable, Hashable {
        /// A market order, from its last update on.
        case market(updatedAt: Timestamp)
        /// A limit or stop order, which never expires: from its last update on, or from when it
        /// became valid or its position was last increased, whichever is latest.
        case limit(validSince: Timestamp)
        /// A liquidation, from the last change of the position on.
        case liquidation(positionChangedAt: Timestamp)
    }

    /// Why prices observed between two moments may not execute a request now, or nil.
    ///
    /// Every bound may be met exactly.
    public func refusal(
        of request: Request, oldestPrice: Timestamp, newestPrice: Timestamp, now: Timestamp
    ) -> Refusal? {
        if oldestPrice + maximumPriceAge < now { return .priceTooOld }
        if newestPrice - oldestPrice > maximumTimestampRange { return .timestampsTooFarApart }
        switch request {
        case .market(let updatedAt):
            if oldestPrice < updatedAt { return .priceBeforeRequest }
            return newestPrice > updatedAt + requestExpiration ? .requestExpired : nil
        case .limit(let since), .liquidation(let since):
            return oldestPrice < since ? .priceBeforeRequest : nil
        }
    }

    /// Whether a price range is near enough to a reference price; equality is.
    public func isNear(_ price: PriceRange, reference: Price) -> Bool {
        let limit = product(maximumReferenceDeviation.raw, reference.raw)
        return [price.minimum, price.maximum].allSatisfy { end in
            product((end - reference).magnitude.raw, scaleE8) <= limit
        }
    }

    /// Whether a request that was not executed may be cancelled by its owner.
    public func isCancellable(requestedAt: Timestamp, now: Timestamp) -> Bool {
        now - requestedAt >= requestExpiration
    }
}
