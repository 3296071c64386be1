public import ExactMath
public import MarginProtocol

/// What a liquidator knew when it sent a liquidation.
public struct Decision: Hashable, Sendable {
    /// What set it off. Numbered for good.
    public enum Trigger: Int8, Hashable, Sendable, CaseIterable {
        /// The committed state.
        case poll = 1
        /// A price report in the mempool.
        case report
        /// Its own transaction had waited too long; this one takes its place.
        case raise
    }
    /// The request that it led to.
    public var tag: Int64
    /// The block for which it decided.
    public var block: Int64
    public var account: AccountID
    public var trigger: Trigger
    /// The account's maintenance health in the state it decided on.
    public var health: Health
    /// How old the price of what it takes was, since observation.
    public var priceAge: TimeSpan
    /// After gas, slippage and the cost of money. [1e-8 USD]
    public var expectedProfit: Money
    /// [wei per gas]
    public var bid: Int64
    /// Liquidations of the same account by others that waited in the mempool.
    public var rivals: Int
    public init(
        tag: Int64, block: Int64, account: AccountID, trigger: Trigger, health: Health,
        priceAge: TimeSpan, expectedProfit: Money, bid: Int64, rivals: Int
    ) {
        self.tag = tag
        self.block = block
        self.account = account
        self.trigger = trigger
        self.health = health
        self.priceAge = priceAge
        self.expectedProfit = expectedProfit
        self.bid = bid
        self.rivals = rivals
    }
}

/// A liquidation that waits in the public mempool.
public struct PendingBid: Hashable, Sendable {
    public var sender: Address
    public var account: AccountID
    /// [wei per gas]
    public var price: Int64
    public init(sender: Address, account: AccountID, price: Int64) {
        self.sender = sender
        self.account = account
        self.price = price
    }
}

/// A price report that waits in the public mempool and can pay for the block being prepared.
public struct AwaitedReport: Hashable, Sendable {
    public var feed: FeedID
    public var report: PriceReport
    /// What it will pay in that block. [wei per gas]
    public var price: Int64
    public init(feed: FeedID, report: PriceReport, price: Int64) {
        self.feed = feed
        self.report = report
        self.price = price
    }
}

/// Money lent to an agent's wallet, in the settlement asset, before the block's first transaction.
public struct Loan: Hashable, Sendable {
    public var agent: Address
    public var wallet: AccountID
    /// Negative pays back. [1e-8 units]
    public var principal: Quantity
    /// Paid on top. [1e-8 units]
    public var interest: Quantity
    public init(agent: Address, wallet: AccountID, principal: Quantity, interest: Quantity = .zero)
    {
        self.agent = agent
        self.wallet = wallet
        self.principal = principal
        self.interest = interest
    }
}

/// A loan that lives inside one transaction.
public struct FlashLoan: Hashable, Sendable {
    /// What the lender takes, of the amount lent.
    public var fee: Ratio
    public init(fee: Ratio) { self.fee = fee }
}
