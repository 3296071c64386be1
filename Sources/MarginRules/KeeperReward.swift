public import ExactMath

/// What the protocol pays whoever starts or restarts an auction: Maker's tip and chip.
///
/// makerdao/dss src/clip.sol `kick`, `redo` and `upchost`.
public struct KeeperReward: Hashable, Sendable {
    /// Per auction (tip). [1e-8 USD]
    public var flat: Money
    /// Of the debt to be raised (chip).
    public var share: Ratio

    public init(flat: Money, share: Ratio) {
        precondition(flat >= .zero && share >= .zero)
        self.flat = flat
        self.share = share
    }

    /// The reward for starting an auction; the share is rounded down. [1e-8 USD]
    /// - Parameter debt: to be raised, with the penalty.
    public func starting(debt: Money) throws(ArithmeticOverflow) -> Money {
        try flat.adding(try debt.scaled(by: share, rounding: .down))
    }

    /// The reward for restarting an auction: nothing where its debt or its collateral at the
    /// oracle's price is below the minimum, so that dust is not restarted for the reward. [1e-8
    /// USD]
    /// - Parameters:
    ///   - price: the oracle's at that moment, in units of the debt. [1e-18 USD per unit]
    ///   - minimumDebt: see ``minimumAuctionDebt(minimumDebt:penalty:)``. Equality is paid.
    public func restarting(_ sale: AuctionSale, price: Fixed18, minimumDebt: Money)
        throws(ArithmeticOverflow) -> Money
    {
        guard
            sale.debt >= minimumDebt,
            WideProduct(sale.collateral.unsigned, price.unsigned)
                >= WideProduct(minimumDebt.unsigned, oneE18)
        else { return .zero }
        return try starting(debt: sale.debt)
    }

    /// The least debt that a purchase in parts may leave: the vault's floor with the penalty
    /// (chost), rounded down. [1e-8 USD]
    /// - Parameters:
    ///   - minimumDebt: of a vault (dust).
    ///   - penalty: the factor on liquidated debt, one or more (chop).
    public static func minimumAuctionDebt(minimumDebt: Money, penalty: Ratio)
        throws(ArithmeticOverflow) -> Money
    {
        try minimumDebt.scaled(by: penalty, rounding: .down)
    }
}
