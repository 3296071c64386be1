public import ExactMath
public import MarginProtocol
public import SeededRandom

/// A chain: who gets into which block, in which order, and at what price.
///
/// One round is ``nextSlot()``, any number of ``submit(_:)``, and
/// ``build(_:appendingTo:execute:)``. What was submitted counts from its own arrival: a transaction
/// that arrives after the slot's time waits, unseen, for a later one. Every random draw comes from
/// streams of its own: `chain/blocks`, `chain/demand`, `chain/ordering`.
public struct Chain: Sendable {
    public let configuration: ChainConfiguration
    /// The last block's number; 0 before the first.
    public internal(set) var number: Int64 = 0
    /// The last block's time, or the start.
    public internal(set) var time: Timestamp
    var pool: Mempool
    var demand: Demand?
    var estimator = FeeEstimator()
    /// The slot that was drawn and has no block yet.
    private(set) var openSlot: Slot?
    private var clock: BlockClock
    private var transit = Transit()
    /// Drops that no call has returned yet.
    private var unreported: [DroppedTransaction] = []
    /// Turns ids into places where the order is random.
    private let salt: UInt64
    /// Turns ids into who is lost on the way.
    private let lossSalt: UInt64
    /// Draws who builds a block.
    var builders: RandomStream
    /// Bundles that wait, in the order in which they came.
    var bundles: [TransactionBundle] = []
    /// Bundles that were refused since the last block.
    var refusedBundles: [BundleRecord] = []
    private var lane: ExpressAuction?
    /// Rounds of the express lane that no block has told yet.
    private var begunRounds: [ExpressRound] = []

    /// A chain whose last block is at `start`.
    /// - Throws: the first field of the configuration that makes no sense.
    public init(
        _ configuration: ChainConfiguration, start: Timestamp, random: RandomSource
    ) throws(ChainError) {
        try configuration.validate()
        self.configuration = configuration
        time = start
        pool = Mempool(
            limits: configuration.mempool, feeMarket: configuration.feeMarket,
            ordering: configuration.ordering, precedence: configuration.rules.precedence)
        demand = configuration.demand.map {
            Demand(
                $0, ordering: configuration.ordering, noise: random.stream("chain/demand"))
        }
        clock = BlockClock(configuration, draws: random.stream("chain/blocks"))
        var ordering = random.stream("chain/ordering")
        salt = ordering.next()
        var losses = random.stream("chain/losses")
        lossSalt = losses.next()
        builders = random.stream("chain/builders")
        lane = configuration.rules.expressLane.map { ExpressAuction($0, start: start) }
    }

    /// The base fee of the next block; zero without EIP-1559. [wei per gas]
    public var baseFee: Int64 { pool.baseFee }

    /// The lowest price anything can pay in the next block. [wei per gas]
    public var reservePrice: Int64 { configuration.feeMarket.reservePrice(baseFee: baseFee) }

    /// The number of transactions that wait in the mempool.
    public var pendingCount: Int { pool.count }

    /// The nonce of a sender's next transaction to be included: the number of those that were.
    public func nextNonce(of sender: Address) -> Int64 { pool.nextNonce(of: sender) }

    /// The first nonce from there on that no waiting transaction of the sender has: what a wallet
    /// uses next.
    public func freeNonce(of sender: Address) -> Int64 { pool.freeNonce(of: sender) }

    /// Draws the next slot, and lets everything that arrives before it into the mempool, in order
    /// of arrival.
    ///
    /// The slot before must have its block.
    public mutating func nextSlot() -> Slot {
        precondition(openSlot == nil, "a slot is built before the next is drawn")
        let next = clock.next(after: time)
        let slot = Slot(number: number + 1, time: next.time, missed: next.missed)
        openSlot = slot
        begunRounds += lane?.advance(to: slot.time) ?? []
        var dropped: [DroppedTransaction] = []
        while let transaction = transit.next(by: slot.time) {
            admit(transaction, into: slot, dropped: &dropped)
        }
        unreported += dropped
        return slot
    }

    /// Sends a transaction. Returns what that drops: itself when refused, another when it takes its
    /// place.
    ///
    /// Refusals are checked in this order: lost on the way, gas limit above the block's, below what the command
    /// uses, already expired, fee too low, nonce too low, replacement underpriced, sender's limit,
    /// full mempool. A full mempool drops whatever its blocks would take last: the lowest effective
    /// tip, and of equal ones the newest. One that arrives after the open slot (or with no slot
    /// open) is checked on arrival, and what it drops then is in the next block's `dropped`; as
    /// many may be on their way as may wait.
    ///
    /// Transactions that arrive for the same slot are to be submitted in order of arrival where
    /// they share a nonce; otherwise the order of the calls does not matter.
    public mutating func submit(_ transaction: Transaction) -> [DroppedTransaction] {
        precondition(
            transaction.gasLimit >= 0 && transaction.maxFee >= 0 && transaction.maxTip >= 0
                && transaction.nonce >= 0,
            "gas, fees and nonces are not negative")
        var dropped: [DroppedTransaction] = []
        var transaction = transaction
        if let lane {
            transaction.submittedAt = transaction.submittedAt + lane.delay(of: transaction.sender)
        }
        if let slot = openSlot, transaction.submittedAt <= slot.time {
            admit(transaction, into: slot, dropped: &dropped)
        } else if transit.count < configuration.mempool.transactions {
            transit.insert(transaction)
        } else {
            dropped.append(
                DroppedTransaction(
                    transaction: transaction, reason: .poolFull, at: transaction.submittedAt,
                    replacedBy: nil))
        }
        return dropped
    }

    /// Sends a bundle to builders, with a slot open; why they do not take it, or nil where they do.
    ///
    /// Where the order does not depend on bids, only bundles behind a transaction have a place. What
    /// is refused stands in the record of the block that is built next.
    public mutating func submit(_ bundle: TransactionBundle) -> BundleRecord.Reason? {
        precondition(!bundle.transactions.isEmpty, "a bundle is not empty")
        let short = bundle.transactions.first {
            $0.gasLimit < configuration.gas.amount(for: $0.command)
        }
        guard let reason = refusal(of: bundle, short: short) else {
            bundles.append(bundle)
            return nil
        }
        refusedBundles.append(
            BundleRecord(
                bundle: bundle, fate: .refused,
                price: bundle.price(in: configuration.feeMarket, baseFee: baseFee) ?? 0,
                reason: reason, part: reason == .gasLimitTooLow ? short?.id : nil))
        return reason
    }

    private func refusal(of bundle: TransactionBundle, short: Transaction?) -> BundleRecord.Reason?
    {
        guard configuration.rules.bundles != nil, let slot = openSlot,
            bundle.behind != nil || configuration.ordering == .effectiveTip
        else { return .noPlace }
        if short != nil { return .gasLimitTooLow }
        if bundle.expiresAt < slot.time { return .expired }
        if bundle.gasLimit > configuration.gasLimit { return .tooLarge }
        return bundles.count < configuration.mempool.transactions ? nil : .queueFull
    }

    /// The bids that wait in the background's backlog; nil where bids do not matter.
    public var waitingBids: WaitingBids? { demand?.waitingBids }

    // MARK: The express lane

    /// Who is not delayed now.
    public var expressHolder: Address? { lane?.holder }

    /// When the next round of the express lane begins; nil where there is none.
    public var nextExpressRound: Timestamp? { lane?.nextStart }

    /// Takes a sealed bid for the next round, at the time of the open slot.
    ///
    /// `false` where there is no lane, bids have closed, the reserve is not met, or enough others
    /// bid as much.
    public mutating func submit(_ bid: ExpressBid) -> Bool {
        guard let slot = openSlot else { return false }
        return lane?.add(bid, at: slot.time) ?? false
    }

    /// What a wallet would suggest, from the last 20 blocks.
    ///
    /// - Parameter percentile: 0…100, by nearest rank; 60 is go-ethereum's default.
    public func estimate(percentile: Int = 60) -> FeeEstimate {
        let tip = suggestedTip(percentile: percentile)
        let price =
            switch configuration.feeMarket {
            case .eip1559: baseFee + min(tip, Int64.max - baseFee)
            case .firstPrice(let minimum):
                max(
                    estimator.price(percentile: percentile) ?? 0, minimum,
                    configuration.mempool.minimumTip)
            case .free: Int64(0)
            }
        return FeeEstimate(baseFee: baseFee, tip: tip, price: price)
    }

    /// A percentile of the marginal tips of the last 20 blocks, at least the mempool's minimum.
    /// [wei per gas]
    public func suggestedTip(percentile: Int) -> Int64 {
        max(estimator.tip(percentile: percentile) ?? 0, configuration.mempool.minimumTip)
    }

    /// The lowest prices that would have got into the last 20 blocks, oldest first. [wei per gas]
    public var recentMinimumPrices: [Int64] { estimator.minimumPrices }

    /// The rule of the base fee in force in a slot; nil without one.
    func baseFeeRule(at time: Timestamp) -> EIP1559? {
        guard case .eip1559(let rule) = configuration.feeMarket else { return nil }
        return configuration.rules.rule(rule, at: time)
    }

    /// Hands over the rounds of the express lane that have begun.
    mutating func takeRounds() -> [ExpressRound] {
        defer { begunRounds = [] }
        return begunRounds
    }

    /// Whether a transaction never arrives.
    private func isLost(_ id: Int64) -> Bool {
        let rate = configuration.rules.lossRate
        guard rate > .zero else { return false }
        let lot = Int64(scramble(lossSalt ^ UInt64(bitPattern: id)) >> 33)
        return product(lot, scaleE8) < product(rate.raw, 1 << 31)
    }

    /// Ends the open slot and hands over the drops nobody has seen.
    mutating func closeSlot(_ slot: Slot) -> [DroppedTransaction] {
        precondition(slot == openSlot, "the block is built for the slot that was drawn last")
        openSlot = nil
        let dropped = unreported
        unreported = []
        return dropped
    }

    private mutating func admit(
        _ transaction: Transaction, into slot: Slot, dropped: inout [DroppedTransaction]
    ) {
        if let reason = refusal(of: transaction) {
            dropped.append(
                DroppedTransaction(
                    transaction: transaction, reason: reason, at: transaction.submittedAt,
                    replacedBy: nil))
            return
        }
        var position = transaction.submittedAt.milliseconds
        var lot: Int64 = 0
        if configuration.ordering == .random {
            lot = Int64(scramble(salt ^ UInt64(bitPattern: transaction.id)) >> 1)
            // A random moment since the last block.
            position =
                time.milliseconds + Int64(product(lot, (slot.time - time).milliseconds) >> 63)
        }
        pool.admit(
            transaction, position: position, lot: lot, at: transaction.submittedAt,
            dropped: &dropped)
    }

    /// The refusals that need no look at what else waits.
    private func refusal(of transaction: Transaction) -> DropReason? {
        if isLost(transaction.id) { return .lost }
        if transaction.gasLimit > configuration.gasLimit { return .gasLimitAboveBlock }
        if transaction.gasLimit < configuration.gas.amount(for: transaction.command) {
            return .gasLimitTooLow
        }
        if let last = transaction.expiresAt, last < transaction.submittedAt { return .expired }
        let minimumTip = configuration.mempool.minimumTip
        let isTooLow =
            switch configuration.feeMarket {
            case .eip1559(let initial):
                transaction.maxTip < minimumTip
                    || transaction.maxFee
                        < configuration.rules.rule(initial, at: openSlot?.time ?? time)
                        .minimumBaseFee
            case .firstPrice(let minimum): transaction.maxFee < max(minimum, minimumTip)
            case .free: false
            }
        return isTooLow ? .feeTooLow : nil
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection whose output bits each depend
/// on all input bits.
private func scramble(_ word: UInt64) -> UInt64 {
    var z = word &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
