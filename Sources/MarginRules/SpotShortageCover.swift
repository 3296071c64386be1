public import ExactMath

/// An exchange of a debt against an asset of the same account, at oracle prices with a liquidator's
/// premium: how much ends a margin shortage, and how much of the one pays for the other.
///
/// A deposit, or an unrealised profit, on one side; a borrow, or an unrealised loss, on the other.
/// Source: drift-labs/protocol-v2 programs/drift/src/math/liquidation.rs
/// (`calculate_liability_transfer_to_cover_margin_shortage`, `calculate_spot_if_fee`,
/// `calculate_liability_transfer_implied_by_asset_amount`,
/// `calculate_asset_transfer_for_liability_transfer`).
public struct SpotShortageCover: Hashable, Sendable {
    /// One side of the exchange.
    public struct Side: Hashable, Sendable {
        /// The amount, without sign. [1e-8 units]
        public let amount: Quantity
        /// The oracle price, zero or more. [1e-8 USD per unit]
        public let price: Price
        /// The maintenance weight; with the buffer for a liability. [1e-8]
        public let weight: Ratio
        /// The liquidator's fee on this side. [1e-8]
        public let fee: Ratio

        public init(amount: Quantity, price: Price, weight: Ratio, fee: Ratio) {
            precondition(!amount.isNegative && !price.isNegative)
            precondition(!weight.isNegative && !fee.isNegative && fee <= .one)
            self.amount = amount
            self.price = price
            self.weight = weight
            self.fee = fee
        }
    }

    /// The side that pays, at one plus its fee.
    public let asset: Side
    /// The side that is repaid, at one less its fee.
    public let liability: Side

    public init(asset: Side, liability: Side) {
        self.asset = asset
        self.liability = liability
    }

    private var premium: Int128 { Int128((Ratio.one + asset.fee).raw) }
    private var discount: Int128 { Int128((Ratio.one - liability.fee).raw) }

    /// How much of the debt must be repaid to end a shortage; at least one unit of 1e-8. [1e-8 units]
    ///
    /// Each unit of debt frees its weight, costs the weight of the asset that pays for it, and the
    /// insurance fee. The asset's component is truncated to 1e-5.
    /// - Returns: nil where no amount does: the payment weighs as much as the debt.
    /// - Throws: ``ArithmeticOverflow`` also where the insurance fee exceeds what a unit frees.
    public func amountToCover(_ shortage: Money, insuranceFee: Ratio)
        throws(ArithmeticOverflow) -> Quantity?
    {
        guard asset.weight < liability.weight, discount > 0 else { return nil }
        let component =
            CheckedInt128.quotient(
                CheckedInt128.quotient(Int128(asset.weight.raw), 1_000, .down) * premium, discount,
                .down) * 1_000
        guard component < Int128(liability.weight.raw) else { return nil }
        let gain = try CheckedInt128.product(
            Int128(liability.price.raw), Int128(liability.weight.raw) - component)
        let fee = try liability.price.scaled(by: insuranceFee, rounding: .down)
        let net = gain - product(fee.raw, liability.weight.raw)
        guard net > 0 else { throw ArithmeticOverflow() }
        // net is in 1e-16 USD per unit.
        let scaled = WideMagnitude(
            UInt128(shortage.raw.magnitude), times: UInt128(scaleE8) * UInt128(scaleE8))
        guard let raw = scaled.divided(by: net.magnitude, roundingUp: false).int64 else {
            throw ArithmeticOverflow()
        }
        return Quantity(raw: max(raw, 1))
    }

    /// The insurance fund's fee on the repaid debt, in whole parts per million: what the repayment
    /// leaves of the freed margin. [1e-8]
    /// - Parameters:
    ///   - marketShortage: the part of the shortage that falls on the debt's market.
    ///   - maximum: the market's fee.
    public func insuranceFee(marketShortage: Money, maximum: Ratio)
        throws(ArithmeticOverflow) -> Ratio
    {
        guard asset.weight < liability.weight, liability.price.isPositive,
            liability.amount.isPositive, discount > 0
        else { return .zero }
        // Everything in whole parts per million from here.
        let step = Int128(RateStep.partPerMillion.rawValue)
        let unit = Int128(scaleE8) / step
        let weight = Int128(liability.weight.raw) / step
        guard weight > 0 else { return .zero }
        let paid = CheckedInt128.quotient(
            Int128(asset.weight.raw) / step * premium, discount, .down)
        let perUnit = CheckedInt128.quotient(
            try CheckedInt128.product(
                product(marketShortage.raw, scaleE8), unit), Int128(liability.amount.raw), .down)
        let missing = CheckedInt128.quotient(perUnit, Int128(liability.price.raw), .down)
        let left = max(0, max(0, weight - paid) - missing)
        let fee = CheckedInt128.quotient(left * unit, weight, .down)
        return min(maximum, Ratio(raw: Int64(clamping: fee * step)))
    }

    /// How much of the debt the whole asset repays, up. [1e-8 units]
    /// - Returns: nil where the debt is worth nothing.
    public func amountAffordable() throws(ArithmeticOverflow) -> Quantity? {
        guard liability.price.isPositive else { return nil }
        let raw = try exchange(
            asset.amount, from: asset.price, by: discount, to: liability.price, by: premium,
            roundingUp: true)
        return Quantity(raw: raw)
    }

    /// How much of the asset pays for a repayment, truncated, but at least one unit of 1e-8. [1e-8 units]
    ///
    /// The whole asset where the difference to it is worth less than the dust limit, in either direction.
    /// - Parameter dust: [1e-8 USD]
    public func payment(for repaid: Quantity, dust: Money) throws(ArithmeticOverflow) -> Quantity {
        guard asset.price.isPositive, discount > 0 else { throw ArithmeticOverflow() }
        let raw = max(
            1,
            try exchange(
                repaid, from: liability.price, by: premium, to: asset.price, by: discount,
                roundingUp: false))
        let difference = Quantity(raw: raw) - asset.amount
        let isDust = try difference.magnitude.value(at: asset.price, rounding: .down) < dust
        return isDust ? asset.amount : Quantity(raw: raw)
    }

    private func exchange(
        _ amount: Quantity, from price: Price, by factor: Int128, to other: Price,
        by divisor: Int128, roundingUp: Bool
    ) throws(ArithmeticOverflow) -> Int64 {
        let numerator = WideMagnitude(
            product(amount.raw, price.raw).magnitude, times: factor.magnitude)
        let denominator = UInt128(other.raw.magnitude) * divisor.magnitude
        let quotient = numerator.divided(by: denominator, roundingUp: roundingUp)
        guard let raw = quotient.int64 else { throw ArithmeticOverflow() }
        return raw
    }

    /// What one call of a liquidator exchanges.
    public struct Transfer: Hashable, Sendable {
        /// The debt that the liquidator takes over. [1e-8 units]
        public let liability: Quantity
        /// The asset that it receives. [1e-8 units]
        public let asset: Quantity
        /// The part of the debt that stays with the account, as the insurance fund's fee. [1e-8 units]
        public let insuranceFee: Quantity
        /// Whether the transfer covers the shortage, so that the liquidation ends.
        public let coversShortage: Bool
    }

    /// The exchange that a liquidator may make.
    /// - Parameters:
    ///   - wanted: the most debt the liquidator takes.
    ///   - toCover: what covers the shortage, nil where nothing does.
    ///   - share: how much of that the ramp allows.
    ///   - smallDebt: the value up to which a debt may be taken whole, itself included.
    ///   - dust: see ``payment(for:dust:)``.
    /// - Returns: nil where nothing is left to exchange.
    public func transfer(
        wanted: Quantity, toCover: Quantity?, share: Ratio, insuranceFee: Ratio,
        smallDebt: Money, dust: Money
    ) throws(ArithmeticOverflow) -> Transfer? {
        let allowed =
            try toCover?.scaled(by: share, rounding: .down)
            ?? (share.isPositive ? Quantity(raw: .max) : .zero)
        guard allowed.isPositive else { return nil }
        let isSmall =
            try liability.amount.value(at: liability.price, rounding: .down) <= smallDebt
        var repaid = min(wanted, liability.amount)
        repaid = min(repaid, isSmall ? max(allowed, liability.amount) : allowed)
        if let affordable = try amountAffordable() { repaid = min(repaid, affordable) }
        guard repaid.isPositive else { return nil }
        let paid = try payment(for: repaid, dust: dust)
        guard paid.isPositive else { return nil }
        return Transfer(
            liability: repaid, asset: paid,
            insuranceFee: try repaid.scaled(by: insuranceFee, rounding: .down),
            coversShortage: toCover.map { repaid >= $0 } ?? false)
    }
}
