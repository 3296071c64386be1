import Agents
import Chain
import ExactMath
import MarginProtocol
import Markets
import Scenarios

extension Simulation {
    /// Moves the loans that agents asked for, before the block's first transaction.
    func lend(_ journal: inout [Event]) -> [OutsideTradeRecord] {
        let due = loans
        loans = []
        return due.compactMap { loan in
            let settlement = scenario.parameters.settlementAsset
            guard let change = try? loan.principal.adding(-loan.interest), !change.isZero,
                (try? house.execute(
                    .settleOutside(
                        wallet: loan.wallet,
                        changes: [AssetChange(asset: settlement, delta: change)]),
                    from: .system, into: &journal)) != nil
            else { return nil }
            // The money itself is owed, or was: what it costs is the interest.
            return financing(
                loan.agent, loan.wallet, settlement, change, cost: loan.interest, "credit")
        }
    }

    /// Runs a liquidation with a loan that it repays in itself, or nothing at all.
    ///
    /// - Throws: what the protocol says to the liquidation, or, as ``Rejection/insufficientBalance(_:has:needs:)``,
    ///   to the repayment.
    func execute(
        _ transaction: Transaction, with loan: FlashLoan, into journal: inout [Event]
    ) throws(Rejection) -> [OutsideTradeRecord] {
        var seen = house
        if case .attach(let prices, _) = transaction.command { seen = house.attaching(prices) }
        guard case .liquidate(let account, let payer, let target) = transaction.command.inner,
            case .collateral(let part) = try seen.quoteLiquidation(
                of: account, payer: payer, target: target, advance: Quantity(raw: .max)
            ).step
        else {
            try house.execute(transaction.command, from: transaction.sender, into: &journal)
            return []
        }
        let saved = (house: house, markets: markets, events: journal.count)
        do {
            return try run(transaction, lent: part, for: loan, by: payer, into: &journal)
        } catch {
            house = saved.house
            markets = saved.markets
            journal.removeSubrange(saved.events...)
            throw error
        }
    }

    private func run(
        _ transaction: Transaction, lent part: LiquidationQuote.CollateralPart,
        for loan: FlashLoan, by payer: AccountID, into journal: inout [Event]
    ) throws(Rejection) -> [OutsideTradeRecord] {
        guard let fee = try? part.repaid.scaled(by: loan.fee, rounding: .up),
            let owed = try? part.repaid.adding(fee)
        else { throw .overflow }
        let settlement = scenario.parameters.settlementAsset
        let before = house.balance(payer, settlement)
        try move(part.repay, part.repaid, payer, &journal)
        try house.execute(transaction.command, from: transaction.sender, into: &journal)
        var trades: [OutsideTradeRecord] = []
        let got = part.seized - part.toInsurance
        let sold = part.others.map { ($0.asset, -$0.delta) }
        for (asset, quantity) in [(part.seize, -got)] + sold + [(part.repay, owed)]
        where asset != settlement && !quantity.isZero {
            let order = OutsideOrder(
                agent: transaction.sender, wallet: payer,
                feed: scenario.parameters.assets[asset.index].feed, asset: asset,
                quantity: quantity, purpose: "unwind")
            guard let trade = trade(order, &journal) else {
                throw .insufficientBalance(
                    part.repay, has: house.balance(payer, part.repay), needs: owed)
            }
            trades.append(trade)
        }
        try move(part.repay, -owed, payer, &journal)
        // What it earned earlier does not pay for a loss: whoever borrows like this lets it fail.
        let after = house.balance(payer, settlement)
        guard after >= before else {
            throw .insufficientBalance(settlement, has: after, needs: before)
        }
        trades.append(
            financing(transaction.sender, payer, part.repay, .zero, cost: fee, "flash loan"))
        return trades
    }

    private func move(
        _ asset: AssetID, _ amount: Quantity, _ wallet: AccountID, _ journal: inout [Event]
    ) throws(Rejection) {
        try house.execute(
            .settleOutside(wallet: wallet, changes: [AssetChange(asset: asset, delta: amount)]),
            from: .system, into: &journal)
    }

    /// A row for money borrowed or paid back: what moved, against what is owed for it.
    private func financing(
        _ agent: Address, _ wallet: AccountID, _ asset: AssetID, _ moved: Quantity, cost: Quantity,
        _ purpose: String
    ) -> OutsideTradeRecord {
        let feed = scenario.parameters.assets[asset.index].feed
        let price = markets.price(feed.index)
        // Of a flash loan only the fee is left.
        let quantity = moved.isZero ? -cost : moved
        let debt = moved.isZero ? Quantity.zero : moved + cost
        return OutsideTradeRecord(
            agent: agent, wallet: wallet, feed: feed, purpose: purpose, quantity: quantity,
            averagePrice: price,
            proceeds: -((try? debt.value(at: price, rounding: .nearest)) ?? .zero),
            slippage: .zero, priceBefore: price, priceAfter: price)
    }
}
