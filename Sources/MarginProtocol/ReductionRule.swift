import ExactMath
import MarginRules

/// What an account without its initial margin may still do: make a position smaller, on which condition.
public enum ReductionRule: Hashable, Sendable {
    /// Its maintenance surplus is no lower afterwards.
    case surplus
    /// Its initial surplus is no lower afterwards, as Mango v4 has it.
    case initialSurplus
    /// Its maintenance margin is no higher afterwards and its net collateral per maintenance margin no lower, as dYdX v4
    /// has it: below zero it may only close all at once and end without a debt. See ``MarginTransition``.
    case risk
}

extension ClearingHouse {
    /// May an account that is left without its initial margin go through with a reduction?
    ///
    /// - Parameter after: its initial health afterwards.
    @inline(never)
    func permitsReduction(_ account: Int, _ change: Hypothesis, _ after: Health) -> Bool {
        switch parameters.reductions {
        case .initialSurplus:
            return after.surplus >= evaluate(account, prices, .initial, .nothing).surplus
        case .surplus:
            let before = evaluate(account, prices, .maintenance, .nothing)
            return evaluate(account, prices, .maintenance, change).surplus >= before.surplus
        case .risk:
            func risk(_ change: Hypothesis) -> AccountRisk {
                let health = evaluate(account, prices, .maintenance, change)
                return AccountRisk(
                    netCollateral: health.equity,
                    initialMargin: evaluate(account, prices, .initial, change).requirement,
                    maintenanceMargin: health.requirement)
            }
            return MarginTransition(from: risk(.nothing), to: risk(change)) == .allowed
        }
    }
}
