public import ExactMath

/// What becomes of the part of an order that does not trade at once.
public enum TimeInForce: Int8, Sendable, Hashable, CaseIterable {
    /// It rests until it is traded or cancelled. It has a limit.
    case goodTillCancelled
    /// It is dropped. Without a limit this is a market order.
    case immediateOrCancel
    /// The order rests in full, or is refused where any part would trade at once. It has a limit.
    case postOnly
}

/// Why a book does not take an order; nothing has changed then.
///
/// The cases stand in the order in which they are looked for.
public enum OrderRefusal: Error, Hashable, Sendable {
    /// The size is zero or less.
    case sizeNotPositive(Quantity)
    /// The limit is zero or less.
    case limitNotPositive(Price)
    /// An order that may rest names no price at which it would.
    case limitMissing
    /// A post-only order would trade at once, at this best price of the other side.
    case wouldCross(limit: Price, best: Price)
    /// The sum of all resting sizes of its side, which is `resting` before, would not fit.
    case restingSizeOverflow(resting: Quantity, adding: Quantity)
}

/// What became of an order: its size is the sum of all matches, of what rests, and of what is
/// unfilled.
public struct Submission: Hashable, Sendable {
    /// The trades, in priority order.
    public let matches: [Match]
    /// The resting orders of the same owner that it met and that were cancelled, in priority order.
    public let cancelled: [Order]
    /// What now rests of it, or none.
    public let rested: Order?
    /// What neither traded nor rests: dropped. [1e-8 units, at least zero]
    public let unfilled: Quantity
}

extension LimitOrderBook {
    /// Takes an order from plan to end: matches it, and lets rest or drops what is left, as its
    /// time in force says.
    ///
    /// - Parameters:
    ///   - size: how much to trade. [1e-8 units]
    ///   - limit: the worst acceptable price, or none. [1e-8 USD per unit]
    ///   - reduceOnly: the mark that the order carries if it rests.
    /// - Throws: ``OrderRefusal``; the book is as before then.
    public mutating func submit(
        owner: Int32, side: Side, size: Quantity, limit: Price?, timeInForce: TimeInForce,
        reduceOnly: Bool = false, selfTrade: SelfTrade = .cancelMaker
    ) throws(OrderRefusal) -> Submission {
        guard size.isPositive else { throw .sizeNotPositive(size) }
        if let limit, !limit.isPositive { throw .limitNotPositive(limit) }
        if timeInForce != .immediateOrCancel, limit == nil { throw .limitMissing }
        if timeInForce == .postOnly, let limit, let best = best(side.opposite),
            side.crosses(best, limit: limit)
        {
            throw .wouldCross(limit: limit, best: best)
        }
        let plan = plan(owner: owner, side: side, size: size, limit: limit, selfTrade: selfTrade)
        let mayRest =
            timeInForce != .immediateOrCancel && plan.unmatched.isPositive
            && !plan.stoppedBySelfTrade
        if mayRest, !hasRoom(for: plan.unmatched, side) {
            throw .restingSizeOverflow(resting: restingSize(side), adding: plan.unmatched)
        }

        // Nothing below may fail.
        apply(plan)
        guard mayRest, let limit else {
            return Submission(
                matches: plan.matches, cancelled: plan.cancelled, rested: nil,
                unfilled: plan.unmatched)
        }
        let rested = rest(
            owner: owner, side: side, price: limit, size: plan.unmatched, reduceOnly: reduceOnly)
        return Submission(
            matches: plan.matches, cancelled: plan.cancelled, rested: rested, unfilled: .zero)
    }
}
