public import ExactMath

/// A vault of one collateral type: what is locked, and what was borrowed against it.
public struct CollateralizedVault: Hashable, Sendable {
    /// Locked (ink), zero or more.
    public var collateral: Quantity
    /// Debt divided by the accumulated rate at which it is owed (art), zero or more.
    public var normalizedDebt: Quantity

    public init(collateral: Quantity, normalizedDebt: Quantity) {
        precondition(collateral >= .zero && normalizedDebt >= .zero, "a negative vault")
        self.collateral = collateral
        self.normalizedDebt = normalizedDebt
    }

    /// What is owed, rounded up. [1e-8 USD]
    /// - Parameter rate: the accumulated stability fee, from one on. [1e-18]
    public func debt(rate: Fixed18) throws(ArithmeticOverflow) -> Money {
        try Money(
            unsigned: try multiplyUnsigned(
                normalizedDebt.unsigned, rate.unsigned, dividingBy: oneE18, rounding: .up))
    }

    /// Whether the collateral covers the debt: `collateral · spot ≥ normalized debt · rate`,
    /// exactly.
    /// - Parameters:
    ///   - rate: the accumulated stability fee. [1e-18]
    ///   - spot: the price with the safety margin. [1e-18 USD per unit]
    public func isSafe(rate: Fixed18, spot: Fixed18) -> Bool {
        WideProduct(collateral.unsigned, spot.unsigned)
            >= WideProduct(normalizedDebt.unsigned, rate.unsigned)
    }

    /// Whether the vault may be liquidated: it is not safe, and there is a price at all.
    ///
    /// A spot of zero says that the oracle has no valid price; then nothing is liquidated.
    public func isLiquidatable(rate: Fixed18, spot: Fixed18) -> Bool {
        spot > .zero && !isSafe(rate: rate, spot: spot)
    }
}

/// Why a vault may not be changed, in the order of the checks.
public enum VaultRefusal: Error, Hashable, Sendable {
    /// More would be unlocked or repaid than there is.
    case exceedsVault
    /// New debt would exceed the ceiling of the collateral type or of the system.
    case ceilingExceeded
    /// The vault would be unsafe, and the change makes it riskier.
    case notSafe
    /// A debt below the floor would be left.
    case belowMinimumDebt
}

/// The terms of one collateral type: Maker's Vat and Spotter.
///
/// makerdao/dss src/vat.sol `frob`, src/spot.sol `poke`.
public struct VaultTerms: Hashable, Sendable {
    /// Collateral value over debt at which a vault is just safe (mat), greater than zero.
    public var liquidationRatio: Ratio
    /// The most that all vaults of the type may owe (line). [1e-8 USD]
    public var debtCeiling: Money
    /// The least that a vault with debt may owe (dust). [1e-8 USD]
    public var minimumDebt: Money

    public init(liquidationRatio: Ratio, debtCeiling: Money, minimumDebt: Money) {
        precondition(liquidationRatio.isPositive && debtCeiling >= .zero && minimumDebt >= .zero)
        self.liquidationRatio = liquidationRatio
        self.debtCeiling = debtCeiling
        self.minimumDebt = minimumDebt
    }

    /// What all vaults owe, of this type and in the whole system.
    public struct Totals: Hashable, Sendable {
        /// Of this type, divided by the accumulated rate (Art).
        public var normalizedDebt: Quantity
        /// Of the whole system (debt). [1e-8 USD]
        public var systemDebt: Money
        /// The most that the whole system may owe (Line). [1e-8 USD]
        public var systemCeiling: Money
        public init(normalizedDebt: Quantity, systemDebt: Money, systemCeiling: Money) {
            self.normalizedDebt = normalizedDebt
            self.systemDebt = systemDebt
            self.systemCeiling = systemCeiling
        }
    }

    /// The price with the safety margin: price over target price over liquidation ratio, rounded
    /// down; zero without a valid price. [1e-18 USD per unit]
    /// - Parameters:
    ///   - price: the oracle's; nil where it has none.
    ///   - targetPrice: the price of the debt's unit, greater than zero (par); one for Dai.
    public func spot(price: Price?, targetPrice: Ratio) throws(ArithmeticOverflow) -> Fixed18 {
        guard let price else { return .zero }
        let inDebtUnits = try multiplyUnsigned(
            Fixed18(price).unsigned27(), UInt128(scaleE8), dividingBy: targetPrice.unsigned,
            rounding: .down)
        let spot = try multiplyUnsigned(
            inDebtUnits, UInt128(scaleE8), dividingBy: liquidationRatio.unsigned, rounding: .down)
        return try Fixed18(unsigned: spot / 1_000_000_000)
    }

    /// The vault after its collateral and its normalized debt have changed, or why not.
    ///
    /// Less debt or more collateral is allowed even to an unsafe vault; only new debt must stay
    /// below the ceilings; a debt is zero or at least the floor, whatever the change.
    /// - Parameters:
    ///   - collateral: locked where positive, unlocked where negative (dink).
    ///   - normalizedDebt: drawn where positive, repaid where negative (dart).
    ///   - totals: before the change.
    ///   - rate: the accumulated stability fee. [1e-18]
    ///   - spot: see ``spot(price:targetPrice:)``. [1e-18 USD per unit]
    public func changed(
        _ vault: CollateralizedVault, collateral: Quantity, normalizedDebt: Quantity,
        totals: Totals, rate: Fixed18, spot: Fixed18
    ) throws(ArithmeticOverflow) -> Result<CollateralizedVault, VaultRefusal> {
        let locked = try vault.collateral.adding(collateral)
        let owed = try vault.normalizedDebt.adding(normalizedDebt)
        guard locked >= .zero, owed >= .zero else { return .failure(.exceedsVault) }
        let after = CollateralizedVault(collateral: locked, normalizedDebt: owed)

        if normalizedDebt.isPositive {
            let all = try totals.normalizedDebt.adding(normalizedDebt)
            let drawn = CollateralizedVault(collateral: .zero, normalizedDebt: normalizedDebt)
            let systemDebt = try totals.systemDebt.adding(try drawn.debt(rate: rate))
            guard
                WideProduct(all.unsigned, rate.unsigned)
                    <= WideProduct(debtCeiling.unsigned, oneE18),
                systemDebt <= totals.systemCeiling
            else { return .failure(.ceilingExceeded) }
        }
        let isRiskier = normalizedDebt.isPositive || collateral.isNegative
        guard !isRiskier || after.isSafe(rate: rate, spot: spot) else {
            return .failure(.notSafe)
        }
        guard
            owed.isZero
                || WideProduct(owed.unsigned, rate.unsigned)
                    >= WideProduct(minimumDebt.unsigned, oneE18)
        else { return .failure(.belowMinimumDebt) }
        return .success(after)
    }
}
