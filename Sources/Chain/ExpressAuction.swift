public import ExactMath
public import MarginProtocol

/// A bid for the express lane of the next round.
public struct ExpressBid: Hashable, Sendable {
    public var bidder: Address
    /// [wei]
    public var amount: Int64

    public init(bidder: Address, amount: Int64) {
        self.bidder = bidder
        self.amount = amount
    }
}

/// A round of the express lane as it begins.
public struct ExpressRound: Hashable, Sendable {
    public var start: Timestamp
    /// nil where nobody bid.
    public var holder: Address?
    /// The winner's own bid, and what it pays: the second bid, at least the reserve. [wei]
    public var highest: Int64
    public var paid: Int64
    public var bids: Int
}

/// The auctions of an express lane: one round's holder, and the bids for the next.
struct ExpressAuction {
    private let lane: ExpressLane
    private(set) var holder: Address?
    private(set) var nextStart: Timestamp
    /// Highest first; of equal ones, who bid first.
    private var bids: [ExpressBid] = []

    /// The first round begins with the chain and has no holder.
    init(_ lane: ExpressLane, start: Timestamp) {
        self.lane = lane
        nextStart = start + lane.round
    }

    /// The last moment at which a bid for the next round counts.
    var closing: Timestamp { nextStart - lane.closing }

    /// Takes a sealed bid; a bidder's later bid stands beside its earlier one.
    mutating func add(_ bid: ExpressBid, at time: Timestamp) -> Bool {
        guard time <= closing, bid.amount >= lane.reserve, bid.amount > 0 else { return false }
        let place = bids.firstIndex { $0.amount < bid.amount } ?? bids.count
        guard place < lane.bids else { return false }
        bids.insert(bid, at: place)
        if bids.count > lane.bids { bids.removeLast() }
        return true
    }

    /// Begins every round up to a moment; those that have a bid, or end a holder's, are told.
    mutating func advance(to time: Timestamp) -> [ExpressRound] {
        var begun: [ExpressRound] = []
        while nextStart <= time {
            let before = holder
            holder = bids.first?.bidder
            if holder != nil || before != nil {
                begun.append(
                    ExpressRound(
                        start: nextStart, holder: holder, highest: bids.first?.amount ?? 0,
                        paid: bids.isEmpty
                            ? 0 : max(bids.count > 1 ? bids[1].amount : 0, lane.reserve),
                        bids: bids.count))
            }
            bids = []
            nextStart = nextStart + lane.round
        }
        return begun
    }

    /// How much later than a holder's a sender's transaction arrives.
    func delay(of sender: Address) -> TimeSpan { sender == holder ? .zero : lane.delay }
}
