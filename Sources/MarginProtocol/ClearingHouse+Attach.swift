import ExactMath

/// A signed price that somebody attaches to a command of their own.
///
/// That the signature is genuine is taken as checked: whoever builds one states what a feed published.
public struct AttachedPrice: Hashable, Sendable {
    public var feed: FeedID
    public var report: PriceReport
    public init(feed: FeedID, report: PriceReport) {
        self.feed = feed
        self.report = report
    }
}

extension ClearingHouse {
    /// Brings prices along and runs a command at them, or does neither.
    ///
    /// A price that is no newer than the protocol's is passed over, as in Pyth's `updatePriceFeeds`
    /// (pyth-network/pyth-crosschain, Pyth.sol).
    @inline(never)
    mutating func attach(
        _ attached: [AttachedPrice], to command: Command, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        if case .attach = command { throw .parameterInvalid }
        guard !attached.isEmpty else { throw .parameterInvalid }
        for entry in attached {
            guard parameters.feeds.indices.contains(entry.feed.index) else {
                throw .unknownFeed(entry.feed)
            }
            guard parameters.feeds[entry.feed.index].isPulled else {
                throw .feedNotPulled(entry.feed)
            }
        }
        try requireNotPaused(.post)
        try requireSpread(attached)
        let before = (prices, reports, histories, slowPrices, stablePrices)
        let mark = journal.count
        do throws(Rejection) {
            // A request is executed at the prices of its own time, even where newer ones are known.
            let isScoped = command.kind == .executeRequest
            var known: [(feed: Int, price: Price, report: PriceReport)] = []
            for entry in attached {
                let feed = entry.feed.index
                if isScoped, let last = reports[feed], entry.report.observedAt < last.observedAt {
                    try requireSound(entry.report, parameters.feeds[feed])
                    try requireExposure(at: upper(entry.report, feed), feed: feed)
                    known.append((feed, prices[feed], last))
                    (prices[feed], reports[feed]) = (entry.report.price, entry.report)
                } else {
                    try pull(entry, into: &journal)
                }
            }
            try execute(command, from: sender, into: &journal)
            for entry in known.reversed() {
                (prices[entry.feed], reports[entry.feed]) = (entry.price, entry.report)
            }
        } catch {
            (prices, reports, histories, slowPrices, stablePrices) = before
            journal.removeLast(journal.count - mark)
            throw error
        }
    }

    private mutating func pull(_ entry: AttachedPrice, into journal: inout [Event])
        throws(Rejection)
    {
        let rules = parameters.feeds[entry.feed.index]
        let last = reports[entry.feed.index]
        try requireSound(entry.report, rules)
        if let last, entry.report.observedAt <= last.observedAt { return }
        try requireLikely(entry.report, after: last, rules)
        try requireExposure(
            at: upper(entry.report, entry.feed.index), feed: entry.feed.index)
        accept(entry.report, entry.feed, into: &journal)
    }

    /// The oldest and the newest price of a command lie no further apart than the protocol allows.
    private func requireSpread(_ attached: [AttachedPrice]) throws(Rejection) {
        let times = attached.map(\.report.observedAt)
        guard let limit = parameters.attachedSpread, let oldest = times.min(),
            let newest = times.max(), oldest.milliseconds > Int64.min / 2
        else { return }
        guard newest - oldest <= limit else { throw .attachedSpreadTooWide(newest - oldest) }
    }

    /// The pulled feeds whose prices a command needs, in order: those of the account, the market and the
    /// settlement asset.
    public func pulledFeeds(neededBy command: Command) -> [FeedID] {
        var feeds: [FeedID] = []
        func add(_ account: AccountID) {
            guard accounts.indices.contains(account.index) else { return }
            for asset in Bits(mask: accounts[account.index].assets) {
                feeds.append(parameters.assets[asset].feed)
            }
            for market in Bits(mask: marketsAtRisk(account.index)) {
                feeds.append(parameters.markets[market].feed)
            }
            feeds += spotFeeds(of: account.index).map(FeedID.init(index:))
        }
        func addPool(_ market: MarketID) {
            feeds.append(parameters.markets[market.index].feed)
            guard let terms = poolTerms(market.index) else { return }
            for asset in [terms.longBacking, terms.shortBacking] {
                feeds.append(parameters.assets[asset.index].feed)
            }
        }
        switch command {
        case .withdraw(let account, _, let asset, _), .transfer(let account, _, let asset, _):
            add(account)
            feeds.append(parameters.assets[asset.index].feed)
        case .trade(let account, let market, _, _, _), .placeOrder(let account, let market, _),
            .requestTrade(let account, let market, _, _, _, _):
            add(account)
            feeds.append(parameters.markets[market.index].feed)
        case .liquidate(let account, let payer, _):
            add(account)
            if accounts.indices.contains(payer.index), accounts[payer.index].role == .margin {
                add(payer)
            }
        case .buyCollateral(_, let asset, _, _): feeds.append(parameters.assets[asset.index].feed)
        case .configure(let account, _), .startAuction(let account, _, _): add(account)
        case .restartAuction(let auction, _):
            guard auctions.all.indices.contains(auction.index) else { return [] }
            feeds.append(parameters.assets[auctions.all[auction.index].asset.index].feed)
        case .executeRequest(let id, _):
            guard let request = request(id) else { return [] }
            add(request.account)
            feeds.append(parameters.markets[request.market.index].feed)
        case .updateDeleveraging(let market, _):
            guard parameters.markets.indices.contains(market.index) else { return [] }
            addPool(market)
        case .deleverage(let account, let market, _):
            guard parameters.markets.indices.contains(market.index) else { return [] }
            add(account)
            addPool(market)
        case .settleResult(let market, let winner, let loser):
            guard parameters.markets.indices.contains(market.index) else { return [] }
            add(winner)
            add(loser)
            addPool(market)
        case .addLiquidity, .removeLiquidity:
            for market in parameters.markets.indices where marketRows[market].hasPoolTerms {
                addPool(MarketID(index: market))
            }
        case .placeSpotOrder(let account, let market, _):
            add(account)
            guard parameters.spotMarkets.indices.contains(market.index) else { return [] }
            let terms = parameters.spotMarkets[market.index]
            for asset in [terms.base, terms.quote] {
                feeds.append(parameters.assets[asset.index].feed)
            }
        case .cancelSpotOrder, .claimImpact, .cancelRequest, .deposit, .openAccount, .setDelegate,
            .cancelOrder,
            .postPrice, .pause, .setParameter, .windUp,
            .settleOutside, .attach, .reportUptime, .takeAuction, .bidAuction, .settleAuction,
            .payAuction:
            return []
        }
        feeds.append(parameters.assets[settlement].feed)
        feeds = feeds.filter { parameters.feeds[$0.index].isPulled }.sorted()
        return feeds.indices.filter { $0 == 0 || feeds[$0 - 1] != feeds[$0] }.map { feeds[$0] }
    }

    /// The house as a command would find it that brings these reports along: nothing else is different.
    ///
    /// A report that the protocol would refuse is left out.
    public func attaching(_ attached: [AttachedPrice]) -> ClearingHouse {
        var house = self
        var journal: [Event] = []
        for entry in attached where parameters.feeds[entry.feed.index].isPulled {
            try? house.pull(entry, into: &journal)
        }
        return house
    }
}
