public import ExactMath
import MarginRules

/// Price impact that a pool keeps apart from its liquidity.
///
/// An impact pool's tokens come out of the liquidity pool, whose balance of the underlying they lower, below zero where
/// it has none: so both together are what the source calls the pool's amount, and the liquidity pool alone is what its
/// depositors own. A balance below zero is what the pool has lent.
extension ClearingHouse {
    /// What waits with a position, to be settled when it is decreased. [1e-8 units of the underlying]
    public func pendingImpact(_ account: AccountID, _ market: MarketID) -> Quantity {
        impacts.isEmpty
            ? .zero : Quantity(raw: impacts.pending[account.index * marketCount + market.index])
    }

    /// The account of a market's impact pool; nil where its pool keeps none apart.
    public func impactPool(_ market: MarketID) -> AccountID? {
        impacts.isEmpty ? nil : impacts.pools[market.index]
    }

    /// Charges above the cap that are held for their payers, in order of time.
    public var impactClaims: [ImpactClaim] { impacts.claimable }

    /// Accounts for the impact pools, after all other accounts.
    mutating func prepareImpactPools() {
        guard parameters.markets.contains(where: { $0.pool?.terms?.impactPool != nil }) else {
            return
        }
        var pools: [AccountID?] = []
        for index in parameters.markets.indices {
            let hasPool = poolTerms(index)?.impactPool != nil
            pools.append(
                hasPool
                    ? addAccount(
                        owner: .system, role: .impactPool, market: MarketID(index: index)) : nil)
        }
        impacts.claims = addAccount(owner: .system, role: .impactClaims)
        impacts.pools = pools
        impacts.pending = Array(repeating: 0, count: accounts.count * marketCount)
        impacts.since = Array(repeating: time, count: marketCount)
    }

    /// Gives a position an impact that waits, before the first block.
    public mutating func seedImpact(
        _ account: AccountID, _ market: MarketID, pending: Quantity, into journal: inout [Event]
    ) {
        guard impactPool(market) != nil else { return }
        let cell = account.index * marketCount + market.index
        let before = impacts.pending[cell]
        impacts.pending[cell] = pending.raw
        note(
            account, market, before: before,
            ImpactSettlement(
                pending: pending, amount: 0, held: 0, tokens: 0), into: &journal)
    }

    /// Gives an impact pool tokens out of the liquidity pool, before the first block.
    public mutating func seedImpactPool(
        _ market: MarketID, _ amount: Quantity, into journal: inout [Event]
    ) {
        guard let account = impactPool(market), let terms = poolTerms(market.index)?.impactPool
        else { return }
        move(
            amount, of: terms.asset.index, from: Self.liquidityPool, to: account, .genesis,
            &journal)
    }

    /// What impact pools hold of an asset, less what they were lent. [1e-8 units]
    func heldForImpact(_ asset: Int) -> Int64 {
        guard !impacts.isEmpty else { return 0 }
        var held: Int64 = 0
        for case .some(let account) in impacts.pools {
            held += balances[account.index * assetCount + asset]
        }
        return held
    }

    /// An impact pool as its rule counts it.
    func impactPoolState(_ account: AccountID, _ terms: ImpactPoolTerms) -> PositionImpactPool {
        let held = Quantity(raw: balances[account.index * assetCount + terms.asset.index])
        return PositionImpactPool(amount: max(.zero, held), lent: max(.zero, -held))
    }

    // MARK: Settling

    /// The impact of a decrease together with its share of what has waited; nil where impact is a part of the price.
    func settledImpact(
        _ held: PoolPosition, by size: Money, closing: Money, pending: Quantity, _ market: Int,
        _ terms: PoolTerms, _ range: PriceRange
    ) throws(ArithmeticOverflow) -> PoolImpact? {
        guard let rule = terms.impact, let own = terms.impactPool,
            let account = impacts.pools[market]
        else { return nil }
        var position = held
        position.pendingImpact = pending
        let share = try position.pendingImpact(closing: size, indexPrice: range)
        var settled = try rule.settled(closing: closing, pending: share.value, size: size)
        let pool = try poolValue(terms, .long, prices).adding(poolValue(terms, .short, prices))
        settled.amount = try impactPoolState(account, own).capping(
            settled.amount, pool: pool, indexPrice: range, limit: own.lending)
        return PoolImpact(pending: pending - share.amount, settled: settled)
    }

    /// What a settled impact moves.
    ///
    /// - Parameter limit: the most that the account can pay for it; nil for any amount. [1e-8 settlement units]
    func settlement(of impact: PoolImpact, _ market: Int, limit: Int64? = nil)
        throws(Rejection) -> ImpactSettlement
    {
        let range = range(marketRows[market].feed, prices)
        var result = ImpactSettlement(
            pending: impact.pending, amount: impact.settled.amount.raw, held: 0, tokens: 0)
        var left = limit ?? .max
        result.tokens = try orOverflow { () throws(ArithmeticOverflow) in
            guard result.amount < 0 else {
                return result.amount == 0
                    ? 0
                    : -(try PositionImpactPool.payment(
                        for: impact.settled.amount, indexPrice: range)).raw
            }
            result.amount = -min(-result.amount, left)
            left += result.amount
            return try PositionImpactPool.receipt(
                of: Quantity(raw: -result.amount), price: PriceRange(Price(whole: 1)),
                indexPrice: range
            ).raw
        }
        result.held = min(impact.settled.excess.raw, left)
        return result
    }

    /// Every balance that a settled impact may move has room for it.
    func requireRoom(for impact: ImpactSettlement, of id: AccountID, _ market: Int)
        throws(Rejection)
    {
        guard let terms = poolTerms(market)?.impactPool, let account = impacts.pools[market],
            let claims = impacts.claims
        else { return }
        let cash = Int64(clamping: impact.amount.magnitude)
        let tokens = Int64(clamping: impact.tokens.magnitude)
        for holder in [id, Self.liquidityPool] { try requireRoom(holder, settlement, for: cash) }
        for holder in [account, Self.liquidityPool] {
            try requireRoom(holder, terms.asset.index, for: tokens)
        }
        try requireRoom(claims, settlement, for: impact.held)
    }

    /// Writes a settled impact.
    @inline(never)
    mutating func write(
        _ impact: ImpactSettlement, of id: AccountID, _ market: Int, into journal: inout [Event]
    ) {
        guard let terms = poolTerms(market)?.impactPool, let account = impacts.pools[market],
            let claims = impacts.claims
        else { return }
        let market = MarketID(index: market)
        let cell = id.index * marketCount + market.index
        let before = impacts.pending[cell]
        impacts.pending[cell] = impact.pending.raw
        move(
            Quantity(raw: impact.amount), of: settlement, from: Self.liquidityPool, to: id,
            .impactSettled, &journal)
        move(
            Quantity(raw: impact.tokens), of: terms.asset.index, from: Self.liquidityPool,
            to: account, .impactSettled, &journal)
        move(
            Quantity(raw: impact.held), of: settlement, from: id, to: claims, .impactHeld, &journal)
        if impact.held > 0 {
            impacts.claimable.append(
                ImpactClaim(
                    account: id, market: market, amount: Quantity(raw: impact.held), since: time))
        }
        note(id, market, before: before, impact, into: &journal)
    }

    /// What waits with a position that somebody else than the pool makes smaller shrinks with it, unsettled.
    @inline(never)
    mutating func shrinkImpact(_ side: FillParts.Side, _ market: Int, into journal: inout [Event]) {
        let cell = side.account * marketCount + market
        let before = impacts.pending[cell]
        guard before != 0 else { return }
        let (old, new) = (side.before.size, side.after.size)
        var after = before
        if new.isZero || (old.raw ^ new.raw) < 0 {
            after = 0
        } else if new.magnitude < old.magnitude {
            after = exact(before, new.magnitude.raw, over: old.magnitude.raw, .down)
        }
        guard after != before else { return }
        impacts.pending[cell] = after
        note(
            AccountID(index: side.account), MarketID(index: market), before: before,
            ImpactSettlement(pending: Quantity(raw: after), amount: 0, held: 0, tokens: 0),
            into: &journal)
    }

    private func note(
        _ id: AccountID, _ market: MarketID?, before: Int64, _ impact: ImpactSettlement,
        into journal: inout [Event]
    ) {
        guard before != impact.pending.raw || impact.amount != 0 || impact.held != 0 else { return }
        journal.append(
            .impactChanged(
                ImpactChange(
                    account: id, market: market, pendingBefore: Quantity(raw: before),
                    pendingAfter: impact.pending, settled: Quantity(raw: impact.amount),
                    held: Quantity(raw: impact.held), poolChange: Quantity(raw: impact.tokens))))
    }

    // MARK: Giving back

    /// Depositors have their part of each impact pool, at the rate of its terms.
    @inline(never)
    mutating func distributeImpact(until now: Timestamp, into journal: inout [Event]) {
        for (market, account) in impacts.pools.enumerated() {
            guard let account, let terms = poolTerms(market)?.impactPool,
                terms.distributionPerDay.isPositive
            else { continue }
            let pool = impactPoolState(account, terms)
            let span = now - impacts.since[market]
            let due = unbounded { () throws(ArithmeticOverflow) in
                try pool.distribution(
                    ratePerDay: terms.distributionPerDay, keeping: terms.minimum, over: span)
            }
            // What is not yet a unit waits; time in which there was nothing to give does not.
            guard due.isPositive || pool.amount <= terms.minimum else { continue }
            impacts.since[market] = now
            move(
                due, of: terms.asset.index, from: account, to: Self.liquidityPool,
                .impactDistributed, &journal)
        }
    }

    /// Brings back what an account was charged above the cap, as far as that may be claimed.
    ///
    /// Guards in order: account, owner, something to claim, room. Source: gmx-synthetics contracts/market/MarketUtils.sol
    /// `_getClaimableCollateralAmounts`: after a delay all of it, without anybody's consent; a share that is released
    /// earlier or withheld is left to the venue's keepers and not modelled.
    @inline(never)
    mutating func claimImpact(
        _ id: AccountID, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        try requireAccount(id)
        try requireOwner(id, sender)
        let due = impacts.claimable.filter { $0.account == id && isDue($0) }
        let rest = impacts.claimable.filter { $0.account != id || !isDue($0) }
        guard let claims = impacts.claims, !due.isEmpty else { throw .nothingToClaim(id) }
        let amount = Quantity(raw: due.reduce(0) { $0 + $1.amount.raw })
        try requireRoom(id, settlement, for: amount.raw)

        // Nothing below may fail.
        impacts.claimable = rest
        move(amount, of: settlement, from: claims, to: id, .impactHeld, &journal)
        note(
            id, nil, before: 0,
            ImpactSettlement(pending: .zero, amount: 0, held: -amount.raw, tokens: 0),
            into: &journal)
    }

    private func isDue(_ claim: ImpactClaim) -> Bool {
        guard let delay = poolTerms(claim.market.index)?.impactPool?.claimDelay else { return true }
        return time - claim.since > delay
    }
}
