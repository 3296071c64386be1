public import ExactMath

/// Funds reserved by the open orders of one spot market, which may come back as either token.
///
/// Source: blockworks-foundation/mango-v4 programs/mango-v4/src/health/cache.rs (`Serum3Info`).
public struct SpotOrdersHealth: Hashable, Sendable {
    /// The index of the base token among the account's tokens.
    public let baseToken: Int
    /// The index of the quote token among the account's tokens.
    public let quoteToken: Int
    /// Base reserved by asks, zero or more. [1e-8 units]
    public let reservedBase: Quantity
    /// Quote reserved by bids, zero or more. [1e-8 units]
    public let reservedQuote: Quantity
    /// The lowest ask, where it is known. [1e-8 quote per base]
    public let lowestAsk: Price?
    /// The highest bid, where it is known. [1e-8 quote per base]
    public let highestBid: Price?

    public init(
        baseToken: Int, quoteToken: Int, reservedBase: Quantity, reservedQuote: Quantity,
        lowestAsk: Price?, highestBid: Price?
    ) {
        precondition(!reservedBase.isNegative && !reservedQuote.isNegative)
        precondition(lowestAsk?.isPositive ?? true && highestBid?.isPositive ?? true)
        self.baseToken = baseToken
        self.quoteToken = quoteToken
        self.reservedBase = reservedBase
        self.reservedQuote = reservedQuote
        self.lowestAsk = lowestAsk
        self.highestBid = highestBid
    }

    /// Converts at the worse of the oracle prices and the most aggressive order.
    func converted(_ tokens: [TokenHealth], _ kind: HealthKind)
        throws(ArithmeticOverflow) -> SpotOrderReserves.Outcome
    {
        let (base, quote) = (tokens[baseToken], tokens[quoteToken])
        return try SpotOrderReserves(
            base: reservedBase, quote: reservedQuote, lowestAsk: lowestAsk, highestBid: highestBid
        ).converted(
            base: .init(asset: base.assetPrice(kind), liability: base.liabilityPrice(kind)),
            quote: .init(asset: quote.assetPrice(kind), liability: quote.liabilityPrice(kind)))
    }

    /// What the funds add to health: the smaller effect of the two outcomes, as if they came last after
    /// the funds of all other markets, which makes every effect the smallest it can be. [1e-18 USD]
    /// - Parameters:
    ///   - balances: the effective balances of the tokens.
    ///   - reserved: per token, what all markets together may bring.
    func contribution(
        _ converted: SpotOrderReserves.Outcome, _ tokens: [TokenHealth], balances: [Fixed18],
        reserved: [Fixed18],
        _ kind: HealthKind
    ) throws(ArithmeticOverflow) -> Fixed18 {
        guard converted.base != .zero, converted.quote != .zero else { return .zero }
        let base = try Self.effect(
            of: converted.base, on: tokens[baseToken],
            upTo: balances[baseToken] + reserved[baseToken], kind)
        let quote = try Self.effect(
            of: converted.quote, on: tokens[quoteToken],
            upTo: balances[quoteToken] + reserved[quoteToken], kind)
        return min(base, quote)
    }

    private static func effect(
        of amount: Fixed18, on token: TokenHealth, upTo most: Fixed18, _ kind: HealthKind
    ) throws(ArithmeticOverflow) -> Fixed18 {
        try SpotOrderReserves.effect(of: amount, upTo: most) { amount throws(ArithmeticOverflow) in
            try token.contribution(of: amount, kind)
        }
    }
}
