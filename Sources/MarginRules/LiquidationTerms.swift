public import ExactMath

/// What a liquidator gets for repaying a debt out of one collateral asset, and the protocol's cut.
public struct LiquidationTerms: Hashable, Sendable {
    /// What the liquidator gets above the value repaid: 5 % where Aave writes 10500. [1e-8]
    public var bonus: Ratio
    /// The protocol's share of the bonus. [1e-8]
    public var protocolFee: Ratio

    /// - Precondition: the bonus is not negative, the fee between zero and one.
    public init(bonus: Ratio, protocolFee: Ratio) {
        precondition(!bonus.isNegative, "a negative bonus")
        precondition(
            !protocolFee.isNegative && protocolFee <= .one, "a fee is a share of the bonus")
        self.bonus = bonus
        self.protocolFee = protocolFee
    }

    /// What is seized for a repayment, or, where the collateral does not suffice, all of it and the
    /// smaller repayment that pays for it.
    ///
    /// `base = ⌊repaid · debt price / collateral price⌋`, `seized = base · (1 + bonus)`; in short
    /// supply `repaid = ⌊collateral · collateral price / debt price⌋ / (1 + bonus)`; the fee is a share
    /// of `seized − seized / (1 + bonus)` and comes out of what is seized.
    ///
    /// Source: aave-dao/aave-v3-origin `LiquidationLogic._calculateAvailableCollateralToLiquidate`.
    /// - Parameter repayment: zero or more. [1e-8 units of the debt asset]
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public func seizure(
        repaying repayment: Quantity, of pair: LiquidationPair, rounding: LiquidationRounding
    ) throws(ArithmeticOverflow) -> CollateralSeizure {
        precondition(!repayment.isNegative, "a negative repayment")
        let factor = Int128((Ratio.one + bonus).raw)
        let scale = Int128(scaleE8)
        // Below 2^126 by the widths of its factors; the multiple of it may not be, but a base above the
        // collateral is above it with the bonus too.
        let base = product(repayment.raw, pair.debtPrice.raw) / Int128(pair.collateralPrice.raw)
        let wanted =
            base > Int128(pair.collateral.raw)
            ? base
            : try multiplyWide(base, factor, dividingBy: scale, rounding: rounding.seized)

        let seized: Quantity
        let repaid: Quantity
        if wanted > Int128(pair.collateral.raw) {
            seized = pair.collateral
            let equivalent =
                product(pair.collateral.raw, pair.collateralPrice.raw) / Int128(pair.debtPrice.raw)
            repaid = Quantity(
                raw: try narrow(
                    try multiplyWide(
                        equivalent, scale, dividingBy: factor, rounding: rounding.debtNeeded)))
        } else {
            seized = Quantity(raw: try narrow(wanted))
            repaid = repayment
        }
        let fee = try fee(on: seized, rounding: rounding)
        return CollateralSeizure(repaid: repaid, toLiquidator: seized - fee, protocolFee: fee)
    }

    private func fee(on seized: Quantity, rounding: LiquidationRounding)
        throws(ArithmeticOverflow) -> Quantity
    {
        guard protocolFee.isPositive else { return .zero }
        let withoutBonus = try seized.divided(
            by: Ratio.one + bonus, rounding: rounding.withoutBonus)
        return try (seized - withoutBonus).scaled(by: protocolFee, rounding: rounding.fee)
    }
}

/// What changes hands in a liquidation.
public struct CollateralSeizure: Hashable, Sendable {
    /// What the liquidator pays. [1e-8 units of the debt asset]
    public var repaid: Quantity
    /// [1e-8 units of the collateral asset]
    public var toLiquidator: Quantity
    /// [1e-8 units of the collateral asset]
    public var protocolFee: Quantity

    public init(repaid: Quantity, toLiquidator: Quantity, protocolFee: Quantity) {
        self.repaid = repaid
        self.toLiquidator = toLiquidator
        self.protocolFee = protocolFee
    }

    /// All that the account loses. [1e-8 units of the collateral asset]
    public var seized: Quantity { toLiquidator + protocolFee }

    /// What leaves the account when its balance is kept scaled by an index: both transfers round up on
    /// their own, so that they may take a balance whole which the amounts would have left over.
    ///
    /// Source: aave-dao/aave-v3-origin `LiquidationLogic.executeLiquidationCall` (v3.7).
    /// - Parameters:
    ///   - scaledBalance: what the account holds, scaled. [1e-8 units]
    ///   - index: of the collateral asset.
    /// - Returns: the balance consumed, rounded down. [1e-8 units]
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public func consumed(ofScaled scaledBalance: Quantity, index: InterestIndex)
        throws(ArithmeticOverflow) -> Quantity
    {
        let transfers = try index.scaled(balance: toLiquidator, rounding: .up)
            .adding(try index.scaled(balance: protocolFee, rounding: .up))
        return try index.balance(
            ofScaled: min(transfers, scaledBalance), rounding: .down)
    }
}
