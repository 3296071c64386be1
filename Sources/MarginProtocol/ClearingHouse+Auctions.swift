import ExactMath
import MarginRules

/// Sale of collateral by auction: an account's collateral and debt leave it together, and the sale's proceeds pay
/// the debt first, the penalty after it.
extension ClearingHouse {
    /// Starts an auction as quoted, and pays whoever started it.
    mutating func startAuction(
        of id: AccountID, selling asset: AssetID, keeper: AccountID, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        try requireKeeper(keeper, sender)
        let quote = try quoteAuction(of: id, selling: asset)
        try requireRoom(keeper, settlement, for: quote.reward.raw)
        guard auctions.all.count < Int(Int32.max), let policy = parameters.auctions else {
            throw .overflow
        }
        let number = AuctionID(index: auctions.all.count)
        let form: Auction.Form
        switch policy.form {
        case .dutch: form = .dutch(top: quote.top ?? .zero, startedAt: time)
        case .english(let english):
            form = .english(
                bid: .zero, bidder: nil, expiry: nil, end: time + english.terms.duration)
        }

        // Nothing below may fail.
        cancelOrders(of: id, into: &journal)
        accounts[id.index].lastLiquidatedAt = time.milliseconds
        move(quote.lot, of: asset.index, from: id, to: auctions.lots, .auctionStarted, &journal)
        move(quote.principal, of: settlement, from: auctions.lots, to: id, .auctionDebt, &journal)
        payReward(quote.reward, to: keeper, into: &journal)
        let auction = Auction(
            id: number, account: id, asset: asset, lot: quote.lot, principal: quote.principal,
            debt: quote.debt, form: form)
        auctions.insert(auction)
        journal.append(.liquidated(step(quote, keeper)))
        var change = change(of: auction, .started, by: keeper)
        change.reward = quote.reward
        if let top = quote.top { change.price = displayed(top) }
        journal.append(.auctionChanged(change))
    }

    /// Buys from a Dutch auction as quoted; when the collateral ends before the debt, the loss is covered.
    mutating func takeAuction(
        _ id: AuctionID, wallet: AccountID, atMost: Quantity, maximumPrice: Price,
        by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        try requireKeeper(wallet, sender)
        let purchase = try quotePurchase(from: id, atMost: atMost, maximumPrice: maximumPrice)
        var auction = auctions.all[id.index]
        let paid = Quantity(raw: purchase.paid.raw)
        try requireBalance(wallet, parameters.settlementAsset, paid)
        try requireRoom(wallet, auction.asset.index, for: purchase.bought.raw)
        try requireProceeds(paid)
        try requireDeposits(adding: purchase.returned, of: auction.asset.index)
        try requireRoomForLosses()
        let price = auctionStatus(id, at: time).map { displayed($0.price) } ?? .zero

        // Nothing below may fail.
        let asset = auction.asset.index
        let lots = auctions.lots
        auction.principal -= collect(paid, for: auction, from: wallet, into: &journal)
        move(purchase.bought, of: asset, from: lots, to: wallet, .auctionBought, &journal)
        move(
            purchase.returned, of: asset, from: lots, to: auction.account, .auctionReturned,
            &journal)
        auction.lot = purchase.remaining?.collateral ?? .zero
        auction.debt = Quantity(raw: purchase.remaining?.debt.raw ?? 0)
        auction.isOver = purchase.remaining == nil
        let uncovered = auction.isOver ? coverRest(of: &auction, into: &journal) : .zero
        auctions.update(auction)
        var change = change(of: auction, .taken, by: wallet)
        change.price = price
        change.bought = purchase.bought
        change.paid = paid
        change.returned = purchase.returned
        change.uncovered = uncovered
        journal.append(.auctionChanged(change))
    }

    /// Starts a Dutch auction anew at the present price once it is too old or too low, or an English one that ended
    /// without a bid.
    mutating func restartAuction(
        _ id: AuctionID, keeper: AccountID, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        try requireKeeper(keeper, sender)
        var auction = try requireOpen(id)
        try requireNotPaused(.liquidate)
        guard let policy = parameters.auctions else { throw .noAuctions }
        var reward: Quantity = .zero
        switch policy.form {
        case .dutch:
            guard auctionStatus(id, at: time)?.needsRestart == true else {
                throw .auctionRunning(id)
            }
            try requirePrice(assetRows[auction.asset.index].feed, for: .liquidate)
            try requirePrice(assetRows[settlement].feed, for: .liquidate)
            guard let top = try startingPrice(auction.asset, policy) else {
                throw .wrongAuctionKind(id)
            }
            reward = try restartReward(auction, policy)
            try requireRoomForLosses()
            try requireRoom(keeper, settlement, for: reward.raw)
            auction.form = .dutch(top: top, startedAt: time)
        case .english(let english):
            guard let state = englishState(auction, english.terms),
                case .success(let next) = english.terms.restarted(state, at: time)
            else { throw .auctionRunning(id) }
            auction.form = .english(bid: .zero, bidder: nil, expiry: nil, end: next.end)
        }

        // Nothing below may fail.
        payReward(reward, to: keeper, into: &journal)
        auctions.update(auction)
        var change = change(of: auction, .restarted, by: keeper)
        change.reward = reward
        if case .dutch(let top, _) = auction.form { change.price = displayed(top) }
        journal.append(.auctionChanged(change))
    }

    private func restartReward(_ auction: Auction, _ policy: AuctionPolicy) throws(Rejection)
        -> Quantity
    {
        let unit = Fixed18(prices[assetRows[settlement].feed])
        let worth = Fixed18(prices[assetRows[auction.asset.index].feed])
        let sale = AuctionSale(debt: Money(raw: auction.debt.raw), collateral: auction.lot)
        let reward = try orOverflow { () throws(ArithmeticOverflow) in
            try policy.reward.restarting(
                sale, price: try worth.divided(by: unit, rounding: .down),
                minimumDebt: leastAuctionDebt(policy))
        }
        return Quantity(raw: reward.raw)
    }

    // MARK: Parts

    /// Whoever acts in an auction does so with a wallet of its own.
    func requireKeeper(_ wallet: AccountID, _ sender: Address) throws(Rejection) {
        try requireAccount(wallet)
        try requireRole(wallet, .wallet)
        try requireOwner(wallet, sender)
        guard parameters.auctions != nil else { throw .noAuctions }
    }

    /// A debt that auctions would pay is nothing, or as large as a debt has to be.
    @inline(never) func requireDebtSize(_ after: Quantity, of asset: AssetID) throws(Rejection) {
        guard let policy = parameters.auctions, asset == parameters.settlementAsset,
            after.isNegative, -after.raw < policy.minimumDebt.raw
        else { return }
        throw .belowMinimumDebt(minimum: policy.minimumDebt)
    }

    /// What a sale brings fits beside what the protocol has.
    func requireProceeds(_ paid: Quantity) throws(Rejection) {
        try requireRoom(auctions.lots, settlement, for: paid.raw)
        try requireRoom(Self.insuranceFund, settlement, for: paid.raw)
    }

    /// Takes a payment for an auction: the debt first, what is beyond it to the insurance fund. Returns what went to
    /// the debt.
    mutating func collect(
        _ paid: Quantity, for auction: Auction, from payer: AccountID, into journal: inout [Event]
    ) -> Quantity {
        let toDebt = min(paid, auction.principal)
        move(toDebt, of: settlement, from: payer, to: auctions.lots, .auctionPaid, &journal)
        move(
            paid - toDebt, of: settlement, from: payer, to: Self.insuranceFund, .auctionPenalty,
            &journal)
        return toDebt
    }

    /// Covers what an auction has not raised of the account's own debt; returns it.
    mutating func coverRest(of auction: inout Auction, into journal: inout [Event]) -> Quantity {
        let rest = auction.principal
        cover(
            rest.raw, of: settlement, for: auction.account, payee: auctions.lots, into: &journal)
        auction.principal = .zero
        return rest
    }

    /// Pays a keeper from the insurance fund, and what that lacks as debt of the system.
    private mutating func payReward(
        _ reward: Quantity, to keeper: AccountID, into journal: inout [Event]
    ) {
        let has = max(.zero, balance(Self.insuranceFund, parameters.settlementAsset))
        let fromFund = min(reward, has)
        move(
            fromFund, of: settlement, from: Self.insuranceFund, to: keeper, .auctionReward, &journal
        )
        move(
            reward - fromFund, of: settlement, from: Self.badDebt, to: keeper, .auctionReward,
            &journal)
    }

    /// How an auction stands after something happened to it.
    func change(of auction: Auction, _ kind: AuctionChangeKind, by actor: AccountID?)
        -> AuctionChange
    {
        AuctionChange(
            auction: auction.id, kind: kind, account: auction.account, actor: actor,
            asset: auction.asset, price: .zero, bought: .zero, paid: .zero, returned: .zero,
            uncovered: .zero, reward: .zero, lot: auction.lot, principal: auction.principal,
            debt: auction.isOver ? .zero : auction.debt,
            bid: auction.isOver ? .zero : auction.standingBid,
            oraclePrice: prices[assetRows[auction.asset.index].feed], isOver: auction.isOver)
    }

    /// A start as a step of the account's liquidation: what it lost, and which debt with it.
    private func step(_ quote: AuctionQuote, _ keeper: AccountID) -> Liquidation {
        let feed = assetRows[quote.asset.index].feed
        return Liquidation(
            account: quote.account, payer: keeper, kind: .auction, market: nil,
            seizedAsset: quote.asset, repaidAsset: parameters.settlementAsset, size: quote.lot,
            repaid: quote.principal, price: prices[feed],
            priceAge: reports[feed].map { time - $0.observedAt } ?? .zero,
            healthBefore: quote.healthBefore,
            healthAfter: evaluate(quote.account.index, prices, .maintenance, .nothing),
            penalty: .zero, toLiquidator: .zero, toInsurance: .zero, deficit: .zero)
    }
}
