public import ExactMath

/// How a weight or margin ratio worsens with the square root of size.
///
/// Liabilities and perpetuals are weighted `max(w, w − w/5 + f·√size)`, assets
/// `min(w, 1.1 / (1 + f·√size))`: nothing changes while the term is below a fifth of the weight. Kept in
/// the protocol's integer arithmetic: the root of ten times the size in billionths plus one, weights in
/// basis points, truncated at each division. Source: drift-labs/protocol-v2
/// programs/drift/src/math/margin.rs (`calculate_size_premium_liability_weight`,
/// `calculate_size_discount_asset_weight`).
public struct SizePremium: Hashable, Sendable {
    /// f, the initial margin factor (IMF); zero for none. [1e-8]
    public let factor: Ratio

    /// - Parameter factor: zero or more.
    public init(factor: Ratio) {
        precondition(!factor.isNegative)
        self.factor = factor
    }

    /// √(size + 1e-10 units), truncated. [1e-5]
    private func root(_ size: Quantity) -> Int128 {
        precondition(!size.isNegative, "a size has no sign here")
        return Int128(integerSquareRoot(UInt128(size.raw.magnitude) * 100 + 1))
    }

    /// The weight of a liability, or the margin ratio of a perpetual. [1e-8, whole basis points]
    /// - Parameters:
    ///   - weight: before the size counts.
    ///   - size: without sign. [1e-8 units]
    public func liabilityWeight(_ weight: Ratio, size: Quantity)
        throws(ArithmeticOverflow) -> Ratio
    {
        guard !factor.isZero else { return weight }
        return max(weight, try unboundedLiabilityWeight(weight, size: size))
    }

    /// The same without the bound: below the weight for small sizes. [1e-8, whole basis points]
    public func unboundedLiabilityWeight(_ weight: Ratio, size: Quantity)
        throws(ArithmeticOverflow) -> Ratio
    {
        guard !factor.isZero else { return weight }
        let fifth = RateStep.basisPoint.floor(Ratio(raw: weight.raw / 5))
        let premium = try RateStep.basisPoint.truncate(
            CheckedInt128.product(root(size), Int128(factor.raw)), 100_000 * Int128(scaleE8))
        return try (weight - fifth).adding(premium)
    }

    /// The weight of an asset, or of an unrealised profit. [1e-8, whole basis points]
    /// - Parameters:
    ///   - weight: before the size counts.
    ///   - size: without sign. [1e-8 units]
    public func assetWeight(_ weight: Ratio, size: Quantity) throws(ArithmeticOverflow) -> Ratio {
        guard !factor.isZero else { return weight }
        // The denominator is kept in parts per million.
        let term = try CheckedInt128.product(root(size), Int128(factor.raw)) / 10_000_000
        return min(weight, try RateStep.basisPoint.truncate(1_100_000, 1_000_000 + term))
    }
}

/// The margin ratio of an account in high-leverage mode, whose lower ratio fades with size.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/math/margin.rs
/// (`calc_high_leverage_mode_initial_margin_ratio_from_size`).
public enum HighLeverageRatio {
    /// The ratio, in whole basis points. [1e-8]
    ///
    /// The high-leverage ratio while the size leaves the ordinary one at its floor of four fifths,
    /// rising to the ordinary ratio's size premium.
    /// - Parameters:
    ///   - ordinary: the ratio without high-leverage mode, before the size counts.
    ///   - sizeAdjusted: the same after ``SizePremium/unboundedLiabilityWeight(_:size:)``.
    ///   - highLeverage: the ratio that high-leverage mode grants.
    public static func ratio(ordinary: Ratio, sizeAdjusted: Ratio, highLeverage: Ratio)
        throws(ArithmeticOverflow) -> Ratio
    {
        if sizeAdjusted == ordinary { return highLeverage }
        if sizeAdjusted > ordinary { return sizeAdjusted }
        let fifth = RateStep.basisPoint.floor(Ratio(raw: ordinary.raw / 5))
        precondition(fifth.isPositive, "a ratio of less than five basis points")
        let reduction = try RateStep.partPerMillion.truncate(
            Int128((ordinary - sizeAdjusted).raw), Int128(fifth.raw))
        let factor = max(.zero, Ratio.one - reduction)
        let spread = max(ordinary - highLeverage, Ratio(raw: RateStep.basisPoint.rawValue))
        let part = try spread.scaled(by: factor, rounding: .down)
        return try highLeverage.adding(RateStep.basisPoint.floor(part))
    }
}
