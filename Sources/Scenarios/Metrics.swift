import Agents
import MarginProtocol

/// A number of a run's summary that a scenario can have expectations of.
public struct Metric: Sendable, Hashable {
    /// What it is measured in, which decides how its bounds are written.
    public enum Unit: String, Sendable, Hashable, CaseIterable {
        /// How many: `40..250`.
        case count
        /// A share of something: `20%`.
        case share
        /// Money: `$5k`. [USD]
        case dollars
        /// Time: `90s`. [seconds]
        case seconds
        /// A price of gas: `500 gwei`. [gwei]
        case gwei
        /// The price of one unit: `$185.20`. [USD]
        case price
        /// Only `exact`, which is zero.
        case exactness
    }
    /// The key in a summary; where it ends in capitals, they stand for a name: `min_price_ASSET`.
    public var name: String
    public var unit: Unit
    public var sentence: String
}

extension Scenario {
    /// Every metric, in the order of a summary.
    public static let metrics: [Metric] = [
        Metric(name: "blocks", unit: .count, sentence: "Blocks built."),
        Metric(
            name: "transactions", unit: .count,
            sentence: "Transactions included, applied or rejected."),
        Metric(
            name: "rejected", unit: .count,
            sentence: "Transactions included and rejected by the protocol."),
        Metric(name: "dropped", unit: .count, sentence: "Transactions that never got in."),
        Metric(name: "liquidations", unit: .count, sentence: "Liquidation steps."),
        Metric(
            name: "liquidated_accounts", unit: .count,
            sentence: "Accounts with at least one liquidation step."),
        Metric(
            name: "late_liquidations", unit: .count,
            sentence:
                "Steps later than `audit.late_after` after they were due at the outside price."),
        Metric(
            name: "wrongful_liquidations", unit: .count,
            sentence: "Steps on accounts that were healthy at the outside price."),
        Metric(
            name: "late_share", unit: .share,
            sentence: "Late steps over all steps; zero without any."),
        Metric(
            name: "wrongful_share", unit: .share,
            sentence: "Wrongful steps over all steps; zero without any."),
        Metric(
            name: "liquidated_notional_usd", unit: .dollars,
            sentence: "Notional closed and debt repaid by liquidations."),
        Metric(name: "bad_debt_usd", unit: .dollars, sentence: "Bad debt on the books at the end."),
        Metric(
            name: "insurance_change_usd", unit: .dollars,
            sentence: "What the insurance fund gained; negative is a loss."),
        Metric(
            name: "pool_change_usd", unit: .dollars,
            sentence: "What the liquidity pool gained; negative is a loss."),
        Metric(
            name: "underwater_usd", unit: .dollars,
            sentence: "What open accounts owe at the end beyond all they have, at outside prices."),
        Metric(
            name: "stale_loss_usd", unit: .dollars,
            sentence: "What takers of liquidated positions lost at once to a wrong oracle price."),
        Metric(
            name: "deficit_usd", unit: .dollars,
            sentence: "What liquidated accounts were short of, whoever paid it."),
        Metric(
            name: "penalties_usd", unit: .dollars,
            sentence: "Liquidation penalties paid by accounts."),
        Metric(
            name: "socialised_usd", unit: .dollars,
            sentence: "Deficits taken from other accounts and the pool."),
        Metric(
            name: "liquidator_profit_usd", unit: .dollars,
            sentence:
                "What liquidators earned, after gas, slippage, the cost of money, and what places and lanes cost."
        ),
        Metric(
            name: "auction_paid_usd", unit: .dollars,
            sentence: "What liquidators paid for places behind oracle reports."),
        Metric(
            name: "auction_protocol_usd", unit: .dollars,
            sentence: "The protocol's share of that."),
        Metric(
            name: "express_lane_usd", unit: .dollars,
            sentence: "What was paid for the chain's express lane."),
        Metric(
            name: "mean_delay_seconds", unit: .seconds,
            sentence: "From due at the outside price to liquidated, on average."),
        Metric(name: "max_delay_seconds", unit: .seconds, sentence: "The longest such delay."),
        Metric(
            name: "reports_accepted", unit: .count,
            sentence: "Oracle reports accepted by the protocol."),
        Metric(
            name: "reports_rejected", unit: .count,
            sentence: "Oracle reports included and refused by the protocol."),
        Metric(
            name: "reports_dropped", unit: .count, sentence: "Oracle reports that never got in."),
        Metric(
            name: "max_base_fee_gwei", unit: .gwei,
            sentence:
                "The highest base fee, or the highest price of the last transaction that got in where there is none."
        ),
        Metric(
            name: "max_oracle_error", unit: .share,
            sentence:
                "The largest distance of the protocol's price from the outside one, over feeds and blocks."
        ),
        Metric(name: "auctions", unit: .count, sentence: "Auctions of collateral started."),
        Metric(
            name: "auctions_sold", unit: .count,
            sentence: "Auctions that ended with a buyer, all of the lot sold or the debt paid."),
        Metric(
            name: "zero_bids", unit: .count,
            sentence:
                "Auctions that somebody won, or bought the rest of, for less than one unit of the settlement asset."
        ),
        Metric(
            name: "zero_bid_share", unit: .share, sentence: "The share of sold auctions so lost."),
        Metric(
            name: "zero_bid_usd", unit: .dollars,
            sentence: "What the collateral given away so was worth outside."),
        Metric(
            name: "backstop_change_usd", unit: .dollars,
            sentence: "What the backstop vault gained, at outside prices; negative is a loss."),
        Metric(
            name: "backstop_low_usd", unit: .dollars,
            sentence: "The least of that after any block: its deepest loss, as a negative number."),
        Metric(
            name: "deleveraged_profit_usd", unit: .dollars,
            sentence: "Profit that they realised with it."),
        Metric(
            name: "deleveraged_per_deficit", unit: .count,
            sentence: "That notional over the deficits that there were; zero without any."),
        Metric(
            name: "deleveraged_accounts", unit: .count,
            sentence: "Accounts that gave something up in auto-deleveraging."),
        Metric(
            name: "deleveraging_delay_seconds", unit: .seconds,
            sentence: "From the first liquidation step to the first auto-deleveraging."),
        Metric(
            name: "conservation", unit: .exactness,
            sentence:
                "The largest imbalance of any asset or market in the journal after any block: zero, or the engine is broken."
        ),
        Metric(
            name: "min_price_ASSET", unit: .price, sentence: "The lowest outside price of an asset."
        ),
        Metric(
            name: "max_price_ASSET", unit: .price,
            sentence: "The highest outside price of an asset."),
        Metric(
            name: "accounts_liquidated_GROUP", unit: .count,
            sentence:
                "Accounts of a trader group, or of a scripted agent, with at least one liquidation step."
        ),
        Metric(
            name: "loss_usd", unit: .dollars,
            sentence:
                "`deficit_usd` and `underwater_usd` together: what all accounts could not pay."),
        Metric(
            name: "insurance_used_usd", unit: .dollars,
            sentence: "What the insurance fund paid for deficits."),
        Metric(
            name: "adl_volume_usd", unit: .dollars,
            sentence: "The notional of the positions that auto-deleveraging took from others."),
        Metric(
            name: "over_liquidation_usd", unit: .dollars,
            sentence:
                "What steps closed or seized beyond the least that restores health, health taken as linear between before and after a step; zero for a step that does not restore it."
        ),
        Metric(
            name: "late_delay_seconds", unit: .seconds,
            sentence: "From due at the outside price to liquidated, on average over late steps."),
        Metric(
            name: "same_block_share", unit: .share,
            sentence:
                "Of the liquidated notional, what was taken in the block that made it liquidatable at the protocol's prices; zero without any."
        ),
        Metric(
            name: "prompt_share", unit: .share,
            sentence: "Of the liquidated notional, what was taken in that block or in the next one."
        ),
        Metric(
            name: "became_liquidatable", unit: .count,
            sentence:
                "How often an account became liquidatable at the protocol's prices, liquidated or not."
        ),
        Metric(
            name: "became_liquidatable_usd", unit: .dollars,
            sentence:
                "What the positions and debts of those accounts came to when they did; nothing is netted."
        ),
        Metric(
            name: "taken_at_once_share", unit: .share,
            sentence:
                "Of that, the accounts' that were liquidated in the block that made them liquidatable; zero without any."
        ),
        Metric(
            name: "time_to_solvency_seconds", unit: .seconds,
            sentence:
                "The longest time, from block to block, during which open accounts owed more than they had at outside prices."
        ),
        Metric(
            name: "liquidation_attempts", unit: .count,
            sentence: "Liquidation transactions of liquidators that were included."),
        Metric(
            name: "win_rate", unit: .share,
            sentence: "Of those, the share that applied; zero without any."),
        Metric(
            name: "liquidator_gross_usd", unit: .dollars,
            sentence: "What liquidators were paid, before gas and slippage."),
        Metric(
            name: "liquidator_gas_usd", unit: .dollars,
            sentence: "What liquidators paid for gas, whatever they sent."),
        Metric(
            name: "liquidator_slippage_usd", unit: .dollars,
            sentence: "What the impact of their trades outside cost liquidators."),
        Metric(
            name: "losers_gas_usd", unit: .dollars,
            sentence: "Gas of liquidators' liquidation transactions that were rejected."),
        Metric(
            name: "builder_share", unit: .share,
            sentence:
                "The tips that liquidators paid to block producers, and the producers' part of `auction_paid_usd`, over what liquidators were paid; zero without any."
        ),
        Metric(
            name: "break_even_size_usd", unit: .dollars,
            sentence:
                "The notional at which the reward would have paid for a step's gas: mean gas of the steps that applied, times liquidated notional over reward."
        ),
        Metric(
            name: "profit_usd_AGENT", unit: .dollars,
            sentence:
                "What a scripted agent, or a group of keepers, gained in all its accounts, at outside prices, before gas."
        ),
        Metric(
            name: "reserves_change_usd", unit: .dollars,
            sentence:
                "What the protocol's treasury and its reserves of interest gained, absorbed collateral included, at outside prices; negative is a loss."
        ),
        Metric(
            name: "attack_profit_usd_ATTACKER", unit: .dollars,
            sentence:
                "What an adversary or a scripted agent can walk away with, over what it began with, at outside prices: all its accounts, each of which counts as nothing where it owes more than it has, and its own trades outside, less gas."
        ),
    ]

    /// Every metric of a run of this scenario, those with a name in them once for each, in order.
    public var metricKeys: [(name: String, unit: Metric.Unit)] {
        let names = MetricNames(assets: parameters.feeds.map(\.name), agents: agents)
        return Self.metrics.flatMap { metric in metric.keys(names).map { ($0, metric.unit) } }
    }

    /// The names of ``metrics``.
    public static var metricNames: [String] { metrics.map(\.name) }
}

extension Metric {
    /// The metric of a key, with the names that stand for capitals.
    static func named(_ key: String, among names: MetricNames) -> Metric? {
        Scenario.metrics.first { $0.keys(names).contains(key) }
    }

    /// The keys that a metric has in a scenario: one, or one for each name.
    func keys(_ names: MetricNames) -> [String] {
        if let stem = name.removing(suffix: "ASSET") { return names.assets.map { stem + $0 } }
        if let stem = name.removing(suffix: "GROUP") { return names.groups.map { stem + $0 } }
        if let stem = name.removing(suffix: "AGENT") { return names.earners.map { stem + $0 } }
        if let stem = name.removing(suffix: "ATTACKER") { return names.attackers.map { stem + $0 } }
        return [name]
    }
}

/// The names that stand for the capitals in a metric's name.
struct MetricNames {
    var assets: [String]
    var groups: [String]
    /// Scripted agents and groups of keepers.
    var earners: [String]
    var attackers: [String]
    init(assets: [String], agents: AgentsConfiguration) {
        self.assets = assets
        let scripts = agents.scripts.map(\.name)
        earners = scripts + agents.keepers.map(\.name)
        attackers = agents.adversaries.map(\.name) + scripts
        groups = agents.traders.map(\.name) + scripts
    }
}

extension String {
    fileprivate func removing(suffix: String) -> String? {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
    }
}
