public import ExactMath

/// What becomes of a debt whose collateral is gone.
public enum BadDebtRule: Int8, Hashable, Sendable, CaseIterable {
    /// It stays on the account and keeps growing: Aave up to v3.2, Compound v2.
    case staysOnAccount
    /// A liquidation that takes the last collateral, by value, burns what is left of every debt of the
    /// account and books it as the reserves' deficit, which earns no interest: Aave from v3.3 on.
    ///
    /// Source: aave-dao/aave-v3-origin `LiquidationLogic._burnBadDebt`, docs/3.3.
    case bookedAsDeficit

    /// Whether a liquidation leaves no collateral of any value; what is worth nothing is ignored.
    /// - Parameters:
    ///   - consumed: what the account lost of the seized asset, rounded down. [1e-8 USD]
    ///   - totalCollateral: of the account before. [1e-8 USD]
    public static func takesLastCollateral(consumed: Money, totalCollateral: Money) -> Bool {
        consumed == totalCollateral
    }

    /// What is booked of one debt that is left after a liquidation. [1e-8 units]
    public func deficit(outstanding: Quantity, takesLastCollateral: Bool) -> Quantity {
        switch self {
        case .staysOnAccount: .zero
        case .bookedAsDeficit: takesLastCollateral ? outstanding : .zero
        }
    }
}
