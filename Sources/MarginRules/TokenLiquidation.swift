public import ExactMath

/// The exchange of a token debt against a token asset of an account in liquidation, until its health
/// reaches zero.
///
/// Source: blockworks-foundation/mango-v4 programs/mango-v4/src/instructions/token_liq_with_token.rs.
public struct TokenLiquidation: Hashable, Sendable {
    /// The fees that a token adds. [1e-8]
    public struct Fee: Hashable, Sendable {
        /// To the liquidator.
        public let liquidator: Ratio
        /// To the platform.
        public let platform: Ratio

        public init(liquidator: Ratio, platform: Ratio) {
            precondition(!liquidator.isNegative && !platform.isNegative)
            self.liquidator = liquidator
            self.platform = platform
        }
    }

    public let assetFee: Fee
    public let liabilityFee: Fee

    public init(assetFee: Fee, liabilityFee: Fee) {
        self.assetFee = assetFee
        self.liabilityFee = liabilityFee
    }

    /// (1 + debt's fee) · (1 + asset's fee), to the liquidator alone, exact. [1e-18]
    public var liquidatorFactor: Fixed18 {
        Self.factor(liabilityFee.liquidator, assetFee.liquidator)
    }

    /// The same with the platform's fees, exact. [1e-18]
    public var totalFactor: Fixed18 {
        Self.factor(
            liabilityFee.liquidator + liabilityFee.platform,
            assetFee.liquidator + assetFee.platform)
    }

    private static func factor(_ a: Ratio, _ b: Ratio) -> Fixed18 {
        Fixed18(raw: product((Ratio.one + a).raw, (Ratio.one + b).raw) * 100)
    }

    /// What an exchange moves. [1e-8 units]
    public struct Transfer: Hashable, Sendable {
        /// The debt that the liquidator repays.
        public let liability: Quantity
        /// The asset that leaves the account.
        public let assetFromAccount: Quantity
        /// The asset that the liquidator receives; the platform keeps the difference.
        public let assetToLiquidator: Quantity
    }

    /// The exchange that brings the liquidation-end health to zero, all down.
    ///
    /// Neither a debt that perpetual results already offset, nor an asset that perpetual results already
    /// use up, is exchanged: the effective balances may not cross zero.
    /// - Parameters:
    ///   - asset: the index of the token that pays.
    ///   - liability: the index of the token that is repaid.
    ///   - maximum: the most debt that the liquidator repays.
    /// - Returns: nil where the account has no such asset or no such debt to exchange.
    public func transfer(
        in account: CrossHealth, asset: Int, liability: Int, maximum: Quantity
    ) throws(ArithmeticOverflow) -> Transfer? {
        let kind = HealthKind.liquidationEnd
        let balances = try account.effectiveBalances(kind)
        let health = try account.exactHealth(kind)
        let (owned, owed) = (account.tokens[asset], account.tokens[liability])
        let available = min(Fixed18(owned.balance), balances[asset])
        let repayable = min(
            Fixed18(maximum), min(-Fixed18(owed.balance), -balances[liability]))
        guard available > .zero, repayable > .zero, owned.price.oracle.isPositive else {
            return nil
        }

        let assetPrice = Fixed18(owned.price.oracle)
        let liabilityPrice = Fixed18(owed.price.oracle)
        let raised = try liabilityPrice.multiplied(by: totalFactor, rounding: .up)
        let gain =
            try owed.weightedLiabilityPrice(kind)
            - (raised.multiplied(by: Fixed18(owned.weights.initialAsset), rounding: .down))
        guard raised > .zero else { return nil }
        let possible = try available.multiplied(by: assetPrice, rounding: .down)
            .divided(by: raised, rounding: .down)
        // Where repaying does not help, nothing is needed.
        let needed =
            gain > .zero && health < .zero
            ? try (-health).divided(by: gain, rounding: .down) : .zero
        let repaid = min(needed, min(possible, repayable))

        let base = try repaid.multiplied(by: liabilityPrice, rounding: .down)
            .divided(by: assetPrice, rounding: .down)
        return Transfer(
            liability: try repaid.rounded(to: Quantity.self, .down),
            assetFromAccount: try base.multiplied(by: totalFactor, rounding: .down)
                .rounded(to: Quantity.self, .down),
            assetToLiquidator: try base.multiplied(by: liquidatorFactor, rounding: .down)
                .rounded(to: Quantity.self, .down))
    }
}
