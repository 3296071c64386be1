public import ExactMath

/// Why a liquidation of a borrower in a share pool is refused.
public enum SharePoolLiquidationRefusal: Error, Hashable, Sendable {
    /// The borrower's debt is within its limit; equality is healthy.
    case healthyPosition
    /// Neither an amount to seize nor shares to repay.
    case nothingRequested
    /// More than the borrower owes would be repaid.
    case repaysMoreThanOwed
    /// More collateral than the borrower has would be seized.
    case seizesMoreThanHeld
}

/// A borrower of one market of one loan asset and one collateral.
public struct SharePoolBorrower: Hashable, Sendable {
    public var collateral: Quantity
    /// The borrower's shares in what all borrowers owe.
    public var debt: PoolShares
    public init(collateral: Quantity, debt: PoolShares) {
        precondition(collateral >= .zero, "negative collateral")
        self.collateral = collateral
        self.debt = debt
    }
}

/// Which side of a liquidation is given; the other one follows.
public enum SharePoolLiquidationRequest: Hashable, Sendable {
    case seizing(Quantity)
    case repaying(PoolShares)
}

/// What a liquidation moves, and the market after it.
public struct SharePoolLiquidationResult: Hashable, Sendable {
    /// The collateral that goes to the liquidator.
    public let seized: Quantity
    /// What the liquidator pays; by rounding it may exceed all that is owed by one smallest unit.
    public let repaid: Quantity
    public let repaidShares: PoolShares
    /// What no collateral is left for: the lenders lose it at once.
    public let badDebt: Quantity
    public let badDebtShares: PoolShares
    public let borrower: SharePoolBorrower
    /// What all borrowers owe after the liquidation.
    public let owed: SharePool
    /// What the lenders own after the liquidation.
    public let supplied: Quantity
}

/// Liquidation in an isolated market that keeps debts in shares and realises bad debt at once:
/// Morpho Blue.
///
/// One loan-to-value serves borrowing and liquidation, all of the debt may be repaid, and when the
/// collateral is gone the rest of the debt is taken from the lenders in the same step. Formulas and
/// rounding of morpho-org/morpho-blue src/Morpho.sol `liquidate` and `_isHealthy`.
public struct SharePoolLiquidation: Hashable, Sendable {
    /// The liquidation loan-to-value, zero … one.
    public var loanToValue: Ratio
    public var incentive: LiquidationIncentiveFactor

    public init(loanToValue: Ratio, incentive: LiquidationIncentiveFactor) {
        precondition(loanToValue >= .zero && loanToValue <= .one)
        self.loanToValue = loanToValue
        self.incentive = incentive
    }

    /// One unit of collateral in units of the loan asset, rounded down. [1e-18]
    /// - Parameter loan: greater than zero.
    public static func price(ofCollateral collateral: Price, inLoanAssetAt loan: Price)
        throws(ArithmeticOverflow) -> Fixed18
    {
        try Fixed18(collateral).divided(by: Fixed18(loan), rounding: .down)
    }

    /// Whether a borrower's debt, rounded up, is within its limit, rounded down; equality is.
    /// - Parameter price: of a unit of collateral in units of the loan asset. [1e-18]
    public func isHealthy(_ borrower: SharePoolBorrower, owed: SharePool, price: Fixed18)
        throws(ArithmeticOverflow) -> Bool
    {
        if borrower.debt == .zero { return true }
        let debt = try owed.assets(for: borrower.debt, rounding: .up).unsigned
        let value = try multiplyUnsigned(
            borrower.collateral.unsigned, price.unsigned, dividingBy: oneE18, rounding: .down)
        let limit = try multiplyUnsigned(
            value, loanToValue.unsigned, dividingBy: UInt128(scaleE8), rounding: .down)
        return limit >= debt
    }

    /// The liquidation that a request asks for, or why there is none.
    ///
    /// Given the seized amount, what must be repaid for it is rounded up; given the repaid shares,
    /// what is seized for them is rounded down.
    /// - Parameters:
    ///   - supplied: what the lenders own before.
    ///   - price: of a unit of collateral in units of the loan asset, greater than zero where
    ///     shares are given. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public func liquidate(
        _ borrower: SharePoolBorrower, _ request: SharePoolLiquidationRequest, owed: SharePool,
        supplied: Quantity, price: Fixed18
    ) throws(ArithmeticOverflow) -> Result<SharePoolLiquidationResult, SharePoolLiquidationRefusal>
    {
        switch request {
        case .seizing(.zero), .repaying(.zero): return .failure(.nothingRequested)
        default: break
        }
        guard try !isHealthy(borrower, owed: owed, price: price) else {
            return .failure(.healthyPosition)
        }
        let (seized, repaidShares) = try amounts(request, owed: owed, price: price)
        let repaid = try owed.assets(for: repaidShares, rounding: .up)
        guard repaidShares <= borrower.debt else { return .failure(.repaysMoreThanOwed) }
        guard seized <= borrower.collateral else { return .failure(.seizesMoreThanHeld) }

        var rest = SharePoolBorrower(
            collateral: borrower.collateral - seized, debt: borrower.debt - repaidShares)
        var pool = owed
        pool.shares = owed.shares - repaidShares
        pool.assets = max(owed.assets - repaid, .zero)

        var badDebt = Quantity.zero
        let badDebtShares = rest.collateral.isZero ? rest.debt : .zero
        if rest.collateral.isZero {
            badDebt = min(pool.assets, try pool.assets(for: badDebtShares, rounding: .up))
            pool.assets -= badDebt
            pool.shares = pool.shares - badDebtShares
            rest.debt = .zero
        }
        return .success(
            SharePoolLiquidationResult(
                seized: seized, repaid: repaid, repaidShares: repaidShares, badDebt: badDebt,
                badDebtShares: badDebtShares, borrower: rest, owed: pool,
                supplied: supplied - badDebt))
    }

    private func amounts(
        _ request: SharePoolLiquidationRequest, owed: SharePool, price: Fixed18
    ) throws(ArithmeticOverflow) -> (seized: Quantity, repaid: PoolShares) {
        switch request {
        case .seizing(let seized):
            let paid = try repaid(forSeizing: seized, price: price)
            return (seized, try owed.shares(for: paid, rounding: .up))
        case .repaying(let shares):
            let paid = try owed.assets(for: shares, rounding: .down)
            return (try seized(forRepaying: paid, price: price), shares)
        }
    }

    /// What must be repaid for an amount of collateral, rounded up. [1e-8 units of the loan asset]
    /// - Parameter price: of a unit of collateral in units of the loan asset. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func repaid(forSeizing seized: Quantity, price: Fixed18)
        throws(ArithmeticOverflow) -> Quantity
    {
        let factor = incentive.factor(loanToValue: loanToValue).unsigned
        let value = try multiplyUnsigned(
            seized.unsigned, price.unsigned, dividingBy: oneE18, rounding: .up)
        return try Quantity(
            unsigned: try multiplyUnsigned(value, oneE18, dividingBy: factor, rounding: .up))
    }

    /// What a repayment seizes, rounded down. [1e-8 units of the collateral]
    /// - Parameter price: of a unit of collateral in units of the loan asset, greater than zero. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func seized(forRepaying paid: Quantity, price: Fixed18)
        throws(ArithmeticOverflow) -> Quantity
    {
        precondition(price > .zero, "a price of zero")
        let factor = incentive.factor(loanToValue: loanToValue).unsigned
        let value = try multiplyUnsigned(
            paid.unsigned, factor, dividingBy: oneE18, rounding: .down)
        return try Quantity(
            unsigned: try multiplyUnsigned(
                value, oneE18, dividingBy: price.unsigned, rounding: .down))
    }
}
