public import ExactMath

/// How much of one position one liquidation may close.
///
/// Source: dydxprotocol/v4-chain protocol/x/clob/keeper/liquidations.go
/// (`GetMaxAndMinPositionNotionalLiquidatable`, `GetLiquidatablePositionSizeDelta`).
public struct PositionLiquidationLimits: Hashable, Sendable {
    /// The notional up to which a position is closed in one go. [1e-8 USD]
    public let minimumNotional: Money
    /// The share of a position's notional that one liquidation may close. [1e-8]
    public let maximumPortion: Ratio

    /// - Parameters:
    ///   - minimumNotional: zero or more.
    ///   - maximumPortion: above zero, at most one.
    public init(minimumNotional: Money, maximumPortion: Ratio) {
        precondition(!minimumNotional.isNegative)
        precondition(maximumPortion.isPositive && maximumPortion <= .one)
        self.minimumNotional = minimumNotional
        self.maximumPortion = maximumPortion
    }

    /// The least and the most notional that may be closed; neither exceeds the position. [1e-8 USD]
    /// - Parameter notional: the signed value of the position.
    public func notionalBounds(of notional: Money) throws(ArithmeticOverflow) -> (
        minimum: Money, maximum: Money
    ) {
        let minimum = min(minimumNotional, notional.magnitude)
        let portion = try notional.magnitude.scaled(by: maximumPortion, rounding: .down)
        return (minimum, max(minimum, portion))
    }

    /// The change of size that closes as much as is allowed. [1e-8 units]
    ///
    /// The whole position where its notional is within the limits or its size is within one step;
    /// otherwise the limit at the oracle price, down to a step, but at least one step.
    /// - Parameters:
    ///   - position: the signed size, not zero.
    ///   - price: the oracle price, greater than zero.
    ///   - step: the smallest tradable size, greater than zero.
    ///   - accountLimit: what the account's limit for the block leaves.
    public func sizeDelta(
        of position: Quantity, at price: Price, step: Quantity, accountLimit: Money
    ) throws(ArithmeticOverflow) -> Quantity {
        precondition(!position.isZero && price.isPositive && step.isPositive)
        let notional = try position.value(at: price, rounding: .towardZero)
        let limit = min(try notionalBounds(of: notional).maximum, accountLimit)
        guard notional.magnitude > limit, position.magnitude > step else { return -position }
        let most = try limit.quantity(at: price, rounding: .down)
        let stepped = Quantity(raw: most.raw - most.raw % step.raw)
        let size = min(max(stepped, step), position.magnitude)
        return position.isNegative ? size : -size
    }
}

/// How much of one account the liquidations of one block may take.
///
/// Source: dydxprotocol/v4-chain protocol/x/clob/keeper/liquidations.go
/// (`GetSubaccountMaxNotionalLiquidatable`, `GetSubaccountMaxInsuranceLost`,
/// `validateLiquidationAgainstSubaccountBlockLimits`).
public struct AccountBlockLimits: Hashable, Sendable {
    /// The notional that may be closed. [1e-8 USD]
    public let maximumNotional: Money
    /// What the insurance fund may pay. [1e-8 USD]
    public let maximumInsuranceLoss: Money

    public init(maximumNotional: Money, maximumInsuranceLoss: Money) {
        precondition(maximumNotional.isPositive && maximumInsuranceLoss.isPositive)
        self.maximumNotional = maximumNotional
        self.maximumInsuranceLoss = maximumInsuranceLoss
    }

    /// What the liquidations of an account have taken so far in a block.
    public struct Usage: Hashable, Sendable {
        public let notional: Money
        public let insuranceLoss: Money
        /// The markets touched, by number, in order.
        public let markets: [Int]

        public init(notional: Money, insuranceLoss: Money, markets: [Int]) {
            self.notional = notional
            self.insuranceLoss = insuranceLoss
            self.markets = markets
        }
    }

    /// What is left for another liquidation in this block.
    public struct Allowance: Hashable, Sendable {
        public let notional: Money
        public let insuranceLoss: Money

        /// Whether a fill stays within the allowance; equality does.
        /// - Parameter insuranceFundDelta: what the fund receives, or pays where negative.
        public func admits(notional: Money, insuranceFundDelta: Money) -> Bool {
            notional.magnitude <= self.notional && insuranceFundDelta >= -insuranceLoss
        }
    }

    /// What is left for a market; nil where it was already liquidated in this block: a market is
    /// touched once per account and block.
    public func allowance(after usage: Usage, market: Int) -> Allowance? {
        guard !usage.markets.contains(market) else { return nil }
        precondition(
            usage.notional <= maximumNotional && usage.insuranceLoss <= maximumInsuranceLoss,
            "a block took more than its limit")
        return Allowance(
            notional: maximumNotional - usage.notional,
            insuranceLoss: maximumInsuranceLoss - usage.insuranceLoss)
    }
}
