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
            sentence: "What liquidators earned, after gas and slippage."),
        Metric(
            name: "losers_gas_usd", unit: .dollars,
            sentence: "Gas that liquidators burned on transactions the protocol rejected."),
        Metric(
            name: "builder_share", unit: .share,
            sentence:
                "What block producers got, in tips and from auctions, over what liquidators were paid."
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
            sentence: "Accounts of a trader group with at least one liquidation step."),
    ]

    /// The names of ``metrics``.
    public static var metricNames: [String] { metrics.map(\.name) }
}

extension Metric {
    /// The metric of a key, with the names that stand for capitals.
    static func named(_ key: String, assets: [String], groups: [String]) -> Metric? {
        Scenario.metrics.first { metric in
            if let stem = metric.name.removing(suffix: "ASSET") {
                return key.hasPrefix(stem) && assets.contains(String(key.dropFirst(stem.count)))
            }
            if let stem = metric.name.removing(suffix: "GROUP") {
                return key.hasPrefix(stem) && groups.contains(String(key.dropFirst(stem.count)))
            }
            return metric.name == key
        }
    }

    /// The keys that a metric has in a scenario: one, or one for each name.
    func keys(assets: [String], groups: [String]) -> [String] {
        if let stem = name.removing(suffix: "ASSET") { return assets.map { stem + $0 } }
        if let stem = name.removing(suffix: "GROUP") { return groups.map { stem + $0 } }
        return [name]
    }
}

extension String {
    fileprivate func removing(suffix: String) -> String? {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
    }
}
