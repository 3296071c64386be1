public import ExactMath

/// Observed prices of included transactions, from which the demand behind them is inferred.
///
/// What is seen is what got in, not what bid. The inverse used here:
/// - the spread σ is the slope of ln p₃₀, ln p₆₀, ln p₉₀ on the normal quantiles z₃₀, z₆₀, z₉₀
///   (least squares);
/// - the line is put through p₆₀, so the median is p₆₀ · exp(−σ · z₆₀): p₆₀ is the price a wallet
///   was told to pay (go-ethereum's gas oracle suggests the 60th percentile), and the one to
///   reproduce;
/// - demand arrives at `capacity / (1 − 60 %)` = 2.5 times what the chain carries. Then, in a
///   steady state, the highest bids that fit are those above the 60th percentile, and the clearing
///   price *is* p₆₀.
///
/// While prices move the backlog makes the clearing price lag behind p₆₀, most after a sudden fall.
public struct DemandSeries: Hashable, Sendable {
    /// One window of observation.
    public struct Row: Hashable, Sendable {
        /// When the window begins.
        public var time: Timestamp
        /// Percentiles of the included gas prices. [wei per gas]
        public var p30: Int64
        public var p60: Int64
        public var p90: Int64
        /// Transactions included in the window.
        public var transactions: Int64

        public init(time: Timestamp, p30: Int64, p60: Int64, p90: Int64, transactions: Int64) {
            self.time = time
            self.p30 = p30
            self.p60 = p60
            self.p90 = p90
            self.transactions = transactions
        }
    }

    public let rows: [Row]
    /// How long each window lasts; its values are taken to hold in its middle.
    public let window: TimeSpan

    /// - Throws: where rows are missing or out of order, percentiles fall, or nothing was included
    ///   at all.
    public init(rows: [Row], window: TimeSpan = TimeSpan(seconds: 600)) throws(ChainError) {
        try require(!rows.isEmpty, "rows", "at least one row")
        try require(
            window > .zero && window <= Bounds.span, "window", "more than zero, at most ten years")
        for (index, row) in rows.enumerated() {
            let path = "rows[\(index)]"
            try require(
                index == 0 || rows[index - 1].time < row.time, "\(path).time",
                "later than the row before it")
            try require(1...row.p60 ~= row.p30, "\(path).p30", "at least 1 wei, at most p60")
            try require(
                row.p60...Bounds.price ~= row.p90, "\(path).p90",
                "at least p60, at most \(Bounds.price) wei")
            try require(
                0...1_000_000_000 ~= row.transactions, "\(path).transactions", "0 to 1,000,000,000")
        }
        try require(
            rows.contains { $0.transactions > 0 }, "rows", "some transactions in some window")
        self.rows = rows
        self.window = window
    }

    /// The demand that explains the series on a chain of this capacity.
    ///
    /// - Parameters:
    ///   - capacity: what the chain carries, see ``ChainConfiguration/capacity(at:)``. [gas per
    ///     second]
    ///   - patience: how long bidders wait.
    ///   - noise: draws the number of arrivals, each of the mean gas per transaction that
    ///     `capacity` and the observed counts give; otherwise they arrive evenly.
    public func demand(
        capacity: Int64, patience: TimeSpan = TimeSpan(seconds: 600), noise: Bool = false
    ) -> DemandConfiguration {
        let half = TimeSpan(milliseconds: window.milliseconds / 2)
        let points = rows.map { row in
            let spread = Self.spread(row)
            let shift = -product(spread.raw, Self.z60) / Int128(scaleE8) * 10_000_000_000
            let median =
                Int128(row.p60) * exponential(Fixed18(raw: shift)).raw / Fixed18.one.raw
            return DemandPoint(
                from: row.time + half, gasPerSecond: min(capacity / 2 * 5, Bounds.gasPerSecond),
                medianPrice: max(Int64(clamping: median), 1), spread: spread)
        }
        let count = rows.reduce(0) { $0 + $1.transactions }
        let carried = product(capacity, window.milliseconds) * Int128(rows.count) / 1000
        let meanGas = max(Int64(clamping: carried / Int128(count)), 1)
        return DemandConfiguration(
            points: points, patience: patience, transactionGas: noise ? meanGas : nil)
    }

    /// z₆₀, the standard normal quantile of 60 %. [1e-8]
    private static let z60: Int64 = 25_334_710

    /// (z − z̄) / Σ(z − z̄)² of the quantiles −0.52440051, 0.25334710 and 1.28155157. [1e-8]
    private static let weights: [Int64] = [-52_476_265, -5_086_907, 57_563_172]

    private static func spread(_ row: Row) -> Ratio {
        var sum: Int128 = 0
        for (price, weight) in zip([row.p30, row.p60, row.p90], weights) {
            // Eight decimals of the logarithm are enough, and keep the product short.
            sum += ln(Fixed18(whole: price)).raw / 10_000_000_000 * Int128(weight)
        }
        let slope = Int64(clamping: sum / Int128(scaleE8))
        return Ratio(raw: min(max(slope, 0), 10 * scaleE8))
    }
}
