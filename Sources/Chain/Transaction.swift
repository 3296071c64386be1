public import ExactMath
public import MarginProtocol

/// A command on its way to the protocol, signed and with a bid for block space.
public struct Transaction: Hashable, Sendable {
    /// Unique in a run, in order of creation; the last word in every tie.
    public var id: Int64
    public var sender: Address
    /// The position in its sender's sequence; a sender's transactions execute in this order,
    /// without gaps.
    public var nonce: Int64
    public var command: Command
    /// What it may use at most; it needs this much room in a block. [gas]
    public var gasLimit: Int64
    /// What it pays at most; the whole bid where the highest bid wins. [wei per gas]
    public var maxFee: Int64
    /// What the block's producer gets at most, on top of the base fee. [wei per gas]
    public var maxTip: Int64
    /// When it arrives at the mempool.
    public var submittedAt: Timestamp
    /// The last moment a block may include it; nil leaves it to the mempool's own lifetime.
    public var expiresAt: Timestamp?

    public init(
        id: Int64, sender: Address, nonce: Int64, command: Command, gasLimit: Int64, maxFee: Int64,
        maxTip: Int64, submittedAt: Timestamp, expiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.sender = sender
        self.nonce = nonce
        self.command = command
        self.gasLimit = gasLimit
        self.maxFee = maxFee
        self.maxTip = maxTip
        self.submittedAt = submittedAt
        self.expiresAt = expiresAt
    }
}

/// A transaction in a block: what it paid, and what the protocol said.
public struct IncludedTransaction: Hashable, Sendable {
    public var transaction: Transaction
    /// Its place in the block, from zero.
    public var index: Int
    /// [gas]
    public var gasUsed: Int64
    /// What each unit of gas cost. [wei per gas]
    public var effectivePrice: Int64
    /// The producer's part of it; the rest is the base fee. [wei per gas]
    public var tip: Int64
    /// Why the protocol refused it; nil when it was applied. A rejection costs gas and the nonce.
    public var rejection: Rejection?
    /// Its events, as indices into the block's journal.
    public var events: Range<Int>

    public init(
        transaction: Transaction, index: Int, gasUsed: Int64, effectivePrice: Int64, tip: Int64,
        rejection: Rejection? = nil, events: Range<Int>
    ) {
        self.transaction = transaction
        self.index = index
        self.gasUsed = gasUsed
        self.effectivePrice = effectivePrice
        self.tip = tip
        self.rejection = rejection
        self.events = events
    }
}

/// Why a transaction never got into a block. Numbered for good.
public enum DropReason: Int8, Hashable, Sendable, CaseIterable {
    /// Its nonce was used by an earlier transaction of its sender.
    case nonceTooLow = 1
    /// It bid too little above the waiting transaction with its nonce.
    case replacementUnderpriced
    /// A better paid transaction of its sender took its nonce.
    case replaced
    /// It waited longer than it, or the mempool, allows.
    case expired
    /// The mempool was full and everything in it ranked higher.
    case poolFull
    /// Its sender already had as many transactions waiting as one may.
    case senderLimit
    /// It bid less than the mempool's minimum.
    case feeTooLow
    /// It asks for more gas than a block has.
    case gasLimitAboveBlock
    /// It allows less gas than its command uses, so that it could only fail.
    case gasLimitTooLow
    /// It never arrived.
    case lost
    /// A part of its bundle failed when a builder tried it: nothing of it happened, at no cost.
    case bundleFailed

    public var name: String { String(describing: self) }
}

/// A transaction that left the mempool, or was refused by it, without getting into a block.
public struct DroppedTransaction: Hashable, Sendable {
    public var transaction: Transaction
    public var reason: DropReason
    public var at: Timestamp
    /// The id of the transaction that took its nonce, when it was `replaced`.
    public var replacedBy: Int64?

    public init(
        transaction: Transaction, reason: DropReason, at: Timestamp, replacedBy: Int64? = nil
    ) {
        self.transaction = transaction
        self.reason = reason
        self.at = at
        self.replacedBy = replacedBy
    }
}
