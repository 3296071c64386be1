import ExactMath
import MarginRules

/// A result exchanged for a debt or a holding by as much as ends a shortage of margin, as Drift does it.
extension ClearingHouse {
    /// A profit that pays for a debt, or a holding that pays for a loss; source: drift-labs/protocol-v2, controller/liquidation.rs
    /// (`liquidate_borrow_for_perp_pnl`, `liquidate_perp_pnl_for_deposit`).
    ///
    /// - Parameter most: of the debt or of the loss, nil for any.
    func exchangeResult(
        _ id: AccountID, _ payer: AccountID, _ market: Int, _ asset: Int, _ most: Quantity?,
        _ result: Int64, _ terms: ShortageTerms, _ health: Health
    ) throws(Rejection) -> LiquidationQuote {
        try requireMayTake(payer, MarketID(index: market))
        let isProfit = result > 0
        let amount = holding(id.index, asset)
        let unit = prices[assetRows[settlement].feed]
        let fee = parameters.liquidation.penalty
        let own = SpotShortageCover.Side(
            amount: Quantity(raw: abs(result)), price: unit,
            weight: isProfit ? profitWeight(of: result, market, .maintenance) : .one + buffer,
            fee: fee)
        let other = SpotShortageCover.Side(
            amount: Quantity(raw: abs(amount)), price: prices[assetRows[asset].feed],
            weight: isProfit
                ? debtWeight(amount, asset, prices, .maintenance) + buffer
                : holdingWeight(amount, asset),
            fee: bonus(of: asset, id.index))
        let cover =
            isProfit
            ? SpotShortageCover(asset: own, liability: other)
            : SpotShortageCover(asset: other, liability: own)
        let margin = buffered(id.index, buffer, prices)
        let transfer: SpotShortageCover.Transfer? = try orOverflow {
            () throws(ArithmeticOverflow) in
            let shortage = try margin.shortage()
            return try cover.transfer(
                wanted: most ?? cover.liability.amount,
                toCover: cover.needed(shortage, insuranceFee: .zero),
                share: allowedShare(of: id, shortage), insuranceFee: .zero,
                smallDebt: terms.smallDebt, dust: terms.dust)
        }
        guard let transfer else { throw .nothingAllowedYet(id) }
        let paid = min(transfer.asset, cover.asset.amount)
        let moved = isProfit ? paid.raw : -transfer.liability.raw
        let given = isProfit ? transfer.liability : -paid
        let parts = try resultParts(
            from: id.index, to: payer.index, market, moved: moved, paid: 0)
        try requireCanGive(max(.zero, given), of: asset, by: payer)
        try requireRoom(payer, asset, for: max(0, -given.raw))
        try requirePayerCanHold(
            payer, parts.maker, market, settled: 0, asset: asset, -given.raw)
        var part = LiquidationQuote.ResultPart(
            market: MarketID(index: market), asset: AssetID(index: asset), uncovered: .zero)
        part.taken = Money(raw: moved)
        part.given = given
        part.fills = [parts]
        part.coversShortage = transfer.coversShortage
        let worthGiven = scaled(given.raw, prices[assetRows[asset].feed].raw, .up)
        let worthTaken = scaled(moved, unit.raw, .down)
        part.bonus = Money(raw: max(0, worthTaken - worthGiven))
        return LiquidationQuote(
            account: id, step: .result(part), healthBefore: health,
            value: Money(raw: abs(worthTaken)))
    }
}
