public import ExactMath

/// What stands before the first block.
extension ClearingHouse {
    /// Opens an account outside any transaction: before the first block.
    public mutating func addAccount(
        owner: Address, role: Role, parent: AccountID? = nil, market: MarketID? = nil
    ) -> AccountID {
        let id = AccountID(index: accounts.count)
        accounts.append(Account(owner: owner, role: role, parent: parent, isolatedMarket: market))
        balances.append(contentsOf: repeatElement(0, count: assetCount))
        positions.append(contentsOf: repeatElement(.none, count: marketCount))
        if !interestRows.isEmpty {
            interestIndexes.append(contentsOf: repeatElement(.one, count: assetCount))
            if !loans.isEmpty {
                loans.append(contentsOf: repeatElement(Loan(), count: assetCount))
            }
        }
        if tracksResults {
            resultStates.append(contentsOf: repeatElement(ResultState(), count: marketCount))
        }
        if hasChosenLeverage {
            chosenLeverages.append(contentsOf: repeatElement(0, count: marketCount))
        }
        if !impacts.isEmpty {
            impacts.pending.append(contentsOf: repeatElement(0, count: marketCount))
        }
        if parameters.poolShares != nil { poolShareBook.held.append(0) }
        touched.append(id)
        return id
    }

    /// Brings tokens onto the chain before the first block.
    public mutating func mint(
        _ amount: Quantity, of asset: AssetID, to account: AccountID, into journal: inout [Event]
    ) {
        precondition(amount >= .zero, "genesis balances are not negative")
        move(amount, of: asset.index, from: Self.outside, to: account, .genesis, &journal)
    }

    /// Gives an account a balance, or with a negative amount a debt, before the first block.
    public mutating func seedBalance(
        _ amount: Quantity, of asset: AssetID, to account: AccountID, into journal: inout [Event]
    ) {
        move(amount, of: asset.index, from: Self.outside, to: account, .genesis, &journal)
        if !loans.isEmpty { seedLoan(account, asset) }
    }

    /// Gives an account a position against the pool at a price, before the first block.
    public mutating func seedPosition(
        _ account: AccountID, _ market: MarketID, size: Quantity, entry: Price,
        into journal: inout [Event]
    ) throws(Rejection) {
        let parts = try fillParts(
            taker: account.index, maker: Self.liquidityPool.index, market: market.index,
            size: size, price: entry)
        write(parts, reason: .trade, into: &journal)
    }

    /// Gives an account so much more of a position's result, or with a minus less, before the first block; the pool has the
    /// other side.
    public mutating func seedResult(
        _ account: AccountID, _ market: MarketID, _ amount: Money, into journal: inout [Event]
    ) throws(Rejection) {
        var parts = try fillParts(
            taker: account.index, maker: Self.liquidityPool.index, market: market.index,
            size: .zero, price: price(of: market))
        parts.taker.after.cost -= amount
        parts.maker.after.cost += amount
        guard parts.taker.after.cost.magnitude <= Money(raw: Self.exposureLimit),
            parts.maker.after.cost.magnitude <= Money(raw: Self.exposureLimit)
        else { throw .exposureTooLarge }
        for side in [parts.taker, parts.maker] {
            parts.openCost += side.after.cost.magnitude - side.before.cost.magnitude
        }
        try requireRoom(for: parts)
        write(parts, reason: .trade, into: &journal)
    }
}
