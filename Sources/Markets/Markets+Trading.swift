public import ExactMath

/// What a trade outside would do, or has done.
///
/// `proceeds + slippage` is exactly the value of the quantity at `priceBefore`, with the sign of
/// the cash and rounded against the trader.
public struct OutsideFill: Sendable, Hashable {
    /// Negative is a sale. [1e-8 units]
    public var quantity: Quantity
    /// Cash per unit, rounded against the trader; the price before for a quantity of zero. It can
    /// be zero where a sale is too small to bring a unit of `Money`.
    public var averagePrice: Price
    /// The cash the trader receives: positive for a sale, negative for a purchase. [1e-8 USD]
    public var proceeds: Money
    /// What the trade costs against the price before it, half spread included; never negative.
    /// [1e-8 USD]
    public var slippage: Money
    public var priceBefore: Price
    public var priceAfter: Price

    public init(
        quantity: Quantity, averagePrice: Price, proceeds: Money, slippage: Money,
        priceBefore: Price, priceAfter: Price
    ) {
        self.quantity = quantity
        self.averagePrice = averagePrice
        self.proceeds = proceeds
        self.slippage = slippage
        self.priceBefore = priceBefore
        self.priceAfter = priceAfter
    }
}

extension Markets {
    /// What a trade would do now; it changes nothing.
    ///
    /// - Parameter quantity: negative is a sale; zero fills at the price, for nothing.
    /// - Throws: ``MarketsError/marketDepthExceeded(asset:impact:)`` for a sale that would leave
    ///   the price more than 95 % below the exogenous one, ``MarketsError/overflow(asset:)`` for a
    ///   trade too large for 64 bits.
    public func quote(_ asset: Int, _ quantity: Quantity) throws(MarketsError) -> OutsideFill {
        try settlement(asset, quantity).fill
    }

    /// Trades at the ``quote(_:_:)``, and moves the price.
    ///
    /// - Throws: what the quote throws; then nothing has changed.
    public mutating func trade(_ asset: Int, _ quantity: Quantity)
        throws(MarketsError) -> OutsideFill
    {
        let (fill, impact) = try settlement(asset, quantity)
        // Nothing below may fail.
        states[asset].impact = impact
        states[asset].price = fill.priceAfter
        return fill
    }

    /// The fill of a trade and the impact that it leaves.
    private func settlement(_ asset: Int, _ quantity: Quantity)
        throws(MarketsError) -> (fill: OutsideFill, impact: Impact)
    {
        let state = states[asset]
        // The magnitude of the least quantity does not exist.
        guard quantity.raw > .min else { throw .overflow(asset: asset) }
        do {
            guard let liquidity = state.liquidity, !quantity.isZero else {
                let cash = try worth(of: quantity, at: state.price)
                let fill = try OutsideFill(
                    quantity, for: cash, worth: cash, before: state.price, after: state.price)
                return (fill, state.impact)
            }
            // Guards the product below, whose value it repeats in eighteen decimals.
            _ = try quantity.value(at: state.exogenous, rounding: .up)
            let value = Fixed18(raw: product(quantity.raw, state.exogenous.raw) * 100)
            // Where only a share of the depth is there, a trade is as large as one of its reciprocal.
            let share = Fixed18(assets[asset].depthShare(at: time))
            let volume = share == .one ? value : try value.divided(by: share, rounding: .towardZero)
            let impact = try state.impact.adding(volume, liquidity)
            if quantity.isNegative, impact.relative < Fixed18(Liquidity.deepestImpact) {
                let reached = try impact.relative.rounded(to: Ratio.self, .down)
                throw MarketsError.marketDepthExceeded(asset: asset, impact: reached)
            }
            // What cannot be shown is refused here, so that nothing has to be refused later.
            _ = try impact.relative.rounded(to: Ratio.self, .nearest)
            var swept = try impact.integral(liquidity) - state.impact.integral(liquidity)
            if share != .one { swept = try swept.multiplied(by: share, rounding: .up) }
            _ = try swept.rounded(to: Money.self, .nearest)
            let cash = try cash(paying: value + swept, quantity, liquidity.spread)
            let worth = try worth(of: quantity, at: state.price)
            let after = try Fixed18(state.exogenous)
                .multiplied(by: .one + impact.relative, rounding: .nearest)
                .rounded(to: Price.self, .nearest)
            let fill = try OutsideFill(
                // No fill is better than the price shown, which is rounded to a tick.
                quantity, for: min(cash, worth), worth: worth, before: state.price,
                after: max(after, .lowest))
            return (fill, impact)
        } catch let error as MarketsError {
            throw error
        } catch {
            throw .overflow(asset: asset)
        }
    }

    /// The cash for a signed value and the half spread on it, rounded against the trader.
    private func cash(paying value: Fixed18, _ quantity: Quantity, _ spread: Ratio)
        throws(ArithmeticOverflow) -> Money
    {
        let size = value.raw < 0 ? -value : value
        let fee = try size.multiplied(by: Fixed18(spread), rounding: .up)
        let cash = try (-value - fee).rounded(to: Money.self, .down)
        guard cash.raw > .min else { throw ArithmeticOverflow() }
        // A sale of dust may be lost in rounding; it never costs anything.
        return quantity.isNegative ? max(cash, .zero) : cash
    }

    /// The cash for a quantity at a price, rounded against the trader.
    private func worth(of quantity: Quantity, at price: Price) throws(ArithmeticOverflow) -> Money {
        quantity.isNegative
            ? try quantity.magnitude.value(at: price, rounding: .down)
            : -(try quantity.value(at: price, rounding: .up))
    }
}

extension OutsideFill {
    fileprivate init(
        _ quantity: Quantity, for proceeds: Money, worth: Money, before: Price, after: Price
    ) throws(ArithmeticOverflow) {
        self.init(
            quantity: quantity, averagePrice: before, proceeds: proceeds,
            slippage: try worth.adding(-proceeds), priceBefore: before, priceAfter: after)
        guard !quantity.isZero else { return }
        averagePrice = Price(
            raw: try multiply(
                proceeds.magnitude.raw, scaleE8, dividingBy: quantity.magnitude.raw,
                rounding: quantity.isNegative ? .down : .up))
    }
}
