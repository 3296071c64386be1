public import ExactMath

/// When a pool closes winners by itself, before their profit exceeds what it can pay.
///
/// Source: gmx-io/gmx-synthetics contracts/adl/AdlUtils.sol, contracts/exchange/AdlHandler.sol.
public struct PoolDeleveraging: Sendable, Hashable {
    /// The share of the pool's side above which profit is deleveraged (`maxPnlFactorForAdl`).
    /// [1e-8]
    public var threshold: Ratio
    /// The share under which no deleveraging may bring it (`minPnlFactorAfterAdl`). [1e-8]
    public var minimumAfter: Ratio

    public init(threshold: Ratio, minimumAfter: Ratio) {
        self.threshold = threshold
        self.minimumAfter = minimumAfter
    }

    /// Whether a closing by deleveraging stands.
    public enum Outcome: Sendable, Hashable, CaseIterable {
        case accepted
        /// The share of the profit did not fall.
        case notReduced
        /// The share fell below the minimum.
        case overcorrected
    }

    /// Whether the profit of a side exceeds the threshold, strictly.
    /// - Parameters:
    ///   - profit: the side's largest profit.
    ///   - pool: the side of the pool at its minimum price; an empty one is never exceeded. [1e-8
    ///     USD]
    public func isRequired(profit: PoolProfit, pool: Money) -> Bool {
        guard profit.amount.isPositive, pool.isPositive else { return false }
        return product(profit.amount.raw, scaleE8) > product(threshold.raw, pool.raw)
    }

    /// Whether a closing stands, from the share of the profit before and after it. [1e-18]
    public func outcome(before: Fixed18, after: Fixed18) -> Outcome {
        if after >= before { return .notReduced }
        return after < Fixed18(minimumAfter) ? .overcorrected : .accepted
    }

    /// Whether prices may flag or execute deleveraging: the newest is not older than the last flag.
    public func acceptsPrices(newest: Timestamp, lastFlagged: Timestamp) -> Bool {
        newest >= lastFlagged
    }
}
