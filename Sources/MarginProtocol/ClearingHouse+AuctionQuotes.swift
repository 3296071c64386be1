public import ExactMath
public import MarginRules

/// What starting an auction would take from an account, and pay, by the code that does it.
public struct AuctionQuote: Hashable, Sendable {
    public var account: AccountID
    public var asset: AssetID
    /// For sale. [1e-8 units]
    public var lot: Quantity
    /// The debt that leaves the account. [1e-8 settlement units]
    public var principal: Quantity
    /// To be raised, with the penalty. [1e-8 settlement units]
    public var debt: Quantity
    /// Paid to whoever starts it. [1e-8 settlement units]
    public var reward: Quantity
    /// The price at which a Dutch auction starts; nil for an English one. [settlement units]
    public var top: Fixed18?
    public var healthBefore: Health
}

extension ClearingHouse {
    // MARK: Reading

    /// Auctions that are not over, ascending.
    public var openAuctions: [AuctionID] { auctions.open }
    /// How many auctions were ever started.
    public var auctionCount: Int { auctions.all.count }
    public func auction(_ id: AuctionID) -> Auction { auctions.all[id.index] }
    /// The debt that open auctions of an asset are still to raise, penalty included. [1e-8 settlement units]
    public func auctionedDebt(_ asset: AssetID) -> Quantity {
        Quantity(raw: auctions.debts.isEmpty ? 0 : auctions.debts[asset.index])
    }

    /// The price of a Dutch auction at a moment not before its start, and whether it can only be restarted; nil for
    /// any other. [settlement units]
    public func auctionStatus(_ id: AuctionID, at now: Timestamp) -> DutchAuction.Status? {
        let auction = auctions.all[id.index]
        guard case .dutch(let policy) = parameters.auctions?.form,
            case .dutch(let top, let started) = auction.form
        else { return nil }
        return unbounded { () throws(ArithmeticOverflow) in
            try policy.terms.status(startedAt: top, elapsed: now - started)
        }
    }

    /// The state of an English auction as its rules know it; nil for a Dutch one.
    func englishState(_ auction: Auction, _ terms: EnglishAuction) -> EnglishAuction.State? {
        guard case .english(let bid, _, let expiry, let end) = auction.form else { return nil }
        var state = terms.started(
            lot: auction.lot, debt: Money(raw: auction.debt.raw), at: time)
        state.bid = Money(raw: bid.raw)
        state.bidExpiry = expiry
        state.end = end
        return state
    }

    /// The least that a purchase in parts may leave. [1e-8 settlement units]
    func leastAuctionDebt(_ policy: AuctionPolicy) -> Money {
        unbounded { () throws(ArithmeticOverflow) in
            try KeeperReward.minimumAuctionDebt(
                minimumDebt: policy.minimumDebt, penalty: policy.penaltyFactor)
        }
    }

    // MARK: Starting

    /// What an auction of an account's collateral would take and pay now.
    ///
    /// Guards in order: account and asset, auctions at all, pause, prices, trigger, what there is, limits. Of several
    /// kinds of collateral each has its part of the debt, by what it counts.
    public func quoteAuction(of id: AccountID, selling asset: AssetID) throws(Rejection)
        -> AuctionQuote
    {
        try requireAccount(id)
        try requireAsset(asset)
        try requireRole(id, .margin)
        guard let policy = parameters.auctions else { throw .noAuctions }
        try requireNotPaused(.liquidate)
        try requirePrices(of: id.index, for: .liquidate)
        try requirePrice(assetRows[settlement].feed, for: .liquidate, of: id.index)
        let health = evaluate(id.index, prices, .maintenance, .nothing)
        guard isBelowTrigger(health, id.index) else {
            throw .accountHealthy(surplus: health.surplus)
        }
        // Positions are closed before collateral is sold.
        guard accounts[id.index].markets == 0 else { throw .targetNotAllowed }
        let held = holding(id.index, asset.index)
        let owed = -holding(id.index, settlement)
        guard held > 0, owed > 0, asset.index != settlement else { throw .nothingToLiquidate }
        try requireRoomForLosses()
        let part = debtPart(of: owed, id.index, asset.index)
        guard part > 0 else { throw .nothingToLiquidate }
        let vault = CollateralizedVault(
            collateral: Quantity(raw: held), normalizedDebt: Quantity(raw: part))
        let seizure = try seizure(of: vault, asset, policy, surplus: health.surplus)
        let reward = try orOverflow { () throws(ArithmeticOverflow) in
            try policy.reward.starting(debt: seizure.auctionDebt)
        }
        try requireRoom(auctions.lots, asset.index, for: seizure.collateral.raw)
        // Debts in auctions are no longer among those that accounts owe, and have a limit of their own.
        let raised = seizure.auctionDebt.raw
        guard raised <= Self.exposureLimit, auctions.totalDebt <= Self.exposureLimit - raised
        else { throw .exposureTooLarge }
        return AuctionQuote(
            account: id, asset: asset, lot: seizure.collateral,
            principal: Quantity(raw: seizure.debt.raw),
            debt: Quantity(raw: seizure.auctionDebt.raw), reward: Quantity(raw: reward.raw),
            top: try startingPrice(asset, policy), healthBefore: health)
    }

    /// The price at which a Dutch auction starts; nil for an English one.
    func startingPrice(_ asset: AssetID, _ policy: AuctionPolicy) throws(Rejection) -> Fixed18? {
        guard case .dutch(let dutch) = policy.form else { return nil }
        let feed = assetRows[asset.index].feed
        // What the debt's unit is worth divides the price, as the target price does.
        let unit = Ratio(raw: prices[assetRows[settlement].feed].raw)
        let top = try orOverflow { () throws(ArithmeticOverflow) -> Fixed18? in
            let top = try dutch.terms.startingPrice(oraclePrice: prices[feed], targetPrice: unit)
            // Whatever starts must have a price from then on.
            if let top { _ = try dutch.terms.status(startedAt: top, elapsed: .zero) }
            return top
        }
        guard let top else { throw .priceMissing(FeedID(index: feed)) }
        return top
    }

    /// The part of a debt that goes with one kind of collateral, rounded up.
    private func debtPart(of owed: Int64, _ account: Int, _ asset: Int) -> Int64 {
        var total: Int64 = 0
        var own: Int64 = 0
        var kinds = 0
        for held in Bits(mask: accounts[account].assets) where holding(account, held) > 0 {
            let counts = max(
                0, line(holding(account, held), account, held, prices, .maintenance).weighted.raw)
            total += counts
            kinds += 1
            if held == asset { own = counts }
        }
        guard kinds > 1, total > 0 else { return owed }
        return min(owed, exact(owed, own, over: total, .up))
    }

    private func seizure(
        of vault: CollateralizedVault, _ asset: AssetID, _ policy: AuctionPolicy, surplus: Money
    ) throws(Rejection) -> VaultSeizure {
        // That the account is liquidatable is known: any spot price below which the rules agree will do.
        let spot = Fixed18(raw: 1)
        let result = try orOverflow { () throws(ArithmeticOverflow) in
            switch policy.form {
            case .dutch(let dutch):
                try VaultLiquidation(
                    penalty: policy.penaltyFactor, limit: dutch.limit,
                    globalLimit: dutch.globalLimit
                ).seizure(
                    of: vault, rate: .one, spot: spot, minimumDebt: policy.minimumDebt,
                    inAuction: Money(raw: auctions.debts[asset.index]),
                    inAllAuctions: Money(raw: auctions.totalDebt))
            case .english(let english):
                try VaultBite(
                    penalty: policy.penaltyFactor, lot: lot(of: asset, english.lots)
                ).seizure(
                    of: vault, rate: .one, spot: spot, minimumDebt: policy.minimumDebt,
                    inAllAuctions: Money(raw: auctions.totalDebt))
            }
        }
        switch result {
        case .success(let seizure): return seizure
        case .failure(.notUnsafe): throw .accountHealthy(surplus: surplus)
        case .failure(.limitReached): throw .auctionLimitReached(asset)
        case .failure(.dustyAuction): throw .leavesDust
        case .failure(.nothingToAuction): throw .nothingToLiquidate
        }
    }

    private func lot(of asset: AssetID, _ lots: AuctionPolicy.Lots) -> VaultBite.Lot {
        switch lots {
        case .debt(let size, let limit): .debt(size, globalLimit: limit)
        case .collateral(let sizes):
            .collateral(sizes.first { $0.asset == asset }?.amount ?? Quantity(raw: .max))
        }
    }

    // MARK: Buying

    /// What a purchase from a Dutch auction would move now.
    ///
    /// Guards in order: amount, auction, its kind, whether it is over, pause, age, price, dust.
    public func quotePurchase(
        from id: AuctionID, atMost: Quantity, maximumPrice: Price
    ) throws(Rejection) -> AuctionPurchase {
        try quotePurchase(from: id, atMost: atMost, maximumPrice: maximumPrice, at: time)
    }

    /// The same at a later moment, if nothing else happens until then.
    public func quotePurchase(
        from id: AuctionID, atMost: Quantity, maximumPrice: Price, at now: Timestamp
    ) throws(Rejection) -> AuctionPurchase {
        guard atMost.isPositive, !maximumPrice.isNegative else { throw .amountNotPositive }
        let auction = try requireOpen(id)
        guard let policy = parameters.auctions, let status = auctionStatus(id, at: now) else {
            throw .wrongAuctionKind(id)
        }
        try requireNotPaused(.liquidate)
        let sale = AuctionSale(debt: Money(raw: auction.debt.raw), collateral: auction.lot)
        let result = try orOverflow { () throws(ArithmeticOverflow) in
            try sale.purchase(
                upTo: atMost, at: status, maximumPrice: Fixed18(maximumPrice),
                minimumDebt: leastAuctionDebt(policy))
        }
        switch result {
        case .success(let purchase):
            guard purchase.bought.isPositive else { throw .boughtTooLittle(purchase.bought) }
            return purchase
        case .failure(.needsRestart): throw .auctionStale(id)
        case .failure(.tooExpensive):
            throw .limitExceeded(price: displayed(status.price), limit: maximumPrice)
        case .failure(.noPartialPurchase): throw .noPartialPurchase(id)
        }
    }

    /// An auction's price with eight decimals, rounded up: what a buyer's limit has to reach.
    func displayed(_ price: Fixed18) -> Price {
        (try? price.rounded(to: Price.self, .up)) ?? Price(raw: .max)
    }

    /// An auction that exists and is not over.
    func requireOpen(_ id: AuctionID) throws(Rejection) -> Auction {
        guard auctions.all.indices.contains(id.index) else { throw .unknownAuction(id) }
        let auction = auctions.all[id.index]
        guard !auction.isOver else { throw .auctionOver(id) }
        return auction
    }
}
