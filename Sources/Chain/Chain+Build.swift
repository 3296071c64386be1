import ExactMath
public import MarginProtocol

extension Chain {
    /// How many transactions that do not fit a block passes over before it closes.
    static let patienceForMisfits = 32

    /// Makes the block of the open slot: fills it by the chain's order and runs each transaction.
    ///
    /// - By effective tip: the highest first, of equal ones what arrived first, then the lower id;
    ///   a protocol transaction before background demand that bids the same. One whose gas limit
    ///   does not fit is passed over, and with it its sender's later ones; the 32nd closes the
    ///   block.
    /// - By arrival or at random: whatever stands first, demand included; the first transaction
    ///   that does not fit closes the block.
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
    public mutating func build(
        _ slot: Slot, appendingTo journal: [Event] = [],
        execute: (Transaction, inout [Event]) throws(Rejection) -> Void
    ) -> ChainBlock {
        var draft = BlockDraft(
            remaining: configuration.gasLimit, journal: journal, dropped: closeSlot(slot))
        pool.expire(at: slot.time, dropped: &draft.dropped)
        let reserve = reservePrice
        demand?.advance(from: time, to: slot.time, reserve: reserve)
        switch configuration.ordering {
        case .effectiveTip: fillByTip(&draft, execute)
        case .firstComeFirstServed, .random: fillByArrival(&draft, execute)
        }
        number = slot.number
        time = slot.time
        let header = header(of: draft, slot)
        estimator.record(header)
        if case .eip1559(let rule) = configuration.feeMarket {
            pool.setBaseFee(
                rule.nextBaseFee(
                    baseFee: header.baseFee, gasUsed: header.gasUsed, gasLimit: header.gasLimit))
        }
        return ChainBlock(
            header: header, transactions: draft.transactions, dropped: draft.dropped,
            journal: draft.journal)
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
        while true {
            let bid = demand?.highestBid().flatMap { $0 >= reserve ? $0 : nil }
            let candidate = pool.best()
            if let candidate, price(of: pool[candidate].transaction) >= bid ?? 0 {
                if draft.fits(pool[candidate].transaction) {
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
    }

    private mutating func fillByArrival(
        _ draft: inout BlockDraft, _ execute: (Transaction, inout [Event]) throws(Rejection) -> Void
    ) {
        while let candidate = pool.best() {
            let ahead = demand?.gas(before: pool[candidate].position) ?? 0
            take(atMost: min(ahead, draft.remaining), in: &draft)
            guard draft.fits(pool[candidate].transaction) else {
                draft.isFull = true
                return
            }
            include(candidate, in: &draft, execute)
        }
        take(atMost: draft.remaining, in: &draft)
        if let demand, demand.gas > 0 { draft.isFull = true }
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
        pool.take(slot)
    }
}

/// A block while it is filled.
private struct BlockDraft {
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

    func fits(_ transaction: Transaction) -> Bool { transaction.gasLimit <= remaining }
}
