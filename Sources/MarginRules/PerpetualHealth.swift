public import ExactMath

/// A perpetual position as health sees it: an amount of its settlement token.
///
/// Source: blockworks-foundation/mango-v4 programs/mango-v4/src/health/cache.rs (`PerpInfo`).
public struct PerpetualHealth: Hashable, Sendable {
    /// The weights of a perpetual market. [1e-8]
    public struct Weights: Hashable, Sendable {
        public let initialAsset: Ratio
        public let maintenanceAsset: Ratio
        public let initialLiability: Ratio
        public let maintenanceLiability: Ratio
        /// How much a positive result counts: zero in a market whose price is not trusted.
        public let initialOverall: Ratio
        public let maintenanceOverall: Ratio

        public init(
            initialAsset: Ratio, maintenanceAsset: Ratio, initialLiability: Ratio,
            maintenanceLiability: Ratio, initialOverall: Ratio, maintenanceOverall: Ratio
        ) {
            self.initialAsset = initialAsset
            self.maintenanceAsset = maintenanceAsset
            self.initialLiability = initialLiability
            self.maintenanceLiability = maintenanceLiability
            self.initialOverall = initialOverall
            self.maintenanceOverall = maintenanceOverall
        }
    }

    public let weights: Weights
    /// The index of the settlement token among the account's tokens.
    public let settleToken: Int
    /// The oracle price and the stable price of the base, in the settlement token. [1e-8]
    public let price: ConservativePrice
    /// The signed base position. [1e-8 units]
    public var size: Quantity
    /// What was received for it, less what was paid, after funding. [1e-8 settlement tokens]
    public var quote: Quantity
    /// The sum of open bids, zero or more. [1e-8 units]
    public var bids: Quantity
    /// The sum of open asks, zero or more. [1e-8 units]
    public var asks: Quantity

    public init(
        weights: Weights, settleToken: Int, price: ConservativePrice, size: Quantity,
        quote: Quantity, bids: Quantity, asks: Quantity
    ) {
        precondition(!bids.isNegative && !asks.isNegative, "open orders have no sign")
        self.weights = weights
        self.settleToken = settleToken
        self.price = price
        self.size = size
        self.quote = quote
        self.bids = bids
        self.asks = asks
    }

    /// The weighted result of the position in the worse of two cases, all bids filled or all asks,
    /// down. [1e-18 settlement tokens]
    ///
    /// Bids fill at the higher price, asks at the lower one.
    public func unweightedResult(_ kind: HealthKind) throws(ArithmeticOverflow) -> Fixed18 {
        let isInitial = kind == .initial
        let higher = isInitial ? price.liability : price.oracle
        let lower = isInitial ? price.asset : price.oracle
        let bidsCase = try result(after: bids, at: higher, kind)
        let asksCase = try result(after: -asks, at: lower, kind)
        return Fixed18(quote) + min(bidsCase, asksCase)
    }

    /// The same after the overall weight of a positive result, down. [1e-18 settlement tokens]
    public func result(_ kind: HealthKind) throws(ArithmeticOverflow) -> Fixed18 {
        let unweighted = try unweightedResult(kind)
        guard unweighted > .zero else { return unweighted }
        let weight =
            kind == .maintenance ? weights.maintenanceOverall : weights.initialOverall
        return try unweighted.multiplied(by: Fixed18(weight), rounding: .down)
    }

    private func result(after orders: Quantity, at orderPrice: Price, _ kind: HealthKind)
        throws(ArithmeticOverflow) -> Fixed18
    {
        let net = try size.adding(orders)
        let weight: Ratio
        switch (kind, net.isNegative) {
        case (.maintenance, true): weight = weights.maintenanceLiability
        case (.maintenance, false): weight = weights.maintenanceAsset
        case (_, true): weight = weights.initialLiability
        case (_, false): weight = weights.initialAsset
        }
        let isInitial = kind == .initial
        let basePrice =
            !isInitial ? price.oracle : (net.isNegative ? price.liability : price.asset)
        let value = try Fixed18(net).multiplied(by: Fixed18(basePrice), rounding: .down)
        let cost = try Fixed18(orders).multiplied(by: Fixed18(orderPrice), rounding: .up)
        return try value.multiplied(by: Fixed18(weight), rounding: .down) - cost
    }
}
