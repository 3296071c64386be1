public import ExactMath

/// Which of a protocol's margin parameters apply.
public enum RequirementKind: Hashable, Sendable {
    /// To open positions, borrow and withdraw.
    case initial
    /// To fill an order that was placed with initial margin: halfway to maintenance.
    case fill
    /// To keep positions.
    case maintenance

    /// The parameter of this kind; for fills the mean, truncated to basis points.
    ///
    /// Source: drift-labs/protocol-v2 programs/drift/src/state/perp_market.rs (`get_margin_ratio`).
    public func select(initial: Ratio, maintenance: Ratio) -> Ratio {
        switch self {
        case .initial: initial
        case .fill: RateStep.basisPoint.floor(Ratio(raw: (initial.raw + maintenance.raw) / 2))
        case .maintenance: maintenance
        }
    }
}
