import ExactMath
public import MarginProtocol

extension Chain {
    /// How many transactions that do not fit a block passes over before it closes.
    static let patienceForMisfits = 32
    /// How many transactions whose accounts or markets are full a block passes over.
    static let patienceForLocks = 1024

    /// Makes the block of the open slot: fills it by the chain's order and runs each transaction.
    ///
    /// - By effective tip: the highest first, of equal ones what arrived first, then the lower id;
    ///   a protocol transaction before background demand that bids the same. One whose gas limit
    ///   does not fit is passed over, and with it its sender's later ones; the 32nd closes the
    ///   block.
    /// - By arrival or at random: whatever stands first, demand included; the first transaction
    ///   that does not fit closes the block.
    ///
    /// What has precedence (``InclusionRules/precedence``) comes before all of this. By effective
    /// tip, a bundle stands where its average payment per gas puts it, before public transactions
    /// and demand that pay the same; directly behind a transaction stands its bundle, if any. Only
    /// builders who take bundles include any. Where locks are limited, a transaction whose accounts
    /// or market are full is passed over, and the 1,024th closes the block.
    ///
    /// Each sender's transactions execute in order of nonce. A transaction takes as much room as
    /// its gas limit asks for, and gives back what its kind does not use. Expired ones are dropped
    /// before.
    ///
    /// - Parameters:
    ///   - slot: what ``nextSlot()`` returned last.
    ///   - journal: events of this block from before its first transaction, if any.
    ///   - execute: runs a transaction and appends its events; what it throws is recorded as the
    ///     rejection.
    ///   - checkpoint: how a bundle of several transactions is undone; needed where there are such.
    public mutating func build(
        _ slot: Slot, appendingTo journal: [Event] = [], checkpoint: Checkpoint? = nil,
        execute: (Transaction, inout [Event]) throws(Rejection) -> Void
    ) -> ChainBlock {
        var draft = BlockDraft(
            remaining: configuration.gasLimit, journal: journal, dropped: closeSlot(slot))
        draft.time = slot.time
        draft.checkpoint = checkpoint
        pool.expire(at: slot.time, dropped: &draft.dropped)
        openBundles(slot, &draft)
        let reserve = reservePrice
        demand?.advance(from: time, to: slot.time, reserve: reserve)
        switch configuration.ordering {
        case .effectiveTip: fillByTip(&draft, execute)
        case .firstComeFirstServed, .random: fillByArrival(&draft, execute)
        }
        closeBundles(slot, &draft)
        number = slot.number
        time = slot.time
        let header = header(of: draft, slot)
        estimator.record(header)
        if let rule = baseFeeRule(at: slot.time) {
            pool.setBaseFee(
                rule.nextBaseFee(
                    baseFee: header.baseFee, gasUsed: header.gasUsed, gasLimit: header.gasLimit))
        }
        return ChainBlock(
            header: header, transactions: draft.transactions, dropped: draft.dropped,
            journal: draft.journal, bundles: draft.bundles, expressRounds: takeRounds())
    }

    private func header(of draft: BlockDraft, _ slot: Slot) -> BlockHeader {
        let tip = draft.isFull ? draft.lowestTip ?? 0 : 0
        return BlockHeader(
            number: slot.number, time: slot.time, missedSlots: slot.missed, baseFee: baseFee,
            gasLimit: configuration.gasLimit, gasUsed: configuration.gasLimit - draft.remaining,
            demandGas: draft.demandGas, backlogGas: demand?.gas ?? 0, mempoolDepth: pool.count,
            marginalTip: tip, minimumPrice: max(baseFee + tip, reservePrice), wasFull: draft.isFull)
    }

    private mutating func fillByTip(
        _ draft: inout BlockDraft, _ execute: (Transaction, inout [Event]) throws(Rejection) -> Void
    ) {
        let reserve = reservePrice
        var misfits: [Int] = []
        var locked: [Int] = []
        while true {
            let bid = demand?.highestBid().flatMap { $0 >= reserve ? $0 : nil }
            let candidate = nextCandidate(draft)
            let offer = candidate.map { offered($0) }
            if let bundle = draft.freeBundles.last, bundle.price >= max(offer ?? 0, bid ?? 0) {
                draft.freeBundles.removeLast()
                tryBundle(bundle.value, in: &draft, execute)
            } else if let candidate, let offer, offer >= bid ?? 0 {
                let transaction = pool[candidate].transaction
                if !hasRoom(for: transaction, in: draft) {
                    locked.append(candidate)
                    pool.setAside(candidate)
                    if locked.count == Self.patienceForLocks { break }
                } else if draft.fits(transaction) {
                    include(candidate, in: &draft, execute)
                } else {
                    draft.isFull = true
                    misfits.append(candidate)
                    pool.setAside(candidate)
                    if misfits.count == Self.patienceForMisfits { break }
                }
            } else if let bid {
                guard draft.remaining > 0 else {
                    draft.isFull = true
                    break
                }
                take(atMost: draft.remaining, in: &draft)
                draft.lowestTip = bid - baseFee
            } else {
                break
            }
        }
        pool.restore(misfits)
        pool.restore(locked)
    }

    private mutating func fillByArrival(
        _ draft: inout BlockDraft, _ execute: (Transaction, inout [Event]) throws(Rejection) -> Void
    ) {
        while let candidate = nextCandidate(draft) {
            take(atMost: min(demandAhead(of: pool[candidate]), draft.remaining), in: &draft)
            guard draft.fits(pool[candidate].transaction) else {
                draft.isFull = true
                return
            }
            include(candidate, in: &draft, execute)
        }
        take(atMost: draft.remaining, in: &draft)
        if let demand, demand.gas > 0 { draft.isFull = true }
    }

    /// The public transaction that comes next: what has precedence, as far as its attempts go.
    private func nextCandidate(_ draft: BlockDraft) -> Int? {
        let isSpent = configuration.rules.precedence.attempts.map { draft.attempts >= $0 } ?? false
        return pool.best(fromTier: isSpent ? 1 : 0)
    }

    /// What a candidate offers against bundles and demand: more than all where it has precedence.
    private func offered(_ candidate: Int) -> Int64 {
        let entry = pool[candidate]
        let isFirst = configuration.rules.precedence != .none && entry.tier == 0
        return isFirst ? .max : price(of: entry.transaction)
    }

    /// The demand that came before a transaction, none of which has precedence, and all of which is
    /// delayed where there is an express lane. [gas]
    private func demandAhead(of entry: Mempool.Entry) -> Int64 {
        if configuration.rules.precedence != .none, entry.tier == 0 { return 0 }
        let delay = configuration.rules.expressLane?.delay ?? .zero
        return demand?.gas(before: entry.position - delay.milliseconds) ?? 0
    }

    /// Whether everything a transaction writes has room left in the block.
    func hasRoom(for transaction: Transaction, in draft: BlockDraft) -> Bool {
        guard let limit = configuration.rules.lockLimit else { return true }
        return transaction.command.writeLocks.allSatisfy {
            (draft.locks[$0] ?? 0) + transaction.gasLimit <= limit
        }
    }

    /// What a transaction that can be included pays. [wei per gas]
    private func price(of transaction: Transaction) -> Int64 {
        let price = configuration.feeMarket.effectivePrice(
            maxFee: transaction.maxFee, maxTip: transaction.maxTip, baseFee: baseFee)
        guard let price else { preconditionFailure("only what can pay the reserve is a candidate") }
        return price
    }

    private mutating func take(atMost gas: Int64, in draft: inout BlockDraft) {
        let taken = demand?.take(atMost: gas) ?? 0
        draft.remaining -= taken
        draft.demandGas += taken
    }

    private mutating func include(
        _ slot: Int, in draft: inout BlockDraft,
        _ execute: (Transaction, inout [Event]) throws(Rejection) -> Void
    ) {
        let transaction = pool[slot].transaction
        let price = price(of: transaction)
        let start = draft.journal.count
        var gasUsed = configuration.gas.amount(for: transaction.command)
        var rejection: Rejection?
        do {
            try execute(transaction, &draft.journal)
        } catch {
            rejection = error
            gasUsed = configuration.gas.rejectedAmount(for: transaction.command)
        }
        draft.transactions.append(
            IncludedTransaction(
                transaction: transaction, index: draft.transactions.count, gasUsed: gasUsed,
                effectivePrice: price, tip: price - baseFee, rejection: rejection,
                events: start..<draft.journal.count))
        draft.remaining -= gasUsed
        draft.lowestTip = min(draft.lowestTip ?? .max, price - baseFee)
        if pool[slot].tier == 0 { draft.attempts += 1 }
        note(transaction, used: gasUsed, in: &draft)
        pool.take(slot)
        if !draft.rights.isEmpty {
            follow(transaction.id, applied: rejection == nil, in: &draft, execute)
        }
    }

    /// Counts what a transaction has used of the room of everything it writes.
    func note(_ transaction: Transaction, used: Int64, in draft: inout BlockDraft) {
        guard configuration.rules.lockLimit != nil else { return }
        for lock in transaction.command.writeLocks { draft.locks[lock, default: 0] += used }
    }
}

/// A block while it is filled.
struct BlockDraft {
    var time = Timestamp(milliseconds: 0)
    /// [gas]
    var remaining: Int64
    var journal: [Event]
    var dropped: [DroppedTransaction]
    var transactions: [IncludedTransaction] = []
    /// [gas]
    var demandGas: Int64 = 0
    /// [wei per gas]
    var lowestTip: Int64?
    /// Was something willing to pay left out for want of room?
    var isFull = false
    /// Transactions of the first tier that were tried.
    var attempts = 0
    /// What has been used of each lock; only looked up. [gas]
    var locks: [Int64: Int64] = [:]
    /// Bundles whose payment decides, the best last.
    var freeBundles: [(value: TransactionBundle, price: Int64)] = []
    /// Bundles that stand behind a public transaction.
    var rights: [TransactionBundle] = []
    /// Bundles that stay for the next block.
    var keptBundles: [TransactionBundle] = []
    /// Bundles whose end is known.
    var bundles: [BundleRecord] = []
    var checkpoint: Checkpoint?

    init(remaining: Int64, journal: [Event], dropped: [DroppedTransaction]) {
        self.remaining = remaining
        self.journal = journal
        self.dropped = dropped
    }

    func fits(_ transaction: Transaction) -> Bool { transaction.gasLimit <= remaining }
}
