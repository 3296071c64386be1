import ExactMath
import MarginRules

/// Interest on each debt for itself, by whole periods from when it was drawn.
///
/// What is due counts in everything that is asked of the debt, and joins it when it next moves; from then on it bears
/// interest, too. An account's debt of an asset is one loan: what is added to it later is charged the period that has
/// begun, and what opening costs, at once, and then whenever the rest of the debt is. Source: freqtrade/freqtrade,
/// freqtrade/leverage/interest.py; Binance's Cross Margin Trading Guide.
extension ClearingHouse {
    /// What a debt has come to owe since it last moved, rounded up, at most the debt again. [1e-8 units]
    @inline(never)
    func loanInterest(_ rule: MarginLoanInterest, _ account: Int, _ asset: Int) -> Int64 {
        let slot = account * assetCount + asset
        let loan = loans[slot]
        let due = rule.periods(borrowed: loan.since, repaid: time) - loan.charged
        guard due > 0, !isStill(asset) else { return 0 }
        let debt = Quantity(raw: Int64(clamping: balances[slot].magnitude))
        // One that does not fit is more than the debt.
        return min((try? rule.interest(on: debt, periods: due))?.raw ?? debt.raw, debt.raw)
    }

    /// What a loan costs in the moment in which it is drawn, or in which so much is added to it. [1e-8 units]
    func openingInterest(of amount: Quantity, _ id: AccountID, _ asset: AssetID) -> Quantity {
        guard !loans.isEmpty, let rule = interestRows[asset.index].loans, amount.isPositive,
            !isStill(asset.index)
        else { return .zero }
        let isAdded = balances[id.index * assetCount + asset.index] < 0
        // An instant later a first period has begun.
        let at = isAdded ? time + TimeSpan(milliseconds: 1) : time
        let periods =
            rule.counting == .clock ? 1 : rule.periods(borrowed: time, repaid: at)
        return min((try? rule.interest(on: amount, periods: periods)) ?? amount, amount)
    }

    /// Has the asset been lent so much that no more interest can be carried?
    private func isStill(_ asset: Int) -> Bool {
        let owed = assetRows[asset].owed
        return !isCarried(Fixed18(owed) + Fixed18(owed), asset)
    }

    /// Notes that a debt was drawn, has been charged to now, or is repaid.
    @inline(never)
    mutating func noteLoan(
        _ rule: MarginLoanInterest, _ account: Int, _ asset: Int, before: Int64, after: Int64
    ) {
        let slot = account * assetCount + asset
        guard after < 0 else {
            loans[slot] = Loan()
            return
        }
        if before >= 0 {
            loans[slot] = Loan(since: time)
        } else {
            loans[slot].charged = rule.periods(borrowed: loans[slot].since, repaid: time)
        }
    }

    /// A debt from before the first block has been charged the clock's present period; where periods begin with the loan,
    /// it is drawn in that moment.
    mutating func seedLoan(_ id: AccountID, _ asset: AssetID) {
        let slot = id.index * assetCount + asset.index
        guard balances[slot] < 0, interestRows[asset.index].loans?.counting == .clock else {
            return
        }
        loans[slot].charged = 1
    }
}
