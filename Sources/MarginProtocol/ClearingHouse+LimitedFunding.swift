import ExactMath

/// Funding that charges nobody below its maintenance margin.
///
/// Source: OKX, Introduction to perpetual swap funding fee (support.okexcn.com/hc/en-us/articles/360053909272): the charge
/// is capped where the margin is the maintenance margin and the liquidation fee, and receivers have what was collected, in
/// proportion. Since June 2024 OKX charges in full (365shuku.com/202.html, with the venue's own table).
extension ClearingHouse {
    /// Gives back what the last move of a market's index charged accounts below their maintenance margin; those who
    /// received the charge give it, in proportion.
    ///
    /// An account that was below already is charged nothing.
    /// - Parameter before: the index before the move.
    @inline(never)
    mutating func limitCharges(
        _ market: Int, since before: Fixed18, into journal: inout [Event]
    ) {
        let now = marketRows[market].fundingIndex
        guard now != before else { return }
        var back: [(account: Int, amount: Int64)] = []
        var receipts: [(account: Int, amount: Int64)] = []
        var wanted: Int64 = 0
        var received: Int64 = 0
        for account in accounts.indices {
            let position = positions[account * marketCount + market]
            guard !position.size.isZero else { continue }
            let charged = pendingFunding(position, now) - pendingFunding(position, before)
            if charged < 0 {
                receipts.append((account, -charged))
                received += -charged
            } else if charged > 0, accounts[account].role == .margin {
                let surplus = evaluate(account, prices, .maintenance, .nothing).surplus
                guard surplus.isNegative else { continue }
                let amount = min(charged, -settlementValue(surplus.raw))
                back.append((account, amount))
                wanted += amount
            }
        }
        let total = min(wanted, received)
        guard total > 0, (try? requireDeposits(adding: Quantity(raw: total), of: settlement)) != nil
        else { return }
        let waiting = Self.funding(MarketID(index: market))
        for (receiver, share) in Self.shares(of: total, among: receipts) {
            move(
                Quantity(raw: share), of: settlement, from: AccountID(index: receiver), to: waiting,
                .fundingLimited, &journal)
        }
        var left = total
        for (account, amount) in back {
            let part = min(amount, left)
            left -= part
            move(
                Quantity(raw: part), of: settlement, from: waiting, to: AccountID(index: account),
                .fundingLimited, &journal)
        }
    }

    /// A sum in proportion to amounts that are no less together; what rounding leaves is the first ones'.
    private static func shares(
        of total: Int64, among amounts: [(account: Int, amount: Int64)]
    ) -> [(account: Int, share: Int64)] {
        let sum = amounts.reduce(0) { $0 + $1.amount }
        var shares = amounts.map { ($0.account, share: exact(total, $0.amount, over: sum, .down)) }
        var left = total - shares.reduce(0) { $0 + $1.share }
        for index in shares.indices where left > 0 && shares[index].share < amounts[index].amount {
            shares[index].share += 1
            left -= 1
        }
        return shares
    }
}
