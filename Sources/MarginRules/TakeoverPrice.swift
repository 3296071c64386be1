public import ExactMath

/// The price at which a liquidator takes over a balance or a position: part of the way from the oracle
/// price to the one that the maintenance weight implies, and the fund's share of the discount.
///
/// `oracle · (1 + share · (weight − 1))`. Sources: Vertex docs, basics/liquidations-and-insurance-fund
/// (share 1/2, insurance 25 %); vertex-protocol/vertex-contracts core/contracts/ClearinghouseStorage.sol
/// and common/Constants.sol, May 2025 (share 1/5, spreads 1/25, insurance 50 %).
public struct TakeoverPrice: Hashable, Sendable {
    /// How much of the weight's distance from one becomes the discount. [1e-8]
    public let discountShare: Ratio
    /// How much of the discount the insurance fund receives. [1e-8]
    public let insuranceShare: Ratio

    /// - Parameters:
    ///   - discountShare: from zero to one.
    ///   - insuranceShare: from zero to one.
    public init(discountShare: Ratio, insuranceShare: Ratio) {
        precondition(!discountShare.isNegative && discountShare <= .one)
        precondition(!insuranceShare.isNegative && insuranceShare <= .one)
        self.discountShare = discountShare
        self.insuranceShare = insuranceShare
    }

    /// The price that the liquidated account receives or pays. [1e-8 USD per unit]
    ///
    /// Rounded toward the oracle price, in favour of the liquidated account.
    /// - Parameters:
    ///   - oracle: zero or more.
    ///   - maintenanceWeight: below one for what the account owns, above one for what it owes.
    public func price(oracle: Price, maintenanceWeight: Ratio) throws(ArithmeticOverflow) -> Price {
        let shift = try (maintenanceWeight - .one).scaled(by: discountShare, rounding: .towardZero)
        return try oracle.adding(try oracle.scaled(by: shift, rounding: .towardZero))
    }

    /// What a takeover moves. [1e-8 USD]
    public struct Settlement: Hashable, Sendable {
        /// What the account receives, or pays where negative.
        public let payment: Money
        /// What the insurance fund receives from the liquidator.
        public let insuranceFee: Money
        /// What the liquidator gains at the oracle price, after the fee.
        public let liquidatorProfit: Money
    }

    /// The money moved by the takeover of an amount.
    /// - Parameter amount: what leaves the account: positive for an asset or a long, negative for a
    ///   debt or a short.
    public func settlement(amount: Quantity, oracle: Price, maintenanceWeight: Ratio)
        throws(ArithmeticOverflow) -> Settlement
    {
        let price = try price(oracle: oracle, maintenanceWeight: maintenanceWeight)
        let payment = try amount.value(at: price, rounding: .down)
        let discount = try amount.value(at: oracle, rounding: .down).adding(-payment)
        let fee = try discount.scaled(by: insuranceShare, rounding: .down)
        return Settlement(
            payment: payment, insuranceFee: fee, liquidatorProfit: discount - fee)
    }
}
