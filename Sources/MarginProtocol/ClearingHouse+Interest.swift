public import ExactMath
import MarginRules

/// Interest on balances: indexes that grow with time, and balances that are settled when they move.
///
/// Between two movements an account's interest is pending, and counts in everything that is asked of it. Payers
/// are rounded up and receivers down; what the interest account keeps are the reserves, which are negative where suppliers
/// earn more than borrowers pay.
extension ClearingHouse {
    /// Where interest waits between payer and payee; exists only where an asset has interest.
    public var interest: AccountID? {
        guard !interestRows.isEmpty else { return nil }
        return AccountID(index: 5 + 2 * marketCount + (parameters.backstop == nil ? 0 : 1))
    }

    /// What borrowers of an asset pay and its suppliers earn now; nil where it has no interest.
    /// [1e-18 per the model's period]
    public func interestRates(of asset: AssetID) -> (borrow: Fixed18, supply: Fixed18)? {
        guard !interestRows.isEmpty, let model = interestRows[asset.index].model else { return nil }
        return try? model.rates(
            at: utilization(of: asset), supplied: supplyUtilization(of: asset))
    }

    /// The share of what margin accounts supply of an asset that they also owe, at most one. [1e-18]
    public func utilization(of asset: AssetID) -> Fixed18 {
        utilization(of: asset, without: lost(asset))
    }

    /// The same of all that suppliers are owed, whether it is there or lost. [1e-18]
    func supplyUtilization(of asset: AssetID) -> Fixed18 { utilization(of: asset, without: .zero) }

    /// What has been lent and lost: nobody's debt any more, and still the suppliers'; where debts grow by the series.
    ///
    /// Source: aave-dao/aave-v3-origin, DefaultReserveInterestRateStrategyV2.sol, which adds it to what the supply is
    /// measured by and not to what is available.
    private func lost(_ asset: AssetID) -> Quantity {
        guard !interestRows.isEmpty, interestRows[asset.index].model?.accrual == .series else {
            return .zero
        }
        return max(.zero, Quantity(raw: -balances[Self.badDebt.index * assetCount + asset.index]))
    }

    private func utilization(of asset: AssetID, without lost: Quantity) -> Fixed18 {
        let held = deposited(asset)
        let owed = owed(asset)
        let rule =
            (interestRows.isEmpty ? nil : interestRows[asset.index].model?.utilization) ?? .compound
        return unbounded { () throws(ArithmeticOverflow) in
            try rule.value(
                of: PoolBalances(
                    cash: max(.zero, held - owed - lost), borrowed: owed, reserves: .zero))
        }
    }

    /// What all margin accounts together hold of an asset, debts not subtracted, interest included. [1e-8 units]
    public func deposited(_ asset: AssetID) -> Quantity {
        guard !interestRows.isEmpty, interestRows[asset.index].hasIndexes else {
            return assetRows[asset.index].deposited
        }
        return Self.quantity(interestRows[asset.index].supplied)
    }

    /// What all margin accounts together owe of an asset, interest included. [1e-8 units]
    public func owed(_ asset: AssetID) -> Quantity {
        guard !interestRows.isEmpty, interestRows[asset.index].hasIndexes else {
            return assetRows[asset.index].owed
        }
        return Self.quantity(interestRows[asset.index].owed)
    }

    private static func quantity(_ total: Fixed18) -> Quantity {
        unbounded { () throws(ArithmeticOverflow) in try total.rounded(to: Quantity.self, .up) }
    }

    /// A balance with its pending interest. [1e-8 units]
    @inline(__always)
    func holding(_ account: Int, _ asset: Int) -> Int64 {
        let balance = balances[account * assetCount + asset]
        return interestRows.isEmpty ? balance : balance + pendingInterest(account, asset)
    }

    /// What a balance has earned, or with a minus owes, since it last moved. [1e-8 units]
    func pendingInterest(_ account: Int, _ asset: Int) -> Int64 {
        let slot = account * assetCount + asset
        let balance = balances[slot]
        guard balance != 0, interestRows[asset].model != nil, accounts[account].role == .margin
        else { return 0 }
        if let rule = interestRows[asset].loans {
            return balance < 0 ? -loanInterest(rule, account, asset) : 0
        }
        let index = balance > 0 ? interestRows[asset].supplyIndex : interestRows[asset].borrowIndex
        let last = interestIndexes[slot]
        guard index != last else { return 0 }
        return unbounded { () throws(ArithmeticOverflow) in
            let rounding: Rounding = balance > 0 ? .down : .up
            let growth = try index.divided(by: last, rounding: rounding)
            let grown = try Fixed18(raw: Int128(balance.magnitude))
                .multiplied(by: growth, rounding: rounding)
            guard let raw = Int64(exactly: grown.raw) else { throw ArithmeticOverflow() }
            return balance > 0 ? raw - balance : -raw - balance
        }
    }

    /// Notes at which index a balance now stands.
    mutating func noteInterest(_ account: Int, _ asset: Int, before: Int64, after: Int64) {
        guard interestRows[asset].model != nil else { return }
        if let rule = interestRows[asset].loans {
            noteLoan(rule, account, asset, before: before, after: after)
            return
        }
        interestRows[asset].count(before, after)
        let row = interestRows[asset]
        interestIndexes[account * assetCount + asset] =
            after < 0 ? row.borrowIndex : row.supplyIndex
    }

    /// Moves each asset's indexes on by what the time since the last block is worth at its utilization.
    ///
    /// Where totals would grow beyond what exact sums can carry they stand still.
    mutating func accrueInterest(until now: Timestamp) {
        let elapsed = now - time
        guard elapsed > .zero else { return }
        for asset in interestRows.indices {
            let row = interestRows[asset]
            guard row.loans == nil, let model = row.model, row.supplied > .zero || row.owed > .zero,
                let growth = try? model.growth(
                    at: utilization(of: AssetID(index: asset)),
                    supplied: supplyUtilization(of: AssetID(index: asset)), over: elapsed),
                let borrowIndex = try? row.borrowIndex.multiplied(by: growth.debt, rounding: .up),
                let supplyIndex = try? row.supplyIndex.multiplied(
                    by: growth.supply, rounding: .down),
                let owed = try? row.owed.multiplied(by: growth.debt, rounding: .up),
                let supplied = try? row.supplied.multiplied(by: growth.supply, rounding: .down),
                isCarried(owed, asset), isCarried(supplied, asset)
            else { continue }
            interestRows[asset].borrowIndex = borrowIndex
            interestRows[asset].supplyIndex = supplyIndex
            interestRows[asset].owed = owed
            interestRows[asset].supplied = supplied
        }
    }

    /// A total may grow to twice what new balances may reach: sums of twice as much still fit.
    func isCarried(_ total: Fixed18, _ asset: Int) -> Bool {
        guard let amount = try? total.rounded(to: Quantity.self, .up),
            amount.raw <= Self.exposureLimit
        else { return false }
        let bounds = weightBounds[asset]
        guard let value = try? amount.value(at: prices[assetRows[asset].feed], rounding: .up),
            let weighted = try? value.scaled(
                by: Ratio(raw: max(bounds.debt, bounds.holding)), rounding: .up)
        else { return false }
        // Where a holding may weigh more than one, its amount does before it has a price.
        if bounds.holding != scaleE8 {
            guard
                let counted = try? amount.scaled(by: Ratio(raw: bounds.holding), rounding: .up),
                counted.raw / 2 <= Self.exposureLimit
            else { return false }
        }
        return weighted.raw / 2 <= assetLimit
    }

    /// Tokens that leave must be there: what is supplied less what is on loan.
    func requireLiquidity(_ amount: Quantity, of asset: AssetID) throws(Rejection) {
        // Where loans are charged one by one the venue lends itself.
        guard !interestRows.isEmpty, interestRows[asset.index].model != nil,
            interestRows[asset.index].loans == nil
        else { return }
        guard amount <= deposited(asset) - owed(asset) else { throw .insufficientLiquidity(asset) }
    }
}
