public import ExactMath

/// How much a collateral asset lets an account borrow, and up to where it carries a debt.
public struct CollateralThresholds: Hashable, Sendable {
    /// The share of the value against which one may borrow. [1e-8]
    public var loanToValue: Ratio
    /// The share of the value that counts against liquidation. [1e-8]
    public var liquidationThreshold: Ratio

    public init(loanToValue: Ratio, liquidationThreshold: Ratio) {
        self.loanToValue = loanToValue
        self.liquidationThreshold = liquidationThreshold
    }

    /// The thresholds within an efficiency mode (e-mode): the category's, where the asset is collateral
    /// in it, else the asset's own.
    ///
    /// Source: aave-dao/aave-v3-origin `GenericLogic.calculateUserAccountData`,
    /// `ValidationLogic.getUserReserveLtv`.
    /// - Parameter category: nil where the account is in no category or the asset is not collateral in
    ///   it.
    public func within(efficiencyMode category: CollateralThresholds?) -> CollateralThresholds {
        category ?? self
    }
}

/// The value of one collateral asset of an account, with the thresholds that hold for it.
public struct WeightedCollateral: Hashable, Sendable {
    /// Balance times price, rounded down. [1e-8 USD]
    public var value: Money
    public var thresholds: CollateralThresholds

    public init(value: Money, thresholds: CollateralThresholds) {
        self.value = value
        self.thresholds = thresholds
    }
}

/// How a health factor is computed and rounded; it differs by version of Aave.
public enum HealthFactorRule: Int8, Hashable, Sendable, CaseIterable {
    /// Collateral times the average threshold, cut to whole basis points: Aave v3.0 to v3.4.
    ///
    /// Source: aave-dao/aave-v3-origin, tag v3.4.0, `GenericLogic.sol`.
    case averagedThreshold
    /// The sum of each collateral times its own threshold: Aave v3.5 and later.
    ///
    /// Source: aave-dao/aave-v3-origin, tag v3.5.0, `GenericLogic.sol`.
    case thresholdOfEach
}

/// An account of a lending pool, as Aave sums it up.
///
/// Values of collateral are rounded down; values of debt up from v3.5 on, before that down.
public struct AccountData: Hashable, Sendable {
    /// [1e-8 USD]
    public var totalCollateral: Money
    /// [1e-8 USD]
    public var totalDebt: Money
    /// Weighted by value, cut to whole basis points; zero without collateral. [1e-8]
    public var averageLoanToValue: Ratio
    /// Weighted by value, cut to whole basis points; zero without collateral. [1e-8]
    public var averageLiquidationThreshold: Ratio
    /// Collateral times threshold over debt; nil, that is infinite, without debt. [1e-18]
    public var healthFactor: Fixed18?
    /// Whether some collateral has a loan-to-value of zero: it must be withdrawn before others.
    public var hasZeroLoanToValueCollateral: Bool

    /// Sums an account up.
    ///
    /// Source: aave-dao/aave-v3-origin `GenericLogic.calculateUserAccountData`.
    /// - Parameters:
    ///   - collateral: each asset used as collateral; nothing is negative.
    ///   - debts: the value of each debt; nothing is negative. [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when a total does not fit.
    public init(collateral: [WeightedCollateral], debts: [Money], rule: HealthFactorRule)
        throws(ArithmeticOverflow)
    {
        var totalCollateral = Money.zero
        var totalDebt = Money.zero
        // Σ value · ratio, in 1e-16 USD: below 2^127 for any total that fits.
        var weightedLoanToValue: Int128 = 0
        var weightedThreshold: Int128 = 0
        var hasZeroLoanToValueCollateral = false
        for item in collateral {
            precondition(!item.value.isNegative, "a negative collateral")
            totalCollateral = try totalCollateral.adding(item.value)
            let thresholds = item.thresholds
            if thresholds.loanToValue.isZero { hasZeroLoanToValueCollateral = true }
            weightedLoanToValue += product(item.value.raw, thresholds.loanToValue.raw)
            weightedThreshold += product(item.value.raw, thresholds.liquidationThreshold.raw)
        }
        for debt in debts {
            precondition(!debt.isNegative, "a negative debt")
            totalDebt = try totalDebt.adding(debt)
        }
        let averageThreshold = try average(weightedThreshold, over: totalCollateral)

        self.totalCollateral = totalCollateral
        self.totalDebt = totalDebt
        self.averageLoanToValue = try average(weightedLoanToValue, over: totalCollateral)
        self.averageLiquidationThreshold = averageThreshold
        self.hasZeroLoanToValueCollateral = hasZeroLoanToValueCollateral
        guard totalDebt.isPositive else {
            self.healthFactor = nil
            return
        }
        switch rule {
        case .averagedThreshold:
            let weighted = try totalCollateral.scaled(by: averageThreshold, rounding: .nearest)
            self.healthFactor = try Fixed18(weighted)
                .divided(by: Fixed18(totalDebt), rounding: .nearest)
        case .thresholdOfEach:
            self.healthFactor = try healthFactorOfEach(weightedThreshold, over: totalDebt)
        }
    }

    /// Whether the health factor is below one; at exactly one the account is safe.
    public var isLiquidatable: Bool {
        guard let healthFactor else { return false }
        return healthFactor < .one
    }

    /// What the account could still borrow: collateral times average loan-to-value, less debt, never
    /// below zero. [1e-8 USD]
    ///
    /// Source: aave-dao/aave-v3-origin `GenericLogic.calculateAvailableBorrows`.
    /// - Parameter rounding: down from v3.5 on, to the nearest before.
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func availableBorrows(rounding: Rounding) throws(ArithmeticOverflow) -> Money {
        let limit = try totalCollateral.scaled(by: averageLoanToValue, rounding: rounding)
        return limit <= totalDebt ? .zero : limit - totalDebt
    }

    /// Whether the account, as it is after a borrowing or a withdrawal, passes Aave's check: a
    /// loan-to-value above zero, a health factor of one or more, and collateral that covers the debt
    /// over the average loan-to-value, rounded up.
    ///
    /// Source: aave-dao/aave-v3-origin `ValidationLogic.validateHFAndLtv`.
    /// - Throws: ``ArithmeticOverflow`` when the required collateral does not fit.
    public func coversNewBorrowing() throws(ArithmeticOverflow) -> Bool {
        guard averageLoanToValue.isPositive, !isLiquidatable else { return false }
        let required = try totalDebt.divided(by: averageLoanToValue, rounding: .up)
        return totalCollateral >= required
    }
}

/// A sum of values times ratios over their total, cut to whole basis points.
private func average(_ weighted: Int128, over total: Money) throws(ArithmeticOverflow) -> Ratio {
    guard total.isPositive else { return .zero }
    return Ratio(basisPoints: try narrow(weighted / (Int128(total.raw) * 10_000)))
}

/// The weighted sum over debt, rounded half up at 1e-22 and then cut to 1e-18, which may lift a health
/// factor a hair below one to exactly one, as it does on chain.
private func healthFactorOfEach(_ weighted: Int128, over debt: Money)
    throws(ArithmeticOverflow) -> Fixed18
{
    // ⌊(weighted · 1e14 + debt / 2) / debt⌋ / 1e4, as one quotient: the scales are 1e-16 and 1e-8.
    let scaled = weighted.magnitude.multipliedFullWidth(by: 100_000_000_000_000)
    let (low, carry) = scaled.low.addingReportingOverflow(debt.raw.magnitude.half)
    return Fixed18(
        raw: try divideWide(
            high: scaled.high + (carry ? 1 : 0), low: low,
            by: UInt128(debt.raw.magnitude) * 10_000, negative: false, rounding: .down))
}

extension UInt64 {
    fileprivate var half: UInt128 { UInt128(self / 2) }
}
