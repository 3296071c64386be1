import ExactMath

/// Whether an update may take an account from one risk to another.
///
/// An account that ends with its initial margin may do anything; one that does not may only leave
/// itself no riskier. Source: dydxprotocol/v4-chain protocol/x/subaccounts/lib/updates.go
/// (`IsValidStateTransitionForUndercollateralizedSubaccount`) and
/// protocol/x/subaccounts/keeper/subaccount.go.
public enum MarginTransition: Hashable, Sendable {
    case allowed
    /// The account met its initial margin before and would not afterwards.
    case newlyUndercollateralized
    /// The account missed its initial margin before and would be riskier afterwards.
    case stillUndercollateralized

    /// Judges an update by the risks before and after it.
    ///
    /// Without initial margin afterwards, the maintenance margin must not rise and the ratio of net
    /// collateral to it must not fall; where either side has no requirement, both must have none and
    /// the net collateral must rise.
    public init(from current: AccountRisk, to new: AccountRisk) {
        let refused: MarginTransition =
            current.meetsInitialMargin ? .newlyUndercollateralized : .stillUndercollateralized
        let noRequirementNow = current.maintenanceMargin.isZero
        let noRequirementThen = new.maintenanceMargin.isZero
        if new.meetsInitialMargin {
            self = .allowed
        } else if new.maintenanceMargin > current.maintenanceMargin {
            self = refused
        } else if noRequirementNow || noRequirementThen {
            let improves = new.netCollateral > current.netCollateral
            self = noRequirementNow && noRequirementThen && improves ? .allowed : refused
        } else {
            self = new.compared(to: current) == .higher ? refused : .allowed
        }
    }
}
