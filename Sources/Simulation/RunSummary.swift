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

    private var backstop: Holdings
    private var scripts: [(name: String, holdings: Holdings)] = []
    private let feedNames: [String]
    private let nativeFeed: FeedID?
    private let groupOf: [AccountID: String]
    /// Who is paid for liquidating: their gas and slippage count against the reward.
    private let liquidators: Set<Address>
    private var seen: Set<AccountID> = []
    private var conservation: Conservation
    private var incentives = IncentiveMetrics()
    private var onChainPrices: [Price]
    private let assetFeeds: [FeedID]
    private let settlement: AssetID

    /// - Parameters:
    ///   - backstop: the vault; nil where there is none.
    ///   - scripts: all accounts of each scripted agent.
    init(
        _ scenario: Scenario, groups: [AccountID: String], liquidators: Set<Address>,
        backstop: AccountID? = nil, scripts: [(name: String, accounts: [AccountID])] = []
    ) {
        self.liquidators = liquidators
        self.backstop = Holdings(backstop.map { [$0] } ?? [])
        self.scripts = scripts.map { ($0.name, Holdings($0.accounts)) }
        feedNames = scenario.parameters.feeds.map(\.name)
        nativeFeed = scenario.nativeFeed
        groupOf = groups
        lowestPrices = Array(repeating: Price(raw: .max), count: feedNames.count)
        highestPrices = Array(repeating: .zero, count: feedNames.count)
        onChainPrices = Array(repeating: .zero, count: feedNames.count)
        settlement = scenario.parameters.settlementAsset
        assetFeeds = scenario.parameters.assets.map(\.feed)
        conservation = Conservation(scenario.parameters)
        let groupNames = scenario.agents.traders.map(\.name) + scripts.map { $0.name }
        for group in groupNames {
            let accounts = groups.values.reduce(0) { $0 + ($1 == group ? 1 : 0) }
            liquidatedByGroup.append((group, 0, Int64(accounts)))
        }
    }

    /// Looks at those whose worth the summary follows, after each block.
    mutating func look(_ house: ClearingHouse, at prices: [Price]) {
        backstop.look(house, at: prices)
        for index in scripts.indices { scripts[index].holdings.look(house, at: prices) }
    }

    /// What the backstop vault gained. [1e-8 USD]
    public var backstopChange: Money { backstop.change }
    /// The least of that so far. [1e-8 USD]
    public var backstopLow: Money { backstop.low }
    /// What each scripted agent gained. [1e-8 USD]
    public var profits: [(name: String, profit: Money)] {
        scripts.map { ($0.name, $0.holdings.change) }
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
        incentives.endBlock(at: record.header.time, underwater: underwater)
        deleveraged.add(record)
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

extension RunSummary {
    /// Accounts with at least one liquidation.
    public var liquidatedAccounts: Int64 { Int64(seen.count) }
    /// The highest base fee; where a chain has none, the highest price of the cheapest transaction that got
    /// in. [wei per gas]
    public var highestGasPrice: Int64 { highestBaseFee > 0 ? highestBaseFee : highestMinimumPrice }
    public var insuranceChange: Money { insuranceAtEnd - insuranceAtStart }
    /// Rewards less gas, slippage, the cost of money, and what rights and lanes cost. [1e-8 USD]
    public var liquidatorProfit: Money {
        toLiquidators - gasCost - slippage - financing - auctionPaid - expressPaid
    }
    /// Of their gas, that of liquidations that were rejected: what losing a race costs. [1e-8 USD]
    public var losersGas: Money { incentives.losersGas }
    /// What block producers got of the rewards: tips, and their part of auctions. [1e-8 USD]
    public var builderIncome: Money { incentives.tips + auctionToBuilder }

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
        case "auctions": return whole(auctions.started)
        case "auctions_sold": return whole(auctions.sold)
        case "zero_bids": return whole(auctions.zeroBids)
        case "zero_bid_share": return share(auctions.zeroBids, auctions.sold)
        case "zero_bid_usd": return Ratio(raw: auctions.zeroBidWorth.raw)
        case "backstop_change_usd": return Ratio(raw: backstopChange.raw)
        case "backstop_low_usd": return Ratio(raw: backstopLow.raw)
        case "deleveraged_per_deficit":
            return deficit.isPositive
                ? try? Ratio(deleveraged.notional, over: deficit, rounding: .nearest) : .zero
        case "deleveraged_profit_usd": return Ratio(raw: deleveraged.profit.raw)
        case "deleveraged_accounts": return whole(Int64(deleveraged.accounts.count))
        case "deleveraging_delay_seconds": return seconds(deleveraged.delay.milliseconds)
        case "auction_paid_usd": return Ratio(raw: auctionPaid.raw)
        case "auction_protocol_usd": return Ratio(raw: auctionToProtocol.raw)
        case "express_lane_usd": return Ratio(raw: expressPaid.raw)
        case "conservation": return Ratio(raw: conservation.largest)
        default: return incentive(metric) ?? grouped(metric)
        }
    }

    private func incentive(_ metric: String) -> Ratio? {
        func money(_ sum: Money) -> Ratio { Ratio(raw: sum.raw) }
        func share(_ part: Money, of all: Money) -> Ratio {
            all.isPositive ? (try? Ratio(part, over: all, rounding: .down)) ?? .zero : .zero
        }
        func seconds(_ milliseconds: Int64) -> Ratio { Ratio(raw: milliseconds * (scaleE8 / 1000)) }
        switch metric {
        case "loss_usd": return money(deficit + underwater)
        case "insurance_used_usd": return money(incentives.insuranceUsed)
        case "adl_volume_usd": return money(incentives.deleveragedVolume)
        case "over_liquidation_usd": return money(incentives.overLiquidated)
        case "late_delay_seconds":
            let count = incentives.lateDelayCount
            return count == 0 ? .zero : seconds(incentives.lateDelayTotal / count)
        case "same_block_share": return share(incentives.sameBlock, of: liquidatedNotional)
        case "prompt_share": return share(incentives.prompt, of: liquidatedNotional)
        case "time_to_solvency_seconds": return seconds(incentives.longestInsolvency)
        case "liquidation_attempts": return Ratio(raw: incentives.attempts * scaleE8)
        case "win_rate":
            return incentives.attempts == 0
                ? .zero : Ratio(raw: incentives.wins * scaleE8 / incentives.attempts)
        case "liquidator_gross_usd": return money(toLiquidators)
        case "liquidator_gas_usd": return money(gasCost)
        case "liquidator_slippage_usd": return money(slippage)
        case "losers_gas_usd": return money(incentives.losersGas)
        case "builder_share": return share(builderIncome, of: toLiquidators)
        case "break_even_size_usd":
            return money(
                incentives.breakEven(reward: toLiquidators, notional: liquidatedNotional))
        default: return nil
        }
    }

    private func grouped(_ metric: String) -> Ratio? {
        if let group = metric.dropping("accounts_liquidated_") {
            return liquidatedByGroup.first { $0.group == group }
                .map { Ratio(raw: $0.accounts * scaleE8) }
        }
        if let script = metric.dropping("profit_usd_") {
            return scripts.first { $0.name == script }.map { Ratio(raw: $0.holdings.change.raw) }
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
