public import ExactMath

/// Drift's two guards against a price that ran away from its 5-minute average.
///
/// Distances are in whole millionths, truncated. Source: drift-labs/protocol-v2
/// `programs/drift/src/math/amm.rs` (`is_oracle_mark_too_divergent`), `math/orders.rs`
/// (`is_oracle_too_divergent_with_twap_5min`), `math/oracle.rs` (`block_operation`).
public struct OracleDivergence: Hashable, Sendable {
    /// Funding stops when the mark price is further than this from the average; at least 10 %.
    public var markLimit: Ratio
    /// Liquidations stop when the oracle is this far from its average, or further; at least 50 %.
    public var liquidationLimit: Ratio

    public init(
        markLimit: Ratio = Ratio(percent: 10), liquidationLimit: Ratio = Ratio(percent: 50)
    ) {
        self.markLimit = max(markLimit, Ratio(percent: 10))
        self.liquidationLimit = max(liquidationLimit, Ratio(percent: 50))
    }

    /// `|mark − average| / mark > limit`.
    /// - Parameter mark: greater than zero.
    public func isMarkTooDivergent(_ mark: Price, average: Price) -> Bool {
        millionths(mark, from: average, over: mark) * 100 > Int128(markLimit.raw)
    }

    /// `|oracle − average| / average ≥ limit`.
    /// - Parameter average: not zero.
    public func blocksLiquidation(oracle: Price, average: Price) -> Bool {
        millionths(oracle, from: average, over: average) * 100 >= Int128(liquidationLimit.raw)
    }

    /// Whether a funding update must wait.
    /// - Parameter sinceMarketMakerUpdate: since the market maker last took a price. [slots]
    /// - Parameter fundingPeriod: in seconds, compared with slots as on chain: half the time.
    public func blocksFunding(
        validity: OracleValidity, mark: Price, average: Price, sinceMarketMakerUpdate: Int64,
        fundingPeriod: TimeSpan
    ) -> Bool {
        sinceMarketMakerUpdate > fundingPeriod.milliseconds / 1000
            || !OracleAction.updateFunding.isAllowed(with: validity)
            || isMarkTooDivergent(mark, average: average)
    }

    private func millionths(_ price: Price, from other: Price, over reference: Price) -> Int128 {
        precondition(!reference.isZero, "a distance has a reference")
        let distance = (Int128(price.raw) - Int128(other.raw)).magnitude
        return Int128(distance) * 1_000_000 / Int128(reference.raw.magnitude)
    }
}
