import ExactMath
import MarginRules

/// Auctions by bidding: bids raise the payment for the whole lot up to the debt, then lower the lot for that
/// payment. A bid is held until another beats it.
extension ClearingHouse {
    /// The state of an auction after a bid, or why the bid is refused.
    ///
    /// Guards in order: amounts, auction, its kind, whether it is over, pause, then the rules of the phase.
    func quoteBid(in id: AuctionID, lot: Quantity, bid: Quantity) throws(Rejection)
        -> EnglishAuction.State
    {
        guard bid.isPositive, lot.isPositive else { throw .amountNotPositive }
        let auction = try requireOpen(id)
        guard case .english(let english) = parameters.auctions?.form,
            let state = englishState(auction, english.terms)
        else { throw .wrongAuctionKind(id) }
        try requireNotPaused(.liquidate)
        let money = Money(raw: bid.raw)
        let result =
            state.bid < state.debt
            ? english.terms.raised(state, lot: lot, bid: money, at: time)
            : english.terms.lowered(state, lot: lot, bid: money, at: time)
        switch result {
        case .success(let next): return next
        case .failure(.bidExpired), .failure(.ended): throw .biddingEnded(id)
        case .failure(.notMatching), .failure(.aboveDebt), .failure(.debtNotReached):
            throw .bidNotMatching(id)
        case .failure: throw .bidTooLow(id)
        }
    }

    /// Bids in an English auction: the bid is held, the one before it goes back, and what the lot is lowered by
    /// returns to the account.
    mutating func bidAuction(
        _ id: AuctionID, wallet: AccountID, lot: Quantity, bid: Quantity, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        try requireKeeper(wallet, sender)
        let next = try quoteBid(in: id, lot: lot, bid: bid)
        var auction = auctions.all[id.index]
        let last = auction.standingBid
        // Whoever beats its own bid has that back first.
        let needed = auction.bidder == wallet ? max(.zero, bid - last) : bid
        try requireBalance(wallet, parameters.settlementAsset, needed)
        let returned = auction.lot - next.lot
        try requireDeposits(adding: returned, of: auction.asset.index)
        try requireRoom(auctions.bids, settlement, for: bid.raw)
        if let bidder = auction.bidder { try requireRoom(bidder, settlement, for: last.raw) }

        // Nothing below may fail.
        if let bidder = auction.bidder {
            move(last, of: settlement, from: auctions.bids, to: bidder, .bidReturned, &journal)
        }
        move(bid, of: settlement, from: wallet, to: auctions.bids, .bidHeld, &journal)
        move(
            returned, of: auction.asset.index, from: auctions.lots, to: auction.account,
            .auctionReturned, &journal)
        auction.lot = next.lot
        auction.form = .english(bid: bid, bidder: wallet, expiry: next.bidExpiry, end: next.end)
        auctions.update(auction)
        var change = change(of: auction, .bid, by: wallet)
        change.price = Self.unitPrice(bid, auction.lot)
        change.returned = returned
        journal.append(.auctionChanged(change))
    }

    /// Hands the lot to the highest bidder once its bid, or the auction, is past its time; anybody may do it.
    mutating func settleAuction(_ id: AuctionID, into journal: inout [Event]) throws(Rejection) {
        var auction = try requireOpen(id)
        guard case .english(let english) = parameters.auctions?.form,
            let state = englishState(auction, english.terms)
        else { throw .wrongAuctionKind(id) }
        try requireNotPaused(.liquidate)
        guard english.terms.isWon(state, at: time), let winner = auction.bidder else {
            throw .auctionRunning(id)
        }
        let paid = auction.standingBid
        let won = auction.lot
        try requireRoom(winner, auction.asset.index, for: won.raw)
        try requireProceeds(paid)
        try requireRoomForLosses()

        // Nothing below may fail.
        auction.principal -= collect(paid, for: auction, from: auctions.bids, into: &journal)
        move(
            won, of: auction.asset.index, from: auctions.lots, to: winner, .auctionBought, &journal)
        auction.lot = .zero
        auction.debt = .zero
        auction.form = .english(bid: .zero, bidder: winner, expiry: nil, end: state.end)
        auction.isOver = true
        let uncovered = coverRest(of: &auction, into: &journal)
        auctions.update(auction)
        var change = change(of: auction, .settled, by: winner)
        change.price = Self.unitPrice(paid, won)
        change.bought = won
        change.paid = paid
        change.uncovered = uncovered
        journal.append(.auctionChanged(change))
    }

    /// A payment per unit, rounded down; the largest price where it does not fit.
    private static func unitPrice(_ paid: Quantity, _ lot: Quantity) -> Price {
        guard lot.isPositive else { return .zero }
        return Price(
            raw: (try? multiply(paid.raw, scaleE8, dividingBy: lot.raw, rounding: .down)) ?? .max)
    }
}
