public import ExactMath

/// A chain as the simulator sees it: its clock, its space, its price, and its order.
public struct ChainConfiguration: Hashable, Sendable {
    public var name: String
    public var blockTime: BlockTime
    /// The probability that a slot passes without a block, 0 ≤ p < 1. Not for proof of work.
    public var missedBlocks: Ratio
    /// The most a block may hold. [gas]
    public var gasLimit: Int64
    public var feeMarket: FeeMarket
    public var ordering: Ordering
    public var mempool: MempoolLimits
    public var gas: GasSchedule
    /// Who else wants the space; nil = nobody.
    public var demand: DemandConfiguration?
    /// What sets it apart from one public queue.
    public var rules: InclusionRules

    public init(
        name: String, blockTime: BlockTime, missedBlocks: Ratio = .zero, gasLimit: Int64,
        feeMarket: FeeMarket, ordering: Ordering, mempool: MempoolLimits = MempoolLimits(),
        gas: GasSchedule = .evm, demand: DemandConfiguration? = nil,
        rules: InclusionRules = InclusionRules()
    ) {
        self.name = name
        self.blockTime = blockTime
        self.missedBlocks = missedBlocks
        self.gasLimit = gasLimit
        self.feeMarket = feeMarket
        self.ordering = ordering
        self.mempool = mempool
        self.gas = gas
        self.demand = demand
        self.rules = rules
    }

    /// What the chain can carry in the long run: its target, or its limit, per mean block time at a
    /// moment, rounded down. [gas per second]
    public func capacity(at time: Timestamp) -> Int64 {
        let sustained =
            if case .eip1559(let rule) = feeMarket {
                rules.rule(rule, at: time).target(gasLimit: gasLimit)
            } else {
                gasLimit
            }
        let perSecond = Int128(sustained) * 1000 / Int128(blockTime.mean(at: time).milliseconds)
        return Int64(clamping: perSecond)
    }
}

/// The order of transactions in a block.
public enum Ordering: Int8, Hashable, Sendable, CaseIterable {
    /// The highest effective tip first; then by arrival; then by id.
    case effectiveTip
    /// By arrival; then by id. The block ends at the first that does not fit.
    case firstComeFirstServed
    /// What waited for an earlier block first; what arrived for the same block at random. The
    /// random place is a function of the id alone, so that it does not depend on who else is there.
    case random

    public var name: String { String(describing: self) }
}

/// When blocks come.
public enum BlockTime: Hashable, Sendable {
    /// Slots at a fixed distance.
    case fixed(TimeSpan)
    /// Independent exponential waiting times: proof of work.
    case exponential(mean: TimeSpan)
    /// Fixed distances that change at given moments; before the first, the first holds.
    case schedule([BlockTimeChange])

    /// The mean distance of blocks at a moment, missed slots apart.
    public func mean(at time: Timestamp) -> TimeSpan {
        switch self {
        case .fixed(let span), .exponential(let span): return span
        case .schedule(let changes):
            let current = changes.last { $0.from <= time } ?? changes.first
            guard let current else { preconditionFailure("a schedule has an entry") }
            return current.span
        }
    }
}

/// From this moment on, slots have this distance.
public struct BlockTimeChange: Hashable, Sendable {
    public var from: Timestamp
    public var span: TimeSpan
    public init(from: Timestamp, span: TimeSpan) {
        self.from = from
        self.span = span
    }
}

/// How much the mempool holds, and what it asks of a transaction.
///
/// The defaults are those of go-ethereum's legacy pool (`core/txpool/legacypool`, DefaultConfig):
/// 4,096 executable and 1,024 queued slots, 16 and 64 per account, three hours, 10 %, 1 wei. It
/// counts executable and queued apart; here they share one limit, and the lifetime holds for both.
public struct MempoolLimits: Hashable, Sendable {
    /// The most that wait at a time, all senders together.
    public var transactions: Int
    /// The most that wait of one sender.
    public var perSender: Int
    /// How long one may wait from its arrival.
    public var lifetime: TimeSpan
    /// By how much a replacement must raise both fee cap and tip.
    public var priceBump: Ratio
    /// The least tip (or bid, where the highest bid wins) that is accepted. [wei per gas]
    public var minimumTip: Int64

    public init(
        transactions: Int = 5120, perSender: Int = 80,
        lifetime: TimeSpan = TimeSpan(seconds: 10_800),
        priceBump: Ratio = Ratio(percent: 10), minimumTip: Int64 = 1
    ) {
        self.transactions = transactions
        self.perSender = perSender
        self.lifetime = lifetime
        self.priceBump = priceBump
        self.minimumTip = minimumTip
    }

    /// Does a bid replace the waiting one with its nonce?
    ///
    /// Both fee cap and tip must be higher, and at least `floor(old · (1 + priceBump))`:
    /// go-ethereum `core/txpool/legacypool/list.go`, `list.Add`. [wei per gas]
    public func replaces(
        oldFee: Int64, oldTip: Int64, byFee newFee: Int64, andTip newTip: Int64
    ) -> Bool {
        func threshold(_ old: Int64) -> Int128 {
            product(old, scaleE8 + priceBump.raw) / Int128(scaleE8)
        }
        return newFee > oldFee && newTip > oldTip && Int128(newFee) >= threshold(oldFee)
            && Int128(newTip) >= threshold(oldTip)
    }
}
