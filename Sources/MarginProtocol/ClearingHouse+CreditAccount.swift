import ExactMath
import MarginRules

/// Credit accounts, which are liquidated as a whole; source: Gearbox-protocol/core-v3, libraries/CreditLogic.sol.
extension ClearingHouse {
    /// Does an account hold anything?
    func hasCollateral(_ account: Int) -> Bool {
        Bits(mask: accounts[account].assets).contains { holding(account, $0) > 0 }
    }

    /// The asset of which an account owes most, by value: the one that its pool has lent; ties go to the first. Nil where it
    /// owes nothing.
    public func largestDebt(of id: AccountID) -> AssetID? {
        var most: (asset: Int, value: Int64)?
        for asset in Bits(mask: accounts[id.index].assets) {
            let amount = holding(id.index, asset)
            guard amount < 0 else { continue }
            let value = scaled(-amount, prices[assetRows[asset].feed].raw, .up)
            if most.map({ value > $0.value }) ?? true { most = (asset, value) }
        }
        return most.map { AssetID(index: $0.asset) }
    }

    /// All that an account holds, for the payer's premium less than it is worth, in the asset that it owes: the debt is
    /// paid first, then the fee, and what is left is the owner's.
    ///
    /// Guards in order: target, room for what is held, funds, room for the fee.
    @inline(never)
    func quoteCreditAccount(
        _ id: AccountID, _ payer: AccountID, _ target: LiquidationTarget, _ health: Health,
        _ fee: Ratio, _ advance: Quantity
    ) throws(Rejection) -> LiquidationQuote {
        guard target == .next else { throw .targetNotAllowed }
        let asset = largestDebt(of: id) ?? parameters.settlementAsset
        let unit = prices[assetRows[asset.index].feed].raw
        var held: [AssetChange] = []
        var best = (place: -1, value: Int64(-1))
        var total: Int64 = 0
        for index in Bits(mask: accounts[id.index].assets) {
            let amount = holding(id.index, index)
            guard amount > 0 else { continue }
            let value = scaled(amount, prices[assetRows[index].feed].raw, .down)
            if value > best.value { best = (held.count, value) }
            total += value
            held.append(AssetChange(asset: AssetID(index: index), delta: Quantity(raw: amount)))
            try requireRoom(payer, index, for: amount)
        }
        let first = held.remove(at: best.place)
        let owed = Quantity(raw: max(0, -holding(id.index, asset.index)))
        let policy = parameters.liquidation
        let (payments, funds) = try orOverflow { () throws(ArithmeticOverflow) in
            let value = try Quantity(raw: total).scaled(by: scaleE8, over: unit, rounding: .down)
            let payments = try CreditAccountLiquidation(
                premium: policy.collateralBonus, fee: fee, transferFee: nil
            ).payments(
                totalValue: value,
                debt: CreditAccountDebt(
                    principal: owed, accruedInterest: .zero, accruedFees: .zero))
            return (payments, try payments.toPool.adding(payments.toOwner))
        }
        try requireFunds(payer, asset, funds, advance)
        try requireRoom(Self.insuranceFund, asset.index, for: payments.profit.raw)
        let paid = scaled(funds.raw, unit, .up)
        var part = LiquidationQuote.CollateralPart(
            seize: first.asset, repay: asset, seized: first.delta, repaid: funds,
            toInsurance: .zero, bonus: Money(raw: max(0, total - paid)))
        part.repaidToInsurance = payments.profit
        part.others = held
        return LiquidationQuote(
            account: id, step: .collateral(part), healthBefore: health, value: Money(raw: paid))
    }
}
