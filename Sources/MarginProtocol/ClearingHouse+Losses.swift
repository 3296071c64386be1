import ExactMath

extension ClearingHouse {
    /// Covers what an account owes when it has nothing left, layer by layer; returns the sum. [1e-8 USD]
    ///
    /// Does nothing while a position, a positive balance or what an open spot order has set aside is left to be taken.
    mutating func coverDeficit(of id: AccountID, into journal: inout [Event]) -> Money {
        guard accounts[id.index].markets == 0, accounts[id.index].spotMarkets == 0,
            hasDebt(id.index)
        else { return .zero }
        let held = Bits(mask: accounts[id.index].assets)
        guard held.allSatisfy({ balances[id.index * assetCount + $0] < 0 }) else { return .zero }
        var total: Money = .zero
        for asset in held {
            let owed = -holding(id.index, asset)
            total += Money(
                raw: scaled(owed, prices[assetRows[asset].feed].raw, .up))
            cover(owed, of: asset, for: id, payee: id, into: &journal)
        }
        return total
    }

    /// Pays what somebody owes, layer by layer.
    ///
    /// - Parameters:
    ///   - id: who could not pay.
    ///   - payee: who is paid: the same, or the auction that took the debt over.
    mutating func cover(
        _ owed: Int64, of asset: Int, for id: AccountID, payee: AccountID,
        into journal: inout [Event]
    ) {
        var left = owed
        for layer in parameters.lossWaterfall where left > 0 {
            switch layer {
            case .insuranceFund:
                let has = max(0, balances[Self.insuranceFund.index * assetCount + asset])
                left -= pay(
                    min(left, has), of: asset, Self.insuranceFund, id, payee, layer, &journal)
            case .socialised:
                left = socialise(left, of: asset, for: id, payee: payee, into: &journal)
            case .reserves: left -= pay(left, of: asset, Self.treasury, id, payee, layer, &journal)
            case .backstop:
                guard let vault = backstopVault else { continue }
                let has = max(0, balances[vault.index * assetCount + asset])
                left -= pay(
                    min(left, has, backstopEquity(of: asset)), of: asset, vault, id, payee, layer,
                    &journal
                )
            // Has done what it could when the positions were closed.
            case .autoDeleveraging: continue
            case .feePool:
                let has = max(0, balances[Self.treasury.index * assetCount + asset])
                left -= pay(min(left, has), of: asset, Self.treasury, id, payee, layer, &journal)
            case .socialisedByFunding:
                left -= socialiseByFunding(left, of: asset, for: id, payee: payee, into: &journal)
            case .pool: left -= pay(left, of: asset, Self.liquidityPool, id, payee, layer, &journal)
            case .badDebt: left -= pay(left, of: asset, Self.badDebt, id, payee, layer, &journal)
            }
        }
    }

    mutating func pay(
        _ amount: Int64, of asset: Int, _ payer: AccountID, _ account: AccountID,
        _ payee: AccountID, _ layer: LossLayer, _ journal: inout [Event]
    ) -> Int64 {
        guard amount > 0 else { return 0 }
        move(Quantity(raw: amount), of: asset, from: payer, to: payee, .lossCover, &journal)
        journal.append(
            .lossCovered(
                LossCover(
                    account: account, layer: layer, payer: payer, asset: AssetID(index: asset),
                    amount: Quantity(raw: amount))))
        return amount
    }

    /// Every margin account and the pool pay in proportion to their positive balance of the asset.
    ///
    /// Shares are rounded down; the remainder, less than one unit each, is taken from the first accounts
    /// in order that still have something. Returns what nobody could pay.
    private mutating func socialise(
        _ amount: Int64, of asset: Int, for id: AccountID, payee: AccountID,
        into journal: inout [Event]
    ) -> Int64 {
        var payers: [(id: AccountID, has: Int64)] = []
        var total: Int64 = 0
        for index in accounts.indices {
            let role = accounts[index].role
            guard role == .margin || role == .liquidityPool, index != id.index else { continue }
            let has = holding(index, asset)
            guard has > 0 else { continue }
            payers.append((AccountID(index: index), has))
            total += has
        }
        let take = min(amount, total)
        guard take > 0 else { return amount }
        var shares = payers.map { exact(take, $0.has, over: total, .down) }
        var left = take - shares.reduce(0, +)
        for index in payers.indices where left > 0 && shares[index] < payers[index].has {
            shares[index] += 1
            left -= 1
        }
        for (payer, share) in zip(payers, shares) {
            _ = pay(share, of: asset, payer.id, id, payee, .socialised, &journal)
        }
        return amount - take
    }
}
