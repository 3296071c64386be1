import ExactMath
import MarginProtocol

extension MarginSchedule {
    /// The margin of a position of which only the notional is known: without what depends on its size.
    func requirement(on notional: Money, _ kind: MarginKind) throws(ArithmeticOverflow) -> Money {
        try requirement(MarginBasis(size: .zero, notional: notional), kind)
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
