public import ExactMath

/// A liquidation that first sells a part into the book, then everything, and hands what is nearly
/// bankrupt to a backstop vault.
///
/// Source: Hyperliquid docs, trading/liquidations.
public struct StagedLiquidation: Hashable, Sendable {
    /// The notional above which the first order closes only a part. [1e-8 USD]
    public let partialAbove: Money
    /// The part that the first order closes. [1e-8]
    public let firstPortion: Ratio
    /// How long after a partial order all orders are for entire positions. [milliseconds]
    public let fullOrdersFor: TimeSpan
    /// The share of the maintenance margin below which the vault takes over.
    public let backstopShare: ExactFraction

    /// - Parameters:
    ///   - partialAbove: zero or more.
    ///   - firstPortion: above zero, at most one.
    ///   - fullOrdersFor: zero or more.
    ///   - backstopShare: at most one.
    public init(
        partialAbove: Money, firstPortion: Ratio, fullOrdersFor: TimeSpan,
        backstopShare: ExactFraction
    ) {
        precondition(!partialAbove.isNegative && fullOrdersFor >= .zero)
        precondition(firstPortion.isPositive && firstPortion <= .one)
        precondition(backstopShare.numerator <= backstopShare.denominator)
        self.partialAbove = partialAbove
        self.firstPortion = firstPortion
        self.fullOrdersFor = fullOrdersFor
        self.backstopShare = backstopShare
    }

    /// What happens to an account.
    public enum Stage: Hashable, Sendable {
        /// It meets its maintenance margin; equality does.
        case none
        /// Market orders close its positions.
        case marketOrder
        /// The vault takes all cross positions and all margin; nothing is returned.
        case backstop
        /// Its equity is negative: auto-deleveraging.
        case autoDeleveraging
    }

    /// The stage of an account, by strict comparison with its maintenance margin, the backstop's share
    /// of it, and zero. Without a maintenance margin there is no position and nothing to liquidate.
    public func stage(equity: Money, maintenanceMargin: Money) -> Stage {
        guard maintenanceMargin.isPositive else { return .none }
        if equity.isNegative { return .autoDeleveraging }
        if equity >= maintenanceMargin { return .none }
        let held = product(equity.raw, backstopShare.denominator)
        let needed = product(maintenanceMargin.raw, backstopShare.numerator)
        return held < needed ? .backstop : .marketOrder
    }

    /// The size of a market liquidation order, without sign. [1e-8 units]
    ///
    /// The part is rounded up to a step: liquidating a whole step too little could be nothing.
    /// - Parameters:
    ///   - position: the signed size.
    ///   - notional: its signed value.
    ///   - lastPartial: when a position of the account was last liquidated in part, if ever; within the
    ///     span after it, its end excluded, orders are for the whole position.
    ///   - step: the smallest tradable size, greater than zero.
    public func orderSize(
        of position: Quantity, notional: Money, lastPartial: Timestamp?, now: Timestamp,
        step: Quantity
    ) throws(ArithmeticOverflow) -> Quantity {
        precondition(step.isPositive, "a step is positive")
        let isRecent = lastPartial.map { now - $0 < fullOrdersFor } ?? false
        guard notional.magnitude > partialAbove, !isRecent else { return position.magnitude }
        let part = try position.magnitude.scaled(by: firstPortion, rounding: .up)
        let excess = part.raw % step.raw
        let stepped = excess == 0 ? part : try part.adding(Quantity(raw: step.raw - excess))
        return min(stepped, position.magnitude)
    }
}
