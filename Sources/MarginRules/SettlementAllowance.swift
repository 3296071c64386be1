public import ExactMath

/// How much of a position's result may be settled: in each window a share of its value, and what reducing it has left of that
/// share; beyond it, once, what fees, funding and liquidations have added to the result or taken from it.
///
/// Source: blockworks-foundation/mango-v4 programs/mango-v4/src/state/mango_account_components.rs (`settle_limit`,
/// `available_settle_limit`, `update_settle_limit`, `update_trade_stats`, `record_settle`).
public struct SettlementAllowance: Hashable, Sendable {
    /// The terms of a market.
    public struct Terms: Hashable, Sendable {
        /// Of a position's value, zero or more.
        public let share: Ratio
        /// Longer than zero; windows are counted from 1970 on.
        public let window: TimeSpan

        public init(share: Ratio, window: TimeSpan) {
            precondition(!share.isNegative && window > .zero)
            self.share = share
            self.window = window
        }
    }

    /// A position as the allowance reads it.
    public struct Position: Hashable, Sendable {
        /// [1e-8 units]
        public let size: Quantity
        /// What was received for it, less what was paid. [1e-8 settlement tokens]
        public let quote: Quantity
        /// The slow price. [1e-8]
        public let price: Price

        public init(size: Quantity, quote: Quantity, price: Price) {
            self.size = size
            self.quote = quote
            self.price = price
        }

        fileprivate func value() throws(ArithmeticOverflow) -> Quantity {
            Quantity(raw: try size.magnitude.value(at: price, rounding: .down).raw)
        }

        /// The result at the slow price, without sign, up.
        fileprivate func result() throws(ArithmeticOverflow) -> Quantity {
            let value = try size.value(at: price, rounding: .down)
            return try quote.adding(Quantity(raw: value.raw)).magnitude
        }
    }

    /// In each window, beside the share of the value; zero or more. [1e-8 settlement tokens]
    public private(set) var recurring: Quantity
    /// Once, of a profit; below zero of a loss. [1e-8 settlement tokens]
    public private(set) var once: Quantity
    /// What has been settled in the present window; a loss is negative.
    public private(set) var used: Quantity = .zero
    private var window: Int64 = .min

    /// - Parameter recurring: zero or more.
    public init(recurring: Quantity = .zero, once: Quantity = .zero) {
        precondition(!recurring.isNegative)
        self.recurring = recurring
        self.once = once
    }

    /// The least and the most that may still be settled now: zero or less, zero or more.
    public func limits(_ position: Position, _ terms: Terms, now: Timestamp)
        throws(ArithmeticOverflow) -> ClosedRange<Quantity>
    {
        let share = try position.value().scaled(by: terms.share, rounding: .down)
        var most = try share.adding(min(recurring, try position.result()))
        var least = -most
        if once.isNegative { least = try least.adding(once) } else { most = try most.adding(once) }
        let used = Self.index(now, terms) == window ? self.used : .zero
        return min(.zero, try least.adding(-used))...max(.zero, try most.adding(-used))
    }

    /// After a trade: what a reduction takes from the share of the value stays, and an increase uses it up.
    /// - Parameters:
    ///   - before: the size before it.
    ///   - position: what it has left.
    public mutating func recordTrade(from before: Quantity, to position: Position, _ terms: Terms)
        throws(ArithmeticOverflow)
    {
        let grown = position.size.magnitude - before.magnitude
        let value = try grown.value(at: position.price, rounding: .down)
        let share = try value.scaled(by: terms.share, rounding: .down)
        recurring = max(.zero, try recurring.adding(Quantity(raw: -share.raw)))
        recurring = min(recurring, try position.result())
    }

    /// What fees, funding and liquidations add to a result, or take from it, may be settled once.
    public mutating func recordChange(_ change: Quantity) throws(ArithmeticOverflow) {
        once = try once.adding(change)
    }

    /// After a settlement, of a profit or with a minus of a loss.
    /// - Parameter position: what it has left.
    public mutating func recordSettlement(
        _ settled: Quantity, leaving position: Position, _ terms: Terms, now: Timestamp
    ) throws(ArithmeticOverflow) {
        if Self.index(now, terms) != window {
            window = Self.index(now, terms)
            used = .zero
        }
        let single =
            settled.isPositive
            ? max(.zero, min(settled, once)) : min(.zero, max(settled, once))
        once -= single
        var rest = settled - single
        let before = recurring
        recurring = min(recurring, try position.result())
        let lost = before - recurring
        // What the allowance itself has lost by the settlement does not count twice.
        rest = rest.isPositive ? max(.zero, rest - lost) : min(.zero, rest + lost)
        used = try used.adding(rest)
    }

    private static func index(_ now: Timestamp, _ terms: Terms) -> Int64 {
        let whole = now.milliseconds / terms.window.milliseconds
        return now.milliseconds % terms.window.milliseconds < 0 ? whole - 1 : whole
    }
}
