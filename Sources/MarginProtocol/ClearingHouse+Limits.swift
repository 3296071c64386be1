import ExactMath

/// What keeps every sum of products within 64 bits: guards that refuse what later could overflow.
///
/// Each asset's deposits and debts may be worth, and each market's open interest and open cost may come to,
/// an equal share of ``ClearingHouse/exposureLimit``. So the terms of any account's health sum to less than
/// four times the limit, which is what a 64-bit integer holds.
extension ClearingHouse {
    /// The most that margin accounts may together hold, or owe, of one asset. [1e-8 USD]
    var assetLimit: Int64 { Self.exposureLimit / Int64(assetCount) }
    /// The largest open interest, and the largest open cost, of one market. [1e-8 USD]
    var marketLimit: Int64 {
        let share = Self.exposureLimit / Int64(max(1, marketCount))
        let isPlain =
            parameters.positionResults == .separate && !countsOrders
            && parameters.staleMargin == nil
        return isPlain ? share : smallerLimit(share)
    }
    /// The same where orders that rest count, which may come to as much again, where an old price asks for more than the
    /// value, and where results join the settlement balance: with their margin taken off, and weighted as the balance.
    @inline(never)
    private func smallerLimit(_ whole: Int64) -> Int64 {
        var share = countsOrders ? whole / 2 : whole
        // Rates are at most one, but for what an old price asks for.
        if let ratio = parameters.staleMargin?.ratio, ratio > .one {
            share = Int64(Int128(share) * Int128(scaleE8) / Int128(ratio.raw))
        }
        guard parameters.positionResults == .inBalance else { return share }
        let rates = parameters.markets.flatMap(\.margin.brackets).map(\.initialRate.raw)
        let weight = max(weightBounds[settlement].debt, weightBounds[settlement].holding)
        let factor = Int128(scaleE8 + (rates.max() ?? 0)) * Int128(weight)
        return Int64(Int128(share) * Int128(scaleE8) * Int128(scaleE8) / factor)
    }
    /// The largest balance of any one account before a movement. [1e-8 units]
    static var balanceLimit: Int64 { 1 << 62 }

    /// A holding's value stays within what sums of products can carry.
    func requireExposure(
        adding held: Quantity, at price: Price, weight: Int64 = scaleE8, limit: Int64
    ) throws(Rejection) {
        let value = try boundedValue(held, at: price)
        let weighted =
            weight == scaleE8
            ? value
            : try orOverflow { () throws(ArithmeticOverflow) in
                try value.scaled(by: Ratio(raw: weight), rounding: .up)
            }
        guard weighted.raw <= limit, held.raw <= Self.exposureLimit else { throw .exposureTooLarge }
    }

    /// Margin accounts may together hold this much more of an asset.
    func requireDeposits(adding amount: Quantity, of asset: Int) throws(Rejection) {
        let held = try orOverflow { () throws(ArithmeticOverflow) in
            let id = AssetID(index: asset)
            return try deposited(id).adding(spotReserved(id)).adding(amount)
        }
        try requireHoldings(held, at: prices[assetRows[asset].feed], of: asset)
    }

    /// Margin accounts may together owe this much more of an asset.
    func requireDebts(adding amount: Quantity, of asset: Int) throws(Rejection) {
        let row = assetRows[asset]
        let owed = try orOverflow { () throws(ArithmeticOverflow) in
            try self.owed(AssetID(index: asset)).adding(amount)
        }
        try requireExposure(
            adding: owed, at: highest(row.feed), weight: weightBounds[asset].debt, limit: assetLimit
        )
    }

    /// An account's balance of an asset may grow by this amount.
    func requireRoom(_ id: AccountID, _ asset: Int, for amount: Int64) throws(Rejection) {
        let has = balances[id.index * assetCount + asset]
        guard has <= Self.balanceLimit, amount <= Self.balanceLimit else { throw .exposureTooLarge }
    }

    /// What a fill realises, whichever way it goes, fits into every balance that it may move.
    func requireRoom(for parts: FillParts) throws(Rejection) {
        let limit = Self.exposureLimit
        guard parts.longOpenInterest.raw <= limit, parts.openCost.raw <= marketLimit else {
            throw .exposureTooLarge
        }
        let taker = parts.taker
        let maker = parts.maker
        guard isWithin(limit, taker.realized, taker.funding, maker.realized, maker.funding) else {
            throw .exposureTooLarge
        }
        let price = prices[assetRows[settlement].feed]
        if price.raw > scaleE8 {
            try requireExposure(
                adding: Quantity(raw: parts.openCost.raw), at: price, limit: marketLimit)
        }
        let moved = max(
            abs(taker.realized) + abs(taker.funding), abs(maker.realized) + abs(maker.funding))
        guard moved > 0 else { return }
        try requireDeposits(adding: Quantity(raw: moved), of: settlement)
        try requireDebts(adding: Quantity(raw: moved), of: settlement)
        let market = MarketID(index: parts.market)
        guard
            isWithin(
                limit, settled(Self.liquidityPool), settled(Self.treasury),
                settled(Self.clearing(market)), settled(Self.funding(market)))
        else { throw .exposureTooLarge }
    }

    /// What a deficit may leave on the books fits beside the bad debt that is there.
    func requireRoomForLosses() throws(Rejection) {
        for asset in 0..<assetCount {
            let booked = balances[Self.badDebt.index * assetCount + asset]
            guard booked.magnitude <= UInt64(Self.balanceLimit) else { throw .exposureTooLarge }
        }
    }

    @inline(__always)
    private func settled(_ id: AccountID) -> Int64 { balances[id.index * assetCount + settlement] }

    @inline(__always)
    private func isWithin(_ limit: Int64, _ a: Int64, _ b: Int64, _ c: Int64, _ d: Int64) -> Bool {
        a.magnitude <= limit && b.magnitude <= limit && c.magnitude <= limit
            && d.magnitude <= limit
    }

    /// What open interest is worth, in the settlement asset.
    func openValue(_ size: Quantity, _ price: Price, _ row: MarketRow) throws(Rejection) -> Money {
        guard row.isInverse else { return try boundedValue(size, at: price) }
        guard price.isPositive else { return .zero }
        return try orOverflow { () throws(ArithmeticOverflow) in
            Money(
                raw: try multiply(size.raw, scaleE8, dividingBy: price.raw, rounding: .up))
        }
    }

    /// Whether what accounts hold, owe and have set aside fits into sums at the protocol's prices, whoever seeded it.
    ///
    /// - Throws: ``Rejection/exposureTooLarge``.
    public func checkBalances() throws(Rejection) {
        for asset in 0..<assetCount {
            let (id, feed) = (AssetID(index: asset), assetRows[asset].feed)
            try requireHoldings(
                deposited(id) + spotReserved(id), at: prices[feed], of: asset)
            try requireExposure(
                adding: owed(id), at: highest(feed), weight: weightBounds[asset].debt,
                limit: assetLimit)
        }
    }

    /// A price of a feed under which every sum over accounts still fits.
    func requireExposure(at price: Price, feed: Int) throws(Rejection) {
        guard price.raw <= Self.exposureLimit else { throw .exposureTooLarge }
        let settlementFeed = assetRows[settlement].feed
        for row in marketRows where row.feed == feed || feed == settlementFeed {
            let market = row.feed == feed ? highest(feed, price) : highest(row.feed)
            let unit = max(
                feed == settlementFeed ? price : prices[settlementFeed], Price(raw: scaleE8))
            let value = try openValue(row.longOpenInterest, market, row)
            let worth = max(value, row.openCost)
            try requireExposure(adding: Quantity(raw: worth.raw), at: unit, limit: marketLimit)
        }
        if countsOrders { try requireOrderExposure(at: price, feed: feed) }
        for asset in 0..<assetCount where assetRows[asset].feed == feed {
            let id = AssetID(index: asset)
            try requireHoldings(deposited(id) + spotReserved(id), at: price, of: asset)
            try requireExposure(
                adding: owed(id), at: highest(feed, price), weight: weightBounds[asset].debt,
                limit: assetLimit)
        }
    }
}
