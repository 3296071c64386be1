public import ExactMath

/// Liquidation of vaults into English auctions, one lot at a time: Maker's Cat.
///
/// A large vault takes several calls, each for one lot; what is left may be dust. A lot that rounds
/// to no debt or no collateral is refused, a check that the Cat has since Liquidations 1.2.
public struct VaultBite: Hashable, Sendable {
    /// How large one auction may be.
    public enum Lot: Hashable, Sendable {
        /// Up to an amount of collateral (lump): the Cat of 2019 to August 2020, makerdao/dss
        /// src/cat.sol at ee334f3.
        case collateral(Quantity)
        /// Up to an amount of debt with the penalty (dunk), and no more debt in all auctions than a
        /// limit (box): Liquidations 1.2, makerdao/dss src/cat.sol at ee01dab. [1e-8 USD]
        case debt(Money, globalLimit: Money)
    }
    /// The factor on liquidated debt, one or more (chop).
    public var penalty: Ratio
    public var lot: Lot

    public init(penalty: Ratio, lot: Lot) {
        precondition(penalty >= .one)
        self.penalty = penalty
        self.lot = lot
    }

    /// What one liquidation of the vault takes, or why there is none.
    /// - Parameters:
    ///   - rate: the accumulated stability fee, greater than zero. [1e-18]
    ///   - spot: the price with the safety margin. [1e-18 USD per unit]
    ///   - minimumDebt: of a vault (dust); room for less of it is none. [1e-8 USD]
    ///   - inAllAuctions: debt in all auctions (litter). [1e-8 USD]
    public func seizure(
        of vault: CollateralizedVault, rate: Fixed18, spot: Fixed18, minimumDebt: Money,
        inAllAuctions: Money
    ) throws(ArithmeticOverflow) -> Result<VaultSeizure, VaultLiquidationRefusal> {
        guard vault.isLiquidatable(rate: rate, spot: spot) else { return .failure(.notUnsafe) }
        let owed = vault.normalizedDebt.unsigned
        let held = vault.collateral.unsigned
        let collateral: UInt128
        let taken: UInt128
        switch lot {
        case .collateral(let size):
            guard held > 0 else { return .failure(.nothingToAuction) }
            collateral = min(held, size.unsigned)
            taken = min(
                owed, try multiplyUnsigned(collateral, owed, dividingBy: held, rounding: .down))
        case .debt(let size, let globalLimit):
            guard inAllAuctions < globalLimit, globalLimit - inAllAuctions >= minimumDebt else {
                return .failure(.limitReached)
            }
            let raised = min(size, globalLimit - inAllAuctions)
            taken = min(
                owed,
                try VaultSeizure.normalizedDebt(raising: raised, rate: rate, penalty: penalty))
            collateral = try multiplyUnsigned(held, taken, dividingBy: owed, rounding: .down)
        }
        guard collateral > 0, taken > 0 else { return .failure(.nothingToAuction) }
        return .success(
            try VaultSeizure(
                of: vault, collateral: try Quantity(unsigned: collateral),
                normalizedDebt: try Quantity(unsigned: taken), rate: rate, penalty: penalty))
    }
}
