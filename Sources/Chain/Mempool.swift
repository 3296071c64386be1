import ExactMath
import MarginProtocol

/// The transactions that wait, in the order in which blocks take them.
///
/// The effective tip, `min(maxTip, maxFee − baseFee)`, moves with the base fee, but not in every
/// way: a transaction is bound either by its tip or by its fee cap, and within each of the two
/// classes the order never changes. So there is one heap per class, and a transaction changes heaps
/// only when the base fee crosses `maxFee − maxTip`. Every operation is O(log n), and the order is
/// exact at every base fee.
struct Mempool {
    /// A waiting transaction and what its place depends on.
    struct Entry {
        var transaction: Transaction
        /// Dropped by blocks later than this. [ms]
        var deadline: Int64
        /// The base fee above which it is bound by its fee cap; by arrival: above which it cannot
        /// be included.
        var crossing: Int64
        /// What it offers when bound by its tip. [wei per gas]
        var offer: Int64
        /// Where it stands when orders go by arrival. [ms]
        var position: Int64
        /// Breaks ties of position, where chance does.
        var lot: Int64
        var isCapBound: Bool
        /// Lower tiers come first, whatever they bid.
        var tier: Int
    }
    /// Two heaps, of the transactions bound by their tip and by their fee cap.
    private struct Classes {
        var tipBound = IndexedHeap()
        var capBound = IndexedHeap()

        mutating func insert(_ slot: Int, rank: Rank, capBound isCapBound: Bool) {
            if isCapBound {
                capBound.insert(slot, rank: rank)
            } else {
                tipBound.insert(slot, rank: rank)
            }
        }
        mutating func remove(_ slot: Int) {
            tipBound.remove(slot)
            capBound.remove(slot)
        }
    }

    /// One pair of heaps for each tier.
    private struct Tiers {
        var first = Classes()
        var rest = Classes()

        subscript(tier: Int) -> Classes {
            get { tier == 0 ? first : rest }
            _modify {
                if tier == 0 { yield &first } else { yield &rest }
            }
        }
    }

    private let limits: MempoolLimits
    private let feeMarket: FeeMarket
    private let ordering: Ordering
    private let precedence: Precedence
    private(set) var baseFee: Int64
    private(set) var count = 0
    private var entries: [Entry?] = []
    private var free: [Int] = []
    private var senders: [NonceQueue] = []
    /// How often any heap has moved an element, for measuring how work grows.
    var moves: Int {
        let classes = [heads.first, heads.rest, worst.first, worst.rest, crossings]
        return classes.reduce(deadlines.moves) { $0 + $1.tipBound.moves + $1.capBound.moves }
    }
    /// How many places are allocated for transactions, waiting or free.
    var places: Int { entries.count }
    /// What a block may take now: the transaction at each sender's next nonce. Best first, by tier.
    private var heads = Tiers()
    /// Everything, worst first, by tier.
    private var worst = Tiers()
    /// Everything, by the base fee that moves it to the other class.
    private var crossings = Classes()
    private var deadlines = IndexedHeap()

    init(
        limits: MempoolLimits, feeMarket: FeeMarket, ordering: Ordering,
        precedence: Precedence = .none
    ) {
        self.limits = limits
        self.feeMarket = feeMarket
        self.ordering = ordering
        self.precedence = precedence
        baseFee = feeMarket.initialBaseFee
    }

    subscript(slot: Int) -> Entry {
        guard let entry = entries[slot] else { preconditionFailure("a slot in a heap is in use") }
        return entry
    }

    // MARK: Nonces

    /// The nonce a sender's next included transaction has.
    func nextNonce(of sender: Address) -> Int64 {
        sender.index < senders.count ? senders[sender.index].next : 0
    }

    /// The lowest nonce from there on that no waiting transaction has.
    func freeNonce(of sender: Address) -> Int64 {
        sender.index < senders.count ? senders[sender.index].firstFree : 0
    }

    // MARK: Admission

    /// Admits, replaces or refuses; the checks that need no pool come before
    /// (``Chain/submit(_:)``).
    ///
    /// In this order: nonce too low, replacement, sender's limit, pool's limit.
    mutating func admit(
        _ transaction: Transaction, position: Int64, lot: Int64, at time: Timestamp,
        dropped: inout [DroppedTransaction]
    ) {
        let sender = transaction.sender.index
        while senders.count <= sender { senders.append(NonceQueue()) }
        guard transaction.nonce >= senders[sender].next else {
            dropped.append(refusal(transaction, .nonceTooLow, time))
            return
        }
        let entry = makeEntry(transaction, position: position, lot: lot)
        if let rival = senders[sender].slot(of: transaction.nonce) {
            let old = self[rival].transaction
            guard replaces(old, by: transaction) else {
                dropped.append(refusal(transaction, .replacementUnderpriced, time))
                return
            }
            remove(rival)
            dropped.append(
                DroppedTransaction(
                    transaction: old, reason: .replaced, at: time, replacedBy: transaction.id))
            insert(entry)
            return
        }
        guard senders[sender].count < limits.perSender else {
            dropped.append(refusal(transaction, .senderLimit, time))
            return
        }
        if count == limits.transactions {
            guard let last = worstSlot, isBefore(entry, self[last]) else {
                dropped.append(refusal(transaction, .poolFull, time))
                return
            }
            dropped.append(refusal(self[last].transaction, .poolFull, time))
            remove(last)
        }
        insert(entry)
    }

    private func refusal(
        _ transaction: Transaction, _ reason: DropReason, _ time: Timestamp
    ) -> DroppedTransaction {
        DroppedTransaction(transaction: transaction, reason: reason, at: time, replacedBy: nil)
    }

    /// Where the whole bid is paid, the tip says nothing, and the fee cap alone decides.
    private func replaces(_ old: Transaction, by new: Transaction) -> Bool {
        let bidsOnly = if case .firstPrice = feeMarket { true } else { false }
        return limits.replaces(
            oldFee: old.maxFee, oldTip: bidsOnly ? old.maxFee : old.maxTip,
            byFee: new.maxFee, andTip: bidsOnly ? new.maxFee : new.maxTip)
    }

    private func makeEntry(_ transaction: Transaction, position: Int64, lot: Int64) -> Entry {
        let latest = (transaction.submittedAt + limits.lifetime).milliseconds
        let offer: Int64
        let crossing: Int64
        switch feeMarket {
        case .eip1559:
            offer = transaction.maxTip
            crossing =
                ordering == .effectiveTip
                ? transaction.maxFee - transaction.maxTip : transaction.maxFee
        case .firstPrice: (offer, crossing) = (transaction.maxFee, .max)
        case .free: (offer, crossing) = (0, .max)
        }
        return Entry(
            transaction: transaction,
            deadline: min(transaction.expiresAt?.milliseconds ?? latest, latest),
            crossing: crossing, offer: offer, position: position, lot: lot,
            isCapBound: crossing < baseFee, tier: precedence.tier(of: transaction))
    }

    /// The waiting transactions that a test holds for, in no order.
    func waiting(_ isWanted: (Transaction) -> Bool) -> [Transaction] {
        entries.compactMap { entry in
            entry.flatMap { isWanted($0.transaction) ? $0.transaction : nil }
        }
    }

    /// Whether it is at its sender's next nonce, and can pay the base fee.
    func isExecutable(_ transaction: Transaction) -> Bool {
        nextNonce(of: transaction.sender) == transaction.nonce && transaction.maxFee >= baseFee
    }

    // MARK: Leaving

    /// Drops what may not be in a block of this time or later.
    mutating func expire(at time: Timestamp, dropped: inout [DroppedTransaction]) {
        while let slot = deadlines.first, self[slot].deadline < time.milliseconds {
            dropped.append(refusal(self[slot].transaction, .expired, time))
            remove(slot)
        }
    }

    /// The executable transaction that comes first and can pay the base fee.
    /// - Parameter lowestTier: 1 leaves out what has precedence.
    func best(fromTier lowestTier: Int = 0) -> Int? {
        if lowestTier == 0, let first = best(of: heads.first) { return first }
        return precedence == .none ? nil : best(of: heads.rest)
    }

    private func best(of heads: Classes) -> Int? {
        let tipBound = heads.tipBound.first
        // By arrival, cap bound means: cannot pay.
        guard ordering == .effectiveTip, let capBound = heads.capBound.first,
            self[capBound].transaction.maxFee >= baseFee
        else { return tipBound }
        guard let tipBound else { return capBound }
        return rank(of: self[tipBound]) < rank(of: self[capBound]) ? tipBound : capBound
    }

    /// Takes an executable transaction for a block; its sender's next becomes executable.
    mutating func take(_ slot: Int) {
        let sender = self[slot].transaction.sender.index
        precondition(senders[sender].next == self[slot].transaction.nonce, "only heads execute")
        senders[sender].next += 1
        remove(slot)
        if let head = senders[sender].slot(of: senders[sender].next) { insertHead(head) }
    }

    /// The nonce of a transaction that was included without having waited here; nil where the
    /// sender has one waiting that is due.
    mutating func takeNonce(of sender: Address) -> Int64? {
        while senders.count <= sender.index { senders.append(NonceQueue()) }
        let nonce = senders[sender.index].next
        guard senders[sender.index].slot(of: nonce) == nil else { return nil }
        senders[sender.index].next += 1
        if let head = senders[sender.index].slot(of: nonce + 1) { insertHead(head) }
        return nonce
    }

    /// Takes back what ``takeNonce(of:)`` did last for this sender.
    mutating func returnNonce(of sender: Address) {
        let nonce = senders[sender.index].next
        if let head = senders[sender.index].slot(of: nonce) { heads[self[head].tier].remove(head) }
        senders[sender.index].next = nonce - 1
    }

    /// Sets an executable transaction aside until ``restore(_:)``, because it does not fit.
    mutating func setAside(_ slot: Int) { heads[self[slot].tier].remove(slot) }

    mutating func restore(_ slots: [Int]) {
        for slot in slots { insertHead(slot) }
    }

    /// Moves every transaction whose class the new base fee changes.
    mutating func setBaseFee(_ new: Int64) {
        baseFee = new
        while let slot = crossings.tipBound.first, self[slot].crossing < new {
            reclassify(slot, capBound: true)
        }
        while let slot = crossings.capBound.first, self[slot].crossing >= new {
            reclassify(slot, capBound: false)
        }
    }

    private mutating func reclassify(_ slot: Int, capBound: Bool) {
        let tier = self[slot].tier
        let isHead = heads[tier].tipBound.contains(slot) || heads[tier].capBound.contains(slot)
        heads[tier].remove(slot)
        worst[tier].remove(slot)
        crossings.remove(slot)
        entries[slot]?.isCapBound = capBound
        index(slot)
        if isHead { insertHead(slot) }
    }

    // MARK: Places

    /// The place of an entry among all at the current base fee; the first is included first, the
    /// last is dropped first.
    private func rank(of entry: Entry) -> Rank {
        guard ordering == .effectiveTip else { return classRank(of: entry) }
        let tip = entry.isCapBound ? entry.transaction.maxFee - baseFee : entry.offer
        return Rank(
            first: ~tip, second: entry.transaction.submittedAt.milliseconds,
            id: entry.transaction.id)
    }

    /// The place of an entry among those of its class, which holds at every base fee.
    private func classRank(of entry: Entry) -> Rank {
        switch ordering {
        case .effectiveTip:
            Rank(
                first: ~(entry.isCapBound ? entry.transaction.maxFee : entry.offer),
                second: entry.transaction.submittedAt.milliseconds, id: entry.transaction.id)
        case .firstComeFirstServed, .random:
            Rank(first: entry.position, second: entry.lot, id: entry.transaction.id)
        }
    }

    /// The total order of everything that waits.
    private func isBefore(_ a: Entry, _ b: Entry) -> Bool {
        a.tier != b.tier ? a.tier < b.tier : rank(of: a) < rank(of: b)
    }

    private var worstSlot: Int? {
        if precedence != .none, let last = worstSlot(of: worst.rest) { return last }
        return worstSlot(of: worst.first)
    }

    private func worstSlot(of worst: Classes) -> Int? {
        guard let tipBound = worst.tipBound.first else { return worst.capBound.first }
        guard let capBound = worst.capBound.first else { return tipBound }
        return rank(of: self[tipBound]) < rank(of: self[capBound]) ? capBound : tipBound
    }

    private mutating func insert(_ entry: Entry) {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
            entries[slot] = entry
        } else {
            slot = entries.count
            entries.append(entry)
        }
        count += 1
        let sender = entry.transaction.sender.index
        senders[sender].insert(slot, nonce: entry.transaction.nonce)
        deadlines.insert(
            slot, rank: Rank(first: entry.deadline, second: 0, id: entry.transaction.id))
        index(slot)
        if entry.transaction.nonce == senders[sender].next { insertHead(slot) }
    }

    private mutating func index(_ slot: Int) {
        let entry = self[slot]
        worst[entry.tier].insert(
            slot, rank: classRank(of: entry).reversed, capBound: entry.isCapBound)
        // Without a base fee nothing ever crosses.
        guard entry.crossing < .max else { return }
        let crossing = entry.isCapBound ? ~entry.crossing : entry.crossing
        crossings.insert(
            slot, rank: Rank(first: crossing, second: 0, id: entry.transaction.id),
            capBound: entry.isCapBound)
    }

    private mutating func insertHead(_ slot: Int) {
        let entry = self[slot]
        heads[entry.tier].insert(
            slot, rank: classRank(of: entry), capBound: entry.isCapBound)
    }

    private mutating func remove(_ slot: Int) {
        let transaction = self[slot].transaction
        let tier = self[slot].tier
        senders[transaction.sender.index].remove(nonce: transaction.nonce)
        heads[tier].remove(slot)
        worst[tier].remove(slot)
        crossings.remove(slot)
        deadlines.remove(slot)
        entries[slot] = nil
        free.append(slot)
        count -= 1
    }
}
