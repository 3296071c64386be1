import ExactMath
import MarginRules

extension ClearingHouse {
    /// Moves tokens from one account to another: the one place where balances change.
    ///
    /// Double entry: what one loses the other gains, so the sum over all accounts stays zero.
    mutating func move(
        _ amount: Quantity, of asset: Int, from: AccountID, to: AccountID, _ reason: BalanceReason,
        _ journal: inout [Event]
    ) {
        guard amount.raw != 0 else { return }
        post(-amount.raw, asset, from, reason, &journal)
        post(amount.raw, asset, to, reason, &journal)
    }

    private mutating func post(
        _ delta: Int64, _ asset: Int, _ id: AccountID, _ reason: BalanceReason,
        _ journal: inout [Event]
    ) {
        guard !interestRows.isEmpty, accounts[id.index].role == .margin else {
            write(delta, asset, id, reason, &journal)
            return
        }
        // What is pending is settled first, so that it is neither lost nor paid on what moves now.
        let pending = pendingInterest(id.index, asset)
        if pending != 0, let interest {
            write(-pending, asset, interest, .interest, &journal)
            write(pending, asset, id, .interest, &journal)
        }
        let before = balances[id.index * assetCount + asset]
        var added: Int64 = 0
        if !loans.isEmpty, before < 0, delta < 0 {
            added =
                openingInterest(of: Quantity(raw: -delta), id, AssetID(index: asset)).raw
        }
        write(delta, asset, id, reason, &journal)
        if added != 0, let interest {
            write(added, asset, interest, .interest, &journal)
            write(-added, asset, id, .interest, &journal)
        }
        noteInterest(id.index, asset, before: before, after: before + delta - added)
    }

    @inline(__always)
    private mutating func write(
        _ delta: Int64, _ asset: Int, _ id: AccountID, _ reason: BalanceReason,
        _ journal: inout [Event]
    ) {
        let slot = id.index * assetCount + asset
        let before = balances[slot]
        let after = before + delta
        balances[slot] = after
        let bit: UInt64 = 1 << UInt64(asset)
        if after == 0 {
            accounts[id.index].assets &= ~bit
        } else {
            accounts[id.index].assets |= bit
        }
        if accounts[id.index].role == .margin {
            assetRows[asset].deposited.raw += max(0, after) - max(0, before)
            assetRows[asset].owed.raw += min(0, before) - min(0, after)
            touch(id)
        }
        journal.append(
            .balanceChanged(
                BalanceChange(
                    account: id, asset: AssetID(index: asset), delta: Quantity(raw: delta),
                    after: Quantity(raw: after), reason: reason)))
    }

    mutating func deposit(
        _ amount: Quantity, of asset: AssetID, from: AccountID, to: AccountID, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        guard amount > .zero else { throw .amountNotPositive }
        try requireAsset(asset)
        try requireAccount(from)
        try requireAccount(to)
        try requireRole(from, .wallet)
        let role = accounts[to.index].role
        guard role == .margin || role == .liquidityPool || role == .insuranceFund else {
            throw .wrongRole(to, role)
        }
        try requireOwner(from, sender)
        try requireNotPaused(.deposit)
        if !proceedings.isEmpty { try requireNoProceeding(to, unlessFlagged: true) }
        try requireBalance(from, asset, amount)
        guard accounts[to.index].parent == nil else { throw .isolatedOnlyFromParent(to) }
        if role == .margin {
            if let cap = parameters.assets[asset.index].depositCap,
                amount > cap || potentialDeposits(asset) > Int128((cap - amount).raw)
            {
                throw .depositCapExceeded(asset)
            }
            try requireDeposits(adding: amount, of: asset.index)
            // No sum of a balance and what may still be deposited overflows.
            try requireDebtSize(balance(to, asset) + amount, of: asset)
        } else {
            try requireRoom(to, asset.index, for: amount.raw)
        }

        // Nothing below may fail.
        move(amount, of: asset.index, from: from, to: to, .deposit, &journal)
    }

    mutating func withdraw(
        _ amount: Quantity, of asset: AssetID, from: AccountID, to: AccountID, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        guard amount > .zero else { throw .amountNotPositive }
        try requireAsset(asset)
        try requireAccount(from)
        try requireAccount(to)
        try requireRole(from, .margin)
        try requireRole(to, .wallet)
        try requireOwner(from, sender)
        guard accounts[from.index].owner == accounts[to.index].owner else { throw .ownersDiffer }
        guard accounts[from.index].parent == nil else { throw .isolatedOnlyFromParent(from) }
        try requireNotPaused(.withdraw)
        if !proceedings.isEmpty { try requireNoProceeding(from, unlessFlagged: false) }
        try requireLiquidity(amount, of: asset)
        try requireMayLeave(amount, of: asset, from: from)
        try requireRoom(to, asset.index, for: amount.raw)

        // Nothing below may fail.
        move(amount, of: asset.index, from: from, to: to, .withdrawal, &journal)
    }

    mutating func transfer(
        _ amount: Quantity, of asset: AssetID, from: AccountID, to: AccountID, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        guard amount > .zero else { throw .amountNotPositive }
        try requireAsset(asset)
        try requireAccount(from)
        try requireAccount(to)
        guard from != to else { throw .sameAccount }
        try requireRole(from, .margin)
        try requireRole(to, .margin)
        try requireOwner(from, sender)
        guard accounts[from.index].owner == accounts[to.index].owner else { throw .ownersDiffer }
        if let parent = accounts[to.index].parent, parent != from {
            throw .isolatedOnlyFromParent(to)
        }
        if let parent = accounts[from.index].parent, parent != to {
            throw .isolatedOnlyFromParent(from)
        }
        try requireNotPaused(.withdraw)
        if !proceedings.isEmpty {
            try requireNoProceeding(from, unlessFlagged: false)
            try requireNoProceeding(to, unlessFlagged: true)
        }
        try requireMayLeave(amount, of: asset, from: from)
        let borrowed = max(.zero, amount - max(.zero, balance(from, asset)))
        try requireDeposits(adding: borrowed, of: asset.index)
        try requireDebtSize(balance(to, asset) + amount, of: asset)

        // Nothing below may fail.
        move(amount, of: asset.index, from: from, to: to, .transfer, &journal)
    }

    mutating func openAccount(
        parent: AccountID?, isolated: MarketID?, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        if let parent {
            try requireAccount(parent)
            try requireRole(parent, .margin)
            guard let isolated, accounts[parent.index].parent == nil else {
                throw .parameterInvalid
            }
            try requireMarket(isolated)
            try requireOwner(parent, sender)
        } else if isolated != nil {
            throw .parameterInvalid
        }
        let owner = parent.map { accounts[$0.index].owner } ?? sender

        // Nothing below may fail.
        let id = addAccount(owner: owner, role: .margin, parent: parent, market: isolated)
        journal.append(
            .accountOpened(id, owner: owner, role: .margin, parent: parent, market: isolated))
    }

    mutating func setDelegate(
        _ id: AccountID, _ delegate: Address, allowed: Bool, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        try requireAccount(id)
        // A delegate may not appoint others.
        guard accounts[id.index].owner == sender else { throw .senderNotOwner(id) }
        let delegation = Delegation(account: id, delegate: delegate)

        // Nothing below may fail.
        delegations.removeAll { $0 == delegation }
        if allowed {
            delegations.append(delegation)
            delegations.sort()
        }
        journal.append(.delegateSet(id, delegate, allowed: allowed))
    }

    /// Exchanges a wallet's tokens with the world outside; the simulator's own settlement.
    mutating func settleOutside(
        _ wallet: AccountID, _ changes: [AssetChange], by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        try requireAccount(wallet)
        try requireRole(wallet, .wallet)
        guard sender == .system else { throw .senderNotSystem }
        // An asset may occur twice: each change is measured against what those before it leave.
        for (index, change) in changes.enumerated() {
            try requireAsset(change.asset)
            var has = Int128(balance(wallet, change.asset).raw)
            var beyond = Int128(balance(Self.outside, change.asset).raw)
            for earlier in changes[..<index] where earlier.asset == change.asset {
                has += Int128(earlier.delta.raw)
                beyond -= Int128(earlier.delta.raw)
            }
            let limit = Int128(Self.balanceLimit)
            guard (has + Int128(change.delta.raw)).magnitude <= limit,
                (beyond - Int128(change.delta.raw)).magnitude <= limit
            else { throw .overflow }
            guard has + Int128(change.delta.raw) >= 0 else {
                throw .insufficientBalance(
                    change.asset, has: Quantity(raw: Int64(has)), needs: -change.delta)
            }
        }

        // Nothing below may fail.
        for change in changes {
            move(
                change.delta, of: change.asset.index, from: Self.outside, to: wallet, .outsideTrade,
                &journal)
        }
    }

    func requireBalance(_ id: AccountID, _ asset: AssetID, _ amount: Quantity) throws(Rejection) {
        let has = balance(id, asset)
        guard has >= amount else { throw .insufficientBalance(asset, has: has, needs: amount) }
    }

    /// Tokens may leave a margin account if it then still meets its initial margin.
    func requireMayLeave(_ amount: Quantity, of asset: AssetID, from id: AccountID)
        throws(Rejection)
    {
        let has = balance(id, asset)
        var opening = Quantity.zero
        if has < amount {
            guard parameters.assets[asset.index].borrowable else {
                // Where nothing is held there is nothing to be short of: it is a loan that is asked for.
                guard has.isPositive else { throw .assetNotBorrowable(asset) }
                throw .insufficientBalance(asset, has: has, needs: amount)
            }
            let borrowed = amount - max(.zero, has)
            if let cap = parameters.assets[asset.index].borrowCap,
                borrowed > cap || owed(asset) > cap - borrowed
            {
                throw .borrowCapExceeded(asset)
            }
            try requireDebts(adding: borrowed, of: asset.index)
            try requireDebtSize(has - amount, of: asset)
            opening = openingInterest(of: borrowed, id, asset)
        }
        let carriesRisk = marketsAtRisk(id.index) != 0 || has < amount || hasDebt(id.index)
        guard carriesRisk else { return }
        let valued =
            try marginPrices(of: id.index, leaving: asset.index, asDebt: has < amount) ?? prices
        let change = Hypothesis(asset: asset.index, delta: -amount.raw - opening.raw)
        let after = evaluate(id.index, valued, .initial, change)
        guard after.isMet else { throw .insufficientMargin(shortBy: -after.surplus) }
        if parameters.withdrawalMargin.isPositive {
            try requireWithdrawalMargin(id, change, valued)
        }
    }

    /// What is left is also a share of the value of all positions, however little their brackets ask.
    @inline(never)
    private func requireWithdrawalMargin(
        _ id: AccountID, _ change: Hypothesis, _ prices: [Price]
    ) throws(Rejection) {
        let after = valuation(id.index, prices, .initial, change)
        let rule = WithdrawalMargin(minimumShareOfNotional: parameters.withdrawalMargin)
        let required = try orOverflow { () throws(ArithmeticOverflow) in
            try rule.required(
                initialMargin: after.health.requirement,
                notional: worth(Money(raw: after.notional), prices))
        }
        guard after.health.equity >= required else {
            throw .insufficientMargin(shortBy: required - after.health.equity)
        }
    }

    func hasDebt(_ account: Int) -> Bool {
        for asset in Bits(mask: accounts[account].assets)
        where balances[account * assetCount + asset] < 0 {
            return true
        }
        return false
    }
}
