public import ExactMath

/// The health of an account with tokens, spot orders and perpetuals in one sum.
///
/// Perpetual results join the balance of their settlement token before that is weighted, so a loss
/// first offsets a deposit at the deposit's weight. Source: blockworks-foundation/mango-v4
/// programs/mango-v4/src/health/cache.rs (`HealthCache`).
public struct CrossHealth: Hashable, Sendable {
    public var tokens: [TokenHealth]
    public var spotOrders: [SpotOrdersHealth]
    public var perpetuals: [PerpetualHealth]

    public init(
        tokens: [TokenHealth], spotOrders: [SpotOrdersHealth], perpetuals: [PerpetualHealth]
    ) {
        let indices = tokens.indices
        precondition(
            spotOrders.allSatisfy {
                indices.contains($0.baseToken) && indices.contains($0.quoteToken)
            } && perpetuals.allSatisfy { indices.contains($0.settleToken) },
            "an index of a token that is not there")
        self.tokens = tokens
        self.spotOrders = spotOrders
        self.perpetuals = perpetuals
    }

    /// The health, down. [1e-8 USD]
    public func health(_ kind: HealthKind) throws(ArithmeticOverflow) -> Money {
        try exactHealth(kind).rounded(to: Money.self, .down)
    }

    /// The health. [1e-18 USD]
    func exactHealth(_ kind: HealthKind) throws(ArithmeticOverflow) -> Fixed18 {
        try health(kind, balances: try effectiveBalances(kind))
    }

    /// Per token, the balance with all perpetual results. [1e-18 units]
    public func effectiveBalances(_ kind: HealthKind) throws(ArithmeticOverflow) -> [Fixed18] {
        try balances(kind) { _ in true }
    }

    private func balances(_ kind: HealthKind, counting isCounted: (Fixed18) -> Bool)
        throws(ArithmeticOverflow) -> [Fixed18]
    {
        var balances = tokens.map { Fixed18($0.balance) }
        for perpetual in perpetuals {
            let result = try perpetual.result(kind)
            if isCounted(result) { balances[perpetual.settleToken] += result }
        }
        return balances
    }

    private func health(_ kind: HealthKind, balances: [Fixed18])
        throws(ArithmeticOverflow) -> Fixed18
    {
        var health = Fixed18.zero
        for (token, balance) in zip(tokens, balances) {
            health += try token.contribution(of: balance, kind)
        }
        var reserved = tokens.map { _ in Fixed18.zero }
        var converted: [SpotOrderReserves.Outcome] = []
        for orders in spotOrders {
            let both = try orders.converted(tokens, kind)
            reserved[orders.baseToken] += both.base
            reserved[orders.quoteToken] += both.quote
            converted.append(both)
        }
        for (orders, both) in zip(spotOrders, converted) {
            health += try orders.contribution(
                both, tokens, balances: balances, reserved: reserved, kind)
        }
        return health
    }

    /// How much of a settlement token may leave the account to settle losses before its maintenance
    /// health without any losses would reach zero, down. [1e-18 units]
    ///
    /// Source: health/cache.rs (`perp_max_settle`).
    /// - Returns: nil where no amount does.
    public func maximumSettlement(inToken index: Int) throws(ArithmeticOverflow) -> Fixed18? {
        let balances = try balances(.maintenance) { $0 > .zero }
        let health = try health(.maintenance, balances: balances)
        return try tokens[index].amountTaken(
            untilZero: health, from: balances[index], .maintenance)
    }

    /// The account without tokens whose price cannot be had, and without the orders that touch them.
    ///
    /// Leaving out what is owned only lowers health; what is owed may not be left out. Source:
    /// health/cache.rs (`new_health_cache_skipping_missing_banks_and_bad_oracles`).
    /// - Parameter unusable: the tokens' indices.
    /// - Returns: nil where one of them is owed, or a perpetual settles in it.
    public func omitting(_ unusable: [Int]) -> CrossHealth? {
        var renumbered: [Int?] = []
        var kept: [TokenHealth] = []
        for (index, token) in tokens.enumerated() {
            if unusable.contains(index) {
                guard !token.balance.isNegative else { return nil }
                renumbered.append(nil)
            } else {
                renumbered.append(kept.count)
                kept.append(token)
            }
        }
        var perpetuals: [PerpetualHealth] = []
        for perpetual in self.perpetuals {
            guard let token = renumbered[perpetual.settleToken] else { return nil }
            perpetuals.append(
                PerpetualHealth(
                    weights: perpetual.weights, settleToken: token, price: perpetual.price,
                    size: perpetual.size, quote: perpetual.quote, bids: perpetual.bids,
                    asks: perpetual.asks))
        }
        let orders = spotOrders.compactMap { orders -> SpotOrdersHealth? in
            guard let base = renumbered[orders.baseToken],
                let quote = renumbered[orders.quoteToken]
            else { return nil }
            return SpotOrdersHealth(
                baseToken: base, quoteToken: quote, reservedBase: orders.reservedBase,
                reservedQuote: orders.reservedQuote, lowestAsk: orders.lowestAsk,
                highestBid: orders.highestBid)
        }
        return CrossHealth(tokens: kept, spotOrders: orders, perpetuals: perpetuals)
    }
}
