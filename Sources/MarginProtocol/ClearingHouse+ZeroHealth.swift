import ExactMath
import MarginRules

/// Positions whose results join a balance, and the exchange that brings health to zero, as Mango does it.
extension ClearingHouse {
    /// A position as health sees it: an amount of the settlement asset.
    private func perpetual(
        _ position: Position, _ charges: Int64, _ market: Int, _ price: ConservativePrice,
        _ open: OpenOrders?
    ) -> PerpetualHealth {
        let terms = parameters.markets[market]
        let bracket = terms.margin.brackets[0]
        return PerpetualHealth(
            weights: PerpetualHealth.Weights(
                initialAsset: .one - bracket.initialRate,
                maintenanceAsset: .one - bracket.maintenanceRate,
                initialLiability: .one + bracket.initialRate,
                maintenanceLiability: .one + bracket.maintenanceRate,
                initialOverall: terms.initialProfitWeight ?? terms.profitWeight,
                maintenanceOverall: terms.profitWeight),
            settleToken: settlement, price: price, size: position.size,
            quote: Quantity(raw: -position.cost.raw - charges), bids: open?.bids.size ?? .zero,
            asks: open?.asks.size ?? .zero)
    }

    /// What a position adds to the balance of the settlement asset, its margin taken off, rounded down. [1e-8]
    func joiningResult(
        _ position: Position, _ charges: Int64, _ market: Int, _ prices: [Price],
        _ kind: MarginKind, _ open: OpenOrders?
    ) -> Int64 {
        let feed = marketRows[market].feed
        let slow = kind == .initial ? self.slow(feed) : nil
        let result = perpetual(
            position, charges, market, ConservativePrice(oracle: prices[feed], slow: slow), open)
        return unbounded { () throws(ArithmeticOverflow) in
            try result.result(kind.health).rounded(to: Quantity.self, .down)
        }.raw
    }

    /// An account as the rule of an exchange reads it, once its orders are out of the books.
    func crossHealth(_ account: Int) throws(ArithmeticOverflow) -> CrossHealth {
        var tokens: [TokenHealth] = []
        for (asset, terms) in parameters.assets.enumerated() {
            let weight = terms.collateral.tiers[0].weight
            tokens.append(
                try TokenHealth(
                    weights: TokenHealth.Weights(
                        initialAsset: terms.initialCollateral?.tiers[0].weight ?? weight,
                        maintenanceAsset: weight,
                        initialLiability: terms.initialLiabilityWeight ?? terms.liabilityWeight,
                        maintenanceLiability: terms.liabilityWeight),
                    price: ConservativePrice(oracle: prices[terms.feed.index], slow: nil),
                    balance: Quantity(raw: holding(account, asset)), deposits: .zero,
                    borrows: .zero, depositScaling: nil, borrowScaling: nil))
        }
        let perpetuals = Bits(mask: accounts[account].markets).map { market in
            let position = positions[account * marketCount + market]
            return perpetual(
                position, pendingCharges(account, position, market), market,
                ConservativePrice(oracle: prices[marketRows[market].feed], slow: nil), nil)
        }
        let orders = spotReserves(of: AccountID(index: account)).map { reserve in
            let terms = parameters.spotMarkets[reserve.market.index]
            return SpotOrdersHealth(
                baseToken: terms.base.index, quoteToken: terms.quote.index,
                reservedBase: reserve.base, reservedQuote: reserve.quote,
                lowestAsk: reserve.lowestAsk, highestBid: reserve.highestBid)
        }
        return CrossHealth(tokens: tokens, spotOrders: orders, perpetuals: perpetuals)
    }

    /// The exchange that brings health under the initial weights to zero.
    func zeroHealthExchange(
        _ id: AccountID, _ pair: (seize: Int, repay: Int), _ most: Quantity, _ platform: Ratio
    ) throws(Rejection) -> DebtExchange {
        let rule = TokenLiquidation(
            assetFee: .init(liquidator: bonus(of: pair.seize, id.index), platform: platform),
            liabilityFee: .init(liquidator: bonus(of: pair.repay, id.index), platform: platform))
        let transfer: TokenLiquidation.Transfer? = try orOverflow {
            () throws(ArithmeticOverflow) in
            try rule.transfer(
                in: try crossHealth(id.index), asset: pair.seize, liability: pair.repay,
                maximum: most)
        }
        guard let transfer else { throw .nothingToLiquidate }
        return DebtExchange(
            repaid: transfer.liability, repaidToInsurance: .zero,
            seized: transfer.assetFromAccount,
            seizedToInsurance: transfer.assetFromAccount - transfer.assetToLiquidator,
            coversShortage: false)
    }
}

extension MarginKind {
    fileprivate var health: HealthKind {
        switch self {
        case .initial: .initial
        case .maintenance: .maintenance
        case .liquidationEnd: .liquidationEnd
        }
    }
}
