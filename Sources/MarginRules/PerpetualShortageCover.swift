public import ExactMath

/// How much of a perpetual position must change hands to end a margin shortage.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/math/liquidation.rs
/// (`calculate_base_asset_amount_to_cover_margin_shortage`, `calculate_perp_if_fee`) and
/// controller/liquidation.rs (`liquidate_perp`).
public struct PerpetualShortageCover: Hashable, Sendable {
    /// The margin that is missing, buffer included. [1e-8 USD]
    public let shortage: Money
    /// The position's maintenance ratio with the buffer. [1e-8]
    public let marginRatio: Ratio
    /// The liquidator's fee as a share of the value. [1e-8]
    public let liquidatorFee: Ratio
    /// The oracle price of the position. [1e-8 USD per unit]
    public let price: Price
    /// The price of the settlement asset. [1e-8 USD per unit]
    public let quotePrice: Price

    /// - Parameters: all zero or more.
    public init(
        shortage: Money, marginRatio: Ratio, liquidatorFee: Ratio, price: Price, quotePrice: Price
    ) {
        precondition(!shortage.isNegative && !marginRatio.isNegative)
        precondition(!liquidatorFee.isNegative && !price.isNegative && !quotePrice.isNegative)
        self.shortage = shortage
        self.marginRatio = marginRatio
        self.liquidatorFee = liquidatorFee
        self.price = price
        self.quotePrice = quotePrice
    }

    private func valuePerUnit() throws(ArithmeticOverflow) -> Price {
        try price.scaled(by: quotePrice.raw, over: scaleE8, rounding: .down)
    }

    /// The insurance fund's fee, in whole parts per million: what the freed margin leaves after the
    /// liquidator, less a reserve, so that the fee alone does not bankrupt the account. [1e-8]
    /// - Parameters:
    ///   - marketShortage: the part of the shortage that falls on this market.
    ///   - position: the size without sign.
    ///   - maximum: the market's fee.
    ///   - kept: the share of what is left that may be charged.
    public func insuranceFee(
        marketShortage: Money, position: Quantity, maximum: Ratio, kept: ExactFraction
    ) throws(ArithmeticOverflow) -> Ratio {
        guard price.isPositive, quotePrice.isPositive, position.isPositive,
            marginRatio > liquidatorFee
        else { return .zero }
        let value = try valuePerUnit()
        guard value.isPositive else { return .zero }
        let perUnit = CheckedInt128.quotient(
            product(marketShortage.raw, scaleE8), Int128(position.raw), .down)
        // In whole parts per million, as the fee itself.
        let step = RateStep.partPerMillion.rawValue
        let missing = CheckedInt128.quotient(
            try CheckedInt128.product(perUnit, Int128(scaleE8 / step)), Int128(value.raw), .down)
        let available = Int128((marginRatio - liquidatorFee).raw / step) - missing
        guard available > 0 else { return .zero }
        let charged = CheckedInt128.quotient(
            try CheckedInt128.product(available, Int128(kept.numerator)),
            Int128(kept.denominator), .down)
        return min(maximum, Ratio(raw: Int64(clamping: charged * Int128(step))))
    }

    /// The size that covers the shortage, truncated. [1e-8 units]
    ///
    /// Each unit frees its margin and costs both fees.
    /// - Returns: nil where no size does: the price is zero, or the fees eat the freed margin.
    /// - Throws: ``ArithmeticOverflow`` also where the insurance fee exceeds what a unit frees.
    public func size(insuranceFee: Ratio) throws(ArithmeticOverflow) -> Quantity? {
        guard price.isPositive, marginRatio > liquidatorFee else { return nil }
        let freed = try valuePerUnit().scaled(by: marginRatio - liquidatorFee, rounding: .down)
        let net = freed - (try price.scaled(by: insuranceFee, rounding: .down))
        guard net.isPositive else { throw ArithmeticOverflow() }
        return Quantity(
            raw: try divide(product(shortage.raw, scaleE8), by: net.raw, rounding: .down))
    }
}

/// What one call of a liquidator takes of a perpetual position, and what the parties pay.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/controller/liquidation.rs (`liquidate_perp`).
public struct PerpetualTransfer: Hashable, Sendable {
    /// What leaves the account, without sign. [1e-8 units]
    public let size: Quantity
    /// Its value at the oracle price, truncated. [1e-8 USD]
    public let value: Money
    /// What the account pays to the liquidator, truncated. [1e-8 USD]
    public let liquidatorFee: Money
    /// What the account pays to the insurance fund, truncated. [1e-8 USD]
    public let insuranceFee: Money
    /// Whether the transfer covers the shortage, so that the liquidation ends.
    public let coversShortage: Bool

    /// - Parameters:
    ///   - position: the size without sign.
    ///   - wanted: the most the liquidator takes; down to a step.
    ///   - toCover: what covers the shortage, nil where nothing does; up to a step.
    ///   - share: how much of that the ramp allows.
    ///   - smallPosition: the value up to which a position may be taken whole, itself included.
    ///   - step: the smallest tradable size, greater than zero.
    /// - Returns: nil where the ramp or the liquidator leave nothing to transfer.
    public init?(
        position: Quantity, wanted: Quantity, toCover: Quantity?, share: Ratio, price: Price,
        liquidatorFee: Ratio, insuranceFee: Ratio, smallPosition: Money, step: Quantity
    ) throws(ArithmeticOverflow) {
        precondition(!position.isNegative && step.isPositive && !wanted.isNegative)
        let wanted = wanted.raw - wanted.raw % step.raw
        let toCover = try toCover.map { (size) throws(ArithmeticOverflow) in
            try Self.ceil(size, step: step)
        }
        // Where nothing covers the shortage, only the share, the liquidator and the position limit.
        let allowed =
            try toCover?.scaled(by: share, rounding: .down)
            ?? (share.isPositive ? Quantity(raw: .max) : .zero)
        guard allowed.isPositive, wanted > 0 else { return nil }
        let whole = try position.value(at: price, rounding: .down) <= smallPosition
        let limit = whole ? max(allowed, position) : allowed
        let size = try Self.ceil(
            min(position, Quantity(raw: wanted), limit), step: step)
        self.size = size
        self.value = try size.value(at: price, rounding: .down)
        self.liquidatorFee = try value.scaled(by: liquidatorFee, rounding: .down)
        self.insuranceFee = try value.scaled(by: insuranceFee, rounding: .down)
        self.coversShortage = toCover.map { size >= $0 } ?? false
    }

    private static func ceil(_ size: Quantity, step: Quantity) throws(ArithmeticOverflow)
        -> Quantity
    {
        let excess = size.raw % step.raw
        return excess == 0 ? size : try size.adding(Quantity(raw: step.raw - excess))
    }
}
