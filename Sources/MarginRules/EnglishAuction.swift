public import ExactMath

/// Why a bid in an English auction, or its end, is refused, in the order of the checks.
public enum EnglishAuctionRefusal: Error, Hashable, Sendable {
    /// The highest bid has stood for its lifetime.
    case bidExpired
    /// The auction's time is over.
    case ended
    /// A bid must be for the whole lot while it raises the payment, and for the payment that stands
    /// while it lowers the lot.
    case notMatching
    /// The payment would exceed the debt.
    case aboveDebt
    /// The payment has not reached the debt yet, so the lot may not be lowered.
    case debtNotReached
    /// The payment is not higher, or the lot not lower, than what stands.
    case notBetter
    /// Better, but by less than the minimum.
    case insufficientImprovement
    /// The auction still runs, or nobody has bid.
    case notFinished
    /// There is a bid already, so the auction is not restarted.
    case alreadyBid
}

/// An auction in two phases: bids raise the payment up to the debt, then lower the lot: Maker's
/// Flip.
///
/// There is no reserve price: the opening bid is zero and the first bid may be anything above it.
/// makerdao/dss src/flip.sol.
public struct EnglishAuction: Hashable, Sendable {
    /// The factor by which a bid must beat the last one, one or more (beg).
    public var minimumImprovement: Ratio
    /// How long a bid stands before it wins (ttl).
    public var bidLifetime: TimeSpan
    /// How long the auction runs at most (tau).
    public var duration: TimeSpan

    public init(minimumImprovement: Ratio, bidLifetime: TimeSpan, duration: TimeSpan) {
        precondition(minimumImprovement >= .one)
        self.minimumImprovement = minimumImprovement
        self.bidLifetime = bidLifetime
        self.duration = duration
    }

    /// The state of one auction.
    public struct State: Hashable, Sendable {
        /// The payment that stands; zero at the start. [1e-8 USD]
        public var bid: Money
        /// The collateral that the highest bidder gets.
        public var lot: Quantity
        /// To be raised, with the penalty (tab). [1e-8 USD]
        public var debt: Money
        /// When the highest bid wins; nil while nobody has bid (tic).
        public var bidExpiry: Timestamp?
        public var end: Timestamp
    }

    /// A new auction, which starts with a bid of zero.
    public func started(lot: Quantity, debt: Money, at now: Timestamp) -> State {
        State(bid: .zero, lot: lot, debt: debt, bidExpiry: nil, end: now + duration)
    }

    /// The state after a bid that raises the payment (tend), or why it is refused.
    ///
    /// The bid that reaches the debt need not beat the last one by the minimum.
    public func raised(_ auction: State, lot: Quantity, bid: Money, at now: Timestamp)
        -> Result<State, EnglishAuctionRefusal>
    {
        if let refusal = closed(auction, at: now) { return .failure(refusal) }
        guard lot == auction.lot else { return .failure(.notMatching) }
        guard bid <= auction.debt else { return .failure(.aboveDebt) }
        guard bid > auction.bid else { return .failure(.notBetter) }
        guard
            product(bid.raw, scaleE8) >= product(minimumImprovement.raw, auction.bid.raw)
                || bid == auction.debt
        else { return .failure(.insufficientImprovement) }
        var next = auction
        next.bid = bid
        next.bidExpiry = now + bidLifetime
        return .success(next)
    }

    /// The state after a bid that lowers the lot for the same payment (dent), or why it is refused.
    ///
    /// What the lot is lowered by goes back to the vault's owner at once.
    public func lowered(_ auction: State, lot: Quantity, bid: Money, at now: Timestamp)
        -> Result<State, EnglishAuctionRefusal>
    {
        if let refusal = closed(auction, at: now) { return .failure(refusal) }
        guard bid == auction.bid else { return .failure(.notMatching) }
        guard bid == auction.debt else { return .failure(.debtNotReached) }
        guard lot < auction.lot else { return .failure(.notBetter) }
        guard product(minimumImprovement.raw, lot.raw) <= product(auction.lot.raw, scaleE8) else {
            return .failure(.insufficientImprovement)
        }
        var next = auction
        next.lot = lot
        next.bidExpiry = now + bidLifetime
        return .success(next)
    }

    /// The state of an auction that ended without a bid and runs again (tick), or why not.
    public func restarted(_ auction: State, at now: Timestamp)
        -> Result<State, EnglishAuctionRefusal>
    {
        guard auction.end < now else { return .failure(.notFinished) }
        guard auction.bidExpiry == nil else { return .failure(.alreadyBid) }
        var next = auction
        next.end = now + duration
        return .success(next)
    }

    /// Whether the highest bidder may collect the lot (deal): someone has bid, and either that bid
    /// or the auction is past its time.
    public func isWon(_ auction: State, at now: Timestamp) -> Bool {
        guard let expiry = auction.bidExpiry else { return false }
        return expiry < now || auction.end < now
    }

    private func closed(_ auction: State, at now: Timestamp) -> EnglishAuctionRefusal? {
        if let expiry = auction.bidExpiry, expiry <= now { return .bidExpired }
        return auction.end > now ? nil : .ended
    }
}
