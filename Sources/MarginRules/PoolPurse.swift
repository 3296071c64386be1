import ExactMath

/// What a decrease still has to pay with, while costs are taken from it.
struct PoolPurse {
    let settlement: PoolSettlement
    /// Profit in the token of the collateral, on its way to the owner.
    private var output: Quantity = .zero
    /// Profit in another token.
    private var profitOutput: Quantity = .zero
    private var collateral: Quantity
    var payout = PoolPayout()

    init(settlement: PoolSettlement, collateral: Quantity) {
        self.settlement = settlement
        self.collateral = collateral
    }

    /// What a cost took.
    private struct Paid {
        var inCollateral: Quantity = .zero
        var inProfitToken: Quantity = .zero
        var unpaid: Money = .zero
    }

    /// The pool pays a gain in the token of profits at its maximum price, rounded down.
    mutating func receive(_ gain: Money) throws(ArithmeticOverflow) {
        let amount = try gain.quantity(
            at: settlement.profitPrice.maximum, rounding: .down)
        if settlement.profitToken == .collateral {
            output += amount
            payout.poolChange -= amount
        } else {
            profitOutput += amount
            payout.poolProfitTokenChange -= amount
        }
    }

    /// The pool buys the profit back for the token of the collateral.
    mutating func swapProfit() throws(ArithmeticOverflow) {
        guard case .swapped(let price, let fee) = settlement.profitToken else { return }
        let sold = profitOutput - (try profitOutput.scaled(by: fee, rounding: .down))
        let bought = try sold.scaled(
            by: price.minimum.raw, over: settlement.collateralPrice.maximum.raw, rounding: .down)
        payout.poolProfitTokenChange += profitOutput
        payout.poolChange -= bought
        output += bought
        profitOutput = .zero
    }

    /// Pays the costs in order, and stops at the first that is not paid in full.
    mutating func settleCosts(profit: Money, impact: SettledImpact, fees: PoolPositionFees)
        throws(ArithmeticOverflow)
    {
        let funding = try pay(fees.funding)
        payout.funding = funding.inCollateral
        payout.fundingInProfitToken = funding.inProfitToken
        if stops(at: .funding, funding) { return }

        if profit.isNegative {
            let loss = try pay(tokens(for: -profit))
            give(loss)
            if stops(at: .loss, loss) { return }
        }

        let paidFees = try pay(fees.totalExcludingFunding)
        if paidFees.unpaid.isZero && paidFees.inProfitToken.isZero {
            // Here the contract credits the pool with all of its share, also where rounding forgave
            // some of it; the pool bears that instead, so that nothing is made.
            payout.toFeeReceiver = min(fees.forReceiver, paidFees.inCollateral)
            payout.poolChange += paidFees.inCollateral - payout.toFeeReceiver
        } else {
            // Fees that are not paid in full, in their own token, are not shared: the pool has
            // them.
            give(paidFees)
        }
        if stops(at: .fees, paidFees) { return }

        if impact.amount.isNegative {
            let charge = try pay(tokens(for: -impact.amount))
            give(charge)
            try giveToImpactPool(charge)
            if stops(at: .impact, charge) { return }
        }

        let excess = try pay(tokens(for: impact.excess))
        payout.claimable = excess.inCollateral
        payout.claimableInProfitToken = excess.inProfitToken
        _ = stops(at: .impactExcess, excess)
    }

    /// The payout, with what is left going to the owner or staying with the position.
    func closed(_ kind: PoolCloseKind, impactExcess: Money)
        throws(ArithmeticOverflow) -> PoolPayout
    {
        var result = payout
        result.profitToOwner = profitOutput
        switch kind {
        case .full, .forced:
            result.toOwner = output + collateral
        case .partial(let withdrawing):
            // The excess has left the collateral already, so it comes off the withdrawal.
            let already = try impactExcess.quantity(
                at: settlement.collateralPrice.minimum, rounding: .down)
            let taken = min(max(withdrawing - already, .zero), collateral)
            result.toOwner = output + taken
            result.remainingCollateral = collateral - taken
        }
        return result
    }

    private mutating func stops(at cost: PoolCost, _ paid: Paid) -> Bool {
        guard paid.unpaid.isPositive else { return false }
        payout.unpaid = cost
        payout.shortfall = paid.unpaid
        return true
    }

    private mutating func give(_ paid: Paid) {
        payout.poolChange += paid.inCollateral
        payout.poolProfitTokenChange += paid.inProfitToken
    }

    private mutating func giveToImpactPool(_ paid: Paid) throws(ArithmeticOverflow) {
        payout.impactPoolChange += try PositionImpactPool.receipt(
            of: paid.inCollateral, price: settlement.collateralPrice,
            indexPrice: settlement.indexPrice)
        payout.impactPoolChange += try PositionImpactPool.receipt(
            of: paid.inProfitToken, price: settlement.profitPrice,
            indexPrice: settlement.indexPrice)
    }

    /// A cost in dollars, in collateral tokens, rounded up.
    private func tokens(for cost: Money) throws(ArithmeticOverflow) -> Quantity {
        try cost.quantity(at: settlement.collateralPrice.minimum, rounding: .up)
    }

    /// Takes a cost from the output, the collateral and the other profit, in this order.
    private mutating func pay(_ cost: Quantity) throws(ArithmeticOverflow) -> Paid {
        var paid = Paid()
        let fromOutput = min(cost, output)
        output -= fromOutput
        let fromCollateral = min(cost - fromOutput, collateral)
        collateral -= fromCollateral
        paid.inCollateral = fromOutput + fromCollateral
        let missing = cost - paid.inCollateral
        guard missing.isPositive else { return paid }

        // Rounded down: what is left below a unit of the other token is forgiven.
        let price = settlement.profitPrice.minimum
        let converted = try missing.scaled(
            by: settlement.collateralPrice.minimum.raw, over: price.raw, rounding: .down)
        paid.inProfitToken = min(converted, profitOutput)
        profitOutput -= paid.inProfitToken
        paid.unpaid = try (converted - paid.inProfitToken).value(at: price, rounding: .up)
        return paid
    }
}
