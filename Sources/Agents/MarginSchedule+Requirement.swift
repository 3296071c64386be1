import ExactMath
import MarginProtocol

extension MarginSchedule {
    /// The margin on a notional, as the protocol computes it: `notional · rate − deduction`, rounded up.
    ///
    /// An agent's own calculator: the protocol does not rely on it.
    /// - Parameter notional: zero or more. [1e-8 USD]
    func requirement(on notional: Money, _ kind: MarginKind) throws(ArithmeticOverflow) -> Money {
        var deduction: Money = .zero
        var rate: Ratio = .zero
        for (index, bracket) in brackets.enumerated() {
            guard index == 0 || notional > bracket.floor else { break }
            let next = kind == .initial ? bracket.initialRate : bracket.maintenanceRate
            deduction = try deduction.adding(
                try bracket.floor.scaled(by: next - rate, rounding: .down))
            rate = next
        }
        return try notional.scaled(by: rate, rounding: .up).adding(-deduction)
    }

    /// The largest notional up to a wanted one whose margin, and costs in proportion, fit a budget.
    ///
    /// - Parameters:
    ///   - wanted: zero or more. [1e-8 USD]
    ///   - costs: what each dollar of notional costs beside its margin.
    func largestNotional(upTo wanted: Money, within budget: Money, costs: Ratio = .zero) -> Money {
        func fits(_ notional: Int64) -> Bool {
            guard let margin = try? requirement(on: Money(raw: notional), .initial),
                let cost = try? Money(raw: notional).scaled(by: costs, rounding: .up),
                let total = try? margin.adding(cost)
            else { return false }
            return total <= budget
        }
        guard wanted.isPositive, budget.isPositive else { return .zero }
        if fits(wanted.raw) { return wanted }
        var low: Int64 = 0
        var high = wanted.raw
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if fits(middle) { low = middle } else { high = middle }
        }
        return Money(raw: low)
    }
}
