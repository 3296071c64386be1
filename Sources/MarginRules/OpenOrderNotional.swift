public import ExactMath

/// A position together with its open orders, these at their own prices: the value that margin is charged on.
public struct OpenOrderNotional: Hashable, Sendable {
    /// How bids, asks and the position are set against each other.
    public enum Netting: Int8, Hashable, Sendable {
        /// All bids filled or all asks filled, whichever is worth more:
        /// `max(|position + bids|, |position − asks|)`.
        ///
        /// Sources: OKX's notice of 24 October 2024 on the initial margin of futures in one-way mode;
        /// dev.binance.vision/t/margin-requirements/17078, which cites Binance's page.
        case largerSide
        /// The position, the asks that do not reduce it, and the bids that neither reduce it nor stand
        /// against those asks. Source: BitMEX's exchange guide, which charges 20 bids and 15 offers as 5 and 15.
        case netBids
    }
    /// All orders of one side.
    public struct Side: Hashable, Sendable {
        /// Zero or more. [1e-8 units]
        public let size: Quantity
        /// At the orders' prices, zero or more. [1e-8 of the settlement asset]
        public let value: Money
        public init(size: Quantity, value: Money) {
            self.size = size
            self.value = value
        }
    }

    /// Without a sign, at least the position's own. [1e-8 of the settlement asset]
    public let value: Money
    /// The size that goes with it; negative is short. [1e-8 units]
    public let size: Quantity
    /// What of the orders is in it, at their prices. [1e-8 of the settlement asset]
    public let ordered: Money

    /// - Parameters:
    ///   - position: the signed size.
    ///   - value: what that is worth, without a sign.
    public init(
        position: Quantity, value: Money, bids: Side, asks: Side, netting: Netting
    ) throws(ArithmeticOverflow) {
        switch netting {
        case .largerSide:
            let signed = position.isNegative ? -value : value
            let afterBids = try signed.adding(bids.value).magnitude
            let afterAsks = try signed.adding(-asks.value).magnitude
            let isAsks = afterAsks >= afterBids
            self.value = isAsks ? afterAsks : afterBids
            size = try position.adding(isAsks ? -asks.size : bids.size)
            ordered = isAsks ? asks.value : bids.value
        case .netBids:
            let long = max(.zero, position)
            let short = max(.zero, -position)
            let charged = max(.zero, asks.size - long)
            let net = max(.zero, max(.zero, bids.size - short) - charged)
            ordered = try Self.part(net, of: bids).adding(try Self.part(charged, of: asks))
            self.value = try value.adding(ordered)
            let more = try net.adding(charged)
            let isShort = position.isZero ? charged > net : position.isNegative
            size = try position.adding(isShort ? -more : more)
        }
    }

    /// A part of a side at the average of its prices, rounded up.
    private static func part(_ size: Quantity, of side: Side) throws(ArithmeticOverflow) -> Money {
        guard size.isPositive else { return .zero }
        return try side.value.scaled(by: size.raw, over: side.size.raw, rounding: .up)
    }
}
