/// What estimators of fees have to go by: the last blocks, and what waits.
public struct FeeSurvey: Sendable {
    let estimator: FeeEstimator
    /// The bids of the background's backlog; nil where bids do not matter.
    public let waiting: WaitingBids?

    init(estimator: FeeEstimator, waiting: WaitingBids?) {
        self.estimator = estimator
        self.waiting = waiting
    }

    /// A survey of a chain that has no blocks yet.
    public static let empty = FeeSurvey(estimator: FeeEstimator(), waiting: nil)

    /// The percentile of the lowest prices that got into the last 20 blocks, as go-ethereum's oracle
    /// looks back; nil before the first. [wei per gas]
    public func recentPrice(percentile: Int) -> Int64? { estimator.price(percentile: percentile) }

    /// The percentile of what waits, by gas; nil where nothing does. [wei per gas]
    public func waitingPrice(percentile: Int) -> Int64? { waiting?.price(percentile: percentile) }
}

extension Chain {
    /// What estimators have to go by now.
    public var survey: FeeSurvey { FeeSurvey(estimator: estimator, waiting: waitingBids) }
}
