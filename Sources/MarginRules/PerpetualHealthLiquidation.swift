public import ExactMath

/// The reduction of a perpetual position together with the sale of its profit, until an account's
/// health reaches zero.
///
/// Reducing the base raises the perpetual's result, and settling a positive result turns it into a
/// deposit that counts in full; where the overall weight is zero, the first helps only with the second.
/// Source: blockworks-foundation/mango-v4
/// programs/mango-v4/src/instructions/perp_liq_base_or_positive_pnl.rs.
public struct PerpetualHealthLiquidation: Hashable, Sendable {
    /// The liquidator's fee on the base. [1e-8]
    public let baseFee: Ratio
    /// The platform's fee on the base. [1e-8]
    public let platformFee: Ratio
    /// The liquidator's discount on profits. [1e-8]
    public let profitFee: Ratio
    /// The smallest base size. [1e-8 units]
    public let lot: Quantity
    /// The health at which the last step stops; slightly negative, against rounding. [1e-8 USD]
    public let healthTarget: Money

    public init(
        baseFee: Ratio, platformFee: Ratio, profitFee: Ratio, lot: Quantity, healthTarget: Money
    ) {
        precondition(!baseFee.isNegative && !platformFee.isNegative && lot.isPositive)
        precondition(!profitFee.isNegative && profitFee <= .one && !healthTarget.isPositive)
        self.baseFee = baseFee
        self.platformFee = platformFee
        self.profitFee = profitFee
        self.lot = lot
        self.healthTarget = healthTarget
    }

    /// What a liquidation moves.
    public struct Transfer: Hashable, Sendable {
        /// The signed change of the account's base position. [1e-8 units]
        public let base: Quantity
        /// The signed change of the account's quote amount for the base. [1e-8 settlement tokens]
        public let quote: Quantity
        /// What the liquidator pays for the base, or receives where negative.
        public let liquidatorQuote: Quantity
        /// The profit that leaves the account's quote amount.
        public let settledProfit: Quantity
        /// What the account receives for it, as a deposit.
        public let profitPayment: Quantity
    }

    /// The state that the steps pass on.
    private struct Progress {
        var result: Fixed18
        var settleToken: Fixed18
        var health: Fixed18
        var lots: Int64 = 0
        var settled = Fixed18.zero
    }

    /// The liquidation of one perpetual of an account.
    ///
    /// In order: reduce while the result is negative; settle; reduce in expectation of settling; settle;
    /// reduce for what the result itself counts.
    /// - Parameters:
    ///   - index: of the perpetual; it has no open orders any more.
    ///   - maximumBase: the most base that the liquidator takes, without sign.
    ///   - maximumProfit: the most profit that the liquidator buys.
    /// - Returns: nil where the fees exceed what a reduction frees.
    public func transfer(
        in account: CrossHealth, perpetual index: Int, maximumBase: Quantity,
        maximumProfit: Quantity
    ) throws(ArithmeticOverflow) -> Transfer? {
        precondition(!maximumBase.isNegative && !maximumProfit.isNegative)
        let kind = HealthKind.liquidationEnd
        let perpetual = account.perpetuals[index]
        let token = account.tokens[perpetual.settleToken]
        let isLong = perpetual.size.isPositive
        let fee = baseFee + platformFee
        let freed =
            isLong
            ? Ratio.one - perpetual.weights.initialAsset - fee
            : perpetual.weights.initialLiability - Ratio.one - fee
        guard freed.isPositive, perpetual.price.oracle.isPositive else { return nil }
        let lotValue = try Fixed18(lot)
            .multiplied(by: Fixed18(perpetual.price.oracle), rounding: .down)
        let perLot = try lotValue.multiplied(by: Fixed18(freed), rounding: .down)
        guard perLot > .zero else { return nil }
        let payment = Fixed18(Ratio.one - profitFee)
        let overall = Fixed18(perpetual.weights.initialOverall)
        let expected = try perLot.multiplied(by: payment, rounding: .down)
        let counted = try perLot.multiplied(by: overall, rounding: .down)
        let mostProfit = Fixed18(maximumProfit)
        let mostLots = min(perpetual.size.magnitude, maximumBase).raw / lot.raw

        var progress = Progress(
            result: try perpetual.unweightedResult(kind),
            settleToken: try account.effectiveBalances(kind)[perpetual.settleToken],
            health: try account.exactHealth(kind))

        if progress.result < .zero {
            try reduce(
                &progress, token, limit: -progress.result, expected: perLot, actual: perLot,
                perLot: perLot, mostLots: mostLots)
        }
        try settle(&progress, token, payment: payment, overall: overall, most: mostProfit)
        if progress.result >= .zero, mostProfit > progress.settled, expected > .zero {
            try reduce(
                &progress, token, limit: mostProfit - progress.settled, expected: expected,
                actual: counted, perLot: perLot, mostLots: mostLots)
        }
        try settle(&progress, token, payment: payment, overall: overall, most: mostProfit)
        if progress.health < Fixed18(healthTarget), counted > .zero {
            try reduce(
                &progress, token, limit: nil, expected: counted, actual: counted,
                perLot: perLot, mostLots: mostLots)
        }

        let size = try lot.scaled(by: progress.lots, over: 1, rounding: .down)
        let value = Fixed18(
            raw: try CheckedInt128.product(lotValue.raw, Int128(progress.lots)))
        let direction = Ratio(raw: isLong ? scaleE8 : -scaleE8)
        let toAccount = try value.multiplied(
            by: Fixed18(direction - fee), rounding: .down)
        let fromLiquidator = try value.multiplied(
            by: Fixed18(direction - baseFee), rounding: .up)
        return Transfer(
            base: isLong ? -size : size,
            quote: try toAccount.rounded(to: Quantity.self, .down),
            liquidatorQuote: try fromLiquidator.rounded(to: Quantity.self, .up),
            settledProfit: try progress.settled.rounded(to: Quantity.self, .down),
            profitPayment: try progress.settled.multiplied(by: payment, rounding: .down)
                .rounded(to: Quantity.self, .down))
    }

    /// Reduces the base until health is expected to reach zero, or a limit of settlement tokens.
    ///
    /// The number of lots counts what settling will bring later; only what the reduction itself brings
    /// is booked here.
    private func reduce(
        _ progress: inout Progress, _ token: TokenHealth, limit: Fixed18?, expected: Fixed18,
        actual: Fixed18, perLot: Fixed18, mostLots: Int64
    ) throws(ArithmeticOverflow) {
        let needed = try token.amountGiven(
            untilZero: progress.health, to: progress.settleToken, .liquidationEnd)
        var lots = mostLots - progress.lots
        for bound in [needed, limit] {
            guard let bound else { continue }
            let count = CheckedInt128.quotient(bound.raw, expected.raw, .up)
            lots = min(lots, Int64(clamping: count))
        }
        lots = max(lots, 0)
        try credit(
            &progress, token,
            Fixed18(raw: try CheckedInt128.product(actual.raw, Int128(lots))))
        progress.result += Fixed18(raw: try CheckedInt128.product(perLot.raw, Int128(lots)))
        progress.lots += lots
    }

    /// Settles a positive result until health reaches zero; a negative one is left alone.
    private func settle(
        _ progress: inout Progress, _ token: TokenHealth, payment: Fixed18, overall: Fixed18,
        most: Fixed18
    ) throws(ArithmeticOverflow) {
        guard progress.result >= .zero, payment > overall else { return }
        let perSettled = payment - overall
        var amount = min(most - progress.settled, progress.result)
        if let needed = try token.amountGiven(
            untilZero: progress.health, to: progress.settleToken, .liquidationEnd)
        {
            amount = min(amount, try needed.divided(by: perSettled, rounding: .down))
        }
        amount = max(amount, .zero)
        try credit(
            &progress, token, try amount.multiplied(by: perSettled, rounding: .down))
        progress.result -= amount
        progress.settled += amount
    }

    private func credit(_ progress: inout Progress, _ token: TokenHealth, _ amount: Fixed18)
        throws(ArithmeticOverflow)
    {
        let before = try token.contribution(of: progress.settleToken, .liquidationEnd)
        progress.settleToken += amount
        let after = try token.contribution(of: progress.settleToken, .liquidationEnd)
        progress.health += after - before
    }
}
