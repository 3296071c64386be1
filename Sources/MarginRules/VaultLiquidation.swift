public import ExactMath

/// Why a vault's liquidation is refused, in the order of the checks.
public enum VaultLiquidationRefusal: Error, Hashable, Sendable {
    /// The vault is safe, or there is no price.
    case notUnsafe
    /// The auctions that run already reach a limit.
    case limitReached
    /// A part would be auctioned that is smaller than a vault may be.
    case dustyAuction
    /// Nothing would be auctioned.
    case nothingToAuction
}

/// What a liquidation takes from a vault into an auction.
public struct VaultSeizure: Hashable, Sendable {
    /// For sale (dink).
    public let collateral: Quantity
    /// Divided by the accumulated rate (dart).
    public let normalizedDebt: Quantity
    /// Without the penalty, rounded up (due). [1e-8 USD]
    public let debt: Money
    /// To be raised: debt with the penalty, rounded up (tab). [1e-8 USD]
    public let auctionDebt: Money
    /// What is left of the vault.
    public let remaining: CollateralizedVault

    init(
        of vault: CollateralizedVault, collateral: Quantity, normalizedDebt: Quantity,
        rate: Fixed18, penalty: Ratio
    ) throws(ArithmeticOverflow) {
        self.collateral = collateral
        self.normalizedDebt = normalizedDebt
        self.remaining = CollateralizedVault(
            collateral: vault.collateral - collateral,
            normalizedDebt: vault.normalizedDebt - normalizedDebt)
        let seized = CollateralizedVault(collateral: collateral, normalizedDebt: normalizedDebt)
        self.debt = try seized.debt(rate: rate)
        // From the exact debt, so that rounding it up first is not penalised again.
        let factor = try product128(rate.unsigned, penalty.unsigned)
        self.auctionDebt = try Money(
            unsigned: try multiplyUnsigned(
                normalizedDebt.unsigned, factor, dividingBy: oneE18 * UInt128(scaleE8),
                rounding: .up))
    }

    /// The normalized debt that an auction of `money` covers with the penalty, rounded down.
    static func normalizedDebt(raising money: Money, rate: Fixed18, penalty: Ratio)
        throws(ArithmeticOverflow) -> UInt128
    {
        try multiplyUnsigned(
            money.unsigned * oneE18, UInt128(scaleE8),
            dividingBy: try product128(rate.unsigned, penalty.unsigned), rounding: .down)
    }
}

/// Liquidation of vaults into Dutch auctions within limits: Maker's Dog.
///
/// The whole vault goes, unless the debt in auctions would exceed a limit; then a part does, as
/// long as neither the part nor the rest is dust. makerdao/dss src/dog.sol `bark`.
public struct VaultLiquidation: Hashable, Sendable {
    /// The factor on liquidated debt, one or more (chop).
    public var penalty: Ratio
    /// The most debt, with penalty, in auctions of this collateral type (hole). [1e-8 USD]
    public var limit: Money
    /// The most debt, with penalty, in all auctions (Hole). [1e-8 USD]
    public var globalLimit: Money

    public init(penalty: Ratio, limit: Money, globalLimit: Money) {
        precondition(penalty >= .one && limit >= .zero && globalLimit >= .zero)
        self.penalty = penalty
        self.limit = limit
        self.globalLimit = globalLimit
    }

    /// What a liquidation of the vault takes, or why there is none.
    ///
    /// Where less than the floor would be left in the vault, all of it goes, even beyond the
    /// limits.
    /// - Parameters:
    ///   - rate: the accumulated stability fee, greater than zero. [1e-18]
    ///   - spot: the price with the safety margin. [1e-18 USD per unit]
    ///   - minimumDebt: of a vault (dust). [1e-8 USD]
    ///   - inAuction: debt in auctions of this collateral type (dirt). [1e-8 USD]
    ///   - inAllAuctions: debt in all auctions (Dirt). [1e-8 USD]
    public func seizure(
        of vault: CollateralizedVault, rate: Fixed18, spot: Fixed18, minimumDebt: Money,
        inAuction: Money, inAllAuctions: Money
    ) throws(ArithmeticOverflow) -> Result<VaultSeizure, VaultLiquidationRefusal> {
        guard vault.isLiquidatable(rate: rate, spot: spot) else { return .failure(.notUnsafe) }
        guard globalLimit > inAllAuctions, limit > inAuction else {
            return .failure(.limitReached)
        }
        let room = min(globalLimit - inAllAuctions, limit - inAuction)
        let owed = vault.normalizedDebt.unsigned
        var taken = min(
            owed, try VaultSeizure.normalizedDebt(raising: room, rate: rate, penalty: penalty))
        if taken < owed {
            let floor = WideProduct(minimumDebt.unsigned, oneE18)
            if WideProduct(owed - taken, rate.unsigned) < floor {
                taken = owed
            } else if WideProduct(taken, rate.unsigned) < floor {
                return .failure(.dustyAuction)
            }
        }
        let collateral = try Quantity(
            unsigned: try multiplyUnsigned(
                vault.collateral.unsigned, taken, dividingBy: owed, rounding: .down))
        guard collateral.isPositive else { return .failure(.nothingToAuction) }
        return .success(
            try VaultSeizure(
                of: vault, collateral: collateral, normalizedDebt: try Quantity(unsigned: taken),
                rate: rate, penalty: penalty))
    }
}
