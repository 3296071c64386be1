public import ExactMath

/// How a deficit is taken from the profits of those who won.
///
/// Chitra, "Autodeleveraging: Impossibilities and Optimization", arXiv 2512.01112, sets the queue
/// of the exchanges against the share pro rata.
public enum LossAllocation {
    /// From each in proportion to its profit; nothing from losers. [1e-8 USD]
    ///
    /// The shares add up to the deficit exactly, each within one unit of its proportion: it is the
    /// running total that is rounded down. Where the deficit exceeds all profits, all are taken.
    /// - Parameter deficit: zero or more.
    public static func proRata(deficit: Money, profits: [Money])
        throws(ArithmeticOverflow) -> [Money]
    {
        var total = Money.zero
        for profit in profits { total = try total.adding(max(profit, .zero)) }
        guard total.isPositive else { return profits.map { _ in .zero } }
        let taken = min(deficit, total)
        var running = Money.zero
        var allotted = Money.zero
        var result: [Money] = []
        result.reserveCapacity(profits.count)
        for profit in profits {
            running += max(profit, .zero)
            let upTo = try taken.scaled(by: running.raw, over: total.raw, rounding: .down)
            result.append(upTo - allotted)
            allotted = upTo
        }
        return result
    }

    /// From the highest score down, each in full, until the deficit is covered; nothing from
    /// losers. [1e-8 USD]
    ///
    /// Equal scores are served in the order given.
    /// - Parameters:
    ///   - deficit: zero or more.
    ///   - scores: one per profit; see ``score(profitShare:leverage:)``.
    public static func queue(deficit: Money, profits: [Money], scores: [Ratio]) -> [Money] {
        precondition(profits.count == scores.count, "a score for each profit")
        let order = profits.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
        var left = deficit
        var result = profits.map { _ in Money.zero }
        for index in order {
            let taken = min(left, max(profits[index], .zero))
            result[index] = taken
            left -= taken
        }
        return result
    }

    /// The rank of a position in the queue: profit as a share of its notional, times leverage, to
    /// the nearest.
    public static func score(profitShare: Ratio, leverage: Ratio)
        throws(ArithmeticOverflow) -> Ratio
    {
        try profitShare.scaled(by: leverage, rounding: .nearest)
    }

    /// The share of all profits that a deficit is, at most one, to the nearest: the haircut that
    /// pro-rata sharing would have taken.
    /// - Parameter profits: greater than zero.
    public static func haircut(deficit: Money, profits: Money)
        throws(ArithmeticOverflow) -> Ratio
    {
        min(try Ratio(deficit, over: profits, rounding: .nearest), .one)
    }

    /// How many times the deficit was taken, to the nearest.
    /// - Parameter deficit: greater than zero.
    public static func overuse(taken: Money, deficit: Money) throws(ArithmeticOverflow) -> Ratio {
        try Ratio(taken, over: deficit, rounding: .nearest)
    }

    /// The largest share of its profit that anyone loses, to the nearest; zero where nobody wins.
    public static func largestLossShare(taken: [Money], profits: [Money])
        throws(ArithmeticOverflow) -> Ratio
    {
        precondition(taken.count == profits.count, "an amount for each profit")
        var largest = Ratio.zero
        for (amount, profit) in zip(taken, profits) where profit.isPositive {
            largest = max(largest, try Ratio(amount, over: profit, rounding: .nearest))
        }
        return largest
    }
}
