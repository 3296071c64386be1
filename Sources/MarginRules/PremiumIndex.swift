public import ExactMath

/// By how much a perpetual trades above its index: one sample of the input of a funding rate.
///
/// `P = (max(0, impact bid − reference) − max(0, reference − impact ask)) / index + basis`,
/// truncated toward zero and then bounded. The reference is the index at Binance, Bybit, dYdX and
/// Hyperliquid, and the mark price at BitMEX, which adds the basis that the mark already contains.
///
/// Source: dydxprotocol/v4-chain `x/clob/memclob/memclob.go` (`GetPricePremium`); Hyperliquid docs
/// "Funding"; BitMEX "Perpetual Contracts Guide".
public struct PremiumIndex: Hashable, Sendable {
    /// The step a premium is truncated to (dYdX: one millionth); nil keeps 1e-18.
    public var resolution: Fixed18?
    /// The largest magnitude of a premium (dYdX: the vote clamp); nil where there is none.
    public var bound: Fixed18?

    public init(resolution: Fixed18? = nil, bound: Fixed18? = nil) {
        self.resolution = resolution
        self.bound = bound
    }

    /// The premium of a book over its index. [1e-18]
    /// - Parameter impactBid: nil where the bids do not hold the impact notional: a price of zero.
    /// - Parameter impactAsk: nil where the asks do not hold it: an infinite price.
    /// - Parameter reference: what the book is compared with; nil for the index.
    /// - Parameter index: greater than zero.
    /// - Parameter basis: added after the division (BitMEX: the current funding basis).
    /// - Throws: ``ArithmeticOverflow`` when the premium does not fit.
    public func premium(
        impactBid: ImpactPrice?, impactAsk: ImpactPrice?, reference: Price? = nil, index: Price,
        basis: Fixed18 = .zero
    ) throws(ArithmeticOverflow) -> Fixed18 {
        let reference = reference ?? index
        var premium = basis
        if let bid = impactBid {
            let above = try relative(bid, over: reference, index: index)
            premium = try RateArithmetic.sum(premium, max(.zero, above))
        }
        if let ask = impactAsk {
            let above = try relative(ask, over: reference, index: index)
            premium = try RateArithmetic.sum(premium, min(.zero, above))
        }
        return limited(premium)
    }

    /// The premium of the middle of the book, `((bid + ask)/2 − index)/index`. [1e-18]
    ///
    /// Source: OKX, "OKX to optimize funding rate calculation" (in force since 2024-03-05).
    /// - Parameter index: greater than zero.
    /// - Throws: ``ArithmeticOverflow`` when the premium does not fit.
    public func premium(
        bestBid: Price, bestAsk: Price, index: Price
    ) throws(ArithmeticOverflow) -> Fixed18 {
        precondition(index.isPositive, "an index is positive")
        let twice = Int128(bestBid.raw) + Int128(bestAsk.raw)
        let above = Fixed18(raw: twice - 2 * Int128(index.raw))
        return limited(
            try above.divided(by: Fixed18(raw: 2 * Int128(index.raw)), rounding: .towardZero))
    }

    /// `(impact − reference) / index`, toward zero.
    private func relative(
        _ impact: ImpactPrice, over reference: Price, index: Price
    ) throws(ArithmeticOverflow) -> Fixed18 {
        precondition(index.isPositive, "an index is positive")
        // Over the common denominator quantity · index, so that only the last step rounds.
        let above =
            product(impact.notional.raw, scaleE8) - product(reference.raw, impact.quantity.raw)
        let whole = product(index.raw, impact.quantity.raw)
        return try Fixed18(raw: above).divided(by: Fixed18(raw: whole), rounding: .towardZero)
    }

    private func limited(_ premium: Fixed18) -> Fixed18 {
        let truncated = RateArithmetic.truncate(premium, to: resolution)
        guard let bound else { return truncated }
        return RateArithmetic.clamp(truncated, to: bound)
    }
}
