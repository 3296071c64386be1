import ExactMath
import MarginRules

/// What indexes of funding and interest may grow by before whoever depends on them is looked at again.
///
/// An index moves with time, not with a price, and slowly. So each account sets aside what it would owe if they
/// all grew by an allowance, and once one has grown by more, everybody is placed anew.
struct Drift {
    /// Funding may move by this share of the price: a 4096th.
    private static let fundingShift: Int128 = 12
    /// Debts may grow by this share: a 8192th, 0.012 %.
    private static let debtShift: Int128 = 13

    /// By market: the funding index at the last rebuild, and how far it may go either way. [1e-18 USD]
    private var funding: [(index: Int128, allowance: Int128)] = []
    /// By asset: the indexes at the last rebuild. [1e-18]
    private var interest: [(supply: Int128, borrow: Int128)] = []
    /// By asset, the loans that are charged one by one; empty where none are.
    private var loans: [LoanDrift?] = []

    /// Of loans, what each may be charged before whoever has one is looked at again.
    private struct LoanDrift {
        /// When all were last looked at.
        var start: Timestamp
        /// Periods that may begin, and what one of them adds. [1e-18]
        var allowed: Int64
        var share: Int128
        var period: TimeSpan
    }

    init() {}

    init(_ house: ClearingHouse, _ prices: [Price]) {
        if house.marketRows.contains(where: \.hasFunding) {
            funding = house.marketRows.map { row in
                // Prices have eight decimals, indexes eighteen.
                let price = Int128(max(1, prices[row.feed].raw)) * 10_000_000_000
                return (row.fundingIndex.raw, price >> Self.fundingShift)
            }
        }
        interest = house.interestRows.map { ($0.supplyIndex.raw, $0.borrowIndex.raw) }
        guard !house.loans.isEmpty else { return }
        loans = house.interestRows.map { row in
            guard let rule = row.loans, let model = row.model,
                let share = (try? model.rates(at: .zero))?.borrow.raw
            else { return nil }
            let allowance = Fixed18.one.raw >> Self.debtShift
            return LoanDrift(
                start: house.time, allowed: max(1, Int64(allowance / max(1, share))),
                share: share, period: rule.billingPeriod)
        }
    }

    /// Are all indexes within what was set aside? Supplies only gain by theirs, unless it falls.
    func covers(_ house: ClearingHouse) -> Bool {
        for (market, start) in funding.enumerated() {
            let moved = house.marketRows[market].fundingIndex.raw - start.index
            guard moved.magnitude <= start.allowance.magnitude else { return false }
        }
        for case let loan? in loans {
            // Wherever a loan's own periods begin, one more of them may have.
            let begun = (house.time - loan.start).milliseconds / loan.period.milliseconds + 1
            guard begun <= loan.allowed else { return false }
        }
        for (asset, start) in interest.enumerated() {
            let row = house.interestRows[asset]
            guard row.supplyIndex.raw >= start.supply,
                row.borrowIndex.raw - start.borrow <= start.borrow >> Self.debtShift
            else { return false }
        }
        return true
    }

    /// The most that a position may come to owe in funding within the allowance, rounded up. [1e-8]
    ///
    /// From one end of the allowance to the other.
    func charge(on size: Int64, _ market: Int) -> Int64 {
        guard !funding.isEmpty, size != 0 else { return 0 }
        let owed = Int128(size.magnitude) * 2 * funding[market].allowance
        return Int64(clamping: owed / 1_000_000_000_000_000_000) + 1
    }

    /// A balance as it may come to be: a debt grown by its allowance. [1e-8 units]
    func grown(_ amount: Int64, _ asset: Int) -> Int64 {
        guard amount < 0, !interest.isEmpty else { return amount }
        if !loans.isEmpty, let loan = loans[asset] {
            let more = Int128(amount) * loan.share * Int128(loan.allowed) / Fixed18.one.raw
            return amount + Int64(clamping: more) - 4
        }
        return amount + (amount >> Int64(Self.debtShift)) - 1
    }
}
