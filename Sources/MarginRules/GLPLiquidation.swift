public import ExactMath

/// The liquidation test of GMX v1, and what follows from it.
///
/// Source: gmx-io/gmx-contracts contracts/core/VaultUtils.sol `validateLiquidation`, Vault.sol
/// `liquidatePosition`.
public struct GLPLiquidation: Sendable, Hashable {
    /// What the liquidator gets. [1e-8 USD]
    public var liquidationFee: Money
    /// The fee for changing the size, as a share of the change. [1e-8]
    public var marginFee: Ratio
    /// The largest size, as a multiple of what remains of the collateral. [1e-8]
    public var maximumLeverage: Ratio

    public init(liquidationFee: Money, marginFee: Ratio, maximumLeverage: Ratio) {
        self.liquidationFee = liquidationFee
        self.marginFee = marginFee
        self.maximumLeverage = maximumLeverage
    }

    /// Why a position is not healthy, in the order of the checks.
    public enum Reason: Sendable, Hashable, CaseIterable {
        case lossesExceedCollateral
        case feesExceedCollateral
        case liquidationFeeExceedsCollateral
        case maximumLeverageExceeded
    }

    /// The state of a position and the fees of closing it.
    public struct State: Sendable, Hashable {
        /// Nil for a healthy position.
        public var reason: Reason?
        /// The fees, at most what remains where they are the reason. [1e-8 USD]
        public var marginFees: Money

        /// The contract's number: 0 healthy, 1 the collateral is forfeited, 2 closed as if by its
        /// owner.
        public var code: Int {
            switch reason {
            case nil: 0
            case .maximumLeverageExceeded: 2
            case .lossesExceedCollateral, .feesExceedCollateral, .liquidationFeeExceedsCollateral:
                1
            }
        }
    }

    /// Who asks for the state.
    public enum Occasion: Sendable, Hashable, CaseIterable {
        /// A liquidator: profit counts as collateral.
        case liquidation
        /// The owner, after a change of the position: profit does not count.
        case trade
    }

    /// The fee for a change of the size, rounded up. [1e-8 USD]
    public func positionFee(size: Money) throws(ArithmeticOverflow) -> Money {
        try size.scaled(by: marginFee, rounding: .up)
    }

    /// Whether a position is healthy; equality is.
    /// - Parameters:
    ///   - profit: see ``GLPPosition/profit(at:held:minimum:)``. [1e-8 USD]
    ///   - fundingFee: see ``GLPFunding``. [1e-8 USD]
    public func state(
        of position: GLPPosition, profit: Money, fundingFee: Money, occasion: Occasion
    ) throws(ArithmeticOverflow) -> State {
        let fees = try fundingFee.adding(positionFee(size: position.size))
        let counted = profit.isPositive && occasion == .trade ? .zero : profit
        let remaining = try position.collateral.adding(counted)
        guard !remaining.isNegative else {
            return State(reason: .lossesExceedCollateral, marginFees: fees)
        }
        guard remaining >= fees else {
            return State(reason: .feesExceedCollateral, marginFees: remaining)
        }
        guard remaining >= (try fees.adding(liquidationFee)) else {
            return State(reason: .liquidationFeeExceedsCollateral, marginFees: fees)
        }
        let isOverLeveraged =
            product(remaining.raw, maximumLeverage.raw) < product(position.size.raw, scaleE8)
        return State(
            reason: isOverLeveraged ? .maximumLeverageExceeded : nil, marginFees: fees)
    }

    /// What a forfeited position leaves. [1e-8 collateral tokens]
    public struct Payout: Sendable, Hashable {
        /// To the reserve of fees.
        public var toFees: Quantity
        /// To the liquidator.
        public var toLiquidator: Quantity
        /// The change of the pool. A long's collateral is in the pool already.
        public var poolChange: Quantity
    }

    /// The payout of a position in state 1; each amount is converted at the maximum price, rounded
    /// down.
    /// - Parameter marginFees: of the state. [1e-8 USD]
    public func payout(of position: GLPPosition, marginFees: Money, collateralPrice: PriceRange)
        throws(ArithmeticOverflow) -> Payout
    {
        let price = collateralPrice.maximum
        let fees = try marginFees.quantity(at: price, rounding: .down)
        let liquidator = try liquidationFee.quantity(at: price, rounding: .down)
        let change: Quantity
        switch position.side {
        case .long:
            change = -fees
        case .short:
            let left = max(position.collateral - marginFees, .zero)
            change = try left.quantity(at: price, rounding: .down)
        }
        return Payout(
            toFees: fees, toLiquidator: liquidator, poolChange: change - liquidator)
    }
}
