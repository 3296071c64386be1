public import ExactMath
public import MarginRules

/// On what terms anybody may own a part of the liquidity pool.
///
/// The pool's token is counted apart from assets: it is nobody's collateral. Source: gmx-io/gmx-synthetics @a5c0c88
/// contracts/deposit/ExecuteDepositUtils.sol, contracts/withdrawal/ExecuteWithdrawalUtils.sol; gmx-io/gmx-contracts
/// @fe55c4b contracts/core/GlpManager.sol, Vault.sol.
public struct PoolShareTerms: Hashable, Sendable {
    /// What a deposit or a withdrawal costs, as a share of what is moved.
    public enum Fee: Hashable, Sendable {
        /// By whether the values of what the pool holds come closer to each other. A withdrawal never improves that.
        case byBalance(improving: Ratio, worsening: Ratio)
        /// In basis points, by the distance from each asset's target; one weight for each asset.
        case byWeights(GLPDynamicFee, weights: [Int64])
    }
    public var fee: Fee
    /// The share of the fee that leaves the pool, for the treasury.
    public var outsideShare: Ratio
    /// The most that traders' profit on a side may be of what backs it, in a deposit's and in a withdrawal's valuation;
    /// above it neither is possible.
    public var depositProfit: Ratio
    public var withdrawalProfit: Ratio
    /// The most that the pool may hold of each asset after a deposit; nil for any amount. [1e-8 USD]
    public var maximumValue: Money?
    /// Whether who withdraws chooses the asset; else a withdrawal has all assets in proportion.
    public var choosesAsset: Bool

    public init(
        fee: Fee, outsideShare: Ratio = .zero, depositProfit: Ratio = .one,
        withdrawalProfit: Ratio = .one, maximumValue: Money? = nil, choosesAsset: Bool = false
    ) {
        self.fee = fee
        self.outsideShare = outsideShare
        self.depositProfit = depositProfit
        self.withdrawalProfit = withdrawalProfit
        self.maximumValue = maximumValue
        self.choosesAsset = choosesAsset
    }

    /// What is wrong with it, in words.
    func problems(_ parameters: ProtocolParameters) -> [String] {
        var found: [String] = []
        let unit: ClosedRange<Ratio> = .zero ... .one
        if !parameters.markets.contains(where: { $0.pool?.terms != nil }) {
            found.append("the pool's token needs a pool with terms")
        }
        for cap in [depositProfit, withdrawalProfit]
        where !cap.isPositive || cap > Ratio(whole: 100) {
            found.append("a cap on profit is above 0 and at most 100")
        }
        if !unit.contains(outsideShare) || maximumValue ?? .zero < .zero {
            found.append("a share of fees is between 0 and 1, and a maximum not negative")
        }
        switch fee {
        case .byBalance(let improving, let worsening):
            if !unit.contains(improving) || !unit.contains(worsening) {
                found.append("fees of the pool's token are between 0 and 1")
            }
        case .byWeights(let rule, let weights):
            if weights.count != parameters.assets.count
                || !weights.allSatisfy({ (0...1_000_000_000).contains($0) })
                || weights.allSatisfy({ $0 == 0 }) || rule.base < 0 || rule.tax < 0
                || rule.base + rule.tax > 10_000
            {
                found.append("each asset has a target weight, and fees are at most all of it")
            }
        }
        return found
    }
}

/// A deposit into the pool, or with negative shares a withdrawal from it.
public struct PoolShareChange: Hashable, Sendable {
    public var account: AccountID
    /// [1e-8 shares]
    public var shares: Quantity
    public var supplyAfter: Quantity
    /// What the pool was worth to its depositors before, as this change counts it. [1e-8 USD]
    public var poolValue: Money
    /// What was brought or taken, before the fee. [1e-8 USD]
    public var value: Money
    /// [1e-8 USD]
    public var fee: Money
}

/// What a deposit or a withdrawal would do, computed and not yet written.
struct PoolSharePlan {
    /// What one asset's part moves. [1e-8 units]
    struct Part {
        var asset: Int
        /// Out of the account, and with a minus into it.
        var paid: Int64
        /// The treasury's part of the fee.
        var toTreasury: Int64
        /// The change of the dollars that the pool counts of it. [1e-8 USD]
        var counted: Int64
    }
    var parts: [Part] = []
    var change: PoolShareChange
}

/// Who owns the pool; empty where nobody may.
struct PoolShareBook: Hashable {
    /// By account. [1e-8 shares]
    var held: [Int64] = []
    var supply: Int64 = 0
    /// By asset, the dollars that deposits have brought and withdrawals not yet taken; only for fees by weights.
    /// [1e-8 USD]
    var counted: [Int64] = []
}
