public import ExactMath

/// What a Gearbox credit account owes to its pool and to the protocol.
public struct CreditAccountDebt: Hashable, Sendable {
    /// [1e-8 units of the underlying asset]
    public var principal: Quantity
    /// [1e-8 units of the underlying asset]
    public var accruedInterest: Quantity
    /// The protocol's fee on the interest. [1e-8 units of the underlying asset]
    public var accruedFees: Quantity

    /// - Precondition: nothing is negative.
    public init(principal: Quantity, accruedInterest: Quantity, accruedFees: Quantity) {
        precondition(!principal.isNegative && !accruedInterest.isNegative)
        precondition(!accruedFees.isNegative)
        self.principal = principal
        self.accruedInterest = accruedInterest
        self.accruedFees = accruedFees
    }

    /// A debt whose fees are a share of its interest, rounded down.
    ///
    /// - Parameter interestFee: the protocol's share, on top of the interest. [1e-8]
    /// - Throws: ``ArithmeticOverflow`` when the fees do not fit.
    public init(principal: Quantity, accruedInterest: Quantity, interestFee: Ratio)
        throws(ArithmeticOverflow)
    {
        self.init(
            principal: principal, accruedInterest: accruedInterest,
            accruedFees: try accruedInterest.scaled(by: interestFee, rounding: .down))
    }
}

/// A fee that the underlying token itself charges on every transfer, as USDT can.
public struct TransferFee: Hashable, Sendable {
    /// The share of what is sent that does not arrive. [1e-8]
    public var rate: Ratio
    /// The most that is charged; nil where there is no limit. [1e-8 units]
    public var maximum: Quantity?

    /// - Precondition: the rate is zero or more and below one.
    public init(rate: Ratio, maximum: Quantity?) {
        precondition(!rate.isNegative && rate < .one, "a fee below the amount")
        self.rate = rate
        self.maximum = maximum
    }

    /// What must be sent so that an amount arrives; the fee is rounded down. [1e-8 units]
    ///
    /// Source: Gearbox-protocol/core-v3 `libraries/USDTFees.sol`.
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func sent(forReceiving amount: Quantity) throws(ArithmeticOverflow) -> Quantity {
        let fee = try amount.scaled(
            by: rate.raw, over: (Ratio.one - rate).raw, rounding: .down)
        return try amount.adding(limited(fee))
    }

    /// What arrives of an amount that is sent; the fee is rounded down. [1e-8 units]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func received(ofSending amount: Quantity) throws(ArithmeticOverflow) -> Quantity {
        amount - limited(try amount.scaled(by: rate, rounding: .down))
    }

    private func limited(_ fee: Quantity) -> Quantity {
        guard let maximum else { return fee }
        return min(fee, maximum)
    }
}

/// Who gets what when a Gearbox credit account is liquidated as a whole.
///
/// Source: Gearbox-protocol/core-v3 `libraries/CreditLogic.calcLiquidationPayments`.
public struct CreditAccountLiquidation: Hashable, Sendable {
    /// What the liquidator keeps of the account's value. [1e-8]
    public var premium: Ratio
    /// The protocol's share of the account's value. [1e-8]
    public var fee: Ratio
    /// Nil where transfers of the underlying asset are free.
    public var transferFee: TransferFee?

    /// - Precondition: premium and fee are between zero and one.
    public init(premium: Ratio, fee: Ratio, transferFee: TransferFee?) {
        precondition(!premium.isNegative && premium <= .one, "a premium is a share of the value")
        precondition(!fee.isNegative && fee <= .one, "a fee is a share of the value")
        self.premium = premium
        self.fee = fee
        self.transferFee = transferFee
    }

    /// The payments of one liquidation. [1e-8 units of the underlying asset]
    public struct Payments: Hashable, Sendable {
        /// What is sent to the pool: debt, interest and fees, as far as funds go.
        public var toPool: Quantity
        /// What is left for the owner.
        public var toOwner: Quantity
        /// What the pool receives beyond debt and interest: the protocol's.
        public var profit: Quantity
        /// What the pool is short of debt and interest: the lenders'.
        public var loss: Quantity
    }

    /// Splits an account's value: the liquidator's premium first, then the pool, then the owner; where
    /// funds are short, the protocol's fees go first and then the lenders' claim.
    /// - Parameter totalValue: of the account, in the underlying asset. [1e-8 units]
    /// - Throws: ``ArithmeticOverflow`` when an amount does not fit.
    public func payments(totalValue: Quantity, debt: CreditAccountDebt)
        throws(ArithmeticOverflow) -> Payments
    {
        let funds = try totalValue.scaled(by: Ratio.one - premium, rounding: .down)
        let owed = try debt.principal.adding(debt.accruedInterest)
        let due = try owed.adding(debt.accruedFees)
            .adding(try totalValue.scaled(by: fee, rounding: .down))
        let needed =
            if let transferFee { try transferFee.sent(forReceiving: due) } else { due }

        let toPool = min(needed, funds)
        let received: Quantity
        if funds > needed {
            received = due
        } else if let transferFee {
            received = try transferFee.received(ofSending: funds)
        } else {
            received = funds
        }
        return Payments(
            toPool: toPool,
            toOwner: funds - toPool,
            profit: max(received - owed, .zero),
            loss: max(owed - received, .zero))
    }
}
