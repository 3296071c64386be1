public import ExactMath

/// A resting order, or all of them at one price: one step of a side of a book, best first.
public struct QuotedDepth: Hashable, Sendable {
    /// The limit price. [1e-8 USD per unit]
    public var price: Price
    /// What rests there, greater than zero. [1e-8 units]
    public var quantity: Quantity

    public init(price: Price, quantity: Quantity) {
        self.price = price
        self.quantity = quantity
    }
}

/// The average price that an order of a given notional would meet on one side of a book, as a
/// fraction.
///
/// Kept as notional over quantity, so that a premium is rounded once, from exact figures. Taking it
/// from a fixed notional instead of the best price keeps a small order from setting the funding
/// rate.
public struct ImpactPrice: Hashable, Sendable {
    /// What is paid or received. [1e-8 USD]
    public let notional: Money
    /// What is traded for it, greater than zero. [1e-8 units]
    public let quantity: Quantity

    /// A notional over the quantity that it buys or sells, which is greater than zero.
    public init(notional: Money, quantity: Quantity) {
        precondition(quantity.isPositive, "an impact price needs a quantity")
        self.notional = notional
        self.quantity = quantity
    }

    /// An impact price that is known as a price.
    public init(_ price: Price) {
        self.init(notional: Money(raw: price.raw), quantity: Quantity(raw: scaleE8))
    }

    /// The price itself. [1e-8 USD per unit]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func price(rounding: Rounding) throws(ArithmeticOverflow) -> Price {
        Price(
            raw: try multiply(
                notional.raw, scaleE8, dividingBy: quantity.raw, rounding: rounding))
    }

    /// The average price for a notional, nil where the side does not hold that much.
    ///
    /// Walks the side from its best level; a level's value is rounded down and the quantity up,
    /// both in 1e-8. A notional of zero stands for the best price, as in dydxprotocol/v4-chain
    /// `x/clob/memclob/memclob.go` (`getImpactPriceSubticks`).
    /// - Parameter notional: the impact notional, zero or more. [1e-8 USD]
    /// - Parameter levels: one side of the book, best price first.
    /// - Throws: ``ArithmeticOverflow`` when a level's value or the quantity does not fit.
    public static func average(
        of notional: Money, in levels: some Sequence<QuotedDepth>
    ) throws(ArithmeticOverflow) -> ImpactPrice? {
        precondition(!notional.isNegative, "an impact notional is not negative")
        var remaining = notional
        var quantity = Quantity.zero
        for level in levels {
            guard notional.isPositive else { return ImpactPrice(level.price) }
            let value = try level.quantity.value(at: level.price, rounding: .down)
            if remaining > value {
                quantity = try quantity.adding(level.quantity)
                remaining -= value
            } else {
                let part = try level.quantity.scaled(
                    by: remaining.raw, over: value.raw, rounding: .up)
                return ImpactPrice(notional: notional, quantity: try quantity.adding(part))
            }
        }
        return nil
    }

    /// The price of the level at which a quantity is reached, nil where the side holds less.
    ///
    /// Mango's impact price: blockworks-foundation/mango-v4 `state/orderbook/bookside.rs`
    /// (`impact_price`).
    /// - Throws: ``ArithmeticOverflow`` when the sum of the levels does not fit.
    public static func marginal(
        of quantity: Quantity, in levels: some Sequence<QuotedDepth>
    ) throws(ArithmeticOverflow) -> Price? {
        var sum = Quantity.zero
        for level in levels {
            sum = try sum.adding(level.quantity)
            if sum >= quantity { return level.price }
        }
        return nil
    }
}
