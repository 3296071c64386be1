import Agents
import Chain
public import ExactMath
import MarginProtocol
public import Scenarios

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
        case "reserves_change_usd": return Ratio(raw: reservesChange.raw)
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
        case "became_liquidatable": return Ratio(raw: Int64(newlyLiquidatable.accounts) * scaleE8)
        case "became_liquidatable_usd": return money(newlyLiquidatable.exposure)
        case "taken_at_once_share":
            return share(newlyLiquidatable.takenExposure, of: newlyLiquidatable.exposure)
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
        if let attacker = metric.dropping("attack_profit_usd_") {
            return followed.attackers.first { $0.name == attacker }.map {
                Ratio(raw: $0.change.raw)
            }
        }
        if let script = metric.dropping("profit_usd_") {
            return followed.earners.first { $0.name == script }.map {
                Ratio(raw: $0.holdings.change.raw)
            }
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
