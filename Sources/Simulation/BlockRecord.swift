public import Chain
public import ExactMath
public import MarginProtocol

/// Everything that happened in one block, as one value; block 0 is genesis.
public struct BlockRecord: Sendable {
    public var header: BlockHeader
    /// In the order of execution; each points at its events in the journal.
    public var transactions: [IncludedTransaction]
    /// Transactions that left the mempool without being included, since the last block.
    public var dropped: [DroppedTransaction]
    /// All events: first what the passing of time did, then each transaction's, then settlement with
    /// the world outside.
    public var journal: [Event]
    /// Events before the first transaction: genesis, funding.
    public var openingEvents: Range<Int>
    /// Events after the last transaction: liquidators selling outside.
    public var closingEvents: Range<Int>
    /// Reports whose fate became known in this block.
    public var oracleReports: [OracleReportRecord]
    /// One per feed, in any order.
    public var referencePrices: [ReferencePriceRecord]
    public var outsideTrades: [OutsideTradeRecord]
    /// One per `liquidated` event of the journal, in the journal's order.
    public var liquidations: [LiquidationRecord]
    /// Accounts' health: those touched in this block, and all of them at the set cadence; each account
    /// at most once, in any order.
    public var health: [AccountHealthRecord]
    public var metric: ProtocolMetric
    /// Bundles whose end became known in this block, in the chain's order.
    public var bundles: [BundleRecord]
    /// Auctions of the place behind a report whose end became known in this block.
    public var oracleAuctions: [OracleAuctionRecord]
    /// Rounds of the express lane that began since the last block.
    public var expressRounds: [ExpressRound]
    /// Liquidations whose fate became known in this block, where decisions are recorded.
    public var decisions: [LiquidatorDecisionRecord] = []

    public init(
        header: BlockHeader, transactions: [IncludedTransaction], dropped: [DroppedTransaction],
        journal: [Event], openingEvents: Range<Int>, closingEvents: Range<Int>,
        oracleReports: [OracleReportRecord], referencePrices: [ReferencePriceRecord],
        outsideTrades: [OutsideTradeRecord], liquidations: [LiquidationRecord],
        health: [AccountHealthRecord], metric: ProtocolMetric, bundles: [BundleRecord] = [],
        oracleAuctions: [OracleAuctionRecord] = [], expressRounds: [ExpressRound] = []
    ) {
        self.header = header
        self.transactions = transactions
        self.dropped = dropped
        self.journal = journal
        self.openingEvents = openingEvents
        self.closingEvents = closingEvents
        self.oracleReports = oracleReports
        self.referencePrices = referencePrices
        self.outsideTrades = outsideTrades
        self.liquidations = liquidations
        self.health = health
        self.metric = metric
        self.bundles = bundles
        self.oracleAuctions = oracleAuctions
        self.expressRounds = expressRounds
    }
}

/// A price report and what became of it.
public struct OracleReportRecord: Sendable, Hashable {
    /// What became of a report. Numbered for good.
    public enum Fate: Int8, Sendable, Hashable, CaseIterable {
        /// In the protocol's state.
        case accepted = 1
        /// Included, and refused by the protocol.
        case rejected
        /// Never included: dropped by the mempool.
        case dropped
        /// Still on its way when the run ended.
        case pending
        public var name: String { String(describing: self) }
    }
    public var feed: FeedID
    public var round: Int64
    /// Why it was triggered: `first`, `deviation` or `heartbeat`.
    public var trigger: String
    public var price: Price
    public var confidence: Price
    /// The outside price at the moment of observation, without the reporter's noise.
    public var referenceAtObservation: Price
    public var observedAt: Timestamp
    public var publishedAt: Timestamp
    /// When the reporter's transaction reached the mempool; nil when it was never sent.
    public var submittedAt: Timestamp?
    /// The transaction that carried it, and its index in this block, where it was included.
    public var transaction: Int64?
    public var index: Int?
    public var fate: Fate
    /// The rejection's or drop reason's number, where there is one.
    public var reason: Int?
}

/// The outside price of one feed's underlying at the end of a block.
public struct ReferencePriceRecord: Sendable, Hashable {
    public var feed: FeedID
    /// Without anybody's trading.
    public var exogenous: Price
    /// What trading has moved it by. [1e-8]
    public var impact: Ratio
    public var price: Price
}

/// Something an agent bought or sold in the world outside.
public struct OutsideTradeRecord: Sendable, Hashable {
    public var agent: Address
    public var wallet: AccountID?
    public var feed: FeedID
    /// Why: `unwind` of seized collateral, `hedge` of inventory.
    public var purpose: String
    /// Negative is a sale.
    public var quantity: Quantity
    public var averagePrice: Price
    /// Signed cash: positive for a sale. [1e-8 USD]
    public var proceeds: Money
    /// What the impact cost against the price before the trade. [1e-8 USD]
    public var slippage: Money
    public var priceBefore: Price
    public var priceAfter: Price
}

/// A liquidation step with what the protocol did not know.
public struct LiquidationRecord: Sendable, Hashable {
    public var step: Liquidation
    /// The index in this block of the transaction that ran it.
    public var index: Int
    /// The outside price of the market or seized asset at that moment.
    public var referencePrice: Price
    /// The account's health just before the block at the outside prices.
    public var trueHealthBefore: Health
    /// Since when it has been liquidatable at the protocol's prices without a break, or since the step before
    /// this one.
    public var liquidatableSince: Timestamp?
    /// Since when at the outside prices; nil when it was not.
    public var trulyLiquidatableSince: Timestamp?
    /// Healthy at the outside prices when liquidated; not so where they would not have ended a liquidation that had
    /// begun.
    public var wrongful: Bool
    /// Liquidated later than the scenario's tolerance after it was liquidatable in truth.
    public var late: Bool

    public init(
        step: Liquidation, index: Int, referencePrice: Price, trueHealthBefore: Health,
        liquidatableSince: Timestamp?, trulyLiquidatableSince: Timestamp?, wrongful: Bool,
        late: Bool
    ) {
        self.step = step
        self.index = index
        self.referencePrice = referencePrice
        self.trueHealthBefore = trueHealthBefore
        self.liquidatableSince = liquidatableSince
        self.trulyLiquidatableSince = trulyLiquidatableSince
        self.wrongful = wrongful
        self.late = late
    }
}

/// An account's health at the end of a block, at the protocol's prices.
public struct AccountHealthRecord: Sendable, Hashable {
    public var account: AccountID
    /// Unweighted worth. [1e-8 USD]
    public var equity: Money
    public var initial: Health
    public var maintenance: Health
    /// Maintenance health at the outside prices.
    public var trueMaintenance: Health
}

/// One line about the whole protocol at the end of a block.
public struct ProtocolMetric: Sendable, Hashable {
    /// Σ over markets of one-sided open interest at the protocol's prices. [1e-8 USD]
    public var openInterest: Money
    /// Σ of margin accounts' positive balances at the protocol's prices. [1e-8 USD]
    public var collateral: Money
    public var insuranceFund: Money
    /// Recorded bad debt, as a positive number. [1e-8 USD]
    public var badDebt: Money
    /// What the liquidity pool is worth, unrealised profit included. [1e-8 USD]
    public var poolEquity: Money
    /// What insolvent accounts owe beyond all they have, at the outside prices, liquidated or not. [1e-8 USD]
    public var underwater: Money
    public var liquidatableOnChain: Int
    public var liquidatableInTruth: Int
    public var staleFeeds: Int
    public var newlyLiquidatable: NewlyLiquidatable

    public init(
        openInterest: Money, collateral: Money, insuranceFund: Money, badDebt: Money,
        poolEquity: Money, underwater: Money, liquidatableOnChain: Int, liquidatableInTruth: Int,
        staleFeeds: Int, newlyLiquidatable: NewlyLiquidatable = NewlyLiquidatable()
    ) {
        self.openInterest = openInterest
        self.collateral = collateral
        self.insuranceFund = insuranceFund
        self.badDebt = badDebt
        self.poolEquity = poolEquity
        self.underwater = underwater
        self.liquidatableOnChain = liquidatableOnChain
        self.liquidatableInTruth = liquidatableInTruth
        self.staleFeeds = staleFeeds
        self.newlyLiquidatable = newlyLiquidatable
    }
}

/// The accounts that became liquidatable at the protocol's prices in one block, and how many were liquidated in it.
///
/// Whoever becomes so, is healthy again and becomes so once more counts twice. An account that its owner cures in the
/// very block counts only if it had been liquidatable before or after a transaction that liquidates it.
public struct NewlyLiquidatable: Sendable, Hashable {
    public var accounts = 0
    /// What their positions and debts came to: before the step, or else at the end of the block. [1e-8 USD]
    public var exposure: Money = .zero
    /// Those of them with a liquidation step in the same block.
    public var takenAccounts = 0
    /// [1e-8 USD]
    public var takenExposure: Money = .zero

    public init(
        accounts: Int = 0, exposure: Money = .zero, takenAccounts: Int = 0,
        takenExposure: Money = .zero
    ) {
        self.accounts = accounts
        self.exposure = exposure
        self.takenAccounts = takenAccounts
        self.takenExposure = takenExposure
    }

    mutating func add(_ exposure: Money, taken: Bool) {
        accounts += 1
        self.exposure += exposure
        guard taken else { return }
        takenAccounts += 1
        takenExposure += exposure
    }

    static func += (total: inout NewlyLiquidatable, other: NewlyLiquidatable) {
        total.accounts += other.accounts
        total.exposure += other.exposure
        total.takenAccounts += other.takenAccounts
        total.takenExposure += other.takenExposure
    }
}
