public import ExactMath
public import MarginProtocol

/// The liquidity pool's own desk: holds outside the opposite of a share of what the pool is exposed to.
///
/// Its hedges are in its own books and never touch the chain.
public struct PoolDesk: Agent {
    public let policy: PoolHedger
    public let address: Address
    /// What it holds outside, by feed; negative is short. [1e-8 units]
    public private(set) var hedges: [Quantity]

    /// - Parameter hedges: what it holds already, one for each feed.
    public init(policy: PoolHedger, address: Address, hedges: [Quantity]) {
        self.policy = policy
        self.address = address
        self.hedges = hedges
    }

    public var addresses: ClosedRange<Int32> { address.raw...address.raw }

    public mutating func decide(_ view: borrowing View) -> Actions { Actions() }

    /// Trades the difference to what it should hold, feed by feed, where that is worth at least the threshold.
    public mutating func unwind(_ view: borrowing View) -> [OutsideOrder] {
        var exposures = [Quantity?](repeating: .zero, count: hedges.count)
        for index in 0..<view.house.parameters.markets.count {
            let feed = view.house.parameters.markets[index].feed.index
            let size = view.house.position(ClearingHouse.liquidityPool, MarketID(index: index)).size
            exposures[feed] = exposures[feed].flatMap { try? $0.adding(size) }
        }
        var orders: [OutsideOrder] = []
        for (index, exposure) in exposures.enumerated() {
            guard let exposure, let target = policy.hedge(against: exposure),
                let missing = try? target.adding(-hedges[index]), !missing.isZero,
                let worth = try? missing.magnitude.value(
                    at: view.outsidePrices[index], rounding: .down),
                worth >= policy.threshold
            else { continue }
            let feed = FeedID(index: index)
            let quantity = takable(missing, feed: feed, view.markets)
            guard !quantity.isZero else { continue }
            hedges[index] += quantity
            orders.append(
                OutsideOrder(
                    agent: address, wallet: nil, feed: feed, asset: nil, quantity: quantity,
                    purpose: "hedge"))
        }
        return orders
    }
}

extension PoolHedger {
    /// The opposite of its share of a position of the pool, rounded towards zero. [1e-8 units]
    func hedge(against exposure: Quantity) -> Quantity? {
        guard exposure.raw > .min else { return nil }
        return try? (-exposure).scaled(by: share, rounding: .towardZero)
    }
}
