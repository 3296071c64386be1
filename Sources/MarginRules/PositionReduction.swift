public import ExactMath

/// A position that is to be liquidated in part or whole, with the risk of the account that holds it.
///
/// The bankruptcy price and the fillable price of dYdX v4 are both functions of this.
public struct PositionReduction: Hashable, Sendable {
    /// The signed size. [1e-8 units]
    public let size: Quantity
    /// The signed notional at the oracle price, truncated toward zero. [1e-8 USD]
    public let notional: Money
    /// The maintenance margin of the position. [1e-8 USD]
    public let maintenanceMargin: Money
    /// The risk of the whole account.
    public let account: AccountRisk

    /// - Parameter account: includes the position.
    public init(size: Quantity, notional: Money, maintenanceMargin: Money, account: AccountRisk) {
        self.size = size
        self.notional = notional
        self.maintenanceMargin = maintenanceMargin
        self.account = account
    }

    /// Whether a change of size reduces the position without crossing zero.
    public func isReduced(by delta: Quantity) -> Bool {
        guard !size.isZero, !delta.isZero, size.isNegative != delta.isNegative else { return false }
        return size.raw.magnitude >= delta.raw.magnitude
    }
}
