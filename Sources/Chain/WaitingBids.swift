import ExactMath

/// The bids that wait in a backlog, as a node that watches the mempool sees them.
///
/// An estimate from what waits is biased by what the backlog is made of. While it is drained from
/// the top, it fills with bids too low to get in, and a percentile of it falls below the price that
/// does; when bids crowd together just under the going price, percentiles far apart differ by next
/// to nothing ("compression", Blocknative's forensics of 12 March 2020).
public struct WaitingBids: Sendable {
    let gasByStep: [Int64]
    /// What waits. [gas]
    public let gas: Int64

    /// The price below which this share of the waiting gas bids; nil where nothing waits. [wei per
    /// gas]
    /// - Parameter percentile: 0…100.
    public func price(percentile: Int) -> Int64? {
        precondition(0...100 ~= percentile, "a percentile is 0 to 100")
        guard gas > 0 else { return nil }
        let rank = max((product(gas, Int64(percentile)) + 99) / 100, 1)
        var below: Int128 = 0
        for step in gasByStep.indices where gasByStep[step] > 0 {
            below += Int128(gasByStep[step])
            if below >= rank { return BidLadder.prices[step] }
        }
        return nil
    }

    /// The lowest of the best bids that fill this much gas; nil where all that waits fits. [wei per
    /// gas]
    public func clearingPrice(room: Int64) -> Int64? {
        guard gas > room else { return nil }
        var left = room
        for step in gasByStep.indices.reversed() where gasByStep[step] > 0 {
            left -= gasByStep[step]
            if left < 0 { return BidLadder.prices[step] }
        }
        return nil
    }
}
