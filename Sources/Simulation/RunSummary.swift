import Agents
import Chain
public import ExactMath
import MarginProtocol
import Scenarios

/// What a run adds up to: the figures a scenario's `expect` block speaks of.
///
/// Sums of money are in USD at the prices of their moment. [1e-8]
public struct RunSummary: Sendable {
    public private(set) var blocks: Int64 = 0
    public private(set) var transactions: Int64 = 0
    public private(set) var rejected: Int64 = 0
    public private(set) var dropped: Int64 = 0
    /// Liquidation transactions that applied.
    public private(set) var liquidations: Int64 = 0
    public private(set) var late: Int64 = 0
    public private(set) var wrongful: Int64 = 0
    public private(set) var deficit: Money = .zero
    /// What liquidated accounts paid beyond what was closed or repaid.
    public private(set) var penalties: Money = .zero
    public private(set) var toLiquidators: Money = .zero
    public private(set) var slippage: Money = .zero
    public private(set) var gasCost: Money = .zero
    /// Interest and fees of what liquidators borrowed.
    public private(set) var financing: Money = .zero
    /// What liquidators paid for places behind reports, and who got it.
    public private(set) var auctionPaid: Money = .zero
    public private(set) var auctionToProtocol: Money = .zero
    public private(set) var auctionToBuilder: Money = .zero
    /// What was paid for an express lane.
    public private(set) var expressPaid: Money = .zero
    /// What whoever took liquidated positions over lost at once because the protocol's price was not the
    /// outside one: Σ size · (outside price − protocol's price), size being what the account gave up. Signed.
    public private(set) var staleLoss: Money = .zero
    public private(set) var socialised: Money = .zero
    public private(set) var badDebt: Money = .zero
    /// What insolvent accounts owe beyond all they have, at the last block's outside prices.
    public private(set) var underwater: Money = .zero
    public private(set) var insuranceAtStart: Money = .zero
    public private(set) var insuranceAtEnd: Money = .zero
    public private(set) var reportsAccepted: Int64 = 0
    public private(set) var reportsRejected: Int64 = 0
    public private(set) var reportsLost: Int64 = 0
    /// Notional closed and debt repaid by liquidations.
    public private(set) var liquidatedNotional: Money = .zero
    /// What the pool is worth unweighted, at the protocol's prices.
    public private(set) var poolAtStart: Money = .zero
    public private(set) var poolAtEnd: Money = .zero
    public private(set) var highestBaseFee: Int64 = 0
    public private(set) var highestMinimumPrice: Int64 = 0
    /// Delays from liquidatable in truth to liquidated. [ms]
    public private(set) var delayTotal: Int64 = 0
    public private(set) var delayCount: Int64 = 0
    public private(set) var delayLongest: Int64 = 0
    /// The largest relative distance of the protocol's price from the outside one, over feeds and blocks.
    public private(set) var largestOracleError: Ratio = .zero
    /// Accounts with at least one liquidation, by group; and how many accounts the group has.
    public private(set) var liquidatedByGroup: [(group: String, accounts: Int64, of: Int64)] = []
    /// The lowest outside price of each feed, in order.
    public private(set) var lowestPrices: [Price]
    /// The highest.
    public private(set) var highestPrices: [Price]

    /// What happened in auctions of collateral.
    public private(set) var auctions = AuctionSummary()

    public private(set) var deleveraged = DeleveragingTally()

    /// Who became liquidatable at the protocol's prices, and was liquidated in the same block.
    public private(set) var newlyLiquidatable = NewlyLiquidatable()

    var followed: Followed
    let feedNames: [String]
    private let nativeFeed: FeedID?
    private let groupOf: [AccountID: String]
    /// Who is paid for liquidating: their gas and slippage count against the reward.
    private let liquidators: Set<Address>
    var seen: Set<AccountID> = []
    var conservation: Conservation
    var incentives = IncentiveMetrics()
    private var onChainPrices: [Price]
    private let assetFeeds: [FeedID]
    private let settlement: AssetID

    init(
        _ scenario: Scenario, groups: [AccountID: String], liquidators: Set<Address>,
        followed: Followed = Followed()
    ) {
        self.liquidators = liquidators
        self.followed = followed
        feedNames = scenario.parameters.feeds.map(\.name)
        nativeFeed = scenario.nativeFeed
        groupOf = groups
        lowestPrices = Array(repeating: Price(raw: .max), count: feedNames.count)
        highestPrices = Array(repeating: .zero, count: feedNames.count)
        onChainPrices = Array(repeating: .zero, count: feedNames.count)
        settlement = scenario.parameters.settlementAsset
        assetFeeds = scenario.parameters.assets.map(\.feed)
        conservation = Conservation(scenario.parameters)
        let groupNames = scenario.agents.traders.map(\.name) + scenario.agents.scripts.map(\.name)
        for group in groupNames {
            let accounts = groups.values.reduce(0) { $0 + ($1 == group ? 1 : 0) }
            liquidatedByGroup.append((group, 0, Int64(accounts)))
        }
    }

    /// Looks at those whose worth the summary follows, after each block.
    mutating func look(_ house: ClearingHouse, at prices: [Price]) {
        followed.look(house, at: prices)
    }

    /// What the backstop vault gained. [1e-8 USD]
    public var backstopChange: Money { followed.backstop.change }
    /// The least of that so far. [1e-8 USD]
    public var backstopLow: Money { followed.backstop.low }
    /// What the treasury and the reserves of interest gained. [1e-8 USD]
    public var reservesChange: Money { followed.reserves.change }
    /// What each scripted agent and each group of keepers gained. [1e-8 USD]
    public var profits: [(name: String, profit: Money)] {
        followed.earners.map { ($0.name, $0.holdings.change) }
    }

    mutating func add(_ record: BlockRecord) {
        let isGenesis = record.header.number == 0
        if isGenesis {
            insuranceAtStart = record.metric.insuranceFund
            poolAtStart = record.metric.poolEquity
        } else {
            blocks += 1
        }
        insuranceAtEnd = record.metric.insuranceFund
        poolAtEnd = record.metric.poolEquity
        badDebt = record.metric.badDebt
        underwater = record.metric.underwater
        newlyLiquidatable += record.metric.newlyLiquidatable
        highestBaseFee = max(highestBaseFee, record.header.baseFee)
        highestMinimumPrice = max(highestMinimumPrice, record.header.minimumPrice)
        dropped += Int64(record.dropped.count)
        for report in record.oracleReports {
            switch report.fate {
            case .accepted: reportsAccepted += 1
            case .rejected: reportsRejected += 1
            case .dropped, .pending: reportsLost += 1
            }
        }
        addTransactions(record)
        addLiquidations(record)
        incentives.endBlock(at: record.header.time, underwater: underwater)
        deleveraged.add(record)
        for index in followed.attackers.indices {
            followed.attackers[index].add(record.outsideTrades)
        }
        for trade in record.outsideTrades where liquidators.contains(trade.agent) {
            slippage += trade.slippage
            if trade.purpose == "credit" || trade.purpose == "flash loan" {
                financing -= trade.proceeds + worth(trade.quantity, at: trade.averagePrice)
            }
        }
        for event in record.journal {
            switch event {
            case .balanceChanged(let change): conservation.add(change)
            case .positionChanged(let change):
                conservation.add(change)
                if change.reason == .deleveraging { incentives.addDeleveraged(change) }
            case .pricePosted(let feed, let report): onChainPrices[feed.index] = report.price
            case .lossCovered(let cover):
                let amount = worth(
                    cover.amount, at: onChainPrices[assetFeeds[cover.asset.index].index])
                if cover.layer == .socialised || cover.layer == .socialisedByFunding {
                    socialised += amount
                }
                if cover.layer == .insuranceFund { incentives.addInsurance(amount) }
            case .auctionChanged(let change): add(change, record)
            default: break
            }
        }
        conservation.endBlock()
        for reference in record.referencePrices {
            let feed = reference.feed.index
            lowestPrices[feed] = min(lowestPrices[feed], reference.price)
            highestPrices[feed] = max(highestPrices[feed], reference.price)
            let distance = (onChainPrices[feed] - reference.price).magnitude
            if let error = try? Ratio(distance, over: reference.price, rounding: .up) {
                largestOracleError = max(largestOracleError, error)
            }
        }
    }

    private mutating func addTransactions(_ record: BlockRecord) {
        transactions += Int64(record.transactions.count)
        let native = nativeFeed.map { record.referencePrices[$0.index].price } ?? .zero
        for included in record.transactions {
            if included.rejection != nil { rejected += 1 }
            if liquidators.contains(included.transaction.sender) {
                let gas = worth(included.gasCost, at: native)
                gasCost += gas
                incentives.add(included, gas: gas, native: native)
            }
            let sender = included.transaction.sender
            if let index = followed.attackers.firstIndex(where: { $0.addresses.contains(sender) }) {
                followed.attackers[index].spend(worth(included.gasCost, at: native))
            }
        }
        for auction in record.oracleAuctions {
            auctionPaid += auction.paid
            auctionToProtocol += auction.toProtocol
            auctionToBuilder += auction.toBuilder
        }
        for round in record.expressRounds {
            // [wei] to [1e-8 of the chain's own token], rounded up.
            let paid = Quantity(
                raw: round.paid / 10_000_000_000 + (round.paid % 10_000_000_000 > 0 ? 1 : 0))
            expressPaid += worth(paid, at: native)
        }
    }

    private mutating func addLiquidations(_ record: BlockRecord) {
        var lastIndex = -1
        for liquidation in record.liquidations {
            let step = liquidation.step
            deficit += step.deficit
            penalties += step.penalty
            toLiquidators += step.toLiquidator
            if step.kind == .position {
                // A closed long is a negative size: its taker buys at the protocol's price.
                staleLoss += worth(step.size, at: liquidation.referencePrice - step.price)
            }
            if step.kind != .flagged {
                // What a flag seizes secures positions that are closed, and counted, afterwards.
                let notional = worth(step.size.magnitude, at: step.price)
                liquidatedNotional += notional
                incentives.add(liquidation, notional: notional)
            }
            guard liquidation.index != lastIndex else { continue }
            lastIndex = liquidation.index
            liquidations += 1
            if liquidation.late { late += 1 }
            if liquidation.wrongful { wrongful += 1 }
            if let due = liquidation.trulyLiquidatableSince {
                let delay = (record.header.time - due).milliseconds
                delayTotal += delay
                delayCount += 1
                delayLongest = max(delayLongest, delay)
                if liquidation.late { incentives.addLate(record.header.time - due) }
            }
            if seen.insert(step.account).inserted,
                let at = liquidatedByGroup.firstIndex(where: { $0.group == groupOf[step.account] })
            {
                liquidatedByGroup[at].accounts += 1
            }
        }
    }

    private mutating func add(_ change: AuctionChange, _ record: BlockRecord) {
        let outside = record.referencePrices[assetFeeds[change.asset.index].index].price
        let bought = worth(change.bought, at: outside)
        auctions.add(change, worth: bought)
        let unit = record.referencePrices[assetFeeds[settlement.index].index].price
        deficit += worth(change.uncovered, at: unit)
        // What a keeper earns: the reward for starting, and what it buys below the outside price.
        toLiquidators += worth(change.reward, at: unit) + bought - worth(change.paid, at: unit)
    }

    private func worth(_ quantity: Quantity, at price: Price) -> Money {
        Money(
            raw: (try? multiplyScaled(quantity.raw, price.raw, rounding: .nearest)) ?? Int64.max)
    }
}
