import ExactMath

extension ClearingHouse {
    func requireAccount(_ id: AccountID) throws(Rejection) {
        guard accounts.indices.contains(id.index) else { throw .unknownAccount(id) }
    }
    func requireAsset(_ id: AssetID) throws(Rejection) {
        guard (0..<assetCount).contains(id.index) else { throw .unknownAsset(id) }
    }
    func requireMarket(_ id: MarketID) throws(Rejection) {
        guard (0..<marketCount).contains(id.index) else { throw .unknownMarket(id) }
    }
    func requireRole(_ id: AccountID, _ role: Role) throws(Rejection) {
        guard accounts[id.index].role == role else {
            throw .wrongRole(id, accounts[id.index].role)
        }
    }
    func requireNotPaused(_ actions: Actions) throws(Rejection) {
        guard pausedActions.isDisjoint(with: actions) else {
            throw .paused(pausedActions.intersection(actions))
        }
    }
    func requireOwner(_ id: AccountID, _ sender: Address) throws(Rejection) {
        guard isOwned(id, by: sender) else { throw .senderNotOwner(id) }
    }

    /// The price exists, satisfies the guards, and is fresh where staleness blocks this action.
    ///
    /// - Parameter account: whose liquidation it is; below zero for any other action.
    func requirePrice(_ feed: Int, for action: Actions, of account: Int = -1) throws(Rejection) {
        guard prices[feed].raw > 0, let report = reports[feed] else {
            throw .priceMissing(FeedID(index: feed))
        }
        if !histories.isEmpty { try requireGuards(feed, report, for: action, of: account) }
        guard parameters.staleBlocks.isDisjoint(with: action) == false,
            let maxAge = parameters.feeds[feed].maxAge
        else { return }
        let age = time - report.observedAt
        guard age <= maxAge else { throw .priceStale(FeedID(index: feed), age: age) }
    }

    /// An asset may be seized or repaid by liquidations again; at the end of its grace it still may not.
    func requireGraceOver(_ asset: Int) throws(Rejection) {
        guard let until = parameters.assets[asset].liquidationGraceUntil else { return }
        guard until < time else {
            throw .liquidationGrace(AssetID(index: asset), until: until)
        }
    }

    /// Every price an account's health depends on.
    func requirePrices(of account: Int, for action: Actions) throws(Rejection) {
        for asset in Bits(mask: accounts[account].assets) {
            try requirePrice(assetRows[asset].feed, for: action, of: account)
        }
        // Orders that count against the initial requirement alone are no shield against a liquidation.
        let markets =
            action == .liquidate
            ? marketsAtRisk(account, .maintenance, .nothing) : marketsAtRisk(account)
        for market in Bits(mask: markets) {
            try requirePrice(marketRows[market].indexFeed, for: action, of: account)
        }
        if accounts[account].spotMarkets != 0 {
            for feed in spotFeeds(of: account) { try requirePrice(feed, for: action, of: account) }
        }
        // Profit is worth what the settlement asset is worth.
        if markets != 0 {
            try requirePrice(assetRows[settlement].feed, for: action, of: account)
        }
    }
}

/// Runs arithmetic whose overflow input can cause, as a rejection.
@inline(__always)
func orOverflow<T>(_ body: () throws(ArithmeticOverflow) -> T) throws(Rejection) -> T {
    do throws(ArithmeticOverflow) { return try body() } catch { throw Rejection.overflow }
}

/// A value rounded up, or a rejection where it does not fit.
@inline(__always)
func boundedValue(_ quantity: Quantity, at price: Price) throws(Rejection) -> Money {
    do throws(ArithmeticOverflow) {
        return Money(raw: try multiplyScaled(quantity.raw, price.raw, rounding: .up))
    } catch {
        throw Rejection.overflow
    }
}
