public import ExactMath
public import MarginProtocol

/// The next chance to make a block.
public struct Slot: Hashable, Sendable {
    /// The number the block will have; the first is 1.
    public var number: Int64
    public var time: Timestamp
    /// Slots since the last block in which nobody made one.
    public var missed: Int64

    public init(
        number: Int64, time: Timestamp, missed: Int64
    ) {
        self.number = number
        self.time = time
        self.missed = missed
    }
}

/// What a block says about itself and the market for its space.
public struct BlockHeader: Hashable, Sendable {
    public var number: Int64
    public var time: Timestamp
    /// Slots without a block before this one.
    public var missedSlots: Int64
    /// What every unit of gas in it paid at least, and nobody received; zero without EIP-1559. [wei
    /// per gas]
    public var baseFee: Int64
    /// [gas]
    public var gasLimit: Int64
    /// Of the protocol's transactions and everything else. [gas]
    public var gasUsed: Int64
    /// The part of `gasUsed` that went to the background demand. [gas]
    public var demandGas: Int64
    /// Background demand that still waits after the block. [gas]
    public var backlogGas: Int64
    /// Transactions that still wait after the block.
    public var mempoolDepth: Int
    /// The lowest tip that got in when something willing to pay was left out for want of room; else
    /// zero. [wei per gas]
    public var marginalTip: Int64
    /// The lowest price that would have got in: of the cheapest included bid when the block was
    /// full, else the base fee or the chain's minimum. [wei per gas]
    public var minimumPrice: Int64

    /// Was something willing to pay left out for want of room?
    public var wasFull: Bool

    public init(
        number: Int64, time: Timestamp, missedSlots: Int64, baseFee: Int64, gasLimit: Int64,
        gasUsed: Int64, demandGas: Int64, backlogGas: Int64, mempoolDepth: Int, marginalTip: Int64,
        minimumPrice: Int64, wasFull: Bool
    ) {
        self.number = number
        self.time = time
        self.missedSlots = missedSlots
        self.baseFee = baseFee
        self.gasLimit = gasLimit
        self.gasUsed = gasUsed
        self.demandGas = demandGas
        self.backlogGas = backlogGas
        self.mempoolDepth = mempoolDepth
        self.marginalTip = marginalTip
        self.minimumPrice = minimumPrice
        self.wasFull = wasFull
    }
}

/// A finished block.
public struct ChainBlock: Sendable {
    public var header: BlockHeader
    /// In order of execution.
    public var transactions: [IncludedTransaction]
    /// What left the mempool since the last block, except what ``Chain/submit(_:)`` already
    /// returned.
    public var dropped: [DroppedTransaction]
    /// Every event of the block; each transaction names its own part.
    public var journal: [Event]
    /// Bundles whose end became known in this block.
    public var bundles: [BundleRecord]
    /// Rounds of the express lane that began since the last block.
    public var expressRounds: [ExpressRound]

    public init(
        header: BlockHeader, transactions: [IncludedTransaction], dropped: [DroppedTransaction],
        journal: [Event], bundles: [BundleRecord] = [], expressRounds: [ExpressRound] = []
    ) {
        self.header = header
        self.transactions = transactions
        self.dropped = dropped
        self.journal = journal
        self.bundles = bundles
        self.expressRounds = expressRounds
    }
}
