import Agents
import ExactMath
import MarginProtocol
import Scenarios
import Simulation

/// What `run` prints when it is done.
struct RunResult {
    var scenario: Scenario
    var summary: RunSummary
    var run: Int64?
    var head: String
    var rows: Int
    var seconds: Double
    var database: String?

    var verdicts: [Verdict] { summary.verdicts(scenario.expectations) }

    // MARK: JSON

    var json: String {
        var fields: [(String, String)] = [
            ("run", run.map { "\($0)" } ?? "null"), ("scenario", TableText.quoted(scenario.name)),
            ("seed", "\(scenario.seed)"), ("blocks", "\(summary.blocks)"),
            ("head_hash", TableText.quoted(head)), ("transactions", "\(summary.transactions)"),
            ("rejected", "\(summary.rejected)"), ("dropped", "\(summary.dropped)"),
            ("liquidations", "\(summary.liquidations)"),
            ("liquidated_accounts", "\(summary.liquidatedAccounts)"),
            ("late_liquidations", "\(summary.late)"),
            ("wrongful_liquidations", "\(summary.wrongful)"),
        ]
        let listed = Set(fields.map(\.0))
        for metric in scenario.metricKeys.map(\.name) where !listed.contains(metric) {
            fields.append((metric, summary.value(of: metric).map { "\($0)" } ?? "null"))
        }
        fields.append(("expectations_met", verdicts.allSatisfy(\.isMet) ? "true" : "false"))
        fields.append(("wall_seconds", rounded(seconds, 3)))
        fields.append(("rows_written", "\(rows)"))
        return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }

    // MARK: Text

    var text: String {
        var lines = [Self.wrapped(scenario.question), ""]
        lines += prices() + liquidations() + money() + chain()
        if !verdicts.isEmpty {
            lines += ["", "Expected"]
            lines += verdicts.map { verdict in
                let mark = verdict.isMet ? "met    " : "NOT MET"
                let value =
                    verdict.value.map { Self.short($0, verdict.expectation.metric) } ?? "unknown"
                return "  \(mark)  \(verdict.expectation.metric): \(verdict.expectation.text)"
                    + "  (\(value))"
            }
        }
        lines += [
            "", "\(summary.blocks) blocks in \(rounded(seconds, 1)) s; seed \(scenario.seed)",
        ]
        if let database, let run {
            lines[lines.count - 1] += "; run \(run) of \(database), \(grouped(Int64(rows))) rows"
        }
        lines.append("head \(head)")
        return lines.joined(separator: "\n")
    }

    private func prices() -> [String] {
        let moving = scenario.parameters.feeds.indices.filter {
            summary.lowestPrices[$0] != summary.highestPrices[$0]
        }
        guard !moving.isEmpty else { return [] }
        let ranges = moving.map { feed in
            "\(scenario.parameters.feeds[feed].name) \(dollars(summary.lowestPrices[feed].raw)) … "
                + dollars(summary.highestPrices[feed].raw)
        }
        return [
            "Outside prices      \(ranges.joined(separator: ", "))",
            "Oracle off by       up to \(percent(summary.largestOracleError))",
            "  reports           \(grouped(summary.reportsAccepted)) got in, "
                + "\(summary.reportsRejected) were refused, \(summary.reportsLost) never got in",
        ]
    }

    private func liquidations() -> [String] {
        var lines = [
            "Liquidations        \(summary.liquidations) steps on \(summary.liquidatedAccounts) accounts, "
                + "\(dollars(summary.liquidatedNotional.raw)) in all"
        ]
        if summary.liquidations > 0 {
            let late = timeText(scenario.lateAfter.milliseconds)
            lines += [
                "  late              \(summary.late) came more than \(late) after they were due in truth",
                "  wrongful          \(summary.wrongful) would not have happened at the true price",
            ]
            if summary.delayCount > 0 {
                lines.append(
                    "  delay             \(timeText(summary.delayTotal / summary.delayCount)) on average, "
                        + "\(timeText(summary.delayLongest)) at most")
            }
        }
        if summary.liquidations > 0 {
            lines.append(
                "  stale prices      cost whoever took the positions over "
                    + dollars(summary.staleLoss.raw))
        }
        if summary.deleveraged.notional.isPositive {
            lines.append(
                "  deleveraged       \(dollars(summary.deleveraged.notional.raw)) of "
                    + "\(summary.deleveraged.accounts.count) accounts on the other side")
        }
        if scenario.agents.traders.count > 1 || !scenario.agents.scripts.isEmpty {
            for group in summary.liquidatedByGroup {
                lines.append("  of \(group.group): \(group.accounts) of \(group.of) accounts")
            }
        }
        return lines
    }

    private func money() -> [String] {
        [
            "Traders             paid \(dollars(summary.penalties.raw)) in penalties",
            "Liquidators         earned \(dollars(summary.liquidatorProfit.raw))",
            "  rewards           \(dollars(summary.toLiquidators.raw)), "
                + "less \(dollars(summary.gasCost.raw)) gas and "
                + "\(dollars(summary.slippage.raw)) slippage",
            "Deficits            \(dollars(summary.deficit.raw))",
            "  insurance fund    \(dollars(summary.insuranceChange.raw, signed: true)), its share of "
                + "penalties included",
            "  socialised        \(dollars(summary.socialised.raw))",
            "  bad debt          \(dollars(summary.badDebt.raw))",
            "Still insolvent     \(dollars(summary.underwater.raw)) at the end, "
                + "in accounts that nobody has liquidated",
        ]
            + (scenario.parameters.backstop == nil
                ? []
                : [
                    "Backstop vault      \(dollars(summary.backstopChange.raw, signed: true)), at "
                        + "worst \(dollars(summary.backstopLow.raw, signed: true))"
                ])
            + (scenario.parameters.storefront == nil && scenario.parameters.auctions == nil
                ? []
                : [
                    "Reserves            \(dollars(summary.reservesChange.raw, signed: true)), with what "
                        + "is left of collateral"
                ])
            + summary.profits.enumerated().map { index, agent in
                (index == 0 ? "Gained before gas   " : String(repeating: " ", count: 20))
                    + "\(agent.name): \(dollars(agent.profit.raw, signed: true))"
            }
    }

    private func chain() -> [String] {
        [
            "Transactions        \(grouped(summary.transactions)) included, "
                + "\(grouped(summary.rejected)) of them rejected",
            "  never got in      \(grouped(summary.dropped))",
            "  gas               up to \(gwei(summary.highestGasPrice))",
        ]
    }

    /// At most 80 columns, broken between words.
    static func wrapped(_ text: String) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: \.isWhitespace) {
            if line.isEmpty {
                line = String(word)
            } else if line.count + 1 + word.count <= 80 {
                line += " " + word
            } else {
                lines.append(line)
                line = String(word)
            }
        }
        return (lines + [line]).joined(separator: "\n")
    }

    static func short(_ value: Ratio, _ metric: String) -> String {
        if metric.hasSuffix("_share") { return percent(value) }
        if metric.hasSuffix("_usd") || metric.hasPrefix("profit_usd_") { return dollars(value.raw) }
        if metric.hasSuffix("_seconds") { return timeText(value.raw / (scaleE8 / 1000)) }
        return "\(value)"
    }
}
