import Chain
import ExactMath
public import MarginProtocol
public import Oracles

/// The reporter of one push feed: carries reports to the chain and pays for them.
///
/// Without bumps every report is a transaction of its own, so one that bids too little keeps all later
/// ones waiting behind its nonce. With bumps at most one is on the way: when it has waited long enough,
/// the newest report takes its place at its nonce, for at least 10 % more. While the price of block space
/// is above its maximum, the feed is priced out: the reporter keeps only the newest report and sends it
/// once it can pay.
public struct Reporter: Agent {
    /// A request whose end it has not heard of.
    struct Sent: Hashable, Sendable {
        var tag: Int64
        var report: Report
        var nonce: Int64?
        var fee: Int64
        var sentAt: Int64
    }

    public let policy: ReporterPolicy
    public let address: Address
    /// The newest report that could not be sent yet.
    public private(set) var held: Report?
    private(set) var sent: [Sent] = []

    public init(policy: ReporterPolicy, address: Address) {
        self.policy = policy
        self.address = address
    }

    public var addresses: ClosedRange<Int32> { address.raw...address.raw }

    /// The name of the request that carries a report: `feed · 2^32 + round`.
    ///
    /// When a fee is raised and there is no newer report, two requests carry the same round: the one that
    /// was replaced ends as `dropped(.replaced)`, and the round's fate is that of the other.
    public static func tag(feed: FeedID, round: Int64) -> Int64 {
        Int64(feed.raw) << 32 + round
    }

    /// The feed and round that a request of a reporter carries.
    public static func report(of tag: Int64) -> (feed: FeedID, round: Int64) {
        (FeedID(Int32(truncatingIfNeeded: tag >> 32)), tag & 0xFFFF_FFFF)
    }

    public mutating func decide(_ view: borrowing View) -> Actions {
        var fresh: [Report] = []
        let hasWaited = held != nil
        if let held { fresh.append(held) }
        held = nil
        for report in view.reports where report.feed == policy.feed.index { fresh.append(report) }
        let bid = policy.fee.bid(
            profit: nil, gas: view.gas[.postPrice], going: view.entryPrice(for: policy.fee),
            native: view.nativePrice)
        guard let bid else {
            held = newest(fresh)
            return Actions()
        }
        if policy.bumpAfter > 0, let pending = sent.last {
            return replace(pending, by: newest(fresh), bid: bid, view)
        }
        let limit = policy.caps.isEmpty ? policy.maximumFee : policy.maximum(at: view.time)
        if let maximum = limit, view.entryPrice > maximum {
            held = newest(fresh)
            return Actions()
        }
        let price = min(bid, limit ?? .max)
        // Of what it kept back, and with bumps always, only the newest is worth its gas.
        let chosen = hasWaited || policy.bumpAfter > 0 ? newest(fresh).map { [$0] } ?? [] : fresh
        return Actions(requests: chosen.map { send($0, fee: price, at: view.block) })
    }

    public mutating func learn(_ outcome: Outcome) {
        switch outcome.result {
        case .pending(let nonce):
            for index in sent.indices where sent[index].tag == outcome.tag {
                sent[index].nonce = nonce
            }
        case .applied, .rejected: sent.removeAll { $0.tag == outcome.tag }
        case .dropped(.replaced):
            // Of two that carry one round, the older.
            if let index = sent.firstIndex(where: { $0.tag == outcome.tag }) {
                sent.remove(at: index)
            }
        case .dropped(let reason):
            guard let index = sent.lastIndex(where: { $0.tag == outcome.tag }) else { return }
            let lost = sent.remove(at: index).report
            // A full mempool is no fault of the report's; if nothing newer is there, it tries again.
            guard reason == .poolFull, sent.isEmpty else { return }
            held = newest([lost] + (held.map { [$0] } ?? []))
        }
    }

    /// Puts the newest report, or the same one, in the place of one that has waited long enough.
    private mutating func replace(
        _ pending: Sent, by candidate: Report?, bid: Int64, _ view: borrowing View
    ) -> Actions {
        var next = pending.report
        if let candidate, candidate.round > pending.report.round {
            next = candidate
            held = candidate
        }
        let limit = policy.maximum(at: view.time) ?? .max
        guard let nonce = pending.nonce,
            view.block - pending.sentAt >= Int64(policy.bumpAfter),
            let raised = bumped(pending.fee), raised <= limit
        else { return Actions() }
        held = nil
        let fee = min(max(raised, bid), limit)
        return Actions(requests: [send(next, fee: fee, at: view.block, nonce: nonce)])
    }

    private mutating func send(_ report: Report, fee: Int64, at block: Int64, nonce: Int64? = nil)
        -> Request
    {
        let tag = Self.tag(feed: policy.feed, round: report.round)
        sent.append(Sent(tag: tag, report: report, nonce: nil, fee: fee, sentAt: block))
        return Request(
            tag: tag, sender: address,
            command: .postPrice(
                feed: policy.feed,
                report: PriceReport(
                    round: report.round, price: report.price, confidence: report.confidence,
                    observedAt: report.observedAt, publishedAt: report.publishedAt)),
            nonce: nonce, maxFee: fee, maxTip: fee)
    }

    private func newest(_ reports: [Report]) -> Report? { reports.max { $0.round < $1.round } }
}
