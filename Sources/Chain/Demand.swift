import ExactMath
import SeededRandom

/// The background demand of a chain as it runs: arrivals, patience, and what waits.
struct Demand {
    private let patience: TimeSpan
    /// [1e-8 of the logarithm per hour]
    private let escalation: Int64
    /// What waiting bids have risen by beyond whole steps of the ladder. [1e-12 of the logarithm]
    private var climb: Int64 = 0
    private var arrivals: DemandArrivals
    // One of the two, by the chain's ordering.
    private var bids: BidBacklog?
    private var queue: ArrivalBacklog?

    init(_ configuration: DemandConfiguration, ordering: Ordering, noise: RandomStream) {
        patience = configuration.patience
        escalation = configuration.escalation.raw
        arrivals = DemandArrivals(configuration, noise: noise)
        switch ordering {
        case .effectiveTip: bids = BidBacklog()
        case .firstComeFirstServed, .random: queue = ArrivalBacklog()
        }
    }

    /// What waits. [gas]
    var gas: Int64 { (bids?.gas ?? 0) + (queue?.gas ?? 0) }

    /// Lets time pass: what waits loses patience, and new bids arrive.
    /// - Parameter reserve: the lowest price anything can pay. [wei per gas]
    mutating func advance(from start: Timestamp, to end: Timestamp, reserve: Int64) {
        let elapsed = Int128((end - start).milliseconds) * Fixed18.one.raw
        let keep = exponential(Fixed18(raw: -elapsed / Int128(patience.milliseconds))).raw
        let share = Int64((keep << 32) / Fixed18.one.raw)
        bids?.thin(keeping: share)
        queue?.thin(keeping: share)
        if escalation > 0 { escalate(over: end - start) }
        for arrival in arrivals.advance(from: start, to: end) {
            bids?.add(arrival)
            queue?.add(arrival, reserve: reserve)
        }
    }

    /// Raises everything that waits, by whole steps; the rest of the rise is kept for the next time.
    private mutating func escalate(over span: TimeSpan) {
        let rise = product(escalation * 10_000, span.milliseconds) / 3_600_000 + Int128(climb)
        let (steps, rest) = rise.quotientAndRemainder(dividingBy: Int128(BidLadder.height))
        climb = Int64(rest)
        bids?.raise(by: Int(clamping: steps))
    }

    /// What waits, by bid; nil where bids do not matter.
    var waitingBids: WaitingBids? { bids?.survey }

    /// Where the highest bid goes first: that bid. [wei per gas]
    mutating func highestBid() -> Int64? { bids?.highestBid() }

    /// Where what came first goes first: what came before a moment. [gas]
    func gas(before position: Int64) -> Int64 { queue?.gas(before: position) ?? 0 }

    /// Takes up to this much of what comes first, and says how much that was. [gas]
    mutating func take(atMost limit: Int64) -> Int64 {
        bids?.take(atMost: limit) ?? queue?.take(atMost: limit) ?? 0
    }
}
