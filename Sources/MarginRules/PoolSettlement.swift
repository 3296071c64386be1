public import ExactMath

/// How much of a position a decrease closes, and what may fail.
public enum PoolCloseKind: Sendable, Hashable {
    /// Part of it; the owner takes out some collateral as well. [1e-8 collateral tokens]
    case partial(withdrawing: Quantity)
    /// All of it, by its owner.
    case full
    /// All of it, by liquidation or deleveraging: the pool bears what the collateral cannot.
    case forced
}

/// The order in which a decrease pays for what it costs.
public enum PoolCost: Sendable, Hashable, CaseIterable {
    case funding, loss, fees, impact, impactExcess
}

/// Who gets what of a decrease. The amounts of each token add up to nothing lost and nothing made.
public struct PoolPayout: Sendable, Hashable {
    /// To the owner. [1e-8 collateral tokens]
    public var toOwner: Quantity = .zero
    /// To the owner, where profit is paid in another token. [1e-8 profit tokens]
    public var profitToOwner: Quantity = .zero
    /// What stays with the position. [1e-8 collateral tokens]
    public var remainingCollateral: Quantity = .zero
    /// The change of the pool, negative when it pays. [1e-8 collateral tokens]
    public var poolChange: Quantity = .zero
    /// The change of the pool in the token of profits, where that is another. [1e-8 profit tokens]
    public var poolProfitTokenChange: Quantity = .zero
    /// The change of the impact pool. [1e-8 index tokens]
    public var impactPoolChange: Quantity = .zero
    /// To the receiver of fees. [1e-8 collateral tokens]
    public var toFeeReceiver: Quantity = .zero
    /// Funding that was paid, which the other side claims. [1e-8 collateral tokens]
    public var funding: Quantity = .zero
    /// Funding paid in the wrong token, held apart. [1e-8 profit tokens]
    public var fundingInProfitToken: Quantity = .zero
    /// The excess of price impact, which the owner may claim later. [1e-8 collateral tokens]
    public var claimable: Quantity = .zero
    /// The same where the collateral was not enough. [1e-8 profit tokens]
    public var claimableInProfitToken: Quantity = .zero
    /// The first cost that was not paid in full; those after it are not paid at all.
    public var unpaid: PoolCost?
    /// What was not paid of it. Unless the close is forced, the contract reverts. [1e-8 USD]
    public var shortfall: Money = .zero
}

/// The settlement of a decrease: profit and positive impact come in, then costs go out in order.
///
/// Each cost is taken from what is paid out, then from the collateral, then from profit paid in
/// another token. Source: gmx-io/gmx-synthetics
/// contracts/position/DecreasePositionCollateralUtils.sol.
public struct PoolSettlement: Sendable, Hashable {
    /// Whether profits are paid in the token of the collateral, and what happens if they are not.
    public enum ProfitToken: Sendable, Hashable {
        case collateral
        /// Another token at its price, paid as it is.
        case other(PriceRange)
        /// Another token at its price, swapped in the pool into the collateral's for a fee. [1e-8]
        case swapped(PriceRange, fee: Ratio)
    }

    public var collateralPrice: PriceRange
    public var profitToken: ProfitToken
    public var indexPrice: PriceRange

    public init(collateralPrice: PriceRange, profitToken: ProfitToken, indexPrice: PriceRange) {
        self.collateralPrice = collateralPrice
        self.profitToken = profitToken
        self.indexPrice = indexPrice
    }

    /// Who gets what.
    /// - Parameters:
    ///   - collateral: the position's. [1e-8 collateral tokens]
    ///   - profit: what is realised, the side's cap applied. [1e-8 USD]
    ///   - impact: settled, the impact pool's cap applied to its gain.
    public func payout(
        collateral: Quantity, profit: Money, impact: SettledImpact, fees: PoolPositionFees,
        kind: PoolCloseKind
    ) throws(ArithmeticOverflow) -> PoolPayout {
        var purse = PoolPurse(settlement: self, collateral: collateral)
        if profit.isPositive { try purse.receive(profit) }
        if impact.amount.isPositive {
            try purse.receive(impact.amount)
            purse.payout.impactPoolChange = try -PositionImpactPool.payment(
                for: impact.amount, indexPrice: indexPrice)
        }
        try purse.swapProfit()
        try purse.settleCosts(profit: profit, impact: impact, fees: fees)
        return try purse.closed(kind, impactExcess: impact.excess)
    }

    /// The price of the token in which profits are paid.
    var profitPrice: PriceRange {
        switch profitToken {
        case .collateral: collateralPrice
        case .other(let price), .swapped(let price, _): price
        }
    }
}
