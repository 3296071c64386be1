public import ExactMath
import MarginProtocol

/// What sets a chain's inclusion apart from one public queue ordered by fee or arrival.
///
/// Each part is empty where a chain does not have it; the defaults are a plain chain.
public struct InclusionRules: Hashable, Sendable {
    /// Private bundles to builders; nil = there is only the public mempool.
    public var bundles: BundleRule?
    /// An auctioned head start; nil = none.
    public var expressLane: ExpressLane?
    /// The most gas of one block that may write the same account, market or feed; nil = no limit.
    /// [gas]
    public var lockLimit: Int64?
    /// The chance that a transaction never arrives, 0 ≤ p < 1. A function of its id alone.
    public var lossRate: Ratio
    /// What comes before everything else inside a block.
    public var precedence: Precedence
    /// Changes of the base fee's rule, ascending in time.
    public var feeChanges: [FeeChange]
    /// Times without blocks, ascending and apart.
    public var halts: [ChainHalt]
    /// Times in which slots are missed more often; where they overlap, the highest share holds.
    public var missedSlots: [MissedSlots]

    public init(
        bundles: BundleRule? = nil, expressLane: ExpressLane? = nil, lockLimit: Int64? = nil,
        lossRate: Ratio = .zero, precedence: Precedence = .none, feeChanges: [FeeChange] = [],
        halts: [ChainHalt] = [], missedSlots: [MissedSlots] = []
    ) {
        self.bundles = bundles
        self.expressLane = expressLane
        self.lockLimit = lockLimit
        self.lossRate = lossRate
        self.precedence = precedence
        self.feeChanges = feeChanges
        self.halts = halts
        self.missedSlots = missedSlots
    }
}

/// Builders to whom lists of transactions can be sent in private.
public struct BundleRule: Hashable, Sendable {
    /// The share of blocks that are built by somebody who takes bundles.
    public var builderShare: Ratio

    public init(builderShare: Ratio) { self.builderShare = builderShare }
}

/// Arbitrum's Timeboost: whoever wins a round's auction is not delayed, and all others are.
///
/// Sealed bids, the highest wins and pays the second highest, or the reserve price where nobody
/// else bid.
public struct ExpressLane: Hashable, Sendable {
    public var round: TimeSpan
    /// Bids for a round close this long before it begins.
    public var closing: TimeSpan
    /// How much later than the holder's everybody else's transactions arrive.
    public var delay: TimeSpan
    /// The least bid. [wei]
    public var reserve: Int64
    /// The most bids of a round: of more, the highest.
    public var bids: Int

    public init(
        round: TimeSpan = TimeSpan(seconds: 60), closing: TimeSpan = TimeSpan(seconds: 15),
        delay: TimeSpan = TimeSpan(milliseconds: 200), reserve: Int64 = 1_000_000_000_000_000,
        bids: Int = 5
    ) {
        self.round = round
        self.closing = closing
        self.delay = delay
        self.reserve = reserve
        self.bids = bids
    }
}

/// What comes before everything else inside a block, whatever it bids and whenever it arrived.
public enum Precedence: Hashable, Sendable {
    /// Nothing.
    case none
    /// The venue's own liquidations, at most so many attempts a block; further ones wait.
    case liquidationsFirst(attempts: Int)
    /// Everything but what may trade at once: cancellations, post-only orders, transfers, prices.
    /// Trades, liquidations and orders that may match come after.
    case cancelsFirst

    /// The tier of a transaction; a lower one comes first.
    func tier(of transaction: Transaction) -> Int {
        switch (self, transaction.command.inner) {
        case (.none, _): 0
        case (.liquidationsFirst, .liquidate): transaction.sender == .system ? 0 : 1
        case (.liquidationsFirst, _): 1
        case (.cancelsFirst, let command): command.mayTradeAtOnce ? 1 : 0
        }
    }

    /// The most transactions of the first tier that a block tries; nil = no limit.
    var attempts: Int? {
        if case .liquidationsFirst(let attempts) = self { attempts } else { nil }
    }
}

/// From this moment on, the base fee follows another rule: a hard fork, or what an OP chain's
/// operator writes into its headers since Holocene.
public struct FeeChange: Hashable, Sendable {
    public var from: Timestamp
    public var elasticity: Int64
    public var denominator: Int64
    /// [wei per gas]
    public var minimumBaseFee: Int64

    public init(
        from: Timestamp, elasticity: Int64, denominator: Int64, minimumBaseFee: Int64 = 0
    ) {
        self.from = from
        self.elasticity = elasticity
        self.denominator = denominator
        self.minimumBaseFee = minimumBaseFee
    }
}

/// A time without blocks: a sequencer or a validator set that stands still.
public struct ChainHalt: Hashable, Sendable {
    public var from: Timestamp
    /// The first moment at which a block may come again.
    public var until: Timestamp
    /// Afterwards as many blocks as the halt cost come at this distance; nil = at the usual one.
    public var burst: TimeSpan?

    public init(from: Timestamp, until: Timestamp, burst: TimeSpan? = nil) {
        self.from = from
        self.until = until
        self.burst = burst
    }
}

/// A time in which slots pass without a block more often.
public struct MissedSlots: Hashable, Sendable {
    public var from: Timestamp
    public var until: Timestamp
    /// 0 ≤ p < 1.
    public var share: Ratio

    public init(from: Timestamp, until: Timestamp, share: Ratio) {
        self.from = from
        self.until = until
        self.share = share
    }
}

extension InclusionRules {
    /// The base fee's rule at a moment.
    func rule(_ initial: EIP1559, at time: Timestamp) -> EIP1559 {
        guard let change = feeChanges.last(where: { $0.from <= time }) else { return initial }
        var rule = initial
        rule.elasticity = change.elasticity
        rule.denominator = change.denominator
        rule.minimumBaseFee = change.minimumBaseFee
        return rule
    }
}
