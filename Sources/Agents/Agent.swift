public import Chain
public import ExactMath
public import MarginProtocol
public import Markets
public import Oracles

/// What an agent may know when it decides: the committed state, and the public state of chain and world.
///
/// It is lent for one call: nothing of it may be kept, so that the state is never copied.
public struct View {
    /// The protocol after the last block.
    public let house: ClearingHouse
    /// The world outside, for prices and for quotes of what a sale would fetch.
    public let markets: Markets
    /// The outside price of each feed's underlying.
    public let outsidePrices: [Price]
    /// The number of the block being prepared, and the time at which it will be built.
    public let block: Int64
    public let time: Timestamp
    /// How long the agent may assume one block takes.
    public let blockTime: TimeSpan
    public let baseFee: Int64
    /// The cheapest price that got into the last block; the base fee where it was not full. [wei per gas]
    public let goingPrice: Int64
    public let gas: GasSchedule
    /// What one unit of the chain's own token is worth; zero where gas is free. [1e-8 USD]
    public let nativePrice: Price
    /// Margin accounts that are liquidatable at the protocol's prices, ascending.
    public let liquidatable: [AccountID]
    /// Reports that left their oracle since the last block, in the oracle's order.
    public let reports: [Report]
    /// Liquidations that wait in the mempool, where somebody looks at them; what is sent for this block is seen
    /// only by those who look at the mempool.
    public let bids: [PendingBid]
    /// The report that makes the liquidatable accounts so, where the state is the one it will leave; nil for
    /// the committed state.
    public let awaited: AwaitedReport?
    /// What estimators of fees have to go by.
    public let survey: FeeSurvey
    /// When the next round of the chain's express lane begins, if it has one.
    public let nextExpressRound: Timestamp?
    /// Pulled feeds of which there is a newer price than the chain has, ascending: a command that needs one of
    /// them brings it along.
    public let attachable: [FeedID]
    /// For each of these, which assets and markets it prices, and whether it prices what all is settled in.
    private let attachablePrices: [(assets: UInt64, markets: UInt64, settles: Bool)]

    public init(
        house: ClearingHouse, markets: Markets, outsidePrices: [Price], block: Int64,
        time: Timestamp, blockTime: TimeSpan, baseFee: Int64, goingPrice: Int64, gas: GasSchedule,
        nativePrice: Price, liquidatable: [AccountID], reports: [Report], bids: [PendingBid] = [],
        awaited: AwaitedReport? = nil, survey: FeeSurvey = .empty,
        nextExpressRound: Timestamp? = nil, attachable: [FeedID] = []
    ) {
        self.house = house
        self.markets = markets
        self.outsidePrices = outsidePrices
        self.block = block
        self.time = time
        self.blockTime = blockTime
        self.baseFee = baseFee
        self.goingPrice = goingPrice
        self.gas = gas
        self.nativePrice = nativePrice
        self.liquidatable = liquidatable
        self.reports = reports
        self.bids = bids
        self.awaited = awaited
        self.survey = survey
        self.nextExpressRound = nextExpressRound
        self.attachable = attachable
        let parameters = house.parameters
        attachablePrices = attachable.map { feed in
            (
                Self.mask(parameters.assets.map(\.feed), of: feed),
                Self.mask(parameters.markets.map(\.feed), of: feed),
                parameters.assets[parameters.settlementAsset.index].feed == feed
            )
        }
    }

    /// One bit for each place at which a feed stands.
    private static func mask(_ feeds: [FeedID], of feed: FeedID) -> UInt64 {
        feeds.indices.reduce(0) { $0 | (feeds[$1] == feed ? 1 << UInt64($1) : 0) }
    }

    /// What a command will use when it is applied, with the prices that it will bring along. [gas]
    public func gasAmount(of command: Command) -> Int64 {
        guard !attachable.isEmpty else { return gas.amount(for: command) }
        let brought: Int
        if case .liquidate(let account, let payer, _) = command {
            // The same without arrays: liquidators ask for every account that is due.
            let holder = house.account(account)
            var (assets, markets) = (holder.assets, holder.markets)
            let taker = house.account(payer)
            if taker.role == .margin {
                assets |= taker.assets
                markets |= taker.markets
            }
            brought = attachablePrices.count {
                $0.settles || $0.assets & assets != 0 || $0.markets & markets != 0
            }
        } else {
            brought = house.pulledFeeds(neededBy: command).count { attachable.contains($0) }
        }
        return gas.amount(for: command) + Int64(brought) * gas[.attach]
    }
}

/// A transaction an agent wants to send.
public struct Request: Hashable, Sendable {
    /// The agent's own name for it, given back in its outcome.
    public var tag: Int64
    public var sender: Address
    public var command: Command
    /// nil = the sender's next nonce; a pending one's nonce replaces it.
    public var nonce: Int64?
    public var maxFee: Int64
    public var maxTip: Int64
    /// From the decision to the arrival at the mempool: the age of what the agent saw.
    public var delay: TimeSpan
    /// Dropped when not included this long after it arrives; nil = only the mempool's own limit.
    public var lifetime: TimeSpan?
    /// nil = what the command uses. [gas]
    public var gasLimit: Int64?
    /// A liquidation that is paid with a loan of its own.
    public var flash: FlashLoan?
    /// Goes to builders in private instead of the mempool.
    public var isPrivate = false
    public init(
        tag: Int64, sender: Address, command: Command, nonce: Int64? = nil, maxFee: Int64,
        maxTip: Int64, delay: TimeSpan = .zero, lifetime: TimeSpan? = nil,
        gasLimit: Int64? = nil, flash: FlashLoan? = nil
    ) {
        self.tag = tag
        self.sender = sender
        self.command = command
        self.nonce = nonce
        self.maxFee = maxFee
        self.maxTip = maxTip
        self.delay = delay
        self.lifetime = lifetime
        self.gasLimit = gasLimit
        self.flash = flash
    }
}

/// A trade an agent wants in the world outside, settled in its wallet or, without one, in its own books.
public struct OutsideOrder: Hashable, Sendable {
    public var agent: Address
    public var wallet: AccountID?
    public var feed: FeedID
    /// Which tokens change hands where there is a wallet: this asset against the settlement asset.
    public var asset: AssetID?
    /// Negative sells.
    public var quantity: Quantity
    /// `unwind` or `hedge`.
    public var purpose: String
    public init(
        agent: Address, wallet: AccountID?, feed: FeedID, asset: AssetID?, quantity: Quantity,
        purpose: String
    ) {
        self.agent = agent
        self.wallet = wallet
        self.feed = feed
        self.asset = asset
        self.quantity = quantity
        self.purpose = purpose
    }
}

/// What one decision asks for.
public struct Actions: Sendable {
    public var requests: [Request]
    /// What it knew when it sent them, for those that are liquidations.
    public var decisions: [Decision]
    /// Drawn or paid back before the block's first transaction.
    public var loans: [Loan]
    public init(requests: [Request] = [], decisions: [Decision] = [], loans: [Loan] = []) {
        self.requests = requests
        self.decisions = decisions
        self.loans = loans
    }
}

/// What became of a request.
public struct Outcome: Hashable, Sendable {
    public enum Result: Hashable, Sendable {
        /// In the mempool, with this nonce.
        case pending(nonce: Int64)
        /// Included and applied.
        case applied
        /// Included, paid for and refused by the protocol.
        case rejected(Rejection)
        case dropped(DropReason)
    }
    public var sender: Address
    public var tag: Int64
    public var nonce: Int64
    public var result: Result
    /// Gas paid. [1e-8 native units, rounded up]
    public var gasCost: Quantity
    public init(sender: Address, tag: Int64, nonce: Int64, result: Result, gasCost: Quantity) {
        self.sender = sender
        self.tag = tag
        self.nonce = nonce
        self.result = result
        self.gasCost = gasCost
    }
}

/// One participant, or a population of like ones: sees a view, returns what it wants.
public protocol Agent: Sendable {
    /// Whose outcomes it is told.
    var addresses: ClosedRange<Int32> { get }
    /// Wants for the coming block. Called once a block, in the order of the scenario.
    mutating func decide(_ view: borrowing View) -> Actions
    /// Whether it reads the public mempool.
    var watchesMempool: Bool { get }
    /// Wants for the coming block once everybody has sent theirs: called for each price report in the mempool
    /// that would make accounts liquidatable, in the order of the block, with the state it will leave and only
    /// those accounts.
    mutating func watch(_ view: borrowing View) -> Actions
    /// Is told what became of its requests, after each block, in the order in which it happened.
    mutating func learn(_ outcome: Outcome)
    /// Answers what others have bid since it decided, some times before a block.
    mutating func respond(_ view: borrowing View) -> Actions
    /// Trades in the world outside, after the block has been executed.
    mutating func unwind(_ view: borrowing View) -> [OutsideOrder]
}

extension Agent {
    public var watchesMempool: Bool { false }
    public mutating func watch(_ view: borrowing View) -> Actions { Actions() }
    public mutating func learn(_ outcome: Outcome) {}
    public mutating func respond(_ view: borrowing View) -> Actions { Actions() }
    public mutating func unwind(_ view: borrowing View) -> [OutsideOrder] { [] }
}
