import ExactMath
import MarginRules

/// The settlement of a profit against a loss of the same market; anybody may ask for it.
extension ClearingHouse {
    /// What a settlement between two accounts would move now; the protocol runs the very same function.
    ///
    /// Guards in order: whether results wait at all, accounts, market, roles, pause, prices, then whether there is a profit here and
    /// a loss there of which anything may be settled. The pool pays no more than it holds; any other loser pays no more than
    /// leaves its maintenance health without losses at zero where results join the balance, and must meet its
    /// maintenance margin where they do not; source: blockworks-foundation/mango-v4, instructions/perp_settle_pnl.rs
    /// (`perp_max_settle`), drift-labs/protocol-v2, controller/pnl.rs (`settle_pnl`).
    public func quoteSettlement(_ market: MarketID, winner: AccountID, loser: AccountID)
        throws(Rejection) -> SettlementQuote
    {
        guard keepsResults else { throw .settledOnClosing }
        try requireAccount(winner)
        try requireAccount(loser)
        try requireMarket(market)
        guard winner != loser else { throw .sameAccount }
        for id in [winner, loser] {
            let role = accounts[id.index].role
            guard role == .margin || role == .liquidityPool else { throw .wrongRole(id, role) }
        }
        try requireNotPaused(.reduce)
        try requirePrice(marketRows[market.index].indexFeed, for: .reduce)
        try requirePrice(assetRows[settlement].feed, for: .reduce)
        let profit = min(
            result(winner.index, market.index), settleable(winner.index, market.index).upperBound)
        let loss = min(
            -result(loser.index, market.index), -settleable(loser.index, market.index).lowerBound)
        guard profit > 0, loss > 0 else { throw .nothingToSettle(market) }
        let amount = min(profit, loss, try payable(by: loser, upTo: loss))
        guard amount > 0 else { throw .nothingToSettle(market) }
        return SettlementQuote(
            amount: Quantity(raw: amount),
            parts: try resultParts(
                from: winner.index, to: loser.index, market.index, moved: amount, paid: amount))
    }

    /// What a loser can pay of a loss. [1e-8 of the settlement asset]
    private func payable(by loser: AccountID, upTo loss: Int64) throws(Rejection) -> Int64 {
        let holds = max(0, holding(loser.index, settlement))
        guard accounts[loser.index].role == .margin else { return holds }
        try requirePrices(of: loser.index, for: .reduce)
        let most = parameters.assets[settlement].borrowable ? loss : min(loss, holds)
        guard parameters.positionResults == .inBalance else {
            let health = evaluate(loser.index, prices, .maintenance, .nothing)
            guard health.isMet else { throw .insufficientMargin(shortBy: -health.surplus) }
            return most
        }
        return try orOverflow { () throws(ArithmeticOverflow) in
            let limit = try crossHealth(loser.index).maximumSettlement(inToken: settlement)
            return min(most, try limit?.rounded(to: Quantity.self, .down).raw ?? most)
        }
    }

    mutating func settleResult(
        _ market: MarketID, winner: AccountID, loser: AccountID, into journal: inout [Event]
    ) throws(Rejection) {
        let quote = try quoteSettlement(market, winner: winner, loser: loser)

        // Nothing below may fail.
        write(quote.parts, reason: .resultSettlement, into: &journal)
    }
}
