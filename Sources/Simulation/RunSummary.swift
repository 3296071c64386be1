import Agents
import Chain
public import ExactMath
import MarginProtocol
public import Scenarios

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

    private let feedNames: [String]
    private let nativeFeed: FeedID?
    private let groupOf: [AccountID: String]
    /// Who is paid for liquidating: their gas and slippage count against the reward.
    private let liquidators: Set<Address>
    private var seen: Set<AccountID> = []
    private var conservation: Conservation
    private var onChainPrices: [Price]
    private let assetFeeds: [FeedID]

    init(_ scenario: Scenario, groups: [AccountID: String], liquidators: Set<Address>) {
        self.liquidators = liquidators
        feedNames = scenario.parameters.feeds.map(\.name)
        nativeFeed = scenario.nativeFeed
        groupOf = groups
        lowestPrices = Array(repeating: Price(raw: .max), count: feedNames.count)
        highestPrices = Array(repeating: .zero, count: feedNames.count)
        onChainPrices = Array(repeating: .zero, count: feedNames.count)
        assetFeeds = scenario.parameters.assets.map(\.feed)
        conservation = Conservation(scenario.parameters)
        for group in scenario.agents.traders {
            let accounts = groups.values.reduce(0) { $0 + ($1 == group.name ? 1 : 0) }
            liquidatedByGroup.append((group.name, 0, Int64(accounts)))
        }
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
        for trade in record.outsideTrades where liquidators.contains(trade.agent) {
            slippage += trade.slippage
        }
        for event in record.journal {
            switch event {
            case .balanceChanged(let change): conservation.add(change)
            case .positionChanged(let change): conservation.add(change)
            case .pricePosted(let feed, let report): onChainPrices[feed.index] = report.price
            case .lossCovered(let cover)
            where cover.layer == .socialised || cover.layer == .socialisedByFunding:
                socialised += worth(
                    cover.amount, at: onChainPrices[assetFeeds[cover.asset.index].index])
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
                gasCost += worth(included.gasCost, at: native)
            }
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
                liquidatedNotional += worth(step.size.magnitude, at: step.price)
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
            }
            if seen.insert(step.account).inserted,
                let at = liquidatedByGroup.firstIndex(where: { $0.group == groupOf[step.account] })
            {
                liquidatedByGroup[at].accounts += 1
            }
        }
    }

    private func worth(_ quantity: Quantity, at price: Price) -> Money {
        Money(
            raw: (try? multiplyScaled(quantity.raw, price.raw, rounding: .nearest)) ?? Int64.max)
    }
}

extension RunSummary {
    /// Accounts with at least one liquidation.
    public var liquidatedAccounts: Int64 { Int64(seen.count) }
    /// The highest base fee; where a chain has none, the highest price of the cheapest transaction that got
    /// in. [wei per gas]
    public var highestGasPrice: Int64 { highestBaseFee > 0 ? highestBaseFee : highestMinimumPrice }
    public var insuranceChange: Money { insuranceAtEnd - insuranceAtStart }
    /// Rewards less gas and slippage. [1e-8 USD]
    public var liquidatorProfit: Money { toLiquidators - gasCost - slippage }

    /// A metric by its name in a scenario, scaled by 1e8; nil for an unknown name.
    ///
    /// `conservation` is added up from the journal: the largest sum of an asset's balances, of a market's
    /// sizes, or of its open cost and its clearing account that was not zero after a block, in units of 1e-8.
    public func value(of metric: String) -> Ratio? {
        func whole(_ count: Int64) -> Ratio { Ratio(raw: count * scaleE8) }
        func share(_ part: Int64, _ all: Int64) -> Ratio {
            all == 0 ? .zero : Ratio(raw: part * scaleE8 / all)
        }
        func seconds(_ milliseconds: Int64) -> Ratio { Ratio(raw: milliseconds * (scaleE8 / 1000)) }
        switch metric {
        case "blocks": return whole(blocks)
        case "transactions": return whole(transactions)
        case "rejected": return whole(rejected)
        case "dropped": return whole(dropped)
        case "liquidations": return whole(liquidations)
        case "liquidated_accounts": return whole(liquidatedAccounts)
        case "late_liquidations": return whole(late)
        case "wrongful_liquidations": return whole(wrongful)
        case "late_share": return share(late, liquidations)
        case "wrongful_share": return share(wrongful, liquidations)
        case "bad_debt_usd": return Ratio(raw: badDebt.raw)
        case "insurance_change_usd": return Ratio(raw: insuranceChange.raw)
        case "underwater_usd": return Ratio(raw: underwater.raw)
        case "stale_loss_usd": return Ratio(raw: staleLoss.raw)
        case "deficit_usd": return Ratio(raw: deficit.raw)
        case "penalties_usd": return Ratio(raw: penalties.raw)
        case "socialised_usd": return Ratio(raw: socialised.raw)
        case "liquidator_profit_usd": return Ratio(raw: liquidatorProfit.raw)
        case "mean_delay_seconds":
            return delayCount == 0 ? .zero : seconds(delayTotal / delayCount)
        case "max_delay_seconds": return seconds(delayLongest)
        case "reports_accepted": return whole(reportsAccepted)
        case "reports_rejected": return whole(reportsRejected)
        case "reports_dropped": return whole(reportsLost)
        case "liquidated_notional_usd": return Ratio(raw: liquidatedNotional.raw)
        case "pool_change_usd": return Ratio(raw: (poolAtEnd - poolAtStart).raw)
        case "max_base_fee_gwei": return Ratio(raw: highestGasPrice / 10)
        case "max_oracle_error": return largestOracleError
        case "conservation": return Ratio(raw: conservation.largest)
        default: return grouped(metric)
        }
    }

    private func grouped(_ metric: String) -> Ratio? {
        if let group = metric.dropping("accounts_liquidated_") {
            return liquidatedByGroup.first { $0.group == group }
                .map { Ratio(raw: $0.accounts * scaleE8) }
        }
        for (prefix, prices) in [("min_price_", lowestPrices), ("max_price_", highestPrices)] {
            if let feed = metric.dropping(prefix), let at = feedNames.firstIndex(of: feed) {
                return Ratio(raw: prices[at].raw)
            }
        }
        return nil
    }
}

extension String {
    fileprivate func dropping(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}

/// An expectation and whether the run met it.
public struct Verdict: Sendable {
    public var expectation: Expectation
    /// nil where the metric does not exist in this run.
    public var value: Ratio?
    public var isMet: Bool
}

extension RunSummary {
    /// Judges every expectation of a scenario, in its order.
    public func verdicts(_ expectations: [Expectation]) -> [Verdict] {
        expectations.map { expectation in
            guard let value = value(of: expectation.metric) else {
                return Verdict(expectation: expectation, value: nil, isMet: false)
            }
            var met = true
            if let bound = expectation.lowerBound {
                met = expectation.lowerIsStrict ? value > bound : value >= bound
            }
            if met, let bound = expectation.upperBound {
                met = expectation.upperIsStrict ? value < bound : value <= bound
            }
            return Verdict(expectation: expectation, value: value, isMet: met)
        }
    }
}
