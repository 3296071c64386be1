import ExactMath

/// What becomes of holdings whose price is missing or not good enough, where an account's margin is asked for.
public enum MissingPricePolicy: Int8, Hashable, Sendable {
    /// Nothing that needs the price goes on.
    case refuse
    /// Withdrawals, transfers and trades go on as if the holdings were not there; debts, positions and liquidations need
    /// their prices. Source: blockworks-foundation/mango-v4, health/cache.rs
    /// (`new_health_cache_skipping_missing_banks_and_bad_oracles`).
    case leaveOutAssets
}

extension ClearingHouse {
    /// The prices at which an account's initial margin is asked for, where holdings without a good price are left out:
    /// theirs are zero, and with them open spot orders in their markets. Nil where each has one.
    ///
    /// Nothing else of the account has such a price: its debts, its positions and the asset that these are settled in
    /// need theirs.
    /// - Parameter debt: an asset in which the action may leave a debt.
    @inline(never)
    func pricesLeavingOut(of account: Int, for action: Actions, debt: Int? = nil)
        throws(Rejection) -> [Price]?
    {
        var valued: [Price]?
        var assets = accounts[account].assets
        if accounts[account].spotMarkets != 0 { assets |= spotPairs(of: account) }
        for asset in Bits(mask: assets) {
            let feed = assetRows[asset].feed
            do throws(Rejection) {
                try requirePrice(feed, for: action, of: account)
            } catch {
                guard holding(account, asset) >= 0 else { throw error }
                var left = valued ?? prices
                left[feed] = .zero
                valued = left
            }
        }
        if let debt { try requirePrice(assetRows[debt].feed, for: action, of: account) }
        let markets = marketsAtRisk(account)
        for market in Bits(mask: markets) {
            try requirePrice(marketRows[market].indexFeed, for: action, of: account)
        }
        if markets != 0 {
            try requirePrice(assetRows[settlement].feed, for: action, of: account)
        }
        return valued
    }

    /// The prices at which an account's initial margin is asked for; nil for the protocol's own.
    func marginPrices(of account: Int, for action: Actions) throws(Rejection) -> [Price]? {
        guard parameters.missingPrices == .refuse else {
            return try pricesLeavingOut(of: account, for: action)
        }
        try requirePrices(of: account, for: action)
        return nil
    }

    /// The same where an asset leaves the account, or with it a debt is left.
    func marginPrices(of account: Int, leaving asset: Int, asDebt: Bool) throws(Rejection)
        -> [Price]?
    {
        guard parameters.missingPrices == .refuse else {
            return try pricesLeavingOut(
                of: account, for: .withdraw, debt: asDebt ? asset : nil)
        }
        try requirePrices(of: account, for: .withdraw)
        try requirePrice(assetRows[asset].feed, for: .withdraw)
        return nil
    }

    /// The holdings of an account that have no price yet, which count nothing.
    public func withoutPrice(_ id: AccountID) -> [AssetID] {
        Bits(mask: accounts[id.index].assets).filter { !prices[assetRows[$0].feed].isPositive }
            .map { AssetID(index: $0) }
    }

    static func missingPriceProblems(_ parameters: ProtocolParameters) -> [String] {
        guard parameters.missingPrices != .refuse else { return [] }
        return parameters.stress == nil && parameters.keeper == nil
            && parameters.markets.allSatisfy { $0.pool?.hasTerms != true }
            ? []
            : [
                "holdings without a price are left out only where margin is a sum over what an account has: no stress, keepers or pools with terms"
            ]
    }
}
