public import ExactMath

/// What else wants the block space: a stream of bids that wait, and give up.
///
/// It has memory. What a block does not take stays in a backlog, so that the price of space
/// outlasts the rush that caused it, as on 12 March 2020, when gas peaked five hours after the fall
/// of the price of ether.
public struct DemandConfiguration: Hashable, Sendable {
    /// How values between two points come about.
    public enum Interpolation: Int8, Hashable, Sendable, CaseIterable {
        /// A straight line in rate, median and spread.
        case linear
        /// A point holds until the next.
        case step
        public var name: String { String(describing: self) }
    }

    /// Ascending in time. Before the first and after the last, these hold.
    public var points: [DemandPoint]
    public var interpolation: Interpolation
    /// The mean time after which a bidder gives up: a block's distance of dt leaves exp(−dt /
    /// patience).
    public var patience: TimeSpan
    /// The gas of one background transaction, which makes their number in a block a Poisson draw;
    /// nil makes demand arrive evenly. [gas]
    public var transactionGas: Int64?
    /// By how much the logarithm of a waiting bid rises in an hour: who waits bids again, and more.
    /// Zero leaves bids as they were made.
    public var escalation: Ratio

    public init(
        points: [DemandPoint], interpolation: Interpolation = .linear,
        patience: TimeSpan = TimeSpan(seconds: 600), transactionGas: Int64? = nil,
        escalation: Ratio = .zero
    ) {
        self.points = points
        self.interpolation = interpolation
        self.patience = patience
        self.transactionGas = transactionGas
        self.escalation = escalation
    }

    /// The same demand at all times.
    public init(
        gasPerSecond: Int64, medianPrice: Int64, spread: Ratio,
        patience: TimeSpan = TimeSpan(seconds: 600), transactionGas: Int64? = nil
    ) {
        let point = DemandPoint(
            from: Timestamp(milliseconds: 0), gasPerSecond: gasPerSecond, medianPrice: medianPrice,
            spread: spread)
        self.init(points: [point], patience: patience, transactionGas: transactionGas)
    }
}

/// The demand for block space at a moment.
public struct DemandPoint: Hashable, Sendable {
    public var from: Timestamp
    /// New bids. [gas per second]
    public var gasPerSecond: Int64
    /// Half of the gas bids more, half less. [wei per gas]
    public var medianPrice: Int64
    /// The standard deviation of the logarithm of the bids; zero makes all bid the same.
    public var spread: Ratio

    public init(from: Timestamp, gasPerSecond: Int64, medianPrice: Int64, spread: Ratio) {
        self.from = from
        self.gasPerSecond = gasPerSecond
        self.medianPrice = medianPrice
        self.spread = spread
    }

    /// The point on the straight line to another, at a moment between the two.
    func interpolated(to end: DemandPoint, at time: Timestamp) -> DemandPoint {
        let done = (time - from).milliseconds
        let whole = (end.from - from).milliseconds
        func between(_ a: Int64, _ b: Int64) -> Int64 {
            a + Int64(product(b - a, done) / Int128(whole))
        }
        return DemandPoint(
            from: time, gasPerSecond: between(gasPerSecond, end.gasPerSecond),
            medianPrice: between(medianPrice, end.medianPrice),
            spread: Ratio(raw: between(spread.raw, end.spread.raw)))
    }
}
