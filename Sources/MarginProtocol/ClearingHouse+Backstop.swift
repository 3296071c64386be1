import ExactMath

extension ClearingHouse {
    /// The backstop vault; nil where the protocol has none. It comes after all other accounts of the protocol.
    public var backstopVault: AccountID? {
        parameters.backstop == nil ? nil : AccountID(index: 5 + 2 * marketCount)
    }

    /// What the vault could pay of the settlement asset. [1e-8 units], not negative.
    func backstopCash() -> Int64 {
        guard let vault = backstopVault else { return 0 }
        let has = max(0, balances[vault.index * assetCount + settlement])
        return min(has, backstopEquity(of: settlement))
    }

    /// How much of an asset the vault's equity is worth. [1e-8 units]
    func backstopEquity(of asset: Int) -> Int64 {
        guard let vault = backstopVault else { return 0 }
        let equity = max(0, plainEquity(vault.index, prices).raw)
        let price = prices[assetRows[asset].feed].raw
        // What does not fit is more than any balance.
        return (try? multiply(equity, scaleE8, dividingBy: max(1, price), rounding: .down)) ?? .max
    }

    /// The takeover of a whole account by the vault, or nil where it is not due or the vault cannot carry it.
    ///
    /// The vault takes every position at the protocol's price, and every balance, debts too. An account below zero it
    /// takes only where it stands in the loss waterfall above auto-deleveraging; then never more than what it has.
    func takeover(_ id: AccountID, _ health: Health) throws(Rejection) -> LiquidationQuote? {
        guard let policy = parameters.backstop, let vault = backstopVault,
            isBelow(health, policy.below)
        else { return nil }
        let equity = plainEquity(id.index, prices)
        let own = plainEquity(vault.index, prices)
        if equity.isNegative {
            guard let place = parameters.lossWaterfall.firstIndex(of: .backstop),
                !parameters.lossWaterfall[..<place].contains(.autoDeleveraging),
                own + equity >= .zero
            else { return nil }
        }
        var parts: [LiquidationQuote.PositionPart] = []
        var handed = balances[id.index * assetCount + settlement]
        var value: Int64 = 0
        for market in Bits(mask: accounts[id.index].markets) {
            let row = marketRows[market]
            let held = positions[id.index * marketCount + market].size
            let mark = prices[row.feed]
            let fill = try fillParts(
                taker: id.index, maker: vault.index, market: market, size: -held, price: mark)
            handed += fill.taker.realized - fill.taker.funding
            value += row.notional(held.raw, mark.raw)
            parts.append(
                LiquidationQuote.PositionPart(
                    market: MarketID(index: market), size: -held, price: mark,
                    bankruptcyPrice: bankruptcyPrice(of: id, MarketID(index: market)),
                    penalty: .zero, toLiquidator: .zero, toInsurance: .zero,
                    fromInsurance: .zero, taker: .backstop, counterparties: [], fills: [fill]))
        }
        if let cap = policy.cap, carried(by: vault, parts) > cap.raw { return nil }
        var quote = LiquidationQuote(
            account: id, step: .positions(parts), healthBefore: health, value: Money(raw: value))
        for asset in 0..<assetCount {
            let amount =
                asset == settlement ? handed : balances[id.index * assetCount + asset]
            guard amount != 0 else { continue }
            try requireRoom(vault, asset, for: abs(amount))
            quote.handedOver.append(
                AssetChange(asset: AssetID(index: asset), delta: Quantity(raw: amount)))
        }
        quote.backstopLoss = max(.zero, -equity)
        return quote
    }

    /// One position of a vault that has lost too much, given up to holders of the other side at the protocol's price.
    ///
    /// Guards in order: pause, prices, a trigger that is there and met, target, something to give up and to whom.
    @inline(never)
    func quoteVaultDeleveraging(_ id: AccountID, _ target: LiquidationTarget) throws(Rejection)
        -> LiquidationQuote
    {
        try requireNotPaused(.liquidate)
        try requirePrices(of: id.index, for: .liquidate)
        guard let health = vaultHealth(id) else { throw .wrongRole(id, accounts[id.index].role) }
        guard !health.isMet else { throw .accountHealthy(surplus: health.surplus) }
        guard target == .next else { throw .targetNotAllowed }
        guard accounts[id.index].markets != 0 else { throw .nothingToLiquidate }
        let market = try firstMarket(id)
        let row = marketRows[market]
        let size = positions[id.index * marketCount + market].size
        let part = try partGivenUp(
            id, market, size.magnitude.raw, at: prices[row.feed], nil)
        guard let part else { throw .nothingToLiquidate }
        return LiquidationQuote(
            account: id, step: .positions([part]), healthBefore: health,
            value: Money(raw: row.notional(part.size.magnitude.raw, part.price.raw)))
    }

    /// What the vault is worth against the worth at which it is deleveraged; nil for other accounts, and where it
    /// never is.
    func vaultHealth(_ id: AccountID) -> Health? {
        guard id == backstopVault, let floor = parameters.backstop?.deleverageBelow else {
            return nil
        }
        return Health(equity: plainEquity(id.index, prices), requirement: floor)
    }

    /// What the vault's positions would be worth after a takeover. [1e-8 of the settlement asset]
    private func carried(by vault: AccountID, _ parts: [LiquidationQuote.PositionPart]) -> Int64 {
        var total: Int64 = 0
        for market in 0..<marketCount {
            let taken = parts.first { $0.market.index == market }?.fills.first?.maker.after.size
            let size = taken ?? positions[vault.index * marketCount + market].size
            let row = marketRows[market]
            guard !size.isZero else { continue }
            total += row.notional(size.raw, prices[row.feed].raw)
        }
        return total
    }

    /// Hands over what an account has left, and the debts that it has.
    mutating func handOver(_ quote: LiquidationQuote, into journal: inout [Event]) {
        guard let vault = backstopVault else { return }
        for change in quote.handedOver {
            let asset = change.asset.index
            if change.delta.isNegative {
                move(
                    -change.delta, of: asset, from: vault, to: quote.account, .debtRepaid, &journal)
            } else {
                move(
                    change.delta, of: asset, from: quote.account, to: vault, .collateralSeized,
                    &journal)
            }
        }
        guard quote.backstopLoss.isPositive else { return }
        journal.append(
            .lossCovered(
                LossCover(
                    account: quote.account, layer: .backstop, payer: vault,
                    asset: AssetID(index: settlement),
                    amount: Quantity(raw: settlementValue(quote.backstopLoss.raw)))))
    }
}
