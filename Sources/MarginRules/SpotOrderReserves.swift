public import ExactMath

/// What the open orders of one spot market have set aside, and what that may become.
///
/// Source: blockworks-foundation/mango-v4 programs/mango-v4/src/health/cache.rs (`Serum3Info`).
public struct SpotOrderReserves: Hashable, Sendable {
    /// Base reserved by asks, zero or more. [1e-8 units]
    public let base: Quantity
    /// Quote reserved by bids, zero or more. [1e-8 units]
    public let quote: Quantity
    /// The lowest ask, where it is known. [1e-8 quote per base]
    public let lowestAsk: Price?
    /// The highest bid, where it is known. [1e-8 quote per base]
    public let highestBid: Price?

    public init(base: Quantity, quote: Quantity, lowestAsk: Price?, highestBid: Price?) {
        precondition(!base.isNegative && !quote.isNegative)
        precondition(lowestAsk?.isPositive ?? true && highestBid?.isPositive ?? true)
        self.base = base
        self.quote = quote
        self.lowestAsk = lowestAsk
        self.highestBid = highestBid
    }

    /// What the reserves become if all orders end on one side. [1e-18 units]
    public struct Outcome: Hashable, Sendable {
        /// All of them as base.
        public var base: Fixed18
        /// All of them as quote.
        public var quote: Fixed18
    }

    /// The prices of one of the two tokens. [1e-8 USD per unit]
    public struct Prices: Hashable, Sendable {
        /// Of what is owned.
        public var asset: Price
        /// Of what is owed.
        public var liability: Price
        public init(asset: Price, liability: Price) {
            self.asset = asset
            self.liability = liability
        }
    }

    /// Converts at the worse of the oracle prices and the most aggressive order, rounded down.
    ///
    /// - Throws: ``ArithmeticOverflow`` where a price that is divided by is not above zero.
    public func converted(base basePrices: Prices, quote quotePrices: Prices)
        throws(ArithmeticOverflow) -> Outcome
    {
        let asBase = try Self.convert(quote, at: quotePrices.asset, to: basePrices.liability)
        let asQuote = try Self.convert(base, at: basePrices.asset, to: quotePrices.liability)
        return Outcome(
            base: Fixed18(base) + min(asBase, try quoteAtHighestBid() ?? asBase),
            quote: Fixed18(quote) + min(asQuote, try baseAtLowestAsk() ?? asQuote))
    }

    /// What the reserves become at the most aggressive orders alone; of a side without one, nothing more. [1e-18 units]
    ///
    /// Source: programs/mango-v4/src/instructions/serum3_place_order.rs (`update_bank_potential_tokens`).
    public func convertedAtOrders() throws(ArithmeticOverflow) -> Outcome {
        Outcome(
            base: Fixed18(base) + (try quoteAtHighestBid() ?? .zero),
            quote: Fixed18(quote) + (try baseAtLowestAsk() ?? .zero))
    }

    /// nil without reserved quote, or where the highest bid is not known.
    private func quoteAtHighestBid() throws(ArithmeticOverflow) -> Fixed18? {
        guard let highestBid, !quote.isZero else { return nil }
        return try Fixed18(quote).divided(by: Fixed18(highestBid), rounding: .down)
    }

    private func baseAtLowestAsk() throws(ArithmeticOverflow) -> Fixed18? {
        guard let lowestAsk, !base.isZero else { return nil }
        return try Fixed18(base).multiplied(by: Fixed18(lowestAsk), rounding: .down)
    }

    private static func convert(_ amount: Quantity, at price: Price, to other: Price)
        throws(ArithmeticOverflow) -> Fixed18
    {
        guard other.isPositive else { throw ArithmeticOverflow() }
        return try Fixed18(amount).multiplied(by: Fixed18(price), rounding: .down)
            .divided(by: Fixed18(other), rounding: .down)
    }

    /// What an amount adds to a token's worth if it comes last, as the uppermost part of a balance: above zero an asset, below
    /// it the repayment of a debt. [1e-18 USD]
    ///
    /// - Parameter worth: of a whole balance, weighted.
    public static func effect(
        of amount: Fixed18, upTo most: Fixed18,
        worth: (Fixed18) throws(ArithmeticOverflow) -> Fixed18
    ) throws(ArithmeticOverflow) -> Fixed18 {
        try worth(most) - worth(most - amount)
    }
}
