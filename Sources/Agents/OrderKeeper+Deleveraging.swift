import Chain
import ExactMath
import MarginProtocol
import MarginRules

/// Closing winners of pools that do so.
extension OrderKeeper {
    /// For each side of each pool: a look where that changes what may be done, or the closing of a winner.
    ///
    /// It pays the gas itself, as a venue's own keeper.
    mutating func deleveragings(_ view: borrowing View) -> [Request] {
        guard group.deleverages != nil else { return [] }
        var requests: [Request] = []
        for index in view.house.parameters.markets.indices {
            let market = MarketID(index: index)
            guard view.house.parameters.markets[index].pool?.terms?.deleveraging != nil else {
                continue
            }
            for side in [PoolSide.long, .short] {
                guard !sidesPending.contains(where: { $0.market == market && $0.side == side }),
                    let command = deleveraging(market, side, view),
                    let bid = group.fee.bid(
                        profit: nil, gas: view.gas[command.kind],
                        going: view.entryPrice(for: group.fee), native: view.nativePrice)
                else { continue }
                lastTag += 1
                sidesPending.append((lastTag, market, side))
                requests.append(
                    Request(
                        tag: lastTag, sender: address, command: command, maxFee: bid, maxTip: bid,
                        delay: view.blocks(Int64(max(0, group.lag))),
                        lifetime: view.blocks(patienceInBlocks)))
            }
        }
        return requests
    }

    private func deleveraging(_ market: MarketID, _ side: PoolSide, _ view: borrowing View)
        -> Command?
    {
        guard let state = view.house.poolProfit(market, side) else { return nil }
        let flag = view.house.poolFlag(market, side)
        guard state.isExceeded == flag.isEnabled else {
            return .updateDeleveraging(market, isLong: side == .long)
        }
        guard state.isExceeded,
            let rule = view.house.parameters.markets[market.index].pool?.terms?.deleveraging
        else { return nil }
        for winner in winners(market, side, view) {
            let size = closing(winner, market, state.profit.amount, state.pool, rule, view)
            // What is quoted is what runs; where rounding overshoots, a little less will do.
            for part in [size, Quantity(raw: size.raw / 2), Quantity(raw: size.raw / 4)]
            where part.isPositive {
                if (try? view.house.quoteDeleveraging(of: winner, market, size: part)) != nil {
                    return .deleverage(account: winner, market: market, size: part)
                }
            }
        }
        return nil
    }

    /// Those who win, in the order in which they are closed; ties go to the lower number.
    private func winners(_ market: MarketID, _ side: PoolSide, _ view: borrowing View)
        -> [AccountID]
    {
        let price = view.house.price(of: market)
        var found: [(id: AccountID, key: Int128)] = []
        for raw in view.house.accountIDs {
            let id = AccountID(raw)
            let size = view.house.position(id, market).size
            guard view.house.account(id).role == .margin, !size.isZero,
                size.isNegative == (side == .short)
            else { continue }
            let profit = view.house.unrealizedProfit(id, market, at: price)
            guard profit.isPositive else { continue }
            var key = Int128(profit.raw)
            if group.deleverages == .profitOverEquity {
                let equity = max(1, view.house.plainEquity(of: id, at: view.house.prices).raw)
                key = key * Int128(scaleE8) / Int128(equity)
            }
            found.append((id, key))
        }
        return found.sorted { ($1.key, $0.id) < ($0.key, $1.id) }.map(\.id)
    }

    /// How much of a position brings the share of the profit to the middle between its bounds, or all of it; what is
    /// paid leaves the pool too where it is in the settlement asset.
    private func closing(
        _ id: AccountID, _ market: MarketID, _ profit: Money, _ pool: Money,
        _ rule: PoolDeleveraging, _ view: borrowing View
    ) -> Quantity {
        let held = view.house.position(id, market)
        let own = view.house.unrealizedProfit(id, market, at: view.house.price(of: market))
        let target = Int128(rule.threshold.raw + rule.minimumAfter.raw) / 2
        let terms = view.house.parameters.markets[market.index].pool?.terms
        let backing = held.size.isNegative ? terms?.shortBacking : terms?.longBacking
        let leaves = backing == view.house.parameters.settlementAsset && target < Int128(scaleE8)
        let scale = Int128(scaleE8)
        let excess = Int128(profit.raw) - target * Int128(pool.raw) / scale
        let needed = leaves ? excess * scale / (scale - target) : excess
        guard own.isPositive, needed > 0 else { return .zero }
        guard needed < Int128(own.raw) else { return held.size.magnitude }
        return Quantity(
            raw: Int64(needed * Int128(held.size.magnitude.raw) / Int128(own.raw)))
    }
}
