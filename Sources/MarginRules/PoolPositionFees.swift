public import ExactMath

/// The fees of trading against a pool, and how they are shared.
///
/// Source: gmx-io/gmx-synthetics contracts/pricing/PositionPricingUtils.sol `getPositionFees`.
public struct PoolFeeSchedule: Sendable, Hashable {
    /// The fee of an order that improves the balance, as a share of its size. [1e-8]
    public var improving: Ratio
    /// The fee of another order. [1e-8]
    public var worsening: Ratio
    /// The fee of a liquidation, in addition. [1e-8]
    public var liquidation: Ratio
    /// The share of position fees that leaves the pool. [1e-8]
    public var positionReceiver: Ratio
    /// The share of borrowing fees that leaves the pool. [1e-8]
    public var borrowingReceiver: Ratio
    /// The share of liquidation fees that leaves the pool. [1e-8]
    public var liquidationReceiver: Ratio

    public init(
        improving: Ratio, worsening: Ratio, liquidation: Ratio, positionReceiver: Ratio,
        borrowingReceiver: Ratio, liquidationReceiver: Ratio
    ) {
        self.improving = improving
        self.worsening = worsening
        self.liquidation = liquidation
        self.positionReceiver = positionReceiver
        self.borrowingReceiver = borrowingReceiver
        self.liquidationReceiver = liquidationReceiver
    }

    /// Why fees are charged.
    public enum Occasion: Sendable, Hashable, CaseIterable {
        /// An order; also the test whether a position is liquidatable, which leaves the fee out.
        case order
        case liquidation
    }

    /// The fees of an order, in the token of the position's collateral at its minimum price.
    ///
    /// Position and borrowing fees are rounded down, the liquidation fee and funding up.
    /// - Parameters:
    ///   - size: the order's. [1e-8 USD]
    ///   - improvesBalance: see ``PriceImpact``.
    ///   - borrowing: what the position owes for borrowing. [1e-8 USD]
    ///   - funding: what it owes for funding. [1e-8 collateral tokens]
    ///   - discount: the trader's discount on the position fee. [1e-8]
    public func fees(
        size: Money, improvesBalance: Bool, borrowing: Money, funding: Quantity,
        collateralPrice: PriceRange, discount: Ratio = .zero, occasion: Occasion = .order
    ) throws(ArithmeticOverflow) -> PoolPositionFees {
        let price = collateralPrice.minimum
        let position =
            try size
            .scaled(by: improvesBalance ? improving : worsening, rounding: .down)
            .quantity(at: price, rounding: .down)
        let discounted = try position.scaled(by: discount, rounding: .down)
        let borrowed = try borrowing.quantity(at: price, rounding: .down)
        let liquidated =
            occasion == .liquidation
            ? try size.scaled(by: liquidation, rounding: .down).quantity(at: price, rounding: .up)
            : .zero
        let received =
            try (position - discounted).scaled(by: positionReceiver, rounding: .down)
            + borrowed.scaled(by: borrowingReceiver, rounding: .down)
            + liquidated.scaled(by: liquidationReceiver, rounding: .down)
        let total = position - discounted + borrowed + liquidated
        return PoolPositionFees(
            position: position - discounted, borrowing: borrowed, liquidation: liquidated,
            funding: funding, forReceiver: received, forPool: total - received)
    }
}

/// What an order costs. [1e-8 collateral tokens]
public struct PoolPositionFees: Sendable, Hashable {
    /// The position fee, after the discount.
    public var position: Quantity
    public var borrowing: Quantity
    public var liquidation: Quantity
    /// Funding, which goes to the other side and not to the pool.
    public var funding: Quantity
    /// Of all but funding, what leaves the pool.
    public var forReceiver: Quantity
    /// Of all but funding, what stays in the pool.
    public var forPool: Quantity

    /// - Precondition: the receiver and the pool share all but funding.
    public init(
        position: Quantity, borrowing: Quantity, liquidation: Quantity, funding: Quantity,
        forReceiver: Quantity, forPool: Quantity
    ) {
        self.position = position
        self.borrowing = borrowing
        self.liquidation = liquidation
        self.funding = funding
        self.forReceiver = forReceiver
        self.forPool = forPool
        precondition(forReceiver + forPool == totalExcludingFunding, "fees go to somebody")
    }

    /// An order that costs nothing.
    public static let none = PoolPositionFees(
        position: .zero, borrowing: .zero, liquidation: .zero, funding: .zero, forReceiver: .zero,
        forPool: .zero)

    /// Everything but funding.
    public var totalExcludingFunding: Quantity { position + borrowing + liquidation }

    /// Everything.
    public var total: Quantity { totalExcludingFunding + funding }

    /// Everything, in dollars, rounded up. [1e-8 USD]
    public func value(at collateralPrice: PriceRange) throws(ArithmeticOverflow) -> Money {
        try total.value(at: collateralPrice.minimum, rounding: .up)
    }
}
