public import ExactMath

/// An account's net collateral and requirements, as one update of it is judged by.
///
/// Source: dydxprotocol/v4-chain `lib/margin/risk.go`.
public struct CollateralState: Hashable, Sendable {
    /// Balance plus positions at the oracle price. [1e-8 USD]
    public var netCollateral: Money
    /// [1e-8 USD]
    public var initialMargin: Money
    /// Zero exactly when nothing is held. [1e-8 USD]
    public var maintenanceMargin: Money

    public init(netCollateral: Money, initialMargin: Money, maintenanceMargin: Money) {
        self.netCollateral = netCollateral
        self.initialMargin = initialMargin
        self.maintenanceMargin = maintenanceMargin
    }

    /// How an update ends.
    public enum UpdateResult: Hashable, Sendable {
        case accepted
        /// Refused: the account met its initial margin before.
        case newlyUndercollateralized
        /// Refused: it did not before either.
        case stillUndercollateralized
    }

    /// Whether an update from this state to another may happen: to one that meets its initial
    /// margin, or to one that is no riskier.
    ///
    /// No riskier means that the maintenance margin does not rise and that the ratio of collateral
    /// to it does not fall. Where a ratio does not exist, because nothing is held before or after,
    /// only an improvement from nothing to nothing passes. Source: `x/subaccounts/lib/updates.go`
    /// (`IsValidStateTransitionForUndercollateralizedSubaccount`).
    public func update(to next: CollateralState) -> UpdateResult {
        if next.netCollateral >= next.initialMargin { return .accepted }
        let refusal: UpdateResult =
            initialMargin <= netCollateral ? .newlyUndercollateralized : .stillUndercollateralized
        guard next.maintenanceMargin <= maintenanceMargin else { return refusal }
        if next.maintenanceMargin.isZero || maintenanceMargin.isZero {
            let isBetter =
                next.maintenanceMargin.isZero && maintenanceMargin.isZero
                && next.netCollateral > netCollateral
            return isBetter ? .accepted : refusal
        }
        return next.isRiskier(than: self) ? refusal : .accepted
    }

    /// A lower ratio of collateral to maintenance margin, or the same with a higher margin.
    func isRiskier(than other: CollateralState) -> Bool {
        // Crosswise, as ratios would round.
        let own = product(netCollateral.raw, other.maintenanceMargin.raw)
        let others = product(other.netCollateral.raw, maintenanceMargin.raw)
        return own == others
            ? maintenanceMargin > other.maintenanceMargin : own < others
    }
}

/// dYdX's deleveraging of one position: whether, at which price, and how much per counterparty.
///
/// Source: dydxprotocol/v4-chain `x/clob/keeper/deleveraging.go`, `x/clob/keeper/liquidations.go`.
public enum Deleveraging {
    /// The price at which a position is closed against others.
    public enum PriceRule: Hashable, Sendable {
        /// At which the deleveraged account ends with nothing.
        case bankruptcy
        /// In a market that is being wound up.
        case oracle
    }

    /// The price for an account's position in a market, nil where it may not be deleveraged: an
    /// account below zero at its bankruptcy price, any other only in final settlement.
    public static func priceRule(
        netCollateral: Money, isFinalSettlement: Bool
    ) -> PriceRule? {
        if netCollateral.isNegative { return .bankruptcy }
        return isFinalSettlement ? .oracle : nil
    }

    /// The part of a delta that a holder can take, nil where it holds nothing on that side.
    /// - Parameter delta: what the deleveraged account must trade.
    /// - Parameter held: the holder's position, of the sign of `delta`.
    public static func part(of delta: Quantity, held: Quantity) -> Quantity? {
        guard delta.raw.signum() == held.raw.signum(), !delta.isZero else { return nil }
        return delta.isPositive ? min(delta, held) : max(delta, held)
    }

    /// Whether a delta reduces both positions and turns neither over.
    public static func isValid(
        delta: Quantity, deleveraged: Quantity, offsetting: Quantity
    ) -> Bool {
        let sign = delta.raw.signum()
        return sign != 0 && deleveraged.raw.signum() == -sign && offsetting.raw.signum() == sign
            && delta.raw.magnitude <= deleveraged.raw.magnitude
            && delta.raw.magnitude <= offsetting.raw.magnitude
    }

    /// What the deleveraged account receives for a delta at its bankruptcy price, negative where it
    /// pays: `−Δnotional − ⌊collateral · |Δmaintenance| / maintenance⌋`, so rounded up.
    ///
    /// Spreads what the account is worth over its positions by their share of its maintenance
    /// margin. [1e-8 USD]
    /// - Parameter notionalChange: the position's signed value after less before, at the oracle
    ///   price.
    /// - Parameter maintenanceChange: its requirement after less before, zero or less.
    /// - Parameter state: of the whole account before; without a requirement, its collateral is
    ///   spread over nothing.
    /// - Throws: ``ArithmeticOverflow`` when the amount does not fit.
    public static func bankruptcyQuote(
        notionalChange: Money, maintenanceChange: Money, state: CollateralState
    ) throws(ArithmeticOverflow) -> Money {
        precondition(!maintenanceChange.isPositive, "closing a position needs no more margin")
        var share = Money.zero
        if state.maintenanceMargin.isPositive {
            share = Money(
                raw: try multiply(
                    state.netCollateral.raw, maintenanceChange.magnitude.raw,
                    dividingBy: state.maintenanceMargin.raw, rounding: .down))
        }
        let atOracle = try RateArithmetic.difference(.zero, notionalChange)
        return try RateArithmetic.difference(atOracle, share)
    }

    /// What the deleveraged account receives for a delta at the oracle price, toward zero.
    ///
    /// [1e-8 USD]
    /// - Throws: ``ArithmeticOverflow`` when the amount does not fit.
    public static func oracleQuote(
        delta: Quantity, oracle: Price
    ) throws(ArithmeticOverflow) -> Money {
        try RateArithmetic.difference(
            .zero, try delta.value(at: oracle, rounding: .towardZero))
    }
}
