public import ExactMath

/// One trade between an incoming order (the taker) and a resting one (the maker).
public struct Match: Hashable, Sendable {
    /// The resting order.
    public let maker: OrderID
    /// Whose order that is.
    public let makerOwner: Int32
    /// The price of the trade, which is always the maker's. [1e-8 USD per unit]
    public let price: Price
    /// How much is traded. [1e-8 units, positive]
    public let size: Quantity
    /// What remains of the resting order afterwards; where it is zero the order leaves the book.
    /// [1e-8 units]
    public let makerRemaining: Quantity

    /// A trade of `size` with a resting order.
    /// - Precondition: `size` is positive and at most what remains of the order.
    public init(with maker: Order, size: Quantity) {
        precondition(size.isPositive && size <= maker.remaining, "a part of what remains")
        self.maker = maker.id
        self.makerOwner = maker.owner
        self.price = maker.price
        self.size = size
        self.makerRemaining = maker.remaining - size
    }
}

/// What happens when an incoming order meets a resting order of the same owner.
///
/// Orders of one owner are never matched with each other.
public enum SelfTrade: Int8, Sendable, Hashable, CaseIterable {
    /// The resting order is cancelled and matching goes on: the standard, as the incoming order is
    /// what its owner wants now. Known as "expire maker"; Pacifica's only mode, one of Paradex's
    /// (docs.pacifica.fi, docs.paradex.trade, "Self Trade Prevention").
    case cancelMaker
    /// Matching ends there, and what is left of the incoming order is cancelled and never rests.
    /// Known as "expire taker"; the default of Paradex.
    case cancelTaker
}

/// What an incoming order would do to a book: computed from the book, which it does not change.
///
/// A plan holds for the book it was made from, until that changes. A caller with rules of its own
/// makes one from ``LimitOrderBook/resting(_:)``.
public struct MatchPlan: Hashable, Sendable {
    /// The trades, in priority order.
    public let matches: [Match]
    /// The resting orders that stand in the way and are to be cancelled, in priority order, each
    /// with what remains of it after the matches.
    public let cancelled: [Order]
    /// The part of the incoming order that is not matched. [1e-8 units, at least zero]
    public let unmatched: Quantity
    /// Whether the incoming order met one of the same owner under ``SelfTrade/cancelTaker``, so
    /// that the unmatched part must not rest: it would cross.
    public let stoppedBySelfTrade: Bool

    public init(
        matches: [Match], cancelled: [Order] = [], unmatched: Quantity,
        stoppedBySelfTrade: Bool = false
    ) {
        self.matches = matches
        self.cancelled = cancelled
        self.unmatched = unmatched
        self.stoppedBySelfTrade = stoppedBySelfTrade
    }
}

extension LimitOrderBook {
    /// What an incoming order would meet, without changing the book.
    ///
    /// The unmatched part of a plan made with a limit does not cross the book once the plan is
    /// applied, unless ``MatchPlan/stoppedBySelfTrade``.
    /// - Parameters:
    ///   - size: how much is to be traded, positive. [1e-8 units]
    ///   - limit: the worst acceptable price, or none for a market order. [1e-8 USD per unit]
    ///   - cancelling: resting orders that the caller will not let trade, such as those whose
    ///     owners lack margin. Where the incoming order meets one, it is cancelled instead of
    ///     matched.
    public func plan(
        owner: Int32, side: Side, size: Quantity, limit: Price?,
        selfTrade: SelfTrade = .cancelMaker, cancelling refused: [OrderID] = []
    ) -> MatchPlan {
        precondition(size.isPositive, "the size is positive")
        var matches: [Match] = []
        var cancelled: [Order] = []
        var unmatched = size
        var stopped = false
        for maker in resting(side.opposite) {
            if let limit, !side.crosses(maker.price, limit: limit) { break }
            let isOwn = maker.owner == owner
            if (isOwn && selfTrade == .cancelMaker) || refused.contains(maker.id) {
                cancelled.append(maker)
                continue
            }
            if isOwn {
                stopped = true
                break
            }
            let match = Match(with: maker, size: min(unmatched, maker.remaining))
            matches.append(match)
            unmatched -= match.size
            if unmatched.isZero { break }
        }
        return MatchPlan(
            matches: matches, cancelled: cancelled, unmatched: unmatched,
            stoppedBySelfTrade: stopped)
    }

    /// Carries out a plan: first its matches, then its cancellations. What is unmatched does not
    /// rest by this.
    ///
    /// - Precondition: the plan was made from this book as it is, or agrees with it.
    public mutating func apply(_ plan: MatchPlan) {
        for match in plan.matches { apply(match) }
        for order in plan.cancelled {
            let removed = cancel(order.id)
            precondition(removed == order, "the plan agrees with the book")
        }
    }

    /// Carries out one trade: the maker's order becomes smaller, or leaves the book.
    ///
    /// - Precondition: the maker rests, with what the match says and its size.
    public mutating func apply(_ match: Match) {
        let remaining = reduce(match.maker, by: match.size)
        precondition(remaining == match.makerRemaining, "the match agrees with the book")
    }
}
