public import ExactMath

/// What an account has and what it must have; also of one position, whose notional is its net
/// collateral. [1e-8 USD]
///
/// Source: dydxprotocol/v4-chain protocol/lib/margin/risk.go.
public struct AccountRisk: Hashable, Sendable {
    /// Cash and the signed notional of all positions.
    public let netCollateral: Money
    /// The sum of initial margins.
    public let initialMargin: Money
    /// The sum of maintenance margins.
    public let maintenanceMargin: Money

    /// - Parameters:
    ///   - initialMargin: zero or more.
    ///   - maintenanceMargin: zero or more.
    public init(netCollateral: Money, initialMargin: Money, maintenanceMargin: Money) {
        precondition(!initialMargin.isNegative && !maintenanceMargin.isNegative)
        self.netCollateral = netCollateral
        self.initialMargin = initialMargin
        self.maintenanceMargin = maintenanceMargin
    }

    /// The risk of both together.
    public func adding(_ other: AccountRisk) throws(ArithmeticOverflow) -> AccountRisk {
        AccountRisk(
            netCollateral: try netCollateral.adding(other.netCollateral),
            initialMargin: try initialMargin.adding(other.initialMargin),
            maintenanceMargin: try maintenanceMargin.adding(other.maintenanceMargin))
    }

    /// Whether new positions may be opened; equality suffices.
    public var meetsInitialMargin: Bool { netCollateral >= initialMargin }

    /// Whether the maintenance margin is met; equality suffices.
    public var meetsMaintenanceMargin: Bool { netCollateral >= maintenanceMargin }

    /// Whether the account may be liquidated: it has a requirement and less than it. An account with
    /// no requirement is not liquidatable however negative it is.
    public var isLiquidatable: Bool {
        maintenanceMargin.isPositive && maintenanceMargin > netCollateral
    }

    /// How the risk of two accounts compares.
    public enum Comparison: Hashable, Sendable {
        case lower
        case equal
        case higher
    }

    /// Compares net collateral per maintenance margin, by cross-multiplication and so without rounding.
    ///
    /// Of equal ratios the larger requirement is the higher risk; of two accounts without requirements
    /// the one with less net collateral is.
    public func compared(to other: AccountRisk) -> Comparison {
        let own = product(netCollateral.raw, other.maintenanceMargin.raw)
        let others = product(other.netCollateral.raw, maintenanceMargin.raw)
        if others != own { return others < own ? .lower : .higher }
        if maintenanceMargin.isZero && other.maintenanceMargin.isZero {
            return Comparison(other.netCollateral, netCollateral)
        }
        return Comparison(maintenanceMargin, other.maintenanceMargin)
    }
}

extension AccountRisk.Comparison {
    fileprivate init(_ a: Money, _ b: Money) {
        self = a == b ? .equal : (a < b ? .lower : .higher)
    }
}
