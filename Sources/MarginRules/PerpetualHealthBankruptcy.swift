public import ExactMath

/// The end of a perpetual loss: taken over for deposits, then for insurance, then socialised.
///
/// Source: blockworks-foundation/mango-v4
/// programs/mango-v4/src/instructions/perp_liq_negative_pnl_or_bankruptcy.rs.
public struct PerpetualHealthBankruptcy: Hashable, Sendable {
    /// The liquidator's premium on losses taken over for insurance. [1e-8]
    public let fee: Ratio
    /// The smallest amount of the insurance token; payments round up to it. [1e-8 units]
    public let insuranceStep: Quantity

    public init(fee: Ratio, insuranceStep: Quantity) {
        precondition(!fee.isNegative && insuranceStep.isPositive)
        self.fee = fee
        self.insuranceStep = insuranceStep
    }

    /// What becomes of the loss. [1e-8 settlement tokens, where not said otherwise]
    public struct Outcome: Hashable, Sendable {
        /// The loss that the liquidator takes over for as much of the account's deposit.
        public let settled: Quantity
        /// The loss that it takes over for insurance.
        public let insuredLoss: Quantity
        /// What the insurance fund pays it. [1e-8 insurance tokens]
        public let insurancePayment: Quantity
        /// The loss that all positions of the market share.
        public let socialised: Quantity
    }

    /// Resolves the loss of a perpetual without base position.
    ///
    /// Insurance only pays once nothing more can be settled, and for no more than brings the
    /// liquidation-end health to zero; the rest is socialised only when the fund is exhausted.
    /// - Parameters:
    ///   - index: of the perpetual; its base position is zero.
    ///   - settleLimit: how much of the loss may be settled at all.
    ///   - maximum: the most loss that the liquidator takes over.
    ///   - insurancePrice: of the insurance token, greater than zero.
    ///   - insuranceFund: what it holds for this market. [1e-8 insurance tokens]
    /// - Returns: nil where the perpetual has no loss.
    public func outcome(
        in account: CrossHealth, perpetual index: Int, settleLimit: Quantity, maximum: Quantity,
        insurancePrice: Price, insuranceFund: Quantity
    ) throws(ArithmeticOverflow) -> Outcome? {
        let perpetual = account.perpetuals[index]
        precondition(perpetual.size.isZero, "the base position is liquidated first")
        precondition(insurancePrice.isPositive && !insuranceFund.isNegative)
        guard perpetual.quote.isNegative else { return nil }
        let loss = -Fixed18(perpetual.quote)
        let token = account.tokens[perpetual.settleToken]

        let settleable = min(loss, Fixed18(settleLimit))
        let mostSettled = max(
            .zero,
            min(
                try account.maximumSettlement(inToken: perpetual.settleToken) ?? settleable,
                settleable))
        let settled = min(mostSettled, Fixed18(maximum))
        let remaining = loss - settled
        guard settled == mostSettled, remaining > .zero else {
            return Outcome(
                settled: try settled.rounded(to: Quantity.self, .down), insuredLoss: .zero,
                insurancePayment: .zero, socialised: .zero)
        }

        let balances = try account.effectiveBalances(.liquidationEnd)
        let needed = try token.amountGiven(
            untilZero: try account.exactHealth(.liquidationEnd),
            to: balances[perpetual.settleToken], .liquidationEnd)
        let uncovered = max(.zero, min(remaining, needed ?? remaining))
        let wanted = max(.zero, min(uncovered, Fixed18(maximum) - settled))

        let price = try Fixed18(token.price.oracle)
            .multiplied(by: Fixed18(Ratio.one + fee), rounding: .down)
        let cost = try wanted.multiplied(by: price, rounding: .up)
            .divided(by: Fixed18(insurancePrice), rounding: .up)
        let step = Fixed18(insuranceStep).raw
        let steps = CheckedInt128.quotient(cost.raw, step, .up)
        let full = Fixed18(raw: try CheckedInt128.product(steps, step))
        let paid = min(full, Fixed18(insuranceFund))
        var insured = wanted
        if price > .zero {
            let bought = try paid.multiplied(by: Fixed18(insurancePrice), rounding: .down)
                .divided(by: price, rounding: .down)
            insured = min(bought, wanted)
        }
        let isExhausted = paid == Fixed18(insuranceFund)
        return Outcome(
            settled: try settled.rounded(to: Quantity.self, .down),
            insuredLoss: try insured.rounded(to: Quantity.self, .down),
            insurancePayment: try paid.rounded(to: Quantity.self, .up),
            socialised: isExhausted
                ? try (uncovered - insured).rounded(to: Quantity.self, .down) : .zero)
    }
}
